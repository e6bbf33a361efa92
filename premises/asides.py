"""What people say around an address: before it and after it, phones, prices and hours between, a second address beside the first."""

from __future__ import annotations

import re

from premises.vocabulary import DESIGNATORS, TALK

# Each is taken off only where something is left.
_BEFORE = re.compile(
    r"^.{0,40}?\b(?:(?:collect(?:ion)?|pick(?:[ -]?up)?|cash on collection)(?: only)?(?: is| it)?(?: from| at)|(?:come|pop|call in)(?: down| in)? to|find us(?: on| at| in)?|"
    r"(?:pick ?up|collection)(?: point)? is|(?:every|each) [a-z]+day (?:at|on|in)(?: the)?|"
    r"(?:we are|we're|i'?m|its|it's|it is|shop is|based|located|situated)(?: on| at| in)|address(?: is)?:?)\s+",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s*(?:[-–,.;(]\s*|\b)(?:ask (?:for|at)|ring (?:when|bell)|msg|message me|text me|call me|cash only|before you come|b4 you)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
# Numbers that are no door's: a phone, a price, an hour. A comma takes their place, since what is said ends there.
_NO_DOOR = re.compile(
    r"\b\d{1,3} ?(?:for|4) ?(?=[£$€])|\b\d+(?:\.\d+)? ?(?:ml|cl|gb|tb|mm|cm|kg|oz|mah)\b|\b(?:i-?phone|ipad|galaxy|playstation|xbox) ?\d{1,2}\b|"
    r"(?<![\d+])(?:\+44 ?|0)(?:\d ?){9,10}(?!\d)|[£$€] ?\d[\d,.]*(?: ?[-–] ?[£$€]?\d[\d.]*)?|\b(?:till?|until) \d{1,2}(?:[:.]\d\d)?(?: ?[ap]m)?\b|"
    r"\b\d{1,2}(?:[:.]\d\d)?[ap]m\b",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """The text without what is said around an address in an advert: "07700 900123, collection only from 31 Chester Road, ask for Dean"."""
    short = _without_talk(_AFTER.sub("", _BEFORE.sub("", _NO_DOOR.sub(" , ", text), count=1), count=1))
    return short if any(c.isalpha() for c in short) else text


_PIECES = re.compile(r"([,;()\[\]\n]|\s[-–—]\s|[.!?]+\s)")
_TALK = re.compile(
    rf"^\W*not (?!sure|certain|100|(?:in |at )?the (?:shop|store|front)\b)|^\W*(?:leave|bring|tell|knock|buzz|buzzer)\b|\b(?:{'|'.join(sorted(TALK - {'not', 'one', 'by', 'each', 'open'}))})\b",
    re.IGNORECASE,
)
_SAYS_WHERE = re.compile(
    r"\b(?:flat|floor|above|over|upstairs|downstairs|basement|cellar|rear|inside|next|opposite|behind|or)\b", re.IGNORECASE
)
_A_WORD = re.compile(r"(?<= )[24](?= [A-Za-z]{2})")  # "4 Dee", "2 u"


def _without_talk(text: str) -> str:
    """The text without those of its pieces after the first that are talk: "tell security ur here 4 Dee".

    A piece is kept that says where in a house, or has a number that the text has nowhere else: "or 9 cant remember" is no mere talk.
    """
    pieces = _PIECES.split(text)
    kept = pieces[:1]
    for mark, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        said = re.sub(r"\s", "", "".join(kept).lower())
        numbers = re.findall(r"\d+[a-z]?\b", _A_WORD.sub("", piece.lower()))
        opens_with_not = re.match(r"\W*not\b", piece, re.IGNORECASE)
        new = not opens_with_not and any(not re.search(rf"(?<!\d){number}(?![\da-z])", said) for number in numbers)
        talk = _TALK.search(piece) and not new and not _SAYS_WHERE.search(piece)
        kept += [mark] if talk else [mark, piece]
    return "".join(kept)


# "Next to", "not": whoever is named after these is somebody else.
ELSEWHERE = (
    r"not|next(?: door)? to|opposite|opp|near|nr|beside|besides|behind|adjacent to|adjoining|across from|round from|along from|by|from behind|facing|"
    r"formerly(?: at| of)?|previously(?: at)?|was at|were at|moved from|used to be(?: at)?|closed|left"
)
_ELSEWHERE = re.compile(rf"\b(?:{ELSEWHERE})\b(?: the)?(?: [\w'’]+){{0,3}}(?: at| on| in)?[ :]*$", re.IGNORECASE)


def says_elsewhere(before: str) -> bool:
    """Whether what comes next is, by the words before it, not where the seller is."""
    return bool(_ELSEWHERE.search(before[-60:]) or _WITHIN.search(before[-60:]))


_OVER = (
    r"(?:flats?|rooms?|bedsit|studio|office|apartment|place|unit|workshop) (?:above|over|behind|below|beneath|under|on top of)|(?:up|down)stairs (?:of|from|at|above|over|in)|"
    r"above|below|beneath|under|underneath|inside|(?:counter|concession|desk|chair) (?:in|at)|(?:back|rear) of|r/o"
)
_WITHIN = re.compile(r"\b(?:flats?|rooms?|bedsit|studio|apartment) (?:above|over)(?: the)?(?: [\w'’]+){0,3}[ :,]*$", re.IGNORECASE)
_OVER_IT = re.compile(rf"\b(?:{_OVER}|over)(?: the)?\W*$", re.IGNORECASE)
_NEXT_TO_IT = re.compile(
    r"\b(?:next(?: door)? to|next door|opposite|adjacent to|adjoining|across from|beside|behind)(?: the)?\W*$", re.IGNORECASE
)


def stands(before: str) -> str:
    """How what is named next stands to where the seller is, by the words right before it: the code of a hard reason, "" for neither."""
    if _OVER_IT.search(before[-60:]):
        return "within_it"
    return "beside_it" if _NEXT_TO_IT.search(before[-60:]) else ""


_SIGNS = "|".join(sorted(map(re.escape, DESIGNATORS), key=len, reverse=True))
_SECOND = re.compile(rf"\s(?:or|and|&|\+)\s+(?=(?:(?:{_SIGNS})\W*)?(?:no\.? ?|#)?\d)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{3}")


def in_two(text: str) -> tuple[str, str] | None:
    """Two addresses in one text, each with a number and a name of its own: "18 Carder St or 18 Weaver St"; None for "12 or 14 Tan Street"."""
    for match in _SECOND.finditer(text):
        first, second = text[: match.start()], text[match.end() :]
        if re.search(r"\d\W+[A-Za-z]{3}", first) and _WORD.search(re.sub(rf"^(?:{_SIGNS})\b", "", second, flags=re.IGNORECASE)):
            return first, second
    return None
