"""What a register's entry says beside name and address: its landlord, its market, the days of a closure order. One place that knows where that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from store.words.records import RegisterEntry


def fact(entry: RegisterEntry, name: str) -> str:
    """The entry's `name` of its details, else of its parts; "" where it says none."""
    for held in (getattr(entry, "details", None), entry.parts):
        if isinstance(held, Mapping) and isinstance(said := held.get(name), str) and said.strip():
            return " ".join(said.split())
    return ""


def newest(entries: Iterable[RegisterEntry], name: str) -> str:
    """What the newest of these entries that says it says; "" where none does."""
    return next((said for entry in reversed(list(entries)) if (said := fact(entry, name))), "")


def market(entries: Iterable[RegisterEntry]) -> str:
    """The market that the newest of these entries names: as such, else a building or estate whose name says that it is one; "" where none is."""
    known = list(entries)
    if said := newest(known, "market"):
        return said
    named = (newest(known, part) for part in ("building", "estate"))
    return next((said for said in named if {"market", "markets", "arcade", "bazaar"} & set(said.casefold().split())), "")


def day(text: str) -> date | None:
    """A day written as YYYY-MM-DD; None for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None
