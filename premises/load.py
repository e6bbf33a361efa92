"""Pass: registers. A file → entries with their parts, position and premises; the same file twice changes nothing.

The file is read twice: first for its digest, its count and its faults, so that a file which breaks off half-way loads nothing;
then to keep it, in batches, each with its premises in one transaction. A load that was killed goes on where its last batch ended
when it is run again, and until then links are sought in the edition before. Memory does not grow with the file.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from premises.address import Address, from_parts, parse_address
from premises.areas import place_of
from premises.identity import building_key, building_label, name_key, unit_key
from premises.registers import Position, Refused, Register, RegisterConfig, Rows, configured
from store.config import Home
from store.errors import StopRun
from store.executors import InlineExecutor, ahead
from store.once import Once
from store.registers import AT_ONCE, LONGEST, Join, Row
from store.runs import PassResult
from store.store import Store
from store.version import code_version
from store.words.records import Outcome, RegisterEntry, canonical, digest_of

BATCH = 5_000
LONGEST_TEXT = {"name": 1_000, "address_raw": 2_000, "details": 20_000}  # characters: what is longer is no name, but a file gone wrong
FEWEST_TO_COMPARE, LEAST_SHARED = 50, 0.1  # entries of either list, and the share of the smaller that two editions have in common
MOST_REFUSED = 10_000  # of a list of positions, whose refusals are held in memory
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
        assert self.reader.read is not None
        return _each_once(_each_that_fits(self.reader.read(self.path, self.config)))


def load(
    store: Store,
    home: Home,
    register_name: str,
    path: Path,
    *,
    actor: str,
    progress: Progress | None = None,
    executor: Executor | None = None,
    anyway: bool = False,
) -> PassResult:
    """Load one file of one register. Raises StopRun, before anything is kept, where the file or its configuration is at fault, and, unless
    `anyway`, where it is no edition of the register loaded under that name.

    `executor` splits the addresses, which is most of the work, where it has workers; the rows are kept by this process.
    """
    config, reader = configured(home, register_name)
    if reader.read is None:
        return _load_positions(store, home, register_name, Path(path), config, reader, actor, progress)
    file = _looked_at(register_name, Path(path), config, reader)
    if not anyway:
        _an_edition(store, file)
    run = _begun(store, home, register_name, config, actor)
    try:
        counts = _keep(store, file, run, actor, progress, executor or InlineExecutor())
    except BaseException as error:
        store.end_run(run, Outcome.failed, {}, str(error)[:500])
        raise
    store.end_run(run, Outcome.good, counts)
    return PassResult(Outcome.good, counts, lines=_lines(config, counts, file))


def _begun(store: Store, home: Home, register: str, config: RegisterConfig, actor: str) -> str:
    authority, said = home.settings.authority.code, digest_of(asdict(config))
    return store.begin_run(
        "register", actor=actor, authority=authority, code_version=code_version(), config_digest=said, source=register
    ).id


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


def _an_edition(store: Store, file: _File) -> None:
    """Raise StopRun where a file shares almost no reference with the newest edition under its name, which it would push out.

    Two councils' lists of one kind are two registers. The references are counted by the store, a few hundred at a time, and no further
    than is needed: of a next edition some tenth of the file is read.
    """
    kept = store.register_snapshots(file.register)
    before = next((one for one in reversed(kept) if one.whole), None)
    if before is None or any(one.file_digest == file.digest for one in kept):
        return
    had, has = before.rows - before.refused, file.rows - file.refused
    if min(had, has) < FEWEST_TO_COMPARE:
        return
    shared = 0
    for batch in _batches(file.read(), AT_ONCE):
        shared += store.references_known(before.id, [e.reference for e in batch if isinstance(e, RegisterEntry)])
        if shared >= min(had, has) * LEAST_SHARED:
            return
    raise StopRun(
        f"{file.path}: {shared} of its {has:,} references are in the newest edition of '{file.register}' (snapshot {before.id}, {had:,} entries), so "
        f"that it is the list of another place or publisher, and would take that edition's place. Give it a register of its own, "
        f"configs/registers/{file.register}_NAME.yml with `kind: {file.config.kind}`, and load it under that name; "
        "if it is a new edition with other references: --anyway. Nothing was loaded"
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
            said = f"{item.reference[:200]} | {item.name[:500]} | {item.address_raw[:1000]} | {(item.postcode or '')[:40]}"
            item = Refused(item.row, fault, said)
        yield item


def _fault(entry: RegisterEntry) -> str:
    for name, value in (("reference", entry.reference), ("uprn", entry.uprn), ("phone", entry.phone)):
        if value and len(value) > LONGEST[name]:
            return f"{name} has {len(value)} characters, more than the {LONGEST[name]} that one can have"
    details = canonical(entry.details).decode("utf-8", "surrogatepass") if entry.details else ""
    for name, value in (("name", entry.name), ("address_raw", entry.address_raw), ("details", details)):
        if len(value) > LONGEST_TEXT[name]:
            return f"{name.removesuffix('_raw')} has {len(value)} characters, more than the {LONGEST_TEXT[name]} that one can have"
    words = "".join(filter(None, (entry.reference, entry.name, entry.address_raw, entry.postcode, entry.uprn, entry.phone, details)))
    return "characters that no text has" if "\x00" in words or "\\u0000" in details or not _is_text(words) else ""


def _is_text(word: str) -> bool:
    """Whether it can be written down: JSON can spell half a character (\\ud800), which no database takes."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _each_once(rows: Rows) -> Iterator[RegisterEntry | Refused]:
    """A register with one reference twice would be one row too few: the second is refused, and counted."""
    with Once() as once:
        for item in rows:
            if isinstance(item, RegisterEntry):
                first = once.first(item.reference, item.row)
                if first != item.row:
                    item = Refused(item.row, _repeat(item.reference, first), f"{item.name} | {item.address_raw} | {item.postcode or ''}")
            yield item


def _repeat(reference: str, first: int) -> str:
    return f"says the same as row {first}" if reference.startswith("row:") else f"has the reference of row {first}"


def _keep(store: Store, file: _File, run: str, actor: str, progress: Progress | None, executor: Executor) -> dict[str, int]:
    dated, licence = file.config.dated[:10], file.config.licence
    snapshot, new = store.begin_register(
        file.register, file.digest, dated=dated, licence=licence, rows=file.rows, refused=file.refused, run=run, begun=True
    )
    counts = {"rows": file.rows, "refused": file.refused, "new_entries": 0, "new_premises": 0, "without_postcode": 0}
    if store.register_ended(snapshot):
        return counts
    entries_to, refused_to = (0, 0) if new else store.register_reached(snapshot)
    done = 0
    for size, refused, rows in _worked(file, executor, entries_to, refused_to):
        counts["new_premises"] += store.keep_rows(snapshot, rows, refused, run)
        counts["new_entries"] += len(rows)
        counts["without_postcode"] += sum(row.entry.postcode is None for row in rows)
        done += size
        if progress:
            progress(done, file.rows)
    if not new:  # a version that joined in a step of its own may have been killed between the two
        counts["new_premises"] += _join(store, snapshot, run, actor)
    store.mark_register(snapshot, "ended", run)
    return counts


Worked = tuple[int, list[tuple[int, str, str]], list[Row]]  # rows of the file, refusals, rows to keep


def _worked(file: _File, executor: Executor, entries_to: int, refused_to: int) -> Iterator[Worked]:
    """Each batch of the file, worked on by the executor a few ahead, in the file's order."""
    waiting: deque[tuple[int, list[tuple[int, str, str]], Future[list[Row]]]] = deque()
    for batch in _batches(file.read(), BATCH):
        entries = [e for e in batch if isinstance(e, RegisterEntry) and e.row > entries_to]
        refused = [(r.row, r.reason, r.raw) for r in batch if isinstance(r, Refused) and r.row > refused_to]
        waiting.append((len(batch), refused, executor.submit(placed, entries, file.register)))
        if len(waiting) >= ahead(executor):
            size, refused, future = waiting.popleft()
            yield size, refused, future.result()
    for size, refused, future in waiting:
        yield size, refused, future.result()


def _batches(rows: Iterable[RegisterEntry | Refused], size: int) -> Iterator[list[RegisterEntry | Refused]]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, size)):
        yield batch


def placed(entries: list[RegisterEntry], register: str) -> list[Row]:
    """Entries with their parts and position, and the premises of each. Pure but for the postcode directory: any process may do it."""
    out = []
    for entry in entries:
        entry, address = _placed(entry, register)
        out.append(Row(entry, name_key(entry.name), _joined(entry, address)))
    return out


def _placed(entry: RegisterEntry, register: str) -> tuple[RegisterEntry, Address]:
    """The entry with its parts, its postcode in one form, and a position from the postcode where the register gives none."""
    address = parse_address(entry.address_raw, entry.postcode, entry.name)
    written = ", ".join(filter(None, (entry.address_raw, entry.postcode)))
    place = place_of(address.postcode) if address.postcode else None
    parts = address.parts()
    lat, lon = entry.lat, entry.lon
    if lat is None and place and place.lat is not None:
        lat, lon = round(place.lat, 6), round(place.lon or 0.0, 6)
        parts["position"] = "postcode"
    if place and place.local_authority:
        parts["authority"] = place.local_authority
    return replace(entry, register=register, address_raw=written, postcode=address.postcode, parts=parts, lat=lat, lon=lon), address


def _join(store: Store, snapshot: int, run: str, actor: str) -> int:
    new, after = 0, 0
    with store.acting(actor, purpose="register", justification="joining a register's entries to premises", run=run) as reader:
        while entries := reader.entries_unjoined(snapshot, after, BATCH):
            new += store.join_premises([_joined(e, from_parts(e.address_raw, e.parts))._replace(entry=e.id or 0) for e in entries], run)
            after = entries[-1].id or after
    return new


def _joined(entry: RegisterEntry, address: Address) -> Join:
    """The entry's premises, and the building that a unit is in. Its number is filled in once it is kept."""
    own = f"{entry.register}:{entry.reference}"
    building = building_key(address, entry.name or own, own)  # nameless doors of one street without numbers are not one door
    label = building_label(address) or entry.address_raw
    if not address.names_a_unit:
        return Join(0, "building", building, label, None, address.postcode)
    return Join(0, "unit", unit_key(building, address), entry.address_raw, building, address.postcode, label)


def _lines(config: RegisterConfig, counts: dict[str, int], file: _File) -> tuple[str, ...]:
    return (
        f"{config.title}, dated {file.config.dated or 'unknown'}: {counts['rows']:,} rows read from {file.path.name}",
        f"{counts['new_entries']:,} entries new, {counts['new_premises']:,} premises new, {counts['without_postcode']:,} without a postcode that could be read",
        f"{counts['refused']:,} rows refused, each kept with its reason",
    )


# -- positions -----------------------------------------------------------------------------------------------------------


def _load_positions(
    store: Store, home: Home, name: str, path: Path, config: RegisterConfig, reader: Register, actor: str, progress: Progress | None
) -> PassResult:
    """Positions of the UPRNs that the store's entries name; loading the same file again takes up those named since."""
    assert reader.positions is not None
    wanted = store.uprns()
    if not wanted:
        raise StopRun("no entry of any register loaded so far names a UPRN: load a list that does first; nothing was loaded")
    total, found, refused = path.stat().st_size if path.exists() else 0, [], []
    rows = 0
    for item in reader.positions(path, config):
        rows += 1
        if isinstance(item, Position):
            if item.uprn in wanted:
                found.append((str(item.uprn), item.lat, item.lon))
        else:
            refused.append((item.row, item.reason, item.raw))
            if len(refused) > MOST_REFUSED:
                raise StopRun(
                    f"{path}: more than {MOST_REFUSED:,} rows refused, the last on line {item.row} ({item.reason}); nothing was loaded"
                )
        if progress and rows % 100_000 == 0:
            progress(rows, max(rows, total // 45))  # a line has some 45 bytes, of which a packed file shows a third
    if rows == len(refused):
        raise StopRun(f"{path}: none of its {rows} rows could be read as '{config.title}'; nothing was loaded")
    dated = (reader.dated(path) or config.dated)[:10]
    run = _begun(store, home, name, config, actor)
    try:
        snapshot, new = store.begin_register(
            name, _file_digest(path), dated=dated, licence=config.licence, rows=rows, refused=len(refused), run=run, begun=True
        )
        if new or not store.register_reached(snapshot)[1]:  # killed between the two: they are kept all at once
            store.keep_refusals(snapshot, refused)
        counts = {"rows": rows, "refused": len(refused), "wanted": len(wanted), "found": len(found)}
        counts["new_positions"] = store.keep_positions(snapshot, found)
        if not store.register_ended(snapshot):
            store.mark_register(snapshot, "ended", run)
    except BaseException as error:
        store.end_run(run, Outcome.failed, {}, str(error)[:500])
        raise
    store.end_run(run, Outcome.good, counts)
    lines = (
        f"{config.title}, dated {dated or 'unknown'}: {rows:,} rows read from {path.name}, {len(refused):,} refused",
        f"{len(wanted):,} UPRNs are named by entries, {len(found):,} of them are in it; {counts['new_positions']:,} positions new",
    )
    return PassResult(Outcome.good, counts, lines=lines)
