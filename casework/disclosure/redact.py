"""Finding strings that must not be in a copy, however they are written, and putting a mark in their place.

A string is looked for as a reader (or a program) would read the text: HTML entities, percent-encoding and JSON's escapes undone, up to four deep;
with and without the tags between its letters; in whatever case and Unicode form; with other marks between its words than its own. Phones are
looked for by their digits. What is found is traced back to the characters of the raw text, and those alone are replaced.
"""

from __future__ import annotations

import bisect
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from store.errors import TouchstoneError
from store.words.contacts import find_contacts

DEPTH = 4  # codings within one another that are undone
WHOLE = 6  # letters and digits: a shorter string is looked for as a word of its own, so that `tan` is not taken out of `tank`
LEAST = 3  # a string shorter than this is refused: it would be found everywhere
BETWEEN = r"\s{0,200}[\W_]{0,3}\s{0,200}"  # what may stand between the words of a string
PEOPLES = ("phone", "whatsapp", "email", "telegram", "instagram", "snapchat", "payment")  # kinds of contact that lead to a person
_CODED = re.compile(
    r"&(?:\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?|\\u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\x[0-9a-fA-F]{2}"
    r"|\\[/\"'\\nrtbf]|(?:%[0-9a-fA-F]{2})+"
)
_TAG = re.compile(r"<[!/?A-Za-z][^<>]*>")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " "}
_WORD = re.compile(r"[^\W_]+")
_TELLING = re.compile(r"@|\d(?:[\s().+/-]*\d){8}|wa\.me|t\.me|insta|snap|telegram|paypal|revolut|monzo|cash\.app", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Needle:
    """A string to take out. `kind` is what its mark says, `by` the rule or the person it comes from. `digits`: looked for by its digits alone."""

    text: str
    kind: str
    why: str
    by: str
    digits: bool = False


@dataclass(frozen=True, slots=True)
class Redaction:
    """One place where something was taken out: the file, where in it, what kind of thing, why, by which rule or person. Never what."""

    file: str
    where: str
    kind: str
    why: str
    by: str
    mark: str


@lru_cache(maxsize=65536)
def _fold_char(char: str) -> str:
    if char.isspace() or char == "+":
        return " "
    return "".join(c for c in unicodedata.normalize("NFKD", char.casefold()) if unicodedata.category(c) not in ("Mn", "Cf", "Me"))


def fold(text: str) -> str:
    """Without case, accents, compatibility forms and characters that nobody sees."""
    if text.isascii():
        return re.sub(r"[\s+]", " ", text.lower())
    return "".join(map(_fold_char, text))


Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class _View:
    """A reading of a raw text: its characters, and of each the span of the raw text that it was read from (None: its own place)."""

    text: str
    spans: Spans | None

    def span(self, at: int) -> tuple[int, int]:
        return self.spans[at] if self.spans is not None else (at, at + 1)

    def without(self, pattern: re.Pattern[str], becomes: Callable[[str], list[tuple[str, int, int]]]) -> _View:
        """Each match replaced by what it becomes: characters with their place within the match."""
        out: list[str] = []
        spans: list[tuple[int, int]] = []
        at = 0
        for match in pattern.finditer(self.text):
            read = becomes(match[0])
            if len(read) == len(match[0]) and "".join(c for c, _, _ in read) == match[0]:
                continue
            out.append(self.text[at : match.start()])
            spans += [self.span(n) for n in range(at, match.start())]
            for char, first, last in read:
                out.append(char)
                spans.append((self.span(match.start() + first)[0], self.span(match.start() + last - 1)[1]))
            at = match.end()
        if not at:
            return self
        out.append(self.text[at:])
        spans += [self.span(n) for n in range(at, len(self.text))]
        return _View("".join(out), spans)

    def folded(self) -> _View:
        if self.text.isascii():
            return _View(fold(self.text), self.spans)
        chars: list[str] = []
        spans: list[tuple[int, int]] = []
        for at, char in enumerate(self.text):
            for one in _fold_char(char):
                chars.append(one)
                spans.append(self.span(at))
        return _View("".join(chars), spans)


def _decoded(token: str) -> list[tuple[str, int, int]]:
    whole = len(token)
    if token[0] == "%":
        data = bytes.fromhex(token.replace("%", ""))
        out: list[tuple[str, int, int]] = []
        at = 0
        while at < len(data):
            for size in (1, 2, 3, 4):
                try:
                    out.append((data[at : at + size].decode(), at * 3, min(at + size, len(data)) * 3))
                    break
                except UnicodeDecodeError:
                    continue
            else:
                size = 1
                out.append((chr(data[at]), at * 3, at * 3 + 3))  # an older page's latin-1
            at += size
        return out
    if token[0] == "&":
        read = html.unescape(token)
        return [(char, 0, whole) for char in read] if read != token else [(c, n, n + 1) for n, c in enumerate(token)]
    if token[1] in "ux":
        parts = [int(part, 16) for part in re.findall(r"[0-9a-fA-F]{4}|(?<=x)[0-9a-fA-F]{2}", token)]
        if len(parts) == 2 and 0xD800 <= parts[0] < 0xDC00:
            return [(chr(0x10000 + ((parts[0] - 0xD800) << 10) + (parts[1] - 0xDC00)), 0, whole)]
        return [(chr(parts[0]), 0, min(6, whole))] + [(chr(p), 6, whole) for p in parts[1:]]
    return [(_PLAIN.get(token[1], token[1]), 0, whole)]


def views(raw: str) -> Iterable[_View]:
    """The readings of a text: as it is and decoded, one coding after the other; each with its tags and without."""
    view = _View(raw, None)
    for _ in range(DEPTH + 1):
        yield view.folded()
        bare = view.without(_TAG, lambda _: [])
        if bare is not view:
            yield bare.folded()
        deeper = view.without(_CODED, _decoded)
        if deeper is view:
            return
        view = deeper


class _Sought:
    """A needle as patterns over a folded view, and what must be in one for the pattern to be worth a look."""

    def __init__(self, needle: Needle) -> None:
        self.needle = needle
        text = fold(needle.text)
        if needle.digits:
            number = re.sub(r"\D", "", text)
            number = number[-10:] if len(number) >= 10 else number
            self.first, self.digits = "", number
            self.pattern = re.compile(
                r"(?<!\d)(?:\+?(?:00 ?)?44[\W_]{0,4}(?:\(?0\)?[\W_]{0,3})?|0[\W_]{0,3})?" + r"[\W_]{0,4}".join(number) + r"(?!\d)"
            )
            return
        words = _WORD.findall(text) or [text.strip()]
        self.digits, self.first = "", max(words, key=len)
        body = BETWEEN.join(map(re.escape, words))
        short = len("".join(words)) < WHOLE
        before = r"(?<![^\W_])" if short else r"(?<!\d)" if words[0][0].isdigit() else ""
        after = r"(?![^\W_])" if short else r"(?!\d)" if words[-1][-1].isdigit() else ""
        self.pattern = re.compile(before + body + after)

    def spans(self, view: _View, numbers: str) -> list[tuple[int, int]]:
        if self.digits not in numbers if self.digits else self.first not in view.text:
            return []
        return [match.span() for match in self.pattern.finditer(view.text) if match.end() > match.start()]


@dataclass
class Redactor:
    """Takes needles out of texts and remembers where. `kept` strings stay, also where a needle is part of one; `contacts` (values) are the case's
    own: any other contact that leads to a person is taken out wherever one is read. Raises TouchstoneError for a needle that is too short."""

    needles: Sequence[Needle]
    kept: Sequence[str] = ()
    contacts: frozenset[str] = frozenset()
    records: list[Redaction] = field(default_factory=list)

    def __post_init__(self) -> None:
        for needle in self.needles:
            if len("".join(_WORD.findall(fold(needle.text)))) < LEAST:
                raise TouchstoneError(f"'{needle.text}' is too short to be taken out: it would be found everywhere")
        self._sought = [_Sought(needle) for needle in dict.fromkeys(self.needles)]
        self._kept = [
            _Sought(Needle(text, "", "", "")) for text in dict.fromkeys(self.kept) if len("".join(_WORD.findall(fold(text)))) >= LEAST
        ]
        self._marks: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def mark(self, needle: Needle) -> str:
        """The same string has the same mark, so that a reader can follow who is who without knowing who."""
        key = re.sub(r"\W", "", fold(needle.text))
        if key not in self._marks:
            self._count[needle.kind] = self._count.get(needle.kind, 0) + 1
            self._marks[key] = f"[redacted: {needle.kind} {self._count[needle.kind]}]"
        return self._marks[key]

    def found(self, raw: str) -> list[tuple[Needle, list[tuple[int, int]]]]:
        """What is to be taken out of a text: each needle with the spans of the raw text that say it, one list a place."""
        out: list[tuple[Needle, list[tuple[int, int]]]] = []
        taken: set[tuple[int, int]] = set()
        for view in views(raw):
            numbers = re.sub(r"\D", "", view.text)
            stays = sorted(span for sought in self._kept for span in sought.spans(view, numbers))
            for sought in self._sought:
                for start, end in sought.spans(view, numbers):
                    at = bisect.bisect_right(stays, (start, len(view.text)))
                    if any(a <= start and end <= b and b - a > end - start for a, b in stays[max(0, at - 8) : at]):
                        continue
                    pieces = _merged([view.span(n) for n in range(start, end)])
                    key = (pieces[0][0], pieces[-1][1])
                    if key not in taken:
                        taken.add(key)
                        out.append((sought.needle, pieces))
        return out

    def strangers(self, raw: str) -> list[Needle]:
        """Contacts that lead to a person and are not the case's, as a reader of the text meets them."""
        if not _TELLING.search(html.unescape(raw)):
            return []
        view = _View(raw, None).without(_TAG, lambda _: []).without(_CODED, _decoded)
        found = [c for c in find_contacts(view.text) if c.kind in PEOPLES and c.value not in self.contacts]
        return [
            Needle(c.raw, "contact", "a contact that is not one of the case's accounts", "rule: contacts", c.kind in ("phone", "whatsapp") and c.raw[-1:].isdigit())
            for c in dict.fromkeys(found)
            if len("".join(_WORD.findall(fold(c.raw)))) >= LEAST
        ]  # fmt: skip

    def text(self, raw: str, file: str, where: Callable[[int], str] | str = "") -> str:
        """The text with a mark in each such place. `where` says where an offset is; by default its line and column."""
        for _ in range(DEPTH):
            strangers = self.strangers(raw)
            found = self.found(raw)
            if strangers:
                found += Redactor(strangers, self.kept).found(raw)
            if not found:
                return raw
            raw = self._replaced(raw, found, file, where)
        return raw

    def _replaced(self, raw: str, found: list[tuple[Needle, list[tuple[int, int]]]], file: str, where: Callable[[int], str] | str) -> str:
        out = raw
        below = len(raw) + 1
        # the last one first, so that the places of those before it stay; of two that overlap the longer one has both
        for needle, pieces in sorted(found, key=lambda one: (-one[1][-1][1], one[1][0][0])):
            if pieces[-1][1] > below:
                pieces = [(a, min(b, below)) for a, b in pieces if a < below]
                if not pieces:
                    continue
            mark = self.mark(needle)
            for number, (start, end) in reversed(list(enumerate(pieces))):
                out = out[:start] + ("" if number else mark) + out[end:]
            below = pieces[0][0]
            at = where(pieces[0][0]) if callable(where) else where or _line(raw, pieces[0][0])
            self.records.append(Redaction(file, at, needle.kind, needle.why, needle.by, mark))
        return out

    def value(self, value: Any, file: str, where: str) -> Any:
        """The same for every text in a JSON value; `where` is its path."""
        if isinstance(value, str):
            return self.text(value, file, where) if len(value) >= LEAST else value
        if isinstance(value, Mapping):
            return {key: self.value(inner, file, f"{where}.{key}") for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner, file, f"{where}[{n}]") for n, inner in enumerate(value)]
        return value

    def says(self, raw: str) -> list[str]:
        """Kinds of what is still said in a text: [] where nothing that had to go is left."""
        return sorted({needle.kind for needle, _ in self.found(raw)} | {needle.kind for needle in self.strangers(raw)})


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _line(raw: str, at: int) -> str:
    line = raw.count("\n", 0, at) + 1
    return f"line {line}, column {at - (raw.rfind(chr(10), 0, at) + 1) + 1} of the original"
