"""The log handed out: as CSV for people to read, and as lines of JSON whose chain others can check without us.

The chain runs over every event, so a selection cannot be checked by itself: in the lines of JSON the events that were not asked for stand as their inner
digests, as in a pack's log.jsonl. verify.py checks those lines (`--log FILE`); a CSV is for reading, and nothing checks it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, date, datetime
from pathlib import Path
from typing import Any

from casework.spreadsheets import write_csv
from store.errors import TouchstoneError
from store.store import Store
from store.words.dates import LONDON
from store.words.records import Event, Verb, canonical

PAGE = 5000
COLUMNS = ("seq", "at", "verb", "actor", "purpose", "justification", "run", "case", "subjects", "detail", "salt", "inner", "chain")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which events are wanted; what is left out asks for nothing. `subject` is a kind of row and its number: `seller`, 7. Days are London's, both included.

    `actors` are those whose events may be taken at all; None: everybody's.
    """

    case: str = ""
    actor: str = ""
    verbs: tuple[Verb, ...] = ()
    since: date | None = None
    until: date | None = None
    subject: tuple[str, int] | None = None
    actors: frozenset[str] | None = None

    def takes(self, event: Event) -> bool:
        body = event.body
        if self.actors is not None and body["actor"] not in self.actors:
            return False
        if (self.case and body["case"] != self.case) or (self.actor and body["actor"] != self.actor):
            return False
        if self.verbs and body["verb"] not in self.verbs:
            return False
        day = datetime.fromisoformat(body["at"]).astimezone(LONDON).date()
        if (self.since and day < self.since) or (self.until and day > self.until):
            return False
        return self.subject is None or self.subject[1] in _Numbers(body["subjects"].get(self.subject[0], ""))


def within(choice: Choice, actors: frozenset[str]) -> Choice:
    """The same choice, of these people's and systems' events only."""
    return replace(choice, actors=actors)


class _Numbers:
    """`1-3,7` as something that knows whether a number is in it."""

    def __init__(self, said: str) -> None:
        self.parts = [part.partition("-") for part in said.split(",") if part]

    def __contains__(self, number: int) -> bool:
        return any(first.isdecimal() and int(first) <= number <= int(last or first) for first, _, last in self.parts)


def subject(said: str) -> tuple[str, int]:
    """`seller:7` as (kind, number). Raises TouchstoneError."""
    found = re.fullmatch(r"([a-z_]+):(\d+)", said)
    if not found:
        raise TouchstoneError(f"'{said}' is no kind of row with its number, such as seller:7")
    return found[1], int(found[2])


def events(store: Store, upto: int) -> Iterator[Event]:
    after = 0
    while after < upto and (page := store.log(after, min(PAGE, upto - after))):
        yield from page
        after = page[-1].seq


def write(store: Store, path: Path, choice: Choice) -> tuple[int, int, str]:
    """Write the chosen events to a new file, CSV or lines of JSON by its suffix; how many, and number and digest of the log's newest event.

    Raises TouchstoneError for another suffix and for a file that is there.
    """
    if path.suffix not in (".csv", ".jsonl"):
        raise TouchstoneError(f"{path.name}: the log is written as .csv, to be read, or as .jsonl, whose chain can be checked")
    if path.exists():
        raise TouchstoneError(f"{path} exists already; an export is not overwritten")
    seq, head = store.log_head()
    part = path.with_name(path.name + ".part")
    taken = (_csv if path.suffix == ".csv" else _lines)(store, part, choice, seq)
    part.rename(path)
    return taken, seq, head


def _csv(store: Store, path: Path, choice: Choice, upto: int) -> int:
    return write_csv(path, COLUMNS, (row(event) for event in events(store, upto) if choice.takes(event)))


def row(event: Event) -> list[Any]:
    """An event by COLUMNS."""
    said: dict[str, Any] = {**event.body, "salt": event.salt, "inner": event.inner, "chain": event.chain}
    said |= {name: json.dumps(said[name], ensure_ascii=False) for name in ("subjects", "detail")}
    return ["" if said[name] is None else said[name] for name in COLUMNS]


def _lines(store: Store, path: Path, choice: Choice, upto: int) -> int:
    taken = 0
    with path.open("wb") as file:
        for event in events(store, upto):
            row: dict[str, Any] = {"seq": event.seq, "inner": event.inner}
            if choice.takes(event):
                taken += 1
                row |= {"salt": event.salt, "event": event.body, "chain": event.chain}
            file.write(canonical(row) + b"\n")
    return taken


def day(said: str, name: str) -> date | None:
    try:
        found = date.fromisoformat(said) if said else None
        if found is not None and found.year in (MINYEAR, MAXYEAR):  # a day before or after it may be none
            raise ValueError
        return found
    except ValueError:
        raise TouchstoneError(f"{name}: '{said}' is no date: write it as 2026-11-26") from None
