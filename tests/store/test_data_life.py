"""How long what is kept, who may erase it, and that nothing of it is left: holds, two persons, dates by an injected clock, every file searched."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from store import tables as t
from store.attribution import Kind as Ground
from store.attribution import Strength
from store.disclosure import Standing, Undermines
from store.errors import TouchstoneError
from store.proposals import ErasureGround
from store.rules import CaseRule, DataRules, Ended, Justification, Retention, TwoPersons, case_until, months_after, read_rules
from store.sightings import Handed
from store.store import Store
from store.words.casefile import CaseEntry, EntryKind, Person
from store.words.intelligence import Origin, Provenance, grade_of
from store.words.records import (
    Actor,
    CaptureKind,
    Case,
    Contribution,
    Examination,
    Examined,
    Finding,
    Flag,
    Informant,
    Level,
    Method,
    Snapshot,
    SubjectCategory,
    SubjectKind,
    Told,
    Verdict,
)
from store.words.valuation import Goods, evidence_of
from tests.builders import Builder, jpeg
from tests.conftest import new_store

ROOT = Path(__file__).resolve().parents[2]
SECRETS = (
    "Quillfeather",
    "07700 900321",
    "+447700900321",
    "quill@stall.example",
    "Marrowbone Passage",
    "quillstall",
)  # all of one invented seller
WHO = {"actor": "officer", "reason": "request"}


@pytest.fixture
def kept(written: Path, tmp_path: Path) -> Iterator[Store]:
    """One account with two adverts, and all that can be said of it; another account that must stay as it is. A copy, made once."""
    shutil.copytree(written, tmp_path / "kept")
    opened = Store(f"sqlite:///{tmp_path}/kept/touchstone.db", tmp_path / "kept" / "archive", retention={"unflagged": 90})
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    with new_store(f"sqlite:///{folder}/touchstone.db", folder) as store:
        write(store)
    return folder


def write(store: Store) -> None:
    build = Builder(store)
    store.keep_actor(Actor("dpo", "demo", "D. Protector (fictional)", "officer"))
    said = {"seller": "quillstall", "seller_name": "Ada Quillfeather", "place": "Marrowbone Passage"}
    one = build.listing(
        "Quillfeather-1", title="Bag, ask Quillfeather", text="07700 900321 or quill@stall.example", pictures=(jpeg(1),), **said
    )
    build.listing("Quillfeather-2", title="Belt", text="Quillfeather again, in Marrowbone Passage", **said)
    other = build.listing(
        "other", title="Totes", text="call 07700 900555", seller="totes", seller_name="Totes Ltd (fictional)", pictures=(jpeg(2),)
    )
    statement = build.capture("urn:touchstone:statement:1", b"Quillfeather sells belts", CaptureKind.handed_in, "text/plain")
    told = Handed(
        Told.public, Snapshot(title="Belts of Quillfeather", text="07700 900321"), statement, "statement", "statement/1",
        place="Marrowbone Passage", obtained="seen by a neighbour of Quillfeather", files=[(statement.id or 0, "Quillfeather.txt")],
        informant=Informant(0, "B. Quillfeather (fictional)", "07700 900321", "a cousin of Quillfeather"),
    )  # fmt: skip
    store.keep_sighting(told, actor="officer", authority="demo", run=build.run.id, purpose="sighting")
    build.close()
    method = store.keep_method(Method("detector", "hand", "1"))
    finding = Finding("T", 0.5, "the text says Quillfeather")
    store.keep_examinations(method, [Examination(SubjectKind.snapshot, one.snapshot, Examined.done, (finding,))], build.run.id)
    reason = Contribution("T", 1.0, "the text says Quillfeather", "0" * 64, 1)
    store.keep_flag(Flag(None, one.listing, "0" * 64, "1" * 64, Level.review, 1.0, (reason,)), build.run.id)
    store.judge(SubjectKind.listing, one.listing, Verdict.yes, actor="officer", authority="demo", reason="I know Quillfeather")
    store.keep_unread(1, "hand/1", "no price", "Quillfeather, price on request", build.run.id)
    store.keep_ground(
        1,
        Ground.admission,
        "Quillfeather says so",
        person_named="Ada Quillfeather",
        strength=Strength.strong,
        actor="officer",
        authority="demo",
        source="visit to Quillfeather",
    )
    store.say_pair(1, other.seller or 0, True, actor="officer", authority="demo", reason="both are Quillfeather's")
    with store.acting("officer", purpose="look") as reader:
        reader.sellers_of_contact("phone", "07700 900321")
        reader.sellers_known(names=["quillstall"])


def everything(store: Store) -> dict[str, bytes]:
    """Every byte that the store keeps: the database and what lies beside it, the archive (unpacked too), indexes."""
    import gzip

    folder = store.archive.folder.parent
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return files | {f"{name} (unpacked)": gzip.decompress(body) for name, body in files.items() if name.endswith(".gz") and body}


def where(store: Store, words: tuple[str, ...] = SECRETS) -> list[str]:
    return [f"{word} in {name}" for name, body in everything(store).items() for word in words if word.encode().lower() in body.lower()]


def test_the_words_are_there_to_be_found_before_they_are_erased(kept: Store) -> None:
    assert {hit.split(" in ")[0] for hit in where(kept)} == set(SECRETS)
    assert kept.verify() == []


def test_after_erasure_nothing_of_a_person_is_left_in_any_file(kept: Store) -> None:
    """Database, write-ahead log, archive, index, tombstones and the log of events are searched byte by byte."""
    kept.erase_sighting("S-" + _year(kept) + "-0001", **WHO)
    kept.erase_seller(1, **WHO)
    with kept.database.reading() as c:
        listings = list(c.execute(select(t.listing.c.id).where(t.listing.c.url != "")).scalars())
        lookups = list(c.execute(select(t.lookup.c.id)).scalars())
    for number in listings:
        if number != 3:
            kept.erase_listing(number, **WHO)
    for number in lookups:
        kept.erase_lookup(number, **WHO)
    assert kept.scrub() == ""
    kept.database.close()
    assert where(kept) == []
    assert kept.verify() == [], "what was erased is told by the log, and contradicts nothing"
    others = {hit.split(" in ")[0] for hit in where(kept, ("totes ltd", "900555"))}
    assert others == {"totes ltd", "900555"}, "what is another's stays"


def test_an_erased_number_says_so_and_is_erased_again_without_harm(kept: Store) -> None:
    for _ in range(2):
        kept.erase_listing(1, **WHO)
    with kept.acting("officer", purpose="look") as reader:
        [one] = reader.summaries(numbers=[1])
        assert (one.listing.ref, one.listing.url, one.snapshot.title, one.snapshot.seller) == ("erased-1", "", "", "")
        [seller] = reader.sellers([1])
        assert seller.name == "Ada Quillfeather", "the account has another advert"
    kept.erase_listing(2, **WHO)
    with kept.acting("officer", purpose="look") as reader:
        assert reader.sellers([1])[0].name == "", "with its last advert the account goes"
    assert kept.verify() == []


def test_a_page_that_shows_others_too_stays_and_is_named(sqlite_store: Store) -> None:
    from store.words.records import Parsed

    build = Builder(sqlite_store)
    page = build.capture("http://stall.example/list", b"<p>Quillfeather and totes</p>")
    items = [Parsed(ref, f"http://stall.example/item/{ref}", Snapshot(title=f"Bag {ref}")) for ref in ("1", "2")]
    sqlite_store.keep_readings(page, "hand", "hand/1", items, build.run.id)
    build.close()
    assert sqlite_store.erase_listing(1, **WHO) == (page.id,)
    with sqlite_store.acting("officer", purpose="look") as reader:
        assert b"totes" in reader.payload(page.id or 0)


# -- a hold beats everything -----------------------------------------------------------------------------------------------------
HOLDS: dict[str, Callable[[Store], object]] = {
    "listing": lambda s: s.hold(SubjectKind.listing, 1, actor="officer", reason="court"),
    "seller": lambda s: s.hold(SubjectKind.seller, 1, actor="officer", reason="court"),
    "capture": lambda s: s.hold(SubjectKind.capture, 1, actor="officer", reason="court"),
    "exhibit": lambda s: (
        s.open_case(Case("C1", "demo", "A case"), actor="officer"),
        s.exhibit("C1", SubjectKind.listing, 1, initials="AB", description="advert", actor="officer"),
    ),
}


@pytest.mark.parametrize("what", sorted(HOLDS))
@pytest.mark.parametrize("erasure", ["erase_listing", "erase_seller"])
def test_delete_under_hold_is_refused_and_logged(kept: Store, what: str, erasure: str) -> None:
    HOLDS[what](kept)
    before = kept.log_head()[0]
    with pytest.raises(TouchstoneError, match=r"under hold .* and was not erased"):
        getattr(kept, erasure)(1, **WHO)
    refused = [e.body for e in kept.log(after=before) if e.body["purpose"] == "erasure refused"]
    assert len(refused) == 1 and refused[0]["verb"] == "erasure" and refused[0]["detail"]["hold"]
    with kept.acting("officer", purpose="look") as reader:
        assert reader.summaries(numbers=[1])[0].snapshot.title == "Bag, ask Quillfeather"


def test_a_hold_beats_a_date_that_has_passed_and_ends_when_it_is_released(kept: Store) -> None:
    hold = kept.hold(SubjectKind.listing, 1, actor="officer", reason="court")
    late = datetime.now(UTC) + timedelta(days=5000)
    with kept.acting("officer", purpose="review") as reader:
        due = {d.number: d.kept_by for d in reader.review(late, kinds=["listing"])}
        assert due[1] == f"hold {hold}" and due[2] == "", due
        assert [h.id for h in reader.holds()] == [hold]
    kept.hold(SubjectKind.listing, 1, actor="officer", reason="the court released it", releases=hold)
    with kept.acting("officer", purpose="review") as reader:
        assert reader.holds() == [] and {d.kept_by for d in reader.review(late, kinds=["listing"])} == {""}


# -- two persons --------------------------------------------------------------------------------------------------------------------
def test_the_same_person_cannot_approve_and_the_log_tells_that_they_tried(kept: Store) -> None:
    number = kept.propose("erase", "listing", "1", ErasureGround.request, actor="officer", authority="demo")
    with pytest.raises(TouchstoneError, match="officer's own: another person approves it"):
        kept.answer(number, "approved", actor="officer")
    assert kept.log()[-1].body["purpose"] == "erase approved not accepted"
    assert kept.answer(number, "approved", actor="dpo").state == "approved"
    with pytest.raises(TouchstoneError, match="approved already"):
        kept.answer(number, "refused", actor="dpo")


def test_only_a_role_that_approves_may_where_somebody_holds_one(kept: Store) -> None:
    kept.keep_actor(Actor("third", "demo", "T. Third (fictional)", "officer"))
    kept.rules = DataRules(roles={"sro": ("dpo",)}, two_persons=TwoPersons(("erase",), ("sro",)))
    number = kept.propose("erase", "listing", "1", ErasureGround.request, actor="officer", authority="demo")
    with pytest.raises(TouchstoneError, match="third holds none of the roles that approve"):
        kept.answer(number, "approved", actor="third")
    assert kept.answer(number, "approved", actor="dpo").answered_by == "dpo"


def test_a_machine_neither_asks_nor_approves(kept: Store) -> None:
    with pytest.raises(TouchstoneError, match="not a person"):
        kept.propose("erase", "listing", "1", ErasureGround.request, actor="system", authority="demo")
    number = kept.propose("erase", "listing", "1", ErasureGround.request, actor="officer", authority="demo")
    with pytest.raises(TouchstoneError, match="not a person"):
        kept.answer(number, "approved", actor="system")


def test_what_needs_two_persons_is_refused_until_another_has_approved(kept: Store) -> None:
    kept.open_case(Case("C1", "demo", "A case"), actor="officer")
    assert kept.approved("export", "C1", "officer") is None, "nothing asks for it"
    kept.rules = DataRules(two_persons=TwoPersons(("export",)))
    with pytest.raises(TouchstoneError, match="export of C1 needs two persons here"):
        kept.approved("export", "C1", "officer")
    assert kept.log()[-1].body["purpose"] == "export refused: not approved"
    number = kept.propose("export", "case", "C1", ErasureGround.none, actor="officer", authority="demo")
    kept.answer(number, "approved", actor="dpo")
    assert kept.approved("export", "C1", "officer") == number
    with pytest.raises(TouchstoneError):
        kept.approved("export", "C1", "dpo")
    kept.close_proposal(number, "done", actor="officer")
    with pytest.raises(TouchstoneError):
        kept.approved("export", "C1", "officer")


# -- how long ---------------------------------------------------------------------------------------------------------------------
DAY = date(2026, 3, 31)
RULES = {"conviction": CaseRule(6), "acquittal": CaseRule(0)}


@pytest.mark.parametrize(
    ("outcomes", "terms", "until", "why"),
    [
        ([], {}, None, "no outcome"),
        ([Ended("warning", DAY)], {}, None, "no outcome"),
        ([Ended("acquittal", DAY)], {}, DAY, "acquittal on 2026-03-31"),
        ([Ended("conviction", DAY)], {}, date(2026, 9, 30), "6 months"),
        ([Ended("conviction", DAY)], {"custody": ""}, None, "no release"),
        ([Ended("conviction", DAY)], {"custody": "2026-03-31", "release": "2028-01-01"}, date(2028, 1, 1), "release from custody"),
        ([Ended("conviction", DAY)], {"custody": "2026-03-31", "release": "2026-04-01"}, date(2026, 9, 30), "6 months"),
        ([Ended("conviction", DAY)], {"appeal": "2026-04-10"}, None, "an appeal runs"),
        ([Ended("conviction", DAY)], {"appeal": "2026-04-10", "appeal_ended": "2027-02-01"}, date(2027, 2, 1), "end of the appeal"),
        ([Ended("acquittal", DAY, (1,))], {}, None, "person 2"),
        ([Ended("acquittal", DAY, (1,)), Ended("conviction", date(2026, 1, 5), (2,))], {}, date(2026, 7, 5), "conviction"),
        ([Ended("conviction", DAY), Ended("acquittal", date(2027, 1, 1))], {}, date(2027, 1, 1), "acquittal"),
    ],
    ids=["none", "warned", "acquitted", "convicted", "in custody", "released late", "released early", "appeal runs", "appeal ended", "one of two", "both", "latest"],
)  # fmt: skip
def test_a_case_is_kept_until_the_day_that_its_outcomes_give(
    outcomes: list[Ended], terms: dict[str, str], until: date | None, why: str
) -> None:
    """Code of practice under CPIA 1996 s.23, as docs/data-protection.md states it: release, six months from conviction, an appeal."""
    found, said = case_until(outcomes, [1, 2], terms, RULES)
    assert found == until and why in said


def test_months_end_where_the_month_does() -> None:
    assert months_after(date(2026, 8, 31), 6) == date(2027, 2, 28) and months_after(date(2023, 8, 31), 6) == date(2024, 2, 29)
    assert months_after(date(2026, 12, 1), 1) == date(2027, 1, 1)


def test_time_brings_rows_up_for_review_by_kind_and_by_category_and_not_before(kept: Store) -> None:
    """The clock is an argument: the same store is asked on several days."""
    now = datetime.now(UTC)

    def due(days: float, kind: str) -> dict[int, str]:
        with kept.acting("officer", purpose="review") as reader:
            return {d.number: d.why for d in reader.review(now + timedelta(days=days), kinds=[kind])}

    assert due(89, "listing") == {} and due(91, "listing")[1] == "the date that it was given"
    assert due(89, "informant") == {} and set(due(91, "informant")) == {1}
    kept.rules = DataRules(retention=Retention({"lookup": 10}, {"witness": 30, "victim": 400}))
    assert due(9, "lookup") == {} and set(due(11, "lookup").values()) == {"10 days for a lookup"}
    assert due(29, "informant") == {} and due(31, "informant") == {1: "30 days for a witness"}
    kept.mark_person("listing", 1, category=SubjectCategory.victim, sensitive=False, actor="officer")
    assert set(due(91, "listing")) == {2, 3, 4}, "a victim's row is kept by the rule of its category"
    assert due(401, "listing")[1] == "400 days for a victim"


def test_what_was_erased_is_not_due_again(kept: Store) -> None:
    late = datetime.now(UTC) + timedelta(days=5000)
    kept.erase_listing(1, **WHO)
    with kept.acting("officer", purpose="review") as reader:
        assert 1 not in {d.number for d in reader.review(late, kinds=["listing"])}
        with pytest.raises(TouchstoneError, match="'flag' is nothing that is reviewed"):
            reader.review(late, kinds=["flag"])


def test_a_closed_case_holds_nothing_any_more_and_a_hold_still_does(kept: Store) -> None:
    HOLDS["exhibit"](kept)
    for what, body in ((EntryKind.person, Person(name="Ada Quillfeather", category=SubjectCategory.suspect, basis="she says so")),):
        kept.keep_entry(CaseEntry(None, "C1", what, body), actor="officer", authority="demo")
    whose = {"actor": "officer", "authority": "demo"}
    told = Provenance("SRC-1", Origin.person, "Ada Quillfeather told it", "Ada Quillfeather", sighting="")
    urn = kept.keep_report("Belts are kept in the rear", grade_of("2BP"), told, marking="OFFICIAL", case="C1", **whose).urn
    gone_to = {"recipient": "Ada Quillfeather", "why": "exits", "gateway": "law", "fields": [], "digest": "0" * 64}
    kept.keep_referral("R-2026-0001", "fire", **gone_to, case="C1", **whose)
    kept.keep_return("R-2026-0001", 1, outcome="Ada Quillfeather", reference="F1", dated="", items=[], refused=0, **whose)
    kept.keep_money("C1", Goods("Ada Quillfeather's belts", 2, (evidence_of("capture:1"),)), **whose)
    kept.number_items("C1", [("", ["listing:1"])], actor="officer")
    kept.decide_item(
        "C1", 1, Standing.sensitive, undermines=Undermines.no, reason="", sensitivity="Ada Quillfeather", description="a tip", **whose
    )
    kept.keep_edition("C1", {"items": ["Ada Quillfeather"]}, actor="officer")
    with pytest.raises(TouchstoneError, match="not closed"):
        kept.erase_case("C1", **WHO)
    kept.close_case("C1", actor="officer")
    hold = kept.hold(SubjectKind.exhibit, 1, actor="officer", reason="another court")
    for erasure, subject in (("erase_listing", 1), ("erase_case", "C1")):
        with pytest.raises(TouchstoneError, match=f"under hold {hold}"):
            getattr(kept, erasure)(subject, **WHO)
    kept.hold(SubjectKind.exhibit, 1, actor="officer", reason="over", releases=hold)
    kept.erase_listing(1, **WHO)
    kept.erase_case("C1", **WHO)
    assert kept.verify() == []
    with kept.acting("officer", purpose="look") as reader:
        assert [e.description for e in reader.exhibits("C1")] == [""] and kept.case("C1").title == ""
    with kept.database.reading() as c:
        of_case = (
            t.case_entry,
            t.intelligence,
            t.intelligence_source,
            t.referral,
            t.referral_return,
            t.money,
            t.disclosure_decision,
            t.disclosure_edition,
        )
        rows = [dict(row) for table in of_case for row in c.execute(select(table)).mappings()]
    assert len(rows) >= len(of_case) and "Quillfeather" not in str(rows) and urn in str(rows)


def test_what_is_said_of_a_case_s_term_needs_its_day(kept: Store) -> None:
    kept.open_case(Case("C1", "demo", "A case"), actor="officer")
    with pytest.raises(TouchstoneError, match="give the day of the release"):
        kept.say_term("C1", "release", "", actor="officer")
    with pytest.raises(TouchstoneError, match="there is no case 'C2'"):
        kept.say_term("C2", "custody", "", actor="officer")
    kept.say_term("C1", "custody", "2026-03-31", actor="officer")
    assert kept.terms("C1") == {"custody": "2026-03-31"}


# -- a reason where one is asked for --------------------------------------------------------------------------------------------------
def test_a_look_wants_a_reason_where_the_configuration_says_so(kept: Store) -> None:
    kept.rules = DataRules(justification=Justification(("seller show",)))
    with pytest.raises(TouchstoneError, match="'seller show' wants a reason"), kept.acting("officer", purpose="seller show"):
        pass
    for given in ({"purpose": "seller show", "justification": "complaint 7"}, {"purpose": "listing show"}):
        with kept.acting("officer", **given):
            pass
    kept.rules = DataRules(justification=Justification(("*",)))
    with pytest.raises(TouchstoneError, match="wants a reason"), kept.acting("officer", purpose="listing show"):
        pass
    with kept.acting("system", purpose="link"):
        pass


def test_the_shipped_rules_are_read_and_what_was_written_from_memory_says_so() -> None:
    rules = read_rules(ROOT / "configs" / "data.yml")
    assert "erase" in rules.two_persons.acts and not rules.retention.cases["conviction"].checked
    assert rules.may_approve("anybody") and not replace(rules, roles={**rules.roles, "data_protection_officer": ("d",)}).may_approve(
        "anybody"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("two_persons: {acts: [burn]}", "burn"),
        ("two_persons: {acts: [erase], approvers: [chief]}", "'chief' is no role"),
        ("retention: {kinds: {listings: 3}}", "'listings' is none of"),
        ("retention: {categories: {victim: 0}}", "less than one day"),
        ("retention: {case: {}}", "cases"),
    ],
    ids=["act", "role", "kind", "days", "key"],
)
def test_a_wrong_rule_is_refused_by_name(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "data.yml"
    path.write_text(text)
    with pytest.raises(TouchstoneError, match=why):
        read_rules(path)


# -- a search for a person -------------------------------------------------------------------------------------------------------------
def test_a_search_for_a_person_finds_them_across_tables_and_names_who_told_by_number_only(kept: Store) -> None:
    with kept.acting("officer", purpose="subject search", justification="request 3") as reader:
        found = reader.held_about(names=["Quillfeather, Ada"], phones=["0044 7700 900321"], emails=["QUILL@stall.example"])
    by_kind: dict[str, list] = {}
    for match in found:
        by_kind.setdefault(match.kind, []).append(match)
    assert {
        "seller",
        "contact",
        "snapshot",
        "attribution",
        "informant",
        "flag",
        "finding",
        "judgement",
        "pair_statement",
        "listing",
        "lookup",
    } <= set(by_kind)
    assert (
        all(not match.values for match in by_kind["informant"])
        and by_kind["informant"][0].third_party
        and by_kind["informant"][0].category == "witness"
    )
    assert by_kind["attribution"][0].opinion and not by_kind["seller"][0].opinion
    assert {m.number for m in by_kind["seller"]} == {1}, "the other account has nothing of hers"
    [event] = [e for e in kept.log() if e.body["purpose"] == "subject search"]
    assert (
        event.body["verb"] == "consultation"
        and event.body["subjects"]["seller"] == "1"
        and event.body["detail"]["asked"] == {"held_about": 1}
    )
    assert not [word for word in SECRETS if word.lower() in str(event.body).lower()]


@pytest.mark.parametrize(
    ("asked", "text", "hit"),
    [
        ({"names": ["Jos\u00e9 O'Neil"]}, "ask for O'Neil, Jose at the door", True),
        ({"names": ["Ada Quill"]}, "Ada sells, far away from there and long after, Quill too", False),
        ({"phones": ["07700 900 123"]}, "ring +44 (0)7700-900.123", True),
        ({"phones": ["07700 900 123"]}, "ring +44 7700-900.123", True),
        ({"handles": ["@bagsy"]}, "find bagsy99 there", False),
        ({"handles": ["@bagsy"]}, "find @Bagsy, there", True),
        ({"postcodes": ["m32 0th"]}, "Unit 1, M320TH", True),
    ],
    ids=["accents", "far apart", "zero in brackets", "spaced", "another handle", "handle", "postcode"],
)
def test_a_word_is_found_however_it_is_written(sqlite_store: Store, asked: dict, text: str, hit: bool) -> None:
    build = Builder(sqlite_store)
    build.listing("1", title="Bag", text=text)
    build.close()
    with sqlite_store.acting("officer", purpose="subject search", justification="x") as reader:
        assert bool([m for m in reader.held_about(**asked) if m.kind == "snapshot"]) is hit


def test_a_category_and_a_sensitive_marking_are_a_person_s_and_the_newest_counts(kept: Store) -> None:
    kept.mark_person("seller", 1, category=SubjectCategory.suspect, sensitive=False, actor="officer")
    kept.mark_person("seller", 1, category=SubjectCategory.convicted, sensitive=True, actor="officer")
    with kept.acting("officer", purpose="subject search", justification="x") as reader:
        [seller] = [m for m in reader.held_about(handles=["quillstall"]) if m.kind == "seller"]
    assert (seller.category, seller.sensitive) == ("convicted", True)
    for about, number, why in (("method", 1, "holds nothing about people"), ("seller", 99, "there is no seller 99")):
        with pytest.raises(TouchstoneError, match=why):
            kept.mark_person(about, number, category=None, sensitive=True, actor="officer")
    with pytest.raises(TouchstoneError, match="not a person"):
        kept.mark_person("seller", 1, category=None, sensitive=True, actor="system")


def _year(store: Store) -> str:
    return f"{datetime.now(UTC):%Y}"


def test_it_is_the_same_on_either_database(store: Store) -> None:
    """Asking, approving, erasing, scrubbing, reviewing and searching, on SQLite and on PostgreSQL."""
    store.keep_actor(Actor("dpo", "demo", "D. Protector (fictional)", "officer"))
    write(store)
    number = store.propose("erase", "seller", "1", ErasureGround.request, actor="officer", authority="demo")
    assert store.answer(number, "approved", actor="dpo").state == "approved"
    with store.acting("officer", purpose="subject search", justification="x") as reader:
        assert [m for m in reader.held_about(names=["Ada Quillfeather"]) if m.kind == "seller"]
        assert reader.review(datetime.now(UTC) + timedelta(days=5000), kinds=["listing", "seller"])
    store.erase_seller(1, **WHO)
    assert store.scrub() == "" and store.verify() == []
    with store.acting("officer", purpose="subject search", justification="x") as reader:
        left = {m.kind for m in reader.held_about(handles=["quillstall"]) if m.by}
    assert left == {"lookup"}, "what officers asked for is erased by itself"
