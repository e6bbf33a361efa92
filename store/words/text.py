"""Text as a reader sees it: look-alike letters folded, hidden characters gone, every span traceable to the raw words.

Detectors match on `Normalised.text` and keep `Normalised.raw_span(...)`: what is shown in court is what was published.
Sources: Unicode Technical Standard 39 (confusables, through `confusable-homoglyphs`), UAX 15 (NFKC).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from dataclasses import dataclass, field
from functools import cache, lru_cache

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


@dataclass(frozen=True, slots=True)
class Normalised:
    """`raw` as published and `text` as matched; both stay, joined character by character."""

    raw: str
    text: str
    _starts: array[int] = field(repr=False, compare=False)
    _ends: array[int] = field(repr=False, compare=False)

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of `raw` that became `text[start:end]`, hidden characters inside it included.

        Offsets outside the text are brought to its nearest end; an empty span maps to an empty span. Never raises.
        """
        start = min(max(start, 0), len(self.text))
        end = min(max(end, start), len(self.text))
        if start == end:
            at = self._starts[start] if start < len(self.text) else len(self.raw)
            return at, at
        return self._starts[start], self._ends[end - 1]

    def raw_text(self, start: int, end: int) -> str:
        """The raw words behind `text[start:end]`."""
        raw_start, raw_end = self.raw_span(start, end)
        return self.raw[raw_start:raw_end]


def normalise(raw: str) -> Normalised:
    """`raw` folded for matching: NFKC, hidden characters out, confusables to Latin, no accents, casefold, one space.

    Patterns for this text are written in lower case without accents ("hermes", "replique"): accents are dropped because
    sellers drop them, and because a stray combining mark is an evasion. Digits of every script become 0–9, dashes "-",
    curly quotes straight. ASCII is never folded to ASCII (`deleet` does that). Lone surrogates become U+FFFD, so that
    `text` can always be encoded. Never raises; about 0.3 s for a megabyte.
    """
    out: list[str] = []
    starts, ends = array("I"), array("I")
    space_from = space_to = -1  # where the run of white space now open began; -1 when none is
    for run in _RUNS.finditer(raw):
        i, end = run.span()
        if end - i > 1:
            if space_from >= 0 and out:
                out.append(" ")
                starts.append(space_from)
                ends.append(space_to)
            space_from = -1
            out.append(run[0].lower())
            starts.extend(range(i, end))
            ends.extend(range(i + 1, end + 1))
            continue
        folded = _fold(run[0])
        if folded == " ":
            if space_from < 0:
                space_from = i
            space_to = i + 1
            continue
        for piece in folded:
            if piece == " ":  # inside a compatibility expansion, such as that of U+FDFA
                if space_from < 0:
                    space_from = i
                space_to = i + 1
                continue
            if space_from >= 0:
                if out:  # white space at the head is dropped
                    out.append(" ")
                    starts.append(space_from)
                    ends.append(space_to)
                space_from = -1
            out.append(piece)
            starts.append(i)
            ends.append(i + 1)
    return Normalised(raw, "".join(out), starts, ends)


@lru_cache(maxsize=1 << 16)  # bounded: a hostile text may hold every character there is
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


_LEET = str.maketrans("01345$@", "oleassa")
_LEET_WORD = re.compile(r"[a-z0-9$@]+")


def deleet(text: str) -> str:
    """`text` with 0→o 1→l 3→e 4→a 5→s $→s @→a in words that hold a letter; same length, so that spans carry over.

    For brand matching only, and beside the plain text, never instead of it: "@gucci" is found in the one, "@didas" in
    the other. (1 is l here; `brand_pattern` takes i and l for each other.)
    """
    return _LEET_WORD.sub(_deleet_word, text)


def _deleet_word(match: re.Match[str]) -> str:
    word = match[0]
    return word.translate(_LEET) if any("a" <= c <= "z" for c in word) else word


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
    clash = [word for word in _ORDINARY if word not in plain and re.fullmatch(pattern, word)]
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
