"""configs/data.yml: when a look must be justified, which acts need two persons, and how long what is kept; and a case's date by its outcomes."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from store.personal import HELD
from store.strict import load
from store.words.records import SubjectCategory

ACTS = ("erase", "export", "close")
TERMS = ("custody", "release", "appeal", "appeal_ended")  # what decides how long a case is kept and no outcome says


@dataclass(frozen=True, slots=True)
class Justification:
    """Purposes for which a person says why. "*" is every one."""

    required: tuple[str, ...] = ()

    def asked(self, purpose: str) -> bool:
        return "*" in self.required or purpose in self.required


@dataclass(frozen=True, slots=True)
class TwoPersons:
    acts: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bad := [act for act in self.acts if act not in ACTS]:
            raise ValueError(f"acts: '{bad[0]}' is no act that needs two persons; there are {', '.join(ACTS)}")


@dataclass(frozen=True, slots=True)
class CaseRule:
    """So many months after the day of an outcome a case is reviewed."""

    months: int
    law: str = ""
    checked: bool = True

    def __post_init__(self) -> None:
        if self.months < 0:
            raise ValueError("months: a case is not reviewed before its outcome")


@dataclass(frozen=True, slots=True)
class Retention:
    """Days by kind of thing (a table's name) and by category of data subject; months by outcome of a case."""

    kinds: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    cases: Mapping[str, CaseRule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = [held.table for held in HELD]
        for name, words, said in (("kinds", known, self.kinds), ("categories", [str(c) for c in SubjectCategory], self.categories)):
            if bad := [key for key in said if key not in words]:
                raise ValueError(f"{name}: '{bad[0]}' is none of {', '.join(words)}")
            if short := [key for key, days in said.items() if days < 1]:
                raise ValueError(f"{name}: {short[0]}: less than one day would erase what was just kept")


@dataclass(frozen=True, slots=True)
class DataRules:
    """What configs/data.yml says. A store that was opened without one asks for nothing."""

    justification: Justification = field(default_factory=Justification)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    two_persons: TwoPersons = field(default_factory=TwoPersons)
    retention: Retention = field(default_factory=Retention)

    def __post_init__(self) -> None:
        if bad := [role for role in self.two_persons.approvers if role not in self.roles]:
            raise ValueError(f"two_persons: approvers: '{bad[0]}' is no role; `roles` has {', '.join(self.roles) or 'none'}")

    def may_approve(self, actor: str) -> bool:
        """Whether they hold a role that approves; where nobody holds one, every person does."""
        named = {name for role in self.two_persons.approvers for name in self.roles.get(role, ())}
        return not named or actor in named


def read_rules(path: Path) -> DataRules:
    """Raises ConfigError with file and line."""
    return load(path, DataRules)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or that month's last where it has no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Ended:
    """An outcome of a case: its name, its day, whom it is about by number in the case; nobody named means everybody."""

    outcome: str
    day: date
    persons: tuple[int, ...] = ()


def case_until(
    outcomes: Sequence[Ended], suspects: Sequence[int], terms: Mapping[str, str], rules: Mapping[str, CaseRule]
) -> tuple[date | None, str]:
    """(the day from which a case need not be kept, or None while it must be; why, in words).

    `terms` are days by the words of TERMS ("" where a word was said without a day), the newest of each. Code of practice under CPIA 1996 s.23.
    """
    ending = [each for each in outcomes if each.outcome in rules]
    covered = {person for each in ending for person in each.persons}
    if not ending:
        return None, "no outcome that ends it is recorded"
    if all(each.persons for each in ending) and (left := [n for n in suspects if n not in covered]):
        return None, f"person {left[0]} of the case has no outcome that ends it"
    last = max(ending, key=lambda each: (months_after(each.day, rules[each.outcome].months), each.day))
    until = months_after(last.day, rules[last.outcome].months)
    why = f"{last.outcome} on {last.day}" + (f" and {rules[last.outcome].months} months" if rules[last.outcome].months else "")
    if "custody" in terms and not terms.get("release"):
        return None, "a sentence of custody runs, and no release is recorded"
    if "appeal" in terms and not terms.get("appeal_ended"):
        return None, "an appeal runs"
    for word, said in (("release", "release from custody"), ("appeal_ended", "end of the appeal")):
        if terms.get(word) and (day := date.fromisoformat(terms[word])) > until:
            until, why = day, f"{said} on {day}"
    return until, why
