"""From what a draft says to files in a folder: kept first, with their bytes, as generated material of the case (CPIA 1996), then written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from casework import pdf
from casework.documents import Document, blanks, docx_bytes, pdf_bytes
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.version import code_version
from store.words.drafts import Draft, DraftKind
from store.words.records import Capture, CaptureKind, Outcome, digest_of

SOURCE = "drafts"  # of the captures that keep their bytes
MIMES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".jpg": "image/jpeg",
}


@dataclass(frozen=True, slots=True)
class Made:
    """What a draft consists of: documents by the path of their files without the suffix, other files by their path, and what its officer should
    know, which goes into a file of its own: a note on the last page would be signed, or sent, with the rest."""

    kind: DraftKind
    case: str
    stem: str
    documents: Mapping[str, Document]
    about: str = ""
    notes: Sequence[str] = ()
    others: Mapping[str, bytes] = field(default_factory=dict)

    def blanks(self) -> list[str]:
        """What is left to complete, once each."""
        return list(dict.fromkeys(each for document in self.documents.values() for each in blanks(document)))


@dataclass(frozen=True, slots=True)
class Issued:
    """A draft that was kept and written. `new` False: the same content was made before, as draft `number`."""

    number: int
    files: tuple[Path, ...]
    blanks: tuple[str, ...]
    new: bool


def notes_of(made: Made) -> bytes:
    """The file beside a draft: what is blank in it, and what to know before it is used."""
    blank = made.blanks()
    lines = [
        f"NOTES on the draft “{next(iter(made.documents.values())).title}”, case {made.case}",
        "Not part of it: for the officer only.",
        "",
    ]
    lines += ["TO BE COMPLETED:" if blank else "Nothing is marked as blank.", *(f"  [ ] {each}" for each in blank), ""]
    lines += ["BEFORE IT IS USED:"]
    general = (
        "Read every sentence. It says what the record says; correct what is not so, and take out what you did not do or see yourself.",
        "The law in it must be checked by a lawyer before live use. Nothing was sent to anybody: these are files.",
        "Keep what you change: drafts whose content differs are relevant material (CPIA 1996). This one is kept with the case.",
    )
    lines += [f"  - {each}" for each in (*made.notes, *general)]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def files_of(made: Made) -> dict[str, bytes]:
    """Every file of a draft by its path within the folder."""
    files: dict[str, bytes] = {}
    for stem, document in made.documents.items():
        files[f"{stem}.docx"], files[f"{stem}.pdf"] = docx_bytes(document), pdf_bytes(document)
    return {**files, **made.others, f"{made.stem}-notes.txt": notes_of(made)}


def issue(store: Store, reader: Acting, home: Home, made: Made, folder: Path) -> Issued:
    """Keep a draft and write its files into `folder`, a disclosure in the log with their digests.

    Raises TouchstoneError where no PDF can be made, or a file is there already: somebody may have written on it.
    """
    if missing := pdf.missing_parts():
        raise TouchstoneError(f"drafts are printed as PDF too, and none can be made: {missing}")
    files = files_of(made)
    for name in files:
        if (folder / name).exists():
            raise TouchstoneError(
                f"{folder / name} exists already; give another folder with --out: a draft that was written on is not overwritten"
            )
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    before = _same(reader.drafts(made.case, made.kind), made, digests)
    number = before.id if before else _kept(store, home, made, files, reader)
    reader.disclose(f"draft {number} ({made.kind}), to be completed and signed", {"draft_made": number, "sha256": digests})
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    return Issued(number, tuple(folder / name for name in files), tuple(made.blanks()), before is None)


def _same(drafts: Sequence[Draft], made: Made, digests: Mapping[str, str]) -> Draft | None:
    """The draft of the same content, if one was kept: only what differs is material of its own."""
    return next((d for d in reversed(drafts) if d.about == made.about and {f.name: f.sha256 for f in d.files} == dict(digests)), None)


def _kept(store: Store, home: Home, made: Made, files: Mapping[str, bytes], reader: Acting) -> int:
    from crawler.clock import measure

    by, why = reader.actor.id, reader.justification
    run = store.begin_run(
        "draft", actor=by, authority=home.settings.authority.code, code_version=code_version(), config_digest=digest_of("draft"),
        clock=measure(home.settings.clock.server), source=SOURCE,
    )  # fmt: skip
    now, captures = datetime.now(UTC), []
    try:
        with store.archive.writer(run.id) as writer:
            for name, body in files.items():
                urn = f"urn:touchstone:draft:{made.case}:{made.kind}:{name}"
                headers = (("Content-Type", MIMES[Path(name).suffix]),)
                capture = Capture(
                    None, run.id, SOURCE, CaptureKind.handed_in, "NONE", urn, urn, (), 0, (), headers, "", len(body), now, now,
                    retention_until=store.retain_until("flagged"),
                )  # fmt: skip
                captures.append((name, store.keep(writer, capture, body, actor=by, purpose="draft").id or 0))
        number = store.keep_draft(made.case, made.kind, captures, about=made.about, actor=by, why=why)
    except BaseException as error:
        store.end_run(run.id, Outcome.failed, {}, type(error).__name__)
        raise
    store.end_run(run.id, Outcome.good, {"files": len(files)})
    return number
