"""`touchstone case export`: an evidence pack that others can check without us, and the digest to quote on paper."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import casework.verify as verifier
from casework.export import gaps, log, pages, pdf, records, render, seal, tables
from casework.export.gather import Material, gather
from casework.export.limits import markdown
from casework.export.rows import Row, scrub, when
from casework.export.summary import Summary, shown_time
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.records import Authority, canonical

__all__ = ["ExportResult", "export"]

SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/avif": ".avif", "image/bmp": ".bmp", "image/tiff": ".tif"}
Progress = Callable[[str, int, int | None], None]  # what, how many done, of how many


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A pack that was made. `head` is to be printed, and quoted on paper; `notes` are sentences for the officer."""

    folder: Path
    head: str
    pdf: Path | None
    notes: tuple[str, ...] = ()
    zipped: Path | None = None


@dataclass
class _Written:
    """Where things came to lie in the pack."""

    records: dict[int, Row | None] = field(default_factory=dict)
    pictures: dict[str, str | None] = field(default_factory=dict)
    tied: dict[str, list[int]] = field(default_factory=dict)
    pages: list[Row] = field(default_factory=list)


def export(
    store: Store, home: Home, case_reference: str, out: Path, *, actor: str, justification: str, progress: Progress | None = None, zipped: bool = True,
) -> ExportResult:  # fmt: skip
    """Make the pack of a case in the new folder `out` (and `out`.zip beside it), and record that it was disclosed.

    Raises TouchstoneError for an unknown case, one without exhibits, an empty justification, a folder that is not empty, or a
    log that does not hold: nothing is left behind then.
    """
    say = _stages(progress)
    case = store.case(case_reference)
    if not justification.strip():
        raise TouchstoneError("an export hands personal data on (DPA 2018 s.62): say why (`--why`)")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TouchstoneError(f"{out} exists already; give a folder that does not, since a pack is never mixed with another")
    sealed = store.log_head()[0]
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        with store.acting(actor, purpose="case export", justification=justification, case=case.reference) as reader:
            say("gathering what the exhibits rest on")
            material = gather(store, reader, case)
            say("copying records, pages and pictures")
            written = _write_bytes(store, reader, material, part)
            reader.disclose(f"evidence pack of case {case.reference}", {"exhibits": len(material.exhibits), "captures": len(material.captures), "format": seal.FORMAT})
            event = store.log_head()[0]  # no other event can be the one: it is looked for again, by what it says, below
        event = _own_event(store, sealed, event, actor, case.reference)
        result = _finish(store, home, material, written, part, sealed=sealed, event=event, say=say)
        say("checking the pack as its reader will")
        _check(part, result.head)
        if out.exists():
            out.rmdir()
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    target = None
    if zipped:
        say("zipping")
        target = out.with_name(out.name + ".zip")
        seal.write_zip(out, target)
    return ExportResult(out, result.head, out / "summary.pdf" if result.pdf else None, result.notes, target)


def _stages(progress: Progress | None) -> Callable[[str], None]:
    done = 0

    def say(stage: str) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(stage, 1, 1)

    return say


def _own_event(store: Store, after: int, upto: int, actor: str, case: str) -> int:
    """The number of the disclosure that this export recorded: other passes may have written to the log meanwhile."""
    mine = [
        e.seq for e in store.log(after)
        if e.seq <= upto and e.body["verb"] == "disclosure" and e.body["actor"] == actor and e.body["case"] == case and e.body["purpose"] == "case export"
    ]  # fmt: skip
    return mine[-1]


def _write_bytes(store: Store, reader: Acting, m: Material, folder: Path) -> _Written:
    written = _Written(records.copy_records(store, reader, m, folder / "warc"))
    (folder / "pages").mkdir()
    (folder / "images").mkdir()
    decoded: dict[str, list[int]] = {}
    for number, capture in sorted(m.captures.items()):
        if written.records[number] is None:
            continue
        payload = reader.payload(number)
        body = pages.undo_encoding(payload, capture)
        if body is not None:
            decoded.setdefault(hashlib.sha256(body).hexdigest(), []).append(number)
        if pages.is_page(capture) and m.uses[number] != ["payload"]:
            _write_page(m, written, folder, number, body, payload)
    wanted = {d: i.mime for d, i in m.images.items()} | {r.image_sha256: "" for r in m.references.values() if r.image_sha256 and r.image_sha256 not in m.images}
    mimes = {d: i.mime for d, i in reader.images(sorted(wanted)).items()}
    for digest in sorted(wanted):
        suffix = SUFFIXES.get(mimes.get(digest, "").lower(), ".bin")  # an SVG can hold scripts: it is no picture to open here
        try:
            (folder / "images" / f"{digest}{suffix}").write_bytes(reader.image_bytes(digest))
            written.pictures[digest] = f"images/{digest}{suffix}"
        except TouchstoneError as error:
            m.gaps.append({"image": digest, "what": f"picture {digest}", "why": str(error)})
        written.tied[digest] = decoded.get(digest, [])
    for empty in (folder / "pages", folder / "images"):
        if not any(empty.iterdir()):
            empty.rmdir()
    return written


def _write_page(m: Material, written: _Written, folder: Path, number: int, body: bytes | None, payload: bytes) -> None:
    capture = m.captures[number]
    label = next((e.number for e in m.exhibits if e.number in m.uses[number]), "cited")
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in label) + f"-{number}"
    if body is None:
        m.gaps.append({"capture": number, "what": f"capture {number} as text", "why": f"its encoding '{pages.header(capture, 'content-encoding')}' cannot be undone here; its bytes are in warc/"})
        return
    page = pages.decode(body, capture)
    (folder / "pages" / f"{stem}.html.txt").write_bytes(body)
    row = {
        "capture": number, "file": f"pages/{stem}.html.txt", "view": f"pages/{stem}.html", "sha256": hashlib.sha256(body).hexdigest(), "charset": page.charset,
        "exact": page.exact, "url": capture.url_final, "at": shown_time(capture.ended_at), "digest": capture.body_digest, "record": capture.record_id, "kind": str(capture.kind),
    }  # fmt: skip
    render.write_view(folder / str(row["view"]), page, row, m.case.reference)
    written.pages.append(row)


def _finish(store: Store, home: Home, m: Material, written: _Written, folder: Path, *, sealed: int, event: int, say: Callable[[str], None]) -> ExportResult:
    """Everything that needs no reading of personal data: rows, gaps, the log, the summaries, the seal."""
    say("writing rows, log and summary")
    authority = home.settings.authority
    folders = (home.folder, store.archive.folder, folder.parent.absolute())
    rows = tables.tables(
        store, m, authority, records=written.records, files=written.pictures, tied=written.tied, pages=written.pages, sealed=sealed, folders=folders,
    )  # fmt: skip
    missing = gaps.not_examined(store, m)
    for row in missing:
        row["why"] = scrub(row["why"], folders)
    tables.write_tables(rows, folder / "data")
    (folder / "gaps.json").write_bytes(canonical({"not_examined": missing, "not_in_pack": m.gaps}) + b"\n")
    kept = log.write_log(store, m, event, folder / "log.jsonl")
    context = _context(store, m, written, rows, missing, sealed=sealed)
    render.write_limits(folder, markdown(), m.case.reference)
    render.write_readme(folder, context)
    note = pdf.write_pdf(render.summary_text(context), folder)
    shutil.copyfile(verifier.__file__, folder / "verify.py")
    head = seal.write_head(folder, case=m.case.reference, log={"seq": kept.seq, "head": kept.head}, made_at=str(kept.export["at"]), export_event=event)
    notes = [note] if note else []
    if m.gaps or missing:
        notes.append(f"{len(missing)} things were not examined and {len(m.gaps)} are not in the pack; gaps.json and README.html say which")
    return ExportResult(folder, head, None if note else folder / "summary.pdf", tuple(notes))


def _context(store: Store, m: Material, written: _Written, rows: dict[str, list[Row]], missing: list[Row], *, sealed: int) -> dict[str, Any]:
    authority = rows["case"][0]
    names = {a["id"]: f"{a['name']}, {a['role']}" for a in rows["actors"]}
    at = next((e.body["at"] for e in store.log(sealed - 1, 1)), when(m.case.opened_at) if m.case.opened_at else None) if sealed else None
    summary = Summary(m, Authority(m.case.authority, authority["authority_name"], authority["jurisdiction"]), names, written.pictures, written.pages, written.records,
                      {r["id"]: r for r in rows["methods"]}, missing)  # fmt: skip
    return {
        "case": m.case, "authority": summary.authority, "opened": shown_time(m.case.opened_at), "sealed": sealed, "sealed_at": shown_time(at), "tool": seal.tool(), "summary": summary,
        "exhibits": summary.exhibits(), "others": summary.others(), "missing": missing, "absent": m.gaps, "methods": rows["methods"], "runs": rows["runs"], "custody": log.custody(store, m, sealed),
        "sellers_of_case": m.sellers, "registers": rows["registers"], "time": shown_time,
    }  # fmt: skip


def _check(folder: Path, head: str) -> None:
    report = verifier.verify(folder, head)
    if not report.accepted:
        first = "; ".join(map(str, report.problems[:3]))
        raise TouchstoneError(f"the pack does not pass its own check, so none was made ({len(report.problems)} problems): {first}")
