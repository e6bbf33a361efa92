"""What configs/disclosure.yml says: titles, what is sensitive by default, what may be counted, what is suggested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from store.config import Home
from store.strict import FieldError, load, near

SCHEDULES = ("used", "mg6c", "mg6d", "mg6e", "undecided")
PROMPTS = (
    "dismissed_flag", "disagreement", "changed_mind", "cleared", "stockist", "unsure", "exculpatory", "failed", "no_match", "superseded_method",
    "removed_reference", "against", "withdrawn", "apart", "not_shown", "contradiction", "rival", "genuine", "corrected", "bytes_gone", "unread",
    "reread", "broken_custody", "known_fault", "clock",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    title: str
    marking: str


@dataclass(frozen=True, slots=True)
class CopyRules:
    keep_categories: tuple[str, ...] = ("suspect", "convicted")
    keep_contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Raises FieldError, which becomes a complaint with file and line, for a schedule or a prompt that there is not."""

    schedules: Mapping[str, Form]
    certificate: str
    sensitive: Mapping[str, str]
    never_unused: tuple[str, ...]
    by_quantity: tuple[str, ...]
    prompts: Mapping[str, str]
    clock_seconds: float
    matchers: tuple[str, ...]
    kept_back: tuple[str, ...]
    copy: CopyRules = field(default_factory=CopyRules)

    def __post_init__(self) -> None:
        for name in SCHEDULES:
            if name not in self.schedules:
                raise FieldError("schedules", f"'{name}' is missing; there are {', '.join(SCHEDULES)}")
        for given, known, where in ((self.schedules, SCHEDULES, "schedules"), (self.prompts, PROMPTS, "prompts")):
            for name in given:
                if name not in known:
                    raise FieldError(where, f"'{name}' is none of {', '.join(known)}{near(name, known)}")
        if self.clock_seconds <= 0:
            raise FieldError("clock_seconds", "it is more than 0")


def read_settings(home: Home) -> Settings:
    """configs/disclosure.yml of the working folder, or the shipped one. Raises ConfigError."""
    return load(home.file("disclosure.yml"), Settings)
