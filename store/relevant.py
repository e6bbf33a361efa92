"""Relevant material of a case (CPIA 1996 s.23 code): every row of the store that may be relevant to it, found by one walk from the case.

Outwards from the exhibits: what they rest on; the accounts behind them and all that those advertise elsewhere; what was said, found, judged,
linked, done and recorded of any of it, superseded and withdrawn rows too; and what names the case. Not further: another account that a page
shows beside, or that a machine linked, is somebody else's, until a person says that one operator runs both. A table of another part that
names a case (or a row of such a table) is walked by its foreign keys, so that what is added later is not forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, func, or_, select

from store import tables as t
from store.database import chunks
from store.errors import TouchstoneError
from store.meetings import REACH
from store.reader import Reader
from store.words.hosts import host_of
from store.words.purposes import pages_of
from store.words.records import Verb

Row = dict[str, Any]
Key = Any  # a row's primary key: a number, or of a run, a case, an operation its name

# Rows that say nothing but which of the others belong together: each is part of its owner, and described with it.
PARTS = frozenset(
    {
        "run_end", "location", "reading_image", "picture", "listing_contact", "picture_contact", "fingerprint", "method_status",
        "sighting_capture", "premises_entry", "occupant_mark", "attribution_ground", "follow_up_capture", "bag", "unread", "sample_seed",
        "exhibit_initials", "case_entry_on", "money_evidence", "second_review",
    }
)  # fmt: skip
# Rows of no case: who and where we are, who signs in and what programs read with, how far a pass or a load got, who had which card, searches and
# proposals (the log tells of them), keys and signed heads, what is made of a case in order to disclose it, and what is derived of listings so that
# they are found.
OUTSIDE = frozenset(
    {
        "authority", "actor", "link_reach", "register_mark", "register_refusal", "uprn_position", "disclosure_item", "disclosure_thing",
        "disclosure_decision", "disclosure_edition", "disclosure_copy", "lookup", "person_mark", "proposal", "proposal_answer",
        "signed_head", "signing_key", "account", "account_role", "account_secret", "sign_in", "desk_session", "desk_session_word", "listing_now", "listing_now_count", "assignment",
        "saved_search", "api_token", "api_token_end",
    }
)  # fmt: skip
WALKED = frozenset(
    {
        "case_file", "operation", "run", "exhibit", "listing", "snapshot", "seller", "reading", "capture", "image", "contact", "sighting",
        "informant", "subject_view", "reference", "method", "examination", "finding", "flag", "register_snapshot", "register_entry", "premises",
        "premises_given", "link", "occupant", "note", "clearance", "follow_up", "pair_statement", "judgement", "attribution", "sample", "hold", "event",
    }
)  # fmt: skip
UNSAID = frozenset({"salt"})


@dataclass
class Relevant:
    """The rows by table and key, each as its columns; `parts` beside them, `exhibited` the listings that exhibits are of or rest on.

    `others` are rows that are *not* of the case, but that its captures, findings or links show beside: for those who redact, and for nobody else.
    Informants are here by number only: who they are, `Acting.informant` says, for a reason.
    """

    case: str
    rows: dict[str, dict[Key, Row]] = field(default_factory=dict)
    parts: dict[str, list[Row]] = field(default_factory=dict)
    exhibited: set[int] = field(default_factory=set)
    resting: set[str] = field(default_factory=set)  # things, as `capture:12`, that an exhibit is of or rests on
    others: dict[str, dict[Key, Row]] = field(default_factory=dict)
    events: int = 0  # of the log that name the case

    def of(self, table: str) -> dict[Key, Row]:
        return self.rows.get(table, {})

    def things(self) -> list[str]:
        """All of it, as `finding:12`, in order of tables and keys; the case's own extract of the log is one."""
        every = [f"{name}:{key}" for name in sorted(self.rows) for key in sorted(self.rows[name], key=lambda k: (isinstance(k, str), k))]
        return [*every, f"log:{self.case}"] if self.events else every


class _Walk:
    def __init__(self, c: Connection, case: str) -> None:
        self.c, self.found = c, Relevant(case)

    def take(self, table: Table, *where: Any) -> set[Key]:
        """Keep the rows for which this holds; the keys of those that are new."""
        key = next(iter(table.primary_key.columns)).name
        kept = self.found.rows.setdefault(table.name, {})
        fresh: set[Key] = set()
        for row in self.c.execute(select(table).where(*where)).mappings():
            if row[key] not in kept:
                kept[row[key]] = dict(row)
                fresh.add(row[key])
        return fresh

    def take_of(self, table: Table, column: Column[Any] | Any, values: Iterable[Any], *where: Any) -> set[Key]:
        fresh: set[Key] = set()
        for part in chunks({v for v in values if v is not None}):
            fresh |= self.take(table, column.in_(part), *where)
        return fresh

    def part_of(self, table: Table, column: Any, values: Iterable[Any], *where: Any) -> list[Row]:
        kept = self.found.parts.setdefault(table.name, [])
        new = self.ask(select(table), column, values, *where)
        known = {tuple(row.values()) for row in kept}
        kept += [row for row in new if tuple(row.values()) not in known]
        return new

    def ask(self, query: Any, column: Any, values: Iterable[Any], *where: Any) -> list[Row]:
        return [
            dict(row)
            for part in chunks({v for v in values if v is not None})
            for row in self.c.execute(query.where(column.in_(part), *where)).mappings()
        ]

    def keys(self, name: str) -> set[Key]:
        return set(self.found.of(name))

    def values(self, name: str, column: str) -> set[Any]:
        return {row[column] for row in self.found.of(name).values()} - {None}

    # -- the walk --------------------------------------------------------------------------------------------------------
    def walk(self) -> Relevant:
        case = self.found.case
        self.take(t.case, t.case.c.reference == case)
        self.take(t.operation, t.operation.c.reference.in_(self.values("case_file", "operation")))
        self.take(t.exhibit, t.exhibit.c.case_file == case)
        self.take(t.follow_up, t.follow_up.c.case_file == case)
        self._named()
        self._subjects()
        self._accounts()
        self._told()
        self._bytes()
        self._places_and_links()
        self._done()
        self._bytes()  # what follow-ups, links and people cite
        self._opinions()
        self._people()
        self._passes()
        self._resting()
        self._beside()
        return self.found

    def _named(self) -> None:
        """Rows of tables of other parts that name the case or, by their foreign keys or URN, such a row or an exhibit; and what those name."""
        known: dict[str, set[Key]] = {name: self.keys(name) for name in ("case_file", "exhibit")}
        rest = [x for x in t.metadata.sorted_tables if x.name not in WALKED | PARTS | OUTSIDE]
        growing = True
        while growing:
            growing = False
            for table in rest:
                fresh: set[Key] = set()
                for column, name in _foreign(table):
                    fresh |= self.take_of(table, column, known.get(name, ()))
                if "urn" in table.c:  # who or what an item of intelligence comes from is tied to it by its number alone
                    fresh |= self.take_of(table, table.c.urn, {u for x in rest if "urn" in x.c for u in self.values(x.name, "urn")})
                known.setdefault(table.name, set()).update(fresh)
                growing = growing or bool(fresh)
        named: dict[str, set[Any]] = {}
        parts = [x for x in t.metadata.sorted_tables if x.name in PARTS]
        for table, column, name in [(x, column, name) for x in parts for column, name in _foreign(x)]:
            if name in {x.name for x in rest}:
                for row in self.part_of(table, column, known.get(name, ())):
                    named.setdefault(str(row.get("subject_kind", row.get("kind"))), set()).add(row.get("subject", row.get("number")))
        for table in rest:
            for column, name in _foreign(table):
                named.setdefault(name, set()).update(self.values(table.name, column.name))
            if not self.found.of(table.name):
                self.found.rows.pop(table.name, None)
        for name in ("seller", "listing", "premises", "capture", "follow_up", "link"):  # a suspect's account, an incident's place
            self.take_of(t.metadata.tables[name], t.metadata.tables[name].c.id, named.get(name, ()))

    def _subjects(self) -> None:
        """What the exhibits are of."""
        of: dict[str, set[int]] = {}
        for row in self.found.of("exhibit").values():
            of.setdefault(row["subject_kind"], set()).add(row["subject"])
        for name in ("listing", "capture", "premises", "link", "seller", "flag", "snapshot", "follow_up"):
            self.take_of(t.metadata.tables[name], t.metadata.tables[name].c.id, of.get(name, ()))
        self.take_of(t.seller, t.seller.c.id, of.get("account", ()))
        listings = self.values("flag", "listing")
        listings |= {row["listing"] for row in self.part_of(t.picture, t.picture.c.id, of.get("picture", ()))}
        listings |= {row["listing"] for row in self.ask(select(t.reading.c.listing), t.reading.c.snapshot, of.get("snapshot", ()))}
        ends = [
            (row[f"{end}_kind"], row[end]) for row in self.found.of("link").values() for end in ("subject", "object")
        ]  # an exhibited link's ends are the case's
        self.take_of(t.listing, t.listing.c.id, listings | {n for kind, n in ends if kind == "listing"})
        self.take_of(t.seller, t.seller.c.id, {n for kind, n in ends if kind == "seller"} | self.values("follow_up", "seller"))
        self.take_of(t.premises, t.premises.c.id, {n for kind, n in ends if kind == "premises"} | self.values("follow_up", "premises"))
        self.found.exhibited = self.keys("listing")

    def _accounts(self) -> None:
        """The accounts behind the case's listings, those that a person says are the same operator's, and all that they advertise."""
        offered = self.ask(select(t.reading.c.seller), t.reading.c.listing, self.keys("listing"))
        fresh = self.take_of(t.seller, t.seller.c.id, {row["seller"] for row in offered}) | self.keys("seller")
        p, later = t.pair_statement, t.pair_statement.alias("later")
        withdrawn = select(later.c.withdraws).where(later.c.withdraws.is_not(None))
        while fresh:
            joined: set[int] = set()
            for part in chunks(fresh):
                query = select(p.c.seller, p.c.other).where(or_(p.c.seller.in_(part), p.c.other.in_(part)))
                rows = self.c.execute(query.where(p.c.says == "one", p.c.id.not_in(withdrawn))).all()
                joined |= {n for row in rows for n in row}
            fresh = self.take_of(t.seller, t.seller.c.id, joined - self.keys("seller"))
        theirs = self.ask(select(t.reading.c.listing), t.reading.c.seller, self.keys("seller"))
        self.take_of(t.listing, t.listing.c.id, {row["listing"] for row in theirs})

    def _told(self) -> None:
        """Sightings kept as the case's listings, and those that give a contact which the case's listings give."""
        given = t.listing_contact.c
        self.part_of(t.listing_contact, given.listing, self.keys("listing"))
        contacts = {row["contact"] for row in self.found.parts["listing_contact"]}
        self.take_of(t.contact, t.contact.c.id, contacts)
        telling = [n for n, row in self.found.of("contact").items() if row["kind"] in REACH]
        met = {row["listing"] for row in self.ask(select(given.listing), given.contact, telling)}
        sighted = {row["listing"] for row in self.ask(select(t.sighting.c.listing), t.sighting.c.listing, met | self.keys("listing"))}
        self.take_of(t.listing, t.listing.c.id, sighted)
        self.part_of(t.listing_contact, given.listing, sighted)
        self.take_of(t.contact, t.contact.c.id, {row["contact"] for row in self.found.parts["listing_contact"]})
        self.take_of(t.sighting, t.sighting.c.listing, sighted)
        self.part_of(t.sighting_capture, t.sighting_capture.c.sighting, self.keys("sighting"))
        self.take_of(t.informant, t.informant.c.sighting, self.keys("sighting"))
        for row in self.found.of("informant").values():
            row.update(name="", contact="", note="")  # by number only
        for row in self.found.of("intelligence_source").values():
            row.update(body_json="{}")
        self.take_of(t.sample, t.sample.c.listing, self.keys("listing"))

    def _bytes(self) -> None:
        """Readings, the captures they are of and all that belongs to those, words and pictures."""
        listings = self.keys("listing")
        self.take_of(t.reading, t.reading.c.listing, listings)
        joined = self.part_of(t.reading_image, t.reading_image.c.reading, self.keys("reading"))
        self.take_of(t.image, t.image.c.sha256, {row["sha256"] for row in joined})
        shown = self.part_of(t.picture, t.picture.c.listing, listings)
        self.take_of(t.image, t.image.c.id, {row["image"] for row in shown} | {row["image"] for row in self.found.parts["picture"]})
        self.part_of(t.fingerprint, t.fingerprint.c.image_sha256, self.values("image", "sha256"))
        drawn = self.part_of(t.picture_contact, t.picture_contact.c.picture, {row["id"] for row in self.found.parts["picture"]})
        self.take_of(t.contact, t.contact.c.id, {row["contact"] for row in drawn})
        self.take_of(t.snapshot, t.snapshot.c.id, self.values("reading", "snapshot"))
        cited = self.values("reading", "capture") | {row["capture"] for row in joined}
        for name in ("listing_contact", "picture_contact", "sighting_capture", "follow_up_capture"):
            cited |= {row["capture"] for row in self.found.parts.get(name, ())}
        for name in ("attribution", "occupant"):
            cited |= self.values(name, "capture") if self.found.of(name) else set()
        cited |= {r.get("capture") for row in self.found.of("link").values() for r in json.loads(row["reasons_json"])}
        fresh = self.take_of(t.capture, t.capture.c.id, cited) | self.keys("capture")
        for part in chunks(listings):  # a rendered document that was only pictured, and the answer that a page is gone
            of = and_(t.listing.c.source == t.capture.c.source, t.listing.c.url == t.capture.c.url_requested)
            own = select(t.capture.c.id).join(t.listing, of).where(t.listing.c.id.in_(part), t.listing.c.url != "")
            fresh |= self.take(t.capture, t.capture.c.id.in_(own))
        while fresh:
            fresh = self.take_of(t.capture, t.capture.c.part_of, fresh)
        captures = self.keys("capture")
        self.part_of(t.location, t.location.c.capture, captures)
        self.part_of(t.unread, t.unread.c.capture, captures)

    def _places_and_links(self) -> None:
        x = t.link.c
        for kind, numbers in (("seller", self.keys("seller")), ("listing", self.keys("listing"))):
            self.take_of(t.link, x.subject, numbers, x.subject_kind == kind)
            self.take_of(t.link, x.object, numbers, x.object_kind == kind)
        self.take_of(t.link, x.object, self._exhibited("premises"), x.object_kind == "premises")
        ends = {row[e] for row in self.found.of("link").values() for e in ("subject", "object") if row[f"{e}_kind"] == "premises"}
        self.take_of(t.premises, t.premises.c.id, ends | self._exhibited("premises"))
        self.take_of(t.premises, t.premises.c.id, self.values("premises", "building"))
        places = self.keys("premises")
        joined = self.part_of(t.premises_entry, t.premises_entry.c.premises, places)
        self.take_of(t.register_entry, t.register_entry.c.id, {row["register_entry"] for row in joined})
        self.take_of(t.register_snapshot, t.register_snapshot.c.id, self.values("register_entry", "register_snapshot"))
        self.take_of(t.occupant, t.occupant.c.premises, places)
        self.part_of(t.occupant_mark, t.occupant_mark.c.occupant, self.keys("occupant"))
        self.take_of(t.premises_given, t.premises_given.c.premises, places)

    def _exhibited(self, kind: str) -> set[int]:
        return {row["subject"] for row in self.found.of("exhibit").values() if row["subject_kind"] == kind}

    def _done(self) -> None:
        """What officers did about the case's accounts and places, purchases whole, corrections and what they correct."""
        f = t.follow_up.c
        self.take_of(t.follow_up, f.seller, self.keys("seller"))
        self.take_of(t.follow_up, f.premises, self.keys("premises"))
        fresh = self.keys("follow_up")
        while fresh:
            rows = [self.found.of("follow_up")[n] for n in fresh]
            roots = {row["purchase"] or row["id"] for row in rows if row["kind"] == "purchase"}
            fresh = self.take_of(t.follow_up, func.coalesce(f.purchase, f.id), roots, f.kind == "purchase")
            fresh |= self.take_of(t.follow_up, f.supersedes, {row["id"] for row in rows})
            fresh |= self.take_of(t.follow_up, f.id, {row["supersedes"] for row in rows})
        self.part_of(t.follow_up_capture, t.follow_up_capture.c.follow_up, self.keys("follow_up"))
        self.part_of(t.bag, t.bag.c.follow_up, self.keys("follow_up"))
        self.take_of(t.attribution, t.attribution.c.seller, self.keys("seller"))
        for end in (t.pair_statement.c.seller, t.pair_statement.c.other):
            self.take_of(t.pair_statement, end, self.keys("seller"))

    def _opinions(self) -> None:
        self.take_of(t.flag, t.flag.c.listing, self.keys("listing"))
        pictures = {row["id"] for row in self.found.parts["picture"]}
        subjects = {"picture": pictures, **{name: self.keys(name) for name in ("listing", "snapshot", "seller", "capture", "premises")}}
        for kind, numbers in subjects.items():
            self.take_of(t.examination, t.examination.c.subject, numbers, t.examination.c.subject_kind == kind)
        self.take_of(t.finding, t.finding.c.examination, self.keys("examination"))
        methods = self.values("examination", "method") | self.values("link", "method")
        methods |= {row["method"] for row in self.found.parts["picture_contact"]}
        self.take_of(t.method, t.method.c.id, methods)
        said = [c for row in self.found.of("flag").values() for c in json.loads(row["contributions_json"])]
        self.take_of(t.method, t.method.c.digest, self.values("flag", "policy") | {c["method"] for c in said})
        self.part_of(t.method_status, t.method_status.c.method, self.keys("method"))
        pointed = {int(n) for kind, n in self._pointed() if kind == "reference"}
        self.take_of(t.reference, t.reference.c.number, pointed)
        self.take_of(t.reference, t.reference.c.removes, pointed)

    def _pointed(self) -> set[tuple[str, str]]:
        """What findings say they match: (kind, number)."""
        every = [p.get("other", "") for row in self.found.of("finding").values() for p in json.loads(row["pointers_json"])]
        return {(kind, n) for kind, _, n in (other.partition(":") for other in every) if n.isdigit()}

    def _people(self) -> None:
        """What people decided of any of it, holds on it, and how often the accounts' pages were looked at."""
        of = {
            name: self.keys(name)
            for name in ("listing", "snapshot", "flag", "link", "seller", "premises", "capture", "exhibit", "follow_up")
        }
        of |= {"account": self.keys("seller"), "picture": {row["id"] for row in self.found.parts["picture"]}}
        j, h = t.judgement.c, t.hold.c
        for kind, numbers in of.items():
            self.take_of(t.judgement, j.subject, numbers, j.subject_kind == kind)
            held = self.take_of(t.hold, h.subject, numbers, h.subject_kind == kind)
            self.take_of(t.hold, h.releases, held)
        self.part_of(t.second_review, t.second_review.c.first, self.keys("judgement"))
        self._noted(of)
        self.take_of(t.reference, t.reference.c.judgement, self.keys("judgement"))
        self.part_of(t.attribution_ground, t.attribution_ground.c.judgement, self.keys("judgement"))
        pages = {page for row in self.found.of("seller").values() if row["url"] for page in pages_of(row["url"])}
        self.take_of(t.subject_view, t.subject_view.c.subject, pages)
        self.found.events = self.c.execute(
            select(func.count()).select_from(t.event).where(t.event.c.case_file == self.found.case)
        ).scalar_one()
        disclosed = t.event.c.case_file == self.found.case
        self.take(t.event, disclosed, t.event.c.verb == str(Verb.disclosure))  # packs, drafts, sheets: what was made of the case

    def _noted(self, of: Mapping[str, set[int]]) -> None:
        """What was noted of the case and of what belongs to it, and who cleared an account of it, its site or a company at one of its places."""
        self.take(t.note, t.note.c.case_file == self.found.case)
        for kind, numbers in of.items():
            self.take_of(t.note, t.note.c.subject, numbers, t.note.c.subject_kind == kind)
        self.take_of(t.clearance, t.clearance.c.seller, of["seller"])
        sites = {host_of(row["url"]) for row in self.found.of("listing").values()}
        self.take_of(t.clearance, t.clearance.c.value, sites - {""}, t.clearance.c.kind == "domain")
        companies = {row["value"] for row in self.found.parts.get("occupant_mark", ()) if row["kind"] == "company"}
        self.take_of(t.clearance, t.clearance.c.value, companies, t.clearance.c.kind == "company")

    def _passes(self) -> None:
        names = dict.fromkeys(("capture", "reading", "examination", "flag", "link", "sighting", "register_snapshot", "sample"), "run")
        runs = {run for name, column in names.items() for run in self.values(name, column)}
        self.take_of(t.run, t.run.c.id, runs)
        self.part_of(t.run_end, t.run_end.c.run, self.keys("run"))

    def _resting(self) -> None:
        """Of all this what an exhibit is of or rests on: its listing with that listing's pages, words, pictures and findings."""
        out: set[str] = {f"exhibit:{n}" for n in self.keys("exhibit")} | {f"case_file:{self.found.case}"}
        for row in self.found.of("exhibit").values():
            kind = {"account": "seller", "item": "case_entry"}.get(row["subject_kind"], row["subject_kind"])
            out.add(f"{kind}:{row['subject']}")
        mine = self.found.exhibited
        readings = {n: row for n, row in self.found.of("reading").items() if row["listing"] in mine}
        joined = [row for row in self.found.parts["reading_image"] if row["reading"] in readings]
        captures = {row["capture"] for row in readings.values()} | {row["capture"] for row in joined}
        growing = True
        while growing:
            more = {n for n, row in self.found.of("capture").items() if row["part_of"] in captures} - captures
            captures |= more
            growing = bool(more)
        digests = {row["sha256"] for row in joined}
        images = {n for n, row in self.found.of("image").items() if row["sha256"] in digests}
        out |= {f"listing:{n}" for n in mine} | {f"reading:{n}" for n in readings} | {f"capture:{n}" for n in captures}
        out |= {f"snapshot:{row['snapshot']}" for row in readings.values()} | {f"image:{n}" for n in images}
        out |= {f"seller:{row['seller']}" for row in readings.values() if row["seller"] is not None}
        self.found.resting = out & set(self.found.things())

    def _beside(self) -> None:
        """Accounts, listings, words and contacts of others that the case's captures, findings or links show."""
        captures = {n for n, row in self.found.of("capture").items() if row["kind"] != "robots"}
        mine = self.keys("listing")
        listings = {row["listing"] for row in self.ask(select(t.reading.c.listing), t.reading.c.capture, captures)} - mine
        pictures = {int(n) for kind, n in self._pointed() if kind == "picture"}
        listings |= {row["listing"] for row in self.ask(select(t.picture.c.listing), t.picture.c.id, pictures)} - mine
        snapshots = {int(n) for kind, n in self._pointed() if kind == "snapshot"}
        listings |= {row["listing"] for row in self.ask(select(t.reading.c.listing), t.reading.c.snapshot, snapshots)} - mine
        ends = [(row[f"{e}_kind"], row[e]) for row in self.found.of("link").values() for e in ("subject", "object")]
        listings |= {n for kind, n in ends if kind == "listing"} - mine
        sellers = {n for kind, n in ends if kind == "seller"} | {
            n for row in self.found.of("pair_statement").values() for n in (row["seller"], row["other"])
        }
        readings = self.ask(select(t.reading), t.reading.c.listing, listings)
        sellers |= {row["seller"] for row in readings}
        sellers -= self.keys("seller") | {None}
        contacts = self.ask(select(t.listing_contact.c.contact, t.listing_contact.c.raw), t.listing_contact.c.listing, listings)
        given = {row["contact"] for row in contacts} - self.keys("contact")
        o = self.found.others
        for table, column, numbers in (
            (t.listing, t.listing.c.id, listings),
            (t.seller, t.seller.c.id, sellers),
            (t.snapshot, t.snapshot.c.id, {row["snapshot"] for row in readings} - self.keys("snapshot")),
            (t.contact, t.contact.c.id, given),
        ):
            o[table.name] = {row["id"]: row for row in self.ask(select(table), column, numbers)}
        o["reading"] = {row["id"]: row for row in readings}
        o["raw"] = {row["raw"]: row for row in contacts if row["contact"] in given and row["raw"]}


def _foreign(table: Table) -> list[tuple[Any, str]]:
    """A table's foreign keys: (column, the table that it names)."""
    return [(column, key.column.table.name) for column in table.columns for key in column.foreign_keys]


class RelevantReads(Reader):
    def relevant(self, case: str) -> Relevant:
        """Every row that may be relevant to a case, and what its captures show of others beside. Raises TouchstoneError: no such case."""
        with self.store.database.reading() as c:
            if c.execute(select(t.case.c.reference).where(t.case.c.reference == case)).first() is None:
                raise TouchstoneError(f"there is no case '{case}'; `touchstone case new` opens one")
            found = _Walk(c, case).walk()
        for name, rows in [*found.rows.items(), *found.others.items()]:
            numbers: Collection[Any] = [key for key in rows if isinstance(key, int)]
            if name not in ("event", "raw"):
                self.shown(name, numbers)
        self.shown("picture", (row["id"] for row in found.parts["picture"]))
        every = [row for rows in found.rows.values() for row in rows.values()] + [row for part in found.parts.values() for row in part]
        for row in every:
            for name in UNSAID & row.keys():
                del row[name]
        return found
