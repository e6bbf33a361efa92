"""`touchstone case export`: an evidence pack that others can check without us, and the digest to quote on paper."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import casework.verify as verifier
from casework import pdf
from casework.export import bag, gaps, log, making, render, tables
from casework.export.contents import Contents, write_contents
from casework.export.gather import Material, gather
from casework.export.limits import markdown
from casework.export.making import PURPOSE, Making
from casework.export.parts import parts
from casework.export.rows import Row, scrub
from casework.export.shown import few, shown_time, words_of
from casework.export.summary import Summary
from casework.transparency import task
from crawler.clock import sentence
from detectors.pictures.drawing import LINES
from store.config import Home
from store.database import numbers_in
from store.errors import TouchstoneError
from store.seals import Seal
from store.store import Store
from store.words.records import Authority, SubjectKind, canonical

__all__ = ["STAGES", "ExportResult", "export"]

CAPTURING = ("crawl", "capture", "screenshot")  # passes that ask sites, and measure the clock when they begin
Progress = Callable[[str, int, int | None], None]  # what, how many done, of how many
# What an export does, in this order; each is said as it begins
STAGES = ("what the exhibits rest on", "records, pages and pictures", "rows, log and summary", "the check that its reader will make", "zip")


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A pack that was made. `head` is to be printed, and quoted on paper; it is the same for every pack of one `seal`, the event at which the
    case was sealed. `notes` are sentences for the officer."""

    folder: Path
    head: str
    seal: int
    pdf: Path | None
    notes: tuple[str, ...] = ()
    zipped: Path | None = None


def export(
    store: Store,
    home: Home,
    case_reference: str,
    out: Path,
    *,
    actor: str,
    justification: str,
    seal: int | None = None,
    progress: Progress | None = None,
    zipped: bool = True,
) -> ExportResult:
    """Make the pack of a case as sealed at event `seal` in the new folder `out` (and `out`.zip beside it), and record that it was disclosed.

    Without `seal` the case is sealed first, as it stands. Raises TouchstoneError for an unknown case or seal, a case without exhibits, an empty
    justification, a folder that is not empty, or a log that does not hold: no pack is left behind then, though a seal that was made stays.
    """
    case = store.case(case_reference)
    if not justification.strip():
        raise TouchstoneError("an export hands personal data on (DPA 2018 s.62): say why (`--why`)")
    store.actor(actor)
    allowed = store.approved("export", case.reference, actor)
    target = out.with_name(out.name + ".zip")
    for taken in (out, *([target] if zipped else [])):
        if taken.exists() and (not taken.is_dir() or any(taken.iterdir())):
            raise TouchstoneError(
                f"{taken} exists already; give another with `--out`, since a pack is never overwritten or mixed with another"
            )

    def say(stage: str) -> None:
        if progress:
            progress(stage, 1, 1)

    notes = []
    if seal is None:
        sealed = store.seal_case(case.reference, actor=actor, why=justification)
        notes.append(f"The case was sealed at event {sealed.event}: `--seal {sealed.event}` makes the same pack again")
    else:
        sealed = store.seal(case.reference, seal)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))  # of this export alone: another may be under way
    part.chmod(0o755)
    try:
        with (
            store.no_erasure(),  # none moves a record while it is copied
            store.as_of(sealed),
            store.acting(actor, purpose=PURPOSE, justification=justification, case=case.reference) as reader,
        ):
            say(STAGES[0])
            material = gather(store, reader, case, sealed, parts())
            say(STAGES[1])
            data = part / bag.PAYLOAD
            data.mkdir()
            contents = write_contents(store, reader, material, data, sealed, " ".join(bag.tool().values()))
            say(STAGES[2])
            authority = store.authority(case.authority)
            notes += _write_words(store, home, authority, material, contents, data, sealed)
            end = log.write_log(store, material, data / "log.jsonl", 0, sealed.event)
            shutil.copyfile(verifier.__file__, part / "verify.py")
            render.write_welcome(part / "README.txt", {"case": case, "seal": sealed, "authority": authority, "time": shown_time})
            head = bag.write_bag(part, case=case.reference, authority=authority.name, seal=sealed.event, log=end)
            counts = {"exhibits": len(material.exhibits), "captures": len(material.captures), "format": bag.FORMAT}
            holds = log.case_rows(material)
            reader.disclose(f"evidence pack of case {case.reference}", {**counts, "seal": sealed.event, "head": head}, holds)
        making.write_export(Making(store, home, sealed, part, head, actor, notes), material)
        say(STAGES[3])
        _check(part, head)
        if out.exists():
            out.rmdir()
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    if allowed is not None:
        store.close_proposal(allowed, "done", actor=actor)
    if zipped:
        say(STAGES[4])
        bag.write_zip(out, target)
    made = out / bag.PAYLOAD / "summary.pdf"
    return ExportResult(out, head, sealed.event, made if made.exists() else None, tuple(notes), target if zipped else None)


def _write_words(store: Store, home: Home, authority: Authority, m: Material, contents: Contents, data: Path, seal: Seal) -> list[str]:
    """Rows, gaps, limits and summaries, none of which says when the pack was made; notes for the officer."""
    own = (home.folder, store.archive.folder, data.parent.parent.absolute())
    texts = {
        row["capture"]: words_of((data / row["file"]).read_text(row["charset"], "replace")) for row in contents.pages if row["charset"]
    }
    rows = tables.tables(store, m, authority, contents, seal=seal, folders=own)
    missing = [
        row | {"why": scrub(row["why"], own)}
        for row in [*gaps.not_examined(store, m), *gaps.unread_contacts(m, contents.pages, data), *gaps.unread_pages(m.more["searches"])]
    ]
    m.gaps[:] = [row | {"why": scrub(row["why"], own)} for row in m.gaps]
    tables.write_tables(rows, data / "rows")
    for name, content in sorted(m.files.items()):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
    (data / "gaps.json").write_bytes(canonical({"not_examined": missing, "not_in_pack": m.gaps}) + b"\n")
    names = {a["id"]: f"{a['name']}, {a['role']}" for a in rows["actors"]}
    methods = {r["id"]: r for r in rows["methods"]}
    custody, collected = log.custody(store, m, seal.event)
    at = {row["capture"]: row["file"] for row in contents.records.rows if row["capture"] is not None}
    summary = Summary(
        m,
        authority,
        names,
        contents.pictures,
        contents.pages,
        at,
        methods,
        missing,
        collected,
        contents.matches,
        texts,
        runs={r["id"]: r for r in rows["runs"]},
    )
    context = _context(summary, rows, seal, contents, custody) | {"custody": custody}
    render.write_limits(data, markdown(), m.case.reference)
    render.write_readme(data, context)
    for each in parts():
        if each.page:
            render.write_part(data, each.name, each.title, context)
    said = pdf.write_pdf(render.summary_text(context), data)
    notes = [said] if said else []
    if m.gaps or missing:
        notes.append(f"{len(missing)} things were not examined and {len(m.gaps)} are not in the pack; gaps.json and README.html say which")
    return notes


def _context(
    summary: Summary, rows: dict[str, list[Row]], seal: Seal, contents: Contents, custody: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    m = summary.material
    opened = {row["capture"]: row.get("view", row["file"]) for row in [*contents.handed, *contents.pages]}
    return {
        "case": m.case,
        "authority": summary.authority,
        "opened": shown_time(m.case.opened_at),
        "sealed": seal.event,
        "sealed_at": shown_time(seal.at),
        "sealed_by": summary.who(seal.actor),
        "tool": bag.tool(),
        "exhibits": summary.exhibits(),
        "others": summary.others(),
        "missing": summary.gaps,
        "at_source": lambda capture: m.captures[capture].source,
        "joining": sorted(set(m.joined.values()) - {event["seq"] for event in custody}),
        "unread": [row for row in summary.gaps if "page" in row],
        "cited_pages": len({m.captures[row["capture"]].url_final for row in contents.pages} - summary.addresses()),
        "added": {
            n: event for event in custody if event["purpose"] == "reference log" for n in numbers_in(event["subjects"].get("reference", ""))
        },
        "missing_elsewhere": [row for row in summary.gaps if row.get("listing") not in m.of(SubjectKind.listing)],
        "absent": m.gaps,
        "methods": rows["methods"],
        "runs": rows["runs"],
        "sellers_of_case": m.sellers,
        "registers": rows["registers"],
        "time": shown_time,
        "clock": sentence,
        "front": (front := summary.front()),
        "clocks": sorted({sentence(row["clock"]) for row in rows["runs"] if row["id"] in front["runs"] and row["pass_name"] in CAPTURING}),
        "starters": sorted({summary.who(row["actor"]) for row in rows["runs"] if row["id"] in front["runs"]}),
        "programs": sorted({row["code_version"] for row in rows["runs"] if row["id"] in front["runs"]}),
        "capturing": CAPTURING,
        "task": task,
        "few": few,
        "lines_at_most": LINES,
        "parts_of_pack": parts(),
        "rows": rows,
        "who": summary.who,
        "at_file": lambda capture: opened.get(capture) or contents.pictures.get(m.captures[capture].body_digest) or "",
        "picture_file": summary.picture_file,
        "judgements_by_id": {row["id"]: row for row in rows["judgements"]},
        "methods_by_id": {row["id"]: row for row in rows["methods"]},
        "judges": len({row["actor"] for row in rows["judgements"]}),
    }


def _check(folder: Path, head: str) -> None:
    report = verifier.verify(folder, head)
    if not report.accepted:
        first = "; ".join(map(str, report.problems[:3]))
        raise TouchstoneError(f"the pack does not pass its own check, so none was made ({len(report.problems)} problems): {first}")
