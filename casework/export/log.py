"""The custody log as it goes into a pack: the case's events whole, but for those of what is kept out of packs; all others as the digest that holds
their place in the chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from casework.export.gather import Material
from casework.told import is_told
from store.audit import GENESIS
from store.store import Store
from store.trust import HEAD_EVENT, KEY_EVENT
from store.words.records import Event, SubjectKind, Verb, canonical

PAGE = 5000


def case_rows(m: Material) -> dict[str, set[int]]:
    """The row numbers that this pack shows, by the words that events use for them."""
    pictures = {n for subjects in m.subjects.values() for kind, n in subjects if kind is SubjectKind.picture}
    pictures |= {n for n, each in m.beside.items() if each.sha256}
    return {
        "listing": set(m.listings),
        "capture": set(m.captures),
        "reading": set(m.readings),
        "snapshot": set(m.snapshots),
        "seller": set(m.sellers),
        "account": set(m.sellers),
        "picture": pictures,
        "image": {i.id for i in m.images.values() if i.id is not None},
        "examination": set(m.examinations),
        "finding": set(m.findings),
        "flag": set(m.flags),
        "link": set(m.links),
        "premises": set(m.premises),
        "judgement": set(m.judgements),
        "reference": set(m.references),
        "exhibit": {e.id for e in m.exhibits if e.id is not None},
        **{word: {row["id"] for row in m.more[table]} for word, table in m.words.items()},
    }


def is_disclosed(event: Event, case: str, rows: Mapping[str, set[int]]) -> bool:
    """Whether an event is the case's own and may be told, or is of nothing but rows that the pack shows (its captures' collection among them)."""
    if event.body.get("purpose") in (KEY_EVENT, HEAD_EVENT):  # of the log itself, and of nobody's matter
        return True
    named = event.body.get("case")
    if named is not None:
        return bool(named == case) and is_told(event)
    subjects: Mapping[str, str] = event.body.get("subjects") or {}
    return bool(subjects) and all(_within(ids, rows.get(kind, set())) for kind, ids in subjects.items())


def _within(ids: str, known: set[int]) -> bool:
    """Whether every number of `1-3,7` is known; a range is never written out, since a pass may have shown millions."""
    for part in ids.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            return False
        low, high = int(first), int(last or first)
        if high - low >= len(known) or not all(n in known for n in range(low, high + 1)):
            return False
    return True


def events(store: Store, upto: int, after: int = 0) -> Iterator[Event]:
    """Events of the log in pages: a log has millions."""
    while after < upto:
        page = store.log(after, min(PAGE, upto - after))
        if not page:
            return
        yield from page
        after = page[-1].seq


def write_log(store: Store, material: Material, path: Path, after: int, upto: int) -> dict[str, Any]:
    """Write the events after `after` up to `upto`, a line each; the number and the chain's digest of the last, also where that is `after`."""
    rows = case_rows(material)
    end: dict[str, Any] = {"seq": after, "head": next((e.chain for e in events(store, after, after - 1)), GENESIS)}
    with path.open("wb") as file:
        for event in events(store, upto, after):
            row: dict[str, Any] = {"seq": event.seq, "inner": event.inner}
            if is_disclosed(event, material.case.reference, rows):
                row |= {"salt": event.salt, "event": event.body, "chain": event.chain}
            file.write(canonical(row) + b"\n")
            end = {"seq": event.seq, "head": event.chain}
    return end


def custody(store: Store, material: Material, upto: int) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The disclosed events up to the seal, for people to read: all but the collection of captures, and that by capture."""
    rows = case_rows(material)
    others: list[dict[str, Any]] = []
    collected: dict[str, dict[str, Any]] = {}
    for event in events(store, upto):
        if is_disclosed(event, material.case.reference, rows):
            body = dict(event.body)
            if body["verb"] == str(Verb.collection) and "capture" in body["subjects"]:
                collected[body["subjects"]["capture"]] = body
            else:
                others.append(body)
    return others, collected
