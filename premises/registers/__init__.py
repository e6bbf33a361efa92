"""Registers: published lists of premises, one file each, found by being here.

A register's file says `KIND`, the word of `kind:` in configs/registers/NAME.yml, and has one function,
`read(path, config) -> Iterator[RegisterEntry | Refused]`. It may have `dated(path) -> str` where the file itself says its date, and
`TITLE` and `LICENCE`, with which it needs no page of YAML. A list of positions has `positions(path, config)` in `read`'s place.
What is common to all of them is here and in `premises/delimited.py`: opening, decoding, refusing.
"""

from __future__ import annotations

import gzip
import importlib
import pkgutil
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

from store.config import Home, load
from store.errors import StopRun
from store.words.contacts import normalise_contact
from store.words.records import RegisterEntry


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that could not be taken: where, why, and what it said. Counted and kept, so that nothing is lost in silence."""

    row: int
    reason: str
    raw: str = ""


class Position(NamedTuple):
    """Where a UPRN lies, in degrees of ETRS89, which is WGS 84 within a metre."""

    row: int
    uprn: int
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what. `address` is every column of the address but the postcode's, in order.

    Where `reference` names several columns their values stand with a / between. `details` keeps further columns: key → column.
    The last five are of kind `authority_list` only.
    """

    address: str | tuple[str, ...]
    name: str = ""
    postcode: str | None = None
    reference: str | tuple[str, ...] | None = None
    phone: str | None = None
    uprn: str | None = None
    lat: str | None = None
    lon: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    fact: str | None = None
    from_date: str | None = None
    until_date: str | None = None
    landlord: str | None = None
    occupier: str | None = None


@dataclass(frozen=True, slots=True)
class RegisterConfig:
    """configs/registers/NAME.yml: facts of one register. `dated` is the list's own date, not the day it was fetched.

    `fact` is what every row of a local authority's list says; `take` which things of a map are premises, as tags.
    """

    kind: str
    title: str
    licence: str
    dated: str = ""
    publisher: str = ""
    delimiter: str = ","
    columns: Columns | None = None
    fact: str = ""
    take: tuple[str, ...] = ()


Rows = Iterator[RegisterEntry | Refused]


@dataclass(frozen=True, slots=True)
class Register:
    """One kind of register, as its file defines it: a list of premises (`read`) or of positions."""

    kind: str
    read: Callable[[Path, RegisterConfig], Rows] | None
    positions: Callable[[Path, RegisterConfig], Iterator[Position | Refused]] | None
    dated: Callable[[Path], str]
    title: str = ""
    licence: str = ""


@cache
def kinds() -> dict[str, Register]:
    """Every register file beside this one, by its KIND."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        file = importlib.import_module(f"{__name__}.{module.name}")
        parts = {name: getattr(file, name, None) for name in ("read", "positions")}
        found[file.KIND] = Register(
            file.KIND, **parts, dated=getattr(file, "dated", dated_by_name), title=getattr(file, "TITLE", ""), licence=getattr(file, "LICENCE", "")
        )  # fmt: skip
    return found


def configured(home: Home, name: str) -> tuple[RegisterConfig, Register]:
    """A register's facts and its reader. Raises StopRun for a name or a kind that is not there."""
    paths = {path.stem: path for path in home.configs("registers")}
    alone = kinds().get(name)
    if name not in paths and alone and alone.licence:
        return RegisterConfig(name, alone.title, alone.licence), alone
    if name not in paths:
        raise StopRun(f"no register '{name}': configs/registers/ has {', '.join(paths) or 'none'}")
    config = load(paths[name], RegisterConfig)
    if config.kind not in kinds():
        raise StopRun(
            f"{paths[name]}: kind '{config.kind}' is read by no file of premises/registers; there are {', '.join(sorted(kinds()))}"
        )
    return config, kinds()[config.kind]


def opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where its own first bytes say that it is gzip or zip. Raises StopRun when it is not there or empty.

    A zip has one file, or one whose name ends in .csv beside the licence and the notes that publishers add.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise StopRun(f"{path}: cannot be read: {error.strerror}") from None
    head = file.read(4)
    file.seek(0)
    if not head:
        file.close()
        raise StopRun(f"{path}: the file is empty (0 bytes), so that nothing was loaded")
    if head[:2] == b"\x1f\x8b":
        return gzip.open(file)  # type: ignore[return-value]
    return _unzipped(path, file) if head == b"PK\x03\x04" else file


def _unzipped(path: Path, file: IO[bytes]) -> IO[bytes]:
    try:
        packed = zipfile.ZipFile(file)
        names = [info.filename for info in packed.infolist() if not info.is_dir()]
        lists = [name for name in names if name.lower().endswith(".csv")]
        chosen = names if len(names) == 1 else lists
        if len(chosen) != 1:
            raise StopRun(f"{path}: a zip of {len(names)} files, {len(lists)} of them .csv; unpack it and load one (a spreadsheet: as CSV)")
        return packed.open(chosen[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise StopRun(f"{path}: the zip cannot be unpacked: {error}; nothing was loaded") from None


UNPACKING = (EOFError, OSError, zipfile.BadZipFile, zlib.error)  # what reading a packed file that breaks off raises


def encoding_of(path: Path) -> str:
    """utf-8-sig where the whole file is UTF-8, UTF-16 where it begins so, else cp1252, which councils' spreadsheets write. Reads the file once."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with opened(path) as file:
        try:
            chunk = file.read(2**20)
            if chunk[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                return "utf-16"
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(2**20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
        except UNPACKING as error:
            raise StopRun(f"{path}: the packed file breaks off or is broken: {error}") from None
    return "utf-8-sig"


_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_]?(0[1-9]|1[0-2])(?:[-_]?([0-3]\d))?(?!\d)")


def dated_by_name(path: Path) -> str:
    """The date in the file's name, "2026-09-01" or "2026-09"; "" where there is none."""
    found = _IN_NAME.search(path.name)
    return "-".join(filter(None, found.groups())) if found else ""


def phone_of(raw: str | None) -> str | None:
    """E.164, or None where it is no phone."""
    return normalise_contact("phone", raw) if raw and raw.strip() else None


def uprn_of(raw: str | None) -> str | None:
    """A UPRN in its one form, without leading zeros or a spreadsheet's ".0"; None where it is no number."""
    digits = (raw or "").strip().removesuffix(".0")
    return digits.lstrip("0") or None if digits.isascii() and digits.isdigit() else None


def degrees_of(raw: object, most: float) -> float | None:
    """A latitude (`most` 90) or longitude (180) in degrees; None where it is none, or the 0 that stands for none."""
    try:
        degrees = float(str(raw))
    except ValueError:
        return None
    return degrees if -most <= degrees <= most and degrees else None


_MONTHS = {name: n for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)}
_DATE = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ].*)?|(\d\d?)[/.-](\d\d?)[/.-](\d{4})(?: .*)?|(\d\d?)(?:st|nd|rd|th)?[ -]([A-Za-z]{3})[a-z]*,?[ -](\d{4})"
)


def date_of(raw: str) -> str | None:
    """A date as lists write it, the day first ("29/06/2011", "01-APR-2023", "1st May 2026"), in ISO; None where it is none."""
    if not (m := _DATE.fullmatch(raw.strip())):
        return None
    if m[1]:
        year, month, day = int(m[1]), int(m[2]), int(m[3])
    elif m[4]:
        year, month, day = int(m[6]), int(m[5]), int(m[4])
    else:
        year, month, day = int(m[9]), _MONTHS.get(m[8].lower(), 0), int(m[7])
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def said(**details: object) -> dict[str, object]:
    """Details without those of which nothing is said."""
    return {key: value for key, value in details.items() if value not in (None, "", (), [], {})}
