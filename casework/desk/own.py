"""What is a person's own authority's, and nobody else's: another's case, report or referral is as one that there is not (404)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, unquote

from starlette.exceptions import HTTPException

from casework.desk.pages.captures import seen
from casework.desk.visit import Visit
from casework.sightings import account_may_be_seen, may_be_seen
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting
from store.words.records import Case, SubjectKind

RESERVED = frozenset({"new", "put"})  # paths below /cases that are no case's


def key_of(reference: str) -> str:
    """A reference as one part of an address or a folder's name: letters, figures, `-_.` and `~` before two figures of what is none of these."""
    key = quote(reference, safe="").replace("~", "%7E").replace("%", "~")
    return f"~{ord(key[0]):02X}{key[1:]}" if key in RESERVED or (not key.strip(".") and key) else key


def path_of(case: str, *parts: object) -> str:
    """The address of a page of a case."""
    return "/".join(["/cases", key_of(case), *(str(part) for part in parts)])


def own_case(visit: Visit, key: str) -> Case:
    """The case of that address. Raises HTTPException 404 where there is none, or it is another authority's."""
    try:
        case = visit.store.case(unquote(key.replace("~", "%"), errors="strict"))
    except (TouchstoneError, UnicodeDecodeError):
        raise HTTPException(404) from None
    if case.authority != visit.authority:
        raise HTTPException(404)
    return case


def own_home(visit: Visit) -> Home:
    """The working folder, whose authority is that of what is written. Raises TouchstoneError for a person of another."""
    if visit.authority != visit.home.settings.authority.code:
        raise TouchstoneError(f"this desk writes for {visit.home.settings.authority.name}, and you are of another authority: use your own")
    return visit.home


def own_follow_ups(visit: Visit, reader: Acting, numbers: Iterable[int]) -> None:
    """Raises TouchstoneError for a follow-up that there is not, or that is another authority's: the words are the same."""
    for number in numbers:
        found = reader.follow_ups(numbers=[number], superseded=True)
        if not found or found[0].authority != visit.authority:
            raise TouchstoneError(f"follow_ups: there is no follow-up {number}")


def own_captures(visit: Visit, reader: Acting, numbers: Iterable[int]) -> None:
    """Raises TouchstoneError for a capture that there is not, or that came with a sighting that this person may not see."""
    for number in numbers:
        try:
            seen(visit, reader, number)
        except HTTPException:
            raise TouchstoneError(f"captures: there is no capture {number} in this store") from None


def own_subject(visit: Visit, reader: Acting, kind: str, source: str, ref: str) -> None:
    """Raises TouchstoneError for a listing, an account, a capture or a link of these that this person may not see: of a sighting of others, or of any for some."""
    number = int(ref) if ref.isdecimal() and len(ref) < 16 else 0
    if kind == "capture":
        own_captures(visit, reader, [number])
    elif kind == "seller":
        found = reader.sellers([number])
        if not found or not account_may_be_seen(reader, found[0], visit.sightings):
            raise TouchstoneError(f"there is no seller {ref} in this store")
    elif kind == "link":
        link = reader.link(number)
        ends = ((link.subject_kind, link.subject), (link.object_kind, link.object))
        accounts = reader.sellers([one for of, one in ends if of is SubjectKind.seller])
        numbers = [one for of, one in ends if of is SubjectKind.listing]
        adverts = reader.summaries(numbers=numbers) if numbers else []
        hidden = len(may_be_seen(reader, adverts, visit.sightings)) < len(adverts)
        if hidden or not all(account_may_be_seen(reader, each, visit.sightings) for each in accounts):
            raise TouchstoneError(f"there is no link {ref} in this store")
    elif kind == "listing" and not may_be_seen(reader, [reader.listing(source, ref)], visit.sightings):
        raise TouchstoneError(f"there is no listing '{ref}' of '{source}' in this store")


def own_sighting(visit: Visit, reader: Acting, reference: str) -> None:
    """Raises TouchstoneError for a sighting that there is not, or that is another authority's."""
    try:
        reader.sighting(reference, authority=visit.authority)
    except TouchstoneError as error:
        raise TouchstoneError(f"sighting: {error}") from None
