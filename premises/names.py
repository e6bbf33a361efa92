"""Names of streets and buildings in an address: abbreviations spelt out, two names in one breath parted, what a name's last word says."""

from __future__ import annotations

from collections.abc import Sequence

from premises.numbering import number_of
from premises.vocabulary import ABBREVIATIONS, BUILDINGS, COUNTED, DESIGNATORS, ENDS, GOES_ON, HOUSES, PAIRS, PARADES, SAINTS, STREETS


def spelt_out(words: Sequence[str]) -> str:
    """The words with abbreviations expanded: "st" is Saint where a name goes on after it, Street where the name has been."""
    out = []
    for i, word in enumerate(words):
        if word == "st":
            begins = all(w[0].isdigit() or w in DESIGNATORS for w in words[:i])
            following = words[i + 1] if i + 1 < len(words) else ""
            saint = following and following not in ("north", "south", "east", "west") and (begins or following in SAINTS)
            out.append("st" if saint else "street")
        else:
            out.append(ABBREVIATIONS.get(word, word))
    return " ".join(out)


def parted(segment: str) -> list[str]:
    """Names in one breath: "12 larch centre chester road", "larch mall 2-10", "the larch inn 106 chester road", "87 main street wexcombe"."""
    words = segment.split()
    if on := next(
        (i for i in range(1, len(words) - 1) if words[i] in ("on", "in", "at", "off") and ending(words[:i]) in STREETS | BUILDINGS), 0
    ):
        return [*parted(" ".join(words[:on])), *parted(" ".join(words[on + 1 :]))]  # "the indoor market on corn street"
    end = _where_it_ends(words)
    tail, words = words[end:] if end else [], words[:end] if end else words
    cut = next((i for i in range(1, len(words) - 1) if _ends_before(words, i)), 0)
    if not cut and not tail and len(words) > 2 and not words[0][0].isdigit() and number_of(words[-1]):
        return [" ".join(words[:-1]), words[-1]]  # its number comes last, and may be the next line's
    out = [" ".join(words[:cut]), *parted(" ".join(words[cut:]))] if cut else [" ".join(words)]
    return out + parted(" ".join(tail)) if tail else [piece for piece in out if piece]


def _where_it_ends(words: Sequence[str]) -> int:
    """Where a street's or parade's name is over although the segment goes on: "87 main street wexcombe" → 3; 0 where it does not."""
    for i in range(1, len(words) - 1):
        if ending(words[: i + 1]) in ENDS and words[i] not in ("north", "south", "east", "west"):
            named = i - words[0][0].isdigit() >= 1 or words[i - 1] == "the"
            if named and words[i + 1] not in STREETS | BUILDINGS | GOES_ON and not words[i + 1][0].isdigit():
                return i + 1
    return 0


def _ends_before(words: Sequence[str], i: int) -> bool:
    """Whether a name ends before word i and another, of two words or more, goes to the end of the segment."""
    first, second = ending(words[:i]), ending(words)
    if words[i][0].isdigit():  # "the old bank 12 high street"
        own = (
            len(words) - i - 1 - ((2 if "_" in second else 1) if second in STREETS | BUILDINGS else 0)
        )  # "centre 27 business park" is one name
        goes_on = words[i - 1][0].isdigit() or (words[i - 1] in ("&", "and", "to", "-", "/") and words[i - 2][0].isdigit())
        return own > 0 and not goes_on and words[i - 1] not in COUNTED and bool(number_of(words[i]))
    if first in HOUSES and second in STREETS and len(words) - i >= 2 and i >= 2:  # "larch house tanner lane", and no "12 mill house lane"
        return words[i] not in STREETS | HOUSES and (not words[0][0].isdigit() or first in ("house", "buildings", "chambers"))
    if first in PARADES - {"market"} and second in STREETS and len(words) - i >= 2 and i >= 2:
        return words[i] not in STREETS
    return (
        first in STREETS
        and second in PARADES
        and len(words) - i >= 2
        and i >= 2
        and words[i:] != [second]
        and words[i] not in ("shopping", "showground")
    )


def ending(words: Sequence[str]) -> str:
    """What the last word says it is; of a pair that acts as one ("market hall") the pair's own word."""
    words = [w for w in words if w not in ("north", "south", "east", "west")] or list(words)
    if len(words) > 1 and (pair := PAIRS.get((words[-2], words[-1]))):
        return pair
    return words[-1] if words else ""
