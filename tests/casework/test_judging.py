"""Judging: reason codes, many at once, second persons who do not see the first, taking back; by function and by command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from casework.cli import app
from casework.judgements import Member, judge_listings, judged_flags, take_back
from casework.judging_settings import Judging, read_judging
from casework.second import judge_second, second_cards
from casework.working import worked_by
from store.config import Home
from store.errors import TouchstoneError
from store.second import SecondDue
from store.store import Store
from store.strict import ConfigError
from store.words.records import Actor, Case, ReferenceKind, SubjectKind, Verdict
from tests.builders import Builder
from tests.casework.judged import Stall

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Place:
    home: Home
    store: Store
    stall: Stall

    def settings(self, change: str, to: str) -> None:
        """The shipped settings with one thing changed."""
        text = (ROOT / "configs" / "judging.yml").read_text()
        assert change in text
        self.home.path("configs/judging.yml").write_text(text.replace(change, to))

    def run(self, *arguments: str, by: str = "ann", status: int = 0) -> str:
        done = CliRunner().invoke(app, [*arguments, "--home", str(self.home.folder)], env={"TOUCHSTONE_ACTOR": by, "COLUMNS": "240"})
        if status == 2:
            assert isinstance(done.exception, TouchstoneError), done.output
            return str(done.exception)
        assert done.exit_code == status, (done.output, done.exception)
        return str(done.stdout)

    def said(self, listing: int) -> list[tuple[str, str, str, str]]:
        with self.store.acting("ann", purpose="test") as reader:
            return [(j.actor, str(j.verdict), j.code, j.reason) for j in reader.judgements([(SubjectKind.listing, listing)])]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "touchstone.yml").write_text("authority: {code: demo, name: Demonstration}\nuser_agent: touchstone-scanner (contact ts@example.org)\n")  # fmt: skip
    home = Home(tmp_path)
    with Store.open(home) as store:
        for name in ("ann", "bea", "cy"):
            store.keep_actor(Actor(name, "demo", f"{name} (fictional)", "officer"))
        build = Builder(store)
        made = Place(home, store, Stall(store, build))
        made.settings("second_share: 0.1", "second_share: 0")
        yield made
        build.close()


# -- reason codes ----------------------------------------------------------------------------------------------------------------
def test_a_judgement_s_reason_is_its_code_s_label_and_the_officer_s_words_and_the_code_is_a_field(place: Place) -> None:
    one, two = place.stall.listing("1", ["replica_word"]), place.stall.listing("2", ["replica_word"])
    judge_listings(place.store, place.home, [Member(one)], Verdict.no, "a plain belt", "ann", code="unbranded")
    judge_listings(place.store, place.home, [Member(two)], Verdict.no, "", "ann", code="unbranded")
    assert place.said(one) == [("ann", "no", "unbranded", "no mark is used: a plain belt")]
    assert place.said(two) == [("ann", "no", "unbranded", "no mark is used")]
    assert place.store.verify() == []


@pytest.mark.parametrize(
    ("verdict", "code", "note", "complaint"),
    [
        ("no", "", " ", "a judgement needs its reason"), ("yes", "unbranded", "x", "'unbranded' is no reason to say yes; there are marks, said"),
        ("no", "other_no", "", "'another reason' says too little by itself"),
    ],
)  # fmt: skip
def test_a_reason_that_says_too_little_is_refused(place: Place, verdict: str, code: str, note: str, complaint: str) -> None:
    card = place.stall.listing("1", ["replica_word"])
    with pytest.raises(TouchstoneError, match=complaint):
        judge_listings(place.store, place.home, [Member(card)], Verdict(verdict), note, "ann", code=code)
    assert place.said(card) == []


@pytest.mark.parametrize(
    ("change", "to", "complaint"),
    [
        ('key: "2"', 'key: "1"', "no two under one key"), ("code: unclear", "code: genuine", "one name is one code"),
        ("code: unclear", "code: Not Clear", "small letters"), ("lock_minutes: 15", "lock_minutes: 0", "at least 1"),
        ("second_share: 0.1", "second_share: 2", "between 0 and 1"), ("  unsure:", "  maybe:", "for each of yes, no, unsure"),
        ("lock_minutes", "lock_hours", "lock_hours"), ('key: "9", note: true}\n  no:', 'key: "99", note: true}\n  no:', "one digit or small letter"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused_with_their_line(place: Place, change: str, to: str, complaint: str) -> None:
    place.settings(change, to)
    with pytest.raises(ConfigError, match=rf"judging.yml:\d+: .*{complaint}"):
        read_judging(place.home)


def test_the_shipped_codes_are_there_for_each_verdict_and_a_default_wants_no_words(place: Place) -> None:
    place.home.path("configs/judging.yml").unlink()
    shipped = read_judging(place.home)
    assert isinstance(shipped, Judging) and set(shipped.codes) == {"yes", "no", "unsure"}
    assert all(not codes[0].note for codes in shipped.codes.values()), "one key more would be needed than two"


# -- many at once ----------------------------------------------------------------------------------------------------------------
def test_many_are_judged_by_a_judgement_each_or_none_is(place: Place) -> None:
    cards = [place.stall.listing(str(n), ["replica_word"]) for n in range(4)]
    done = judge_listings(place.store, place.home, [Member(n) for n in cards[:2]], Verdict.no, "", "ann", code="genuine")
    assert [j.judgement.subject for j in done] == cards[:2] and len({j.judgement.id for j in done}) == 2
    place.store.lock(SubjectKind.listing, [cards[3]], actor="bea", authority="demo", until=_later())
    with pytest.raises(TouchstoneError, match=f"bea is judging listing {cards[3]}"):
        judge_listings(place.store, place.home, [Member(cards[2]), Member(cards[3])], Verdict.no, "", "ann", code="genuine")
    assert place.said(cards[2]) == [] and place.store.verify() == []
    for members, complaint in (
        ([], "each of them once"),
        ([Member(cards[2]), Member(cards[2])], "each of them once"),
        ([Member(cards[2]), Member(99)], "no listing 99"),
    ):
        with pytest.raises(TouchstoneError, match=complaint):
            judge_listings(place.store, place.home, members, Verdict.no, "", "ann", code="genuine")
    assert place.said(cards[2]) == []


def _later() -> Any:
    from datetime import UTC, datetime, timedelta

    return datetime.now(UTC) + timedelta(minutes=9)


def test_what_was_weighed_or_judged_anew_since_it_was_looked_at_is_not_judged_on_what_it_was(place: Place) -> None:
    card = place.stall.listing("1", ["replica_word"])
    seen = place.stall.flag(card).findings_digest
    judge_listings(place.store, place.home, [Member(card, 0, seen)], Verdict.unsure, "", "bea", code="unclear")
    with pytest.raises(TouchstoneError, match="bea judged listing 1 meanwhile"):
        judge_listings(place.store, place.home, [Member(card, 0, seen)], Verdict.no, "", "ann", code="genuine")
    with pytest.raises(TouchstoneError, match="weighed anew since you looked"):
        judge_listings(place.store, place.home, [Member(card, None, "0" * 64)], Verdict.no, "", "ann", code="genuine")


def test_taking_back_a_yes_takes_its_pictures_out_of_the_reference_log_and_out_of_the_measures(place: Place) -> None:
    from casework.judgements import judge_listing
    from tests.builders import jpeg

    reading = place.stall.build.listing("1", title="Bag", seller="s", pictures=(jpeg(1),))
    card = place.stall.weighed(reading.listing, reading.snapshot, ["replica_word"])
    done = judge_listing(place.store, place.home, "stall", "1", Verdict.yes, "copied", "ann", add_pictures=True)
    assert len(done.added) == 1 and len(judged_flags(place.store, "ann")[0]) == 1
    [back] = take_back(place.store, place.home, [card], "ann")
    assert len(back.removed) == 1 and place.store.references([ReferenceKind.suspected]) == []
    assert judged_flags(place.store, "ann") == ([], 0)
    with pytest.raises(TouchstoneError, match="bea has said nothing"):
        take_back(place.store, place.home, [card], "bea")


# -- second persons ---------------------------------------------------------------------------------------------------------------
def test_all_or_none_of_what_is_judged_is_drawn_as_the_share_says_and_the_same_ones_again(place: Place) -> None:
    cards = [place.stall.listing(str(n), ["replica_word"]) for n in range(40)]
    judge_listings(place.store, place.home, [Member(n) for n in cards], Verdict.no, "", "ann", code="genuine")
    assert _due(place, "bea") == []
    place.settings("second_share: 0.1", "second_share: 0.5")
    judge_listings(place.store, place.home, [Member(n) for n in cards], Verdict.yes, "", "ann", code="marks")
    drawn = _due(place, "bea")
    assert 8 <= len(drawn) <= 32, "about half"
    judge_listings(place.store, place.home, [Member(n) for n in cards], Verdict.no, "", "ann", code="genuine")
    assert _due(place, "bea") == drawn, "by the listing's ticket, and by nobody's choice"


def _due(place: Place, by: str) -> list[int]:
    with place.store.acting(by, purpose="test") as reader:
        return sorted(each.listing for each in reader.second_due())


def test_the_second_person_does_not_see_the_first_until_they_have_judged(place: Place) -> None:
    place.settings("second_share: 0.1", "second_share: 1")
    flagged, bare = place.stall.listing("1", ["replica_word"]), place.stall.listing("2", ["wear_described"])
    for card in (flagged, bare):
        judge_listings(place.store, place.home, [Member(card)], Verdict.yes, "the zip is wrong", "ann", code="marks")
    with place.store.acting("bea", purpose="test") as reader:
        cards = second_cards(reader)
    assert "zip" not in repr(cards) and "ann" not in repr(cards) and "marks" not in repr(cards)
    assert [(c.card.summary.listing.id, c.card.flag is not None, c.card.summary.level) for c in cards] == [
        (flagged, True, "review"),
        (bare, False, ""),
    ]
    due = SecondDue(flagged, cards[0].first)
    judged, first = judge_second(place.store, place.home, due, Verdict.no, "", "bea", code="genuine", findings=cards[0].card.findings)
    assert (judged.judgement.actor, first.actor, first.reason) == ("bea", "ann", "the mark or its making is wrong: the zip is wrong")
    assert _due(place, "bea") == [bare] and _due(place, "cy") == [bare]
    with pytest.raises(TouchstoneError, match="a second time already"):
        judge_second(place.store, place.home, due, Verdict.no, "", "cy", code="genuine")
    take_back(place.store, place.home, [flagged], "bea")
    assert _due(place, "bea") == [bare] and _due(place, "cy") == [flagged, bare]
    with pytest.raises(TouchstoneError, match="bea judged listing 1 before"):
        judge_second(place.store, place.home, due, Verdict.yes, "", "bea", code="marks")


# -- commands ---------------------------------------------------------------------------------------------------------------------
def test_cards_are_taken_judged_and_undone_by_command(place: Place) -> None:
    for n in (1, 2, 3):
        place.stall.listing(str(n), ["replica_word"])
    assert "yours to judge for 15 minutes" in place.run("queue", "take", "stall", "1")
    assert "is with ann" in place.run("queue", "take", "stall", "1", by="bea", status=2)
    assert [c["summary"]["listing"]["ref"] for c in json.loads(place.run("queue", "list", "--json", by="bea"))] == ["3", "2"], (
        "of equal scores, what came last"
    )
    shown = place.run("queue", "list", by="bea")
    assert "Not shown: 1 with another officer." in shown and "--waits cleared|skipped|taken" in shown
    place.run("queue", "assign", "stall", "2", "bea")
    place.run("queue", "skip", "stall", "3", "--until", "2099-01-15", "--reason", "the brand answers by then")
    assert [c["summary"]["listing"]["ref"] for c in json.loads(place.run("queue", "list", "--waits", "skipped", "--json"))] == ["3"]
    place.run("queue", "release", "stall", "1")
    who = json.loads(place.run("queue", "who", "stall", "2", "--json"))
    assert [r["officer"] for r in who["assignments"]] == ["bea"] and "bea has listing 2" in who["worked_by"][0]
    assert "judgement 1, no" in place.run("queue", "judge", "no", "stall/1", "stall/2", "--code", "genuine", by="bea")
    assert "supersedes 1" in place.run("queue", "judge", "undone", "stall/1", by="bea")
    assert "names no listing" in place.run("queue", "judge", "no", "stall", "--code", "genuine", status=2)
    place.run("judge", "stall", "1", "yes", "--code", "marks")
    assert place.said(1)[-1][2:] == ("marks", "the mark or its making is wrong")


def test_second_persons_and_agreement_by_command(place: Place) -> None:
    place.settings("second_share: 0.1", "second_share: 1")
    place.stall.listing("1", ["replica_word"])
    place.run("judge", "stall", "1", "yes", "--code", "marks", "--reason", "the zip")
    assert json.loads(place.run("queue", "agreement", "--json"))["agreement"][0]["kappa"] is None
    waiting = place.run("queue", "second", by="bea")
    assert "stall" in waiting and "zip" not in waiting
    shown = place.run("listing", "show", "stall", "1", by="bea")
    assert "waits for you as the second person" in " ".join(shown.split()) and "zip" not in shown and "ann" not in shown
    assert "zip" not in place.run("listing", "show", "stall", "1", "--json", by="bea")
    assert "the zip" in place.run("listing", "show", "stall", "1")
    assert "does not wait for you" in place.run("judge", "stall", "1", "no", "--code", "genuine", "--second", status=2)
    assert "The first, ann, said yes: the mark or its making is wrong: the zip" in place.run(
        "judge", "stall", "1", "no", "--code", "genuine", "--second", by="bea"
    )
    assert "the zip" in place.run("listing", "show", "stall", "1", by="bea")
    told = json.loads(place.run("queue", "agreement", "--json"))
    assert told["agreement"][0]["n"] == 1 and [p["second"]["actor"] for p in told["differ"]] == ["bea"]
    assert "stall 1" in place.run("queue", "agreement")


def test_sellers_are_cleared_and_notes_kept_by_command(place: Place) -> None:
    place.stall.listing("1", ["replica_word"], seller="bags")
    assert "Clearance 1" in place.run("queue", "clear", "seller", "1", "--evidence", "on the brand's list", "--brand", "Gucci")
    assert json.loads(place.run("queue", "cleared", "--json"))[0]["brand"] == "Gucci"
    place.run("queue", "unclear", "1", "--reason", "it was sold")
    assert json.loads(place.run("queue", "cleared", "--json")) == [] and "withdrawn" in place.run("queue", "cleared", "--all")
    assert "no number of a seller" in place.run("queue", "clear", "seller", "bags", "--evidence", "x", status=2)
    place.store.open_case(Case("C1", "demo", "A case"), actor="ann")
    place.run("note", "add", "seller", "1", "--text", "unit 3")
    place.run("note", "add", "case", "C1", "--log", "--at", "25/11/2026 14:30", "--text", "rang the brand")
    place.run("note", "correct", "1", "--text", "unit 4", by="bea")
    assert [n["text"] for n in json.loads(place.run("note", "list", "seller", "1", "--json"))] == ["unit 4"]
    assert "2026-11-25 14:30" in place.run("note", "list", "--log", "--officer", "ann")
    for words, complaint in ((("seller", "x"), "no number of a seller"), (("seller",), "say which seller")):
        assert re.search(complaint, place.run("note", "list", *words, status=2))


def test_a_warning_is_a_sentence_for_each_that_works_on_it(place: Place) -> None:
    card = place.stall.listing("1", ["replica_word"], seller="bags")
    place.store.open_case(Case("C1", "demo", "The bag stall"), actor="bea")
    place.store.exhibit("C1", SubjectKind.listing, card, initials="BB", description="an advert", actor="bea")
    place.store.assign(SubjectKind.listing, [card], "bea", actor="bea", authority="demo")
    with place.store.acting("ann", purpose="test") as reader:
        said = worked_by(reader, SubjectKind.listing, card)
        assert worked_by(reader, SubjectKind.seller, 99) == []
    assert said[1].startswith("Your authority has an open case on this listing: C1, “The bag stall”, opened by bea")
    assert re.match(r"bea has listing 1 since \d+ \w+ 20\d\d \(assignment 1\)\.", said[0])


def test_every_command_of_the_queue_shows_an_example(place: Place) -> None:
    for group in ("queue", "note"):
        listed = CliRunner().invoke(app, [group, "--help"], env={"COLUMNS": "200"}).stdout
        names = re.findall(r"^│ ([a-z]+) ", listed, re.MULTILINE)
        assert len(names) >= 3
        for name in names:
            assert "Example: touchstone" in CliRunner().invoke(app, [group, name, "--help"], env={"COLUMNS": "200"}).stdout, name
