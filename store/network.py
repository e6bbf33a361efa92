"""What the network of sellers stands on: who gives, shows or writes what, on which capture; the links between sellers; what people said of pairs.

A *thing* is what several sellers may have in common: a contact, a picture, a description, a unit. All questions are asked of a page of
sellers or of a page of things, never of the whole store.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, case, exists, func, or_, select

from store import audit
from store import tables as t
from store.alike import KINDS, OF_FINDINGS, AlikeReads
from store.database import add, chunks
from store.errors import TouchstoneError
from store.listings import given_contacts
from store.pictures import EVERYBODYS
from store.places import GONE, PAIR, Pair, PlaceReads, PlaceWrites, judged, link_of
from store.second import not_taken_back
from store.words.records import Link, LinkReason, SubjectKind, Verb, Verdict, canonical

PAGE = 500  # rows at a time
LINKED = ("proposed", "confirmed")
# Kinds of contact that may be one person's, and the kind of thing each is; a number is one whether called or written to.
CONTACTS: Mapping[str, str] = {
    "phone": "phone", "whatsapp": "phone", "email": "email", "telegram": "telegram", "instagram": "instagram", "snapchat": "snapchat",
    "payment": "payment", "domain": "domain", "company": "company", "vat": "vat",
}  # fmt: skip


class Thing(NamedTuple):
    """Something that sellers may share: `kind` is one of CONTACTS' values, picture or place (a class of pictures, store/alike.py), text (by the
    digest of a description) or premises (a unit's number)."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Giving:
    """A seller gives, shows, writes or is at a thing, and the first capture that says so. `method` is set where a machine read a contact in that
    `picture`; of a picture or a place `picture` is the seller's own, and `copies` says that not all in its class are the same bytes.
    `certainty` is below 1 where the thing itself is uncertain: a unit as far as the link to it holds."""

    seller: int
    thing: Thing
    capture: int | None
    picture: int | None = None
    method: int | None = None
    certainty: float = 1.0
    link: int | None = None  # the link to premises that it rests on
    copies: bool = False
    also: frozenset[int] = frozenset()  # of a place: sellers who use every one of its photographs there, too


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a pair of sellers, as it stands: that they are one operator, or that they are not. `source` names the row."""

    seller: int
    other: int
    one: bool
    actor: str
    reason: str
    at: datetime
    source: str


class Reach(NamedTuple):
    """Up to which rows a pass has looked: `rows` names a table and its newest row, `settled` what changes answers everywhere when it changes."""

    rows: Mapping[str, int]
    settled: Mapping[str, int]


_ROWS = {
    "listing_contact": t.listing_contact, "picture_contact": t.picture_contact, "reading": t.reading, "picture": t.picture,
    "finding": t.finding, "link": t.link, "judgement": t.judgement,
}  # fmt: skip
_SETTLED = {"method_status": t.method_status.c.id, "reference": t.reference.c.number}


# -- people's word ---------------------------------------------------------------------------------------------------------


def _standing(rows: Iterable[Any]) -> dict[tuple[int, int], Any]:
    """Of each pair the newest row that nobody has withdrawn."""
    ordered = sorted(rows, key=lambda r: r.id)
    gone = {r.withdraws for r in ordered if r.withdraws is not None}
    return {(r.seller, r.other): r for r in ordered if r.withdraws is None and r.id not in gone}


class NetworkWrites(PlaceWrites):
    retain_until: Callable[..., datetime | None]

    def say_pair(self, seller: int, other: int, one: bool, *, actor: str, authority: str, reason: str) -> int:
        """Record that a person joins two sellers (`one`), or keeps them apart; the row's number. Joining is a *combination* in the log.

        Raises TouchstoneError for an unknown seller, one seller twice, no person, no reason, or what stands already.
        """
        a, b = self._pair(seller, other, actor, reason)
        with self.database.writing() as c:
            self.database.lock_chain(c)  # two at once come one after the other
            stands = self._stands(c, a, b)
            if stands is not None and (stands.says == "one") == one:
                what = "joined" if one else "kept apart"
                raise TouchstoneError(f"sellers {a} and {b} are {what} already, by {stands.actor} (statement {stands.id}): {stands.reason}")
            values = {"seller": a, "other": b, "says": "one" if one else "two", "withdraws": None}
            return self._say(c, values, Verb.combination if one else Verb.alteration, actor, authority, reason)

    def withdraw_pair(self, seller: int, other: int, *, actor: str, authority: str, reason: str) -> int:
        """Take back what was last said of two sellers, so that what stood before it stands again; the number of the row that stands no more.

        Raises TouchstoneError where nothing stands, and as `say_pair` does.
        """
        a, b = self._pair(seller, other, actor, reason)
        with self.database.writing() as c:
            self.database.lock_chain(c)  # two at once come one after the other
            stands = self._stands(c, a, b)
            if stands is None:
                raise TouchstoneError(
                    f"nobody has joined sellers {a} and {b} or kept them apart; a judgement of their link is taken back with `touchstone judge link N unsure`"
                )
            values = {"seller": a, "other": b, "says": "", "withdraws": stands.id}
            again = self._stands(c, a, b, without=stands.id)
            joins = again is not None and again.says == "one"
            self._say(c, values, Verb.combination if joins else Verb.alteration, actor, authority, reason)
            return int(stands.id)

    def _pair(self, seller: int, other: int, actor: str, reason: str) -> tuple[int, int]:
        if seller == other:
            raise TouchstoneError(f"seller {seller} is named twice: two sellers are joined or kept apart")
        if not reason.strip():
            raise TouchstoneError("joining two sellers, or keeping them apart, needs its reason (--why): it will be read in court")
        with self.database.reading() as c:
            if not c.execute(select(t.actor.c.is_person).where(t.actor.c.id == actor)).scalar():
                raise TouchstoneError(f"'{actor}' is not a person known to this store: machines give opinions, people judge")
            known = set(c.execute(select(t.seller.c.id).where(t.seller.c.id.in_([seller, other]))).scalars())
        for each in (seller, other):
            if each not in known:
                raise TouchstoneError(f"there is no seller {each}")
        return min(seller, other), max(seller, other)

    def _stands(self, c: Connection, a: int, b: int, without: int = 0) -> Any:
        of = t.pair_statement.c
        rows = c.execute(select(t.pair_statement).where(of.seller == a, of.other == b, of.id != without)).all()
        return _standing(rows).get((a, b))

    def _say(self, c: Connection, values: dict[str, Any], verb: Verb, actor: str, authority: str, reason: str) -> int:
        until = self.retain_until("flagged")
        number = add(
            c, t.pair_statement, **values, actor=actor, authority=authority, reason=reason, at=datetime.now(UTC), retention_until=until
        )
        said = {"pair_statement": number, "says": values["says"], "withdraws": values["withdraws"]}
        sellers = [values["seller"], values["other"]]
        audit.append(self.database, c, verb, actor=actor, purpose="sellers of one operator", subjects={"seller": sellers}, detail=said)
        return number

    # -- how far a pass has looked -----------------------------------------------------------------------------------------
    def reach_now(self) -> Reach:
        """The newest rows of all that the network follows from."""
        with self.database.reading() as c:
            newest = {name: select(func.max(table.c.id)) for name, table in _ROWS.items()}
            newest["link"] = newest["link"].where(t.link.c.object_kind == str(SubjectKind.premises))  # not the pass's own links
            rows = {name: c.execute(query).scalar() or 0 for name, query in newest.items()}
            return Reach(rows, {name: c.execute(select(func.max(column))).scalar() or 0 for name, column in _SETTLED.items()})

    def reach_of(self, method: int) -> Reach | None:
        """How far the last whole pass by this method looked; None where there was none."""
        of = t.link_reach.c
        with self.database.reading() as c:
            said = c.execute(select(of.reach_json).where(of.method == method).order_by(of.id.desc()).limit(1)).scalar()
        return Reach(**json.loads(said)) if said else None

    def keep_reach(self, method: int, reach: Reach, run: str) -> None:
        with self.database.writing() as c:
            add(c, t.link_reach, method=method, reach_json=canonical(reach._asdict()).decode(), run=run, at=datetime.now(UTC))

    def keep_parted(self, sellers: Collection[int], found: Collection[Pair], method: int, run: str, *, actor: str, purpose: str) -> int:
        """Say of each pair that this method linked, whose older seller is among `sellers` and that is not in `found`, that it is no longer
        found; how many were new. What a person confirmed keeps its status, and gets no such row."""
        later = t.link.alias("later")
        newer = [later.c.id > t.link.c.id, later.c.method == method, *(later.c[column.name] == column for column in PAIR)]
        beside, verdict = judged()
        query = select(t.link.c.id, *PAIR).select_from(beside).order_by(t.link.c.id)
        query = query.where(t.link.c.method == method, t.link.c.level != "none", ~exists().where(*newer))
        query = query.where(t.link.c.subject_kind == str(SubjectKind.seller), func.coalesce(verdict, "") != str(Verdict.yes))
        total = 0
        for part in chunks(sellers):
            with self.database.writing() as c:
                new = []
                for r in c.execute(query.where(t.link.c.subject.in_(part))).all():
                    pair = (SubjectKind(r.subject_kind), r.subject, SubjectKind(r.object_kind), r.object)
                    if pair not in found:
                        why = LinkReason("no_longer_found", 0.0, GONE)
                        new.append(self._keep_link(c, Link(None, *pair, "", 0.0, "none", (why,)), method, run))
                if new:
                    audit.append(self.database, c, Verb.alteration, actor=actor, purpose=purpose, run=run, subjects={"link": new})
                total += len(new)
        return total


# -- who has what ----------------------------------------------------------------------------------------------------------


class NetworkReads(AlikeReads, PlaceReads):
    def givings(self, sellers: Collection[int], most: int) -> list[Giving]:
        """All that these sellers have that others may have too, each once with the first capture that says so; words before pictures.

        Of pictures and places all who have them are told, where they are no more than `most`: what is one photograph follows from all of them.
        """
        with self.store.database.reading() as c:
            found = [one for part in chunks(sellers) for one in self._of_sellers(c, part)]
        for each in self.alike(sellers, most):
            thing = Thing(each.kind, each.digest)
            found += [
                Giving(seller, thing, capture, picture, copies=each.copies, also=each.also.get(seller, frozenset()))
                for seller, (picture, capture) in each.shown.items()
            ]
        self.shown("seller", (one.seller for one in found))
        return _first(found)

    def holders(self, things: Collection[Thing], most: int) -> dict[Thing, list[Giving]]:
        """Of each of these things that at most `most` sellers have, who has it: contacts, texts and units; of pictures and places `givings` tells.

        Of what more have, nothing is read but their number.
        """
        kinds: dict[str, list[str]] = defaultdict(list)
        for thing in things:
            kinds[thing.kind].append(thing.value)
        found: list[Giving] = []
        with self.store.database.reading() as c:
            for part in chunks([Thing(kind, value) for kind in set(CONTACTS.values()) for value in kinds.get(kind, ())]):
                found += self._contacts(c, contacts=self._few_contacts(c, part, most))
            for part in chunks(kinds.get("text", ())):
                found += self._texts(c, t.snapshot.c.text_digest.in_(self._few_texts(c, part, most)))
            for part in chunks([int(value) for value in kinds.get("premises", ())]):
                found += self._units(c, t.link.c.object.in_(part))
        held: dict[Thing, list[Giving]] = defaultdict(list)
        for one in _first(found):
            held[one.thing].append(one)
        kept = {thing: who for thing, who in held.items() if len(who) <= most}
        self.shown("seller", (one.seller for who in kept.values() for one in who))
        return kept

    def _of_sellers(self, c: Connection, sellers: Sequence[int]) -> Iterator[Giving]:
        yield from self._contacts(c, sellers=sellers)
        yield from self._texts(c, t.reading.c.seller.in_(sellers))
        yield from self._units(c, t.link.c.subject.in_(sellers))

    def _contacts(self, c: Connection, *, sellers: Sequence[int] = (), contacts: Sequence[int] = ()) -> Iterator[Giving]:
        given = given_contacts().c
        words = (t.contact.c.kind, t.contact.c.value, given.seller, given.picture, given.method)
        query = select(*words, func.min(given.capture).label("capture")).join(given.contact.table, given.contact == t.contact.c.id)
        query = query.where(given.seller.in_(sellers) if sellers else given.contact.in_(contacts))
        query = query.where(given.seller.is_not(None), t.contact.c.kind.in_(CONTACTS)).group_by(*words)
        for r in c.execute(query) if sellers or contacts else ():
            yield Giving(r.seller, Thing(CONTACTS[r.kind], r.value), r.capture, r.picture, r.method)

    def _few_contacts(self, c: Connection, things: Sequence[Thing], most: int) -> list[int]:
        """The rows of those contacts that at most so many sellers give."""
        given, of = given_contacts().c, t.contact.c
        rows = c.execute(select(of.id, of.kind, of.value).where(of.value.in_({x.value for x in things}), of.kind.in_(CONTACTS))).all()
        ids = {r.id: Thing(CONTACTS[r.kind], r.value) for r in rows if (CONTACTS[r.kind], r.value) in set(things)}
        counted = (
            select(given.contact, func.count(given.seller.distinct()).label("n")).where(given.contact.in_(ids)).group_by(given.contact)
        )
        many = {ids[r.contact] for r in c.execute(counted) if r.n > most}
        return [number for number, thing in ids.items() if thing not in many]

    def _texts(self, c: Connection, where: Any) -> Iterator[Giving]:
        query = select(t.snapshot.c.text_digest, t.reading.c.seller, func.min(t.reading.c.capture).label("capture")).select_from(_TEXTS)
        query = query.where(where, t.snapshot.c.text_digest != "", t.reading.c.seller.is_not(None))
        for r in c.execute(query.group_by(t.snapshot.c.text_digest, t.reading.c.seller)):
            yield Giving(r.seller, Thing("text", r.text_digest), r.capture)

    def _few_texts(self, c: Connection, digests: Sequence[str], most: int) -> list[str]:
        """Of these descriptions those that at most so many sellers have."""
        digest = t.snapshot.c.text_digest
        query = select(digest, func.count(t.reading.c.seller.distinct()).label("n")).select_from(_TEXTS).where(digest.in_(digests))
        return [r.text_digest for r in c.execute(query.group_by(digest)) if r.n <= most]

    def _units(self, c: Connection, where: Any) -> Iterator[Giving]:
        """Units that a link in force leads to; one that a person confirmed is certain."""
        for link in self._links_where(c, SubjectKind.premises, [where]):
            if link.level == "unit" and link.status in LINKED and link.subject_kind is SubjectKind.seller:
                cited = next((r.capture for r in link.reasons if r.capture is not None), None)
                sure = 1.0 if link.status == "confirmed" else link.score
                yield Giving(link.subject, Thing("premises", str(link.object)), cited, certainty=sure, link=link.id)

    # -- links and people's word -------------------------------------------------------------------------------------------
    def seller_links(self, sellers: Collection[int], *, older: bool = False) -> list[Link]:
        """Links between sellers that have one of these in them (as the older of the two, where `older` says so), as `links` gives them."""
        found: dict[int, Link] = {}
        with self.store.database.reading() as c:
            for part in chunks(sellers):
                mine = t.link.c.subject.in_(part) if older else or_(t.link.c.subject.in_(part), t.link.c.object.in_(part))
                found |= {link.id or 0: link for link in self._links_where(c, SubjectKind.seller, [mine])}
        self.shown("link", found)
        return [found[number] for number in sorted(found)]

    def _links_where(self, c: Connection, kind: SubjectKind, asked: list[Any]) -> list[Link]:
        asked = [t.link.c.subject_kind == str(SubjectKind.seller), t.link.c.object_kind == str(kind), *asked]
        beside, verdict = judged()
        counts = t.link.c.method.in_(self._methods_that_count())
        newest = select(func.coalesce(func.max(case((counts, t.link.c.id))), func.max(t.link.c.id))).where(*asked).group_by(*PAIR)
        query = select(t.link, verdict.label("verdict")).select_from(beside).where(t.link.c.id.in_(newest))
        query = query.where(or_(counts, verdict.in_((str(Verdict.yes), str(Verdict.no))))).order_by(t.link.c.id)
        return [link_of(r) for r in c.execute(query).mappings()]

    def linked_sellers(self, after: int = 0, limit: int = PAGE) -> list[int]:
        """Sellers that are the older one of a link between sellers or of what a person said of two, by number."""
        seller = t.link.c.subject
        links = select(seller).where(t.link.c.subject_kind == "seller", t.link.c.object_kind == "seller", seller > after)
        said = select(t.pair_statement.c.seller).where(t.pair_statement.c.seller > after)
        either = links.union(said).subquery()
        with self.store.database.reading() as c:
            found = list(c.execute(select(either.c[0]).order_by(either.c[0]).limit(limit)).scalars())
        self.shown("seller", found)
        return found

    def said_of(self, sellers: Collection[int]) -> list[Said]:
        """What people said of pairs that have one of these sellers in them, as it stands: by joining or keeping apart, or by judging a link;
        of both the newer."""
        stands: dict[tuple[int, int], Said] = {}
        with self.store.database.reading() as c:
            for part in chunks(sellers):
                for said in [*_judged_pairs(c, part), *_statements(c, part)]:
                    pair = (said.seller, said.other)
                    if pair not in stands or stands[pair].at <= said.at:
                        stands[pair] = said
        self.shown("seller", (each for pair in stands for each in pair))
        return [stands[pair] for pair in sorted(stands)]

    # -- what is new -------------------------------------------------------------------------------------------------------
    def touched(self, since: Reach, most: int) -> set[int]:
        """Sellers whose ties may have changed since a pass that looked so far: who has a thing that somebody came to have, or no longer has.

        Those who share what is a hub now are among them only where it may have been none before. Sellers' numbers alone are held, and the new
        things; rows are read a page at a time.
        """
        sellers: set[int] = set()
        new: dict[Thing, set[int]] = defaultdict(set)
        with self.store.database.reading() as c:
            for name, query, thing_of in _NEW:
                for rows in self._rows_after(c, name, query(since.rows.get(name, 0)), since):
                    for r in rows:
                        new[thing_of(r)].add(r.seller)
            for part in chunks(new):
                held = self.holders(part, most)
                for thing in part:
                    # more than `most` have it now: those who had it before are asked for where they may have been few enough
                    who = held.get(thing) or self.holders([thing], most + len(new[thing])).get(thing, [])
                    sellers |= {one.seller for one in who} | new[thing]
            for name, query in (("picture", _NEW_PICTURES), ("finding", _NEW_FINDINGS)):
                for rows in self._rows_after(c, name, query, since):
                    images = self._with_copies(c, {r.image for r in rows} | self._pointed_at(c, rows), most)
                    sellers |= {r.seller for r in rows if r.seller is not None}
                    # each class that one of these images joins together was of no more than `most` if it linked anybody before
                    for one in self._classes(c, sorted(images), most * (len(images) + 1), everybodys=True):
                        sellers |= set(one.shown)
        self.shown("seller", sellers)
        return sellers

    def _rows_after(self, c: Connection, name: str, query: Select[Any], since: Reach) -> Iterator[Sequence[Any]]:
        after = since.rows.get(name, 0)
        while rows := c.execute(query.where(_ROWS[name].c.id > after).limit(PAGE)).all():
            after = rows[-1].id
            yield rows

    def _pointed_at(self, c: Connection, rows: Sequence[Any]) -> set[int]:
        """The images of the pictures that findings name."""
        others = {p.get("other", "") for r in rows if hasattr(r, "pointers_json") for p in json.loads(r.pointers_json)}
        numbers = [int(each.removeprefix("picture:")) for each in others if each.startswith("picture:")]
        query = select(t.picture.c.image)
        return {number for part in chunks(numbers) for number in c.execute(query.where(t.picture.c.id.in_(part))).scalars()}


_TEXTS = t.reading.join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot)
_NEW_PICTURES = select(t.picture.c.id, t.picture.c.seller, t.picture.c.image).order_by(t.picture.c.id)
_NEW_FINDINGS = (
    select(t.finding.c.id, t.finding.c.pointers_json, t.picture.c.seller, t.picture.c.image)
    .select_from(OF_FINDINGS)
    .where(t.finding.c.reason.in_((*KINDS, *EVERYBODYS)))
    .order_by(t.finding.c.id)
)


def _first(found: Iterable[Giving]) -> list[Giving]:
    """Each seller's each thing once: in words before pictures, then by capture."""
    kept: dict[tuple[Thing, int], Giving] = {}
    for one in sorted(found, key=lambda g: (g.thing, g.seller, g.method is not None, g.capture or 0, g.picture or 0, g.method or 0)):
        kept.setdefault((one.thing, one.seller), one)
    return list(kept.values())


def _statements(c: Connection, sellers: Sequence[int]) -> Iterator[Said]:
    of = t.pair_statement.c
    rows = c.execute(select(t.pair_statement).where(or_(of.seller.in_(sellers), of.other.in_(sellers)))).all()
    for (a, b), r in _standing(rows).items():
        yield Said(a, b, r.says == "one", r.actor, r.reason, r.at, f"statement {r.id}")


def _judged_pairs(c: Connection, sellers: Sequence[int]) -> Iterator[Said]:
    """The newest yes or no of a link between two sellers; an `unsure` takes back what was said before it."""
    of, j = t.link.c, t.judgement.c
    joined = t.judgement.join(t.link, and_(j.subject_kind == str(SubjectKind.link), j.subject == of.id))
    query = select(j.id, j.verdict, j.actor, j.reason, j.at, of.subject, of.object, of.id.label("link")).select_from(joined)
    query = query.where(of.subject_kind == "seller", of.object_kind == "seller", or_(of.subject.in_(sellers), of.object.in_(sellers)))
    query = query.where(not_taken_back())
    newest = {(r.subject, r.object): r for r in c.execute(query.order_by(j.id))}
    for (a, b), r in newest.items():
        if r.verdict != str(Verdict.unsure):
            yield Said(a, b, r.verdict == str(Verdict.yes), r.actor, r.reason, r.at, f"judgement {r.id} of link {r.link}")


# Of each table whose rows say that somebody has a thing: the rows after a number, without those that say what an earlier row said.


def _new_words(upto: int) -> Select[Any]:
    of, before = t.listing_contact.c, t.listing_contact.alias("before")
    known = exists().where(before.c.contact == of.contact, before.c.seller == of.seller, before.c.id <= upto)
    query = select(of.id, of.seller, t.contact.c.kind, t.contact.c.value).join(t.contact, t.contact.c.id == of.contact)
    return query.where(of.seller.is_not(None), t.contact.c.kind.in_(CONTACTS), ~known).order_by(of.id)


def _new_read(upto: int) -> Select[Any]:
    of = t.picture_contact.c
    joined = t.picture_contact.join(t.contact, t.contact.c.id == of.contact).join(t.picture, t.picture.c.id == of.picture)
    query = select(of.id, t.picture.c.seller, t.contact.c.kind, t.contact.c.value).select_from(joined)
    return query.where(t.picture.c.seller.is_not(None), t.contact.c.kind.in_(CONTACTS)).order_by(of.id)


def _new_texts(upto: int) -> Select[Any]:
    of, before = t.reading.c, t.reading.alias("before")
    known = exists().where(before.c.snapshot == of.snapshot, before.c.seller == of.seller, before.c.id <= upto)
    query = select(of.id, of.seller, t.snapshot.c.text_digest).select_from(_TEXTS)
    return query.where(of.seller.is_not(None), t.snapshot.c.text_digest != "", ~known).order_by(of.id)


def _new_units(upto: int) -> Select[Any]:
    of = t.link.c
    query = select(of.id, of.subject.label("seller"), of.object).where(of.subject_kind == "seller", of.object_kind == "premises")
    return query.order_by(of.id)


def _judged_units(upto: int) -> Select[Any]:
    of, j = t.link.c, t.judgement.c
    joined = t.judgement.join(t.link, and_(j.subject_kind == str(SubjectKind.link), j.subject == of.id))
    query = select(j.id, of.subject.label("seller"), of.object).select_from(joined)
    return query.where(of.subject_kind == "seller", of.object_kind == "premises").order_by(j.id)


def _contact_thing(r: Any) -> Thing:
    return Thing(CONTACTS[r.kind], r.value)


def _unit_thing(r: Any) -> Thing:
    return Thing("premises", str(r.object))


_NEW: tuple[tuple[str, Any, Any], ...] = (
    ("listing_contact", _new_words, _contact_thing),
    ("picture_contact", _new_read, _contact_thing),
    ("reading", _new_texts, lambda r: Thing("text", r.text_digest)),
    ("link", _new_units, _unit_thing),
    ("judgement", _judged_units, _unit_thing),
)
