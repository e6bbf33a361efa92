"""Pass: registers. A file → entries with their parts, position and premises; the same file twice changes nothing.

The file is read twice: first for its digest, its count and its faults, so that a file which breaks off half-way loads nothing;
then to keep it, in batches. A load that was killed goes on where its last batch ended when it is run again.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from premises.address import from_parts, parse_address
from premises.areas import place_of
from premises.identity import building_key, building_label, name_key, unit_key
from premises.registers import Refused, Register, RegisterConfig, Rows, configured
from store.config import Home
from store.errors import StopRun, TouchstoneError
from store.places import LONGEST, Join
from store.runs import PassResult
from store.store import Store
from store.version import code_version
from store.words.records import Outcome, RegisterEntry, digest_of

BATCH = 2_000
Progress = Callable[[int, int], None]  # done, of


@dataclass(frozen=True, slots=True)
class _File:
    """One register's file with what the first reading found."""

    register: str
    path: Path
    config: RegisterConfig
    reader: Register
    digest: str
    rows: int
    refused: int

    def read(self) -> Rows:
        return _each_once(_each_that_fits(self.reader.read(self.path, self.config)))


def load(store: Store, home: Home, register_name: str, path: Path, *, actor: str, progress: Progress | None = None) -> PassResult:
    """Load one file of one register. Raises StopRun, before anything is kept, where the file or its configuration is at fault."""
    config, reader = configured(home, register_name)
    file = _looked_at(register_name, Path(path), config, reader)
    run = store.begin_run(
        "register",
        actor=actor,
        authority=home.settings.authority.code,
        code_version=code_version(),
        config_digest=digest_of(asdict(config)),
        source=register_name,
    )
    try:
        counts = _keep(store, file, run.id, actor, progress)
    except BaseException as error:
        store.end_run(run.id, Outcome.failed, {}, str(error)[:500])
        raise
    store.end_run(run.id, Outcome.good, counts)
    return PassResult(Outcome.good, counts, lines=_lines(config, counts, file))


def _looked_at(name: str, path: Path, config: RegisterConfig, reader: Register) -> _File:
    file = _File(name, path, config, reader, "", 0, 0)
    rows = refused = 0
    for item in file.read():
        rows += 1
        refused += isinstance(item, Refused)
    if rows == refused:
        raise StopRun(f"{path}: none of its {rows} rows could be read as '{config.title}'; nothing was loaded")
    return replace(
        file, digest=_file_digest(path), rows=rows, refused=refused, config=replace(config, dated=reader.dated(path) or config.dated)
    )


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _each_that_fits(rows: Rows) -> Iterator[RegisterEntry | Refused]:
    """A value that the store's column cannot hold is no such value: its row is refused, on every database alike.

    A postcode is exempt: it is kept as read, which always fits, or not at all ("PL25 3 NJ" is a postcode, "ask at the bar" none).
    """
    for item in rows:
        fault = _fault(item) if isinstance(item, RegisterEntry) else ""
        if fault and isinstance(item, RegisterEntry):
            item = Refused(item.row, fault, f"{item.reference} | {item.name} | {item.address_raw} | {item.postcode or ''}")
        yield item


def _fault(entry: RegisterEntry) -> str:
    for name, value in (("reference", entry.reference), ("uprn", entry.uprn), ("phone", entry.phone)):
        if value and len(value) > LONGEST[name]:
            return f"{name} has {len(value)} characters, more than the {LONGEST[name]} that one can have"
    words = (entry.reference, entry.name, entry.address_raw, entry.postcode, entry.uprn, entry.phone)
    if any("\x00" in word or not _is_text(word) for word in words if word):
        return "characters that no text has"
    return ""


def _is_text(word: str) -> bool:
    """Whether it can be written down: JSON can spell half a character (\\ud800), which no database takes."""
    return not any("\ud800" <= c <= "\udfff" for c in word)


def _each_once(rows: Rows) -> Iterator[RegisterEntry | Refused]:
    """A register with one reference twice would be one row too few: the second is refused, and counted."""
    seen: dict[str, int] = {}
    for item in rows:
        if isinstance(item, RegisterEntry):
            first = seen.setdefault(item.reference, item.row)
            if first != item.row:
                item = Refused(item.row, _repeat(item.reference, first), f"{item.name} | {item.address_raw} | {item.postcode or ''}")
        yield item


def _repeat(reference: str, first: int) -> str:
    return f"says the same as row {first}" if reference.startswith("row:") else f"has the reference of row {first}"


def _keep(store: Store, file: _File, run: str, actor: str, progress: Progress | None) -> dict[str, int]:
    snapshot, new = store.begin_register(
        file.register, file.digest, dated=file.config.dated[:10], licence=file.config.licence, rows=file.rows, refused=file.refused, run=run
    )
    entries_to, refused_to = (0, 0) if new else store.register_reached(snapshot)
    counts = {"rows": file.rows, "refused": file.refused, "new_entries": 0, "new_premises": 0, "without_postcode": 0}
    done = 0
    for batch in _batches(file.read(), BATCH):
        entries = [_placed(e, file.register) for e in batch if isinstance(e, RegisterEntry) and e.row > entries_to]
        store.keep_refusals(snapshot, [(r.row, r.reason, r.raw) for r in batch if isinstance(r, Refused) and r.row > refused_to])
        counts["new_entries"] += store.keep_entries(snapshot, [(e, name_key(e.name)) for e in entries])
        counts["without_postcode"] += sum(e.postcode is None for e in entries)
        done += len(batch)
        if progress:
            progress(done, file.rows)
    counts["new_premises"] = _join(store, snapshot, run, actor)
    return counts


def _batches(rows: Iterable[RegisterEntry | Refused], size: int) -> Iterator[list[RegisterEntry | Refused]]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, size)):
        yield batch


def _placed(entry: RegisterEntry, register: str) -> RegisterEntry:
    """The entry with its parts, its postcode in one form, and a position from the postcode where the register gives none."""
    address = parse_address(entry.address_raw, entry.postcode, entry.name)
    written = f"{entry.address_raw}, {entry.postcode}" if entry.postcode else entry.address_raw
    place = place_of(address.postcode) if address.postcode else None
    parts = address.parts()
    if entry.lat is None and place and place.lat is not None:
        entry = replace(entry, lat=round(place.lat, 6), lon=round(place.lon or 0.0, 6))
        parts["position"] = "postcode"
    if place and place.local_authority:
        parts["authority"] = place.local_authority
    return replace(entry, register=register, address_raw=written, postcode=address.postcode, parts=parts)


def _join(store: Store, snapshot: int, run: str, actor: str) -> int:
    new, after = 0, 0
    with store.acting(actor, purpose="register", justification="joining a register's entries to premises", run=run) as reader:
        while entries := reader.entries_unjoined(snapshot, after, BATCH):
            new += store.join_premises([_joined(entry) for entry in entries], run)
            after = entries[-1].id or after
    return new


def _joined(entry: RegisterEntry) -> Join:
    """The entry's premises, and the building that a unit is in."""
    if entry.id is None:
        raise TouchstoneError("an entry is joined after it is kept")
    address = from_parts(entry.address_raw, entry.parts)
    building = building_key(address, entry.name, f"{entry.register}:{entry.reference}")
    label = building_label(address) or entry.address_raw
    if not address.names_a_unit:
        return Join(entry.id, "building", building, label, None, address.postcode)
    return Join(entry.id, "unit", unit_key(building, address), entry.address_raw, building, address.postcode, label)


def _lines(config: RegisterConfig, counts: dict[str, int], file: _File) -> tuple[str, ...]:
    return (
        f"{config.title}, dated {file.config.dated or 'unknown'}: {counts['rows']:,} rows read from {file.path.name}",
        f"{counts['new_entries']:,} entries new, {counts['new_premises']:,} premises new, {counts['without_postcode']:,} without a postcode that could be read",
        f"{counts['refused']:,} rows refused, each kept with its reason",
    )
