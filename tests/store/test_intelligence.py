"""Intelligence reports at the store: every grade, conditions, the source kept out of the text in any form, gradings superseded, erasure."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from store import tables as t
from store.errors import TouchstoneError
from store.sightings import Handed
from store.store import Store
from store.words.intelligence import (
    GRADES,
    Grade,
    Handling,
    InformationCode,
    Origin,
    Provenance,
    SourceCode,
    found_in,
    grade_of,
    strings_of,
)
from store.words.records import Capture, CaptureKind, Case, Informant, Snapshot, Told, Verb
from tests.builders import Builder

SOURCE = Provenance(
    "SRC-0417", Origin.person, "told at the counter of the town hall", "Sarah Quill-Jones", "07700 900142; sq.jones@mail.example; insta @quilljones88",
    "Flat 2, 14 Orchard Parade, Wexcombe WX1 1AA", strings=("the man in the kiosk",),
)  # fmt: skip
CLEAN = "Belts with a lozenge mark are sold from the rear of Unit 3 on Sundays, about forty each week, by two men from a white van."
SAID = {"actor": "officer", "authority": "demo", "marking": "OFFICIAL"}


# -- grades --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("codes", [f"{s}{i}{h}" for s, i, h in GRADES])
def test_every_combination_of_3x5x2_can_be_kept_and_only_c_has_conditions(sqlite_store: Store, codes: str) -> None:
    stated = "not before 1 December" if codes.endswith("C") else ""
    kept = sqlite_store.keep_report(CLEAN, grade_of(codes, stated), SOURCE, **SAID)
    with sqlite_store.acting("officer", purpose="test") as reader:
        [read] = reader.reports()
    assert str(read.grade) == codes and read.grade is not None and read.grade.conditions == stated and read.urn == kept.urn
    wrong = "" if codes.endswith("C") else "not before 1 December"
    with pytest.raises(ValueError, match=r"conditions: handling [CP]"):
        grade_of(codes, wrong)


def test_there_are_thirty_combinations_and_no_others() -> None:
    assert len({f"{s}{i}{h}" for s, i, h in GRADES}) == 30 == 3 * 5 * 2
    for codes, what in (
        ("4AP", "source: '4'"),
        ("2FP", "information: 'F'"),
        ("2AX", "handling: 'X'"),
        ("2A", "not three codes"),
        ("", "not three"),
    ):
        with pytest.raises(ValueError, match=what):
            grade_of(codes)


@pytest.mark.parametrize("stated", ["", "  ", "\n"])
def test_handling_c_without_conditions_is_refused(stated: str) -> None:
    with pytest.raises(ValueError, match="handling C is sharing with conditions: state them"):
        Grade(SourceCode.untested, InformationCode.known_directly, Handling.conditions, stated)


# -- the source stays out of the text --------------------------------------------------------------------------------------------
STRINGS = {
    "07700 900142": (
        "07700 900142", "07700900142", "+44 7700 900142", "0044 7700 900 142", "+44 (0)7700 900142", "(07700) 900-142", "07700.900.142",
        "0 7 7 0 0 9 0 0 1 4 2", "O77OO 9OO142", "０７７００　９００１４２", "07700 then 900 then 142",
        "zero seven seven double oh nine double oh one four two", "oh seven seven zero zero nine zero zero one four two", "wa.me/447700900142",
    ),
    "sq.jones@mail.example": (
        "sq.jones@mail.example", "SQ.JONES@MAIL.EXAMPLE", "sq.jones [at] mail [dot] example", "sq jones at mail dot example", "s q . j o n e s @ m a i l",
    ),
    "@quilljones88": ("@quilljones88", "QuillJones88", "quill jones 88", "quill-jones_88", "q u i l l j o n e s 8 8", "xxquilljones88xx"),
    "Sarah Quill-Jones": (
        "Sarah Quill-Jones", "SARAH QUILL-JONES", "Sarah, Quill Jones", "S a r a h  Q u i l l", "sarahquilljones", "Ѕаrаh", "Śarah", "Jones", "JONES'",
        "a Mrs Quill", "“Quill”", "J o n e s", "sar​ah",
    ),
    "14 Orchard Parade": ("14 Orchard Parade", "14, ORCHARD PARADE", "14orchardparade", "1 4 O r c h a r d P a r a d e", "wx11aa", "WX1 1AA", "W X 1 1 A A", "Flat 2"),
    "SRC-0417": ("SRC-0417", "src 0417", "src/0417", "S R C 0 4 1 7", "SRC0417"),
    "how it came to be known": ("told at the counter of the town hall", "Told, at the counter of the Town Hall!", "toldatthecounterofthetownhall"),
    "the man in the kiosk": ("the man in the kiosk", "THE MAN IN THE KIOSK", "the man, in the kiosk", "themaninthekiosk"),
}  # fmt: skip
SPELLINGS = [(name, spelling) for name, some in STRINGS.items() for spelling in some]


@pytest.mark.parametrize(("name", "spelling"), SPELLINGS, ids=[f"{n}-{i}" for i, (n, _) in enumerate(SPELLINGS)])
@pytest.mark.parametrize("around", ["{}", "Seen on Sunday by {}, they say.", "Belts.\n{}\nBags."])
def test_a_string_of_the_source_is_found_in_whatever_form(name: str, spelling: str, around: str) -> None:
    assert found_in(around.format(spelling), strings_of(SOURCE)), name


@pytest.mark.parametrize(
    "text",
    [
        CLEAN,
        "A shop in Orchard Parade, Wexcombe, at number 16, sells bags at £77.00 and 900 belts; call 07700 900143.",
        "The sarahandco account and the quilled bags; 142 of 900 were at 7700 feet",
        "Flats 20 and 21 are let; a kiosk stands in the hall of the town",
        "A joneser is no name, and neither is sarahs-bags",
    ],
)
def test_what_only_looks_a_little_like_it_is_left_alone(text: str) -> None:
    assert found_in(text, strings_of(SOURCE)) == []


def test_a_refusal_names_the_string_keeps_nothing_and_leaves_a_trace(sqlite_store: Store) -> None:
    with pytest.raises(TouchstoneError, match=r"give its source away, by '07700 900142' \(the source's contact\).*write it without"):
        sqlite_store.keep_report("Ring o77oo nine double oh one four two", grade_of("2AP"), SOURCE, **SAID)
    with sqlite_store.database.reading() as c:
        assert not c.execute(select(t.intelligence.c.id)).all() and not c.execute(select(t.intelligence_source.c.id)).all()
    event = sqlite_store.log()[-1].body
    assert event["purpose"] == "intelligence refused: it would give its source away" and "900142" not in json.dumps(event)


def test_a_part_of_a_name_that_is_an_ordinary_word_may_stand_where_its_officer_says_so(sqlite_store: Store) -> None:
    brown = Provenance("SRC-9", Origin.person, "a call", "Ann Brown")
    with pytest.raises(TouchstoneError, match=r"'Brown'.*ordinary word"):
        sqlite_store.keep_report("Brown bags are sold", grade_of("2CP"), brown, **SAID)
    waived = Provenance("SRC-9", Origin.person, "a call", "Ann Brown", ordinary=("brown",))
    assert sqlite_store.keep_report("Brown bags are sold", grade_of("2CP"), waived, **SAID).text == "Brown bags are sold"
    with pytest.raises(TouchstoneError, match="Ann Brown"):
        sqlite_store.keep_report("Ann Brown's bags are sold", grade_of("2CP"), waived, **SAID)


def test_an_organisation_s_words_are_ordinary_ones_and_its_name_is_not(sqlite_store: Store) -> None:
    police = Provenance("P-1", Origin.partner, "a return", "Wexcombe Police")
    assert sqlite_store.keep_report("The police of another town know the van", grade_of("1BP"), police, **SAID)
    with pytest.raises(TouchstoneError, match="'Wexcombe Police'"):
        sqlite_store.keep_report("WEXCOMBE  POLICE know the van", grade_of("1BP"), police, **SAID)


def told(store: Store) -> tuple[str, Capture]:
    """A sighting that somebody told, and the capture of it; its reference."""
    build = Builder(store)
    page = build.capture("http://stall.example/item/77", b"<h1>belts</h1>")
    statement = build.capture("urn:touchstone:statement:77", b"{}", CaptureKind.handed_in, "application/json")
    handed = Handed(
        Told.public, Snapshot(title="Belts"), statement, "statement", "statement/1", files=[(statement.id or 0, "note of the caller.txt")],
        informant=Informant(0, "Petra Vane (fictional)", "07700 900155"),
    )  # fmt: skip
    kept = store.keep_sighting(handed, actor="officer", authority="demo", run=build.run.id, purpose="sighting")
    build.close()
    return kept.reference, page


@pytest.mark.parametrize("text", ["Petra Vane says so", "ask Vane", "ring 07700-900-155", "see {reference}", "in note of the caller . txt"])
def test_what_only_the_store_knows_of_a_sighting_is_kept_out_too(sqlite_store: Store, text: str) -> None:
    reference, _ = told(sqlite_store)
    known = Provenance("SRC-2", Origin.person, sighting=reference)
    with pytest.raises(TouchstoneError, match="would give its source away"):
        sqlite_store.keep_report(text.format(reference=reference), grade_of("2CP"), known, **SAID)
    assert sqlite_store.keep_report(CLEAN, grade_of("2CP"), known, **SAID).urn


def test_the_address_and_the_record_of_a_capture_are_its_source(sqlite_store: Store) -> None:
    _, page = told(sqlite_store)
    known = Provenance("CAPTURE-1", Origin.capture, capture=page.id)
    for text in ("shown at http://stall.example/item/77", "HTTP://STALL.EXAMPLE/item/77", page.record_id, page.body_digest.upper()):
        with pytest.raises(TouchstoneError, match="of the capture"):
            sqlite_store.keep_report(f"Belts, {text}", grade_of("2AP"), known, **SAID)
    assert sqlite_store.keep_report("The account offers belts", grade_of("2AP"), known, **SAID)


def test_one_who_told_it_that_becomes_known_later_stops_the_report_where_it_leaves(sqlite_store: Store) -> None:
    reference, _ = told(sqlite_store)
    with sqlite_store.database.writing() as c:
        c.execute(t.informant.update().values(name="", contact=""))
    kept = sqlite_store.keep_report("Vane's belts", grade_of("2CP"), Provenance("SRC-2", Origin.person, sighting=reference), **SAID)
    with sqlite_store.acting("officer", purpose="test") as reader:
        assert reader.fit_to_leave(kept).urn == kept.urn
    with sqlite_store.database.writing() as c:
        c.execute(t.informant.update().values(name="Petra Vane"))
    with (
        sqlite_store.acting("officer", purpose="test") as reader,
        pytest.raises(TouchstoneError, match=f"{kept.urn} would give its source away") as error,
    ):
        reader.fit_to_leave(kept)
    assert "Vane" not in str(error.value)


# -- rows ------------------------------------------------------------------------------------------------------------------------
def test_gradings_are_superseded_and_never_edited_and_the_reference_stays(store: Store) -> None:
    first = store.keep_report(CLEAN, grade_of("2CP"), SOURCE, **SAID)
    again = store.regrade_report(first.urn, actor="officer", authority="demo", why="a second source", grade=grade_of("2BC", "ask first"))
    with store.acting("officer", purpose="test") as reader:
        assert [str(r.grade) for r in reader.reports()] == ["2BC"] and reader.report(first.urn).id == again.id
        assert [(str(r.grade), r.superseded_by) for r in reader.reports(superseded=True)] == [("2CP", again.id), ("2BC", None)]
    with pytest.raises(TouchstoneError, match="says this already"):
        store.regrade_report(first.urn, actor="officer", authority="demo", why="x", grade=grade_of("2BC", "ask first"))
    with pytest.raises(TouchstoneError, match="say why"):
        store.regrade_report(first.urn, actor="officer", authority="demo", why=" ", grade=grade_of("1AP"))
    with pytest.raises(TouchstoneError, match="give its source away"):
        store.regrade_report(first.urn, actor="officer", authority="demo", why="clearer", text="Mrs Quill says so")
    assert store.verify() == []


def test_the_log_has_numbers_and_commitments_and_no_words(sqlite_store: Store) -> None:
    sqlite_store.keep_report(CLEAN, grade_of("2CP"), SOURCE, **SAID, why="call of Sunday")
    said = json.dumps([event.body for event in sqlite_store.log()])
    assert not any(word in said for word in ("lozenge", "Sarah", "900142", "quilljones88", "SRC-0417", "Orchard"))


@pytest.mark.parametrize("table", [t.intelligence, t.intelligence_source], ids=["report", "source"])
def test_an_edit_in_the_database_is_found(sqlite_store: Store, table: object) -> None:
    sqlite_store.keep_report(CLEAN, grade_of("2CP"), SOURCE, **SAID)
    assert sqlite_store.verify() == []
    with sqlite_store.database.writing() as c:
        body = json.loads(c.execute(select(table.c.body_json)).scalar_one())  # type: ignore[attr-defined]
        c.execute(table.update().values(body_json=json.dumps({**body, "text": "another"})))  # type: ignore[attr-defined]
    assert any("was changed" in problem for problem in sqlite_store.verify())
    with sqlite_store.database.writing() as c:
        c.execute(table.delete())  # type: ignore[attr-defined]
    assert any("is gone, although the log tells" in problem for problem in sqlite_store.verify())


def test_a_grade_changed_in_its_columns_is_found_too(sqlite_store: Store) -> None:
    sqlite_store.keep_report(CLEAN, grade_of("2CP"), SOURCE, **SAID)
    with sqlite_store.database.writing() as c:
        c.execute(t.intelligence.update().values(source="1"))
    assert any("intelligence report, row 1: it was changed" in problem for problem in sqlite_store.verify())


def test_the_source_is_read_for_a_reason_only_and_each_look_is_an_event(sqlite_store: Store) -> None:
    kept = sqlite_store.keep_report(CLEAN, grade_of("2CP"), SOURCE, **SAID)
    with sqlite_store.acting("officer", purpose="test") as reader, pytest.raises(TouchstoneError, match="--why"):
        reader.intelligence_source(kept.urn)
    with sqlite_store.acting("officer", purpose="test", justification="she asks to be forgotten") as reader:
        assert reader.intelligence_source(kept.urn) == SOURCE
    event = sqlite_store.log()[-1].body
    assert event["verb"] == Verb.consultation and event["detail"]["intelligence_source"] == 1


def test_an_erasure_leaves_numbers_and_a_case_keeps_its_reports_and_their_sources(sqlite_store: Store) -> None:
    store = sqlite_store
    store.open_case(Case("C1", "demo", "A case"), actor="officer")
    free, held = (store.keep_report(CLEAN, grade_of("2CP"), SOURCE, **SAID, case=case) for case in (None, "C1"))
    store.regrade_report(free.urn, actor="officer", authority="demo", why="second source", grade=grade_of("2BP"))
    store.erase_recorded("intelligence_source", 1, actor="officer", reason="asked")
    store.erase_recorded("intelligence", free.id or 0, actor="officer", reason="asked")
    with store.acting("officer", purpose="test", justification="test") as reader:
        assert [r.text for r in reader.reports(urns=[free.urn], superseded=True)] == ["", ""]
        assert reader.intelligence_source(free.urn) is None
        with pytest.raises(TouchstoneError, match="was erased"):
            reader.fit_to_leave(reader.report(free.urn))
    with store.database.reading() as c:
        everything = str([c.execute(select(table)).all() for table in (t.intelligence, t.intelligence_source)])
    assert everything.count("Sarah") == 1 and everything.count("lozenge") == 1  # those of the case
    for name, number in (("intelligence", held.id), ("intelligence_source", 2)):
        with pytest.raises(TouchstoneError, match="under hold of case C1"):
            store.erase_recorded(name, number or 0, actor="officer", reason="asked")
    assert store.log()[-1].body["purpose"] == "erasure refused" and store.verify() == []


def test_a_capture_that_a_case_s_report_comes_from_is_not_erased(sqlite_store: Store) -> None:
    store = sqlite_store
    _, page = told(store)
    store.open_case(Case("C1", "demo", "A case"), actor="officer")
    store.keep_report(CLEAN, grade_of("2AP"), Provenance("C-1", Origin.capture, capture=page.id), **SAID, case="C1")
    with pytest.raises(TouchstoneError, match="under hold of intelligence report IR-"):
        store.erase(page.id or 0, actor="officer", reason="asked")


def test_the_source_has_the_short_date_and_the_report_the_long_one(tmp_path: object, sqlite_store: Store) -> None:
    sqlite_store.retention = {"unflagged": 90, "flagged": 730}
    sqlite_store.keep_report(CLEAN, grade_of("2CP"), SOURCE, **SAID)
    with sqlite_store.database.reading() as c:
        report, source = (c.execute(select(x)).one() for x in (t.intelligence, t.intelligence_source))
    assert (report.retention_until - report.at).days in (729, 730) and (source.retention_until - source.at).days in (89, 90)
    assert source.subject_category == "witness"
