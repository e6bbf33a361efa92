"""Intelligence reports as an officer keeps them, and the report for a recipient: the sanitised text, the grading, nothing of the source."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from casework import intelligence
from casework.intelligence import grade_for, read_settings, warnings
from store.config import ConfigError, Home
from store.errors import TouchstoneError
from store.words.intelligence import GRADES, Origin, Provenance, grade_of
from tests.casework.packs import CASE
from tests.casework.test_followup import Work, work, world  # noqa: F401

SHIPPED = Path(intelligence.__file__).parent.parent / "configs" / "intelligence.yml"
CAPTURE = Provenance("CAPTURE-1", Origin.capture, capture=1)
TEXT = "Belts with a lozenge mark are sold from the rear of the unit on Sundays"
ADD = [
    "intel",
    "add",
    "--text",
    TEXT,
    "--source-urn",
    "SRC-0417",
    "--who",
    "Sarah Quill-Jones",
    "--contact",
    "07700 900142",
    "--how",
    "told at the counter",
]


def test_each_code_is_printed_with_the_meaning_of_the_standard() -> None:
    said = read_settings(Home(Path())).said
    assert [code for _, code in said(grade_of("1AP"))] == ["1 Reliable", "A Known directly to the source", "P Lawful sharing permitted"]
    assert [code for _, code in said(grade_of("2BC", "x"))][1:] == [
        "B Known indirectly to the source, but corroborated", "C Lawful sharing permitted with conditions"
    ]  # fmt: skip
    assert [code for _, code in said(grade_of("3EP"))][:2] == ["3 Not reliable", "E Suspected to be false"]
    assert [said(grade_of(f"2{i}P"))[1][1] for i in "CD"] == ["C Known indirectly to the source", "D Not known"]


def test_a_capture_is_2a_by_default_and_never_reliable_by_default() -> None:
    settings = read_settings(Home(Path()))
    assert str(grade_for(settings, "", "", CAPTURE)[0]) == "2AP" and str(grade_for(settings, "", "ask first", CAPTURE)[0]) == "2AC"
    for codes in ("1AP", "1EP", "1BP"):
        with pytest.raises(TouchstoneError, match="a capture of this software is no source that was tested: '1 Reliable' is refused"):
            grade_for(settings, codes, "", CAPTURE)
    for source, information, handling in GRADES:
        codes = f"{source}{information}{handling}"
        if source != "1":
            assert str(grade_for(settings, codes, "x" if handling == "C" else "", CAPTURE)[0]) == codes


def test_a_configuration_may_permit_it(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "intelligence.yml").write_text(SHIPPED.read_text().replace('never_source: ["1"]', "never_source: []"))
    assert str(grade_for(read_settings(Home(tmp_path)), "1AP", "", CAPTURE)[0]) == "1AP"


def test_no_combination_is_called_odd_but_by_a_named_guidance(tmp_path: Path) -> None:
    settings = read_settings(Home(Path()))
    assert settings.odd == () and not [g for s, i, h in GRADES for g in warnings(settings, grade_of(f"{s}{i}{h}", "x" if h == "C" else ""))]
    (tmp_path / "configs").mkdir()
    named = '[{source: "1", information: E, says: a reliable source suspected of a falsehood, guidance: Force order 12 (fictional)}]'
    path = tmp_path / "configs" / "intelligence.yml"
    path.write_text(SHIPPED.read_text().replace("odd: []", f"odd: {named}"))
    assert warnings(read_settings(Home(tmp_path)), grade_of("1EP")) == [
        "1EP: a reliable source suspected of a falsehood (Force order 12 (fictional))"
    ]
    assert warnings(read_settings(Home(tmp_path)), grade_of("1DP")) == []
    path.write_text(SHIPPED.read_text().replace("odd: []", f"odd: {named.replace('Force order 12 (fictional)', chr(39) * 2)}"))
    with pytest.raises(ConfigError, match=r"intelligence.yml:\d+: odd\[0\]: guidance: name the document"):
        read_settings(Home(tmp_path))


@pytest.mark.parametrize(
    ("older", "codes"),
    [("A11", "1AC"), ("B24", "1AC"), ("C35", "2BC"), ("D45", "3DC"), ("E53", "2EC")],
    ids=["A11", "B24", "C35", "D45", "E53"],
)
def test_5x5x5_becomes_3x5x2_with_its_handling_as_the_condition_and_a_mark_that_it_is_unchecked(older: str, codes: str) -> None:
    grade, known, notes = grade_for(read_settings(Home(Path())), older, "", Provenance("S", Origin.person, "x"))
    assert str(grade) == codes and grade.conditions.startswith(f"5x5x5 handling {older[2]}: ")
    assert notes == [f"5x5x5 {older}, by a table that was not checked: grade it anew"] and known.was == notes[0]


def test_codes_that_5x5x5_does_not_have_are_refused() -> None:
    for codes, why in (("F11", "source 'F'"), ("A61", "information '6'"), ("A16", "handling '6'")):
        with pytest.raises(TouchstoneError, match=why):
            grade_for(read_settings(Home(Path())), codes, "", Provenance("S", Origin.person, "x"))


def test_an_unknown_key_and_a_missing_code_are_refused_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    path = tmp_path / "configs" / "intelligence.yml"
    path.write_text(SHIPPED.read_text().replace("never_source:", "never_sources:"))
    with pytest.raises(ConfigError, match="unknown key 'never_sources'; did you mean 'never_source'"):
        read_settings(Home(tmp_path))
    path.write_text(SHIPPED.read_text().replace("  E: Suspected to be false\n", ""))
    with pytest.raises(ConfigError, match=r"intelligence.yml:\d+: information: the codes are A, B, C, D, E"):
        read_settings(Home(tmp_path))


# -- commands ------------------------------------------------------------------------------------------------------------------------
def test_a_report_is_added_listed_graded_and_shown_without_its_source(work: Work) -> None:  # noqa: F811
    added = work.json(*ADD, "--grade", "2CP", "--case", CASE, "--marking", "official-sensitive")
    urn = added["report"]["urn"]
    assert re.fullmatch(r"IR-\d{4}-0001", urn) and added["report"]["marking"] == "OFFICIAL-SENSITIVE"
    work.run("intel", "grade", urn, "--grade", "2BC", "--conditions", "not before 1 December", "--why", "a second source")
    shown = (
        work.run("intel", "show", urn)
        + work.run("intel", "list")
        + json.dumps(work.json("intel", "show", urn))
        + json.dumps(work.json("intel", "list"))
    )
    assert "not before 1 December" in shown and "B Known indirectly to the source, but corroborated" in shown and "2CP" in shown
    assert not any(each in shown for each in ("Sarah", "900142", "SRC-0417", "counter"))
    with pytest.raises(TouchstoneError, match="--why"):
        work.run("intel", "show", urn, "--source")
    assert "Sarah Quill-Jones" in work.run("intel", "show", urn, "--source", "--why", "she asks to be forgotten")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--grade", "2CC"], "handling C is sharing with conditions"),
        (["--grade", "2CP", "--conditions", "x"], "handling P has no conditions"),
        (["--grade", "4CP"], "source: '4' is none of 1, 2, 3"),
        ([], "grade the item"),
        (["--grade", "2CP", "--marking", "SECRET"], "marking: 'SECRET' is none of OFFICIAL"),
        (["--grade", "2CP", "--case", "NO-1"], "there is no case 'NO-1'"),
        (["--grade", "2CP", "--text", "Mrs Quill says so"], "'Quill'"),
        (["--grade", "2CP", "--source-urn", " "], "a source is named by its reference"),
        (["--capture", "1", "--grade", "1AP"], "a capture of this software|give its source"),
        (["--origin", "capture", "--capture", "1", "--grade", "1AP"], "is no source that was tested"),
        (["--origin", "capture", "--capture", "999"], "there is no capture 999"),
        (["--grade", "2CP", "--sighting", "S-1"], "there is no sighting 'S-1'"),
    ],
    ids=[f"case {n}" for n in range(12)],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(work: Work, more: list[str], why: str) -> None:  # noqa: F811
    with pytest.raises(TouchstoneError, match=why):
        work.run(*ADD, *more)
    assert work.json("intel", "list") == []


def test_the_report_for_a_recipient_has_the_text_and_the_grade_and_nothing_of_the_source(work: Work, tmp_path: Path) -> None:  # noqa: F811
    import pypdf

    urn = work.json(
        *ADD, "--grade", "2CC", "--conditions", "not before 1 December", "--address", "14 Quay Street, Wexcombe", "--why", "call 17"
    )["report"]["urn"]
    work.run("intel", "report", urn, "--to", "Wexcombe Police (fictional)", "--why", "rear sales", "--out", str(tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"{urn}.docx", f"{urn}.pdf"]
    printed = "\n".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "out" / f"{urn}.pdf").pages)
    with zipfile.ZipFile(tmp_path / "out" / f"{urn}.docx") as package:
        word = "\n".join(re.sub("<[^>]+>", " ", package.read(name).decode("utf-8", "replace")) for name in package.namelist())
    raw = (tmp_path / "out" / f"{urn}.pdf").read_bytes().decode("latin-1") + word
    for said in (" ".join(printed.split()), " ".join(word.split())):
        assert TEXT in said and "2CC" in said and "not before 1 December" in said and "OFFICIAL" in said and "Wexcombe Police" in said
    for secret in ("Sarah", "Quill", "900142", "SRC-0417", "told at the counter", "Quay Street", "call 17"):
        assert secret not in printed + raw
    with work.store() as store:
        event = next(e.body for e in reversed(store.log()) if e.body["verb"] == "disclosure")
    assert (
        event["detail"]["recipient"] == "Wexcombe Police (fictional)"
        and event["justification"] == "rear sales"
        and "intelligence" in event["subjects"]
    )


def test_a_report_without_recipient_or_reason_is_not_written(work: Work, tmp_path: Path) -> None:  # noqa: F811
    urn = work.json(*ADD, "--grade", "2CP")["report"]["urn"]
    for to, why in ((" ", "x"), ("Police", " ")):
        with pytest.raises(TouchstoneError, match="say for whom"):
            work.run("intel", "report", urn, "--to", to, "--why", why, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
