"""Why a listing was put to an officer, as the pages show it: the contributions, the scale, how many came so far, and what rests on one picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from casework.export.shown import LEVELS, at_levels, by_hand, called, scale, shown_time
from store.words.records import Flag, SubjectKind

if TYPE_CHECKING:
    from casework.export.gather import Material
    from casework.export.summary import Summary


def flag_shown(s: Summary, flag: Flag, at: str) -> dict[str, Any]:
    """A flag for the templates. `at` is when it was made."""
    rows = [
        {"sentence": c.sentence, "reason": called(c.reason), "points": f"{c.points:+.1f}", "finding": c.finding} for c in flag.contributions
    ]
    policy: Mapping[str, Any] = next((row["settings"] for row in s.methods.values() if row["digest"] == flag.policy), {})
    run, _ = s.material.made.get((SubjectKind.flag, flag.id or 0), ("", ""))
    return {
        "id": flag.id,
        "at": shown_time(at),
        "level": LEVELS.get(str(flag.level), str(flag.level)),
        "score": f"{flag.score:.1f}",
        "scale": " ".join(filter(None, (scale(policy), by_hand(policy, [c.reason for c in flag.contributions])))),
        "levels": at_levels(s.runs.get(run, {}).get("counts", {})),
        "one_picture": one_picture(s.material, flag),
        "contributions": rows,
        "policy": flag.policy,
    }


def one_picture(m: Material, flag: Flag) -> list[str]:
    """Sentences where several findings that gave points rest on one picture: they are no independent reasons."""
    resting: dict[int, list[tuple[int, float]]] = {}
    for c in flag.contributions:
        f = m.findings.get(c.finding)
        if f is not None and f.subject_kind is SubjectKind.picture and c.points:
            resting.setdefault(f.subject, []).append((c.finding, c.points))
    return [
        f"Findings {', '.join(str(n) for n, _ in found)}, with {sum(points for _, points in found):.1f} of the {flag.score:.1f} points together, "
        f"rest on one picture, number {picture}: they are no independent reasons."
        for picture, found in sorted(resting.items())
        if len(found) > 1
    ]
