"""Rows against what the log and their own digests say of them: an edit made in the database directly leaves one of the two behind.

It finds a changed word, digest, finding, method or verdict, and a capture, sighting, judgement, exhibit, draft, row of a case,
follow-up, seal, key, signed head, or word of people's on a place, an account or two sellers, intelligence report, referral or record of money, that no event tells of. Somebody who changes rows and rewrites the whole log is found out by a head that was quoted before (docs/limits.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from store import audit, casefile, disclosure, exhibits, lookups, recorded, said, trust
from store import tables as t
from store.advert_erasure import blank_snapshot_digest
from store.database import numbers_in
from store.drafts import drafts_that_differ
from store.followup import ERASED, commitment, files_of
from store.seals import PURPOSE as SEALED
from store.seals import seals_that_differ
from store.words.records import SNAPSHOT_WORDS, digest_of


def rows_that_differ(c: Connection) -> list[str]:
    """Problems in words, naming the row. [] when every row is as the log and its digest have it."""
    erased: dict[str, set[int]] = {
        name: set() for name in ("follow_up", "attribution", "occupant", "case_entry", "lookup", "snapshot", "finding", "exhibit")
    }
    events = list(_events(c, erased))  # first: what was erased is told by the log
    return [*_digests(c, erased), *events]


def _digests(c: Connection, erased: Mapping[str, set[int]]) -> Iterator[str]:
    for r in c.execute(select(t.snapshot)).mappings():
        if r["id"] in erased["snapshot"]:
            if r["digest"] != blank_snapshot_digest(r["id"]) or any(r[word] for word in SNAPSHOT_WORDS):
                yield f"snapshot {r['id']} was changed: the log says that it was erased, and it says something"
        elif digest_of({word: r[word] for word in SNAPSHOT_WORDS}) != r["digest"]:
            yield f"snapshot {r['id']} was changed: its words are not those of its digest"
    for r in c.execute(select(t.method)).mappings():
        if digest_of([r["kind"], r["name"], r["version"], json.loads(r["settings_json"]), json.loads(r["models_json"])]) != r["digest"]:
            yield f"method {r['id']} was changed: it is not the one of its digest"
    for r in c.execute(select(t.finding)).mappings():
        if r["id"] in erased["finding"] and not r["sentence"]:
            continue
        body = {
            "reason": r["reason"],
            "score": r["score"],
            "sentence": r["sentence"],
            "direction": r["direction"],
            "pointers": json.loads(r["pointers_json"]),
        }
        if digest_of(body) != r["digest"]:
            yield f"finding {r['id']} was changed: it is not the one of its digest"


def _events(c: Connection, erased: dict[str, set[int]]) -> Iterator[str]:
    captures: dict[str, dict[str, Any]] = {}
    judgements: dict[int, str] = {}
    numbered: dict[tuple[str, str], str] = {}
    case_rows: dict[int, str] = {}
    named: dict[int, frozenset[tuple[str, int]]] = {}
    sightings: dict[str, str] = {}
    follow_ups: dict[int, str] = {}
    looked_up: dict[int, str] = {}
    said_by: dict[tuple[str, int], str] = {}
    rests: dict[int, list[int]] = {}
    statements: dict[int, tuple[str, int | None]] = {}
    drafts: dict[int, tuple[Any, ...]] = {}
    trusted: dict[tuple[str, int], str] = {}
    seals: dict[int, tuple[str, str]] = {}
    erased |= {name: set() for name in recorded.TABLES}
    committed: dict[tuple[str, int], str] = {}
    erased |= {"disclosure_decision": set(), "disclosure_edition": set()}
    disclosed: dict[str, Any] = {"items": [], "rows": {}}
    for event in audit.events(c):
        subjects, detail = event.body["subjects"], event.body["detail"]
        if event.body["verb"] == "collection" and "capture" in subjects and "sha256" in detail:
            captures[subjects["capture"]] = detail
        if event.body["verb"] == "collection" and "sighting" in subjects and "told" in detail:
            sightings[subjects["sighting"]] = detail["told"]
        if "commitment" in detail and "follow_up" in subjects:
            follow_ups[int(subjects["follow_up"])] = detail["commitment"]
        for name in ("attribution", "occupant"):
            if "commitment" in detail and name in detail:
                said_by[name, detail[name]] = detail["commitment"]
        for name in ("signing_key", "signed_head"):
            if name in detail and "digest" in detail:
                trusted[name, detail[name]] = detail["digest"]
        for name in recorded.TABLES:
            if "commits" in detail and name in detail:
                committed[name, detail[name]] = detail["commits"]
        for name in ("disclosure_decision", "disclosure_edition"):
            if "commitment" in detail and name in detail:
                disclosed["rows"][name, detail[name]] = detail["commitment"]
        if "disclosure_items" in detail:
            disclosed["items"].append((event.body["case"], *detail["disclosure_items"], detail["digest"]))
        if "rests" in detail:
            rests[detail["rests"]] = detail["on"]
        if event.body["purpose"] == "erasure":
            for name, numbers in erased.items():
                numbers |= numbers_in(subjects.get(name, ""))
        if asked := detail.get("looked_up"):
            looked_up[asked["lookup"]] = asked["commitment"]
        if event.body["purpose"] == SEALED and "seal" in detail:
            seals[event.seq] = (event.body["case"], detail["seal"])
        if "pair_statement" in detail:
            statements[detail["pair_statement"]] = (detail["says"], detail["withdraws"])
        if "draft" in detail:
            drafts[detail["draft"]] = (event.body["case"], detail["kind"], detail["files"])
        if "judgement" in detail:
            judgements[detail["judgement"]] = " ".join(filter(None, (detail["verdict"], detail.get("code", ""))))
        if "exhibit" in detail:
            numbered[event.body["case"], detail["exhibit"]] = detail.get("commits", "")
        if "case_entry" in detail:
            case_rows[detail["case_entry"]] = detail["commits"]
            others = {kind: ids for kind, ids in subjects.items() if kind != "case_entry"}
            also = numbers_in(subjects["case_entry"]) - {detail["case_entry"]}
            named[detail["case_entry"]] = frozenset(
                [(kind, n) for kind, ids in others.items() for n in numbers_in(ids)] + [("case_entry", n) for n in also]
            )
    kept = set()
    for capture in c.execute(select(t.capture.c.id, t.capture.c.body_digest, t.capture.c.record_id, t.capture.c.status)):
        kept.add(str(capture.id))
        event_of = captures.get(str(capture.id))
        if event_of is None:
            yield f"capture {capture.id} is in no event of the log: nothing tells of its collection"
        elif (event_of["sha256"], event_of["record"], event_of["status"]) != (capture.body_digest, capture.record_id, capture.status):
            yield f"capture {capture.id} was changed: the event of its collection says something else"
    for number in captures.keys() - kept:
        yield f"capture {number} is gone, although the log tells of its collection"
    told = {str(r.id): str(r.told) for r in c.execute(select(t.sighting.c.id, t.sighting.c.told))}
    for sighting in sorted(told.keys() | sightings.keys(), key=int):
        if told.get(sighting) != sightings.get(sighting):
            row, logged = told.get(sighting, "nothing"), sightings.get(sighting, "nothing")
            yield f"sighting {sighting} was changed: its row says that it was told by {row}, the log {logged}"
    said_so = select(t.judgement.c.id, t.judgement.c.verdict, t.judgement.c.code)
    rows: dict[int, str] = {int(r.id): " ".join(filter(None, (r.verdict, r.code))) for r in c.execute(said_so)}
    for judgement in sorted(rows.keys() | judgements.keys()):
        if rows.get(judgement) != judgements.get(judgement):
            yield f"judgement {judgement} was changed: its row says {rows.get(judgement, 'nothing')}, the log {judgements.get(judgement, 'nothing')}"
    pairs = t.pair_statement.c
    stated: dict[int, tuple[str, int | None]] = {
        int(r.id): (str(r.says), r.withdraws) for r in c.execute(select(pairs.id, pairs.says, pairs.withdraws))
    }
    for which in sorted(stated.keys() | statements.keys()):
        if stated.get(which) != statements.get(which):
            yield f"statement {which} of two sellers was changed: its row and the log do not say the same"
    shown = {(r.case_file, r.number) for r in c.execute(select(t.exhibit.c.case_file, t.exhibit.c.number))}
    for case, exhibit in sorted(shown ^ numbered.keys()):
        yield f"exhibit {exhibit} of case {case} is in {'no event of the log' if (case, exhibit) in shown else 'the log alone: its row is gone'}"
    yield from _follow_ups(c, follow_ups, erased["follow_up"])
    yield from exhibits.rows_that_differ(c, numbered, erased["exhibit"])
    yield from casefile.rows_that_differ(c, case_rows, named, erased["case_entry"])
    yield from said.rows_that_differ(c, said_by, erased)
    yield from said.grounds_that_differ(c, rests)
    yield from lookups.rows_that_differ(c, looked_up, erased["lookup"])
    yield from drafts_that_differ(c, drafts)
    yield from trust.rows_that_differ(c, trusted)
    yield from seals_that_differ(c, seals)
    yield from recorded.rows_that_differ(c, committed, erased)
    yield from disclosure.rows_that_differ(c, disclosed, erased)


def _follow_ups(c: Connection, logged: dict[int, str], erased: set[int]) -> Iterator[str]:
    """Follow-ups against the commitments of their events; one that an erasure has blanked says nothing any more."""
    files = files_of(c, sorted(logged))
    kept = {row["id"]: dict(row) for row in c.execute(select(t.follow_up)).mappings()}
    for number, row in sorted(kept.items()):
        if number not in logged:
            yield f"follow-up {number} is in no event of the log: nothing tells of its recording"
        elif number in erased:
            if (row["body_json"], row["salt"]) != (ERASED, ""):
                yield f"follow-up {number} was changed: the log says that it was erased, and it says something"
        elif logged[number] != commitment(row, [(f.capture, str(f.role), f.taken_at) for f in files[number]]):
            yield f"follow-up {number} was changed: the event of its recording commits to something else"
    for number in sorted(logged.keys() - kept.keys()):
        yield f"follow-up {number} is gone, although the log tells of its recording"
