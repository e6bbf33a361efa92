"""Who runs an account: the evidence that people record, and the judgement that rests on it (R v Bucknor [2010] EWCA Crim 1152).

A perfect capture of a page does not prove who put it there. "Not shown" is where every account begins, and only a person's judgement, resting on
evidence that counts, moves it. Likeness to another account never counts, nor does any link of a machine's. Both are refused here and, where
a row got past, not read as more than "not shown". Rows are added; one that was wrong is withdrawn by another.
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from store import audit
from store import tables as t
from store.database import Database, add, add_all
from store.errors import TouchstoneError
from store.occupants import is_kept, person
from store.reader import Reader
from store.said import commitment
from store.second import judgement_of
from store.words.records import Judgement, SubjectKind, Verb, Verdict, digest_of

NOT_SHOWN, SHOWN, DISPUTED = "not shown", "shown", "disputed"


class Kind(enum.StrEnum):
    """Kinds of evidence of who runs an account, practice notes § 3. What each is worth stands in `SAYS`."""

    subscriber_check = "subscriber_check"
    payment_account = "payment_account"
    platform_data_reply = "platform_data_reply"
    admission = "admission"
    device_seized = "device_seized"
    unique_photo_on_device = "unique_photo_on_device"
    test_purchase_sender = "test_purchase_sender"
    delivery_return_address = "delivery_return_address"
    company_record = "company_record"
    seen_by_officer = "seen_by_officer"
    similarity = "similarity"


SAYS: Mapping[Kind, str] = {
    Kind.subscriber_check: "a contact on its pages is registered to somebody, by a reply to a lawful request",
    Kind.payment_account: "money for its goods goes to an account in somebody's name",
    Kind.platform_data_reply: "the platform's own records name who opened it, or from where",
    Kind.admission: "somebody says that they run it",
    Kind.device_seized: "a device that was seized is signed in to it",
    Kind.unique_photo_on_device: "the original of a picture on its pages is on somebody's device",
    Kind.test_purchase_sender: "a test purchase came from somebody",
    Kind.delivery_return_address: "a parcel gives somebody's address to return to",
    Kind.company_record: "a company, or its officer, that its pages name",
    Kind.seen_by_officer: "an officer saw somebody run it",
    Kind.similarity: "it is like another account: style, words, pictures, shared contacts. A lead to evidence, and none itself",
}
NEVER_COUNTS = frozenset({Kind.similarity})


class Strength(enum.StrEnum):
    """How strong the one who records it holds it to be."""

    weak = "weak"
    moderate = "moderate"
    strong = "strong"


@dataclass(frozen=True, slots=True)
class Ground:
    """One piece of evidence of who runs an account. `person` is whom it points to; `against` says that it speaks against that.

    It cites a capture, an exhibit or, in `source`, a document that lies elsewhere; `contradicts` is another piece's number.
    """

    id: int
    seller: int
    kind: Kind
    says: str
    person: str
    strength: Strength
    against: bool
    capture: int | None
    exhibit: int | None
    source: str
    contradicts: int | None
    by: str
    at: datetime

    @property
    def counts(self) -> bool:
        """Whether a judgement that the account's runner is shown may rest on it."""
        return not self.against and self.kind not in NEVER_COUNTS


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands, by the newest judgement; `why_not` where a person said yes and it does not, or no longer, stand.

    `withdrawn` are those of `rests_on` that were withdrawn, or erased, since.
    """

    status: str = NOT_SHOWN
    judgement: Judgement | None = None
    rests_on: tuple[int, ...] = ()
    why_not: str = ""
    withdrawn: tuple[int, ...] = ()


class AttributionWrites:
    database: Database
    retain_until: Callable[..., datetime | None]
    judge: Callable[..., Judgement]

    def keep_ground(
        self, seller: int, kind: Kind, says: str, *, person_named: str, strength: Strength, actor: str, authority: str, against: bool = False,
        capture: int | None = None, exhibit: int | None = None, source: str = "", contradicts: int | None = None,
    ) -> int:  # fmt: skip
        """Keep a piece of evidence of who runs an account; its number. It joins an account and a person: a *combination* in the log.

        Raises TouchstoneError: no person records it, no such seller, it says or cites nothing, or cites what is not there.
        """
        if not says.strip():
            raise TouchstoneError("say in a sentence what the evidence shows (--says)")
        if not person_named.strip() and kind not in NEVER_COUNTS:
            raise TouchstoneError("say to whom it points (--person): a name, or a description where the name is not known")
        if capture is None and exhibit is None and not source.strip():
            raise TouchstoneError("evidence cites something: a capture, an exhibit, or a document by its reference (--source)")
        with self.database.writing() as c:
            self.database.lock_chain(c)  # what is checked here still holds when the row is added
            person(c, actor)
            for table, number, what in ((t.seller, seller, "seller"), (t.capture, capture, "capture"), (t.exhibit, exhibit, "exhibit row")):
                is_kept(c, table, number, what)
            if contradicts is not None and seller != _seller_of(c, contradicts):
                raise TouchstoneError(f"there is no evidence {contradicts} of this account")
            points = not against and kind not in NEVER_COUNTS  # only evidence that counts makes somebody a suspect (DPA 2018 s.38)
            row: dict[str, Any] = {
                "seller": seller, "kind": str(kind), "says": says.strip(), "person": person_named.strip(), "strength": str(strength), "against": against,
                "capture": capture, "exhibit": exhibit, "source": source.strip(), "contradicts": contradicts, "withdraws": None, "actor": actor,
                "authority": authority, "salt": secrets.token_hex(16),
            }  # fmt: skip
            number = add(
                c, t.attribution, **row, at=datetime.now(UTC), subject_category="suspect" if points else "unknown",
                retention_until=self.retain_until("flagged"),
            )  # fmt: skip
            subjects = {"attribution": [number], "seller": [seller]}
            detail = {"kind": str(kind), "attribution": number, "commitment": commitment(row)}
            audit.append(self.database, c, Verb.combination, actor=actor, purpose="attribution", subjects=subjects, detail=detail)
        return number

    def withdraw_ground(self, number: int, *, actor: str, authority: str, why: str) -> int:
        """Say that a piece of evidence was wrong. Its row stays; one that withdraws it is added. Raises TouchstoneError."""
        if not why.strip():
            raise TouchstoneError("say why it is withdrawn")
        with self.database.writing() as c:
            self.database.lock_chain(c)  # what is checked here still holds when the row is added
            person(c, actor)
            row = c.execute(select(t.attribution).where(t.attribution.c.id == number)).first()
            if row is None or row.withdraws is not None:
                raise TouchstoneError(f"there is no evidence {number} to withdraw")
            if c.execute(select(t.attribution.c.id).where(t.attribution.c.withdraws == number)).first():
                raise TouchstoneError(f"evidence {number} was withdrawn before")
            said: dict[str, Any] = {
                "seller": row.seller, "kind": row.kind, "says": why.strip(), "person": "", "strength": row.strength, "against": row.against,
                "capture": None, "exhibit": None, "source": "", "contradicts": None, "withdraws": number, "actor": actor, "authority": authority,
                "salt": secrets.token_hex(16),
            }  # fmt: skip
            until = self.retain_until("flagged")
            new = add(c, t.attribution, **said, at=datetime.now(UTC), subject_category="unknown", retention_until=until)
            detail = {"attribution": new, "commitment": commitment(said)}
            subjects = {"attribution": [number, new], "seller": [row.seller]}
            # why is in the row, which can be blanked: it speaks of a person
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="attribution withdrawn", subjects=subjects, detail=detail)
        return new

    def judge_account(
        self, seller: int, verdict: Verdict, *, rests_on: Collection[int], actor: str, authority: str, reason: str
    ) -> Judgement:
        """A person says whether who runs an account is shown: yes, no (disputed) or unsure (not shown).

        Raises TouchstoneError where a yes rests on nothing that counts: likeness alone, evidence against, withdrawn or another account's.
        """
        with self.database.writing() as c:
            self.database.lock_chain(c)  # no evidence is withdrawn between here and the judgement
            standing = {each.id: each for each in _grounds(c, seller)}
            is_kept(c, t.seller, seller, "seller")
            if missing := sorted(set(rests_on) - set(standing)):
                raise TouchstoneError(f"evidence {missing[0]} is not this account's, or was withdrawn")
            if verdict is Verdict.yes and not any(standing[n].counts for n in rests_on):
                raise TouchstoneError(
                    "who runs this account cannot be shown by what this rests on: likeness to other accounts and links of a machine's are leads, "
                    "and never evidence of who put a page there; record evidence that counts first (`touchstone seller attribute`)"
                )
            digest = digest_of(sorted(standing))  # which evidence there was when it was judged
            said = self.judge(SubjectKind.account, seller, verdict, actor=actor, authority=authority, reason=reason, findings_digest=digest)
            rests = sorted(set(rests_on))
            add_all(c, t.attribution_ground, [{"judgement": said.id, "attribution": number} for number in rests])
            subjects = {"seller": [seller], **({"attribution": rests} if rests else {})}
            detail = {"rests": said.id, "on": rests}
            audit.append(
                self.database, c, Verb.alteration, actor=actor, purpose="judgement of an account", subjects=subjects, detail=detail
            )
        return said


def _seller_of(c: Any, number: int) -> int | None:
    found: int | None = c.execute(
        select(t.attribution.c.seller).where(t.attribution.c.id == number, t.attribution.c.withdraws.is_(None))
    ).scalar()
    return found


def _grounds(c: Any, seller: int) -> list[Ground]:
    """What stands, oldest first: not what was withdrawn, nor what an erasure has left blank."""
    a, later = t.attribution.c, t.attribution.alias("later")
    query = select(t.attribution).outerjoin(later, later.c.withdraws == a.id)
    query = query.where(a.seller == seller, a.withdraws.is_(None), later.c.id.is_(None), a.says != "").order_by(a.id)
    return [
        Ground(
            r.id, r.seller, Kind(r.kind), r.says, r.person, Strength(r.strength), r.against, r.capture, r.exhibit, r.source, r.contradicts, r.actor, r.at
        )
        for r in c.execute(query)
    ]  # fmt: skip


class AttributionReads(Reader):
    def grounds(self, seller: int) -> list[Ground]:
        """The evidence of who runs an account that people recorded, oldest first, without what was withdrawn."""
        with self.store.database.reading() as c:
            found = _grounds(c, seller)
        self.shown("attribution", (each.id for each in found))
        return found

    def standing(self, seller: int) -> Standing:
        """Where the account stands. A yes stands only as long as evidence that counts, and that it rests on, does."""
        with self.store.database.reading() as c:
            said = select(t.judgement).where(t.judgement.c.subject_kind == str(SubjectKind.account), t.judgement.c.subject == seller)
            row = c.execute(said.order_by(t.judgement.c.id.desc()).limit(1)).first()
            if row is None:
                return Standing()
            named = select(t.attribution_ground.c.attribution).where(t.attribution_ground.c.judgement == row.id)
            rests = tuple(sorted(c.execute(named).scalars()))
            stand = {each.id: each.counts for each in _grounds(c, seller)}
        judgement = judgement_of(row)
        self.shown("judgement", [judgement.id])
        gone = tuple(number for number in rests if number not in stand)
        if judgement.verdict is Verdict.yes and not any(stand.get(number) for number in rests):
            why_not = "a person said that it is shown, but nothing that counts and still stands is under it"
            return Standing(NOT_SHOWN, judgement, rests, why_not, gone)
        return Standing({Verdict.yes: SHOWN, Verdict.no: DISPUTED}.get(judgement.verdict, NOT_SHOWN), judgement, rests, withdrawn=gone)
