"""The queue at the store: who has which card, what is left out and comes back, notes, clearances, saved searches, who else works on a subject."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from store import tables as t
from store.assignments import Work
from store.clearances import Cleared
from store.errors import TouchstoneError
from store.notes import NoteKind
from store.queue import LeftOut, Waits
from store.search import Order, Query
from store.store import Store
from store.words.records import Actor, Authority, Case, Flag, Level, Method, SubjectKind, Verdict
from tests.builders import Builder

LISTING = SubjectKind.listing
WHO = {"actor": "officer", "authority": "demo"}
SHE = {"actor": "colleague", "authority": "demo"}


def in_a_while(minutes: float = 15) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


class Stalls:
    """Listings with flags, by hand."""

    def __init__(self, store: Store) -> None:
        self.store, self.build, self.digests = store, Builder(store), 0
        store.keep_actor(Actor("colleague", "demo", "C. Colleague (fictional)", "officer"))

    def listing(
        self, ref: str, level: Level = Level.review, seller: str = "bags", brand: str = "", title: str = "A bag", score: float = 30
    ) -> int:
        number = self.build.listing(ref, title=title, text=f"listing {ref}", seller=seller, brand=brand).listing
        self.weigh(number, level, score)
        return number

    def weigh(self, listing: int, level: Level = Level.review, score: float = 30, findings: str = "") -> str:
        self.digests += 1
        digest = findings or f"{self.digests:064}"
        self.store.keep_flag(Flag(None, listing, f"{self.digests:064}", digest, level, score, ()), self.build.run.id)
        return digest

    def waiting(self, waits: Waits = Waits.free, by: str = "officer") -> list[int]:
        with self.store.acting(by, purpose="test") as reader:
            return [f.listing for f in reader.queue(waits=waits)]

    def found(self, waits: Waits = Waits.free, by: str = "officer", limit: int = 50) -> list[int]:
        """What waits, by the search of listings, page after page."""
        numbers: list[int] = []
        after = ""
        with self.store.acting(by, purpose="test") as reader:
            while True:
                page = reader.find(Query(judged=False, order=Order.urgent, waits=waits), after=after, limit=limit)
                numbers += [s.listing.id or 0 for s in page.rows]
                if not (after := page.next):
                    return numbers

    def left_out(self, by: str = "officer") -> LeftOut:
        with self.store.acting(by, purpose="test") as reader:
            return reader.left_out()

    def judge(self, listing: int, verdict: str, by: str = "officer", **more: object) -> int:
        with self.store.acting(by, purpose="test") as reader:
            flag = reader.flag(listing)
        digest = flag.findings_digest if flag else ""
        said = self.store.judge(
            LISTING, listing, Verdict(verdict), actor=by, authority="demo", reason="seen", findings_digest=digest, **more,  # type: ignore[arg-type]
        )  # fmt: skip
        return said.id or 0

    def work(self, listing: int) -> Work:
        with self.store.acting("officer", purpose="test") as reader:
            return reader.work(LISTING, [listing])[listing]


@pytest.fixture
def stalls(store: Store) -> Iterator[Stalls]:
    made = Stalls(store)
    yield made
    made.build.close()


@pytest.fixture
def one(sqlite_store: Store) -> Iterator[Stalls]:
    made = Stalls(sqlite_store)
    yield made
    made.build.close()


# -- who has which card ----------------------------------------------------------------------------------------------------------
TAKE = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from store.store import Store
from store.words.records import SubjectKind
store = Store(sys.argv[1], Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
got = store.lock(SubjectKind.listing, [int(n) for n in sys.argv[4:]], actor=sys.argv[3], authority="demo", until=datetime.now(UTC) + timedelta(minutes=15))
print(",".join(map(str, got)), flush=True)
"""


def test_of_two_processes_that_take_the_same_cards_each_card_is_exactly_one_s(stalls: Stalls) -> None:
    cards = [stalls.listing(str(n)) for n in range(12)]
    url, folder = stalls.store.database.url, str(stalls.store.archive.folder)
    running = [
        subprocess.Popen([sys.executable, "-c", TAKE, url, folder, who, *map(str, order)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for who, order in (("officer", cards), ("colleague", cards[::-1]))
    ]  # fmt: skip
    for each in running:
        assert each.stdout is not None and each.stdout.readline() == "ready\n"
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    got = [[int(n) for n in out.strip().split(",") if n] for out in (each.communicate(timeout=60)[0] for each in running)]
    assert all(each.returncode == 0 for each in running)
    assert sorted(got[0] + got[1]) == sorted(cards), "a card is nobody's, or two people's"
    for mine, by in zip(got, ("officer", "colleague"), strict=True):
        assert all(stalls.work(n).locked_by == by for n in mine)


def test_a_card_that_another_is_judging_is_not_in_the_queue_and_cannot_be_judged(stalls: Stalls) -> None:
    card, other = stalls.listing("1"), stalls.listing("2", score=20)
    assert stalls.store.lock(LISTING, [card], until=in_a_while(), **SHE) == [card]
    assert stalls.waiting() == [other] and stalls.waiting(Waits.taken) == [card] and stalls.left_out().taken == 1
    assert stalls.waiting(by="colleague") == [card, other]
    assert stalls.store.lock(LISTING, [card, other], until=in_a_while(), **WHO) == [other]
    with pytest.raises(TouchstoneError, match="colleague is judging listing"):
        stalls.judge(card, "no")
    stalls.judge(card, "yes", by="colleague")
    assert stalls.work(card).locked_by == "", "a judgement ends the lock"


def test_a_stale_lock_frees_itself(one: Stalls) -> None:
    card = one.listing("1")
    one.store.lock(LISTING, [card], until=in_a_while(), **SHE)
    with one.store.database.writing() as c:
        c.execute(t.assignment.update().values(until=in_a_while(-1)))
    assert one.waiting() == [card] and one.work(card).locked_by == ""
    assert one.store.lock(LISTING, [card], until=in_a_while(), **WHO) == [card]


def test_who_took_a_card_over_from_whom_stays_visible(one: Stalls) -> None:
    card = one.listing("1")
    one.store.assign(LISTING, [card], "colleague", **WHO)
    assert one.waiting() == [] and one.waiting(by="colleague") == [card] and one.waiting(Waits.mine, by="colleague") == [card]
    with pytest.raises(TouchstoneError, match=r"colleague's since .* take it over with --over"):
        one.store.assign(LISTING, [card], "officer", **WHO)
    with pytest.raises(TouchstoneError, match="let it go for them with --over"):
        one.store.release(LISTING, [card], **WHO)
    one.store.assign(LISTING, [card], "officer", over=True, **WHO)
    assert (one.work(card).officer, one.work(card).taken_from) == ("officer", "colleague")
    one.store.release(LISTING, [card], **WHO)
    with one.store.acting("officer", purpose="test") as reader:
        said = [(str(r.says), r.officer, r.actor) for r in reader.assignments(LISTING, card)]
        assert reader.assigned_to("officer") == []
    assert said == [("assigned", "colleague", "officer"), ("assigned", "officer", "officer"), ("released", "officer", "officer")]
    assert [e.body["purpose"] for e in one.store.log() if e.body["purpose"].startswith("queue")] == [
        "queue: assigned",
        "queue: assigned",
        "queue: released",
    ]


def test_nothing_is_assigned_where_one_of_many_cannot_be(one: Stalls) -> None:
    mine, hers = one.listing("1"), one.listing("2")
    one.store.assign(LISTING, [hers], "colleague", **SHE)
    with pytest.raises(TouchstoneError, match="colleague's"):
        one.store.assign(LISTING, [mine, hers], "officer", **WHO)
    with pytest.raises(TouchstoneError, match="there is no listing 99"):
        one.store.assign(LISTING, [mine, 99], "officer", **WHO)
    with pytest.raises(TouchstoneError, match="'system' is not a person"):
        one.store.assign(LISTING, [mine], "system", **WHO)
    assert one.work(mine).officer == ""


def test_what_was_put_off_comes_back_on_its_day_or_when_its_findings_change(stalls: Stalls) -> None:
    card = stalls.listing("1")
    with pytest.raises(TouchstoneError, match="a note says something"):
        stalls.store.skip(card, in_a_while(), " ", **WHO)
    note = stalls.store.skip(card, in_a_while(), "the brand answers by then", **WHO)
    assert stalls.waiting() == [] and stalls.waiting(Waits.skipped) == [card] and stalls.left_out().skipped == 1
    assert (stalls.work(card).note, stalls.waiting(by="colleague")) == (note, []), "for everybody"
    findings = stalls.weigh(card, score=31)
    assert stalls.waiting() == [card] and stalls.work(card).skipped_until is None
    stalls.store.skip(card, in_a_while(), "again", **WHO)
    stalls.weigh(card, score=31, findings=findings)  # another policy, the same findings
    assert stalls.waiting() == []
    stalls.store.wake(card, **WHO)
    assert stalls.waiting() == [card]
    with pytest.raises(TouchstoneError, match="is not put off"):
        stalls.store.wake(card, **WHO)


# -- taking back ------------------------------------------------------------------------------------------------------------------
def test_what_is_taken_back_waits_again_and_counts_for_nothing(stalls: Stalls) -> None:
    card = stalls.listing("1")
    assert stalls.found() == [card]
    said = stalls.judge(card, "yes")
    assert stalls.waiting() == stalls.found() == [] and stalls.store.tally().above == {"yes": 1}
    back = stalls.judge(card, "undone")
    assert stalls.waiting() == stalls.found() == [card] and stalls.store.tally().above == {"": 1}
    with stalls.store.acting("officer", purpose="test") as reader:
        rows = reader.judgements([(LISTING, card)])
        assert reader.judgements_in_force() == []
    assert [(r.id, str(r.verdict), r.supersedes) for r in rows] == [(said, "yes", None), (back, "undone", said)], "nothing is deleted"
    with pytest.raises(TouchstoneError, match="has said nothing of listing"):
        stalls.judge(card, "undone")
    assert stalls.store.verify() == []


def test_taking_back_leaves_what_another_said(one: Stalls) -> None:
    card = one.listing("1")
    one.judge(card, "yes", by="colleague")
    one.judge(card, "no")
    one.judge(card, "undone")
    assert one.waiting() == [] and one.store.tally().above == {"yes": 1}


def test_who_judges_without_knowing_what_was_said_meanwhile_is_told(one: Stalls) -> None:
    card = one.listing("1")
    first = one.judge(card, "yes", by="colleague", seen=0)
    with pytest.raises(TouchstoneError, match="colleague judged listing 1 meanwhile"):
        one.judge(card, "no", seen=0)
    one.judge(card, "no", seen=first)


def test_a_code_that_was_changed_in_the_database_is_found(one: Stalls) -> None:
    one.judge(one.listing("1"), "no", code="unbranded")
    with one.store.database.writing() as c:
        c.execute(t.judgement.update().values(code="genuine"))
    assert one.store.verify() == ["judgement 1 was changed: its row says no genuine, the log no unbranded"]


def test_the_most_urgent_are_those_of_the_queue_whatever_is_left_out_of_it(stalls: Stalls) -> None:
    """Search and queue have the same in the same order, in every part, also where the most urgent are left out and a page is small."""
    cards = [stalls.listing(str(n), Level.priority if n < 6 else Level.review, seller=f"s{n % 4}", score=90 - n) for n in range(12)]
    stalls.store.keep_clearance(Cleared.seller, _seller(stalls, "s0"), "on the brand's list", **WHO)
    stalls.store.assign(LISTING, cards[1:3], "colleague", **WHO)
    stalls.store.lock(LISTING, [cards[3]], actor="colleague", authority="demo", until=in_a_while())
    stalls.store.skip(cards[5], in_a_while(), "the brand answers by then", **WHO)
    for by in ("officer", "colleague"):
        for waits in Waits:
            for limit in (1, 2, 50):
                assert stalls.found(waits, by, limit) == stalls.waiting(waits, by), (by, waits, limit)
    assert stalls.waiting() == [cards[n] for n in (6, 7, 9, 10, 11)] and stalls.found(Waits.taken) == cards[1:4]


def test_a_card_of_another_is_not_among_the_most_urgent_where_nobody_is_cleared(stalls: Stalls) -> None:
    mine, theirs, free = [stalls.listing(str(n)) for n in range(3)]
    assert sorted(stalls.found()) == sorted([mine, theirs, free]), "nobody ever took one"
    stalls.store.lock(LISTING, [theirs], until=in_a_while(), **SHE)
    stalls.store.lock(LISTING, [mine], until=in_a_while(), **WHO)
    assert sorted(stalls.found()) == sorted(stalls.waiting()) == sorted([mine, free])
    assert stalls.found(Waits.taken) == [theirs] and stalls.found(Waits.mine) == [mine]


# -- cleared ----------------------------------------------------------------------------------------------------------------------
def test_a_cleared_seller_s_goods_leave_the_queue_and_are_counted(stalls: Stalls) -> None:
    card, other = stalls.listing("1"), stalls.listing("2", seller="totes")
    cleared = stalls.store.keep_clearance(Cleared.seller, _seller(stalls, "bags"), "on the brand's list", **WHO)
    assert stalls.waiting() == [other] and stalls.waiting(Waits.cleared) == [card]
    assert stalls.left_out() == LeftOut(cleared=1) and "1 of cleared sellers" in stalls.left_out().sentence()
    later = stalls.listing("3")  # what comes later is left out as well
    assert stalls.waiting() == [other] and set(stalls.waiting(Waits.cleared)) == {card, later}
    stalls.store.withdraw_clearance(cleared, "the account was sold", **WHO)
    assert set(stalls.waiting()) == {card, later, other} and stalls.store.verify() == []


def test_a_priority_flag_on_findings_that_are_new_since_the_clearance_is_never_left_out(stalls: Stalls) -> None:
    known = stalls.listing("1", Level.priority)
    findings = stalls.weigh(known, Level.priority)
    seller = _seller(stalls, "bags")
    stalls.store.keep_clearance(Cleared.seller, seller, "invoices seen", **WHO)
    assert stalls.waiting() == [], "these findings were there when it was cleared"
    stalls.weigh(known, Level.priority, 31, findings)
    assert stalls.waiting() == [], "flagged again on the same findings"
    stalls.weigh(known, Level.priority, 32)
    new = stalls.listing("2", Level.priority)
    assert set(stalls.waiting()) == {known, new}
    stalls.weigh(new, Level.review)
    assert stalls.waiting() == [known]


def test_a_clearance_for_a_brand_clears_that_brand_alone(one: Stalls) -> None:
    stated, titled = one.listing("1", brand="Gucci"), one.listing("2", title="My GUCCI bag")
    other, none = one.listing("3", brand="Prada", title="like Gucci"), one.listing("4", title="100% gen_ine")
    one.store.keep_clearance(Cleared.seller, _seller(one, "bags"), "a stockist of it", brand="gucci", **WHO)
    assert set(one.waiting(Waits.cleared)) == {stated, titled} and set(one.waiting()) == {other, none}
    one.store.keep_clearance(Cleared.seller, _seller(one, "bags"), "of this one", brand="gen%ine", **WHO)
    assert none in one.waiting(), "a brand is text, and no pattern"


def test_a_clearance_ends_with_its_last_day_and_is_superseded_by_the_next_of_the_same(one: Stalls) -> None:
    card, seller = one.listing("1"), _seller(one, "bags")
    first = one.store.keep_clearance(Cleared.seller, seller, "a letter", until="2099-01-01", **WHO)
    second = one.store.keep_clearance(Cleared.seller, seller, "a new letter", until=datetime.now(UTC).date().isoformat(), **WHO)
    with one.store.acting("officer", purpose="test") as reader:
        assert [(x.id, x.supersedes, x.evidence) for x in reader.clearances()] == [(second, first, "a new letter")]
    assert one.waiting() == []
    with one.store.database.writing() as c:
        c.execute(t.clearance.update().values(until="2026-01-01"))
    assert one.waiting() == [card]
    with pytest.raises(TouchstoneError, match="superseded already"):
        one.store.withdraw_clearance(first, "x", **WHO)


@pytest.mark.parametrize(
    ("kind", "what", "given", "complaint"),
    [
        (Cleared.seller, 99, {}, "there is no seller 99"), (Cleared.company, "12X", {}, "no company number"), (Cleared.domain, "a shop", {}, "is no site"),
        (Cleared.domain, "stall.example", {"evidence": " "}, "on what evidence"), (Cleared.domain, "stall.example", {"until": "2020-01-01"}, "is past"),
        (Cleared.domain, "stall.example", {"until": "soon"}, "is no day"), (Cleared.domain, "stall.example", {"actor": "system"}, "not a person"),
    ],
)  # fmt: skip
def test_a_clearance_that_cannot_be_is_refused(one: Stalls, kind: Cleared, what: int | str, given: dict[str, str], complaint: str) -> None:
    with pytest.raises(TouchstoneError, match=complaint):
        one.store.keep_clearance(kind, what, given.pop("evidence", "a letter"), **(WHO | given))


def test_a_site_is_cleared_by_its_own_name_and_by_no_other_that_holds_it(one: Stalls) -> None:
    card = one.listing("1")  # at http://stall.example/item/1
    for other in ("tall.example", "stall.example.org", "item.example"):
        one.store.keep_clearance(Cleared.domain, other, "a letter", **WHO)
    assert one.waiting() == [card]
    one.store.keep_clearance(Cleared.domain, "https://www.Stall.example/shop", "a letter", **WHO)
    assert one.waiting() == []


def test_a_company_is_cleared_where_people_say_that_it_is_and_not_by_what_an_advert_says_of_itself(one: Stalls) -> None:
    from store.occupants import Basis, Role
    from store.words.records import Link, LinkReason

    card = one.listing("1", title="Company No. 01234567")
    with one.store.database.writing() as c:
        c.execute(t.premises.insert().values(id=1, kind="unit", label="Unit 1", key="k", added_at=datetime.now(UTC)))
    one.store.keep_clearance(Cleared.company, "1234567", "the brand's list", **WHO)
    one.store.keep_occupant(1, Role.company, "Bags Ltd", basis=Basis.visit, source="visit", marks=[("company", "01234567")], **WHO)
    assert one.waiting() == [card]
    method = one.store.keep_method(Method("linker", "hand", "1"))
    link = Link(None, SubjectKind.seller, _seller(one, "bags"), SubjectKind.premises, 1, "", 0.9, "unit", (LinkReason("phone", 0.9, "x"),))
    one.store.keep_links([link], method, one.build.run.id, actor="system", purpose="link")
    assert one.waiting() == [card], "proposed is not confirmed"
    one.store.judge(SubjectKind.link, 1, Verdict.yes, reason="seen", **WHO)
    assert one.waiting() == []


def _seller(stalls: Stalls, handle: str) -> int:
    with stalls.store.acting("officer", purpose="test") as reader:
        return next(s.id for s in reader.sellers() if s.handle == handle) or 0


# -- notes ------------------------------------------------------------------------------------------------------------------------
def test_a_note_is_corrected_by_another_and_stays(stalls: Stalls) -> None:
    stalls.listing("1")
    store, seller = stalls.store, _seller(stalls, "bags")
    first = store.keep_note("unit 3", NoteKind.note, SubjectKind.seller, seller, **WHO)
    second = store.correct_note(first, "unit 4", **SHE)
    with store.acting("officer", purpose="test") as reader:
        assert [(n.id, n.text, n.actor) for n in reader.notes(SubjectKind.seller, [seller])] == [(second, "unit 4", "colleague")]
        assert [n.superseded_by for n in reader.notes(SubjectKind.seller, [seller], superseded=True)] == [second, None]
    with pytest.raises(TouchstoneError, match=f"superseded already, by {second}"):
        store.correct_note(first, "unit 5", **WHO)
    assert store.verify() == []
    with store.database.writing() as c:
        c.execute(t.note.update().where(t.note.c.id == second).values(body_json='{"text":"unit 9"}'))
    assert store.verify() == [f"note, row {second}: it was changed, the event of its recording commits to something else"]


def test_a_log_is_of_what_happened_in_the_order_in_which_it_did(one: Stalls) -> None:
    store = one.store
    store.open_case(Case("C1", "demo", "A case"), actor="officer")
    for text, hours in (("rang the brand", 1), ("saw the page", 3)):
        store.keep_note(text, NoteKind.log, SubjectKind.case, "C1", happened_at=datetime.now(UTC) - timedelta(hours=hours), **WHO)
    with pytest.raises(TouchstoneError, match="this has yet to"):
        store.keep_note("will ring", NoteKind.log, SubjectKind.case, "C1", happened_at=in_a_while(), **WHO)
    for subject, complaint in (("C2", "there is no case C2"),):
        with pytest.raises(TouchstoneError, match=complaint):
            store.keep_note("x", NoteKind.note, SubjectKind.case, subject, **WHO)
    with pytest.raises(TouchstoneError, match="a capture has no notes"):
        store.keep_note("x", NoteKind.note, SubjectKind.capture, 1, **WHO)
    with store.acting("officer", purpose="test") as reader:
        assert [n.text for n in reader.notes(by="officer", kind=NoteKind.log)] == ["saw the page", "rang the brand"]
        assert [n.case for n in reader.notes(SubjectKind.case, ["C1"], limit=1)] == ["C1"]
    with pytest.raises(TouchstoneError, match="under hold of case C1"):
        store.erase_note(1, actor="officer", reason="request")


def test_what_was_noted_of_an_account_and_its_clearance_go_with_it(stalls: Stalls) -> None:
    card, store = stalls.listing("1"), stalls.store
    seller = _seller(stalls, "bags")
    kept = [
        store.keep_note("Quillfeather's stall", NoteKind.note, kind, n, **WHO)
        for kind, n in ((SubjectKind.seller, seller), (LISTING, card))
    ]
    store.keep_clearance(Cleared.seller, seller, "a letter to Quillfeather", **WHO)
    store.save_search("Quillfeather", {"text": "Quillfeather"}, **WHO)
    with store.acting("officer", purpose="test") as reader:
        found = {(m.kind, m.number) for m in reader.held_about(names=["Quillfeather"])}
        due = {(d.kind, d.number) for d in reader.review(datetime.now(UTC) + timedelta(days=9999), kinds=("saved_search",))}
    assert found == {("note", n) for n in kept} | {("clearance", 1), ("saved_search", 1)} and due == {("saved_search", 1)}
    stalls.build.close()
    store.erase_seller(seller, actor="officer", reason="request")
    with store.database.reading() as c:
        left = [*c.execute(select(t.note.c.body_json, t.note.c.salt)), *c.execute(select(t.clearance.c.body_json, t.clearance.c.salt))]
    assert set(map(tuple, left)) == {("{}", "")} and store.verify() == []
    store.erase_saved_search(1, actor="officer", reason="request")
    with store.acting("officer", purpose="test") as reader:
        assert {m.kind for m in reader.held_about(names=["Quillfeather"])} == {"lookup"} and reader.saved_searches() == []
    assert store.verify() == []


# -- saved searches ---------------------------------------------------------------------------------------------------------------
def test_a_saved_search_is_its_officer_s_until_it_is_shared_and_only_they_withdraw_it(one: Stalls) -> None:
    store = one.store
    store.keep_authority(Authority("other", "Other Council"))
    store.keep_actor(Actor("stranger", "other", "S. Stranger (fictional)", "officer"))

    def seen(by: str) -> list[tuple[str, object]]:
        with store.acting(by, purpose="test") as reader:
            return [(s.name, s.filters) for s in reader.saved_searches()]

    store.save_search("Belts", {"brand": ["Gucci"], "low": 100}, **WHO)
    assert seen("officer") == [("Belts", {"brand": ["Gucci"], "low": 100})] and seen("colleague") == []
    again = store.save_search("belts", {"text": "belt"}, shared=True, **WHO)
    assert seen("officer") == seen("colleague") == [("belts", {"text": "belt"})] and seen("stranger") == []
    with pytest.raises(TouchstoneError, match="is officer's: they withdraw it"):
        store.withdraw_search(again, **SHE)
    store.withdraw_search(again, **WHO)
    assert seen("officer") == []
    for name, filters in (("", {"text": "x"}), ("x", {}), ("x", {"text": {"a": 1}}), ("x", {"text": "y" * 301})):
        with pytest.raises(TouchstoneError, match="saved search"):
            store.save_search(name, filters, **WHO)  # type: ignore[arg-type]


# -- who else works on it -----------------------------------------------------------------------------------------------------------
def test_of_another_authority_s_work_the_fact_its_name_and_a_reference_are_given_and_no_more(one: Stalls) -> None:
    card, store = one.listing("1"), one.store
    seller = _seller(one, "bags")
    store.keep_authority(Authority("other", "Other Council (fictional)"))
    store.keep_actor(Actor("stranger", "other", "S. Stranger (fictional)", "officer"))
    store.open_case(Case("ROSEWOOD", "other", "Operation against the bag stall", own_number="OC/77"), actor="stranger")
    store.exhibit("ROSEWOOD", LISTING, card, initials="SS", description="an advert", actor="stranger")
    store.open_case(Case("C1", "demo", "The bag stall"), actor="colleague")
    store.exhibit("C1", SubjectKind.seller, seller, initials="CC", description="an account", actor="colleague")
    store.assign(SubjectKind.seller, [seller], "stranger", actor="stranger", authority="other")
    store.assign(LISTING, [card], "officer", **WHO)

    def said(kind: SubjectKind, number: int, by: str = "officer") -> list[object]:
        with store.acting(by, purpose="test") as reader:
            return reader.working_on(kind, number)

    for kind, number in ((LISTING, card), (SubjectKind.seller, seller)):
        found = said(kind, number)
        assert [(w.what, w.own, w.contact) for w in found] == [
            ("case", True, "C1"),
            ("assignment", False, "assignment 1"),
            ("case", False, "OC/77"),
        ]
        others = repr([w for w in found if not w.own])
        assert "Other Council" in others and not [w for w in ("stall", "ROSEWOOD", "stranger", "Stranger") if w in others]
    assert [(w.what, w.own) for w in said(LISTING, card, by="stranger")][:1] == [("case", True)]
    store.say_term("ROSEWOOD", "custody", "", actor="stranger")
    store.close_case("ROSEWOOD", actor="stranger")
    assert [w.contact for w in said(LISTING, card)] == ["C1", "assignment 1"], "a closed case is nobody's work"
    with pytest.raises(TouchstoneError, match="is not asked"):
        said(SubjectKind.capture, 1)


# -- second persons ---------------------------------------------------------------------------------------------------------------
def test_a_drawn_judgement_waits_for_another_person_once(stalls: Stalls) -> None:
    card = stalls.listing("1")
    first = stalls.judge(card, "yes", drawn=True)

    def due(by: str) -> list[tuple[int, int]]:
        with stalls.store.acting(by, purpose="test") as reader:
            return [(d.listing, d.first) for d in reader.second_due()]

    assert due("officer") == [] and due("colleague") == [(card, first)]
    with pytest.raises(TouchstoneError, match="officer's own"):
        stalls.judge(card, "no", second_of=first)
    second = stalls.judge(card, "no", by="colleague", second_of=first)
    assert due("colleague") == []
    with stalls.store.acting("officer", purpose="test") as reader:
        [pair] = reader.second_pairs()
    assert (pair.first.id, pair.second.id, pair.third) == (first, second, False)
    stalls.store.keep_actor(Actor("third", "demo", "T. Third (fictional)", "officer"))
    with pytest.raises(TouchstoneError, match="judged a second time already"):
        stalls.judge(card, "no", by="third", second_of=first)
    stalls.judge(card, "no", by="third")
    with stalls.store.acting("officer", purpose="test") as reader:
        assert [p.third for p in reader.second_pairs()] == [True]


def test_what_is_taken_back_is_no_pair_and_what_is_judged_by_two_is_not_drawn(one: Stalls) -> None:
    card, other = one.listing("1"), one.listing("2")
    first = one.judge(card, "yes", drawn=True)
    one.judge(card, "no", by="colleague", second_of=first)
    one.judge(card, "undone")
    one.judge(other, "yes", by="colleague")
    one.judge(other, "yes", drawn=True)
    with one.store.acting("officer", purpose="test") as reader:
        assert reader.second_pairs() == [] and reader.second_due() == []
    with pytest.raises(TouchstoneError, match="is not one of listing"):
        one.judge(other, "no", second_of=first)
