"""Cases: opening one, and making a listing or a link its exhibit."""

from __future__ import annotations

import re

from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Case, Exhibit, SubjectKind

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def open_case(store: Store, home: Home, reference: str, title: str, operation: str | None, by: str) -> None:
    """Open a case. Raises TouchstoneError for a reference that could not name a folder, or one that is taken."""
    if not REFERENCE.fullmatch(reference):
        raise TouchstoneError(f"'{reference}' cannot be a case's reference: letters, digits, dots, hyphens and underscores only")
    store.open_case(Case(reference, home.settings.authority.code, title, operation), actor=by)


def add(store: Store, case: str, source: str, ref: str, initials: str, by: str) -> Exhibit:
    """Make a listing (`source`, `ref`) or a link (`link`, its number) the next exhibit of the case."""
    if not re.fullmatch(r"[A-Z]{2,4}", initials):
        raise TouchstoneError(f"initials '{initials}' are not two to four capital letters")
    store.case(case)
    with store.acting(by, purpose="case add", case=case) as reader:
        if source == "link":
            link = reader.link(int(ref))
            kind, subject = SubjectKind.link, int(ref)
            said = f"Link {link.id}: {link.subject_kind} {link.subject} to {link.object_kind} {link.object} ({link.level}, {link.status})"
        else:
            found = reader.listing(source, ref)
            kind, subject = SubjectKind.listing, found.listing.id or 0
            said = f"Listing {ref} of {source}, “{found.snapshot.title[:80]}”, as captured {found.first_seen:%d %B %Y %H:%M} UTC"
    return store.exhibit(case, kind, subject, initials=initials, description=said, actor=by)
