"""Registers: published lists of premises, one file each, found by being here.

A register's file says `KIND`, the word of `kind:` in configs/registers/NAME.yml, and has one function,
`read(path, config) -> Iterator[RegisterEntry | Refused]`. It may have `dated(path) -> str` where the file itself says its date, and
`TITLE` and `LICENCE`, with which it needs no page of YAML.
What is common to all of them is here: opening, decoding, refusing.
"""

from __future__ import annotations

import gzip
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

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


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what. `address` is every column of the address but the postcode's, in order."""

    name: str
    address: str | tuple[str, ...]
    postcode: str | None = None
    reference: str | None = None
    phone: str | None = None
    uprn: str | None = None


@dataclass(frozen=True, slots=True)
class RegisterConfig:
    """configs/registers/NAME.yml: facts of one register. `dated` is the list's own date, not the day it was fetched."""

    kind: str
    title: str
    licence: str
    dated: str = ""
    publisher: str = ""
    columns: Columns | None = None


Rows = Iterator[RegisterEntry | Refused]


@dataclass(frozen=True, slots=True)
class Register:
    """One kind of register, as its file defines it."""

    kind: str
    read: Callable[[Path, RegisterConfig], Rows]
    dated: Callable[[Path], str]
    title: str = ""
    licence: str = ""


@cache
def kinds() -> dict[str, Register]:
    """Every register file beside this one, by its KIND."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        file = importlib.import_module(f"{__name__}.{module.name}")
        found[file.KIND] = Register(
            file.KIND, file.read, getattr(file, "dated", lambda path: ""), getattr(file, "TITLE", ""), getattr(file, "LICENCE", "")
        )
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
    """The file's bytes, unpacked where it is gzip by its own first bytes. Raises StopRun when it is not there or empty."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise StopRun(f"{path}: cannot be read: {error.strerror}") from None
    head = file.read(2)
    file.seek(0)
    if not head:
        file.close()
        raise StopRun(f"{path}: the file is empty (0 bytes), so that nothing was loaded")
    return gzip.open(file) if head == b"\x1f\x8b" else file  # type: ignore[return-value]


def encoding_of(path: Path) -> str:
    """utf-8-sig where the whole file is UTF-8, else cp1252, which councils' spreadsheets still write. Reads the file once."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with opened(path) as file:
        try:
            while chunk := file.read(2**20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
        except (EOFError, OSError) as error:
            raise StopRun(f"{path}: the packed file breaks off or is broken: {error}") from None
    return "utf-8-sig"


def phone_of(raw: str | None) -> str | None:
    """E.164, or None where it is no phone."""
    return normalise_contact("phone", raw) if raw and raw.strip() else None
