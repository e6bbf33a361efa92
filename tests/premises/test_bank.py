"""The bank of address pairs, as `premises match` answers it: no wrong door is proposed, the true one is among three, none is said to be none.

Each figure is counted over all pairs and printed. tests/premises/addresses.yml is invented, addresses_real.yml is real (skipped where its
lists are absent), addresses_blind.yml was written without sight of the matcher.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from premises.index import Listed, listed
from premises.match import Answer, in_memory
from tests.premises.bank import SETTINGS, entries_of
from tests.premises.real_bank import CASES as REAL
from tests.premises.real_bank import real

HERE = Path(__file__).parent
INVENTED: list[dict[str, Any]] = [
    c for c in yaml.safe_load((HERE / "addresses.yml").read_text(encoding="utf-8")) if "said" in c and "phone" not in c
]


def asked(text: str, candidates: list[Listed]) -> list[Answer]:
    [answers] = in_memory(candidates, SETTINGS.weights).match([text])
    return answers


def invented(case: dict[str, Any]) -> tuple[list[Answer], set[str]]:
    """The answers to an invented case, and the references that are right: all of a building where no unit is to be named."""
    said = f"{case['name']}, {case['said']}" if "name" in case else case["said"]
    return asked(said, [listed(entry) for entry in entries_of(case["candidates"])]), {"1"}


def told(case: dict[str, Any], answers: list[Answer]) -> str:
    return f"{case}: " + " | ".join(f"{a.rank} {a.reference} {a.level} {a.proposed} {[r.sentence for r in a.reasons]}" for a in answers)


@pytest.mark.parametrize("case", INVENTED, ids=lambda case: case["said"][:60])
def test_invented(case: dict[str, Any]) -> None:
    answers, true = invented(case)
    expected = case.get("match", case["expect"])
    proposed = {a.reference for a in answers if a.proposed}
    assert proposed <= (true if expected != "none" else set()), told(case, answers)
    if expected == "none":
        assert answers[0].level == "none", told(case, answers)
    else:
        assert true & {a.reference for a in answers[:3]}, told(case, answers)


def test_real(shared: Path) -> None:
    pytest.importorskip("duckdb", reason="the FHRS sample is a parquet file, which the extra `premises` reads")
    seen: Counter[str] = Counter()
    wrong, missed = [], []
    for case in REAL:
        found = real(case, shared)
        answers = asked(found.text, list(found.candidates))
        proposed = {a.reference for a in answers if a.proposed}
        if not proposed <= (found.true if case["expect"] == "unit" else set()):
            wrong.append(told(case, answers))
        if found.true:
            seen["with"] += 1
            seen["proposed"] += bool(proposed)
            hit = bool(found.true & {a.reference for a in answers[:3]})
            seen["among three"] += hit
        elif case["expect"] in ("none", "gone"):
            seen["without"] += 1
            hit = answers[0].level == "none" or (case["expect"] == "gone" and not proposed)
            seen["none"] += hit
        else:
            hit = True
        if not hit:
            missed.append(told(case, answers))
    print(dict(seen))
    assert not wrong, "a wrong door is proposed:\n" + "\n".join(wrong)
    assert seen["among three"] >= 0.95 * seen["with"], "\n".join(missed)
    assert seen["none"] >= 0.95 * seen["without"], "\n".join(missed)


def test_the_bank_is_large_and_every_pair_names_its_trait() -> None:
    assert len(REAL) >= 100, "by row key into the real lists"
    assert len(INVENTED) + len(REAL) >= 200
    assert all(case["trait"] for case in [*INVENTED, *REAL])
    assert sum(case["expect"] in ("none", "gone") for case in [*INVENTED, *REAL]) >= 40
