"""Seller ↔ seller: two accounts that give the same phone, e-mail, handle or payment name. Each shared contact is a reason, cited on both sides."""

from __future__ import annotations

from collections.abc import Mapping

from premises.compare import score
from premises.evidence import Evidence, Shown, shown
from premises.settings import LinkSettings
from store.store import Acting
from store.words.records import Link, LinkReason, SubjectKind

CODES: Mapping[str, str] = {
    "phone": "same_phone",
    "whatsapp": "same_phone",
    "email": "same_email",
    "payment": "same_payment",
    "telegram": "same_handle",
    "instagram": "same_handle",
    "snapchat": "same_handle",
}


def propose(reader: Acting, evidence: Evidence, settings: LinkSettings, method: str) -> list[Link]:
    """Links of this seller with sellers of a higher number: each pair is seen once, from its older side.

    The hub guard: a contact of more sellers than `settings.hub` belongs to a platform or a courier and links nobody.
    """
    if evidence.kind is not SubjectKind.seller:
        return []
    shared: dict[int, dict[tuple[str, str], tuple[Shown, Shown]]] = {}
    for kind, value, here in evidence.contacts:
        if kind not in CODES:
            continue
        sellers = _sellers(reader, kind, value)
        if len(sellers) > settings.hub:
            continue
        for other in sellers:
            if other > evidence.subject:
                there = _first_shown(reader, other, CODES[kind], value)
                shared.setdefault(other, {}).setdefault((CODES[kind], value), (here, there))
    return [_link(evidence.subject, other, reasons, settings, method) for other, reasons in sorted(shared.items())]


def _sellers(reader: Acting, kind: str, value: str) -> list[int]:
    """Who gives it; a number is one number whether called or written to."""
    kinds = ("phone", "whatsapp") if CODES[kind] == "same_phone" else (kind,)
    return sorted({seller for one in kinds for seller in reader.sellers_of_contact(one, value)})


def _first_shown(reader: Acting, seller: int, code: str, value: str) -> Shown:
    """Where the seller gives it first; in words, where it does so at all, before pictures."""
    found = [shown(c, capture) for c, capture in reader.contacts(seller=seller) if CODES.get(c.kind) == code and c.value == value]
    return min(found, key=lambda each: (bool(each.read), each.capture))


def _link(seller: int, other: int, shared: Mapping[tuple[str, str], tuple[Shown, Shown]], settings: LinkSettings, method: str) -> Link:
    reasons: list[LinkReason] = []
    for (code, value), (here, there) in sorted(shared.items()):
        word = code.removeprefix("same_")
        weight = settings.weights[code] * (settings.read_in_picture if here.read or there.read else 1)
        weaker = "; at least one of the two was read by machine in a picture, which is weaker than words" if here.read or there.read else ""
        reasons.append(LinkReason(code, weight, f"both accounts give the {word} {value}{_how(here)}{weaker}", here.capture))
        reasons.append(LinkReason(code, 0.0, f"the other account gives the {word} {value} here{_how(there)}", there.capture))
    return Link(None, SubjectKind.seller, seller, SubjectKind.seller, other, method, score(reasons), "seller", tuple(reasons))


def _how(where: Shown) -> str:
    return f", {where.read}" if where.read else ""
