"""Any list in CSV: which column holds what is said in configs/registers/NAME.yml (kind `csv`). gzip, zip, UTF-8 and cp1252 are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from premises.delimited import check_columns, fault, headed
from premises.registers import Columns, Refused, RegisterConfig, Rows, degrees_of, phone_of, said, uprn_of
from store.errors import StopRun
from store.words.records import RegisterEntry, digest_of

KIND = "csv"


def read(path: Path, config: RegisterConfig) -> Rows:
    """Each row as an entry; rows without a name or an address, with cells too many or too few, or undecodable, are refused."""
    if config.columns is None or not config.columns.name:
        raise StopRun(f"register '{config.title}': kind csv needs `columns:`, which say what holds the name and the address")
    for row in mapped(path, config, config.columns):
        yield row if isinstance(row, Refused) else entry_of(*row, config.columns)


def mapped(path: Path, config: RegisterConfig, columns: Columns) -> Iterator[tuple[int, dict[str, str]] | Refused]:
    """Each row as (line, column → cell). Raises StopRun for a column that is configured and not there."""
    header, below = headed(path, config.delimiter)
    named = [getattr(columns, each) for each in ("name", "postcode", "phone", "uprn", "lat", "lon", "fact", "from_date", "until_date", "landlord", "occupier")]  # fmt: skip
    check_columns(path, [*named, *several(columns.address), *several(columns.reference), *columns.details.values()], header)
    for row in below:
        if isinstance(row, Refused):
            yield row
        elif wrong := fault(row[1], len(header)):
            yield Refused(row[0], wrong, " | ".join(row[1]))
        else:
            yield row[0], dict(zip(header, (cell.strip() for cell in row[1]), strict=True))


def several(names: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names or ()


def entry_of(
    number: int, cells: Mapping[str, str], columns: Columns, *, name: str = "", nameless: bool = False, **more: object
) -> RegisterEntry | Refused:
    """The entry of a row. `name` where the list has no column for it, `nameless` where it need have none; `more` goes to its details."""
    raw = " | ".join(cells.values())
    lines = [cells[each] for each in several(columns.address) if cells[each]]
    name = (columns.name and cells[columns.name]) or name
    if not lines or not (name or nameless):
        return Refused(number, "no address" if name or nameless else "no name", raw)
    # Without a reference of the publisher's the row's own words are the only thing that stays the same when rows are moved:
    # a line number would give one shop another's reference in the next edition.
    reference = "/".join(cells[each] for each in several(columns.reference)).strip("/")
    given = {each: cells[column] for each in ("postcode", "phone", "uprn", "lat", "lon") if (column := getattr(columns, each))}
    lat, lon = degrees_of(given.get("lat"), 90), degrees_of(given.get("lon"), 180)
    return RegisterEntry(
        register=KIND,
        reference=reference or "row:" + digest_of(cells)[:24],
        name=name,
        address_raw=", ".join(lines),
        postcode=given.get("postcode"),
        uprn=uprn_of(given.get("uprn")),
        phone=phone_of(given.get("phone")),
        lat=lat if lon is not None else None,
        lon=lon if lat is not None else None,
        row=number,
        details=said(**{key: cells[column] for key, column in columns.details.items()}, **more),
    )
