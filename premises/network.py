"""Seller ↔ seller: two accounts that give the same phone, e-mail, handle or payment name, use the same photographs, or take theirs in the same
place. Each is a reason, cited on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from premises.compare import score
from premises.evidence import Evidence, Shown, shown
from premises.settings import LinkSettings
from store.pictures import SharedPicture
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

PICTURED: Mapping[str, tuple[str, str]] = {
    "shared_picture": ("same_picture", "both accounts use the same photograph"),
    "same_place": ("same_place", "both accounts have a picture that seems to be taken in the same place"),
}
MOST_PICTURES = 4  # of a kind that a link cites


def propose(reader: Acting, evidence: Evidence, settings: LinkSettings, method: str) -> list[Link]:
    """Links of this seller with sellers of a higher number: each pair is seen once, from its older side.

    The hub guard: a contact of more sellers than `settings.hub` belongs to a platform or a courier and links nobody.
    """
    if evidence.kind is not SubjectKind.seller:
        return []
    shared: dict[int, dict[tuple[str, str], tuple[Shown, Shown]]] = {}
    pictured = _pictured(reader, evidence.subject, settings)
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
    others = sorted(shared.keys() | pictured.keys())
    return [_link(evidence.subject, other, shared.get(other, {}), pictured.get(other, []), settings, method) for other in others]


def _pictured(reader: Acting, seller: int, settings: LinkSettings) -> dict[int, list[SharedPicture]]:
    """Of each seller of a higher number the pictures that it shares with this one, at most so many of each kind. A picture of more sellers
    than the hub is everybody's."""
    every = reader.shared_pictures(seller)
    sellers: dict[tuple[str, int], set[int]] = {}
    for one in every:
        sellers.setdefault((one.reason, one.picture), set()).add(one.other_seller)
    found: dict[int, list[SharedPicture]] = {}
    for one in every:
        told = found.setdefault(one.other_seller, []) if one.other_seller > seller else None
        if told is None or len(sellers[one.reason, one.picture]) >= settings.hub:
            continue
        if sum(other.reason == one.reason for other in told) < MOST_PICTURES and one.picture not in {other.picture for other in told}:
            told.append(one)
    return {other: told for other, told in found.items() if told}


def _sellers(reader: Acting, kind: str, value: str) -> list[int]:
    """Who gives it; a number is one number whether called or written to."""
    kinds = ("phone", "whatsapp") if CODES[kind] == "same_phone" else (kind,)
    return sorted({seller for one in kinds for seller in reader.sellers_of_contact(one, value)})


def _first_shown(reader: Acting, seller: int, code: str, value: str) -> Shown:
    """Where the seller gives it first; in words, where it does so at all, before pictures."""
    found = [shown(c, capture) for c, capture in reader.contacts(seller=seller) if CODES.get(c.kind) == code and c.value == value]
    return min(found, key=lambda each: (bool(each.read), each.capture))


def _link(
    seller: int, other: int, shared: Mapping[tuple[str, str], tuple[Shown, Shown]], pictured: Sequence[SharedPicture],
    settings: LinkSettings, method: str,
) -> Link:  # fmt: skip
    reasons: list[LinkReason] = []
    for (code, value), (here, there) in sorted(shared.items()):
        word = code.removeprefix("same_")
        weight = settings.weights[code] * (settings.read_in_picture if here.read or there.read else 1)
        weaker = "; at least one of the two was read by machine in a picture, which is weaker than words" if here.read or there.read else ""
        reasons.append(LinkReason(code, weight, f"both accounts give the {word} {value}{_how(here)}{weaker}", here.capture))
        reasons.append(LinkReason(code, 0.0, f"the other account gives the {word} {value} here{_how(there)}", there.capture))
    for one in pictured:
        code, says = PICTURED[one.reason]
        reasons.append(LinkReason(code, settings.weights[code], f"{says}: picture {one.picture}", one.capture))
        reasons.append(LinkReason(code, 0.0, f"the other account's is picture {one.other}", one.other_capture))
    return Link(None, SubjectKind.seller, seller, SubjectKind.seller, other, method, score(reasons), "seller", tuple(reasons))


def _how(where: Shown) -> str:
    return f", {where.read}" if where.read else ""
