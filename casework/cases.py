"""Cases: opening one, and making a listing, a link or a capture its exhibit."""

from __future__ import annotations

import re

from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Capture, CaptureKind, Exhibit, SubjectKind


def add(store: Store, case: str, source: str, ref: str, initials: str, by: str) -> Exhibit:
    """Make a listing (`source`, `ref`), a link (`link`, its number) or a capture (`capture`, its number) the next exhibit of the case.

    Raises TouchstoneError for what the store does not hold, and for a capture whose bytes were erased.
    """
    if not re.fullmatch(r"[A-Z]{2,4}", initials):
        raise TouchstoneError(f"initials '{initials}' are not two to four capital letters")
    if source in ("link", "capture") and not ref.isdecimal():
        raise TouchstoneError(f"'{ref}' is no number of a {source}")
    store.case(case)
    with store.acting(by, purpose="case add", case=case) as reader:
        if source == "link":
            link = reader.link(int(ref))
            kind, subject = SubjectKind.link, int(ref)
            said = f"Link {link.id}: {link.subject_kind} {link.subject} to {link.object_kind} {link.object} ({link.level}, {link.status})"
        elif source == "capture":
            capture, place = reader.capture(int(ref)), reader.place(int(ref))
            if place is None or place.record_type == "tombstone":
                raise TouchstoneError(f"the bytes of capture {ref} were erased")
            kind, subject = SubjectKind.capture, int(ref)
            said = (
                f"{_called(capture)} on {capture.ended_at:%d %B %Y %H:%M} UTC, {capture.body_length} bytes, SHA-256 {capture.body_digest}"
            )
        else:
            found = reader.listing(source, ref)
            kind, subject = SubjectKind.listing, found.listing.id or 0
            said = f"Listing {ref} of {source}, “{found.snapshot.title[:80]}”, as captured {found.first_seen:%d %B %Y %H:%M} UTC"
    return store.exhibit(case, kind, subject, initials=initials, description=said, actor=by)


def _called(capture: Capture) -> str:
    """What a capture is, without the name of a file: that may be somebody's."""
    if capture.kind is CaptureKind.handed_in:
        return f"File handed in to {capture.source}, kept as capture {capture.id}"
    return f"Capture {capture.id} ({capture.kind}) of {capture.url_final[:120]}, taken"
