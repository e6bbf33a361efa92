"""The reference log's front door: comparison pictures and prices, each with its provenance and who added it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from detectors.contract import discover, read_settings
from detectors.prices import read_prices
from store.archive import ArchiveWriter
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.version import code_version
from store.words.opening import MOST_BYTES, Unreadable, opening
from store.words.records import Capture, CaptureKind, Image, Outcome, Reference, ReferenceKind, Run, SubjectCategory, digest_of

SOURCE = "references"  # the source that handed-in pictures are captured under
PURPOSE = "reference log"
PICTURES = ("file", "kind", "brand", "provenance")


@dataclass(frozen=True, slots=True)
class Given:
    """A picture to be added: its file, what it shows, where it comes from, and for `confirmed` the statement that confirms it."""

    path: Path
    kind: ReferenceKind
    brand: str
    provenance: str
    statement: str = ""


@dataclass(slots=True)
class Added:
    """What came of adding: the new numbers, how many were in the log already, and of those refused the file and why."""

    numbers: list[int] = field(default_factory=list)
    known: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def add_pictures(
    store: Store, home: Home, pictures: Sequence[Given], *, actor: str, progress: Callable[[int], None] = lambda done: None
) -> Added:
    """Keep each picture's bytes in the archive and append it to the reference log, one whole before the next is begun.

    A picture that is in the log already under the same kind and brand is left alone; of one whose bytes are in the archive already, from
    a listing or before, only the entry is new. A file that cannot be opened as a picture is refused and named, and the others are added.
    Safe to do again after a crash. Raises TouchstoneError, before anything is kept, for a provenance or a statement that is missing.
    """
    for given in pictures:
        _check(given)
    known = {(r.image_sha256, r.kind, r.brand) for r in store.references()}
    run = store.begin_run(
        "reference", actor=actor, authority=home.settings.authority.code, code_version=code_version(),
        config_digest=digest_of("reference"), source=SOURCE,
    )  # fmt: skip
    added = Added()
    try:
        with store.archive.writer(run.id) as writer, store.acting(actor, purpose=PURPOSE, run=run.id) as reader:
            for done, given in enumerate(pictures, 1):
                try:
                    body, mime, size = _read(given.path)
                except (OSError, Unreadable) as why:
                    added.refused.append((str(given.path), f"{why}" if isinstance(why, Unreadable) else f"cannot be read: {why.strerror}"))
                else:
                    sha256 = hashlib.sha256(body).hexdigest()
                    if (key := (sha256, given.kind, given.brand)) in known:
                        added.known += 1
                    else:
                        if not _is_kept(reader, sha256):
                            _keep(store, writer, run, body, sha256, mime, size, actor)
                        added.numbers.append(store.add_reference(_entry(given, home, sha256, actor)))
                        known.add(key)
                progress(done)
    except BaseException as error:
        store.end_run(run.id, Outcome.failed, {"references": len(added.numbers)}, f"{type(error).__name__}: {error}"[:500])
        raise
    message = f"{len(added.refused)} files were refused" if added.refused else ""
    counts = {"references": len(added.numbers), "known": added.known, "refused": len(added.refused)}
    store.end_run(run.id, Outcome.unmet if added.refused else Outcome.good, counts, message)
    return added


def files_of(folder: Path) -> list[Path]:
    """The files of a folder and of the folders in it, by name; hidden ones and links are passed over. Raises TouchstoneError for none."""
    found = [p for p in sorted(folder.rglob("*")) if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    files = [p for p in found if p.is_file() and not p.is_symlink()]
    if not files:
        raise TouchstoneError(f"{folder}: there is no file in it")
    return files


def remove(store: Store, reference: Reference, *, why: str, actor: str) -> int:
    """Append an entry that says that another no longer counts, with who says so and why; its number."""
    if not why.strip():
        raise TouchstoneError("say why it no longer counts (--why)")
    gone = Reference(None, reference.kind, reference.authority, why, actor, brand=reference.brand, removes=reference.number)
    return store.add_reference(gone)


def chosen(store: Store, *, kind: ReferenceKind | None = None, brand: str = "", log: bool = False) -> list[Reference]:
    """The entries in force, or with `log` all there ever were, of that kind and that brand, in whatever capitals it is written."""
    wanted = brand.strip().casefold()
    rows = store.reference_log() if log else store.references()
    return [r for r in rows if kind in (None, r.kind) and (not wanted or r.brand.casefold() == wanted)]


def _check(given: Given) -> None:
    if given.kind is ReferenceKind.price:
        raise TouchstoneError(f"{given.path}: prices come from a CSV: --prices FILE")
    if not given.provenance.strip():
        raise TouchstoneError(f"{given.path}: say where it comes from (provenance): a reference without it proves nothing")
    if given.kind is ReferenceKind.confirmed and not given.statement.strip():
        raise TouchstoneError(
            f"{given.path}: 'confirmed' needs the reference of the examiner's statement or the court's record (statement); without one "
            "the goods are 'suspected'"
        )


def _is_kept(reader: Acting, sha256: str) -> bool:
    if sha256 not in reader.images([sha256]):
        return False
    try:
        reader.image_bytes(sha256)
    except TouchstoneError:  # it was, and has been erased since
        return False
    return True


def _keep(store: Store, writer: ArchiveWriter, run: Run, body: bytes, sha256: str, mime: str, size: tuple[int, int], actor: str) -> None:
    now, name = datetime.now(UTC), f"urn:sha256:{sha256}"
    capture = Capture(
        None, run.id, SOURCE, CaptureKind.handed_in, "PUT", name, name, (), 200, (), (("Content-Type", mime),), "", 0, now, now,
        subject_category=SubjectCategory.none,
    )  # fmt: skip
    kept = store.keep(writer, capture, body, actor=actor, purpose=PURPOSE)
    assert kept.id is not None
    store.keep_image(Image(None, sha256, mime, *size, len(body), kept.id))


def _entry(given: Given, home: Home, sha256: str, actor: str) -> Reference:
    return Reference(
        None, given.kind, home.settings.authority.code, given.provenance.strip(), actor, brand=given.brand.strip(), image_sha256=sha256,
        dated=datetime.now(UTC).date().isoformat(), statement=given.statement.strip(),
    )  # fmt: skip


def add_prices(store: Store, home: Home, path: Path, *, actor: str) -> list[int]:
    """Append the price rows of a CSV to the log (`detectors.prices.read_prices` says its columns); the numbers of those that were not there.

    Raises TouchstoneError naming file, line and column for anything not understood, before anything is kept.
    """
    settings = read_settings(home.file("detectors.yml"), discover().values())["price_gap"]
    rows = read_prices(path, authority=home.settings.authority.code, added_by=actor, conditions=settings.conditions)
    known = {_price_key(r) for r in store.references([ReferenceKind.price])}
    with store.database.writing():
        return [store.add_reference(r) for r in rows if _price_key(r) not in known]


def read_list(path: Path) -> list[Given]:
    """The rows of a CSV of pictures (file, kind, brand, provenance, and statement where one is confirmed); files are seen from the CSV's
    folder. Raises TouchstoneError naming file and line."""
    out = []
    for line, row in _rows(path, PICTURES, ("statement",)):
        try:
            kind = ReferenceKind(row["kind"])
        except ValueError:
            raise TouchstoneError(
                f"{path}:{line}: kind '{row['kind']}' is none of {', '.join(k for k in ReferenceKind if k is not ReferenceKind.price)}"
            ) from None
        given = Given(path.parent / row["file"], kind, row["brand"], row["provenance"], row["statement"])
        try:
            _check(given)
        except TouchstoneError as problem:
            raise TouchstoneError(f"{path}:{line}: {problem}") from None
        out.append(given)
    return out


def _price_key(r: Reference) -> tuple[object, ...]:
    figures = (r.low_minor, r.price_minor, r.high_minor, r.rows, r.sellers)
    return (r.brand, r.category, r.line, r.condition, r.platform, r.currency, r.provenance, r.dated, *figures)


def _rows(path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TouchstoneError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    reader = csv.DictReader(io.StringIO(text))
    missing = [c for c in columns if c not in (reader.fieldnames or ())]
    if missing:
        raise TouchstoneError(f"{path}:1: column {', '.join(missing)} is missing; there are {', '.join(reader.fieldnames or ['none'])}")
    for row in reader:
        yield reader.line_num, {c: (row.get(c) or "").strip() for c in (*columns, *optional)}


def _read(path: Path) -> tuple[bytes, str, tuple[int, int]]:
    """The bytes, the MIME type that they show and the size. Raises Unreadable or OSError."""
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable(f"more than {MOST_BYTES} bytes")
    body = path.read_bytes()
    with opening(body) as found:
        found.image.load()
        return body, found.mime, found.size
