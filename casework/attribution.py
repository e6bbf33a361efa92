"""The page of who runs an account (R v Bucknor [2010] EWCA Crim 1152): "not shown" until a person judges otherwise, on evidence that counts.

Two lists that are never mixed: what machines read on its pages and what it is like, which are leads; and the evidence that people recorded,
each with its strength, what it cites and what contradicts it.
"""

from __future__ import annotations

from dataclasses import dataclass

from premises.evidence import companies_in
from store.attribution import SAYS, Ground, Standing
from store.config import Home
from store.errors import TouchstoneError
from store.listings import Summary
from store.places import GONE
from store.store import Acting, Store
from store.words.identifiers import KINDS, find_identifiers
from store.words.records import Judgement, Seller, SubjectKind, Verdict


@dataclass(frozen=True, slots=True)
class Lead:
    """Something that may lead to evidence, and what would make it some. It never counts by itself."""

    what: str
    value: str
    says: str
    capture: int | None
    to_do: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence with the numbers of those that contradict it, and whether it counts."""

    ground: Ground
    kind_says: str
    counts: bool
    contradicted_by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything about who runs one account. `new_since` are pieces recorded after the judgement: it was made without them."""

    seller: Seller
    standing: Standing
    evidence: tuple[Piece, ...]
    leads: tuple[Lead, ...]
    new_since: tuple[int, ...] = ()


def page(reader: Acting, seller: int) -> Page:
    """The page of one account. Raises TouchstoneError where there is no such seller."""
    found = reader.sellers([seller])
    if not found:
        raise TouchstoneError(f"there is no seller {seller}; `touchstone listing list` and `listing show` name them")
    grounds, standing = reader.grounds(seller), reader.standing(seller)
    against = {each.id: tuple(other.id for other in grounds if other.contradicts == each.id) for each in grounds}
    pieces = tuple(Piece(each, SAYS[each.kind], each.counts, against[each.id]) for each in grounds)
    judged = standing.judgement.at if standing.judgement else None
    new = tuple(each.id for each in grounds if judged and each.at > judged)
    return Page(found[0], standing, pieces, tuple(_leads(reader, seller)), new)


def _leads(reader: Acting, seller: int) -> list[Lead]:
    out = []
    for contact, capture in reader.contacts(seller=seller):
        check = {
            "payment": "ask the payment service in whose name the account is",
            "domain": "ask the registrar who registered it",
            "url": "look at what that page says",
        }
        how = f", read by machine in picture {contact.picture}" if contact.picture is not None else ""
        to_do = check.get(contact.kind, "ask the provider who the subscriber is")
        out.append(Lead(contact.kind, contact.value, f"its pages give the {contact.kind} {contact.value}{how}", capture, to_do))
    named: dict[tuple[str, str], Lead] = {}
    for one in reader.seller_listings(seller):
        for lead in _named(one):
            named.setdefault((lead.what, lead.value), lead)
    out += named.values()
    for link in reader.links(subject=(SubjectKind.seller, seller)) + reader.links(object=(SubjectKind.seller, seller)):
        if link.status in (GONE, "refused"):
            continue
        reason = next((r for r in link.reasons if not r.against), None)
        other = link.object if (link.subject_kind, link.subject) == (SubjectKind.seller, seller) else link.subject
        kind = link.object_kind if other == link.object and link.object_kind is not SubjectKind.seller else SubjectKind.seller
        what = "likeness" if kind is SubjectKind.seller else "premises"
        says = f"{link.status} link {link.id} to {kind} {other}: " + "; ".join(r.sentence for r in link.reasons[:2])
        out.append(Lead(what, f"{kind} {other}", says, reason.capture if reason else None, "look for evidence of one hand behind both" if what == "likeness" else "find out who is there"))  # fmt: skip
    return out


def _named(one: Summary) -> list[Lead]:
    text = f"{one.snapshot.title}\n{one.snapshot.text}"
    out = [
        Lead(each.kind, each.value, f"a page states the {KINDS[each.kind][0]} {each.value} (in the right form, not verified)", one.capture, "ask its register, and record what it answers")
        for each in find_identifiers(text)
    ]  # fmt: skip
    return out + [
        Lead("company", name, f"a page names {name}", one.capture, "look it up, and who its officers are") for name in companies_in(text)
    ]


def judge(store: Store, home: Home, seller: int, verdict: Verdict, reason: str, by: str, rests_on: tuple[int, ...] = ()) -> Judgement:
    """Judge whether who runs an account is shown. Without `rests_on` a yes rests on everything recorded that counts, a no or an unsure on
    nothing that is recorded: what it is doubted for is in its reason.

    Raises TouchstoneError: no reason, no such seller, or a yes that rests on nothing that counts.
    """
    if not reason.strip():
        raise TouchstoneError("a judgement needs its reason (--reason): it will be read in court")
    with store.acting(by, purpose="judge account") as reader:  # the reason is in its row: it speaks of a person, and the log must not
        grounds = reader.grounds(seller)
    rests = rests_on or tuple(each.id for each in grounds if each.counts and verdict is Verdict.yes)
    return store.judge_account(seller, verdict, rests_on=rests, actor=by, authority=home.settings.authority.code, reason=reason)
