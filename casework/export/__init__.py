"""`touchstone case export`: an evidence pack that others can check without us, and the digest to quote on paper."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import casework.verify as verifier
from casework.export import gaps, log, pdf, render, seal, tables
from casework.export.contents import Contents, write_contents
from casework.export.gather import Material, gather
from casework.export.limits import markdown
from casework.export.rows import Row, scrub, when
from casework.export.summary import Summary, shown_time
from crawler.clock import sentence
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Verb, canonical

__all__ = ["ExportResult", "export"]

PURPOSE = "case export"
Progress = Callable[[str, int, int | None], None]  # what, how many done, of how many


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A pack that was made. `head` is to be printed, and quoted on paper; `notes` are sentences for the officer."""

    folder: Path
    head: str
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
    progress: Progress | None = None,
    zipped: bool = True,
) -> ExportResult:
    """Make the pack of a case in the new folder `out` (and `out`.zip beside it), and record that it was disclosed.

    Raises TouchstoneError for an unknown case, one without exhibits, an empty justification, a folder that is not empty, or a
    log that does not hold: nothing is left behind then.
    """
    case = store.case(case_reference)
    if not justification.strip():
        raise TouchstoneError("an export hands personal data on (DPA 2018 s.62): say why (`--why`)")
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

    sealed = store.log_head()[0]
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))  # of this export alone: another may be under way
    part.chmod(0o755)
    try:
        with store.acting(actor, purpose=PURPOSE, justification=justification, case=case.reference) as reader:
            say("what the exhibits rest on")
            material = gather(store, reader, case)
            say("records, pages and pictures")
            contents = write_contents(store, reader, material, part)
            counts = {"exhibits": len(material.exhibits), "captures": len(material.captures), "format": seal.FORMAT}
            reader.disclose(f"evidence pack of case {case.reference}", counts)
        say("rows, log and summary")
        notes = _write_words(store, home, material, contents, part, sealed)
        event = _own_event(store, sealed, actor, case.reference)
        end = log.write_log(store, material, part / "log.jsonl")
        shutil.copyfile(verifier.__file__, part / "verify.py")
        head = seal.write_head(part, case=case.reference, log=end, made_at=event["at"], export_event=event["seq"])
        say("the check that its reader will make")
        _check(part, head)
        if out.exists():
            out.rmdir()
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    if allowed is not None:
        store.close_proposal(allowed, "done", actor=actor)
    if zipped:
        say("zip")
        seal.write_zip(out, target)
    made = out / "summary.pdf"
    return ExportResult(out, head, made if made.exists() else None, tuple(notes), target if zipped else None)


def _write_words(store: Store, home: Home, m: Material, contents: Contents, folder: Path, sealed: int) -> list[str]:
    """Rows, gaps, limits and summaries, none of which says when the pack was made; notes for the officer."""
    own = (home.folder, store.archive.folder, folder.parent.absolute())
    authority = home.settings.authority
    rows = tables.tables(
        store,
        m,
        authority,
        records=contents.records,
        files=contents.pictures,
        tied=contents.tied,
        pages=contents.pages,
        matches=contents.matches,
        sealed=sealed,
        folders=own,
    )
    missing = [row | {"why": scrub(row["why"], own)} for row in gaps.not_examined(store, m)]
    m.gaps[:] = [row | {"why": scrub(row["why"], own)} for row in m.gaps]
    tables.write_tables(rows, folder / "data")
    (folder / "gaps.json").write_bytes(canonical({"not_examined": missing, "not_in_pack": m.gaps}) + b"\n")
    names = {a["id"]: f"{a['name']}, {a['role']}" for a in rows["actors"]}
    methods = {r["id"]: r for r in rows["methods"]}
    custody, collected = log.custody(store, m, sealed)
    summary = Summary(
        m, authority, names, contents.pictures, contents.pages, contents.records, methods, missing, collected, contents.matches
    )
    context = _context(store, summary, rows, sealed) | {"custody": custody}
    render.write_limits(folder, markdown(), m.case.reference)
    render.write_readme(folder, context)
    said = pdf.write_pdf(render.summary_text(context), folder)
    notes = [said] if said else []
    if m.gaps or missing:
        notes.append(f"{len(missing)} things were not examined and {len(m.gaps)} are not in the pack; gaps.json and README.html say which")
    return notes


def _context(store: Store, summary: Summary, rows: dict[str, list[Row]], sealed: int) -> dict[str, Any]:
    m = summary.material
    newest = store.log(sealed - 1, 1) if sealed else []
    at = newest[0].body["at"] if newest else when(m.case.opened_at) if m.case.opened_at else None
    return {
        "case": m.case,
        "authority": summary.authority,
        "opened": shown_time(m.case.opened_at),
        "sealed": sealed,
        "sealed_at": shown_time(at),
        "tool": seal.tool(),
        "exhibits": summary.exhibits(),
        "others": summary.others(),
        "missing": summary.gaps,
        "absent": m.gaps,
        "methods": rows["methods"],
        "runs": rows["runs"],
        "sellers_of_case": m.sellers,
        "registers": rows["registers"],
        "time": shown_time,
        "clock": sentence,
    }


def _own_event(store: Store, after: int, actor: str, case: str) -> dict[str, Any]:
    """The disclosure that this export recorded: other passes may have written to the log meanwhile."""
    wanted = {"verb": str(Verb.disclosure), "actor": actor, "case": case, "purpose": PURPOSE}
    mine = [e.body for e in log.events(store, store.log_head()[0], after) if all(e.body.get(k) == v for k, v in wanted.items())]
    return dict(mine[-1])


def _check(folder: Path, head: str) -> None:
    report = verifier.verify(folder, head)
    if not report.accepted:
        first = "; ".join(map(str, report.problems[:3]))
        raise TouchstoneError(f"the pack does not pass its own check, so none was made ({len(report.problems)} problems): {first}")
