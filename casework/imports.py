"""Lists that a partner sends: a column map in YAML says which column holds what; each row becomes a sighting, or is refused and told.

The file is kept whole as one capture, each row as a capture of its own that is part of it: what goes into a pack is the row, without the
columns that say who told it, and never the file with everybody else's complaints.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from casework.apart import Apart
from casework.rows import Line, read_rows
from casework.sightings import PURPOSE, SOURCES, Statement, statement_capture, words_of
from casework.when import parse_when
from crawler.clock import measure
from store.archive import ArchiveWriter
from store.config import Home, load
from store.errors import TouchstoneError
from store.secrets import redact_url
from store.sightings import Handed
from store.store import Store
from store.version import code_version
from store.words.money import parse_price
from store.words.records import Capture, Informant, Outcome, Run, SubjectCategory, Told, digest_of

PARSER, VERSION = "columns", "columns/1"
Names = str | tuple[str, ...]
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column a field is read from; of several the cells are joined, those of `text` line by line, others by commas."""

    text: Names = ()
    title: Names = ()
    ref: Names = ()
    price: Names = ()
    currency: Names = ()
    brand: Names = ()
    seller: Names = ()
    seller_id: Names = ()
    phone: Names = ()
    email: Names = ()
    place: Names = ()
    seen_at: Names = ()
    url: Names = ()

    def __post_init__(self) -> None:
        if not (self.text or self.title):
            raise ValueError("columns: give at least `title` or `text`, so that a row says something")


@dataclass(frozen=True, slots=True)
class Informants:
    """The columns that say who told it."""

    name: Names = ()
    contact: Names = ()
    note: Names = ()


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What configs/columns/NAME.yml states of the lists of one sender. Its file's name stands before the sender's references."""

    title: str
    columns: Columns
    told: Told = Told.partner
    informant: Informants = field(default_factory=Informants)
    sheet: str | None = None
    header: int = 1
    encoding: str | None = None
    currency: str = "GBP"
    name: str = field(default="", init=False)

    def wanted(self) -> list[str]:
        return [name for part in (self.columns, self.informant) for names in asdict(part).values() for name in _tuple(names)]

    def sensitive(self) -> set[str]:
        """The columns that say who told it, and nothing else."""
        return {n for names in asdict(self.informant).values() for n in _tuple(names)} - {
            n for names in asdict(self.columns).values() for n in _tuple(names)
        }


@dataclass
class Imported:
    """What became of a list: counts, and the refused rows with number and reason."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str]] = field(default_factory=list)
    capture: int = 0


def _tuple(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def read_map(home: Home, name: str) -> ColumnMap:
    """The map in a file, or that of configs/columns by its name. Raises ConfigError naming file and line, TouchstoneError for none."""
    path = Path(name)
    if not path.is_file():
        path = home.file("columns") / f"{name}.yml"
    if not path.is_file():
        there = sorted(p.stem for p in home.file("columns").glob("*.yml"))
        raise TouchstoneError(
            f"there is no column map '{name}': neither that file nor in {home.file('columns')}, which has {', '.join(there) or 'none'}"
        )
    read = load(path, ColumnMap)
    if read.header < 1:
        raise TouchstoneError(f"{path}: header: rows are counted from 1")
    object.__setattr__(read, "name", path.stem[:40])
    return read


def run(
    store: Store,
    home: Home,
    path: Path,
    by_columns: ColumnMap,
    *,
    by: str,
    told: Told | None = None,
    obtained: str = "",
    progress: Progress | None = None,
) -> Imported:
    """Import a list. Safe to run again: a row that was kept adds nothing, and one that was not is taken up.

    Raises TouchstoneError where the file as a whole cannot be read; a row that cannot is refused, counted and kept as unread.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise TouchstoneError(f"{path}: cannot be read: {error.strerror}") from None
    side = told or by_columns.told
    lines = list(read_rows(path, body, by_columns.wanted(), sheet=by_columns.sheet, header=by_columns.header, encoding=by_columns.encoding))
    digest = sha256(body).hexdigest()
    started = store.begin_run(
        "sighting", actor=by, authority=home.settings.authority.code, code_version=code_version(),
        config_digest=digest_of([by_columns.name, asdict(by_columns)]), clock=measure(home.settings.clock.server), source=SOURCES[side],
    )  # fmt: skip
    done = Imported()
    try:
        with store.archive.writer(started.id) as writer:
            one = _List(store, writer, started, by_columns, side, path.name, digest, obtained, done)
            one.keep_file(body)
            for number, line in enumerate(lines, 1):
                one.row(line)
                if progress:
                    progress(number, len(lines))
    except BaseException as error:
        store.end_run(started.id, Outcome.failed, dict(done.counts), type(error).__name__)
        raise
    store.end_run(started.id, Outcome.unmet if done.refused else Outcome.good, {k: v for k, v in sorted(done.counts.items()) if v})
    return done


@dataclass
class _List:
    """One list while it is being imported."""

    store: Store
    writer: ArchiveWriter
    started: Run
    map: ColumnMap
    told: Told
    filename: str
    digest: str
    obtained: str
    done: Imported
    seen: dict[str, int] = field(default_factory=dict)

    def keep_file(self, body: bytes) -> None:
        """The file whole, once: the same bytes again are the capture of before."""
        known = self.store.handed_in(self.digest, SOURCES[self.told])
        if known is None:
            mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" if body.startswith(b"PK") else "text/csv"
            new = statement_capture(self.started, SOURCES[self.told], datetime.now(UTC), name=f"file:{self.digest}")
            new = replace(new, response_headers=(("Content-Type", mime),), subject_category=SubjectCategory.witness)
            kept = self.store.keep(self.writer, new, body, actor=self.started.actor, purpose=PURPOSE)
            known = kept.id
        self.done.capture = known or 0

    def row(self, line: Line) -> None:
        self.done.counts["rows"] += 1
        for note in line.notes:
            self.done.counts[f"note: {note}"] += 1
        refusal = line.refusal or self._keep(line)
        if refusal:
            self.done.refused.append((line.number, refusal))
            self.done.counts["refused"] += 1
            self.store.keep_unread(self.done.capture, f"{VERSION}+{self.map.name}", f"row {line.number}", refusal, self.started.id)

    def _keep(self, line: Line) -> str:
        """Keep a row; why not, as a sentence, or ""."""
        said, informant = self._said(line), self._informant(line)
        apart = Apart(informant)
        names = ("note", "title", "place", "brand", "obtained", "url", "seller", "phone")
        clean: dict[str, Any] = {name: apart.without(getattr(said, name)) for name in names}
        if clean["phone"] != said.phone or clean["seller"] != said.seller:
            self.done.counts["note: the trader's name or phone is that of who told it, and was left out"] += 1
            clean |= {name: "" for name in ("phone", "seller") if clean[name] != getattr(said, name)}
        elif any(clean[name] != getattr(said, name) for name in names):
            self.done.counts["note: who told it was said in the row, and replaced by a marker"] += 1
        said = replace(said, **clean)
        if not (said.note.strip() or said.title.strip()):
            return "no words: its title and text are empty"
        ref = self._joined(line, self.map.columns.ref)
        own = f"{self.map.name}-{ref}" if ref else f"{self.map.name}-{self.digest[:12]}-{line.number}"
        if len(own) > 80:
            return f"its reference is longer than {80 - len(self.map.name) - 1} characters"
        if ref and own in self.seen:
            return f"its reference is that of row {self.seen[own]}"
        self.seen[own] = line.number
        if said.price and parse_price(said.price, self.map.currency) is None:
            self.done.counts["note: price not understood"] += 1
        if said.seen_at and parse_when(said.seen_at) is None:
            self.done.counts["note: date not understood"] += 1
        self._keep_said(line, said, own, apart, informant)
        return ""

    def _keep_said(self, line: Line, said: Statement, own: str, apart: Apart, informant: Informant | None) -> None:
        title = said.title.strip() or said.note.strip().partition("\n")[0][:80]
        handle = self._joined(line, self.map.columns.seller_id)
        account = bool(said.seller or said.phone) and not handle
        words = replace(
            words_of(said, title, self.map.currency), seller=f"{self.map.name}-{handle}"[:300] if handle else own if account else ""
        )
        known = self.store.sighting_words(SOURCES[self.told], own)
        if known and known[0] == words.digest:
            self.done.counts["known already"] += 1
            return
        capture = self._keep_row(line, apart)
        assert capture.id is not None
        reference = own if known is None else f"{own}.{known[1] + 1}"
        seen_at = parse_when(said.seen_at) if said.seen_at else None
        handed = Handed(
            self.told, words, capture, PARSER, f"{VERSION}+{digest_of(asdict(self.map))[:12]}", reference, own, redact_url(said.url),
            files=[(capture.id, f"row {line.number}"), (self.done.capture, apart.without(self.filename))],
            seen_at=seen_at, seen_at_text=said.seen_at, place=said.place, obtained=said.obtained,
            claims={"row": line.number, "file": self.digest}, informant=informant, notes=line.notes,
        )  # fmt: skip
        self.store.keep_sighting(handed, actor=self.started.actor, authority=self.started.authority, run=self.started.id, purpose=PURPOSE)
        self.done.counts["sightings" if known is None else "sightings with changed words"] += 1

    def _keep_row(self, line: Line, apart: Apart) -> Capture:
        """The row as it stands, but for who told it."""
        sensitive = self.map.sensitive()
        cells = {name: apart.without(cell) for name, cell in line.cells.items() if name not in sensitive}
        body = json.dumps({"file": self.digest, "row": line.number, "cells": cells}, ensure_ascii=False, indent=1).encode(
            "utf-8", "replace"
        )
        name = f"row:{self.digest}:{line.number}"
        capture = statement_capture(self.started, SOURCES[self.told], datetime.now(UTC), part_of=self.done.capture, name=name)
        return self.store.keep(self.writer, capture, body, actor=self.started.actor, purpose=PURPOSE)

    def _said(self, line: Line) -> Statement:
        c = self.map.columns
        price, currency = self._joined(line, c.price), self._joined(line, c.currency)
        note = "\n".join(
            filter(None, (self._joined(line, c.text, "\n"), f"E-mail: {mail}" if (mail := self._joined(line, c.email)) else ""))
        )
        return Statement(
            self.told, note, self._joined(line, c.title), self._joined(line, c.place), self._joined(line, c.seen_at),
            f"{price} {currency}".strip() if price else "", self._joined(line, c.seller), self._joined(line, c.phone), self._joined(line, c.brand),
            self.obtained, self._joined(line, c.url),
        )  # fmt: skip

    def _informant(self, line: Line) -> Informant | None:
        i = self.map.informant
        name, contact, note = (self._joined(line, names, "\n") for names in (i.name, i.contact, i.note))
        return Informant(0, name, contact, note) if name or contact or note else None

    @staticmethod
    def _joined(line: Line, names: Names, by: str = ", ") -> str:
        return by.join(filter(None, (line.cells.get(name, "") for name in _tuple(names))))
