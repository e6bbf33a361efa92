"""The banks of evasions and traps: what the rules of words and brands make of them, as a score.

The rules were tuned on these lines, so these are training figures: they hold what was gained, and are no measure of what is missed. Last
seen: of the first 308 of 309 evasions at `review` or above, 2 of 342 traps (0.6 %), no stuffed listing lost of 40; of the second 131 of 150
evasions and 1 of 150 traps. What is missed: docs/accuracy.md.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from detectors import contract
from detectors.contract import Context
from detectors.score import Said, read_policy, score
from store.config import defaults_folder
from store.words.records import Snapshot
from tests.detectors.test_examples import brands, settings


@dataclass(frozen=True)
class Bank:
    """A file of invented listings, how many it holds of each kind and how many stuffed ones, and the shares that may go wrong."""

    file: str
    evasions: int
    traps: int
    stuffed: int
    missed: float
    wrong: float

    @functools.cached_property
    def rows(self) -> list[dict[str, Any]]:
        return yaml.load((Path(__file__).parent / self.file).read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    @functools.cached_property
    def found(self) -> frozenset[str]:
        """Ids of the listings that come to `review` or above by their words alone."""
        policy = read_policy(defaults_folder() / "flags.yml")
        snapshots = [
            Snapshot(
                row["title"], row.get("text", ""), row.get("price", ""), None, None, row.get("brand", ""), row.get("category", ""), id=at
            )
            for at, row in enumerate(self.rows)
        ]
        said: dict[int, list[Said]] = defaultdict(list)
        for name in ("text_terms", "many_brands"):
            context = Context(settings()[name], brands())
            for examined in contract.detector_of(name).examine(snapshots, context):
                said[examined.subject] += [Said(finding) for finding in examined.findings]
        levels = {row["id"]: str(score(policy, said[at]).level) for at, row in enumerate(self.rows)}
        return frozenset(name for name, level in levels.items() if level in ("review", "priority"))

    def ids(self, kind: str) -> set[str]:
        return {row["id"] for row in self.rows if row["kind"] == kind}


BANKS = (
    Bank("bank.yml", evasions=309, traps=342, stuffed=40, missed=0.05, wrong=0.01),
    # tuned on by mechanism, not line by line: brands in disguise, trade wording; what is left names a line and nothing else, or hints at a brand
    Bank("bank2.yml", evasions=150, traps=150, stuffed=0, missed=0.13, wrong=0.02),
)
each = pytest.mark.parametrize("bank", BANKS, ids=[bank.file for bank in BANKS])


@each
def test_the_bank_has_what_it_says(bank: Bank) -> None:
    assert (len(bank.ids("evasion")), len(bank.ids("trap"))) == (bank.evasions, bank.traps)
    assert len(bank.rows) == bank.evasions + bank.traps and len({row["id"] for row in bank.rows}) == len(bank.rows)


@each
def test_evasions_come_to_review(bank: Bank) -> None:
    missed = sorted(bank.ids("evasion") - bank.found)
    assert len(missed) <= bank.missed * bank.evasions, missed


@each
def test_traps_do_not_come_to_review(bank: Bank) -> None:
    wrong = sorted(bank.ids("trap") & bank.found)
    assert len(wrong) <= bank.wrong * bank.traps, wrong


def test_stuffing_hides_little() -> None:
    bank = next(bank for bank in BANKS if bank.stuffed)
    stuffed = [row for row in bank.rows if "of" in row]
    lost = [row["id"] for row in stuffed if row["of"] in bank.found and row["id"] not in bank.found]
    assert len(stuffed) == bank.stuffed and len(lost) <= 0.05 * len(stuffed), lost
