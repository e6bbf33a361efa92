"""A warning when somebody else already works on a seller, a listing or a premises: another team of the same authority, or another authority."""

from __future__ import annotations

from store.store import Acting
from store.words.records import SubjectKind


def worked_by(reader: Acting, kind: SubjectKind, number: int) -> list[str]:
    """One sentence for each open case, live operation or assignment that rests on it; [] where there is none.

    Of another authority it names the authority and the reference by which to ask there, and nothing of what they have (store/working.py).
    """
    out = []
    for each in reader.working_on(kind, number):
        if not each.own:
            has = {"case": "has an open case on", "operation": "has a live operation on", "assignment": "works on"}[each.what]
            out.append(f"{each.authority_name} {has} this {kind}. Speak to them before you act, and quote {each.contact}.")
        elif each.what == "assignment":
            out.append(f"{each.actor} has {each.title} since {each.since:%d %B %Y} ({each.contact}).")
        else:
            by = f", opened by {each.actor}" if each.actor else ""
            out.append(f"Your authority has an open {each.what} on this {kind}: {each.contact}, “{each.title}”{by}.")
    return out
