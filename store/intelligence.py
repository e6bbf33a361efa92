"""Intelligence reports as rows: one item a row, its source in a row of its own that is read by `Acting.intelligence_source` alone.

A text that holds a string of its source is refused here, at the store, whatever asks for it to be kept, and a report is held against its
source again whenever it leaves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from store import audit, recorded
from store import tables as t
from store.database import Database
from store.errors import TouchstoneError
from store.reader import Reader
from store.recorded import ERASED
from store.words.contacts import find_contacts
from store.words.intelligence import (
    Grade,
    Handling,
    InformationCode,
    Origin,
    Provenance,
    Report,
    SourceCode,
    SourceString,
    contact_strings,
    found_in,
    strings_of,
)
from store.words.records import SubjectCategory, Verb

OF_THE_SOURCE = ("urn", "origin", "sighting", "capture")  # columns of its own; the rest of a Provenance is its body


def report_of(r: Any, later: int | None) -> Report:
    if r["body_json"] == ERASED:
        return Report(r["urn"], "", None, r["marking"], r["case_file"], r["id"], r["supersedes"], later, r["actor"], r["at"])
    body = json.loads(r["body_json"])
    grade = Grade(SourceCode(r["source"]), InformationCode(r["information"]), Handling(r["handling"]), body["conditions"])
    return Report(r["urn"], body["text"], grade, r["marking"], r["case_file"], r["id"], r["supersedes"], later, r["actor"], r["at"])


class IntelligenceWrites:
    database: Database
    retain_until: Callable[..., datetime | None]

    def keep_report(
        self, text: str, grade: Grade, known: Provenance, *, marking: str, actor: str, authority: str, case: str | None = None, why: str = ""
    ) -> Report:  # fmt: skip
        """Keep an item of intelligence with its source apart; the report with its reference, `IR-2026-0001`.

        Raises TouchstoneError: no text, a string of the source in it, no person, case, capture or sighting that is named.
        """
        now = datetime.now(UTC)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            urn = recorded.next_reference(c, t.intelligence.c.urn, "IR", now)
            sighting = _sighting(c, known.sighting)
            _named(c, known, case)
            found = self._found(
                c, text, strings_of(known, _of_rows(c, sighting, known.capture)), actor, {"sighting": [sighting]} if sighting else {}
            )
            if not found:
                number = self._keep_first(c, urn, text, grade, known, sighting, marking, actor, authority, case, why)
        refuse_source(found)
        return Report(urn, text.strip(), grade, marking, case, number, actor=actor, at=now)

    def _keep_first(
        self, c: Connection, urn: str, text: str, grade: Grade, known: Provenance, sighting: int | None, marking: str, actor: str, authority: str,
        case: str | None, why: str,
    ) -> int:  # fmt: skip
        row = {"urn": urn, "case_file": case, "supersedes": None}
        number = self._keep_report(c, row, text, grade, marking, actor, authority, why)
        body = {name: value for name, value in asdict(known).items() if name not in OF_THE_SOURCE} | {"source_urn": known.urn.strip()}
        recorded.keep(
            self.database, c, t.intelligence_source, {"urn": urn, "origin": str(known.origin), "sighting": sighting, "capture": known.capture},
            body=body, verb=Verb.collection, actor=actor, authority=authority, until=self.retain_until(), category=str(SubjectCategory.witness),
            purpose="source of intelligence", justification=why,
        )  # fmt: skip
        return number

    def _found(
        self, c: Connection, text: str, strings: Collection[SourceString], actor: str, subjects: Mapping[str, Any]
    ) -> list[SourceString]:  # fmt: skip
        """The strings of the source in a text. That some were found is logged: who tries names until one is refused leaves a trace."""
        found = found_in(text, list(strings))
        if found:
            audit.append(
                self.database, c, Verb.consultation, actor=actor, purpose="intelligence refused: it would give its source away",
                subjects=subjects, detail={"strings": len(found)},
            )  # fmt: skip
        return found

    def regrade_report(
        self, urn: str, *, actor: str, authority: str, why: str, grade: Grade | None = None, text: str | None = None, marking: str | None = None
    ) -> Report:  # fmt: skip
        """Keep a report's new grading, text or marking: a row that supersedes the one in force. Raises TouchstoneError as `keep_report` does."""
        if not why.strip():
            raise TouchstoneError("say why the report is graded or worded anew (--why)")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            old = report_of(_in_force(c, urn), None)
            if old.grade is None:
                raise TouchstoneError(f"intelligence report {urn} was erased")
            new = replace(
                old, text=old.text if text is None else text.strip(), grade=grade or old.grade, marking=marking or old.marking, actor=actor,
                supersedes=old.id, at=datetime.now(UTC),
            )  # fmt: skip
            if (new.text, new.grade, new.marking) == (old.text, old.grade, old.marking):
                raise TouchstoneError(f"intelligence report {urn} says this already")
            assert new.grade is not None
            found = self._found(c, new.text, _strings(c, urn), actor, {"intelligence": [old.id]})
            if not found:
                row = {"urn": urn, "case_file": old.case, "supersedes": old.id}
                number = self._keep_report(c, row, new.text, new.grade, new.marking, actor, authority, why)
        refuse_source(found)
        return replace(new, id=number)

    def _keep_report(
        self, c: Connection, row: Mapping[str, Any], text: str, grade: Grade, marking: str, actor: str, authority: str, why: str
    ) -> int:  # fmt: skip
        if not text.strip():
            raise TouchstoneError("an intelligence report says one thing that is known: give its sanitised text")
        codes = {"source": str(grade.source), "information": str(grade.information), "handling": str(grade.handling), "marking": marking}
        return recorded.keep(
            self.database, c, t.intelligence, {**row, **codes}, body={"text": text.strip(), "conditions": grade.conditions.strip()},
            verb=Verb.alteration if row["supersedes"] else Verb.collection, actor=actor, authority=authority, until=self.retain_until("flagged"),
            purpose="intelligence", justification=why,
        )  # fmt: skip


def refuse_source(found: Collection[SourceString]) -> None:
    """Raises TouchstoneError naming each string of the source that a text was found to hold."""
    if found:
        said = "; ".join(f"'{each.value}' ({each.what})" for each in found)
        hint = "; where one is an ordinary word here, name it with --ordinary" if any(each.part for each in found) else ""
        raise TouchstoneError(f"the text would give its source away, by {said}: write it without{hint}")


def _in_force(c: Connection, urn: str) -> Any:
    later = t.intelligence.alias("later")
    joined = t.intelligence.outerjoin(later, later.c.supersedes == t.intelligence.c.id)
    query = select(t.intelligence).select_from(joined).where(t.intelligence.c.urn == urn, later.c.id.is_(None))
    row = c.execute(query).mappings().first()
    if row is None:
        raise TouchstoneError(f"there is no intelligence report '{urn}'; `touchstone intel list` shows what is")
    return row


def _sighting(c: Connection, reference: str) -> int | None:
    if not reference:
        return None
    number: int | None = c.execute(select(t.sighting.c.id).where(t.sighting.c.reference == reference)).scalar()
    if number is None:
        raise TouchstoneError(f"there is no sighting '{reference}' in this store; `touchstone sighting list` shows what is")
    return number


def _named(c: Connection, known: Provenance, case: str | None) -> None:
    if known.capture is not None and c.execute(select(t.capture.c.id).where(t.capture.c.id == known.capture)).first() is None:
        raise TouchstoneError(f"there is no capture {known.capture} in this store")
    if case is not None and c.execute(select(t.case.c.reference).where(t.case.c.reference == case)).first() is None:
        raise TouchstoneError(f"there is no case '{case}'; `touchstone case new` opens one")


def _of_rows(c: Connection, sighting: int | None, capture: int | None) -> list[SourceString]:
    """What rows of the store say of the source: a sighting's informant, its officer where a person told it, its files; a capture's own record."""
    found: list[SourceString] = []
    captures = [] if capture is None else [capture]
    if sighting is not None:
        row = c.execute(select(t.sighting).where(t.sighting.c.id == sighting)).mappings().one()
        found.append(SourceString("the sighting it comes from", row["reference"]))
        for told in c.execute(select(t.informant).where(t.informant.c.sighting == sighting)):
            found += [SourceString("the source", told.name), *contact_strings(told.contact)]
        joined = t.sighting_capture.c
        for file in c.execute(select(joined.capture, joined.filename).where(joined.sighting == sighting)):
            captures.append(file.capture)
            if not file.filename.startswith("row "):
                found.append(SourceString("a file of the sighting", file.filename))
    for r in c.execute(select(t.capture).where(t.capture.c.id.in_(captures))).mappings():
        addresses = {r["url_requested"], r["url_final"]} - {""}
        found += [SourceString("the address of the capture", each) for each in sorted(addresses)]
        found += [SourceString("the record of the capture", r[name]) for name in ("record_id", "body_digest", "run")]
    return [each for each in found if each.value.strip()]


def source_of(c: Connection, urn: str) -> Provenance | None:
    """The source of a report; None where it was erased. For this module, and the one read method that leaves its own event."""
    r = c.execute(select(t.intelligence_source).where(t.intelligence_source.c.urn == urn)).mappings().one()
    if r["body_json"] == ERASED:
        return None
    body = json.loads(r["body_json"])
    reference = c.execute(select(t.sighting.c.reference).where(t.sighting.c.id == r["sighting"])).scalar() or ""
    said: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in body.items()}
    return Provenance(said.pop("source_urn"), Origin(r["origin"]), sighting=reference, capture=r["capture"], **said)


def _strings(c: Connection, urn: str) -> tuple[SourceString, ...]:
    r = c.execute(select(t.intelligence_source).where(t.intelligence_source.c.urn == urn)).mappings().one()
    known = source_of(c, urn)
    return strings_of(known, _of_rows(c, r["sighting"], r["capture"])) if known is not None else ()


LEAST = 5  # letters and digits of what is looked for in everything that leaves: shorter ones stand in every text


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text))


class IntelligenceReads(Reader):
    justification: str
    _record: Callable[[Verb, Mapping[str, Any]], None]

    def reports(
        self, *, case: str | None = None, urns: Collection[str] | None = None, authority: str | None = None, superseded: bool = False,
        after: int = 0, limit: int = 500,
    ) -> list[Report]:  # fmt: skip
        """Intelligence reports in pages by row: as they stand or, with `superseded`, each of their gradings. Their sources are not shown.
        With `authority` only that one's."""
        later = t.intelligence.alias("later")
        joined = t.intelligence.outerjoin(later, later.c.supersedes == t.intelligence.c.id)
        query = select(t.intelligence, later.c.id.label("later")).select_from(joined).where(t.intelligence.c.id > after)
        if case is not None:
            query = query.where(t.intelligence.c.case_file == case)
        if urns is not None:
            query = query.where(t.intelligence.c.urn.in_(urns))
        if authority is not None:
            query = query.where(t.intelligence.c.authority == authority)
        if not superseded:
            query = query.where(later.c.id.is_(None))
        with self.store.database.reading() as c:
            rows = [report_of(r, r["later"]) for r in c.execute(query.order_by(t.intelligence.c.id).limit(limit)).mappings()]
        self.shown("intelligence", (r.id for r in rows))
        return rows

    def report(self, urn: str) -> Report:
        """One report as it stands. Raises TouchstoneError."""
        found = self.reports(urns=[urn])
        if not found:
            raise TouchstoneError(f"there is no intelligence report '{urn}'; `touchstone intel list` shows what is")
        return found[0]

    def report_origin(self, urn: str) -> Origin:
        """From what sort of source a report comes (a capture, a person, a partner), and nothing else of it. Raises TouchstoneError."""
        report = self.report(urn)
        with self.store.database.reading() as c:
            origin = c.execute(select(t.intelligence_source.c.origin).where(t.intelligence_source.c.urn == report.urn)).scalar_one()
        return Origin(origin)

    def fit_to_leave(self, report: Report) -> Report:
        """The report, held once more against all that is known of its source by now. Raises TouchstoneError where it was erased, or it would
        give its source away; the message says of which report, and not what the string is: who prepares a report may not know the source."""
        with self.store.database.reading() as c:
            found = found_in(report.text, _strings(c, report.urn)) if report.text else []
        self.shown("intelligence", [report.id])
        if not report.text:
            raise TouchstoneError(f"intelligence report {report.urn} was erased")
        if found:
            raise TouchstoneError(f"intelligence report {report.urn} would give its source away by now, and stays here: word it anew")
        return report

    def names_informant(self, text: str) -> bool:
        """Whether a text names anybody who told a sighting or is the source of a report, by whole name, contact or handle. Says only that it
        does, never whom."""
        with self.store.database.reading() as c:
            told = c.execute(select(t.informant.c.id, t.informant.c.name, t.informant.c.contact)).all()
            query = select(t.intelligence_source).where(
                t.intelligence_source.c.origin == str(Origin.person), t.intelligence_source.c.body_json != ERASED
            )
            sources = c.execute(query.order_by(t.intelligence_source.c.id)).all()
        people = [(r.name, r.contact) for r in told] + [
            (body["who"], body["contact"]) for r in sources for body in [json.loads(r.body_json)]
        ]
        known = [each for who, contact in people for each in (SourceString("the source", who), *contact_strings(contact))]
        strings = [each for each in known if len(_plain(each.value)) >= LEAST]
        strings += [SourceString(each.what, found.value) for each in strings for found in find_contacts(each.value)]
        self.shown("looked_for_informant", (r.id for r in told))
        self.shown("looked_for_intelligence_source", (r.id for r in sources))
        return bool(found_in(text, strings))

    def intelligence_source(self, urn: str) -> Provenance | None:
        """Where a report comes from; None where that was erased. Leaves an event of its own at once.

        Raises TouchstoneError without a justification: nobody looks up a source in passing.
        """
        if not self.justification.strip():
            raise TouchstoneError("say why you need to know the source (--why): it goes into the log")
        self.shown("intelligence_source", ())  # refused here where the reading is over
        with self.store.database.reading() as c:
            number = c.execute(select(t.intelligence_source.c.id).where(t.intelligence_source.c.urn == urn)).scalar()
            if number is None:
                raise TouchstoneError(f"there is no intelligence report '{urn}'; `touchstone intel list` shows what is")
            found = source_of(c, urn)
        self._record(Verb.consultation, {"informant": True, "intelligence_source": number})
        return found
