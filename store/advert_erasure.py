"""Erasure of an advert and of an account: the words that were read, what was found and said in them, and the bytes they were read from.

A capture is erased by its number (store/erasure.py); this erases what stays in rows when its bytes are gone. Rows stay, blank: their numbers are in
the log, and a number that was used is used once. What other adverts share (a page that lists many, the same words, a contact that others give too)
is theirs and stays; the captures that stay are returned, to be decided on by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Connection, Table, or_, select

from store import audit, disclosure, recorded
from store import tables as t
from store.closing import closed_cases
from store.erasure import Erasure, held_on
from store.errors import TouchstoneError
from store.retention import pages_of
from store.words.purposes import subject_of
from store.words.records import SNAPSHOT_WORDS, Verb, digest_of

GONE = "erased-"  # and the row's number, where a column must differ from row to row
BLANK_SNAPSHOT: dict[str, Any] = dict.fromkeys(SNAPSHOT_WORDS, "") | {"price_minor": None, "currency": None, "text_digest": ""}
BLANK_READING = {"images_json": "[]", "notes_json": "[]", "details_json": "{}"}


def blank_snapshot_digest(number: int) -> str:
    """What stands in place of the digest of an erased snapshot's words: theirs could be guessed where they were few."""
    return digest_of({"erased": number})


class AdvertErasure(Erasure):
    erase_sighting: Callable[..., tuple[int, ...]]
    erase_ground: Callable[..., None]
    erase_pair_reason: Callable[..., None]
    shelve: Callable[[Connection, Collection[int]], None]

    def erase_listing(self, number: int, *, actor: str, reason: str) -> tuple[int, ...]:
        """Erase an advert, with what was found in it; its account too, where that has no other. Captures that show others are returned.

        Sightings of it are erased with it. Refused under a hold or an exhibit of it, its account, its words, pictures, flags or pages. Safe to run
        again. Raises TouchstoneError.
        """
        with self.database.reading() as c:
            if c.execute(select(t.listing.c.id).where(t.listing.c.id == number)).first() is None:
                raise TouchstoneError(f"there is no listing {number} to erase")
            own, shared = _captures(c, number)
            sightings = list(c.execute(select(t.sighting.c.reference).where(t.sighting.c.listing == number)).scalars())
            held = self.listing_held(c, number, own)
        if held:
            self._refuse_held("listing", number, held, actor, reason)
        for reference in sightings:
            self.erase_sighting(reference, actor=actor, reason=reason)
        for capture in own:
            self.erase(capture, actor=actor, reason=reason)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            if held := self.listing_held(c, number, own):
                raise TouchstoneError(f"listing {number} is under hold {held} by now; its captures are erased, its words are not")
            alone = self._sellers_alone(c, number)
            gone = _blank(c, number, own)
            self.shelve(c, [number])
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure", justification=reason, subjects={"listing": [number], **gone},
                detail={"captures_that_stay": shared},
            )  # fmt: skip
        for seller in alone:
            self._erase_account(seller, actor, reason)
        return tuple(shared)

    def erase_seller(self, number: int, *, actor: str, reason: str) -> tuple[int, ...]:
        """Erase an account and each of its adverts, evidence of who runs it and statements that join it. As `erase_listing` refuses and returns."""
        with self.database.reading() as c:
            if c.execute(select(t.seller.c.id).where(t.seller.c.id == number)).first() is None:
                raise TouchstoneError(f"there is no seller {number} to erase")
            listings = sorted(c.execute(select(t.reading.c.listing).where(t.reading.c.seller == number).distinct()).scalars())
            held = next((found for one in listings if (found := self.listing_held(c, one, ()))), "") or held_on(c, {"seller": [number]})
        if held:
            self._refuse_held("seller", number, held, actor, reason)
        self._erase_statements(number, actor, reason)  # first: what they cite is kept while they stand
        stay: set[int] = set()
        for listing in listings:
            stay |= set(self.erase_listing(listing, actor=actor, reason=reason))
        self._erase_account(number, actor, reason)
        return tuple(sorted(stay))

    def erase_case(self, reference: str, *, actor: str, reason: str) -> None:
        """Erase what people recorded of a closed case: its rows, its title, what its exhibits are described as, its drafts with their bytes, its
        intelligence, referrals and money, and the words of its schedules. What its exhibits rest on is erased by itself. Refused while the case is kept, or a hold is on an exhibit or a follow-up of it. Raises TouchstoneError.
        """
        e, x, f = t.case_entry.c, t.exhibit.c, t.follow_up.c
        with self.database.reading() as c:
            if c.execute(select(t.case.c.reference).where(t.case.c.reference == reference)).first() is None:
                raise TouchstoneError(f"there is no case '{reference}' to erase")
            exhibits = sorted(c.execute(select(x.id).where(x.case_file == reference)).scalars())
            rows = sorted(c.execute(select(e.id).where(e.case_file == reference)).scalars())
            drafts = sorted(c.execute(select(t.draft.c.id).where(t.draft.c.case_file == reference)).scalars())
            files = sorted(set(c.execute(select(t.draft_file.c.capture).where(t.draft_file.c.draft.in_(drafts))).scalars()))
            is_closed = c.execute(closed_cases().where(t.case_term.c.case_file == reference)).first() is not None
            of = {"exhibit": exhibits, "follow_up": select(f.id).where(f.case_file == reference)}
            held = held_on(c, of) if is_closed else f"of case {reference}, which is not closed"
        if held:
            with self.database.writing() as c:
                audit.append(
                    self.database, c, Verb.erasure, actor=actor, purpose="erasure refused", justification=reason, case=reference, detail={"hold": held}
                )  # fmt: skip
            raise TouchstoneError(f"case {reference} is under hold {held} and was not erased")
        for capture in files:
            self.erase(capture, actor=actor, reason=reason)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            c.execute(t.case_entry.update().where(e.id.in_(rows)).values(body_json="{}", salt=""))
            c.execute(t.exhibit.update().where(x.id.in_(exhibits)).values(description="", salt=""))
            c.execute(t.draft.update().where(t.draft.c.id.in_(drafts)).values(about=""))
            c.execute(t.case.update().where(t.case.c.reference == reference).values(title=""))
            of_case = {
                "case_entry": rows,
                "exhibit": exhibits,
                "draft": drafts,
                **recorded.blank_case(c, reference),
                **disclosure.blank_case(c, reference),
            }
            subjects = {kind: numbers for kind, numbers in of_case.items() if numbers}
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure", justification=reason, case=reference, subjects=subjects
            )  # fmt: skip

    def listing_held(self, c: Connection, number: int, captures: Collection[int]) -> str:
        """What keeps an advert: the number of a hold, an exhibit or a case, or ""."""
        read = t.reading.c
        of = {
            "listing": [number],
            "snapshot": select(read.snapshot).where(read.listing == number),
            "seller": select(read.seller).where(read.listing == number, read.seller.is_not(None)),
            "picture": select(t.picture.c.id).where(t.picture.c.listing == number),
            "flag": select(t.flag.c.id).where(t.flag.c.listing == number),
            "link": _links(c, "listing", [number]),
            "capture": list(captures),
        }
        return held_on(c, of) or (self._hold_on(c, list(captures)) if captures else "")

    def _refuse_held(self, kind: str, number: int, held: str, actor: str, reason: str) -> None:
        with self.database.writing() as c:
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure refused", justification=reason, subjects={kind: [number]},
                detail={"hold": held},
            )  # fmt: skip
        raise TouchstoneError(f"{kind} {number} is under hold {held} and was not erased")

    def _sellers_alone(self, c: Connection, listing: int) -> list[int]:
        """Accounts of this advert that have no other which is not erased."""
        read = t.reading.c
        sellers = select(read.seller).where(read.listing == listing, read.seller.is_not(None))
        others = (
            select(read.seller)
            .join(t.listing, t.listing.c.id == read.listing)
            .where(read.seller.in_(sellers), read.listing != listing, t.listing.c.url != "")
        )
        return sorted(set(c.execute(sellers).scalars()) - set(c.execute(others).scalars()))

    def _erase_statements(self, seller: int, actor: str, reason: str) -> None:
        a, pair = t.attribution.c, t.pair_statement.c
        with self.database.reading() as c:
            grounds = list(c.execute(select(a.id).where(a.seller == seller, a.withdraws.is_(None))).scalars())
            pairs = list(
                c.execute(select(pair.id).where(or_(pair.seller == seller, pair.other == seller), pair.withdraws.is_(None))).scalars()
            )
        for one in grounds:
            self.erase_ground(one, actor=actor, reason=reason)
        for one in pairs:
            self.erase_pair_reason(one, actor=actor, reason=reason)

    def _erase_account(self, number: int, actor: str, reason: str) -> None:
        """Blank an account whose adverts are gone. One that is held by itself stays, and the log tells."""
        with self.database.reading() as c:
            row = c.execute(select(t.seller).where(t.seller.c.id == number)).one()
            held = held_on(c, {"seller": [number]})
        if held:
            return self._refuse_held("seller", number, held, actor, reason)
        self._erase_statements(number, actor, reason)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            gone = {"seller": [number], **_blank_opinions(c, "seller", [number])}
            if row.url:
                c.execute(
                    t.subject_view.update()
                    .where(t.subject_view.c.subject == subject_of(row.url))
                    .values(subject=f"{GONE}{number}", reason="")
                )
            c.execute(t.seller.update().where(t.seller.c.id == number).values(handle=f"{GONE}{number}", name="", url=""))
            audit.append(self.database, c, Verb.erasure, actor=actor, purpose="erasure", justification=reason, subjects=gone)


def _captures(c: Connection, listing: int) -> tuple[list[int], list[int]]:
    """(captures of a listing's page and pictures that show no other listing, those that do), parts left to what they are part of."""
    read, joined = t.reading.c, t.reading_image.c
    mine = set(c.execute(pages_of(listing)).scalars())
    readings = select(read.id).where(read.listing == listing)
    mine |= set(c.execute(select(joined.capture).where(joined.reading.in_(readings))).scalars())
    mine -= set(c.execute(select(t.capture.c.id).where(t.capture.c.id.in_(mine), t.capture.c.part_of.in_(mine))).scalars())
    others = set(c.execute(select(read.capture).where(read.capture.in_(mine), read.listing != listing)).scalars())
    elsewhere = select(joined.capture).join(t.reading, read.id == joined.reading).where(joined.capture.in_(mine), read.listing != listing)
    others |= set(c.execute(elsewhere).scalars())
    others |= set(c.execute(select(t.follow_up_capture.c.capture).where(t.follow_up_capture.c.capture.in_(mine))).scalars())
    return sorted(mine - others), sorted(others)


def _blank(c: Connection, listing: int, captures: Collection[int]) -> dict[str, list[int]]:
    """Blank the rows of one advert; which, by kind."""
    read = t.reading.c
    snapshots = set(c.execute(select(read.snapshot).where(read.listing == listing)).scalars())
    snapshots -= set(c.execute(select(read.snapshot).where(read.snapshot.in_(snapshots), read.listing != listing)).scalars())
    for number in snapshots:
        c.execute(t.snapshot.update().where(t.snapshot.c.id == number).values(**BLANK_SNAPSHOT, digest=blank_snapshot_digest(number)))
    c.execute(t.reading.update().where(read.listing == listing).values(**BLANK_READING))
    c.execute(t.listing.update().where(t.listing.c.id == listing).values(ref=f"{GONE}{listing}", url=""))
    c.execute(t.unread.update().where(t.unread.c.capture.in_(captures)).values(detail=""))
    pictures = sorted(c.execute(select(t.picture.c.id).where(t.picture.c.listing == listing)).scalars())
    contacts = _drop_contacts(c, listing, pictures)
    c.execute(t.flag.update().where(t.flag.c.listing == listing).values(contributions_json="[]", not_examined_json="[]"))
    gone: dict[str, list[int]] = {"snapshot": sorted(snapshots), "contact": contacts}
    for kind, numbers in (("listing", [listing]), ("snapshot", sorted(snapshots)), ("picture", pictures)):
        for name, blanked in _blank_opinions(c, kind, numbers).items():
            gone[name] = sorted({*gone.get(name, []), *blanked})
    return {kind: numbers for kind, numbers in gone.items() if numbers}


def _drop_contacts(c: Connection, listing: int, pictures: Collection[int]) -> list[int]:
    """What the advert gave as contacts goes; a contact that nothing gives any more is blanked. Which were."""
    w, p = t.listing_contact.c, t.picture_contact.c
    given = set(c.execute(select(w.contact).where(w.listing == listing)).scalars())
    given |= set(c.execute(select(p.contact).where(p.picture.in_(pictures))).scalars())
    c.execute(t.listing_contact.delete().where(w.listing == listing))
    c.execute(t.picture_contact.delete().where(p.picture.in_(pictures)))
    given -= set(c.execute(select(w.contact).where(w.contact.in_(given))).scalars())
    given -= set(c.execute(select(p.contact).where(p.contact.in_(given))).scalars())
    for number in given:
        c.execute(t.contact.update().where(t.contact.c.id == number).values(value=f"{GONE}{number}"))
    return sorted(given)


def _links(c: Connection, kind: str, numbers: Collection[int]) -> list[int]:
    of = t.link.c
    ends = or_((of.subject_kind == kind) & of.subject.in_(numbers), (of.object_kind == kind) & of.object.in_(numbers))
    return sorted(c.execute(select(of.id).where(ends)).scalars())


def _blank_opinions(c: Connection, kind: str, numbers: Collection[int]) -> dict[str, list[int]]:
    """Sentences of findings, reasons of links and of judgements about these subjects, notes and clearances of them; which rows, by kind."""
    e, f = t.examination.c, t.finding.c
    examined = select(e.id).where(e.subject_kind == kind, e.subject.in_(numbers))
    findings = sorted(c.execute(select(f.id).where(f.examination.in_(examined))).scalars())
    c.execute(t.finding.update().where(f.examination.in_(examined)).values(sentence="", pointers_json="[]"))
    c.execute(t.examination.update().where(e.subject_kind == kind, e.subject.in_(numbers)).values(detail=""))
    links = _links(c, kind, numbers)
    c.execute(t.link.update().where(t.link.c.id.in_(links)).values(reasons_json="[]"))
    kinds = [kind, "account"] if kind == "seller" else [kind]
    judged = _reasons(c, t.judgement, kinds, numbers) + (_reasons(c, t.judgement, ["link"], links) if links else [])
    noted = recorded.blank_about(c, kind, numbers)
    noted["note"] = sorted(noted.get("note", []) + recorded.blank_about(c, "link", links).get("note", []))
    return {name: rows for name, rows in (("finding", findings), ("link", links), ("judgement", sorted(judged)), *noted.items()) if rows}


def _reasons(c: Connection, table: Table, kinds: Collection[str], numbers: Collection[int]) -> list[int]:
    about = table.c.subject_kind.in_(kinds) & table.c.subject.in_(numbers)
    found = list(c.execute(select(table.c.id).where(about)).scalars())
    c.execute(table.update().where(about).values(reason=""))
    return found
