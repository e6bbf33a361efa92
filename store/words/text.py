"""Text as a reader sees it: look-alike letters folded, hidden characters gone, every span traceable to the raw words.

Detectors match on `Normalised.text` and keep `Normalised.raw_span(...)`: what is shown in court is what was published.
Sources: Unicode Technical Standard 39 (confusables, through `confusable-homoglyphs`), UAX 15 (NFKC).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import TypeVar

_T = TypeVar("_T")

# Invisible although no format character: Unicode's Default_Ignorable_Code_Point outside category Cf.
_INVISIBLE = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2065, 0x3164, 0xFFA0}
_MARKS = ((0x0300, 0x036F), (0x0483, 0x0489), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
# What TR39 leaves out or sends elsewhere although the eye reads Latin: it maps ε to a barred c, “ to two apostrophes.
_OWN_FOLDS = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛′ʼ`´", "'"),
    **dict.fromkeys("εєɛԑ", "e"),
    **dict.fromkeys("ΕЄƐԐ", "e"),
    **dict.fromkeys("β", "b"),
    **dict.fromkeys("ĸκкҝ", "k"),
    **dict.fromkeys("★☆✱✲✻＊", "*"),
}
_OWN_FOLDS.pop("`")  # ASCII is never folded to ASCII
_LATIN_NAME = re.compile(r"(?:.* )?LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |SCRIPT |DOTLESS |LONG )?([A-Z])(?: WITH .*)?")

_RUNS = re.compile(r"[!-~]+(?: [!-~]+)*|.", re.DOTALL)  # what only becomes lower case, together; anything else by itself


@dataclass(frozen=True)
class Normalised:
    """`raw` as published and `text` as matched; both stay, joined character by character where somebody asks."""

    raw: str
    text: str

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of `raw` that became `text[start:end]`, hidden characters inside it included.

        Offsets outside the text are brought to its nearest end; an empty span maps to an empty span. Never raises.
        """
        start = min(max(start, 0), len(self.text))
        end = min(max(end, start), len(self.text))
        if self._straight:
            return start, end
        starts, ends = self._places
        if start == end:
            at = starts[start] if start < len(self.text) else len(self.raw)
            return at, at
        return starts[start], ends[end - 1]

    def raw_text(self, start: int, end: int) -> str:
        """The raw words behind `text[start:end]`."""
        raw_start, raw_end = self.raw_span(start, end)
        return self.raw[raw_start:raw_end]

    def place_of(self, raw_offset: int) -> int:
        """Where in `text` the first character stands that was read from `raw[raw_offset:]`."""
        return min(max(raw_offset, 0), len(self.text)) if self._straight else bisect_left(self._places[0], raw_offset)

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """`text` and what else it may be read as (`plainer`), worked out once for all who look for words in it."""
        return (Reading(self.text), *plainer(self.text))

    @cached_property
    def _straight(self) -> bool:
        """Whether each character of `text` stands where it stands in `raw`: of ASCII none becomes more than one, so as long is the same."""
        return len(self.raw) == len(self.text) and self.raw.isascii()

    @cached_property
    def _places(self) -> tuple[array[int], array[int]]:
        """Where in `raw` each character of `text` begins and ends. Made at first use: most texts hold nothing to show."""
        starts, ends = array("I"), array("I")
        space_from = space_to = -1  # where the run of white space now open began; -1 when none is
        for run in _RUNS.finditer(self.raw):
            i, end = run.span()
            folded = run[0] if end - i > 1 else _FOLDS[ord(run[0])]
            if end - i == 1 and set(folded) <= {" "}:  # hidden, or white space
                space_from, space_to = (i if space_from < 0 else space_from, end) if folded else (space_from, space_to)
                continue
            for number, piece in enumerate(folded):
                if end - i == 1 and piece == " ":  # inside a compatibility expansion, such as that of U+FDFA
                    space_from, space_to = i if space_from < 0 else space_from, end
                    continue
                if space_from >= 0 and len(starts):  # white space at the head is dropped
                    starts.append(space_from)
                    ends.append(space_to)
                space_from = -1
                at = i + number if end - i > 1 else i
                starts.append(at)
                ends.append(at + 1)
        return starts, ends


def normalise(raw: str) -> Normalised:
    """`raw` folded for matching: NFKC, hidden characters out, confusables to Latin, no accents, casefold, one space.

    Patterns for this text are written in lower case without accents ("hermes", "replique"): accents are dropped because
    sellers drop them, and because a stray combining mark is an evasion. Digits of every script become 0–9, dashes "-",
    curly quotes straight. ASCII is never folded to ASCII (`deleet` and `plainer` do that). Lone surrogates become U+FFFD, so that
    `text` can always be encoded. Never raises; about 0.02 s for a megabyte, and 0.5 s more for its first `raw_span`.
    """
    plain = " ".join(raw.split())
    if plain.isascii() and plain.isprintable():  # most listings: nothing to fold but capitals
        return Normalised(raw, plain.lower())
    return Normalised(raw, " ".join(raw.translate(_FOLDS).split()))


def _fold(char: str) -> str:
    """What one raw character becomes: "" when hidden, " " for any white space, else one or more folded characters."""
    code = ord(char)
    if code < 0x80:
        if char.isspace():
            return " "
        return char.lower() if char.isprintable() else ""
    category = unicodedata.category(char)
    if char.isspace() or code == 0x2800:
        return " "
    if category in ("Cf", "Cc") or code in _INVISIBLE or 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE0FFF:
        return ""
    if category == "Cs":
        return "�"
    if any(low <= code <= high for low, high in _MARKS):
        return ""
    return _latin(char, category)


class _Folds(dict[int, str]):
    """What each character becomes, worked out when it is first met; bounded, since a hostile text may hold every one."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if len(self) < 1 << 16:
            self[code] = folded
        return folded


_FOLDS = _Folds()


def _latin(char: str, category: str) -> str:
    """A visible, non-ASCII character by the first rule that knows it: digit, own list, Unicode name, NFKC, TR39."""
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category == "Pd":
        return "-"
    if char in _OWN_FOLDS:
        return _OWN_FOLDS[char]
    named = _LATIN_NAME.fullmatch(unicodedata.name(char, ""))
    if named:
        return named[1].lower()
    decomposed = unicodedata.normalize("NFKD", char)
    bare = "".join(c for c in decomposed if not any(low <= ord(c) <= high for low, high in _MARKS))
    # Composed again unless a mark went: NFKD would leave Hangul syllables in pieces.
    compatible = bare if bare != decomposed else unicodedata.normalize("NFKC", char)
    if compatible != char:
        return "".join(_fold(c) for c in compatible)
    target = _confusables().get(char)
    if target is None:
        folded = char.casefold()
        return folded if folded == char else "".join(c if c == char else _fold(c) for c in folded)
    # TR39 sends capital I and its kind to small l; the eye of a buyer reads "GUCCІ" as "gucci".
    return "i" if target == "l" and category == "Lu" else target


@cache
def _confusables() -> dict[str, str]:
    """TR39's whole table, turned to: non-ASCII character → lower-case ASCII. Read once, 0.05 s."""
    from confusable_homoglyphs.confusables import confusables_data

    table: dict[str, str] = {}
    for key, entries in confusables_data.items():
        source = key.strip("\u200e")  # right-to-left characters are wrapped in marks in that table
        if len(source) != 1 or source.isascii():
            continue
        for entry in entries:
            latin = _ascii_of(entry["c"].strip("\u200e"))
            if latin:
                table[source] = latin
                break
    return table


def _ascii_of(prototype: str) -> str | None:
    """The ASCII reading of one TR39 prototype ("H", "o̸", "ᴛ"), lower case; None where it has none."""
    out = ""
    for char in prototype:
        if any(low <= ord(char) <= high for low, high in _MARKS):
            continue
        if char.isascii():
            out += char.lower()
        elif named := _LATIN_NAME.fullmatch(unicodedata.name(char, "")):
            out += named[1].lower()
        else:
            return None
    return out or None


class ByWord(dict[str, _T]):
    """What a function makes of a word, remembered: words come again and again (Zipf), so that to ask of a listing's costs little more than
    looking them up. Bounded, and no word is kept that is longer than anybody writes twice."""

    def __init__(self, make: Callable[[str], _T]) -> None:
        self._make = make

    def __missing__(self, word: str) -> _T:
        made = self._make(word)
        if len(word) <= 40:
            if len(self) >= 1 << 16:
                self.clear()
            self[word] = made
        return made


_LEET = str.maketrans("01345$@", "oleassa")
_LEET_WORD = re.compile(r"(?<![a-z0-9$@])(?=[a-z]*[0-9$@])(?=[0-9$@]*[a-z])[a-z0-9$@]+")


def deleet(text: str) -> str:
    """`text` with 0→o 1→l 3→e 4→a 5→s $→s @→a in words that hold a letter; same length, so that spans carry over.

    For brand matching only, and beside the plain text, never instead of it: "@gucci" is found in the one, "@didas" in
    the other. (1 is l here; `brand_pattern` takes i and l for each other.)
    """
    return " ".join([_DELEET[word] for word in text.split(" ")])


_DELEET = ByWord(lambda word: _LEET_WORD.sub(lambda match: match[0].translate(_LEET), word))


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a text; `places` are where its characters stand in that text, None where they stand as they are."""

    text: str
    places: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the text that `self.text[start:end]` (not empty) was read from."""
        return (start, end) if self.places is None else (self.places[start], self.places[end - 1] + 1)


_STROKE = r"[.\-_~|/\\·•*'^,:]"
# What a word is put in order by, first come first served: letters all apart, every letter twice, letters cut by strokes or run on.
_UNPLAIN = re.compile(
    rf"(?P<apart>(?<![^\W_])[a-z0-9$@!](?:(?: |[ ]?{_STROKE}[ ]?)[a-z0-9$@!]){{2,30}}(?![^\W_]))"
    r"|(?P<twice>(?<![a-z])(?:([a-z])\3){3,12}(?![a-z]))"
    rf"|(?P<stroke>(?<=[a-z]){_STROKE}{{1,2}}(?=[a-z]))"
    r"|(?P<run>([a-z])\6{2,})"
)
# Words written with digits or signs for letters; sizes, years and models ("40mm", "350v2") have digits in a row, or at the end of few letters: they stay.
_SIGNED = re.compile(
    r"(?<![a-z0-9$@!|€£¢(+])(?=[a-z]{0,24}[0-9$@!|€£¢(+])(?=[^a-z ]{0,24}[a-z][^a-z ]{0,24}[a-z])"
    r"[a-z0-9$@!|€£¢(+]{0,24}[a-z0-9$@€](?![a-z0-9$@€])"
)
_NO_WORD = re.compile(r".*(?:[1-9]\d|\d[1-9]).*|\d[a-z]{1,3}|[a-z]{1,2}\d|[!+(|]*[a-z]+[!+(|]*")
_SIGNS_I = str.maketrans("0134578$@!|€£¢(+", "oieastbsaiielcct")
_SIGNS_L = str.maketrans("0134578$@!|€£¢(+", "oleastbsalielcct")


def plainer(text: str) -> list[Reading]:
    """Other readings of normalised `text`, none where it is written plainly: words put together whose letters stand apart
    ("r e p l i c a", "f.a.k.e", "rep-lica"), letters run on taken once ("faaake", "ffaakkee"), digits and signs read as
    letters ("m1rr0r qual!ty"), 1 and ! as i in one reading and as l in another.

    To be matched beside the text, never instead of it: "aaa" is a word there. Linear in the length of the text.
    """
    parts = _unplain_parts(text)
    if not parts:
        return []
    joined = _put_together(text, parts)
    base = joined or Reading(text)
    words = base.text.split(" ")
    signs = [Reading(read, base.places) for of in (_WITH_I, _WITH_L) if (read := " ".join([of[word] for word in words])) != base.text]
    if len(signs) == 2 and signs[0].text == signs[1].text:
        del signs[1]
    return [joined, *signs] if joined else signs


_SPREAD = 3  # letters by themselves from which a word may be spread over several
_LONE = re.compile(r"(?<![^\W_])[a-z0-9$@!](?![^\W_])")


def _alone_in(word: str) -> int:
    """How many letters stand by themselves in a word; below zero, and one further, of a word that has another reading of its own."""
    alone = min(sum(1 for _ in _LONE.finditer(word)), _SPREAD)
    return -1 - alone if _UNPLAIN.search(word) or _WITH_I[word] != word else alone


def _unplain_parts(text: str) -> list[tuple[int, int]]:
    """Where the text may have another reading; nowhere in nearly every one. Either it has three letters by themselves, which may be one word spread
    over several, and then it is looked at as a whole; or single words of it have."""
    words = text.split(" ")
    alone = [_ALONE[word] for word in words]
    if not any(alone):
        return []
    if sum(n if n > 0 else -1 - n for n in alone if n) >= _SPREAD:
        return [(0, len(text))]
    ends = list(accumulate(len(word) + 1 for word in words)) if min(alone) < 0 else []
    return [(end - 1 - len(word), end - 1) for word, end, n in zip(words, ends, alone, strict=False) if n < 0]


def _unsigned(word: str, table: dict[int, int]) -> str:
    return word if _NO_WORD.fullmatch(word) else word.translate(table)


_ALONE = ByWord(_alone_in)
_WITH_I = ByWord(lambda word: _SIGNED.sub(lambda match: _unsigned(match[0], _SIGNS_I), word))
_WITH_L = ByWord(lambda word: _SIGNED.sub(lambda match: _unsigned(match[0], _SIGNS_L), word))


def _put_together(text: str, parts: list[tuple[int, int]]) -> Reading | None:
    pieces: list[str] = []
    places: list[int] = []
    at = 0
    for match in (match for part in parts for match in _UNPLAIN.finditer(text, *part)):
        start, end = match.span()
        kind = match.lastgroup
        if kind == "apart":
            kept = [i for i in range(start, end) if text[i].isalnum() or text[i] in "$@!"]
            if sum(text[i].isalpha() for i in kept) * 2 <= len(kept):
                continue
        elif kind == "twice":
            kept = list(range(start, end, 2))
        else:
            kept = [] if kind == "stroke" else [start]
        pieces += [text[at:start], *(text[i] for i in kept)]
        places += [*range(at, start), *kept]
        at = end
    if not at:
        return None
    return Reading("".join([*pieces, text[at:]]), (*places, *range(at, len(text))))


# Brands

_GLUE = r"[.\-*_~|'/\\+·•]"  # put between letters of one word
_ANY_GAP = r"[ .\-*_~|'/\\+·•,]{1,3}"  # put between all letters, spaces too
_STAR = r"[*#•●?_]"  # put in the place of a letter
_JOIN = r"(?: |[ ]?[\-_*|·•&+][ ]?|\.)?"  # between words; ". " is the end of a sentence, not a join
_AND = r" ?(?:&|\+|and|'?n'?) ?"

# Words that are a brand's with a letter run on. Of 138,653 words of real listings and software texts, 75 brands
# met these two; "diesel" and "coach" themselves are another matter.
_ORDINARY = ("channel", "jordaan")


def brand_pattern(spelling: str) -> str:
    """Source of a regular expression that finds `spelling` in normalised (or deleeted) text, evasions included.

    Finds letters run on ("guccci"), split by points or strokes ("gu.cci"), all apart ("g u c c i", "g.u.c.c.i"), up to
    a third of a word's letters starred, rounded ("gu**i"), i and l exchanged, rn for m, vv for w, words glued or
    hyphenated. Never inside a longer word ("bossy"), nor across ordinary words ("co ach" is not "coach"). It cannot
    tell the brand from the ordinary word spelt alike ("diesel engine", "coach trip"): that is the rules' work. No
    capturing groups, no flags; bounded repeats only, so matching is linear. Raises ValueError where the spelling has
    no letter or digit.
    """
    words = re.findall(r"[a-z0-9']*[a-z0-9][a-z0-9']*|&", normalise(spelling).text.replace("+", "&"))
    plain = [word.replace("'", "") for word in words if word != "&"]
    letters = "".join(plain)
    if not letters:
        raise ValueError(f"a brand's spelling needs a letter or a digit: {spelling!r}")
    if all(len(word) == 1 for word in plain) and "&" not in words:
        words = [letters]  # "A.P.C." is one word
    loose = len(letters) >= 4  # i and l are exchanged only where the rest of the word can tell ("lv" is not "iv")
    forms = [_joined([_AND if word == "&" else _word(word, loose, alone=len(words) == 1) for word in words], words)]
    if len(letters) >= 3:
        forms.append(_ANY_GAP.join(_letter(c, loose) for c in letters))
    elif len(words) == 1 and len(letters) == 2:
        forms.append((r"[ .\-*]" if len(plain) > 1 else r"[.\-*]").join(letters))  # "l v" only if spelt so
    pattern = rf"(?:{'|'.join(forms)})(?![a-z0-9])"
    clash = [word for word in _ORDINARY if word[0] == letters[0] and word not in plain and re.fullmatch(pattern, word)]
    return r"(?<![a-z0-9])" + "".join(rf"(?!{word}(?![a-z0-9]))" for word in clash) + pattern


def brand_hits(pattern: re.Pattern[str], text: str, leet: str | None = None) -> list[tuple[int, int]]:
    """Spans of `pattern` in normalised `text` and in its deleeted form, in order, each once.

    Who asks for many brands passes `leet=deleet(text)`, to make it once. About 0.05 µs a character and reading.
    """
    readings = {text, deleet(text) if leet is None else leet}
    return sorted({match.span() for reading in readings for match in pattern.finditer(reading)})


def _joined(parts: list[str], words: list[str]) -> str:
    out = parts[0]
    for before, word, part in zip(words, words[1:], parts[1:], strict=False):
        out += part if "&" in (before, word) else _JOIN + part
    return out


def _letter(char: str, loose: bool) -> str:
    return "[il]" if loose and char in "il" else re.escape(char)


def _word(word: str, loose: bool, alone: bool) -> str:
    """One word of a spelling: its letters run on or split by points, or some starred."""
    letters = word.replace("'", "")
    if len(letters) <= 3:
        spelt = "'?".join(_letter(c, loose) for c in letters) if "'" in word else "".join(_letter(c, loose) for c in letters)
        if alone or len(letters) == 1:
            return spelt
        # "u.s. polo", "u s polo"; but not "us. polo", where a sentence ends
        return rf"(?:{spelt}|{r'[.]'.join(letters)}[.]?|{' '.join(letters)})"
    glue = f"{_GLUE}{{0,2}}" if len(letters) >= 5 else ("'?" if "'" in word else "")
    runs = [m[0] for m in re.finditer(r"(.)\1*", letters)]
    spelt = glue.join(_run(run, loose, len(letters), glue) for run in runs)
    starred = "".join(f"(?:{_letter(c, loose)}|{_STAR})" for c in letters)
    limit = rf"(?!(?:[a-z0-9]{{0,{len(letters)}}}{_STAR}){{{round(len(letters) / 3) + 1}}})"
    return rf"(?:{spelt}|{limit}{starred})"


def _run(run: str, loose: bool, size: int, glue: str) -> str:
    """One letter, or the same in a row, with room for more: "guccci". Short words: two more ("pollo" is no "polo")."""
    letter = _letter(run[0], loose)
    if size < 5:
        return f"{letter}(?:{letter}{{2,4}})?" if len(run) == 1 else f"{letter}{{{len(run)},{len(run) + 3}}}"
    shown = {"m": "(?:m|rn)", "w": "(?:w|vv)"}.get(run[0], letter)
    return glue.join([shown] * (len(run) - 1) + [f"{shown}(?:{glue}{shown}){{0,3}}"])


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same characters in spans that do not overlap, in order."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start < out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out
