"""`touchstone listing history`: what changed, when it was gone and back, and under which reference it came again."""

from __future__ import annotations

from datetime import datetime

import typer

from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.commands.listings import price_of
from store.history import Absence, Change, History, Relisting
from store.words.records import Version


def register(listings: typer.Typer) -> None:
    listings.command("history")(listing_history)


def listing_history(source: str, ref: str, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """What became of a listing: each version with what changed, when it was gone and back, and what it was relisted as.

    Each line names the capture or the run that shows it.

    Example: touchstone listing history my_marketplace 12345
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="listing history", justification=why) as reader:
        history = reader.full_history(reader.listing(source, ref).listing.id or 0)
    if json:
        print_json(history)
        return
    table("Versions", ("first seen", "capture", "what changed"), _versions(history), "This listing has no reading.")
    for absence in history.absences:
        say(_absence(absence))
    if not history.absences:
        say("Nothing shows that it was ever gone.")
    for each in history.relisted_from:
        say(f"It was listed before as {_other(each)}, last seen {_time(each.first_seen)} (capture {each.capture}): {each.because}.")
    for each in history.relisted_to:
        say(f"It came again as {_other(each)}, first seen {_time(each.first_seen)} (capture {each.capture}): {each.because}.")


def _versions(history: History) -> list[tuple[str, int, str]]:
    rows = []
    for number, version in enumerate(history.versions):
        said = [_change(each) for each in history.changes[number - 1]] if number else [_first(version)]
        rows.append((_time(version.captured_at), version.capture, "\n".join(said)))
    return rows


def _first(version: Version) -> str:
    pictures = f"{len(version.image_digests)} pictures" if version.pictures_known else "not all pictures were fetched"
    return f"{version.snapshot.title} · {price_of(version.snapshot) or 'no price'} · {pictures}"


def _change(change: Change) -> str:
    if change.field == "pictures":
        old, new = set(change.old), set(change.new)
        gone = f"; gone: {', '.join(each[:12] for each in sorted(old - new))}" if old - new else ""
        came = f"; new: {', '.join(each[:12] for each in sorted(new - old))}" if new - old else ""
        return f"pictures: {len(change.old)} → {len(change.new)}{gone}{came}"
    if change.field == "price_minor":
        return f"price_minor: {_said(change.old)} → {_said(change.new)} (in minor units)"
    return f"{change.field}: {_said(change.old)} → {_said(change.new)}"


def _said(value: object) -> str:
    text = " ".join(str("not stated" if value in (None, "") else value).split())
    return text if len(text) <= 120 else text[:119] + "…"


def _absence(absence: Absence) -> str:
    """When it was gone and what shows it; of many crawls that did not meet it the first and their number."""
    first, more = absence.evidence[0], len(absence.evidence) - 1
    where = f"capture {first.capture}" if first.capture else f"run {(first.run or '')[:8]}"
    said = f"Gone by {_time(absence.since)}: {first.what} ({where})" + (f", and {more} more captures or runs show it" if more else "")
    said += f". It was last seen {_time(absence.last_seen)} (capture {absence.last_capture})."
    return said + (f" Back {_time(absence.back)} (capture {absence.back_capture})." if absence.back else " It has not been seen since.")


def _other(each: Relisting) -> str:
    return f"'{each.listing.ref}' ({each.listing.url})"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
