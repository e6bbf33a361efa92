"""A local authority's own list in CSV: a market's stalls, licensed premises, closure orders, the register of landlords.

Councils publish these as each sees fit (a licensing register under s.8 of the Licensing Act 2003, a public register of houses in
multiple occupation under s.232 of the Housing Act 2004, closure orders under s.80 of the Anti-social Behaviour, Crime and Policing Act
2014 as they announce them): there is no layout to follow, so that configs/registers/NAME.yml says which column holds what. Beside what
kind `csv` knows it may say what a row states (`fact:` for all rows, or a column), from when and until when, and who lets and who
occupies the place. A row need not name a business: an empty stall and a closed shop are premises, too.
"""

from __future__ import annotations

from pathlib import Path

from premises.registers import Refused, RegisterConfig, Rows, date_of
from premises.registers.table import entry_of, mapped
from store.errors import StopRun

KIND = "authority_list"
DATES = (("from", "from_date"), ("until", "until_date"))


def read(path: Path, config: RegisterConfig) -> Rows:
    """Each row as an entry whose details say `fact`, `from`, `until`, `landlord`, `occupier`; one with a date that is none is refused."""
    columns = config.columns
    if columns is None or not (config.fact or columns.fact):
        raise StopRun(
            f"register '{config.title}': kind authority_list needs `columns:`, and `fact:` or a column for it, which say what its rows state"
        )
    for row in mapped(path, config, columns):
        if isinstance(row, Refused):
            yield row
            continue
        number, cells = row
        given = {key: cells[column] for key, name in DATES if (column := getattr(columns, name))}
        dates = {key: date_of(value) if value else "" for key, value in given.items()}
        if wrong := next((key for key, value in dates.items() if value is None), ""):
            yield Refused(number, f"{wrong}: '{given[wrong][:40]}' is no date", " | ".join(cells.values()))
            continue
        people = {key: cells[column] for key in ("landlord", "occupier") if (column := getattr(columns, key))}
        fact = (columns.fact and cells[columns.fact]) or config.fact
        yield entry_of(number, cells, columns, name=people.get("occupier", ""), nameless=True, fact=fact, **dates, **people)
