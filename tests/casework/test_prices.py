"""Prices learned from the store: enough of them or refused by name, flagged listings left out, numbered and dated, and cited by what rests on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casework import flags, judgements, prices, references
from casework.cli import app
from store.errors import TouchstoneError
from store.words.records import Actor, Examined, ReferenceKind, SubjectKind, Verdict
from tests.detectors.conftest import Place, new_place, place  # noqa: F401 - fixtures

SNAPSHOT = SubjectKind.snapshot


@pytest.fixture
def here(place: Place) -> Place:  # noqa: F811
    place.store.keep_actor(Actor("a.officer", place.home.settings.authority.code, "A. Officer", "officer"))
    return place


def belts(here: Place, number: int = 12, sellers: int = 4, first: int = 0, condition: str = "used", **words: object) -> None:
    for n in range(first, first + number):
        said = {"title": f"Gucci belt {n}", "price_minor": 10_000 + 1_000 * n, "currency": "GBP", "seller": f"s{n % sellers}", **words}
        here.build.listing(f"{condition}{n}", condition=condition, **said)


def learn(here: Place, **given: int) -> prices.Learned:
    return prices.learn(here.store, here.home, actor="a.officer", **{"least_rows": 10, "least_sellers": 4, **given})


def test_what_is_usual_is_an_entry_of_the_log_numbered_dated_and_of_its_platform(here: Place) -> None:
    belts(here)
    done = learn(here)
    [entry] = here.store.references([ReferenceKind.price])
    assert done.added == [entry.number] and done.too_few == [] and done.left_out == {}
    assert (entry.brand, entry.category, entry.condition, entry.platform, entry.currency) == ("Gucci", "belt", "used", "stall", "GBP")
    assert (entry.rows, entry.sellers, entry.dated) == (12, 4, "2026-03-01") and "12 listings of 4 sellers of stall" in entry.provenance
    assert 10_000 <= (entry.low_minor or 0) < 12_000 < (entry.price_minor or 0) < 19_000 < (entry.high_minor or 0) <= 21_000


def test_learning_twice_adds_nothing_and_learning_anew_replaces_what_changed(here: Place) -> None:
    belts(here)
    first = learn(here).added
    again = learn(here)
    assert (again.added, again.removed, again.unchanged) == ([], [], 1)
    belts(here, 6, first=20)
    anew = learn(here)
    assert len(anew.added) == len(anew.removed) == 1
    [entry] = here.store.references([ReferenceKind.price])
    assert entry.number in anew.added and entry.rows == 18
    gone = here.store.reference_log()[-1]
    assert gone.removes == first[0] and "learned anew" in gone.provenance, "what was learned before stays in the log"


def test_too_few_prices_or_sellers_are_refused_by_name_and_earlier_ones_go(here: Place) -> None:
    belts(here)
    learn(here)
    done = learn(here, least_rows=13)
    assert done.added == [] and len(done.removed) == 1 and here.store.references([ReferenceKind.price]) == []
    assert done.too_few == ["Gucci, belt, used, stall, GBP: 12 prices of 4 sellers, 13 of 4 are asked for"]
    assert "12 prices of 4 sellers, 10 of 5" in learn(here, least_sellers=5).too_few[0]
    with pytest.raises(TouchstoneError, match="at least 10 prices"):
        learn(here, least_rows=2)


def test_no_one_account_sets_what_is_usual(here: Place) -> None:
    belts(here)
    belts(here, 50, sellers=1, first=100, price_minor=500)
    [number] = learn(here).added
    entry = here.store.references()[-1]
    assert entry.number == number and entry.rows == 14, "five of that account, and three of each of the others"


def test_what_is_flagged_or_judged_yes_or_states_no_price_or_seller_is_left_out_and_counted(here: Place) -> None:
    belts(here)
    here.build.listing("flagged", title="Gucci belt replica, mirror quality", condition="used", price_minor=900, currency="GBP", seller="x")
    here.build.listing("judged", title="Gucci belt", condition="used", price_minor=900, currency="GBP", seller="y")
    here.build.listing("unpriced", title="Gucci belt", condition="used", seller="y")
    here.build.listing("placeholder", title="Gucci belt", condition="used", price_minor=100, currency="GBP", seller="y")
    here.build.listing("nobody", title="Gucci belt", condition="used", price_minor=900, currency="GBP")
    here.build.listing("chair", title="Chair", condition="used", price_minor=900, currency="GBP", seller="y")
    here.detect(only=["text_terms"])
    flags.run(here.store, here.home)
    judgements.judge_listing(here.store, here.home, "stall", "judged", Verdict.yes, "wrong logo", "a.officer")
    done = learn(here)
    assert done.left_out == {"flagged": 1, "judged yes": 1, "no price": 2, "no seller": 1, "no brand": 1}
    assert here.store.references()[-1].rows == 12


def test_conditions_and_currencies_are_learned_apart(here: Place) -> None:
    belts(here)
    belts(here, condition="BNWT", price_minor=50_000)
    belts(here, condition="", price_minor=30_000, currency="EUR")
    learn(here)
    kept = {(r.condition, r.currency): r.price_minor for r in here.store.references()}
    assert kept.keys() == {("used", "GBP"), ("new", "GBP"), ("", "EUR")} and kept["new", "GBP"] == 50_000


def test_a_finding_cites_the_learned_entry_and_falls_with_it(here: Place) -> None:
    belts(here, condition="used", price_minor=40_000)
    cheap = here.build.listing(
        "cheap", title="Gucci belt", condition="used", price_minor=3_000, currency="GBP", seller="z", price_text="£30"
    )
    here.detect(only=["price_gap"])
    assert here.examinations(SNAPSHOT, cheap.snapshot)[-1].outcome is Examined.not_possible
    [number] = learn(here).added
    here.detect(only=["price_gap"])
    [found] = here.findings(SNAPSHOT, cheap.snapshot, "price_gap")
    assert found.finding.reason == "price_far_below" and f"reference:{number}" in [p.other for p in found.finding.pointers]
    assert "learned from this store" in found.finding.sentence and "13 prices" in found.finding.sentence
    entry = here.store.references()[-1]
    references.remove(here.store, entry, why="a bad week", actor="a.officer")
    here.detect(only=["price_gap"])
    assert here.examinations(SNAPSHOT, cheap.snapshot)[-1].outcome is Examined.not_possible


def test_another_platform_is_not_held_against_what_this_one_asks(here: Place) -> None:
    from tests.builders import Builder

    belts(here, price_minor=40_000)
    learn(here)
    elsewhere = Builder(here.store, "arcade")
    read = elsewhere.listing("1", title="Gucci belt", condition="used", price_minor=3_000, currency="GBP", seller="q")
    elsewhere.close()
    here.detect(only=["price_gap"])
    last = here.examinations(SNAPSHOT, read.snapshot)[-1]
    assert last.outcome is Examined.not_possible and "only those of other platforms" in last.detail


# -- the commands ------------------------------------------------------------------------------------------------------
def run(here: Place, *words: str, status: int = 0) -> str:
    done = CliRunner(env={"COLUMNS": "240"}).invoke(app, [*words, "--home", str(here.home.folder), "--by", "a.officer"])
    assert done.exit_code == status, done.output
    return done.output


def test_the_command_says_what_was_learned_refused_and_left_out(here: Place) -> None:
    belts(here)
    here.build.listing("lamp", title="Lamp", price_minor=900, currency="GBP", seller="y")
    said = run(here, "reference", "learn-prices", "--least-rows", "10", "--least-sellers", "4")
    assert "1 prices learned, 0 as they were, 0 earlier ones removed. Left out: no brand 1." in said
    assert "refused: Gucci, belt, used, stall, GBP: 12 prices of 4 sellers, 20 of 8" in run(here, "reference", "learn-prices")
    assert json.loads(run(here, "reference", "learn-prices", "--json"))["too_few"]


def test_a_list_of_quantiles_is_added_once_and_listed_with_what_it_sums_up(here: Place, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(
        "brand,category,condition,currency,source,date,p10,p50,p90,rows,line\nGucci,bag,used,EUR,an invented report,2026-01-01,300,620,900,45,Ophidia\n"
    )
    assert "1 added" in run(here, "reference", "add", "--prices", str(path)) and "0 added" in run(
        here, "reference", "add", "--prices", str(path)
    )
    done = CliRunner(env={"COLUMNS": "240"}).invoke(app, ["reference", "list", "--home", str(here.home.folder)])
    assert "Gucci Ophidia bag used" in done.output and "€620.00 (€300.00 to €900.00, 45 prices)" in done.output
    path.write_text(path.read_text() + "Gucci,bag,shiny,EUR,x,2026-01-01,,5,,3,\n")
    refused = CliRunner().invoke(app, ["reference", "add", "--prices", str(path), "--home", str(here.home.folder), "--by", "a.officer"])
    assert refused.exit_code != 0 and len(here.store.references()) == 1, "a list with one bad row is refused whole"


# -- what speaks for the seller, the whole way -------------------------------------------------------------------------
def test_what_speaks_for_the_seller_is_in_the_queue_the_listing_and_the_evidence_pack(here: Place, tmp_path: Path) -> None:
    for n, title in enumerate(
        ("Gucci dress size 10", "Prada dress size 10", "Dior dress size 12", "Chanel skirt size 10, mirror quality replica")
    ):
        here.build.listing(str(n), title=title, text="Decluttering my wardrobe", seller="anna", price_minor=9000 + n, currency="GBP")
    here.detect()
    flags.run(here.store, here.home)
    assert "for the seller: One" not in run(here, "queue", "list") and "for the seller: The account's 4 branded things" in run(
        here, "queue", "list"
    )
    shown = run(here, "listing", "show", "stall", "3")
    assert "one_size" in shown and "-6" in shown and "clear_out" in shown
    run(here, "case", "new", "CASE-1", "--title", "Invented")
    run(here, "case", "add", "CASE-1", "stall", "3", "--initials", "AB")
    pack = tmp_path / "pack"
    run(here, "case", "export", "CASE-1", "--out", str(pack), "--why", "a test")
    [findings], [page] = ([each.read_text() for each in pack.rglob(name)] for name in ("findings.jsonl", "README.html"))
    kept = {f["reason"]: f for f in map(json.loads, findings.splitlines())}
    assert kept["one_size"]["direction"] == kept["clear_out"]["direction"] == "exculpatory"
    assert "against suspicion" in page and "a private wardrobe is being cleared out" in page
    assert "listings outside the case" in page, "the account's other words are named as what the pack does not hold"
