"""The awkward group of the demonstration market, crawled as its YAML files say and compared with its database (docs/traits.md).

Recall is 100 % with nothing that is no listing, every field is as the site's own database has it, and each listing costs few requests,
counted in the servers' own logs.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler import run as crawl
from crawler.browser import find_chromium
from store.config import Home, defaults_folder
from store.runs import PassResult
from store.store import Store
from store.words.dates import LONDON
from store.words.records import Details, Outcome
from tests.market.awkward import SITES, Goods, Group, digests, places, start_group
from tests.market.server import Request

RENDERED = ("awkward_rail", "awkward_scroll")
SOURCES = {source: place for place in places().values() for source in place.sources if find_chromium() or source not in RENDERED}
TRAITS = sorted({trait for place in places().values() for goods in place.goods for trait in goods.traits})
MOST = 1.3  # page requests a listing, over all sources
FEW = 8  # beyond that, of one small source: its lists, what it has us ask for twice, and the first pages of a trap


@dataclass(frozen=True)
class Row:
    """A listing as the store has it after a crawl."""

    words: dict[str, Any]
    details: Details
    pictures: tuple[str, ...]
    captured_at: datetime
    contacts: frozenset[tuple[str, str]]


@dataclass
class Crawled:
    """Two crawls of the group, one after the other."""

    group: Group
    results: list[PassResult] = field(default_factory=list)
    rows: list[dict[tuple[str, str], Row]] = field(default_factory=list)
    counts: list[dict[str, int]] = field(default_factory=list)
    logs: dict[str, list[Request]] = field(default_factory=dict)  # source → what its first run asked its site for
    problems: list[str] = field(default_factory=list)
    ends: dict[str, tuple[Outcome | None, str]] = field(default_factory=dict)

    def everything(self) -> list[Request]:
        return [request for site in self.group.sites.values() for request in site.requests]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    home = Home(tmp_path_factory.mktemp("recall"))
    (home.folder / "configs").mkdir()
    shutil.copy(defaults_folder() / "touchstone.yml", home.folder / "configs" / "touchstone.yml")
    with start_group() as group, Store.open(home) as store, ThreadPoolExecutor(2) as pool:
        group.write_sources(home.folder / "configs" / "sources")
        both = Crawled(group)
        for _ in range(2):
            both.results.append(crawl.run(store, home, pool, sources=list(SOURCES)))
            both.rows.append(_rows(store))
            both.counts.append(store.counts())
        for run in sorted(store.runs("crawl"), key=lambda each: each.started_at, reverse=True):
            assert run.source and run.ended_at
            site = group.sites[SOURCES[run.source].name]
            both.logs[run.source] = [each for each in site.requests if run.started_at <= each.at <= run.ended_at]
            both.ends[run.source] = (run.outcome, run.message)
        both.problems = store.verify()
        yield both


def _rows(store: Store) -> dict[tuple[str, str], Row]:
    rows = {}
    with store.acting("system", purpose="test") as reader:
        for each in reader.summaries(limit=10_000):
            number = each.listing.id or 0
            newest = max(reader.readings(listing=number), key=lambda reading: (reading.captured_at, reading.id or 0))
            pictures = tuple(image.sha256 for image in reader.listing_images(number))
            contacts = frozenset((contact.kind, contact.value) for contact, _ in reader.contacts(listing=number))
            rows[each.listing.source, each.listing.ref] = Row(each.snapshot.words(), newest.details, pictures, newest.captured_at, contacts)
    return rows


# -- against the database ----------------------------------------------------------------------------------------------------
def differences(goods: Goods, row: Row) -> list[str]:
    """Every field in which a row is not what the site's database says."""
    said, details = row.words, row.details
    pairs = {
        "title": (said["title"], " ".join(goods.title.split())),
        "text": (" ".join(said["text"].split()), " ".join(goods.text.split())),
        "price": ((said["price_minor"], said["currency"]), (goods.price, goods.currency)),
        "brand": (said["brand"], goods.brand),
        "category": (said["category"], goods.category),
        "condition": (_condition(said["condition"]), _condition(goods.condition)),
        "seller": ((said["seller"], said["seller_name"]), (goods.seller, goods.seller_name)),
        "place": (said["place"], goods.place),
        "quantity": (details.quantity, goods.quantity),
        "sold": (details.sold, goods.sold),
        "VAT": (details.vat, goods.vat),
        "pictures": (row.pictures, digests(goods)),
    }
    wrong = [f"{name}: {read!r} is not {true!r}" for name, (read, true) in pairs.items() if read != true]
    if goods.kind and details.price_kind != goods.kind:
        wrong.append(f"kind of price: {details.price_kind!r} is not {goods.kind!r}")
    for name, read, true in (("price text", said["price_text"], goods.price_text), ("old price", details.price_was_text, goods.was)):
        if _squeezed(true) not in _squeezed(read) or (read and not true) or len(read) > 120:
            wrong.append(f"{name}: {read!r} does not say {true!r}")
    if not _posted_as(goods.posted, details.posted_at, row.captured_at):
        wrong.append(f"posted: {details.posted_at} ({details.posted_text!r}) is not {goods.posted!r}")
    return wrong


def _condition(said: str) -> str:
    """schema.org's word for it and the page's own are one."""
    return said.rpartition("/")[2].lower().removesuffix("condition")


def _squeezed(said: str) -> str:
    """Without spaces, and without pence where there are none: "195" and "195.00" say the same."""
    return re.sub(r"[.,]00(?!\d)", "", re.sub(r"\s", "", said)).lower()


def _posted_as(stated: str, read: datetime | None, captured_at: datetime) -> bool:
    if not stated:
        return read is None
    if ago := re.fullmatch(r"-(\d+)([dh])", stated):
        unit = {"d": timedelta(days=1), "h": timedelta(hours=1)}[ago[2]]
        return read is not None and abs(captured_at - int(ago[1]) * unit - read) <= unit
    return read is not None and read.astimezone(LONDON).date().isoformat() == stated


def test_recall_is_whole_and_nothing_else_is_kept(crawled: Crawled) -> None:
    """(source, reference) as in the databases: none missing, none that is no listing, none twice."""
    expected = {(source, ref) for source, place in SOURCES.items() for ref in place.expected(source)}
    kept = set(crawled.rows[0])
    assert sorted(expected - kept) == [], "missing"
    assert sorted(kept - expected) == [], "no listings, or the same one twice"
    assert len(expected) >= 150


@pytest.mark.parametrize("source", SOURCES)
def test_every_field_is_as_in_the_database(crawled: Crawled, source: str) -> None:
    rows = {ref: crawled.rows[0].get((source, ref)) for ref in SOURCES[source].expected(source)}
    wrong = {ref: differences(goods, row) if (row := rows[ref]) else ["missing"] for ref, goods in SOURCES[source].expected(source).items()}
    assert {ref: each for ref, each in wrong.items() if each} == {}


@pytest.mark.parametrize("trait", TRAITS)
def test_each_trait_reads_as_its_database(crawled: Crawled, trait: str) -> None:
    """The table of docs/traits.md, row by row."""
    met = [
        (source, ref, goods) for source, place in SOURCES.items() for ref, goods in place.expected(source).items() if trait in goods.traits
    ]
    if not met:
        pytest.skip("its sites need Chromium, which is missing")
    wrong = {
        f"{source}/{ref}": differences(goods, row) if (row := crawled.rows[0].get((source, ref))) else ["missing"]
        for source, ref, goods in met
    }
    assert {name: each for name, each in wrong.items() if each} == {}


def test_contacts_in_the_text_are_kept(crawled: Crawled) -> None:
    found = crawled.rows[0]["awkward_thimble", "6009"].contacts
    assert {("email", "fay@thimble.example"), ("phone", "+447700900611")} <= found
    assert ("phone", "+441632960217") in crawled.rows[0]["awkward_thimble", "6006"].contacts


def test_each_crawl_ends_well(crawled: Crawled) -> None:
    assert {source: end for source, end in crawled.ends.items() if end[0] is not Outcome.good} == {}
    assert crawled.problems == []


# -- what it cost, by the servers' own logs ----------------------------------------------------------------------------------
def kind_of(request: Request) -> str:
    """A page that was asked for, or what is reported apart: robots.txt, a picture, what a browser asks for by itself."""
    if request.path == "/robots.txt":
        return "robots.txt"
    if request.path.startswith(("/pic/", "/favicon")):
        return "pictures"
    return "page" if request.headers.get("Sec-Fetch-Dest", "document") == "document" else "browser"


def test_few_page_requests_a_listing(crawled: Crawled) -> None:
    """At most 1.3 over all sources; run with -s for the table."""
    rows = []
    for source, place in SOURCES.items():
        asked = Counter(map(kind_of, crawled.logs[source]))
        kept = sum(of == source for of, _ in crawled.rows[0])
        rows.append((source, len(place.goods), kept, asked["page"], asked["browser"], asked["pictures"], asked["robots.txt"]))
    own_pages = [row for row in rows if row[3] >= row[1]]
    print(f"\n{'source':26}{'offered':>8}{'kept':>6}{'pages':>7}{'a listing':>11}{'browser':>9}{'pictures':>10}{'robots.txt':>12}")
    for row in (*rows, _together("with a page a listing", own_pages), total := _together("all", rows)):
        name, offered, kept, pages, *apart = row
        print(f"{name:26}{offered:8}{kept:6}{pages:7}{pages / max(kept, 1):11.2f}{apart[0]:9}{apart[1]:10}{apart[2]:12}")
    assert total[3] / total[2] <= MOST
    assert {row[0]: row[3] for row in rows if row[3] > MOST * row[2] + FEW} == {}
    assert all(row[6] == 1 for row in rows), "robots.txt once a run"


def _together(name: str, rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return (name, *(sum(column) for column in list(zip(*rows, strict=True))[1:]))


def test_a_second_crawl_adds_no_word(crawled: Crawled) -> None:
    """Captures, readings, runs, events and unread rows only; every row says what it said."""
    first, second = crawled.counts
    assert {noun for noun in first if first[noun] != second[noun]} <= {"captures", "readings", "runs", "events", "unread"}
    told = [{key: (row.words, row.pictures) for key, row in rows.items()} for rows in crawled.rows]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("site", "path"),
    [
        ("thimble", r"/ad/69"),  # robots.txt forbids them
        ("thimble", r"/promo/"),  # ghost cards
        ("juniper", r"/cart"),
        ("mill", r"add-to-cart"),
        ("lots", r"/out\?|/watch|/share"),  # links that do something, or lead away
        ("tannery", r"colour="),  # facets
    ],
)
def test_traps_are_not_entered(crawled: Crawled, site: str, path: str) -> None:
    asked = [each.path for each in crawled.group.sites[site].requests]
    assert asked and [each for each in asked if re.search(path, each)] == []


def test_sort_orders_and_a_calendar_without_end_cost_little(crawled: Crawled) -> None:
    """Every sort order, era and month answers, and thousands could be asked for."""
    asked = [each.path for each in crawled.logs["awkward_lots"]]
    assert sum(path.startswith("/calendar") for path in asked) == 3
    assert 3 <= sum(path.startswith("/lots") for path in asked) <= 6, asked


def test_the_servers_were_as_awkward_as_they_say(crawled: Crawled) -> None:
    """One answer asked us to wait, one failed, some were packed and the browser was one: else their rows of the table prove nothing."""
    once = {"bazaar": "/listing/508/", "lots": "/lot/horn-comb"}
    for site, path in once.items():
        assert sum(each.path.startswith(path) for each in crawled.group.sites[site].requests) == 3  # refused, then twice
    packed = [each for each in crawled.group.sites["tannery"].requests if each.path.startswith(("/p/t-111", "/p/t-112"))]
    assert packed and all("br" in each.headers["Accept-Encoding"] and "gzip" in each.headers["Accept-Encoding"] for each in packed)
    assert not [each for each in crawled.everything() if "Cookie" in each.headers]


# -- the table of traits -----------------------------------------------------------------------------------------------------
ROOT = Path(__file__).resolve().parents[2]


def test_the_table_of_traits_is_whole() -> None:
    """docs/traits.md has a row for each trait, and each names a test that is here."""
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| `(\w+)(?:\[([^\]]+)\])?` \|$", (ROOT / "docs" / "traits.md").read_text("utf-8"), re.M)
    assert len(rows) >= 30
    assert {case for _, _, test, case in rows if test == test_each_trait_reads_as_its_database.__name__} == set(TRAITS)
    assert {test for _, _, test, _ in rows} <= set(globals()), "a test that is not here"
    sites = {each.name for each in SITES}
    for trait, where, _, _ in rows:
        assert set(re.findall(r"`(\w+)`", where)) <= sites and where.strip("`, "), trait
