"""The bank of messy addresses: no wrong unit is proposed, the right one is, and where no unit is known none is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.premises.bank import links_of

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "addresses.yml").read_text(encoding="utf-8"))


def test_the_bank_is_large_enough() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.get("said") or case["text"])[:60])
def test_no_wrong_unit_and_the_expected_level(case: dict[str, Any]) -> None:
    candidates, links = links_of(case)
    units = {link.object for link in links if link.level == "unit"}
    right = {candidates[0].premises} if case["expect"] == "unit" else set()
    shown = [(link.level, link.object, link.score, [r.sentence for r in link.reasons]) for link in links]
    assert units <= right, f"a wrong unit: {shown}"
    assert units == right, f"the unit was missed: {shown}"
    buildings = {link.object for link in links if link.level == "building"}
    assert buildings == ({candidates[0].building} if case["expect"] == "building" else set()), shown


def test_each_link_says_why() -> None:
    for case in CASES:
        for link in links_of(case)[1]:
            assert 0 < link.score < 1 and all(r.sentence for r in link.reasons)
            assert all(r.entry for r in link.reasons if not r.code.startswith("same_"))
            assert any(r.capture for r in link.reasons), "a reason cites the capture that shows it"
            if link.level == "building":
                assert link.reasons[-1].code in ("building_only", "unit_not_settled", "equals"), (
                    "a link to a building says why it is no more"
                )
