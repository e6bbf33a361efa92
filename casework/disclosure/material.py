"""A case's relevant material as things that a schedule can list: what each is, of when, where it is held, what it says, and what is suggested of it."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.disclosure.prompts import CRAWLS, by_subject, in_force, newest_places, problem_key, prompts, superseded_methods
from casework.disclosure.settings import Settings
from casework.export.shown import KINDS, money
from crawler.clock import sentence as clock_sentence
from store.relevant import Relevant, Row
from store.words.records import CaptureKind

LONGEST = 300  # characters of a summary: a schedule says what a thing is, and is not the thing
FILES = (CaptureKind.image, CaptureKind.network, CaptureKind.robots)
TOLD = ("public", "partner")
ORDER = (
    "case_file", "exhibit", "capture", "listing", "snapshot", "image", "seller", "contact", "finding", "examination", "flag", "judgement", "link",
    "premises", "register_entry", "register_snapshot", "occupant", "attribution", "pair_statement", "follow_up", "sighting", "informant", "event",
    "method", "reference", "run", "hold", "operation", "log",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of the case. `block` is what it may be counted under, "" where it is listed by itself; `own`: an exhibit is of it or rests on it."""

    key: str
    text: str
    date: str  # YYYY-MM-DD, of what it is of: when it happened, else when it was recorded
    held: str
    summary: str
    prompts: tuple[str, ...]
    sensitive: str
    block: str
    own: bool

    @property
    def table(self) -> str:
        return self.key.partition(":")[0]


def things_of(
    m: Relevant, settings: Settings, problems: Sequence[str] = (), breaks: Mapping[int, Sequence[str]] | None = None
) -> dict[str, Thing]:  # fmt: skip
    """Every thing of a case, by key, in the order in which they would be numbered: what exhibits rest on first, then by kind and date.

    `problems`: what a check of the store said; `breaks`: of each exhibit's row where its custody does not hold.
    """
    said = prompts(m, settings, problems, breaks)
    told = told_things(m)
    words = Words(m, settings, breaks or {}, told)
    out: list[Thing] = []
    for key in m.things():
        table, _, number = key.partition(":")
        why = settings.sensitive.get("told", "") if key in told else settings.sensitive.get(table, "")
        text, date, held, summary = words.of(table, number)
        codes = tuple(said.get(key, ()))
        block = "" if codes or why else words.block(table, number)
        out.append(Thing(key, text, date, held, _short(summary), codes, why, block, key in m.resting))
    for problem in problems:
        text = "Result of the check of log, rows and archive, made for these schedules"
        out.append(Thing(problem_key(problem), text, "", "made for these schedules", _short(problem), ("broken_custody",), "", "", False))
    places = {name: at for at, name in enumerate(ORDER)}
    return {
        one.key: one
        for one in sorted(
            out, key=lambda one: (bool(one.block), not one.own, places.get(one.table, len(places)), one.date, _natural(one.key))
        )
    }


def _natural(key: str) -> tuple[str, int, str]:
    table, _, number = key.partition(":")
    return (table, int(number), "") if number.isdigit() else (table, 0, number)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def told_things(m: Relevant) -> set[str]:
    """Sightings that the public or a partner told, and all that rests on nothing else: their files, listings, words and what was made of those."""
    telling = {n: row for n, row in m.of("sighting").items() if row["told"] in TOLD}
    handed = {row["capture"] for row in m.parts["sighting_capture"] if row["sighting"] in telling}
    growing = True
    while growing:
        more = {n for n, row in m.of("capture").items() if row["part_of"] in handed} - handed
        handed |= more
        growing = bool(more)
    captures = {n: row["kind"] for n, row in m.of("capture").items()}
    read: dict[int, set[int]] = defaultdict(set)
    shown: dict[int, set[int]] = defaultdict(set)
    for row in m.of("reading").values():
        read[row["listing"]].add(row["capture"])
        shown[row["snapshot"]].add(row["listing"])
    sighted = {row["listing"] for row in telling.values()}
    listings = {n for n in sighted if all(captures.get(c) == "handed_in" for c in read[n])} - m.exhibited
    handed |= {c for n in listings for c in read[n]}
    snapshots = {n for n, of in shown.items() if of <= listings}
    pictures = {row["id"]: row["image"] for row in m.parts["picture"] if row["listing"] in listings}
    elsewhere = {row["image"] for row in m.parts["picture"] if row["listing"] not in listings}
    subjects = {("listing", n) for n in listings} | {("snapshot", n) for n in snapshots} | {("picture", n) for n in pictures}
    subjects |= {("capture", n) for n in handed} | {("flag", n) for n, row in m.of("flag").items() if row["listing"] in listings}
    examined = {n for n, row in m.of("examination").items() if (row["subject_kind"], row["subject"]) in subjects}
    links = {
        n for n, row in m.of("link").items()
        if {(row["subject_kind"], row["subject"]), (row["object_kind"], row["object"])} & subjects
        or any(reason.get("capture") in handed for reason in json.loads(row["reasons_json"]))
    }  # fmt: skip
    subjects |= {("link", n) for n in links}
    exhibited = {row["subject"] for row in m.of("exhibit").values() if row["subject_kind"] == "capture"}
    out = (
        {f"sighting:{n}" for n in telling}
        | {f"capture:{n}" for n in handed - exhibited}
        | {f"image:{n}" for n in set(pictures.values()) - elsewhere}
    )
    out |= {f"{kind}:{n}" for kind, n in subjects if kind not in ("picture", "capture")} | {f"examination:{n}" for n in examined}
    out |= {f"finding:{n}" for n, row in m.of("finding").items() if row["examination"] in examined}
    out |= {f"judgement:{n}" for n, row in m.of("judgement").items() if (row["subject_kind"], row["subject"]) in subjects}
    out |= {f"reading:{n}" for n, row in m.of("reading").items() if row["listing"] in listings}
    out |= {f"sample:{n}" for n, row in m.of("sample").items() if row["listing"] in listings}
    out |= {f"contact:{n}" for n, of in _givers(m).items() if of and of <= listings}
    mine = {row["seller"] for row in m.of("reading").values() if row["listing"] not in listings} | {
        row["subject"] for row in m.of("exhibit").values() if row["subject_kind"] in ("seller", "account")
    }
    out |= {f"seller:{row['seller']}" for row in m.of("reading").values() if row["listing"] in listings and row["seller"] is not None} - {
        f"seller:{n}" for n in mine
    }
    passes: dict[str, set[str]] = defaultdict(set)
    for table in ("capture", "reading", "examination", "flag", "link", "sighting", "register_snapshot", "sample"):
        for number, row in m.of(table).items():
            passes[row["run"]].add(f"{table}:{number}")
    out |= {f"run:{run}" for run, of_run in passes.items() if of_run <= out}
    return out & set(m.things())


def _givers(m: Relevant) -> dict[int, set[int]]:
    """Of each contact the listings that give it, in words or in a picture."""
    pictures = {row["id"]: row["listing"] for row in m.parts["picture"]}
    out: dict[int, set[int]] = defaultdict(set)
    for row in m.parts["listing_contact"]:
        out[row["contact"]].add(row["listing"])
    for row in m.parts["picture_contact"]:
        if row["picture"] in pictures:
            out[row["contact"]].add(pictures[row["picture"]])
    return out


class Words:
    """Rows in words. No name of an informant, nor of another account, is in any of them: those are called by their numbers."""

    def __init__(self, m: Relevant, settings: Settings, breaks: Mapping[int, Sequence[str]], told: Collection[str]) -> None:
        self.m, self.settings, self.breaks = m, settings, breaks
        self.told = {int(key.partition(":")[2]) for key in told if key.startswith("listing:")}
        self.places = newest_places(m)
        self.pictures = {row["id"]: row["listing"] for row in m.parts["picture"]}
        self.shown: dict[int, set[int]] = defaultdict(set)
        self.on: dict[int, set[int]] = defaultdict(set)
        for row in m.of("reading").values():
            self.shown[row["snapshot"]].add(row["listing"])
            self.on[row["capture"]].add(row["listing"])
        for row in m.parts["reading_image"]:
            reading = m.of("reading").get(row["reading"])
            if reading:
                self.on[row["capture"]].add(reading["listing"])
        self.found = Counter(row["examination"] for row in m.of("finding").values())
        self.after = {(name, row["supersedes"]): row["id"] for name in ("judgement", "follow_up") for row in m.of(name).values()}
        self.said = by_subject(m)
        self.readings: dict[int, list[Row]] = defaultdict(list)
        self.of_image: dict[int, set[int]] = defaultdict(set)
        self.given: dict[int, set[int]] = defaultdict(set)
        self.drawn: dict[int, set[int]] = defaultdict(set)
        self.beside: dict[int, set[int]] = defaultdict(set)
        for row in m.of("reading").values():
            self.readings[row["listing"]].append(row)
        for row in m.parts["picture"]:
            self.of_image[row["image"]].add(row["listing"])
        for row in m.parts["listing_contact"]:
            self.given[row["contact"]].add(row["listing"])
        for row in m.parts["picture_contact"]:
            if row["picture"] in self.pictures:
                self.drawn[row["contact"]].add(self.pictures[row["picture"]])
        for row in m.others["reading"].values():
            self.beside[row["capture"]].add(row["listing"])
        self.ends = {row["run"]: row for row in m.parts["run_end"]}
        self.files = Counter(("follow_up", row["follow_up"]) for row in m.parts["follow_up_capture"])
        self.files.update(("sighting", row["sighting"]) for row in m.parts["sighting_capture"])
        self.noted = self._noted()
        self.old = superseded_methods(m)

    def _noted(self) -> set[int]:
        """Listings that are listed one by one: the exhibits', those flagged for review or higher, those that a person judged."""
        flagged = {row["listing"] for row in self.m.of("flag").values() if row["level"] in ("review", "priority")}
        judged = {subject for kind, subject in self.said if kind == "listing"}
        judged |= {self.m.of("flag")[n]["listing"] for kind, n in self.said if kind == "flag" and n in self.m.of("flag")}
        return self.m.exhibited | flagged | judged

    # -- what is counted -----------------------------------------------------------------------------------------------------
    def block(self, table: str, number: str) -> str:
        """What a routine thing is counted under; "" for one that is listed by itself. Numbers and kinds only: it is kept with the item."""
        may, row = self.settings.by_quantity, self._row(table, number)
        if table == "capture" and "picture_files" in may and row["kind"] in FILES and int(number) not in self._exhibited("capture"):
            return f"capture:{row['kind']}:{'other' if self._aside(table, row) else 'case'}"
        if table in may:
            return {"examination": f"examination:{row.get('method')}", "run": f"run:{row.get('pass_name')}"}.get(table, table)
        return f"aside:{table}" if "set_aside" in may and self._aside(table, row) else ""

    def _aside(self, table: str, row: Row) -> bool:
        """Whether it is of nothing but listings that stand in no exhibit, and that nobody flagged or judged."""
        of: set[int] = set()
        if table == "listing":
            of = {row["id"]}
        elif table == "snapshot":
            of = self.shown[row["id"]]
        elif table == "capture":
            of = self.on[row["id"]] or self.on.get(row["part_of"], set())
        elif table == "image":
            of = self.of_image[row["id"]]
        elif table == "flag":
            of = {row["listing"]}
        elif table == "contact":
            of = self.given[row["id"]] | self.drawn[row["id"]]
        elif table == "finding":
            examination = self.m.of("examination").get(row["examination"], {"subject_kind": "", "subject": 0})
            of = self._listings_of(examination["subject_kind"], examination["subject"])
        return bool(of) and not of & self.noted

    def _listings_of(self, kind: str, subject: int) -> set[int]:
        if kind == "snapshot":
            return self.shown[subject]
        return {subject} if kind == "listing" else {self.pictures[subject]} if kind == "picture" and subject in self.pictures else set()

    def _exhibited(self, kind: str) -> set[int]:
        return {row["subject"] for row in self.m.of("exhibit").values() if row["subject_kind"] == kind}

    # -- what is said --------------------------------------------------------------------------------------------------------
    def of(self, table: str, number: str) -> tuple[str, str, str, str]:
        """(description, date, where it is held, what it says)."""
        if table == "log":
            return (
                "Extract of the audit log: every event of this case", "", "database, log",
                f"{counted(self.m.events, 'event')} by the time of this schedule: who collected, altered, consulted, disclosed, combined and erased, with reasons",
            )  # fmt: skip
        row = self._row(table, number)
        own: Callable[[Row], tuple[str, Any, str]] | None = getattr(self, f"_{table}", None)
        text, at, summary = own(row) if own else self._any(table, row)
        held = f"database, row {number} of {table}"
        if table == "capture":
            place = self.places.get(row["id"])
            held = f"archive, {place['segment']} at {place['offset']}" if place else "no bytes are held"
        return text, _day(at), held, summary

    def _row(self, table: str, number: str) -> Row:
        rows = self.m.of(table)
        return rows.get(int(number) if number.isdigit() and int(number) in rows else number, {})

    def subject(self, kind: str, number: int) -> str:
        """What an opinion is of, in words; another's account by its number only."""
        listing = self.pictures.get(number) if kind == "picture" else number if kind == "listing" else None
        if kind == "snapshot":
            return f"words {number} of {_listed(self._names(self.shown[number]))}" if self.shown[number] else f"words {number}"
        if listing is not None:
            return ("picture of " if kind == "picture" else "") + self._listing_name(listing)
        if kind in ("seller", "account"):
            return self._seller_name(number)
        if kind == "premises":
            return (
                f"premises {number}, {self.m.of('premises')[number]['label']}" if number in self.m.of("premises") else f"premises {number}"
            )
        if kind == "flag" and number in self.m.of("flag"):
            return f"flag {number} of {self._listing_name(self.m.of('flag')[number]['listing'])}"
        if kind == "exhibit" and number in self.m.of("exhibit"):
            return f"exhibit {self.m.of('exhibit')[number]['number']}"
        if kind == "item":
            return f"goods or a paper, row {number} of the case"
        return f"{kind.replace('_', ' ')} {number}"

    def _names(self, listings: Collection[int]) -> list[str]:
        """Listings by name. One that was told in confidence is named with none but its like: beside others it would give the telling away."""
        return [self._listing_name(n) for n in sorted(set(listings) - self.told or listings)]

    def _listing_name(self, number: int) -> str:
        row = self.m.of("listing").get(number)
        return f"listing {row['ref']} of {row['source']}" if row else f"listing {number}, which is not of the case"

    def _seller_name(self, number: int) -> str:
        row = self.m.of("seller").get(number)
        return f"the account “{row['handle']}” on {row['source']}" if row else f"account {number}, which is not of the case"

    def _method_name(self, number: int) -> str:
        row = self.m.of("method").get(number)
        return f"{row['name']} {row['version']}" if row else f"method {number}"

    def _case_file(self, r: Row) -> tuple[str, Any, str]:
        return f"The case file {r['reference']}", r["opened_at"], f"opened by {r['actor']}: {r['title']}"

    def _operation(self, r: Row) -> tuple[str, Any, str]:
        return f"Operation {r['reference']} as its file stood", r["added_at"], f"purpose {r['purpose'].replace('_', ' ')}"

    def _exhibit(self, r: Row) -> tuple[str, Any, str]:
        return (
            f"Exhibit {r['number']}: {self.subject(r['subject_kind'], r['subject'])}",
            r["at"],
            "; custody: ".join([r["description"], *self.breaks.get(r["id"], ())]),
        )

    def _listing(self, r: Row) -> tuple[str, Any, str]:
        mine = self.readings[r["id"]]
        versions = {x["snapshot"] for x in mine}
        judged = in_force(self.said.get(("listing", r["id"]), []))
        said = [counted(len({x["capture"] for x in mine}), "capture"), f"{counted(len(versions), 'version')} of its words"]
        said += [f"{j['actor']} said {j['verdict']}" for j in judged]
        first = min((x["captured_at"] for x in mine), default=r["added_at"])
        exhibit = "" if r["id"] in self.m.exhibited else ", in no exhibit"
        return f"{_first(self._listing_name(r['id']))}{exhibit}", first, "; ".join(said)

    def _snapshot(self, r: Row) -> tuple[str, Any, str]:
        of = _listed(self._names(self.shown[r["id"]]))
        first = min(
            (x["captured_at"] for n in self.shown[r["id"]] for x in self.readings[n] if x["snapshot"] == r["id"]), default=r["added_at"]
        )
        price = money(r["price_minor"], r["currency"]) or r["price_text"]
        return f"Words of {of or 'a listing'} (version {r['id']})", first, f"“{r['title']}”, {price or 'no price'}: {r['text']}"

    def _capture(self, r: Row) -> tuple[str, Any, str]:
        kind = KINDS[CaptureKind(r["kind"])]
        if r["kind"] == "handed_in":  # its address is the name of a file, which may be somebody's
            return f"Capture {r['id']}: a file handed in", r["ended_at"], f"{r['body_length']:,} bytes, SHA-256 {r['body_digest']}"
        of = f", part of capture {r['part_of']}" if r["part_of"] is not None else ""
        others = len(self.beside[r["id"]])
        beside = f"; it shows {counted(others, 'listing')} of others too" if others else ""
        shows = _listed(self._names(self.on[r["id"]]))
        said = (
            f"status {r['status']}, {r['body_length']:,} bytes, SHA-256 {r['body_digest']}" + (f"; shows {shows}" if shows else "") + beside
        )
        return f"Capture {r['id']}: {kind}{of}", r["ended_at"], said

    def _image(self, r: Row) -> tuple[str, Any, str]:
        of = _listed(self._names(self.of_image[r["id"]]))
        capture = self.m.of("capture").get(r["capture"])
        size = f"{r['width']} × {r['height']} pixels" if r["width"] else "size unknown"
        return (
            f"Picture {r['id']} of {of or 'a listing'}",
            capture["ended_at"] if capture else "",
            f"{size}, {r['length']:,} bytes, SHA-256 {r['sha256']}",
        )

    def _reading(self, r: Row) -> tuple[str, Any, str]:
        return (
            f"Reading {r['id']} of capture {r['capture']} by {r['parser_version']}",
            r["captured_at"],
            f"{self._listing_name(r['listing'])}, words {r['snapshot']}",
        )

    def _seller(self, r: Row) -> tuple[str, Any, str]:
        said = in_force(self.said.get(("account", r["id"]), []))
        shown = "; ".join(f"{j['actor']}, of who runs it: {j['verdict']}" for j in said) or "who runs it is not shown"
        listings = sum(any(x["seller"] == r["id"] for x in rows) for rows in self.readings.values())
        return (
            _first(self._seller_name(r["id"]).removeprefix("the ")),
            r["added_at"],
            f"{counted(listings, 'listing')} of it kept; {shown}",
        )

    def _contact(self, r: Row) -> tuple[str, Any, str]:
        every = self.given[r["id"]] | self.drawn[r["id"]]
        shown = every - self.told or every
        of = [self._listing_name(n) for n in sorted(self.given[r["id"]] & shown)]
        of += [f"a picture of {self._listing_name(n)}" for n in sorted(self.drawn[r["id"]] & shown)]
        return f"Contact given in {_listed(of) or 'a listing'}", r["added_at"], f"{r['kind']} {r['value']}"

    def _finding(self, r: Row) -> tuple[str, Any, str]:
        e = self.m.of("examination").get(r["examination"], {})
        of = self.subject(e.get("subject_kind", ""), e.get("subject", 0))
        kind = "Exculpatory finding" if r["direction"] == "exculpatory" else "Finding"
        old = f", a method since {self.old[e['method']]}" if e.get("method") in self.old else ""
        return (
            f"{kind} {r['id']} by {self._method_name(e.get('method', 0))}{old}, of {of}",
            e.get("at", ""),
            f"{r['reason']}: {r['sentence']}",
        )

    def _examination(self, r: Row) -> tuple[str, Any, str]:
        said = {"done": "done", "failed": "it failed", "not_possible": "it was not possible"}[r["outcome"]]
        found = self.found[r["id"]]
        detail = (r["detail"] and "the reason is in its row") if r["outcome"] == "failed" else r["detail"]
        said += (
            f", {counted(found, 'finding') if found else 'nothing found'}"
            if r["outcome"] == "done"
            else f": {detail or 'no reason was recorded'}"
        )
        return (
            f"Examination {r['id']} by {self._method_name(r['method'])}, of {self.subject(r['subject_kind'], r['subject'])}",
            r["at"],
            said,
        )

    def _flag(self, r: Row) -> tuple[str, Any, str]:
        said = [f"{c['sentence']} ({c['points']:+.2f})" for c in json.loads(r["contributions_json"])]
        return (
            f"Flag {r['id']} of {self._listing_name(r['listing'])}",
            r["at"],
            f"level {r['level']}, score {r['score']:.2f}: {'; '.join(said) or 'no reasons'}",
        )

    def _judgement(self, r: Row) -> tuple[str, Any, str]:
        later = self.after.get(("judgement", r["id"]))
        gone = f", superseded by judgement {later}" if later else ""
        kind = "who runs " if r["subject_kind"] == "account" else ""
        return (
            f"Judgement {r['id']} by {r['actor']} of {kind}{self.subject(r['subject_kind'], r['subject'])}{gone}",
            r["at"],
            f"{r['verdict']}: {r['reason']}",
        )

    def _note(self, r: Row) -> tuple[str, Any, str]:
        what = {"note": "Note", "log": "Entry of an investigator's log", "skipped": "Why it was put off:"}[r["kind"]]
        of = "the case" if r["case_file"] else self.subject(r["subject_kind"], r["subject"])
        gone = f", which supersedes {r['supersedes']}" if r["supersedes"] is not None else ""
        return f"{what} {r['id']} by {r['actor']} of {of}{gone}", r["happened_at"] or r["at"], self._body(r)

    def _clearance(self, r: Row) -> tuple[str, Any, str]:
        of = self._seller_name(r["seller"]) if r["seller"] is not None else f"{r['kind']} {r['value']}"
        said = (
            "no longer cleared"
            if r["withdrawn"]
            else f"cleared for {r['brand'] or 'every brand'}" + (f" until {r['until']}" if r["until"] else "")
        )
        return f"Clearance {r['id']} by {r['actor']} of {of}: {said}", r["at"], self._body(r)

    def _link(self, r: Row) -> tuple[str, Any, str]:
        reasons = json.loads(r["reasons_json"])
        mine = {("seller", n) for n in self.m.of("seller")} | {("listing", n) for n in self.m.of("listing")}
        ends = {(r["subject_kind"], r["subject"]), (r["object_kind"], r["object"])}
        against = [x for x in reasons if x["against"]]
        said = f"{r['level']}, score {r['score']:.2f}, {counted(len(reasons) - len(against), 'reason')} for, {len(against)} against"
        if r["object_kind"] == "premises" or ends <= mine:  # a reason of a link to somebody else's account may name them
            said += ": " + "; ".join(("against: " if x["against"] else "") + x["sentence"] for x in reasons)
        return (
            f"Link {r['id']} proposed by {self._method_name(r['method'])}: {self.subject(r['subject_kind'], r['subject'])} to {self.subject(r['object_kind'], r['object'])}",
            r["at"],
            said,
        )

    def _premises(self, r: Row) -> tuple[str, Any, str]:
        return f"Premises {r['id']}: {r['label']}", r["added_at"], r["kind"]

    def _register_entry(self, r: Row) -> tuple[str, Any, str]:
        edition = self.m.of("register_snapshot").get(r["register_snapshot"], {})
        return f"Entry {r['reference']} of register {r['register']}", edition.get("dated", ""), r["address_raw"]

    def _register_snapshot(self, r: Row) -> tuple[str, Any, str]:
        return (
            f"Edition of register {r['register']}, file SHA-256 {r['file_digest']}",
            r["dated"],
            f"{counted(r['rows'], 'row')}, {r['refused']} refused",
        )

    def _occupant(self, r: Row) -> tuple[str, Any, str]:
        if r["withdraws"] is not None:
            return (
                f"Statement {r['id']} by {r['actor']} that withdraws statement {r['withdraws']} of who is at premises {r['premises']}",
                r["at"],
                r["note"],
            )
        return (
            f"Statement {r['id']} by {r['actor']} of who is at premises {r['premises']}, as {r['role']}",
            r["at"],
            f"rests on a {r['basis']}",
        )

    def _attribution(self, r: Row) -> tuple[str, Any, str]:
        if r["withdraws"] is not None:
            return f"Evidence {r['withdraws']} of who runs {self._seller_name(r['seller'])} withdrawn by {r['actor']}", r["at"], r["says"]
        side = " against it" if r["against"] else ""
        return (
            f"Evidence {r['id']}{side} of who runs {self._seller_name(r['seller'])}: {r['kind'].replace('_', ' ')}",
            r["at"],
            f"{r['strength']}: {r['says']}",
        )

    def _pair_statement(self, r: Row) -> tuple[str, Any, str]:
        what = {"one": "one operator's", "two": "two operators'"}.get(r["says"], "neither, which takes back what was said")
        return (
            f"Statement {r['id']} by {r['actor']} that {self._seller_name(r['seller'])} and {self._seller_name(r['other'])} are {what}",
            r["at"],
            r["reason"],
        )

    def _follow_up(self, r: Row) -> tuple[str, Any, str]:
        what = f"test purchase, {r['step']}" if r["step"] else r["kind"]
        files = self.files["follow_up", r["id"]]
        later = self.after.get(("follow_up", r["id"]))
        gone = f", corrected by follow-up {later}" if later else ""
        return f"Follow-up {r['id']} ({what}) by {r['actor']}{gone}", r["happened_at"], f"{self._body(r)}; {counted(files, 'file')}"

    def _sighting(self, r: Row) -> tuple[str, Any, str]:
        files = self.files["sighting", r["id"]]
        return (
            f"Sighting {r['reference']}, told by {r['told']}",
            r["added_at"],
            f"{counted(files, 'file')}; kept as {self._listing_name(r['listing'])}",
        )

    def _informant(self, r: Row) -> tuple[str, Any, str]:
        return f"Record {r['id']} of who gave a sighting", r["added_at"], "held apart; each reading of it is an event of its own"

    def _reference(self, r: Row) -> tuple[str, Any, str]:
        removes = f", which removes entry {r['removes']}" if r["removes"] is not None else ""
        return f"Entry {r['number']} of the reference log ({r['kind']}){removes}", r["added_at"], f"{r['provenance']} {r['brand']}".strip()

    def _method(self, r: Row) -> tuple[str, Any, str]:
        status = [x["status"] for x in sorted(self.m.parts["method_status"], key=lambda x: int(x["id"])) if x["method"] == r["id"]]
        said = f"status {status[-1].replace('_', ' ')}" if status else "no status"
        old = f"; {self.old[r['id']]}" if r["id"] in self.old and self.old[r["id"]] != "retired" else ""
        return f"Method {r['id']}: {r['kind']} {r['name']} {r['version']}", r["added_at"], f"{said}{old}; digest {r['digest']}"

    def _run(self, r: Row) -> tuple[str, Any, str]:
        end = self.ends.get(r["id"])
        said = end["outcome"] if end else "it has no end: it was broken off"
        clock = f"; its clock: {clock_sentence(json.loads(r['clock_json']))}" if r["pass_name"] in CRAWLS else ""
        return f"Record of pass {r['pass_name']}, {r['id']}", r["started_at"], f"{said}, software {r['code_version']}{clock}"

    def _hold(self, r: Row) -> tuple[str, Any, str]:
        return (
            f"Hold {r['id']} on {self.subject(r['subject_kind'], r['subject'])}",
            r["at"],
            "released" if r["releases"] else "what may not be erased",
        )

    def _event(self, r: Row) -> tuple[str, Any, str]:
        body = json.loads(r["body_json"])
        detail = body["detail"]
        made = detail.get("recipient", body["purpose"])
        return (
            f"What was made or handed on of the case: {made} (event {r['seq']} of the log)",
            r["at"],
            f"{body['purpose']}, by {r['actor']}: {body['justification']}",
        )

    def _any(self, table: str, r: Row) -> tuple[str, Any, str]:
        """A row of another part: its kind, who recorded it, and what it says without anybody's particulars."""
        kind = f", {r['kind']}".replace("_", " ") if r.get("kind") else ""
        number = next((str(r[name]) for name in ("id", "reference", "urn") if r.get(name) is not None), "")
        by = f" by {r['actor']}" if r.get("actor") else ""
        name = {"case_entry": "Row of the case"}.get(table, table.replace("_", " ").capitalize())
        return f"{name} {number}{kind}{by}", r.get("happened_at") or r.get("at") or "", self._body(r)

    def _body(self, r: Row) -> str:
        said = json.loads(r.get("body_json") or "{}")
        if not isinstance(said, Mapping):
            return ""
        back = set(self.settings.kept_back)
        parts = [
            f"{k.replace('_', ' ')}: {_flat(v, back)}" for k, v in said.items() if k not in back and v not in ("", None, [], {}, False)
        ]
        held = sorted(k.replace("_", " ") for k, v in said.items() if k in back and v not in ("", None, [], {}))
        return "; ".join([*parts, *([f"held back here: {', '.join(held)}"] if held else [])]) or "no words of its own"


def _flat(value: Any, back: set[str]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(
            f"{k.replace('_', ' ')} {_flat(v, back)}" for k, v in value.items() if k not in back and v not in ("", None, [], {})
        )
    return ", ".join(_flat(v, back) for v in value) if isinstance(value, list | tuple) else str(value)


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _listed(names: Any) -> str:
    every = list(names)
    return ", ".join(every[:3]) + (f" and {len(every) - 3} others" if len(every) > 3 else "")


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _day(at: Any) -> str:
    return f"{at:%Y-%m-%d}" if isinstance(at, datetime) else str(at or "")[:10]


_DIGEST = re.compile(r",? SHA-256 [0-9a-f]{64}")
_BLOCKS = {
    "reading": "Readings of kept captures by the parsers", "examination": "Examinations", "register_entry": "Entries of registers at the case's premises",
    "register_snapshot": "Editions of registers", "run": "Records of passes of the software", "sample": "Draws of listings for a random look",
    "subject_view": "Records of looks at the accounts' own pages", "premises_given": "Records of premises given to an officer for a day",
}  # fmt: skip
_FILES = {"image": "Pictures as they were fetched", "network": "Answers that a browser fetched", "robots": "Copies of robots.txt"}
_ASIDE = {
    "listing": "Other listings of the case's accounts, in no exhibit, neither flagged for review nor judged", "snapshot": "Versions of the words of such listings",
    "capture": "Captures of such listings", "image": "Pictures of such listings", "flag": "Flags of such listings below review", "contact": "Contacts given in such listings",
    "finding": "Findings about such listings",
}  # fmt: skip


def block_text(block: str, things: Sequence[Thing]) -> tuple[str, str, str]:
    """A generic entry: (description with its quantity, first and last date, what it says of its members)."""
    kind, _, rest = block.partition(":")
    if kind == "capture":
        name, _, of = rest.partition(":")
        text = _FILES.get(name, name) + (", of listings in no exhibit" if of == "other" else "")
    elif kind == "aside":
        text = _ASIDE.get(rest, rest)
    else:
        text = _BLOCKS.get(kind, kind)
        if kind == "run":
            text += f", pass {rest}"
    dates = sorted({one.date for one in things if one.date})
    dated = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}" if dates else ""
    tables = sorted({one.table for one in things})
    numbers = f"rows {spans(one.key for one in things)} of {', '.join(tables)}"
    said = _short("; ".join(dict.fromkeys(_DIGEST.sub("", one.summary) for one in things[:2] if one.summary)))
    return f"{text}: {len(things)}", dated, f"{numbers}; such as: {said}" if said else numbers


def spans(keys: Any) -> str:
    """Row numbers of keys in few characters, `1-3, 7`; names as they are."""
    numbers: list[str] = []
    names: list[str] = []
    for key in keys:
        rest = key.partition(":")[2]
        (numbers if rest.isdigit() else names).append(rest)
    out: list[list[int]] = []
    for number in sorted(map(int, numbers)):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join([*(str(a) if a == b else f"{a}-{b}" for a, b in out), *sorted(names)])
