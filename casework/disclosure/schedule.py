"""The schedules of a case: material numbered once, decided by people, written out in editions (CPIA 1996 and its code; practice § 2).

Every item is on exactly one of four: used, non-sensitive unused (MG6C), sensitive (MG6D), or not decided yet, which is no schedule that anybody is
served with. The numbers run through all four. What names an informant is taken out of every word before anything is kept.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from casework.apart import Apart
from casework.disclosure.material import Thing, block_text, spans, things_of
from casework.disclosure.settings import Settings, read_settings
from casework.documents import Block, Document, Fields, Heading, Paragraph, Signature, Table, write
from casework.exhibits import custody_of
from store.config import Home
from store.disclosure import Decision, Edition, Item, Standing, Undermines
from store.errors import TouchstoneError
from store.relevant import Relevant
from store.store import Acting, Store
from store.words.cells import safe_cell
from store.words.records import Case

PURPOSE = "disclosure"
SCHEDULE = {Standing.used: "used", Standing.unused: "mg6c", Standing.sensitive: "mg6d", Standing.undecided: "undecided"}
SERVED = ("used", "mg6c")  # the others are for the prosecutor, and lie in a folder of their own
COLUMNS = ("number", "description", "date", "location_held", "content_summary", "may_undermine_or_assist", "reason")
_ITEM = re.compile(r"(\d+)(?:-(\d+))?|([a-z_]+:[\w.-]+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as a schedule has it. `suggested` are the prompts in words; `by` decided it, "" where nobody has."""

    number: int
    schedule: str
    description: str
    date: str
    location_held: str
    content_summary: str
    may_undermine_or_assist: str  # yes | no | undecided
    reason: str
    suggested: tuple[str, ...]
    sensitive_because: str
    things: tuple[str, ...]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Schedules:
    """All entries of a case, in order of their numbers; `notes` are sentences for the officer."""

    case: Case
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    def on(self, schedule: str) -> list[Entry]:
        return [one for one in self.entries if one.schedule == schedule]

    def body(self) -> dict[str, Any]:
        """What an edition keeps."""
        return {"case": self.case.reference, "items": [json.loads(json.dumps(asdict(one))) for one in self.entries]}


@dataclass(frozen=True, slots=True)
class Written:
    edition: Edition
    schedules: Schedules
    files: tuple[Path, ...]


def number(
    store: Store, home: Home, reader: Acting, case: str, archive: bool = True
) -> tuple[dict[str, Thing], list[Item], Relevant]:  # fmt: skip
    """Give new material its numbers, and take out of its block what meets a prompt by now; the things, the items, the rows.

    Without `archive` the kept bytes are not held against their digests, which reads all of them: no prompt then says that one differs.
    """
    settings, relevant = read_settings(home), reader.relevant(case)
    broken = {one.exhibit.id: one.breaks for one in custody_of(reader, reader.exhibits(case), case) if one.exhibit.id is not None}
    things = things_of(relevant, settings, store.verify() if archive else [], broken)
    items = reader.disclosure_items(case)
    counted = {thing: item.block for item in items for thing in item.things}
    fresh = [one for one in things.values() if one.key not in counted or (counted[one.key] and not one.block)]
    single = [("", (one.key,)) for one in fresh if not one.block]
    blocks: dict[str, list[str]] = {}
    for one in fresh:
        if one.block:
            blocks.setdefault(one.block, []).append(one.key)
    given = [*single, *((block, tuple(keys)) for block, keys in sorted(blocks.items()))]
    if given:
        store.number_items(case, given, actor=reader.actor.id)
        items = reader.disclosure_items(case)
    return things, items, relevant


def schedules_of(store: Store, home: Home, reader: Acting, case_reference: str, *, archive: bool = True) -> Schedules:
    """The case's material, each item on its schedule. New material is numbered by it; `archive` as for `number`.

    Raises TouchstoneError: no such case, no justification.
    """
    case, settings = store.case(case_reference), read_settings(home)
    things, items, relevant = number(store, home, reader, case.reference, archive)
    apart = _apart(reader, relevant)
    before = {one["number"]: one for edition in reader.disclosure_editions(case.reference) for one in edition.body.get("items", ())}
    notes: list[str] = []
    entries: list[Entry] = []
    for item in items:
        entry = _entry(item, things, settings, before.get(item.number))
        clean = _clean(entry, apart)
        if clean != entry:
            notes.append(f"item {item.number}: a mention of who gave information was taken out of its words")
        entries.append(clean)
    undecided = sum(one.schedule == "undecided" for one in entries)
    asked = sum(one.may_undermine_or_assist == "undecided" and one.schedule in ("mg6c", "mg6d") for one in entries)
    notes += [f"{undecided} items are not decided yet: they are on no schedule that is served"] if undecided else []
    notes += [f"of {asked} unused items nobody has said whether they may undermine or assist"] if asked else []
    return Schedules(case, tuple(entries), tuple(notes))


def _apart(reader: Acting, m: Relevant) -> list[Apart]:
    """Those who gave the case's sightings, to be kept out of every word; each look is an event of its own."""
    told = sorted({row["sighting"] for row in m.of("informant").values()})
    return [Apart(who) for who in map(reader.informant, told) if who is not None]


def _clean(entry: Entry, apart: Sequence[Apart]) -> Entry:
    def clean(text: str) -> str:
        for each in apart:
            text = each.without(text)
        return text

    return replace(
        entry, description=clean(entry.description), content_summary=clean(entry.content_summary), reason=clean(entry.reason),
        sensitive_because=clean(entry.sensitive_because),
    )  # fmt: skip


def _entry(item: Item, things: Mapping[str, Thing], settings: Settings, before: Mapping[str, Any] | None) -> Entry:
    mine = [things[key] for key in item.things if key in things]
    decision = item.decision
    because = decision.sensitivity if decision else next((one.sensitive for one in mine if one.sensitive), "")
    standing = decision.standing if decision else Standing.sensitive if because else Standing.undecided
    if not item.things:
        text, date, held, summary = f"Each thing of this entry ({item.block}) is an item of its own by now", "", "", ""
    elif not mine:
        said = f"It was described as: {before['description']}" if before else ""
        text, date, held, summary = (
            f"No longer reached from the case: {', '.join(item.things[:3])}",
            before["date"] if before else "",
            before["location_held"] if before else "",
            said,
        )
    elif item.block:
        text, date, summary = block_text(item.block, mine)
        held = mine[0].held.partition(",")[0]
    else:
        one = mine[0]
        text, date, held, summary = one.text, one.date, one.held, one.summary
    codes = list(dict.fromkeys(code for one in mine for code in one.prompts))
    return Entry(
        item.number, SCHEDULE[standing], decision.description if decision and decision.description else text, date, held,
        summary if not (decision and decision.description and standing is not Standing.sensitive) else "",
        str(decision.undermines) if decision else "undecided", decision.reason if decision else "",
        tuple(settings.prompts[code] for code in codes), because, item.things, decision.by if decision else "",
    )  # fmt: skip


# -- deciding --------------------------------------------------------------------------------------------------------------
def decide(
    store: Store, home: Home, case: str, asked: Sequence[str], *, standing: Standing | None, undermines: Undermines | None, because: str = "",
    sensitive_because: str = "", description: str = "", by: str, why: str,
) -> list[int]:  # fmt: skip
    """A person decides of items, by number (`3`, `5-9`) or thing (`finding:12`, which is taken out of its block); the numbers.

    What is not said stands as it was decided before. Raises TouchstoneError: nothing decided of an item yet and no standing, an informant on
    MG6C, material that is sensitive by default put elsewhere without why, a "no" to what is suggested without why, a description of many.
    """
    settings = read_settings(home)
    with store.acting(by, purpose="disclosure decide", justification=why, case=case) as reader:
        things, items, _ = number(store, home, reader, case)
        wanted = _wanted(store, case, asked, items, by)
        items = reader.disclosure_items(case)
    if description and len(wanted) > 1:
        raise TouchstoneError("a description is of one item: each item is described on its own")
    by_number = {item.number: item for item in items}
    said = {n: _said(by_number[n], things, settings, standing, undermines, because, sensitive_because, description) for n in wanted}
    for n, words in said.items():
        store.decide_item(case, n, **words, actor=by, authority=home.settings.authority.code)
    return wanted


def _wanted(store: Store, case: str, asked: Sequence[str], items: Sequence[Item], by: str) -> list[int]:
    known = {item.number for item in items}
    holds = {thing: item for item in items for thing in item.things}
    out: list[int] = []
    for word in asked:
        found = _ITEM.fullmatch(word)
        if not found:
            raise TouchstoneError(f"'{word}' names no item: write its number (3), several (5-9), or a thing (finding:12)")
        first, last, thing = found.groups()
        if thing:
            if thing not in holds:
                raise TouchstoneError(
                    f"'{thing}' is not among the material of case '{case}'; `touchstone disclosure list {case}` shows what is"
                )
            item = holds[thing]
            out += store.number_items(case, [("", (thing,))], actor=by) if item.block else [item.number]
        else:
            numbers = range(int(first), int(last or first) + 1)
            if missing := [n for n in numbers if n not in known]:
                raise TouchstoneError(f"case '{case}' has no item {missing[0]}; its items are 1 to {max(known, default=0)}")
            out += numbers
    return list(dict.fromkeys(out))


def _said(
    item: Item, things: Mapping[str, Thing], settings: Settings, standing: Standing | None, undermines: Undermines | None, because: str,
    sensitive_because: str, description: str,
) -> dict[str, Any]:  # fmt: skip
    old: Decision | None = item.decision
    mine = [things[key] for key in item.things if key in things]
    default = next((one.sensitive for one in mine if one.sensitive), "")
    stands = standing or (old.standing if old else None)
    if stands is None:
        raise TouchstoneError(f"item {item.number}: nobody has decided of it yet: say --standing used, unused or sensitive")
    because = because or (old.reason if old else "")
    says = undermines or (old.undermines if old else Undermines.undecided)
    if stands is Standing.unused and any(one.table in settings.never_unused for one in mine):
        raise TouchstoneError(
            f"item {item.number}: {default or 'it is sensitive'}; it is never put on the schedule of non-sensitive material"
        )
    if default and stands in (Standing.unused, Standing.used) and not because.strip():
        raise TouchstoneError(f"item {item.number} is sensitive unless somebody says why not ({default}): say so with --because")
    codes = [code for one in mine for code in one.prompts]
    if says is Undermines.no and codes and not because.strip():
        raise TouchstoneError(f"item {item.number}: {settings.prompts[codes[0]]}; say with --because why it cannot undermine or assist")
    sensitivity = (sensitive_because or (old.sensitivity if old else "") or default) if stands is Standing.sensitive else sensitive_because
    text = description or (old.description if old else "")
    return {"standing": stands, "undermines": says, "reason": because, "sensitivity": sensitivity, "description": text}


# -- writing out -----------------------------------------------------------------------------------------------------------
def write_schedules(
    store: Store, home: Home, case_reference: str, out: Path, *, by: str, why: str, progress: Callable[..., None] | None = None
) -> Written:
    """Keep a new edition and write it: `served/` (used, MG6C) and `prosecutor/` (MG6D, MG6E, what is undecided) as DOCX, PDF, CSV and JSON.

    Raises TouchstoneError: no such case, no justification, a folder that is not empty.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TouchstoneError(
            f"{out} is there already: an edition of schedules is never written over another; give another folder with --out"
        )
    if not why.strip():
        raise TouchstoneError("schedules hold personal data and are handed on (DPA 2018 s.62): say why (--why)")
    settings = read_settings(home)
    with store.acting(by, purpose=PURPOSE, justification=why, case=case_reference) as reader:
        schedules = schedules_of(store, home, reader, case_reference)
        edition = store.keep_edition(case_reference, schedules.body(), actor=by)
        reader.disclose(f"disclosure schedules of case {case_reference}", {"edition": edition.number, "items": len(schedules.entries)})
    files: list[Path] = []
    for name in settings.schedules:
        folder = out / ("served" if name in SERVED else "prosecutor")
        folder.mkdir(parents=True, exist_ok=True)
        if progress:
            progress(settings.schedules[name].title, 1, 1)
        files += _write_one(name, schedules, edition, settings, home.settings.authority.name, folder)
    return Written(edition, schedules, tuple(files))


def _write_one(name: str, s: Schedules, edition: Edition, settings: Settings, authority: str, folder: Path) -> list[Path]:
    shown = s.on(name) if name != "mg6e" else _report(s)
    files = write(document(name, s, edition, settings, authority), folder, name)
    sensitive = name in ("mg6d", "mg6e", "undecided")
    rows = [_row(one, sensitive) for one in shown]
    (folder / f"{name}.csv").write_text(_csv(rows, sensitive), encoding="utf-8")
    said = {"case": s.case.reference, "schedule": name, "edition": edition.number, "digest_of_edition": edition.digest, "items": rows}
    (folder / f"{name}.json").write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return [*files, folder / f"{name}.csv", folder / f"{name}.json"]


def _row(one: Entry, sensitive: bool) -> dict[str, Any]:
    """An item as a file has it. Why something is sensitive, and what is suggested of it, is nobody's but the prosecutor's."""
    row: dict[str, Any] = {name: getattr(one, name) for name in COLUMNS}
    if sensitive:
        row |= {
            "schedule": one.schedule,
            "sensitive_because": one.sensitive_because,
            "suggested": list(one.suggested),
            "decided_by": one.by,
        }
    return row


def _csv(rows: Iterable[Mapping[str, Any]], sensitive: bool) -> str:
    columns = [*COLUMNS, *(("schedule", "sensitive_because", "suggested", "decided_by") if sensitive else ())]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_cell("; ".join(v) if isinstance(v, list) else v) for v in (row[name] for name in columns)])
    return text.getvalue()


def _report(s: Schedules) -> list[Entry]:
    """What the disclosure officer points out: unused material that may undermine or assist, or of which nobody has said whether it may."""
    return [
        one
        for one in s.entries
        if one.schedule != "used"
        and (one.may_undermine_or_assist == "yes" or (one.may_undermine_or_assist == "undecided" and one.suggested))
    ]


def document(name: str, s: Schedules, edition: Edition, settings: Settings, authority: str) -> Document:
    """One schedule as a document for people. It is a draft until nothing of it is undecided; a person signs it."""
    form = settings.schedules[name]
    shown = s.on(name) if name != "mg6e" else _report(s)
    spread = spans(f"item:{one.number}" for one in shown)
    head: list[tuple[str, str | None]] = [
        ("Case", f"{s.case.reference}: {s.case.title}"), ("Held by", authority), ("Edition", f"{edition.number} of {edition.at:%d %B %Y, %H:%M} UTC"),
        ("Digest of the edition (SHA-256)", edition.digest), ("Disclosure officer", None), ("Items here", spread or "none"),
        ("Items of the case", f"1 to {len(s.entries)}, numbered through all schedules"),
    ]  # fmt: skip
    blocks: list[Block] = [Fields(head)]
    undecided = [
        one
        for one in s.entries
        if one.schedule == "undecided" or (one.schedule in ("mg6c", "mg6d") and one.may_undermine_or_assist == "undecided")
    ]
    if name == "mg6e":
        blocks += _officers_report(s, shown, undecided, settings)
    elif not shown:
        blocks.append(Paragraph("No item of the case is on this schedule."))
    else:
        blocks.append(_items(name, shown))
    if name == "mg6c":
        blocks.append(
            Paragraph("Sensitive material, if there is any, is on another schedule, so that numbers may be missing here.", small=True)
        )
    if name != "undecided":
        blocks.append(Signature(["Signed (disclosure officer)", "Date"]))
    draft = bool([one for one in undecided if name == "mg6e" or one in shown])
    return Document(form.title, blocks, marking=form.marking, draft=draft, reference=f"{s.case.reference}, edition {edition.number}")


def _items(name: str, shown: Sequence[Entry]) -> Table:
    columns, widths = ["No.", "Description", "Date", "Held at", "What it says"], [0.75, 2.3, 1.6, 1.4, 2.9]
    if name == "used":
        rows = [[str(e.number), e.description, e.date, e.location_held, e.content_summary] for e in shown]
        return Table(columns, rows, widths)
    last = {
        "mg6c": "May undermine or assist",
        "mg6d": "Why it is sensitive; may undermine or assist",
        "undecided": "Suggested, to be decided",
    }[name]
    rows = [[str(e.number), e.description, e.date, e.location_held, e.content_summary, _last(name, e)] for e in shown]
    return Table([*columns, last], rows, [*widths, 1.9])


def _last(name: str, e: Entry) -> str:
    if name == "undecided":
        return "; ".join(e.suggested) or "nothing"
    said = {"yes": "Yes", "no": "No", "undecided": "Not decided yet"}[e.may_undermine_or_assist]
    said = f"{said}: {e.reason}" if e.reason else said
    return f"{e.sensitive_because}. {said}" if name == "mg6d" else said


def _officers_report(s: Schedules, shown: Sequence[Entry], undecided: Sequence[Entry], settings: Settings) -> list[Block]:
    names = {"mg6c": "MG6C", "mg6d": "MG6D", "undecided": "none yet"}
    blocks: list[Block] = [Heading("Items that may undermine the prosecution or assist the accused")]
    rows = [[str(e.number), names[e.schedule], e.description, e.reason, e.by] for e in shown if e.may_undermine_or_assist == "yes"]
    blocks.append(
        Table(["No.", "Schedule", "Description", "Why", "Decided by"], rows, [0.7, 1.35, 3, 3, 1.2])
        if rows
        else Paragraph("None has been decided to be so.")
    )
    open_ones = [e for e in shown if e.may_undermine_or_assist == "undecided"]
    blocks.append(Heading("Items that the software suggests, and of which nobody has decided"))
    rows = [[str(e.number), names[e.schedule], e.description, "; ".join(e.suggested)] for e in open_ones]
    blocks.append(Table(["No.", "Schedule", "Description", "Suggested because"], rows, [0.7, 1.35, 3, 3]) if rows else Paragraph("None."))
    counts = [(settings.schedules[name].title, str(len(s.on(name)))) for name in ("used", "mg6c", "mg6d", "undecided")]
    blocks += [Heading("Items by schedule"), Fields(counts)]
    if undecided:
        blocks.append(
            Paragraph(
                f"Of {len(undecided)} items something is still to be decided. The certificate below cannot be signed before that.",
                strong=True,
            )
        )
    return [*blocks, Heading("Certificate"), Paragraph(settings.certificate), Fields([("Name and rank or post", None)])]
