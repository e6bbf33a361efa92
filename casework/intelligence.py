"""Intelligence reports: what configs/intelligence.yml says of the codes, what an officer states, and the report for a recipient.

A report for a recipient has the sanitised text and the grading, and nothing of the source: its row is not read for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from store.config import Home, load
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.strict import FieldError, near
from store.words.intelligence import Grade, Handling, InformationCode, Origin, Provenance, Report, SourceCode, grade_of

if TYPE_CHECKING:
    from casework.documents import Document

PURPOSE = "intelligence"


@dataclass(frozen=True, slots=True)
class Direct:
    """How this software's own captures are graded, and the source codes that are refused for them."""

    source: SourceCode
    information: InformationCode
    never_source: tuple[SourceCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Odd:
    """A combination that guidance says is odd: what, and where it says so."""

    source: SourceCode
    information: InformationCode
    says: str
    guidance: str

    def __post_init__(self) -> None:
        if not self.guidance.strip():
            raise FieldError("guidance", "name the document: a warning of nobody's is none")


@dataclass(frozen=True, slots=True)
class Older:
    """What the codes of 5x5x5 become."""

    checked: bool
    source: Mapping[str, SourceCode]
    information: Mapping[str, InformationCode]
    handling: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Settings:
    """What configs/intelligence.yml says."""

    source: Mapping[str, str]
    information: Mapping[str, str]
    handling: Mapping[str, str]
    direct_capture: Direct
    markings: tuple[str, ...]
    from_5x5x5: Older
    odd: tuple[Odd, ...] = field(default=())

    def __post_init__(self) -> None:
        for name, kind in (("source", SourceCode), ("information", InformationCode), ("handling", Handling)):
            if list(getattr(self, name)) != [str(code) for code in kind]:
                raise FieldError(name, f"the codes are {', '.join(kind)}, each with its meaning")
        if not self.markings:
            raise FieldError("markings", "at least one")

    def said(self, grade: Grade) -> list[tuple[str, str]]:
        """A grading in words: (what, code and meaning)."""
        return [
            ("Source evaluation", f"{grade.source} {self.source[grade.source]}"),
            ("Information assessment", f"{grade.information} {self.information[grade.information]}"),
            ("Handling", f"{grade.handling} {self.handling[grade.handling]}"),
        ]


def read_settings(home: Home) -> Settings:
    return load(home.file("intelligence.yml"), Settings)


@dataclass(frozen=True, slots=True)
class Kept:
    """A report that was kept, and what its officer should know."""

    report: Report
    notes: tuple[str, ...] = ()


def grade_for(settings: Settings, codes: str, conditions: str, known: Provenance) -> tuple[Grade, Provenance, list[str]]:
    """The grade of these codes (`2AP`, or `B24` of 5x5x5), or of a capture by default, with what is odd of it. Raises TouchstoneError."""
    notes: list[str] = []
    if not codes and known.origin is not Origin.capture:
        raise TouchstoneError("grade the item (--grade 2CP): source 1–3, information A–E, handling P or C; only a capture has a default")
    if codes and _is_older(codes):
        codes, more, notes = _from_older(settings.from_5x5x5, codes)
        conditions = "; ".join(filter(None, (more, conditions)))
        known = replace(known, was=notes[0])
    direct = settings.direct_capture
    if known.origin is Origin.capture and len(codes) <= 1:  # only the handling, or nothing, is stated
        codes = f"{direct.source}{direct.information}{codes or ('C' if conditions.strip() else 'P')}"
    try:
        grade = grade_of(codes, conditions)
    except ValueError as error:
        raise TouchstoneError(str(error)) from None
    if known.origin is Origin.capture and grade.source in direct.never_source:
        raise TouchstoneError(
            f"a capture of this software is no source that was tested: '{grade.source} {settings.source[grade.source]}' is refused for it "
            f"(direct_capture in configs/intelligence.yml); what it shows directly is {direct.source}{direct.information}"
        )
    return grade, known, [*notes, *warnings(settings, grade)]


def warnings(settings: Settings, grade: Grade) -> list[str]:
    """What guidance says of this combination, as configured."""
    return [
        f"{grade}: {odd.says} ({odd.guidance})"
        for odd in settings.odd
        if (odd.source, odd.information) == (grade.source, grade.information)
    ]


def _is_older(codes: str) -> bool:
    """5x5x5 begins with a letter: B24."""
    return len(codes.strip()) == 3 and codes.strip()[0].isalpha()


def _from_older(older: Older, codes: str) -> tuple[str, str, list[str]]:
    source, information, handling = tuple(codes.strip().upper())
    for name, code, known in (("source", source, older.source), ("information", information, older.information), ("handling", handling, older.handling)):  # fmt: skip
        if code not in known:
            raise TouchstoneError(
                f"grade: '{codes}' begins with a letter, as 5x5x5 does, and its {name} '{code}' is none of {', '.join(known)}"
            )
    note = f"5x5x5 {source}{information}{handling}" + ("" if older.checked else ", by a table that was not checked: grade it anew")
    return f"{older.source[source]}{older.information[information]}C", f"5x5x5 handling {handling}: {older.handling[handling]}", [note]


def add(
    store: Store, home: Home, text: str, known: Provenance, *, codes: str, conditions: str = "", marking: str = "", case: str | None = None,
    by: str, why: str = "",
) -> Kept:  # fmt: skip
    """Keep an item of intelligence. Raises TouchstoneError; what gives its source away is refused, naming it."""
    settings = read_settings(home)
    grade, known, notes = grade_for(settings, codes, conditions, known)
    marked = marking_of(settings, marking)
    authority = home.settings.authority.code
    return Kept(store.keep_report(text, grade, known, marking=marked, actor=by, authority=authority, case=case, why=why), tuple(notes))


def regrade(
    store: Store, home: Home, urn: str, *, by: str, why: str, codes: str = "", conditions: str = "", text: str | None = None, marking: str = ""
) -> Kept:  # fmt: skip
    """Grade or word a report anew. Raises TouchstoneError."""
    settings = read_settings(home)
    with store.acting(by, purpose=PURPOSE, justification=why) as reader:
        old = reader.report(urn)
        origin = reader.report_origin(urn)
    if old.grade is None:
        raise TouchstoneError(f"intelligence report {urn} was erased")
    grade: Grade | None = None
    notes: list[str] = []
    if codes or conditions:
        stated = codes or str(old.grade)
        grade, _, notes = grade_for(settings, stated, conditions, Provenance("-", origin, how="-"))
    marked = marking_of(settings, marking) if marking else None
    authority = home.settings.authority.code
    return Kept(store.regrade_report(urn, actor=by, authority=authority, why=why, grade=grade, text=text, marking=marked), tuple(notes))


def marking_of(settings: Settings, marking: str) -> str:
    """The classification of that name, by default the first. Raises TouchstoneError for one that is not configured."""
    named = {each.casefold(): each for each in settings.markings}
    if marking and marking.strip().casefold() not in named:
        raise TouchstoneError(f"marking: '{marking}' is none of {', '.join(settings.markings)}{near(marking, settings.markings)}")
    return named[marking.strip().casefold()] if marking else settings.markings[0]


# -- the report for a recipient --------------------------------------------------------------------------------------------------
def write_report(
    store: Store, home: Home, urns: Sequence[str], folder: Path, *, to: str, by: str, why: str, case: str | None = None
) -> list[Path]:  # fmt: skip
    """Write each report as a document of its own for a recipient, and log the disclosure. Raises TouchstoneError.

    Nothing is written where one of them would give its source away, or was erased.
    """
    from casework.documents import write

    if not to.strip() or not why.strip():
        raise TouchstoneError("say for whom the report is (--to) and why (--why): both go into the log")
    settings = read_settings(home)
    with store.acting(by, purpose=PURPOSE, justification=why, case=case) as reader:
        found = fit(reader, urns)
        paths = [path for report in found for path in write(document(home, settings, report, to), folder, report.urn)]
        reader.disclose(to.strip(), {"reports": [report.urn for report in found]})
    return paths


def fit(reader: Acting, urns: Sequence[str]) -> list[Report]:
    return [reader.fit_to_leave(reader.report(urn)) for urn in urns]


def document(home: Home, settings: Settings, report: Report, to: str) -> Document:
    """One report for a recipient: reference, date, grading with its meaning, conditions, the sanitised text."""
    from casework.documents import Block, Document, Fields, Heading, Paragraph

    assert report.grade is not None
    conditions = [("Conditions of handling", report.grade.conditions)] if report.grade.handling is Handling.conditions else []
    when = f"{report.at.day} {report.at:%B %Y}" if report.at is not None else None
    blocks: list[Block] = [
        Fields([("Reference", report.urn), ("Recorded", when), ("From", home.settings.authority.name), ("To", to.strip())]),
        Heading("Grading (3x5x2)", 2),
        Fields([("Grade", str(report.grade)), *settings.said(report.grade), *conditions]),
        Heading("Intelligence", 2),
        Paragraph(report.text),
        Heading("Handling", 2),
        Paragraph(
            "One item of intelligence, sanitised. It is no evidence, and is not to be used as such. Ask the originator before it is passed on "
            + ("outside these conditions." if conditions else "outside the purpose for which it was given.")
        ),
    ]
    return Document("Intelligence report", blocks, marking=report.marking, draft=False, reference=report.urn)
