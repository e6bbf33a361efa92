"""Finding listings from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casework.cli import app
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Authority, Contribution, Flag, Level
from tests.builders import Builder

Run = Callable[..., str]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("working")
    (folder / "configs").mkdir()
    shutil.copy(Path(__file__).resolve().parents[2] / "configs" / "touchstone.yml", folder / "configs")
    with Store.open(Home(folder)) as store:
        store.keep_authority(Authority("demo", "Demonstration Authority"))
        build = Builder(store)
        for n in range(3):
            build.listing(
                str(n), title=f"Green bag {n}", brand="Elan", price_minor=1000 * n, currency="GBP", place="M32 0TH", seller=f"s{n}"
            )
        why = Contribution("price_low", 4.0, "it costs little", "0" * 64, 1)
        store.keep_flag(Flag(None, 2, "0" * 64, "1" * 64, Level.priority, 4.0, (why,)), build.run.id)
        build.close()
    return folder


@pytest.fixture
def run(template: Path, tmp_path: Path) -> Run:
    shutil.copytree(template, tmp_path / "home")
    where = {"TOUCHSTONE_HOME": str(tmp_path / "home"), "TOUCHSTONE_ACTOR": "a.officer", "COLUMNS": "200"}

    def invoke(*words: str) -> str:
        done = CliRunner().invoke(app, [*words], env=where)
        if isinstance(done.exception, TouchstoneError):
            return str(done.exception)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    return invoke


def test_listings_are_found_by_words_and_filters_with_how_many_have_each(run: Run) -> None:
    said = run("listing", "find", "green", "bags", "--brand", "elan", "--area", "m32", "--low", "10", "--high", "20")
    assert "2 are found" in said and "Green bag 2" in said and "Green bag 0" not in said and "reason: price_low (1)" in said
    read = json.loads(run("listing", "find", "--urgent", "--reason", "price_low", "--json"))
    assert [row["listing"]["ref"] for row in read["rows"]] == ["1"] and read["total"] == 1 and read["facets"]["level"] == [["priority", 1]]
    assert "Nothing is found." in run("listing", "find", "green", "--level", "review")
    assert "Nothing is found." in run("listing", "find", "--until", "2026-03-01") and "3 are found" in run(
        "listing", "find", "--since", "2026-03-01"
    )


def test_the_next_page_is_asked_for_by_what_the_first_says(run: Run) -> None:
    first = run("listing", "find", "--limit", "2")
    assert "Green bag 2" in first and "Green bag 1" in first
    rest = run("listing", "find", "--limit", "2", "--after", first.split("--after ")[1].split()[0])
    assert "Green bag 0" in rest and "Green bag 1" not in rest and "--after" not in rest


def test_what_is_no_price_is_refused_with_what_to_write(run: Run) -> None:
    assert run("listing", "find", "--low", "cheap") == "'cheap' is no price in GBP; write 12.50"


def test_the_index_of_listings_is_made_again(run: Run) -> None:
    assert "3 listings are found by words" in run("index", "rebuild", "--only", "listings")
    assert "3 are found" in run("listing", "find", "bag")
