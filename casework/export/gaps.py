"""What was not examined: by whom it was tried, and why it did not come to anything. "Examined, nothing found" is no gap."""

from __future__ import annotations

from casework.export.gather import Material
from casework.export.rows import Row
from store.store import Store
from store.words.records import Examined, Status, SubjectKind


def not_examined(store: Store, m: Material) -> list[Row]:
    rows: list[Row] = []
    by_subject: dict[tuple[SubjectKind, int], list[Row]] = {}
    tried: dict[tuple[SubjectKind, int], set[int]] = {}
    # a failure that a later examination made good is history, not a gap
    good = {(e.method, e.subject_kind, e.subject) for e in m.examinations.values() if e.outcome is Examined.done}
    for e in m.examinations.values():
        subject = (e.subject_kind, e.subject)
        tried.setdefault(subject, set()).add(e.method)
        if e.outcome is not Examined.done and (e.method, *subject) not in good:
            what = "failed" if e.outcome is Examined.failed else "was not possible"
            of = f"{e.subject_kind} {e.subject}"
            row = {
                "method": e.method_name,
                "subject": of,
                "what": f"{e.method_name} {what} on {of}",
                "why": e.detail or "no reason was recorded",
            }
            by_subject.setdefault(subject, []).append(row)
    in_force = [(number, method) for number, method, status in store.methods("detector") if status is Status.in_force]
    newest = {flag.listing: flag for flag, _ in (m.flags[k] for k in sorted(m.flags))}
    for listing, subjects in sorted(m.subjects.items()):
        for subject in subjects:
            rows += [{"listing": listing, **row} for row in by_subject.get(subject, [])]
        seen = set().union(*(tried.get(s, set()) for s in subjects))
        for number, method in in_force:
            if number not in seen:
                why = "it has not run since the listing was kept, or the listing has nothing that it looks at"
                rows.append(
                    {
                        "listing": listing,
                        "method": method.name,
                        "what": f"{method.name} has not examined anything of listing {listing}",
                        "why": why,
                    }
                )
        if listing not in newest:
            rows.append(
                {"listing": listing, "what": f"listing {listing} was never scored", "why": "the flag pass has not run since it was kept"}
            )
        else:
            rows += [
                {"listing": listing, "what": f"not part of the score of listing {listing}: {text}", "why": "recorded with the flag"}
                for text in newest[listing].not_examined
            ]
    for (kind, number), found in sorted(by_subject.items()):
        if kind is SubjectKind.seller and not any((kind, number) in s for s in m.subjects.values()):
            rows += found
    return rows
