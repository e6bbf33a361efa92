"""The reference log's front door: comparison pictures and prices, each with its provenance and who added it."""

from __future__ import annotations

import csv
import hashlib
import io
import mimetypes
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from PIL import Image as Pillow

from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.version import code_version
from store.words.money import parse_price
from store.words.records import Capture, CaptureKind, Image, Outcome, Reference, ReferenceKind, SubjectCategory, digest_of

SOURCE = "references"  # the source that handed-in pictures are captured under
MAX_BYTES = 64 * 2**20
PICTURES = ("file", "kind", "brand", "provenance")
PRICES = ("brand", "category", "condition", "price", "currency", "source", "date")


def add_pictures(store: Store, home: Home, pictures: list[tuple[Path, ReferenceKind, str, str]], *, actor: str) -> list[int]:
    """Keep each picture's bytes in the archive and append it to the reference log; the new numbers.

    A picture that is in the log already under the same kind and brand is left alone. Raises TouchstoneError naming the file when one
    is no picture, before anything is kept.
    """
    opened = [(path, kind, brand, provenance, *_read(path)) for path, kind, brand, provenance in pictures]
    known = {(r.image_sha256, r.kind, r.brand) for r in store.references()}
    authority = home.settings.authority.code
    run = store.begin_run(
        "reference", actor=actor, authority=authority, code_version=code_version(), config_digest=digest_of("reference"), source=SOURCE
    )
    numbers = []
    with store.archive.writer(run.id) as writer:
        for path, kind, brand, provenance, body, size in opened:
            sha256 = hashlib.sha256(body).hexdigest()
            if (sha256, kind, brand) in known:
                continue
            mime = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            now = datetime.now(UTC)
            capture = store.keep(
                writer,
                Capture(
                    None,
                    run.id,
                    SOURCE,
                    CaptureKind.handed_in,
                    "PUT",
                    f"urn:sha256:{sha256}",
                    f"urn:sha256:{sha256}",
                    (),
                    200,
                    (),
                    (("Content-Type", mime),),
                    "",
                    0,
                    now,
                    now,
                    subject_category=SubjectCategory.none,
                ),
                body,
                actor=actor,
                purpose="reference log",
            )
            assert capture.id is not None
            store.keep_image(Image(None, sha256, mime, *size, len(body), capture.id))
            numbers.append(
                store.add_reference(
                    Reference(None, kind, authority, provenance, actor, brand=brand, image_sha256=sha256, dated=now.date().isoformat())
                )
            )
            known.add((sha256, kind, brand))
    store.end_run(run.id, Outcome.good, {"references": len(numbers)})
    return numbers


def add_prices(store: Store, home: Home, path: Path, *, actor: str) -> list[int]:
    """Append the price rows of a CSV (brand, category, condition, price, currency, source, date) to the log; the new numbers.

    Raises TouchstoneError naming file, line and column for anything not understood, before anything is kept.
    """
    authority, rows = home.settings.authority.code, []
    for line, row in _rows(path, PRICES):
        price = parse_price(row["price"], default_currency=row["currency"])
        if price is None or price.kind != "exact":
            raise TouchstoneError(f"{path}:{line}: price '{row['price']}' is not an amount")
        if len(row["currency"]) != 3:
            raise TouchstoneError(f"{path}:{line}: currency '{row['currency']}' is not a code of three letters such as GBP")
        try:
            dated = date.fromisoformat(row["date"]).isoformat()
        except ValueError:
            raise TouchstoneError(f"{path}:{line}: date '{row['date']}' is not of the form 2026-01-31") from None
        if not row["source"]:
            raise TouchstoneError(f"{path}:{line}: source is empty: a price counts only with where it comes from")
        rows.append(
            Reference(
                None,
                ReferenceKind.price,
                authority,
                row["source"],
                actor,
                row["brand"],
                row["category"],
                row["condition"],
                None,
                price.amount_minor,
                row["currency"].upper(),
                dated,
            )
        )
    known = {_price_key(r) for r in store.references([ReferenceKind.price])}
    return [store.add_reference(r) for r in rows if _price_key(r) not in known]


def read_list(path: Path) -> list[tuple[Path, ReferenceKind, str, str]]:
    """The rows of a CSV of pictures (file, kind, brand, provenance); files are seen from the CSV's folder. Raises TouchstoneError."""
    out = []
    for line, row in _rows(path, PICTURES):
        try:
            kind = ReferenceKind(row["kind"])
        except ValueError:
            raise TouchstoneError(
                f"{path}:{line}: kind '{row['kind']}' is none of {', '.join(k for k in ReferenceKind if k is not ReferenceKind.price)}"
            ) from None
        out.append((path.parent / row["file"], kind, row["brand"], row["provenance"]))
    return out


def _price_key(r: Reference) -> tuple[object, ...]:
    return (r.brand, r.category, r.condition, r.price_minor, r.currency, r.provenance, r.dated)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TouchstoneError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    reader = csv.DictReader(io.StringIO(text))
    missing = [c for c in columns if c not in (reader.fieldnames or ())]
    if missing:
        raise TouchstoneError(f"{path}:1: column {', '.join(missing)} is missing; there are {', '.join(reader.fieldnames or ['none'])}")
    for row in reader:
        yield reader.line_num, {c: (row[c] or "").strip() for c in columns}


def _read(path: Path) -> tuple[bytes, tuple[int, int]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TouchstoneError(f"{path}: larger than {MAX_BYTES // 2**20} MiB")
        body = path.read_bytes()
        with Pillow.open(io.BytesIO(body)) as picture:
            picture.verify()
            return body, picture.size
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise TouchstoneError(f"{path}: not a picture that can be opened: {error}") from None
