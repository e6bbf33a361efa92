"""What was not examined: by whom it was tried, and why it did not come to anything. "Examined, nothing found" is no gap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from casework.export.gather import Material
from casework.export.rows import Row
from casework.export.shown import counted
from store.store import Store
from store.words.records import CaptureKind, Examined, Status, SubjectKind

_CONTACT = re.compile(
    r"""["'](?P<data>telephone|email|faxNumber)["']\s*:\s*["'\[]|itemprop\s*=\s*["']?(?P<item>telephone|email|faxNumber)|href\s*=\s*["']?(?P<link>tel|mailto):""",
    re.IGNORECASE,
)
_CALLED = {"telephone": "telephone", "tel": "telephone", "email": "e-mail", "mailto": "e-mail", "faxnumber": "fax"}


def unread_contacts(m: Material, pages: Sequence[Row], data: Path) -> list[Row]:
    """A gap for each page of a site that gives contacts where contacts are not read: in its data for machines, or in a link."""
    rows: list[Row] = []
    read = {r.capture: r.listing for r in m.readings.values()}
    for row in pages:
        capture = m.captures[row["capture"]]
        if row["charset"] and capture.kind is not CaptureKind.handed_in:
            text = (data / row["file"]).read_text(row["charset"], "replace")
            kinds = sorted({_CALLED[found[found.lastgroup or 0].lower()] for found in _CONTACT.finditer(text)})
            if kinds:
                what = f"contacts that capture {row['capture']} gives in its data for machines or in links ({', '.join(kinds)})"
                why = "contacts are read in a listing's title, description and pictures alone; the page itself is in the pack"
                rows.append({"listing": read.get(row["capture"]), "page": row["capture"], "what": what, "why": why})
    return rows


def unread_pages(runs: Sequence[Row]) -> list[Row]:
    """A gap for what each run that brought captures of the case met and did not read."""
    said = {
        "not understood": (
            "thing",
            "did not understand",
            "what is not understood is kept, and nothing is read in it; it is no part of the case, and the store holds it",
        ),
        "pages that robots.txt forbids": (
            "page",
            "did not ask for",
            "the site's robots.txt forbids it to programs; its address was not kept",
        ),
    }
    return [
        {
            "run": row["run"],
            "what": f"{counted(row['counts'][name], thing)} that run {row['run'][:8]}… of {row['source']} {did}",
            "why": why,
        }
        for row in runs
        for name, (thing, did, why) in said.items()
        if row["counts"].get(name)
    ]


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
            told = {f"{row['method']}: {row['why']}" for subject in subjects for row in by_subject.get(subject, [])}
            rows += [
                {"listing": listing, "what": f"not part of the score of listing {listing}: {text}", "why": "recorded with the flag"}
                for text in newest[listing].not_examined
                if text not in told
            ]
    for (kind, number), found in sorted(by_subject.items()):
        if kind is SubjectKind.seller and not any((kind, number) in s for s in m.subjects.values()):
            rows += found
    return rows
