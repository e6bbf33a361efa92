"""No page reads more of the store than it shows and an index: among ten times as many listings each takes SQLite's machine about as many steps."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from store import tables as t
from store.config import Home
from store.store import Store
from store.words.records import Actor, Authority, Outcome
from tests.casework.desk.conftest import Served, running, with_people
from tests.casework.desk.test_attacks import pages
from tests.crowd import crowd

# What has changed of late is told of the newest 2,000 listings that were weighed (configs/learning.yml), which 3,000 here are too few for.
OF_A_WINDOW = "/accuracy"


def crowded(folder: Path, number: int) -> Home:
    subprocess.run([sys.executable, "-m", "casework.cli", "init", str(folder)], check=True, capture_output=True)
    home = with_people(folder)
    with Store.open(home) as store:
        store.keep_authority(Authority("demo", "Invented"))
        store.keep_actor(Actor("officer", "demo", "officer", "officer", is_person=True))
        crowd(store, number)
        with store.database.reading() as c:
            [run] = c.execute(select(t.run.c.id).where(t.run.c.code_version == "crowd")).scalars()
        store.end_run(run, Outcome.good, {})
        store.rebuild_shelf()
        with store.database.engine.connect() as c:
            c.exec_driver_sql("ANALYZE")
            c.commit()
    return home


def steps_of_pages(desk: Served) -> dict[str, int]:
    """Hundreds of steps by address, of each page that a supervisor may see and that one number, 1, or none tells."""
    taken = 0

    def one() -> int:
        nonlocal taken
        taken += 1
        return 0

    @event.listens_for(desk.store.database.engine, "checkout")
    def count(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.set_progress_handler(one, 100)

    browser = desk.as_role("supervisor")
    browser.post("/reason", {"why": "to see what it reads"})
    found = {}
    for route in pages(desk):
        path = re.sub(r"\{number[^}]*\}", "1", route.path)
        if "{" in path or browser.get(path).status_code != 200:  # once before it counts, so that what is made once is made
            continue
        before = taken
        browser.get(path)
        found[path] = taken - before
    return found


def test_among_ten_times_as_many_listings_no_page_reads_more(tmp_path: Path) -> None:
    taken = []
    for number in (3000, 30_000):
        with running(crowded(tmp_path / str(number), number)) as desk:
            taken.append(steps_of_pages(desk))
    few, many = taken
    assert (
        few.keys() == many.keys() and {"/", "/queue", "/listings", "/listings/1", "/sellers/1", "/review", "/exports", "/log"} <= few.keys()
    )
    grown = {path: (few[path], many[path]) for path in few if path != OF_A_WINDOW and many[path] > 1.5 * few[path] + 40}
    assert not grown, grown
    assert many[OF_A_WINDOW] < 10 * few[OF_A_WINDOW]
