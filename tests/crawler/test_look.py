"""`source new`: what is told from a page's make, and that looking is as polite and as well recorded as a crawl."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import HtmlResponse

from crawler.look import draft_for, name_for
from crawler.look.answers import answer_of
from crawler.look.cards import cards_of, link_css
from crawler.look.css import best_css, names, speaks
from crawler.look.fields import FIELDS, field_of
from crawler.look.items import Item, images_of, text_of, title_of
from crawler.look.items import price_of as price_rules
from crawler.look.links import onward_of, pattern_of
from crawler.look.page import Page
from crawler.look.prices import prices, rank
from crawler.look.sending import sent_of
from crawler.source import read_source
from store.config import Home
from store.errors import TouchstoneError
from store.words.records import CaptureKind
from tests.crawler.conftest import ROOT, Crawling, Mini
from tests.market.server import Response, Site

SITE = "https://parade.example"


def page(body: str, url: str = f"{SITE}/list", head: str = "") -> Page:
    html = f"<html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    return Page(url, HtmlResponse(url, body=html.encode(), encoding="utf-8"), 1)


# -- CSS -------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["price", "product-title", "ad_location", "listing-card", "gallery", "sellerName"])
def test_names_that_a_person_chose_speak(name: str) -> None:
    assert speaks(name)


@pytest.mark.parametrize(
    "name",
    ["css-1x2ab3", "sc-bdVaJa", "_3xK9z", "jsx-1234567", "Card_title__x7Yz2", "mt-4", "text-lg", "flex", "active", "item-4711", "kQwTzR"],
)
def test_names_that_a_tool_made_up_and_names_of_looks_do_not(name: str) -> None:
    assert not speaks(name)


def test_of_a_css_module_the_speaking_part_is_kept() -> None:
    element = page("<b class='Card_price__x7Yz2'>£4</b>").root.find(".//b")
    assert '[class*="Card_price_"]' in names(element)


def test_the_plainest_selector_that_finds_the_right_thing_on_every_page_wins() -> None:
    pages = [page(f"<p class=price>£1</p><div id=ad><p class=price>£{n}</p></div>").root for n in (5, 6)]
    wanted = [each.findall(".//p")[1] for each in pages]
    assert best_css(pages, wanted) == "#ad .price"


# -- prices ----------------------------------------------------------------------------------------------------------------------
def test_the_price_is_neither_the_baskets_nor_the_old_one_nor_a_neighbours() -> None:
    shown = page(
        "<div class=basket>Total <b class=price>£0.00</b></div><h1>Tote</h1><div class=p><del>£90</del> <span class=now>£45</span></div>"
        "<div class=related><b class=price>£12</b></div><p class=shipping>£4.99</p>"
    )
    found = rank(prices(shown.root), shown.root.find(".//h1"))
    assert found[0].text == "£45" and {each.text for each in found if each.old or each.elsewhere} == {"£0.00", "£90", "£12", "£4.99"}


def test_an_old_price_may_be_known_by_the_words_before_it_alone() -> None:
    shown = page("<h1>Tote</h1><div><i>Regular Price</i><b>£118.00</b><i>Sale Price</i><b>£89.00</b></div>")
    assert [(each.text, each.old) for each in prices(shown.root)] == [("£118.00", True), ("£89.00", False)]


# -- lists -----------------------------------------------------------------------------------------------------------------------
CARD = "<li class='tile css-{n}abc9'><a href='/p/{n}-bag'><img src='/i/{n}.jpg'></a><h3><a href='/p/{n}-bag'>Bag {n}</a></h3><i>£{n}0</i><a href='/user/jo'>Jo</a></li>"


def test_cards_are_found_among_menus_and_their_own_links_among_others() -> None:
    menu = "<nav><ul>" + "".join(f"<li><a href='/c/{n}'>Section {n}</a></li>" for n in range(20)) + "</ul></nav>"
    shown = page(menu + "<ul class=grid>" + "".join(CARD.format(n=n) for n in range(101, 108)) + "</ul>")
    cards = cards_of(shown.root, shown.url, shown.base)
    assert cards is not None and cards.css == ".tile" and len(cards.cards) == 7
    assert cards.urls[0] == f"{SITE}/p/101-bag" and cards.cards[0].title == "Bag 101" and cards.cards[0].price is not None
    assert link_css(cards) == ".tile h3 a"


UTILITY = (
    "<div class='group relative flex p-4'><div><img src='/m/{n}.jpg'></div><div><div><h3 class='text-sm'><a href='/item/bag-{n}'>Bag {n}</a></h3>"
    "</div><p class='mt-1'>£{n}</p></div></div>"
)
CELLS = (
    "<tr><td><a href='view.php?id={n}'><img src='k/{n}.jpg'></a></td><td><a href='view.php?id={n}'><font><b>Bag number {n}</b></font></a><br>"
    "<font><b>€ {n},00</b></font></td></tr>"
)


@pytest.mark.parametrize(
    ("card", "around", "links"),
    [
        (UTILITY, "<div class='mt-8 grid'>{}</div>", 'a[href^="/item/"]'),
        (CELLS, "<table><tr><td><a href='/'>Home</a></td></tr><tr><td><table>{}</table></td></tr></table>", 'a[href^="view.php?id="]'),
    ],
    ids=["utility classes", "layout tables"],
)
def test_where_nothing_has_a_name_cards_are_known_by_their_addresses(card: str, around: str, links: str) -> None:
    tip = "<hr><div><b>Tip of the week</b><a href='view.php?id=7'>Scarf</a> <a href='/item/scarf-7'>Scarf</a> £7</div>"
    shown = page(around.format("".join(card.format(n=n) for n in range(101, 111))) + tip)
    cards = cards_of(shown.root, shown.url, shown.base)
    assert cards is not None and len(cards.cards) == 10 and cards.share("price") == 1.0 and link_css(cards) == links
    assert not shown.is_item, "a list, though a price stands outside its cards"


def test_addresses_that_share_no_part_of_their_own_name_no_cards() -> None:
    shown = page(
        "<div><a href='/red-bag'>Red bag</a> £4</div><p><a href='/about-us'>About us</a></p><div><a href='/a-hat'>A hat</a> £5</div>"
    )
    assert cards_of(shown.root, shown.url, shown.base) is None


def test_an_offer_to_all_customers_makes_no_item_of_a_list() -> None:
    cards = "".join(CARD.format(n=n) for n in range(101, 108))
    shown = page(
        f"<h1>Bags</h1><section><div><p>Get £5 off your first order</p></div></section><ul class=grid>{cards}</ul><section><div><p>Coats from £34</p></div></section>"
    )
    assert shown.is_list and page("<h1>Bag</h1><p>£45</p>").is_item


@pytest.mark.parametrize(
    ("paths", "refs"),
    [
        (["/ad/123?from=list", "/ad/4567?from=list"], ["123", "4567"]),
        (["/item/fo-101", "/item/vw-202"], ["fo-101", "vw-202"]),
        (["/p/red-bag-10023.html", "/p/blue-hat-10077.html"], ["10023", "10077"]),
        (["/view.php?id=7&x=1", "/view.php?id=12&x=1"], ["7", "12"]),
        (["/listing/501/grebe-scarf;jsessionid=1F", "/listing/502/cap;jsessionid=1F"], ["501", "502"]),
        (["/barathea-suit.html", "/calico-shirt.html"], ["barathea-suit", "calico-shirt"]),
        (["/shop/bags/red-bag", "/shop/hats/blue-hat"], ["red-bag", "blue-hat"]),
    ],
)
def test_the_reference_is_what_differs_between_addresses(paths: list[str], refs: list[str]) -> None:
    pattern = pattern_of([SITE + path for path in paths], [f"{SITE}/list", f"{SITE}/clothes.html"])
    assert pattern is not None and [pattern.ref(SITE + path) for path in paths] == refs
    assert not pattern.ref(f"{SITE}/clothes.html")


def test_an_advert_that_is_pinned_to_several_pages_is_one_listing() -> None:
    titles = {f"{SITE}/ad/101-1": "Red bag", f"{SITE}/ad/102-1": "Blue hat", f"{SITE}/ad/101-2": "Red bag", f"{SITE}/ad/103-2": "Tie"}
    pattern = pattern_of(list(titles), [], titles)
    assert pattern is not None and [pattern.ref(url) for url in titles] == ["101", "102", "101", "103"]
    other = titles | {f"{SITE}/ad/101-2": "Green bag"}
    pattern = pattern_of(list(other), [], other)
    assert pattern is not None and len({pattern.ref(url) for url in other}) == 4, "other words: another listing"


@pytest.mark.parametrize(
    ("body", "css"),
    [
        ("<a rel=next href='?page=2'>2</a>", "a[rel~=next]"),
        ("<div class=pages><a href='?page=2'>2</a><a href='?page=3'>3</a></div>", ".pages a"),
        ("<div class=pager><a class=fwd href='?page=2'>Next »</a></div>", ".fwd"),
        ("<a class=onward href='/list?pg=2'>onward</a>", ".onward"),
        (
            "<table><tr><td><b>1</b> <a href='?c=1&amp;start=10'>2</a> <a href='?c=1&amp;start=20'>3</a></td></tr></table>",
            'a[href*="&start="]',
        ),
        ("<a href='/help'>Help</a>", ""),
    ],
)
def test_further_list_pages(body: str, css: str) -> None:
    shown = page(body)
    assert onward_of(shown.root, shown.url, shown.base, []).css == css


def test_a_button_that_loads_more_is_told_from_a_link() -> None:
    shown = page("<button class=more-ads>Load more</button>")
    onward = onward_of(shown.root, shown.url, shown.base, [])
    assert (onward.css, onward.more) == ("", ".more-ads")


# -- items -----------------------------------------------------------------------------------------------------------------------
ITEM = """<header><a href=/>Parade</a></header><nav class=breadcrumb>Home</nav><h1>{t}</h1><p class=cost>{p}</p>
<div class=shots><img src=/i/{n}-1.jpg><img src=/i/{n}-2.jpg></div><div class=blurb><p>{t} in very good order, {n} of them left.</p></div>
<dl><dt>Condition</dt><dd>{c}</dd><dt>Location:</dt><dd>Wexcombe</dd></dl><p>Sold by <a href=/user/{s}>{s}</a></p>
<aside class=related><img src=/i/other{n}.jpg><b class=cost>£1</b></aside><footer>Unit 4, Wexcombe</footer>"""


def test_fields_are_found_by_comparing_items() -> None:
    made = [("Red bag", "£10", "1", "Used", "ada"), ("Blue hat", "£25", "2", "New", "bea"), ("Grey tie", "£7", "3", "Used", "ada")]
    roots = [page(ITEM.format(t=t, p=p, n=n, c=c, s=s), head=f"<title>{t} | Parade</title>").root for t, p, n, c, s in made]
    items = [Item(root, "", t, int(p[1:]) * 100) for root, (t, p, *_) in zip(roots, made, strict=True)]
    title, titles = title_of(items)
    price, _ = price_rules(items, titles)
    text, images = text_of(items, titles), images_of(items, titles)
    assert title and price and text and images
    assert (title.rules, price.rules, text.rules, images.rules) == (("h1",), ("p.cost",), (".blurb",), (".shots img",))
    condition, place, seller = (field_of(items, FIELDS[name], []) for name in ("condition", "place", "seller"))
    assert condition and condition.rules == ('dt:contains("Condition") + dd',)
    assert place and place.rules == ('dt:contains("Location") + dd',)
    assert seller and "“ada”" in seller.why


NAMELESS = (
    "<table><tr><td><a href='/'>Home</a></td></tr><tr><td><p><font size=4><b>{title}</b></font></p><table><tr><td><a href='f/{n}a.jpg'>"
    "<img src='k/{n}a.jpg'></a><br><a href='f/{n}b.jpg'><img src='k/{n}b.jpg'></a></td><td><dl><dt><b>Town</b></dt><dd>{town}</dd></dl><b>£{n}</b>"
    "</td></tr></table><a href='/item/9{n}'><img src='k/9{n}.jpg'></a></td></tr></table><aside><p><a href='/seller/{n}'>{seller}</a></p></aside>"
)


def test_fields_are_found_where_nothing_has_a_name() -> None:
    told = [("Red tote", "Wexcombe", "Jo"), ("Blue belt", "Marl", "Sam"), ("Green cap", "Fold", "Ilse")]
    bodies = [
        NAMELESS.format(n=n, title=title, town=town, seller=seller) for n, (title, town, seller) in zip((31, 42, 53), told, strict=True)
    ]
    pages = [page(body, f"{SITE}/item/{n}") for n, body in zip((31, 42, 53), bodies, strict=True)]
    items = [Item(each.root, each.url, title) for each, (title, _, _) in zip(pages, told, strict=True)]
    title, titles = title_of(items)
    images, place, seller = images_of(items, titles), field_of(items, FIELDS["place"], ()), field_of(items, FIELDS["seller"], ())
    assert title and images and place and seller
    first = pages[0].response
    assert first.css(title.rules[0]).xpath("normalize-space()").get() == "Red tote"
    assert first.css(images.rules[0].removesuffix("@href")).xpath("@href").getall() == ["f/31a.jpg", "f/31b.jpg"], "and no neighbour's"
    assert place.rules == ('dt:contains("Town") + dd',) and first.css(seller.rules[0]).xpath("string()").get() == "Jo"


def test_what_every_page_says_is_no_listings_place() -> None:
    items = [Item(page(f"<h1>Bag {n}</h1><a class=place>top of page</a>").root, f"{SITE}/item/{n}") for n in (1, 2)]
    assert field_of(items, FIELDS["place"], ()) is None


def test_an_answer_in_json_is_told_by_its_keys() -> None:
    things = [
        {"id": n, "headline": f"Bag {n}", "cost": {"pence": n * 1000, "currency": "GBP"}, "vendor": {"name": "Ada", "link": "/u/ada"}}
        for n in (11, 12)
    ]
    answer = answer_of({"data": {"ads": things}, "paging": {"next": "/api?page=2"}}, f"{SITE}/api?page=1")
    assert answer is not None
    assert {key: answer.rules[key] for key in ("items", "ref", "title", "price", "decimals", "currency", "seller", "seller_url", "next")} == {
        "items": "data.ads[]", "ref": "id", "title": "headline", "price": "cost.pence", "decimals": "2", "currency": "cost.currency",
        "seller": "vendor.name", "seller_url": "vendor.link", "next": "paging.next",
    }  # fmt: skip


def test_a_page_that_scripts_build_is_known(mini: Mini) -> None:
    assert page("<noscript>Needs JavaScript</noscript><main id=app></main><script>build()</script>").needs_javascript
    assert not page("<p>" + "Words enough. " * 40 + "</p><script>count()</script>").needs_javascript


def test_a_source_is_named_by_its_host() -> None:
    assert name_for("https://www.fern-hollow.co.uk/bags?x=1") == "fern_hollow"
    with pytest.raises(TouchstoneError, match="not a web address"):
        name_for("fernhollow.example")


# -- looking is collecting ---------------------------------------------------------------------------------------------------
def test_what_is_looked_at_is_kept_and_logged_and_little_is_asked_for(mini: Mini, home: Home, crawling: Crawling) -> None:
    mini.goods = {str(n): (f"Bag {n}", f"{n}00.00", f"/p/{n}.png") for n in range(1, 10)}
    made = draft_for(home, mini.site.url, "parade", testing=True, why="complaint 7")
    asked = [each.path for each in mini.site.requests]
    assert len(asked) == len(set(asked)) <= 9 and asked[0] == "/robots.txt" and not [each for each in asked if each.startswith("/p/")]
    assert "touchstone" in mini.site.requests[1].headers["User-Agent"]
    kept = crawling.captures(source="parade", kinds=(CaptureKind.page,))
    assert [each.id for each in kept] == list(made["captures"]) and len(kept) == len(asked) - 1
    [run] = crawling.store.runs("look")
    assert run.source == "parade" and run.outcome == "good" and "offset" in run.clock
    path = home.folder / "configs" / "sources" / "parade.yml"
    path.write_text(made["yaml"])
    source = read_source(path)
    assert "no legal note" in source.refusal() and source.platform == "schema_org"


def test_robots_and_walls_and_inner_addresses_hold(mini: Mini, home: Home) -> None:
    with pytest.raises(TouchstoneError, match="an address of this machine"):
        draft_for(home, mini.site.url, "parade")
    assert mini.site.requests == []
    mini.robots = "User-agent: *\nDisallow: /\n"
    with pytest.raises(TouchstoneError, match=r"robots\.txt forbids"):
        draft_for(home, mini.site.url, "parade", testing=True)
    assert [each.path for each in mini.site.requests] == ["/robots.txt"]
    mini.robots = ""
    mini.pages["/"] = Response(b"<h1>Log in</h1>", status=401)
    with pytest.raises(TouchstoneError, match="log-in wall"):
        draft_for(home, mini.site.url, "parade", testing=True)


def test_persons_pages_taken_for_items_are_counted_and_the_fourth_look_asks(mini: Mini, home: Home, crawling: Crawling) -> None:
    """A list of members with prices beside their names: only the addresses tell that they are no goods."""
    cards = "".join(f"<li class=tile><a href='/user/b{n}'>Bag man {n}</a><b class=price>£{n}0.00</b></li>" for n in range(1, 10))
    mini.pages["/"] = Response(f"<ul>{cards}</ul>".encode())
    mini.pages |= {f"/user/b{n}": Response(b"<h1>Bag man</h1><p>Bags and belts</p>") for n in range(1, 10)}
    draft_for(home, mini.site.url, "parade", testing=True)
    looked = [each.path for each in mini.site.requests if each.path.startswith("/user/")]
    with crawling.store.acting("system", purpose="test") as reader:
        views = reader.views(datetime.now(UTC) - timedelta(days=1))
    assert looked and sorted(each.subject.rpartition("/")[2] for each in views) == sorted(path.rpartition("/")[2] for path in looked)
    for _ in range(2):
        draft_for(home, mini.site.url, "parade", testing=True)
    mini.site.clear_requests()
    made = draft_for(home, mini.site.url, "parade", testing=True)
    assert "was looked at 3 times in 28 days" in made["problem"]
    assert [each.path for each in mini.site.requests if each.path.startswith("/user/")] == []


def test_a_list_that_a_button_lengthens_is_drafted_to_be_rendered(mini: Mini, home: Home) -> None:
    cards = "".join(f"<li class=tile><a href='/item/{ref}'>{title}</a></li>" for ref, (title, *_) in mini.goods.items())
    mini.pages["/"] = Response(f"<ul>{cards}</ul><button id=more>Load more</button>".encode())
    path = home.folder / "configs" / "sources" / "parade.yml"
    path.write_text(draft_for(home, mini.site.url, "parade", testing=True)["yaml"])
    source = read_source(path)
    assert source.render and source.follow is not None and source.follow.more == "#more"


def sitemap(*urls: str) -> Response:
    rows = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return Response(
        f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode(), "text/xml"
    )


@pytest.mark.parametrize("given", ["map-of-goods.xml", "", "index.xml"])
def test_a_sitemap_is_an_entrance_given_or_found(given: str, mini: Mini, home: Home, crawling: Crawling) -> None:
    base = mini.site.url
    mini.goods = {str(n): (f"Bag {n}", f"{n}00.00", "") for n in range(1, 10)}
    mini.pages["/"] = Response(f"<h1>Parade</h1><a href='/map-of-goods.xml'>Map</a><a href='{base}sitemap-goods.xml'>Goods</a>".encode())
    listed = sitemap(base, f"{base}help/about", *(f"{base}item/{ref}" for ref in mini.goods), "http://elsewhere.example/item/77")
    mini.pages |= {"/map-of-goods.xml": listed, "/sitemap-goods.xml": listed, "/help/about": Response(b"<h1>About</h1>")}
    children = "".join(f"<sitemap><loc>{base}{name}</loc></sitemap>" for name in ("sitemap-posts.xml", "sitemap-goods.xml"))
    mini.pages["/index.xml"] = Response(f"<sitemapindex>{children}</sitemapindex>".encode(), "text/xml")
    mini.pages["/sitemap-posts.xml"] = sitemap(f"{base}help/about")
    made = draft_for(home, base + given, "parade", testing=True)
    assert made["pages"] <= 8 and made["preview"][0]["title"].startswith("Bag"), made["yaml"]
    (home.folder / "configs" / "sources" / "parade.yml").write_text(made["yaml"].replace("legal: ''", "legal: A test."))
    assert crawling("parade").outcome == "good"
    assert set(crawling.listings()) == {f"parade/{ref}" for ref in mini.goods}


def test_an_api_is_drafted_from_its_answer_and_crawled_to_its_end(home: Home, crawling: Crawling, request: pytest.FixtureRequest) -> None:
    goods = [
        {"sku": f"s{n}", "name": f"Bag {n}", "price": f"{n}.50", "currency": "GBP", "href": f"/p/{n}", "seller": {"name": "Ada"}}
        for n in range(1, 8)
    ]

    def respond(path: str, query: Any) -> Response | None:
        if path != "/api/goods":
            return None
        at = int(query.get("cursor", 0))
        answer = {"result": {"goods": goods[at : at + 3]}, "meta": {"next_cursor": at + 3 if at + 3 < len(goods) else None}}
        return Response(json.dumps(answer).encode(), "application/json")

    site = Site("api", respond, port=0, forbidden=(), allowed=())
    site.start()
    request.addfinalizer(site.close)
    made = draft_for(home, f"{site.url}api/goods", "parade", testing=True)
    (home.folder / "configs" / "sources" / "parade.yml").write_text(made["yaml"].replace("legal: ''", "legal: A test."))
    assert crawling("parade").outcome == "good"
    with crawling.store.acting("system", purpose="test") as reader:
        kept = {each.listing.ref: (each.snapshot.title, each.snapshot.price_minor) for each in reader.summaries(limit=100)}
    assert kept == {each["sku"]: (each["name"], n * 100 + 50) for n, each in enumerate(goods, 1)}


@pytest.mark.parametrize(
    ("sent", "answer", "says"),
    [
        ('{"page": 1, "size": 5}', {"next": "page < pages", "next_param": "page"}, {"body": '{"page": 1, "size": 5}', "page_at": "page"}),
        ('{"find": {"paging": {"pageNumber": 0}}}', {}, {"page_at": "find.paging.pageNumber"}),
        ('{"paging": {"offset": 0, "limit": 24}}', {}, {"page_at": "paging.offset", "step": 24}),
        ('{"q": "bag"}', {"next": "meta.end", "next_param": "cursor"}, {"page_at": "cursor"}),
        ("q=bag&page=1", {}, {"form": '{"q": "bag", "page": "1"}', "page_at": "page"}),
        ('{"q": "bag"}', {}, {"body": '{"q": "bag"}'}),
    ],
)
def test_what_a_search_sends_says_where_its_page_is(sent: str, answer: dict[str, str], says: dict[str, Any]) -> None:
    said = {entry.key: entry.value for entry in sent_of(sent).entries(answer)}
    assert said.pop("method") == "POST" and {key: said.get(key) for key in says} == says
    assert set(said) <= {"body", "form", *says}


@pytest.mark.parametrize("sent", ['{"page": 1', "bag", '["page"]'])
def test_what_is_no_search_is_refused(sent: str) -> None:
    with pytest.raises(TouchstoneError, match="--post is"):
        sent_of(sent)


def test_the_command_writes_a_file_once(mini: Mini, home: Home) -> None:
    def touchstone(status: int, *more: str) -> str:
        command = [
            sys.executable,
            "-m",
            "casework.cli",
            "source",
            "new",
            mini.site.url,
            "--name",
            "parade",
            "--testing",
            "--by",
            "a.officer",
            *more,
        ]
        done = subprocess.run([*command, "--home", str(home.folder)], cwd=Path(ROOT), capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    shown = touchstone(0)
    path = home.folder / "configs" / "sources" / "parade.yml"
    assert "What is read under it" in shown and "Bag 1" in shown and "touchstone source try parade" in shown
    path.write_text("# mine\n")
    before = len(mini.site.requests)
    assert "is there already" in touchstone(2) and path.read_text() == "# mine\n" and len(mini.site.requests) == before
    assert json.loads(touchstone(0, "--json", "--force"))["preview"][0]["title"].startswith("Bag")
    assert path.read_text().startswith("# Drafted on")
