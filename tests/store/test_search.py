"""Listings are found by words and facets: what is found is what a reading of all would find, no more is read than is shown, and no erased word is left."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import event, select, text

from store import tables as t
from store.errors import TouchstoneError
from store.listings import Summary
from store.queue import Waits
from store.search import COUNTED, Order, Page, Query
from store.store import Acting, Store
from store.words.records import Contribution, Flag, Level, SubjectKind, Verdict
from store.words.terms import terms_of
from tests.builders import Builder, as_of
from tests.conftest import database, new_store
from tests.crowd import BRANDS, REASONS, SECONDS, SOURCES, YEAR, crowd

AREAS = {"M32 0TH": {"M32", "E08000009"}, "LS1 4AP": {"LS1", "E08000035"}, "SW1A 1AA": {"SW1A", "E09000033"}, "B1 1BB": {"B1", "E08000025"},
         "CF10 1EP": {"CF10", "W06000015"}, "N1": {"N1"}}  # fmt: skip


def find(store: Store, query: Query, **rest: Any) -> Page:
    with store.acting("officer", purpose="look", justification="test") as reader:
        return reader.find(query, **rest)


def found(store: Store, query: Query, limit: int = 50) -> list[int]:
    """Every listing that is found, page by page, in order."""
    numbers: list[int] = []
    with store.acting("officer", purpose="look", justification="test") as reader:
        after = ""
        for _ in count():
            page = reader.find(query, after=after, limit=limit, facets=False)
            numbers += [row.listing.id or 0 for row in page.rows]
            if not (after := page.next):
                return numbers
    raise AssertionError


def words(store: Store, said: str) -> list[int]:
    return found(store, Query(said))


@pytest.fixture
def build(store: Store) -> Any:
    builder = Builder(store)
    yield builder
    builder.close()


# -- what is found -----------------------------------------------------------------------------------------------------------
def test_a_listing_is_found_by_each_word_of_what_it_says(store: Store, build: Builder) -> None:
    one = build.listing(
        "ref-77",
        title="Café handbags, bnwt",
        text="Nice’s watches & dresses 👜",
        brand="Élan",
        seller="tote.shop",
        seller_name="Tote Shop",
        place="Leeds",
    )
    build.listing("2", title="Scarf", text="plain")
    for said in (
        "cafe",
        "CAFÉ bnwt",
        "handbag",
        "watch dress",
        "elan",
        "tote.shop",
        "Leeds",
        "👜",
        "ref-77",
        "ｂｎｗｔ",
        '"handbags" bnwt',
    ):
        assert words(store, said) == [one.listing], said
    assert words(store, "handbag scarf") == [], "every word must be there"


@pytest.mark.parametrize(
    "hostile",
    ["NEAR(a b)", "a AND", "OR", "NOT bag", "*", '"', '"""', "bag*", "^bag", "{terms}: bag", "terms:bag", "(", "'; DROP TABLE listing; --", "bag & | ! <-> :*", "\\", "%", "a\x00b",
     "👜👜", "\ud800", "-bag", "_level_726576696577", "bag:*A", "\u202e", "᠎", " ", "\t\n"],
)  # fmt: skip
def test_no_words_are_a_command_to_the_database(store: Store, build: Builder, hostile: str) -> None:
    one = build.listing("1", title="bag a near terms", text="and or not drop table listing b")
    store.keep_flag(Flag(None, one.listing, "0" * 64, "1" * 64, Level.review, 1.0, ()), build.run.id)
    wanted = terms_of([hostile])
    there = set(terms_of(["bag a near terms and or not drop table listing b 1"]))
    assert words(store, hostile) == ([one.listing] if set(wanted) <= there and (wanted or not hostile.strip()) else [])


def test_a_search_of_too_many_words_is_refused_and_a_long_word_is_not(store: Store, build: Builder) -> None:
    build.listing("1", title="x" * 10_000)
    assert len(words(store, "x" * 10_000)) == 1
    with pytest.raises(TouchstoneError, match="at most 64"):
        words(store, " ".join(f"w{n}" for n in range(2000)))
    for wrong in ("1; DROP", "-1", "9" * 30, "x"):
        with pytest.raises(TouchstoneError, match="begin again"):
            find(store, Query(), after=wrong)
    with pytest.raises(TouchstoneError, match="zone"):
        find(store, Query(since=datetime(2026, 1, 1)))
    with pytest.raises(TouchstoneError, match="1 to 200"):
        find(store, Query(), limit=0)
    assert find(store, Query(currency="';--", low=0)).rows == ()


# The same by reading every listing, without any of what is searched by.
Known = list[tuple[Summary, set[str], bool]]  # a listing, the reasons of its newest flag, whether it was judged on the findings that it has


def everything(reader: Acting) -> Known:
    known: Known = []
    for s in reader.summaries(limit=10_000):
        number = s.listing.id or 0
        flag = reader.flag(number)
        said = {j.findings_digest for j in reader.judgements([(SubjectKind.listing, number)])}
        known.append((s, {c.reason for c in flag.contributions} if flag else set(), (flag.findings_digest if flag else "") in said))
    return known


def naive(known: Known, q: Query) -> list[int]:
    kept: list[tuple[Any, int]] = []
    for s, reasons, judged in known:
        number, seen, price = s.listing.id or 0, s.last_seen.replace(microsecond=0), s.snapshot.price_minor
        holds = (
            set(q.words.casefold().split()) <= _said(s),
            not q.sources or s.listing.source in q.sources,
            not q.brands or s.snapshot.brand.casefold() in {brand.casefold() for brand in q.brands},
            not q.levels or s.level in q.levels,
            not q.reasons or bool(reasons & set(q.reasons)),
            not q.sellers or s.seller in q.sellers,
            not q.areas or bool(AREAS.get(s.snapshot.place, set()) & {area.upper() for area in q.areas}),
            q.judged is None or judged is q.judged,
            q.since is None or seen >= q.since,
            q.until is None or seen < q.until,
            (q.low is None and q.high is None)
            or (price is not None and (q.low or 0) <= price <= (q.high if q.high is not None else 10**9)),
            q.order is Order.newest or (s.level in ("review", "priority") and not judged),
        )
        if all(holds):
            kept.append(((s.level == "priority", s.score or 0.0, number) if q.order is Order.urgent else (seen, number), number))
    return [number for _, number in sorted(kept, reverse=True)]


def _said(s: Summary) -> set[str]:
    w = s.snapshot
    return set(
        re.findall(
            r"\w+",
            " ".join((s.listing.ref, w.title, w.text, w.brand, w.category, w.condition, w.seller, w.seller_name, w.place)).casefold(),
        )
    )


def sets(of: list[Any]) -> Any:
    return some.lists(some.sampled_from(of), max_size=2, unique=True).map(tuple) | some.just(())


prices = some.none() | some.integers(-5, 60_000)
times = some.none() | some.integers(0, SECONDS).map(lambda n: YEAR + timedelta(seconds=n))
queries = some.builds(
    Query, words=some.lists(some.sampled_from(["bag", "BAG", "middling", "scarcely", "stall", "new", *BRANDS[:2]]), max_size=2).map(" ".join),
    sources=sets(SOURCES), brands=sets([BRANDS[0], BRANDS[1].upper(), "nobody"]), levels=sets(list(Level)), reasons=sets(REASONS[:4]),
    sellers=sets([1, 2, 3]), areas=sets(["M32", "e08000009", "N1", "LS1", "W06000015"]), judged=some.none() | some.booleans(),
    since=times, until=times, low=prices, high=prices, order=some.sampled_from(Order),
)  # fmt: skip


def test_what_is_found_is_what_a_reading_of_every_listing_finds(store: Store) -> None:
    crowd(store, COUNTED)  # all are counted, whatever is asked
    store.rebuild_shelf()
    with store.acting("system", purpose="test") as reader:
        known = everything(reader)
        assert sum(bool(reasons) for _, reasons, _ in known) > 10, "some are flagged"

        @settings(max_examples=40)
        @given(queries, some.integers(7, 60))
        def same(query: Query, limit: int) -> None:
            expected, numbers, after = naive(known, query), list[int](), ""
            pages = 0
            for _ in count():
                pages += 1
                page = reader.find(query, after=after, limit=limit)
                numbers += [row.listing.id or 0 for row in page.rows]
                assert (page.total, page.more) == (len(expected), False)
                if not (after := page.next):
                    break
            assert numbers == expected and pages == max(1, -(-len(expected) // limit))

        same()


def test_facets_count_what_is_found_and_those_of_all_are_kept_as_they_are_written(store: Store, build: Builder) -> None:
    for n, brand in enumerate(("Elan", "ELAN", "Other", "")):
        build.listing(str(n), title="bag" if n else "scarf", brand=brand, place="M32 0TH", seller=f"s{n}")
    store.keep_flag(
        Flag(None, 1, "0" * 64, "1" * 64, Level.review, 2.0, (Contribution("price_low", 2.0, "why", "0" * 64, 1),)), build.run.id
    )
    every = find(store, Query())
    assert every.total == 4 and every.facets["brand"] == (("elan", 2), ("other", 1)) and every.facets["area"] == (("E08000009", 4),)
    assert (
        every.facets["level"] == (("review", 1),)
        and every.facets["reason"] == (("price_low", 1),)
        and every.facets["judged"] == (("False", 4),)
    )
    assert find(store, Query("bag")).facets["brand"] == (("elan", 1), ("other", 1))
    assert find(store, Query(order=Order.urgent)).total == 1
    store.judge(SubjectKind.listing, 1, Verdict.no, actor="officer", authority="demo", reason="fine", findings_digest="1" * 64)
    waiting = find(store, Query(order=Order.urgent))
    assert (waiting.total, waiting.facets["brand"]) == (0, ()) and find(store, Query()).facets["judged"] == (("False", 3), ("True", 1))
    store.judge(SubjectKind.listing, 1, Verdict.undone, actor="officer", authority="demo", reason="my mistake", findings_digest="1" * 64)
    assert found(store, Query(order=Order.urgent)) == [1] and find(store, Query(judged=True)).total == 0, "what is taken back waits again"
    store.judge(SubjectKind.listing, 1, Verdict.no, actor="officer", authority="demo", reason="fine", findings_digest="1" * 64)
    store.keep_flag(Flag(None, 1, "0" * 64, "2" * 64, Level.priority, 3.0, ()), build.run.id)
    assert found(store, Query(order=Order.urgent)) == [1] == found(store, Query(levels=(Level.priority,), judged=False)), (
        "new findings bring it back"
    )
    assert found(store, Query(reasons=("price_low",))) == []


def test_beyond_a_certain_number_a_search_says_more_and_counts_no_further(store: Store) -> None:
    crowd(store, 2500)
    store.rebuild_shelf()
    page = find(store, Query("bag"))
    assert (page.total, page.more) == (COUNTED, True) and sum(n for _, n in page.facets["source"]) == COUNTED
    assert find(store, Query("bag"), after=page.next).facets == page.facets, "of all that was found, on whichever page"
    assert find(store, Query()).total == 2500 and not find(store, Query("scarcely")).more


# -- how it is kept ----------------------------------------------------------------------------------------------------------
def test_a_new_reading_moves_a_listing_to_the_front_under_its_new_words(store: Store, build: Builder) -> None:
    first = build.listing("1", title="green bag", price_minor=500, currency="GBP").listing
    second = build.listing("2", title="green scarf").listing
    assert found(store, Query()) == [second, first]
    build.listing("1", title="red bag", price_minor=900, currency="GBP")
    assert found(store, Query()) == [first, second] and words(store, "green") == [second] and words(store, "red") == [first]
    assert found(store, Query(low=400, high=600)) == [] and found(store, Query(low=900)) == [first]


def shelf(store: Store) -> Any:
    with store.database.reading() as c:
        counts = {tuple(r[:3]): r.n for r in c.execute(select(t.listing_now_count))}
        rows = {r["id"]: {**r, "terms": sorted(str(r["terms"]).split())} for r in c.execute(select(t.listing_now)).mappings()}
    return rows, counts


def test_rows_kept_one_by_one_are_those_that_a_rebuild_makes(store: Store, build: Builder) -> None:
    for n in range(6):
        build.listing(str(n % 4), title=f"bag {n}", brand=f"b{n % 2}", seller=f"s{n % 3}", price_minor=n * 100, currency="GBP")
        store.keep_flag(
            Flag(
                None,
                n % 4 + 1 if n < 4 else 1,
                "0" * 64,
                f"{n}" * 64,
                list(Level)[n % 4],
                n,
                (Contribution(f"r{n}", 1.0, "w", "0" * 64, 1),),
            ),
            build.run.id,
        )
    store.judge(SubjectKind.listing, 3, Verdict.unsure, actor="officer", authority="demo", reason="x", findings_digest="2" * 64)
    kept = shelf(store)
    assert store.rebuild_shelf() == 4 and shelf(store) == kept
    assert kept[1] == {key: n for key, n in recount(kept[0]).items() if n}
    assert words(store, "bag") == [2, 1, 4, 3]


def recount(rows: Any) -> Counter[tuple[str, str, str]]:
    out: Counter[tuple[str, str, str]] = Counter()
    for row in rows.values():
        for among in ("all", "waiting") if row["turn"] is not None else ("all",):
            said = [("", ""), ("judged", str(row["judged"])), *(("reason", reason) for reason in row["reasons"].split())]
            said += [(facet, row[facet]) for facet in ("source", "brand", "level", "area") if row[facet]]
            out.update((among, *each) for each in said)
    return out


def test_a_store_of_before_is_filled_when_it_is_opened(store_url: str, tmp_path: Path) -> None:
    store = Store(store_url, tmp_path / "archive")
    with as_of(store, "0020") as c:
        at, run = (
            "2026-01-01 00:00:00.000000",
            "INSERT INTO run (id, pass_name, actor, authority, code_version, config_digest, started_at) VALUES ('r', 'crawl', 'system', 'demo', '1', '', :at)",
        )
        c.execute(text(run), {"at": at})
        c.execute(text(
            "INSERT INTO capture (run, source, kind, method, url_requested, url_final, redirects_json, status, request_headers_json, response_headers_json, body_digest, body_length,"
            " request_digest, started_at, ended_at, record_id) VALUES ('r', 's', 'page', 'GET', 'u', 'u', '[]', 200, '[]', '[]', '', 1, '', :at, :at, 'x')"), {"at": at})  # fmt: skip
        c.execute(text("INSERT INTO listing (source, ref, url, added_at) VALUES ('s', '1', 'u', :at)"), {"at": at})
        c.execute(text(
            "INSERT INTO snapshot (digest, title, text, price_text, brand, category, condition, seller, seller_name, place, added_at)"
            " VALUES ('d', 'Old tote', 'kept', '', 'Elan', '', '', '', '', '', :at)"), {"at": at})  # fmt: skip
        c.execute(text(
            "INSERT INTO reading (capture, parser, parser_version, listing, snapshot, images_json, captured_at, run, notes_json) VALUES (1, 'p', '1', 1, 1, '[]', :at, 'r', '[]')"), {"at": at})  # fmt: skip
    store.migrate()
    with store.acting("system", purpose="test") as reader:
        page = reader.find(Query("tote", brands=("elan",)))
    assert [row.listing.id for row in page.rows] == [1] and page.total == 1
    store.close()


def test_an_erasure_leaves_no_word_to_be_found_and_none_in_the_database(store: Store, build: Builder, tmp_path: Path) -> None:
    seller = {"seller": "qqaccount", "seller_name": "Wwname"}
    gone = build.listing("zzref", title="Xyzzyword plain", text="jjphone 07700 900123", brand="Kkbrand", place="Vvplace", **seller).listing
    stays = build.listing("2", title="plain", brand="Other").listing
    store.keep_flag(
        Flag(None, gone, "0" * 64, "1" * 64, Level.review, 1.0, (Contribution("uureason", 1.0, "why", "0" * 64, 1),)), build.run.id
    )
    build.close()
    erased = ("zzref", "xyzzyword", "jjphone", "kkbrand", "qqaccount", "wwname", "vvplace")
    assert all(words(store, word) == [gone] for word in erased) and found(store, Query(reasons=("uureason",))) == [gone]
    store.erase_listing(gone, actor="officer", reason="retention")
    assert all(words(store, word) == [] for word in erased) and words(store, "plain") == [stays]
    assert found(store, Query(brands=("kkbrand",))) == found(store, Query(reasons=("uureason",))) == []
    assert "kkbrand" not in str(find(store, Query()).facets) and sorted(found(store, Query())) == [gone, stays]
    with store.database.writing() as c:  # what was looked for, above, is kept in its own words, and goes by its own rule
        c.execute(t.lookup.delete())
    store.scrub()
    with store.database.reading() as c:
        tables = (t.listing_now, t.listing_now_count)
        said = str([c.execute(select(table)).all() for table in tables])
        assert not [word for word in (*erased, "uureason") if word in said]
    if store.database.engine.dialect.name == "sqlite":
        left = b"".join(path.read_bytes() for path in tmp_path.glob("touchstone.db*")).lower()
        assert b"plain" in left, "what is searched by is in these bytes"
        # FTS5 writes a term without the letters that it begins with like the one before: each of these begins like none
        assert not [word for word in (*erased, b"uureason".hex()) if word[1:].encode() in left]


def test_searching_goes_on_while_others_write(store_url: str, tmp_path: Path) -> None:
    with new_store(store_url, tmp_path) as store:
        stop, wrong = threading.Event(), list[BaseException]()

        def guarded(work: Callable[[], None]) -> Callable[[], None]:
            def run() -> None:
                try:
                    work()
                except BaseException as error:
                    wrong.append(error)

            return run

        def write(source: str) -> None:
            build = Builder(store, source)
            for n in range(25):
                reading = build.listing(str(n % 10), title=f"bag {n}", brand="Elan", seller=source)
                store.keep_flag(Flag(None, reading.listing, "0" * 64, f"{n:064}", Level.review, n, ()), build.run.id)
            build.close()

        def look() -> None:
            while not stop.is_set():
                page = find(store, Query("bag", brands=("elan",), levels=(Level.review,)))
                assert page.total >= len(page.rows) and all("bag" in row.snapshot.title for row in page.rows)

        writers = [threading.Thread(target=guarded(lambda s=source: write(s))) for source in ("a", "b")]
        reader = threading.Thread(target=guarded(look))
        for thread in (*writers, reader):
            thread.start()
        for thread in writers:
            thread.join()
        stop.set()
        reader.join()
        assert wrong == []
        assert find(store, Query()).total == 20 == find(store, Query("bag")).total and shelf(store)[1] == recount(shelf(store)[0])


def test_a_search_is_in_the_log_and_its_words_are_kept_apart(store: Store, build: Builder) -> None:
    one = build.listing("1", title="green bag").listing
    before = store.log_head()[0]
    find(store, Query("green", brands=("nobody",)))
    find(store, Query("green"))
    nothing, something = store.log(after=before)
    assert nothing.body["detail"]["asked"] == {"find": 1} and not nothing.body["subjects"]
    assert something.body["subjects"] == {"listing": str(one)} and "green" not in json.dumps(something.body)
    with store.acting("system", purpose="test") as reader:
        assert [kept[3][0][1]["query"]["words"] for kept in reader.lookups()][-2:] == ["green", "green"]


# -- what it costs -----------------------------------------------------------------------------------------------------------
COSTLY = (
    Query(), Query("bag"), Query("scarcely"), Query("middling"), Query(brands=(BRANDS[3],)), Query(sources=(SOURCES[1],), levels=(Level.review, Level.note)),
    Query("bag", sources=(SOURCES[1],)), Query(low=2000, high=9000), Query("bag", since=YEAR + timedelta(days=300)), Query(until=YEAR + timedelta(days=100)),
    Query(order=Order.urgent), Query(order=Order.urgent, brands=(BRANDS[0],)), Query("bag", order=Order.urgent, reasons=(REASONS[0],)),
    Query("bag", brands=(BRANDS[29],)), Query("bag", order=Order.urgent, sources=(SOURCES[1],), levels=(Level.review,)),
)  # fmt: skip


READS: tuple[Callable[[Acting], Any], ...] = (  # of the queue: its parts, what is left out of it, and the second looks
    lambda r: r.queue(), lambda r: r.queue([Level.review]), lambda r: r.queue(waits=Waits.mine), lambda r: r.queue(waits=Waits.cleared), lambda r: r.left_out(),
    lambda r: r.near(1.0, 10), lambda r: r.divided(10),
)  # fmt: skip


def finding(query: Query) -> Callable[[Acting], Any]:
    return lambda reader: reader.find(query)


def statements(store: Store, ask: Callable[[Acting], Any], of: str = "listing_now|_fts") -> list[tuple[str, Any]]:
    """The SQL of what is asked that names these tables: what asks for the rows of a page, and the log's, left out."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if re.search(of, statement):
            seen.append((statement, parameters))

    event.listen(store.database.engine, "before_cursor_execute", note)
    try:
        with store.acting("officer", purpose="look", justification="test") as reader:
            ask(reader)
    finally:
        event.remove(store.database.engine, "before_cursor_execute", note)
    return seen


def test_no_search_goes_through_a_table_on_sqlite(sqlite_store: Store) -> None:
    crowd(sqlite_store, 1200)
    sqlite_store.rebuild_shelf()
    for query in COSTLY:
        for statement, parameters in statements(sqlite_store, finding(query)):
            with sqlite_store.database.reading() as c:
                plan = [str(row[3]) for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            allowed = r"SEARCH (n|listing_now) USING COVERING INDEX .*|SCAN f VIRTUAL TABLE INDEX .*:M1.*|SCAN h|CO-ROUTINE h|SEARCH listing_now_count USING .*INDEX .*"
            assert plan and all(re.fullmatch(allowed, line) for line in plan), (query, statement, plan)
    for read in READS:
        for statement, parameters in statements(sqlite_store, read, "listing_now|FROM flag"):
            with sqlite_store.database.reading() as c:
                plan = [str(row[3]) for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            assert not [line for line in plan if re.match(r"SCAN (flag|listing_now|reading|judgement)", line)], (statement, plan)


def nodes(plan: Any) -> Any:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def test_no_search_goes_through_a_table_on_postgresql(postgres: str, tmp_path: Path) -> None:
    with new_store(database(postgres), tmp_path) as store:
        crowd(store, 12_000)
        store.fill_shelf()
        with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
            c.exec_driver_sql("VACUUM ANALYZE")
        for query in COSTLY:
            for statement, parameters in statements(store, finding(query)):
                with store.database.reading() as c:
                    c.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
                    [plan] = c.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
                of = [node for node in nodes(plan["Plan"]) if node.get("Relation Name") == "listing_now"]
                assert not [node for node in of if node["Node Type"] == "Seq Scan"], (query, statement, plan)
                read = sum((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in of)
                assert read <= 5 * COUNTED, (query, statement, read)
                for asked in [node["Index Cond"] for node in nodes(plan["Plan"]) if node["Node Type"] == "Bitmap Index Scan"]:
                    # GIN leaps between the lists of two conditions; of two terms of one it looks up each listing of the rarer in the other's
                    assert " & " not in asked and asked.count("@@") >= 2, asked
        kinds = Counter[str]()
        for statement, parameters in [each for read in READS for each in statements(store, read)]:
            with store.database.reading() as c:
                [plan] = c.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
            kinds.update(node["Node Type"] for node in nodes(plan["Plan"]) if node.get("Relation Name") == "listing_now")
        assert kinds and "Seq Scan" not in kinds, kinds


def steps(store: Store, ask: Callable[[Acting], Any]) -> int:
    """How many steps SQLite's machine takes to answer, in hundreds."""
    taken = 0

    def one() -> int:
        nonlocal taken
        taken += 1
        return 0

    with store.acting("system", purpose="test") as reader, store.database.reading() as c:
        driver: Any = c.connection.driver_connection
        driver.set_progress_handler(one, 100)
        ask(reader)
        driver.set_progress_handler(None, 0)
    return taken


def test_ten_times_as_many_listings_cost_no_more_steps(tmp_path: Path) -> None:
    taken: list[list[int]] = []
    asks = [*map(finding, COSTLY), *READS]
    for number in (3000, 30_000):
        folder = tmp_path / str(number)
        folder.mkdir()
        with new_store(f"sqlite:///{folder}/touchstone.db", folder) as store:
            crowd(store, number)
            store.rebuild_shelf()
            taken.append([steps(store, ask) for ask in asks])
    least = [(ask, few, many) for ask, few, many in zip((*COSTLY, *READS), *taken, strict=True) if many > 1.5 * few + 40]
    full = [each for each in least if each[1] >= 300]  # fewer than are counted were found among few: there is more to count among many
    assert not full, full
    assert all(many < 1200 for _, _, many in least), least
