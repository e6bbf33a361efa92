"""What configs/judging.yml says: reason codes, how long a card is locked, and what share is judged a second time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from store.config import Home
from store.errors import TouchstoneError
from store.strict import load
from store.words.records import Verdict

KEYS = {Verdict.yes: "y", Verdict.no: "n", Verdict.unsure: "m"}  # u undoes


@dataclass(frozen=True, slots=True)
class Code:
    """A reason to choose: its name as it is kept, its label as it is read, the key for it; `note`: it wants some words beside it."""

    code: str
    label: str
    key: str
    note: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", self.code):
            raise ValueError(f"code: '{self.code}' is written in small letters, digits and _, up to 40")
        if not re.fullmatch(r"[0-9a-z]", self.key):
            raise ValueError(f"key: '{self.key}' is one digit or small letter")
        if not self.label.strip():
            raise ValueError("label: it is what people read, and is not empty")


@dataclass(frozen=True, slots=True)
class Judging:
    codes: Mapping[str, tuple[Code, ...]] = field(default_factory=dict)
    lock_minutes: int = 15
    second_share: float = 0.1

    def __post_init__(self) -> None:
        if self.lock_minutes < 1:
            raise ValueError("lock_minutes: at least 1")
        if not 0 <= self.second_share <= 1:
            raise ValueError("second_share: between 0 and 1")
        if set(self.codes) != {str(v) for v in KEYS}:
            raise ValueError(f"codes: there are some for each of {', '.join(KEYS)}, and for nothing else")
        for verdict, codes in self.codes.items():
            if not codes or len({c.key for c in codes}) < len(codes):
                raise ValueError(f"codes: {verdict}: at least one code, and no two under one key")
        every = [each.code for each in self]
        if len(set(every)) < len(every):
            raise ValueError("codes: one name is one code: it stands under one verdict")

    def __iter__(self) -> Iterator[Code]:
        return (code for codes in self.codes.values() for code in codes)

    def usual(self, verdict: Verdict) -> Code:
        """What a verdict means where no other reason is chosen: its first code."""
        return self.codes[str(verdict)][0]

    def of(self, verdict: Verdict, code: str) -> Code:
        """A verdict's code by name. Raises TouchstoneError."""
        codes = self.codes[str(verdict)]
        found = next((each for each in codes if each.code == code), None)
        if found is None:
            raise TouchstoneError(f"'{code}' is no reason to say {verdict}; there are {', '.join(each.code for each in codes)}")
        return found

    def reason(self, verdict: Verdict, code: str, note: str) -> str:
        """What a judgement says: the code's label and the officer's own words, or either. Raises TouchstoneError where that is nothing, or too little."""
        note = note.strip()
        if not code:
            if not note:
                raise TouchstoneError("a judgement needs its reason (--reason, or --code): it will be read in court")
            return note
        found = self.of(verdict, code)
        if found.note and not note:
            raise TouchstoneError(f"'{found.label}' says too little by itself: add a few words (--reason)")
        return f"{found.label}: {note}" if note else found.label


def read_judging(home: Home) -> Judging:
    """The folder's own configs/judging.yml, or the shipped one. Raises ConfigError."""
    return load(home.file("judging.yml"), Judging)
