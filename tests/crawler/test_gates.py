"""What a purpose does not cover is not asked for: by the server's own log. Sweeps, watches, views, and robots.txt overridden by name."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Table, select

from crawler.trying import attempt
from store import tables as t
from store.database import add
from store.errors import TouchstoneError
from store.words.purposes import local_day, not_live, refusal, searches, subject_of, unfit
from store.words.records import Authorisation, Operation, Outcome, Purpose
from tests.crawler.conftest import Crawling, Mini
from tests.market.server import Response

NOW = datetime.now(UTC)


def day(days: int) -> str:
    return (local_day(NOW) + timedelta(days=days)).isoformat()


def authorisation(**other: str | None) -> Authorisation:
    said: dict[str, str | None] = {
        "urn": "DSA/2026/7",
        "authorising_officer": "B. Lead (fictional)",
        "approved_on": day(-10),
        "starts": day(-10),
        "expires": day(60),
        "necessity": "Prevent the sale of counterfeit goods.",
        "proportionality": "Public pages only, twice a week.",
        "collateral_intrusion": "Other sellers on the page are kept for the short time.",
    }
    return Authorisation(**(said | other))  # type: ignore[arg-type]


def watch(mini: Mini, **other: object) -> Operation:
    subjects = (f"{mini.site.url}seller/bagman",)
    operation = Operation(
        "watch-1", "demo", "Watch", Purpose.subject_watch, sources=("mini",), subjects=subjects, authorisation=authorisation()
    )
    return replace(operation, **other)  # type: ignore[arg-type]


def paths(mini: Mini) -> list[str]:
    return [request.path for request in mini.site.requests]


@pytest.fixture
def stall(mini: Mini) -> Mini:
    """The shop as a marketplace, with a page of one seller's that lists two of the goods."""
    mini.pages["/seller/bagman"] = Response(b"<a class=card href=/item/1>1</a><a class=card href=/item/2>2</a>")
    return mini


# -- purposes --------------------------------------------------------------------------------------------------------------------
def test_a_sweep_asks_by_brand_term_and_area(mini: Mini, crawling: Crawling) -> None:
    mini.pages["/search"] = Response(b"<a class=card href=/item/1>1</a>")
    mini.write(crawling.home, expect=3, more=f"search: '{mini.site.url}search?q={{term}}&near={{area}}'\n")
    operation = Operation("bags", "demo", "Bags", brands=("Gucci",), terms=("bag", "belt"), area=("Leeds", "York"), sources=("mini",))
    result = crawling("mini", operation=operation)
    assert result.outcome is Outcome.good, "the source's expectation is of the whole source, and this is a part"
    asked = [path for path in paths(mini) if path.startswith("/search")]
    assert sorted(asked) == [f"/search?q=Gucci+{what}&near={where}" for what in ("bag", "belt") for where in ("Leeds", "York")]
    assert "/" not in paths(mini) and set(crawling.listings()) == {"mini/1"}
    [run] = crawling.store.runs("crawl")
    assert run.operation == "bags" and {e.body["purpose"] for e in crawling.store.log() if e.body["run"] == run.id} == {"market_sweep"}


def test_a_sweep_on_a_source_without_a_search_is_of_its_own_pages(mini: Mini, crawling: Crawling) -> None:
    mini.write(crawling.home)
    result = crawling("mini", operation=Operation("bags", "demo", "Bags", terms=("bag",), sources=("mini",)))
    assert result.outcome is Outcome.good and result.counts["listings"] == 3


@pytest.mark.parametrize("with_operation", [True, False])
def test_a_sweep_does_not_begin_at_a_sellers_page(stall: Mini, crawling: Crawling, with_operation: bool) -> None:
    stall.write(crawling.home, kind="marketplace", start=f"{stall.site.url}seller/bagman", more="seller_pages: ['/seller/']\n")
    operation = Operation("bags", "demo", "Bags", terms=("bag",), sources=("mini",)) if with_operation else None
    result = crawling("mini", operation=operation)
    assert result.outcome is Outcome.failed and stall.site.requests == []
    assert "is a seller's own page, and a sweep is keyed by brand, term and area, never by a seller" in result.message
    [run] = crawling.store.runs("crawl")
    assert run.outcome is Outcome.failed and "seller's own page" in run.message, "the refusal is a row"


def test_nor_at_the_page_of_an_account_that_is_known(stall: Mini, crawling: Crawling) -> None:
    """No pattern says so: a listing named this page as its seller's."""
    said = {
        "@type": "Product",
        "name": "Bag",
        "sku": "1",
        "offers": {
            "@type": "Offer",
            "price": "1",
            "priceCurrency": "GBP",
            "seller": {"@type": "Person", "name": "Bagman", "url": "/seller/bagman"},
        },
    }
    stall.pages["/item/1"] = Response(f"<script type='application/ld+json'>{json.dumps(said)}</script>".encode())
    stall.write(crawling.home, kind="marketplace")
    assert crawling("mini").outcome is Outcome.good
    stall.site.clear_requests()
    stall.write(crawling.home, kind="marketplace", start=f"{stall.site.url}seller/bagman/")
    assert "is a seller's own page" in crawling("mini").message and stall.site.requests == []


def test_an_address_that_is_none_bars_nobody_and_is_not_kept(stall: Mini, crawling: Crawling) -> None:
    """A page names `//m.example:x/` as its seller's; and such a one stands in the store from before it was refused."""
    said = {"@type": "Product", "name": "Bag", "sku": "1", "offers": {"@type": "Offer", "price": "1", "priceCurrency": "GBP"}}
    said["offers"]["seller"] = {
        "@type": "Person",
        "name": "Bagman",
        "url": f"//{stall.site.url.split('/')[2].partition(':')[0]}:x/seller/1",
    }  # type: ignore[index]
    stall.pages["/item/1"] = Response(f"<script type='application/ld+json'>{json.dumps(said)}</script>".encode())
    stall.write(crawling.home, kind="marketplace", start=f"{stall.site.url}list", more="")
    stall.pages["/list"] = Response(b"<a class=card href=/item/1>1</a>")
    assert crawling("mini").outcome is Outcome.good
    with crawling.store.database.reading() as c:
        assert [row.url for row in c.execute(t.seller.select())] == [""]
    host = subject_of(stall.site.url)
    with crawling.store.database.writing() as c:
        add(c, t.seller, source="mini", handle="b", name="B", url=f"http://{host}x/seller/1", added_at=NOW, retention_until=NOW)
    again = crawling("mini")
    assert again.outcome is Outcome.good, again.message


@pytest.mark.parametrize("form", ["/%73eller/bagman", "//seller//bagman", "/x/../seller/bagman", "/Seller/Bagman", "/seller/bagman/"])
@pytest.mark.parametrize("pattern", [True, False])
def test_however_the_address_is_written(stall: Mini, crawling: Crawling, form: str, pattern: bool) -> None:
    """Also by a source of another name, and as a shop: the account is known from the first."""
    if not pattern:
        with crawling.store.database.writing() as c:
            add(
                c,
                t.seller,
                source="elsewhere",
                handle="b",
                name="Bagman",
                url=f"{stall.site.url}seller/bagman",
                added_at=NOW,
                retention_until=NOW + timedelta(days=9),
            )
    start = stall.site.url.rstrip("/") + form
    stall.write(crawling.home, kind="shop", start=start, more="seller_pages: ['/seller/']\n" if pattern else "")
    assert "is a seller's own page" in crawling("mini").message and stall.site.requests == []


@pytest.mark.parametrize("search", ["search?seller={term}", "search?q=&user_name={term}", "user/{term}/items"])
def test_nor_searches_by_seller(stall: Mini, crawling: Crawling, search: str) -> None:
    stall.write(crawling.home, kind="marketplace", more=f"search: '{stall.site.url}{search}'\n")
    operation = Operation("bags", "demo", "Bags", Purpose.market_sweep, terms=("bagman",), sources=("mini",))
    assert "stands where a seller's name goes" in crawling("mini", operation=operation).message and stall.site.requests == []


def test_nor_goes_to_one_that_a_list_links_to(stall: Mini, crawling: Crawling) -> None:
    stall.pages["/"] = Response(b"<a class=card href=/item/3>3</a><a rel=next href=/seller/bagman>more of his</a>")
    stall.write(crawling.home, kind="marketplace", follow="{listing: a.card, next: 'a[rel=next]'}", more="seller_pages: ['/seller/']\n")
    result = crawling("mini")
    assert (
        "/seller/bagman" not in paths(stall)
        and result.counts["seller page refusals"] == 1
        and "sellers' own pages 1" in "\n".join(result.lines)
    )
    stall.site.clear_requests()
    stall.write(crawling.home, kind="marketplace", follow="{listing: a.card, next: 'a[rel=next]'}")
    crawling("mini")
    assert "/seller/bagman" in paths(stall), "the refusal above is the gate's"


BAD: list[tuple[dict[str, str | None], str]] = [
    ({"expires": day(-1)}, "expired on"),
    ({"starts": day(1)}, "does not start before"),
    ({"cancelled_at": day(0)}, "was cancelled on"),
    ({"cancelled_at": day(-3)}, "was cancelled on"),
]


@pytest.mark.parametrize(("other", "says"), BAD)
def test_a_watch_without_a_live_authorisation_asks_for_nothing(
    stall: Mini, crawling: Crawling, other: dict[str, str | None], says: str
) -> None:
    stall.write(crawling.home)
    result = crawling("mini", operation=watch(stall, authorisation=authorisation(**other)))
    assert result.outcome is Outcome.failed and says in result.message and stall.site.requests == []
    assert crawling.store.runs("crawl")[0].outcome is Outcome.failed
    none = crawling("mini", operation=watch(stall, authorisation=None))
    assert "needs `authorisation:`" in none.message and stall.site.requests == []


def test_a_watch_with_one_looks_at_the_subjects_pages_only(stall: Mini, crawling: Crawling) -> None:
    stall.write(crawling.home)
    for day_of_it in ({"expires": day(0)}, {"approved_on": day(0), "starts": day(0)}):
        stall.site.clear_requests()
        result = crawling("mini", operation=watch(stall, authorisation=authorisation(**day_of_it)))
        assert result.outcome is Outcome.good and set(crawling.listings()) == {"mini/1", "mini/2"}
        assert "/" not in paths(stall) and "/item/3" not in paths(stall)
    assert {e.body["purpose"] for e in crawling.store.log() if e.body["verb"] == "collection"} == {"subject_watch"}


def test_an_authorisation_that_ends_while_the_crawl_runs_stops_it(stall: Mini, crawling: Crawling) -> None:
    stall.write(crawling.home)
    digest = crawling.store.keep_operation(watch(stall))
    code = """
import crawler.gates as gates
from store.words.purposes import not_live as real
asked = []
def later(authorisation, at):
    asked.append(at)
    return real(authorisation, at) if len(asked) < 3 else "authorisation DSA/2026/7 expired on a day like this"
gates.not_live = later
import crawler.unit
real_main = crawler.unit.main
crawler.unit.main = lambda arguments: real_main([*arguments, "--operation", "watch-1", "--stated", "DIGEST"])
""".replace("DIGEST", digest)
    status, result = crawling.patched("mini", code)
    assert status == 1 and result["message"] == "stopped: authorisation DSA/2026/7 expired on a day like this"
    assert paths(stall) == ["/robots.txt", "/seller/bagman"], "what its page lists is not asked for any more"


# -- views -----------------------------------------------------------------------------------------------------------------------
def test_every_watch_of_a_page_is_counted_once_a_run(stall: Mini, crawling: Crawling) -> None:
    stall.write(crawling.home)
    for _ in range(4):
        assert crawling("mini", operation=watch(stall)).outcome is Outcome.good
    with crawling.store.acting("system", purpose="test") as reader:
        [views] = reader.views(NOW - timedelta(days=28))
    assert (views.count, views.subject, views.operations) == (4, subject_of(f"{stall.site.url}seller/bagman"), ("watch-1",))
    counted = [e.body for e in crawling.store.log() if e.body["purpose"] == "subject view"]
    assert [body["detail"]["count"] for body in counted] == [1, 2, 3, 4] and all(body["detail"]["authorised"] for body in counted)


def test_a_watch_keeps_the_subjects_own_for_long_and_nobody_elses(stall: Mini, crawling: Crawling) -> None:
    """Its page shows an item of another seller's among his, and one that names nobody, as a seller's own cards do."""

    def offered(ref: str, by: str) -> Response:
        offer = {"@type": "Offer", "price": "1", "priceCurrency": "GBP", "seller": {"@type": "Person", "name": by, "url": f"/seller/{by}"}}
        said = {"@type": "Product", "name": f"Bag {ref}", "sku": ref, "offers": offer}
        return Response(f"<script type='application/ld+json'>{json.dumps(said)}</script>".encode())

    stall.pages |= {"/item/1": offered("1", "bagman"), "/item/2": offered("2", "beltman")}
    stall.pages["/seller/bagman"] = Response(b"".join(b"<a class=card href=/item/%d>x</a>" % n for n in (1, 2, 3)))
    stall.write(crawling.home, kind="marketplace")
    assert crawling("mini", operation=watch(stall)).counts["listings"] == 3

    def kept_for_long(table: Table, by: str) -> set[str]:
        with crawling.store.database.reading() as c:
            rows = c.execute(select(table.c[by], table.c.retention_until))
            return {row[0] for row in rows if row.retention_until > NOW + timedelta(days=300)}

    assert kept_for_long(t.listing, "ref") == {"1", "3"} and kept_for_long(t.seller, "handle") == {"bagman"}
    stall.write(crawling.home, kind="shop")
    crawling("mini", operation=watch(stall))
    assert kept_for_long(t.listing, "ref") == {"1", "2", "3"}, "all that a shop shows is the shop's"


# -- robots.txt --------------------------------------------------------------------------------------------------------------------
OVERRIDE = "robots: {{override_by: B. Lead, basis: 'CRA 2015 Sch. 5 para 22, decision of the lead officer', until: '{}'}}\n"


@pytest.mark.parametrize("override", [True, False])
def test_robots_txt_is_overridden_by_name_and_basis_only(mini: Mini, crawling: Crawling, override: bool) -> None:
    mini.robots = "User-agent: *\nDisallow: /item\nCrawl-delay: 0.4\n"
    mini.write(crawling.home, more=OVERRIDE.format(day(0)) if override else "")
    result = crawling("mini")
    items = [request for request in mini.site.requests if request.path.startswith("/item/")]
    told = [e.body for e in crawling.store.log() if "robots_override" in e.body["detail"]]
    if not override:
        assert items == [] and told == [] and result.counts["robots refusals"] == 3
        return
    assert len(items) == 3 and result.counts["robots overridden"] == 3 and result.counts["listings"] == 3
    assert result.lines[-1] == (
        f"  robots.txt is overridden by B. Lead until {day(0)} (CRA 2015 Sch. 5 para 22, decision of the lead officer): "
        "3 requests that it forbids were made; its Crawl-delay is kept"
    )
    assert mini.site.mean_gap(since=1) >= 0.3, "its Crawl-delay is kept"
    [event] = told
    assert event["detail"]["robots_override"] == {"by": "B. Lead", "until": day(0)} and event["justification"].startswith("CRA 2015")
    assert event["run"] == crawling.store.runs("crawl")[0].id
    crawling("mini")
    assert len([e for e in crawling.store.log() if "robots_override" in e.body["detail"]]) == 2, "each run says so"


def test_an_override_that_ends_while_the_crawl_runs_stands_no_longer(mini: Mini, crawling: Crawling) -> None:
    """Its last day ends between the second forbidden page and the third: that one is not asked for."""
    mini.robots = "User-agent: *\nDisallow: /item\n"
    mini.write(crawling.home, more=OVERRIDE.format(day(0)))
    code = """
import crawler.manners as manners
from datetime import timedelta
real, asked = manners.local_day, []
def later(at):
    asked.append(at)
    return real(at) + timedelta(days=len(asked) > 2)
manners.local_day = later
"""
    status, result = crawling.patched("mini", code)
    assert len([path for path in paths(mini) if path.startswith("/item")]) == 2
    assert result["counts"]["robots overridden"] == 2 and result["counts"]["robots refusals"] == 1 and status == 0, result


def test_trying_a_source_uses_no_override_and_goes_to_no_known_sellers_page(mini: Mini, crawling: Crawling) -> None:
    """Neither would stand in the log: that of a try is thrown away."""
    mini.robots = "User-agent: *\nDisallow: /item\n"
    mini.write(crawling.home, more=OVERRIDE.format(day(3)))
    assert attempt(crawling.home, "mini")["refused"]["robots refusals"] == 3
    assert not [path for path in paths(mini) if path.startswith("/item")]
    with crawling.store.database.writing() as c:
        add(
            c,
            t.seller,
            source="elsewhere",
            handle="b",
            name="Bagman",
            url=f"{mini.site.url}s/bagman",
            added_at=NOW,
            retention_until=NOW + timedelta(days=9),
        )
    mini.site.clear_requests()
    mini.write(crawling.home, kind="marketplace", start=f"{mini.site.url}s/bagman?tab=1", more="")
    with pytest.raises(TouchstoneError, match="is a seller's own page"):
        attempt(crawling.home, "mini")
    assert mini.site.requests == []


def test_an_override_is_no_answer_to_a_robots_txt_that_cannot_be_had(mini: Mini, crawling: Crawling) -> None:
    mini.pages["/robots.txt"] = Response(b"busy", status=503)
    mini.write(crawling.home, more=OVERRIDE.format(day(5)))
    crawling("mini")
    assert set(paths(mini)) == {"/robots.txt"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (OVERRIDE.format(day(-1)), "its robots.txt override ended on"),
        ("robots: {basis: because it must be, until: '2099-01-01'}\n", "missing key 'override_by'"),
        ("robots: {override_by: B. Lead, until: '2099-01-01'}\n", "missing key 'basis'"),
        ("robots: {override_by: B. Lead, basis: because it must be}\n", "missing key 'until'"),
        ("robots: {override_by: ' ', basis: because it must be, until: '2099-01-01'}\n", "name the officer"),
        ("robots: {override_by: '\u200b\u2060', basis: because it must be, until: '2099-01-01'}\n", "name the officer"),
        ("robots: {override_by: B. Lead, basis: ok, until: '2099-01-01'}\n", "say in a sentence"),
        ("robots: {override_by: B. Lead, basis: because it must be, until: soon}\n", "is no date"),
        ("robots: {overide_by: B. Lead, basis: because it must be, until: '2099-01-01'}\n", "did you mean 'override_by'"),
    ],
)
def test_overrides_that_are_refused(mini: Mini, crawling: Crawling, more: str, says: str) -> None:
    from store.config import ConfigError

    path = mini.write(crawling.home, more=more)
    try:
        message = crawling("mini").message
    except ConfigError as error:
        message = str(error)
        assert message.startswith(f"{path}:{len(path.read_text().splitlines())}: ")
    assert says in message and mini.site.requests == []


# -- the rules by themselves ---------------------------------------------------------------------------------------------------------
def test_an_authorisation_covers_whole_days_of_the_court() -> None:
    one = authorisation(approved_on="2026-07-01", starts="2026-07-01", expires="2026-07-31")
    assert not_live(one, datetime(2026, 6, 30, 22, 59, tzinfo=UTC)) and not not_live(one, datetime(2026, 6, 30, 23, 0, tzinfo=UTC))
    assert not not_live(one, datetime(2026, 7, 31, 22, 59, tzinfo=UTC)) and not_live(one, datetime(2026, 7, 31, 23, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("urn", " ", "urn: it may not be empty"),
        ("proportionality", "", "may not be empty"),
        ("expires", "31/12/2026", "is no date"),
        ("starts", day(-11), "not in that order"),
        ("expires", day(-11), "not in that order"),
    ],
)
def test_authorisations_that_cannot_be(field: str, value: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        authorisation(**{field: value})


@pytest.mark.parametrize(
    "term", ["https://stall.example/user/7", "www.stall.example", "stall.example/u/7", "@bagman", "07700 900123", "b@stall.example"]
)
def test_words_that_name_somebody(term: str) -> None:
    found = unfit(Operation("x", "demo", "X", terms=("bag", term)))
    assert found and found[0] == "terms" and "never by a seller" in found[1]


def test_words_that_name_nobody() -> None:
    assert (
        unfit(Operation("x", "demo", "X", terms=("replica bag", "No.1 jacket", "AAA+ 1:1", "size 38"), area=("M8 5XL", "St. Helens")))
        is None
    )
    assert refusal(Operation("x", "demo", "X", purpose=Purpose.test_purchase), NOW).startswith(
        "operation x: purpose: a test purchase needs"
    )


def test_searches_are_each_brand_with_each_term() -> None:
    one = Operation("x", "demo", "X", brands=("Louis Vuitton", "Dior"), terms=("bag",), area=("York", "Leeds"))
    assert searches("https://a.example/s?q={term}", one) == ["https://a.example/s?q=Louis+Vuitton+bag", "https://a.example/s?q=Dior+bag"]
    assert len(searches("https://a.example/{area}?q={term}", one)) == 4


def test_one_subject_has_one_key() -> None:
    forms = ("https://www.stall.example/u/7/", "http://stall.example/u/7?page=2&utm_source=x", "https://STALL.example/u/7#top")
    assert {subject_of(form) for form in forms} == {"stall.example/u/7"}
    for form in ("/U/7", "/%75/7", "/u//7", "/x/../u/./7", "/u;jsessionid=1/7"):
        assert subject_of(f"http://stall.example.:80{form}") == "stall.example/u/7", form
    assert subject_of("https://stall.example/p?user=7&page=1") != subject_of("https://stall.example/p?user=8")
    assert subject_of("http://[::1]:81/u/7") == "[::1]:81/u/7", "as everywhere a host is written"
    for no_address in ("http://m.example:x/Seller/1", "http://m.example:99999/Seller/1", "http://["):
        assert subject_of(f" {no_address}") == no_address.casefold()


# -- manners -------------------------------------------------------------------------------------------------------------------------
def test_a_crawl_sends_nothing_but_get_and_says_who_it_is(mini: Mini, crawling: Crawling) -> None:
    mini.site.set_cookie = "session=chocolate77; Path=/"
    mini.pages["/item/2"] = Response(b"<form method=post action=/message><input name=text></form><h1>x</h1>")
    mini.write(crawling.home)
    crawling("mini")
    crawling("mini")
    assert {request.method for request in mini.site.requests} <= {"GET", "HEAD"} and len(mini.site.requests) > 8
    agent = crawling.home.settings.user_agent
    for request in mini.site.requests:
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert headers["user-agent"] == agent and "@" in agent
        assert not {"cookie", "authorization", "proxy-authorization"} & set(headers)


def test_autothrottle_slows_down_where_the_site_is_slow(mini: Mini, crawling: Crawling) -> None:
    """The source's own delay is 0.1 s; each answer takes 0.6 s, and so the gaps grow towards that."""
    mini.goods = {str(n): (f"Bag {n}", "10.00", "") for n in range(1, 6)}
    mini.site.latency = 0.6
    path = mini.write(crawling.home)
    path.write_text(path.read_text().replace("delay: 0\n", "delay: 0.1\n").replace("concurrency: 4", "concurrency: 1"))
    assert crawling("mini").outcome is Outcome.good
    assert len(mini.site.requests) >= 6 and mini.site.mean_gap(since=-4) >= 0.5
