"""Invented listings with findings and judgements, kept in a real store: what learning learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casework import flags
from casework.learn import Example
from detectors import score
from detectors.score import Said
from store.store import Store
from store.words.records import (
    Direction,
    Examination,
    Examined,
    Finding,
    Flag,
    Judgement,
    Level,
    Method,
    Status,
    SubjectKind,
    Verdict,
)
from tests.builders import Builder

# a policy of the tests' own, so that what they say holds whatever the shipped one is fitted to
POLICY = score.Policy(
    score.Levels(10.0, 30.0, 70.0),
    {name: score.Group(name, cap) for name, cap in (("admission", 65.0), ("trade", 20.0), ("dealing", 25.0), ("other", 20.0))},
    {
        "replica_word": score.Weight("admission", 40.0),
        "top_grade": score.Weight("admission", 25.0),
        "all_sizes": score.Weight("trade", 12.0),
        "off_platform": score.Weight("dealing", 15.0),
        "wear_described": score.Weight("exculpatory", 6.0),
    },
    score.Weight("other", 10.0),
)
PLAIN = {reason for reason, weight in POLICY.reasons.items() if weight.group == score.EXCULPATORY}


def finding(reason: str, strength: float = 1.0) -> Finding:
    direction = Direction.exculpatory if reason in PLAIN else Direction.suspicious
    return Finding(reason, strength, f"it has {reason}", direction)


def example(number: int, reasons: Sequence[str], suspicious: bool, owner: str, came: str = "flagged") -> Example:
    said = tuple(Said(finding(reason), "hand", 0, SubjectKind.snapshot, number) for reason in reasons)
    return Example(f"stall\0{number:05}", said, suspicious, owner, came)


@dataclass
class Stall:
    """Listings of one source. A finding is kept under a method of the test's own, and the flag is what the shipped policy makes of it."""

    store: Store
    build: Builder

    def __post_init__(self) -> None:
        self.method = Method("detector", "hand", "1")
        self.row = self.store.keep_method(self.method)
        self.scorer = self.store.keep_method(score.method_of(POLICY))
        if self.store.method_in_force("scorer", score.NAME) is None:
            self.store.set_method_status(self.scorer, Status.in_force, "system", "test")

    def listing(self, ref: str, reasons: Sequence[str] = (), seller: str = "", title: str = "A bag", text: str = "") -> int:
        """Keep a listing with those findings, and its flag; its number."""
        reading = self.build.listing(ref, title=title, text=text or f"listing {ref}", seller=seller)
        return self.weighed(reading.listing, reading.snapshot, reasons)

    def weighed(self, listing: int, snapshot: int, reasons: Sequence[str]) -> int:
        run = self.build.run.id
        found = tuple(finding(reason) for reason in reasons)
        self.store.keep_examinations(self.row, [Examination(SubjectKind.snapshot, snapshot, Examined.done, found)], run)
        with self.store.acting("system", purpose="test") as reader:
            kept = reader.findings_of([(SubjectKind.snapshot, snapshot)])
        said = [Said(k.finding, k.method_digest, k.id, k.subject_kind, k.subject) for k in kept]
        scored = score.score(POLICY, said)
        digest = flags.findings_digest(said)
        self.store.keep_flag(
            Flag(None, listing, score.method_of(POLICY).digest, digest, scored.level, scored.score, scored.contributions), run
        )
        return listing

    def flag(self, listing: int) -> Flag:
        with self.store.acting("system", purpose="test") as reader:
            found = reader.flag(listing)
        assert found is not None
        return found

    def judge(self, listing: int, verdict: Verdict | str, by: str = "officer") -> Judgement:
        digest = self.flag(listing).findings_digest
        return self.store.judge(
            SubjectKind.listing, listing, Verdict(verdict), actor=by, authority="demo", reason="seen", findings_digest=digest
        )

    def level(self, listing: int) -> Level:
        return self.flag(listing).level


def market(sellers: int = 24, each: int = 3) -> list[tuple[str, tuple[str, ...], str, str]]:
    """(reference, reasons, seller, verdict) of a market in which `top_grade` says little and `replica_word` much.

    Two thirds of the sellers deal in copies; every seller has a listing that an officer clears and one that merits action.
    """
    out = []
    for seller in range(sellers):
        for number in range(each):
            bad = number == 0 or (number > 1 and seller % 3 != 0)
            reasons = ("replica_word", "all_sizes") if bad and (seller + number) % 4 else ("top_grade", "off_platform")
            out.append((f"{seller:02}-{number}", reasons, f"account {seller}", "yes" if bad else "no"))
    return out
