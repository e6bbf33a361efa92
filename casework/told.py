"""Which events of the log may be told outside: in packs, and in what a court is given of the custody of things."""

from __future__ import annotations

from store.words.records import Event

# What is in no pack: an event that speaks of it is here as a digest, also where it is of the case. That there is sensitive material at all may be
# what must not be told (CPIA 1996 code: it is on a schedule of its own, which the defence is not given).
KEPT_OUT = frozenset(
    {
        "intelligence", "intelligence_source", "referral", "referral_return", "money", "informant", "looked_for_informant",
        "looked_for_intelligence_source", "disclosure_item", "disclosure_decision", "disclosure_edition", "disclosure_copy",
    }
)  # fmt: skip
_PURPOSES = ("intelligence", "source of intelligence", "referral", "return of a referral", "money", "disclosure")


def is_told(event: Event) -> bool:
    """Whether an event speaks of nothing that is kept out of packs: by what it is of, and by what it was for."""
    named = {*(event.body.get("subjects") or {}), *(event.body.get("detail") or {})}
    return not named & KEPT_OUT and not str(event.body.get("purpose")).startswith(_PURPOSES)
