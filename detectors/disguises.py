"""A brand's name written so that a search does not find it and a reader does: "M0ncl3r", "Сhаnеl" in Cyrillic, "g.u.c.c.i", "guc ci", "iccug".

Who owns the genuine thing wants it found. Letters left out or changed over are mistakes that anybody makes (`misspelt`), and are none of this.
"""

from __future__ import annotations

import re
import unicodedata

from detectors.brands import Brand, Brands, Mention
from store.words.text import ByWord, Normalised, deleet, normalise

KINDS = ("signs", "foreign", "styled", "hidden", "stars", "cut", "apart", "reversed")
LEAST = 4  # letters of a name that is hidden by cutting it up: "y.s.l" is how initials are written
LEAST_WORD = 5  # and of one that is written backwards or in two pieces


class Disguises:
    """Brands' names in disguise, told by what is remembered of each word: a listing without any costs a look-up for each of its words."""

    def __init__(self, brands: Brands) -> None:
        self.brands = brands
        self._plain = {brand.name: _plain_forms(brand) for brand in brands.brands}
        self._words = frozenset(word for forms in self._plain.values() for _, words in forms for word in words if len(word) > 1)
        self._keys = frozenset(_key(word) for word in self._words if _LETTER.search(word))
        self._alike = frozenset(_alike(word) for word in self._words if len(word) >= LEAST_WORD)
        self._odd = ByWord(self._is_odd)
        several = {form for forms in self._plain.values() for form, words in forms if len(words) > 1}  # "stoneisland" is two words anyway
        whole = {word: brand for brand in brands.brands for word in _single_words(brand) - several}
        turned = {word[::-1]: (brand, "reversed") for word, brand in whole.items()}
        cut = {f"{word[:at]} {word[at:]}": (brand, "cut") for word, brand in whole.items() for at in range(2, len(word) - 1)}
        known = set(whole) | brands.ordinary
        self._written = {said: what for said, what in (turned | cut).items() if said not in known and said not in self._words}
        self._written_first = frozenset(said.split(" ")[0] for said in self._written)

    def find(self, text: Normalised) -> list[tuple[Mention, str]]:
        """Each disguised name with the way in which it is disguised, one of KINDS; of a brand's the first."""
        found: dict[str, tuple[Mention, str]] = {}
        words = text.text.split(" ")
        if not self._written_first.isdisjoint(words):
            for brand, kind, start, end in self._pieces(words):
                found.setdefault(brand, (Mention(brand, start, end, "misspelt"), kind))
        if any(map(self._odd.__getitem__, text.raw.split())) or _APART.search(text.text):
            for mention in self.brands.find(text):
                if mention.how != "misspelt" and (kind := self._kind(text, mention)):
                    found.setdefault(mention.brand, (mention, kind))
        return sorted(found.values(), key=lambda one: one[0].start)

    def _pieces(self, words: list[str]) -> list[tuple[str, str, int, int]]:
        out, at = [], 0
        for word, after in zip(words, [*words[1:], ""], strict=True):
            for said in (word.rstrip(_MARKS), f"{word} {after.rstrip(_MARKS)}") if word.rstrip(_MARKS) in self._written_first else ():
                if said in self._written:
                    brand, kind = self._written[said]
                    out.append((brand.name, kind, at, at + len(said)))
            at += len(word) + 1
        return out

    def _is_odd(self, raw: str) -> bool:
        """Whether the word may be one of a brand's in disguise."""
        word = normalise(raw).text.strip(_MARKS)
        if _STARRED.search(word):
            return True
        if len(word) < LEAST or not _LETTER.search(word):
            return False
        if word.isascii() and word.isalpha() and raw.isascii():  # nothing but Latin letters: one of them may look like another
            return word not in self._words and _alike(word) in self._alike
        if {_key(word), _key(word.removesuffix("s"))}.isdisjoint(self._keys):
            return False
        return word not in self._words or _foreign(raw) != ""

    def _kind(self, text: Normalised, mention: Mention) -> str:
        said = text.text[mention.start : mention.end]
        if not said.isascii():  # a spelling in another script, as it is written there
            return ""
        if foreign := _foreign(text.raw_text(mention.start, mention.end)):
            return foreign
        plain, letters = self._plain[mention.brand], _letters(said)
        forms = {form for form, _ in plain}
        if letters in forms:
            return _cut(said, letters, [words for form, words in plain if form == letters])
        if _STAR.search(said):
            return "stars"
        if re.search(r"[0-9$@!|€£¢(+]", said):
            return "signs"
        if re.sub(r"(.)\1+", r"\1", letters) in {re.sub(r"(.)\1+", r"\1", form) for form in forms}:
            return ""  # letters run on
        return "signs"  # l for i, rn for m


_LETTER = re.compile("[a-z]")
_MARKS = ".,:;!?()[]\"'"
_STAR = re.compile(r"[*#•●?_]")
_STARRED = re.compile(r"[a-z0-9][*•●#?]+[a-z]|[a-z]_[a-z]*_[a-z]")
_APART = re.compile(r"(?<![^\W_])[a-z0-9$@!](?:[ .\-*_~|'/\\+·•,]{1,3}[a-z0-9$@!](?![^\W_])){3}")
_LETTERS_LIKE = str.maketrans("01!|345$@789€£(¢", "oiiieassatbgeicc")


def _letters(said: str) -> str:
    return re.sub(r"[^a-z0-9]", "", said)


def _alike(word: str) -> str:
    """A word of letters, those that look alike merged: l and i, rn and m, vv and w."""
    return word.replace("rn", "m").replace("vv", "w").replace("l", "i")


def _key(word: str) -> str:
    """A word's letters, look-alikes merged, runs taken once."""
    return re.sub(r"(.)\1+", r"\1", _letters(word.translate(_LETTERS_LIKE)).replace("l", "i"))


def _plain_forms(brand: Brand) -> list[tuple[str, list[str]]]:
    """How the name is honestly written: letters, and the words that they are of. A spelling that is itself another's disguise ("d10r") is none."""
    spelt = [normalise(spelling).text.replace("'", "") for spelling in (*brand.spellings, *brand.weak, *brand.lines)]
    words = [re.findall("[a-z0-9]+", said) for said in spelt if not re.search("[$@!]", said)]
    forms = {"".join(parts): parts for parts in sorted(words, key=len) if parts}
    return [
        (form, parts) for form, parts in forms.items() if (bare := deleet(form)) == form or not {bare, bare.replace("l", "i")} & set(forms)
    ]


def _single_words(brand: Brand) -> set[str]:
    said = {normalise(spelling).text for spelling in brand.spellings}
    return {word for word in said if re.fullmatch(f"[a-z]{{{LEAST_WORD},}}", word)}


def _foreign(raw: str) -> str:
    """What is there besides Latin letters and their accents: hidden characters, letters of another script, or Latin ones drawn otherwise."""
    if raw.isascii():
        return ""
    kinds = set()
    for char in raw:
        if char.isascii() or unicodedata.combining(char) or unicodedata.normalize("NFD", char)[0].isascii():
            continue
        folded = normalise(char).text
        if not folded and unicodedata.category(char) == "Cf" and char != "\u200d":
            kinds.add("hidden")
        elif len(folded) == 1 and folded.isascii() and folded.isalnum():
            drawn = unicodedata.normalize("NFKD", char)[0].isascii() or "SMALL CAPITAL" in unicodedata.name(char, "")
            kinds.add("styled" if drawn else "foreign")
    return next((kind for kind in ("hidden", "foreign", "styled") if kind in kinds), "")


def _cut(said: str, letters: str, spellings: list[list[str]]) -> str:
    """How the right letters are kept apart where no spelling is: "apart" by spaces, "cut" by anything else; "" where they are not."""
    if len(letters) < LEAST:
        return ""
    gaps: dict[int, str] = {}
    at = 0
    for piece in re.findall(r"[a-z0-9]+|[^a-z0-9]+", said.replace("'", "")):
        if piece[0] in _ALNUM:
            at += len(piece)
        else:
            gaps[at] = piece
    for words in spellings:
        between = {len("".join(words[:number])) for number in range(1, len(words))}
        if all(at in between and _JOINT.fullmatch(gap) for at, gap in gaps.items()):
            return ""
    return "apart" if {gap.strip() for gap in gaps.values()} == {""} else "cut"


_ALNUM = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_JOINT = re.compile(r" ?[-_&+./|,·•]? ?")
