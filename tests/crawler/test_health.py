"""A change at a site becomes an alarm that names what to look at, in the crawl's own result, and never silent nulls."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.health import check, read_thresholds
from crawler.source import read_source
from store.config import ConfigError, Home
from store.words.records import Cadence, Operation, Outcome
from tests.crawler.conftest import ROOT, Crawling, Mini
from tests.market.server import Response, Site

SELECTORS = "selectors: {title: h1, price: .price, text: .text, place: .place}\n"


class Plain(Mini):
    """A shop without structured data, whose markup a test can change."""

    price_class = "price"
    place = "<i class=place>Wexcombe</i>"

    def _item(self, ref: str) -> Response | None:
        if ref not in self.goods:
            return None
        title, price, _ = self.goods[ref]
        return Response(f"<h1>{title}</h1><b class='{self.price_class}'>£{price}</b><p class=text>Good.</p>{self.place}".encode())


@pytest.fixture
def plain(mini: Mini) -> Plain:
    mini.__class__ = Plain
    mini.goods = {str(n): (f"Bag {n}", f"{n}0.00", "") for n in range(1, 9)}
    return mini  # type: ignore[return-value]


def source_of(home: Home) -> Any:
    return read_source(home.folder / "configs" / "sources" / "mini.yml")


def test_a_renamed_class_fails_the_crawl_and_names_the_field_and_a_capture(plain: Plain, home: Home, crawling: Crawling) -> None:
    plain.write(home, platform="selectors", more=SELECTORS)
    assert crawling("mini").outcome is Outcome.good
    plain.price_class = "amount"
    result = crawling("mini")
    assert result.outcome is Outcome.unmet
    assert "price is filled on 0 of 8 listings of mini, where 100% is usual: look at capture" in result.message
    assert "place" not in result.message and "title" not in result.message
    [alarm] = check(crawling.store, home, source_of(home))
    assert alarm.field == "price" and alarm.capture is not None
    [shown] = [each for each in crawling.captures(source="mini") if each.id == alarm.capture]
    assert "/item/" in shown.url_final and b"class='amount'" in crawling.payload(shown)


def test_the_alarm_stays_until_the_yaml_is_mended(plain: Plain, home: Home, crawling: Crawling) -> None:
    plain.write(home, platform="selectors", more=SELECTORS)
    crawling("mini")
    plain.price_class = "amount"
    assert [crawling("mini").outcome for _ in range(3)] == [Outcome.unmet] * 3
    plain.write(home, platform="selectors", more=SELECTORS.replace(".price", ".amount"))
    assert crawling("mini").outcome is Outcome.good
    assert check(crawling.store, home, source_of(home)) == []


def test_what_a_site_no_longer_states_can_be_said_in_the_yaml(plain: Plain, home: Home, crawling: Crawling) -> None:
    plain.write(home, platform="selectors", more=SELECTORS)
    crawling("mini")
    plain.place = ""
    assert "place is filled on 0 of 8" in crawling("mini").message
    plain.write(home, platform="selectors", more=SELECTORS, expect="1, without: [place]")
    assert crawling("mini").outcome is Outcome.good
    with pytest.raises(ConfigError, match="there is no field 'palce'"):
        read_source(plain.write(home, name="other", platform="selectors", more=SELECTORS, expect="1, without: [palce]"))


def test_a_site_that_lists_hardly_anything_has_fallen_silent(plain: Plain, home: Home, crawling: Crawling) -> None:
    plain.write(home, platform="selectors", more=SELECTORS)
    crawling("mini")
    for ref in list(plain.goods)[2:]:
        del plain.goods[ref]
    result = crawling("mini")
    assert result.outcome is Outcome.unmet and "mini has fallen silent: 2 listings, where 8 are usual" in result.message
    plain.write(home, platform="selectors", more=SELECTORS, expect="1, usual: 2")
    assert crawling("mini").outcome is Outcome.good


def test_an_empty_list_is_silence_that_names_the_list(plain: Plain, home: Home, crawling: Crawling) -> None:
    plain.write(home, platform="selectors", more=SELECTORS)
    crawling("mini")
    plain.goods.clear()
    crawling("mini")
    alarms = check(crawling.store, home, source_of(home))
    [silent] = [each for each in alarms if each.what == "silent"]
    [shown] = [each for each in crawling.captures(source="mini") if each.id == silent.capture]
    assert shown.url_final == plain.site.url


def test_pages_of_an_unknown_make_are_counted_and_raise_an_alarm(plain: Plain, home: Home, crawling: Crawling) -> None:
    plain.write(home, platform="selectors", more=SELECTORS)
    crawling("mini")
    for ref in list(plain.goods)[:5]:
        plain.pages[f"/item/{ref}"] = Response(b"<div>Come back soon</div>")
    result = crawling("mini")
    assert "5 things of mini were not understood, more than usual: no listing found (5)" in result.message


def test_a_source_like_itself_raises_none_and_one_listing_without_a_field_is_no_change(
    plain: Plain, home: Home, crawling: Crawling
) -> None:
    plain.write(home, platform="selectors", more=SELECTORS)
    for _ in range(2):
        assert crawling("mini").outcome is Outcome.good
    plain.goods["3"] = ("Bag 3", "on request", "")
    del plain.goods["8"]
    assert crawling("mini").outcome is Outcome.good
    assert check(crawling.store, home, source_of(home)) == []


def test_what_was_not_crawled_for_long_or_never_or_has_no_legal_note(plain: Plain, home: Home, crawling: Crawling) -> None:
    plain.write(home, platform="selectors", more=SELECTORS)
    [never] = check(crawling.store, home, source_of(home))
    assert never.what == "overdue" and "never been crawled" in never.sentence
    crawling("mini")
    later = datetime.now(UTC) + timedelta(days=15)
    assert [each.what for each in check(crawling.store, home, source_of(home), later)] == ["overdue"]
    path = plain.write(home, platform="selectors", more=SELECTORS)
    path.write_text(path.read_text().replace("legal: A loopback test.", "legal: ''"))
    assert "no legal note" in check(crawling.store, home, source_of(home))[0].sentence


def test_the_commands_show_health_and_exit_1_on_an_alarm(plain: Plain, home: Home, crawling: Crawling) -> None:
    plain.write(home, platform="selectors", more=SELECTORS)
    crawling("mini")
    assert _touchstone(home, "source", "check", status=0).startswith("1 sources, no alarm")
    plain.price_class = "amount"
    crawling("mini")
    assert "price is filled on 0 of 8" in _touchstone(home, "source", "check", "mini", status=1)
    [listed] = json.loads(_touchstone(home, "source", "list", "--json", status=0))
    assert [run["fill_rates"]["price"] for run in listed["runs"]] == [0.0, 1.0]
    assert [run["listings"] for run in listed["runs"]] == [8, 8]
    assert {alarm["field"] for alarm in json.loads(_touchstone(home, "source", "check", "--json", status=1))} == {"price"}


# -- under operations --------------------------------------------------------------------------------------------------------------
class Searched(Plain):
    """A shop with a search, which finds the goods whose number the term names or, for `bag`, all of them."""

    def respond(self, path: str, query: Any) -> Response | None:
        if path != "/search":
            return super().respond(path, query)
        found = [ref for ref, (title, *_) in self.goods.items() if all(each in title.lower() for each in query["q"].lower().split())]
        return Response("".join(f"<a class=card href='/item/{ref}'>{ref}</a>" for ref in found).encode())


@pytest.fixture
def searched(home: Home) -> Iterator[Searched]:
    shop = Searched(goods={str(n): (f"Bag {n}", f"{n}0.00", "") for n in range(1, 9)})
    shop.site = Site("mini", shop.respond, port=0, forbidden=(), allowed=())
    shop.site.start()
    shop.write(home, platform="selectors", more=SELECTORS + f"search: {shop.site.url}search?q={{term}}\n", expect=8)
    yield shop
    shop.site.close()


def operation(name: str = "bags", term: str = "bag", every: str = "") -> Operation:
    return Operation(name, "demo", "Bags", terms=(term,), sources=("mini",), cadence=Cadence(every) if every else None)


def test_a_crawl_under_an_operation_is_held_against_the_same_operations_runs(searched: Searched, home: Home, crawling: Crawling) -> None:
    assert crawling("mini").outcome is Outcome.good
    one = operation("one", "bag 3")
    assert crawling("mini", operation=one).outcome is Outcome.good, "one listing of eight is all that it looks for"
    assert crawling("mini", operation=operation()).outcome is Outcome.good
    searched.price_class = "amount"
    broken = crawling("mini", operation=operation())
    assert broken.outcome is Outcome.unmet
    assert "price is filled on 0 of 8 listings of mini under operation bags, where 100% is usual: look at capture" in broken.message
    assert {each.what for each in check(crawling.store, home, source_of(home), operations=[one, operation()])} == {"field"}


def test_an_operation_whose_search_finds_nothing_any_more_has_fallen_silent(searched: Searched, home: Home, crawling: Crawling) -> None:
    crawling("mini", operation=operation())
    for ref in list(searched.goods)[2:]:
        del searched.goods[ref]
    silent = crawling("mini", operation=operation())
    assert silent.outcome is Outcome.unmet
    assert "mini under operation bags has fallen silent: 2 listings, where 8 are usual" in silent.message


def test_an_operation_with_other_words_is_not_held_against_what_it_brought_before(
    searched: Searched, home: Home, crawling: Crawling
) -> None:
    crawling("mini", operation=operation())
    assert crawling("mini", operation=operation(term="bag 3")).outcome is Outcome.good
    searched.goods.clear()
    assert "1 are usual" in crawling("mini", operation=operation(term="bag 3")).message


def test_the_cadence_of_the_operation_that_crawls_it_says_when_it_is_overdue(searched: Searched, home: Home, crawling: Crawling) -> None:
    crawling("mini", operation=operation())

    def alarms(hours: int, *operations: Operation) -> list[Any]:
        return check(crawling.store, home, source_of(home), datetime.now(UTC) + timedelta(hours=hours), operations)

    for every, hours, due in [("6 hours", 8, 0), ("6 hours", 10, 1), ("1 day", 35, 0), ("1 day", 37, 1), ("4 weeks", 24 * 30, 0)]:
        found = alarms(hours, operation(every=every))
        assert [each.what for each in found] == ["overdue"] * due, every
        assert not due or f"and operation bags is to run every {every}" in found[0].sentence
    quiet = replace(operation(), cadence=Cadence("6 hours", not_between=("20:00", "06:00")))
    assert alarms(18, quiet) == [], "the hours in which it does not begin make it no later"
    assert len(alarms(20, quiet)) == 1
    assert alarms(24 * 13, operation("other")) == [], "without a cadence, the days of health.yml"
    assert [each.what for each in alarms(24 * 15, operation("other"))] == ["overdue"]


def test_source_check_knows_the_working_folders_operations(searched: Searched, home: Home, crawling: Crawling) -> None:
    folder = home.folder / "configs" / "operations"
    folder.mkdir()
    (folder / "bags.yml").write_text("title: Bags\npurpose: market_sweep\nterms: [bag]\nsources: [mini]\ncadence: {every: 1 second}\n")
    crawling("mini", operation=operation(every="1 second"))
    said = _touchstone(home, "source", "check", status=1)
    assert "the last good crawl of mini was" in said and "operation bags is to run every 1 second" in said


def test_thresholds_are_facts_in_yaml_and_checked(home: Home) -> None:
    (home.folder / "configs" / "health.yml").write_text("silent: 1.5\n")
    with pytest.raises(ConfigError, match="between 0 and 1"):
        read_thresholds(home)


def _touchstone(home: Home, *arguments: str, status: int) -> str:
    command = [sys.executable, "-m", "casework.cli", *arguments, "--home", str(home.folder)]
    done = subprocess.run(command, cwd=Path(ROOT), capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout
