"""How the desk writes things for people: times, prices, counts, in templates that escape all that a listing says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from store.words.dates import LONDON
from store.words.money import format_price
from store.words.records import Listing

LEVEL_TAGS = {"priority": "govuk-tag--red", "review": "govuk-tag--orange", "note": "govuk-tag--blue"}


def local_time(when: datetime | None, utc: bool = True) -> Markup:
    """A moment in UK local time with UTC beside it, as <time>; "not known" for None."""
    if when is None:
        return Markup("not known")
    local, plain = when.astimezone(LONDON), when.astimezone(UTC)
    said = f"{local.day} {local:%b %Y, %H:%M}"
    beside = Markup(' <span class="desk-utc">({} UTC)</span>').format(
        f"{plain:%H:%M}" if plain.date() == local.date() else f"{plain.day} {plain:%b %H:%M}"
    )
    return Markup('<time datetime="{}">{}</time>').format(f"{plain:%Y-%m-%dT%H:%M:%SZ}", said) + (beside if utc else Markup(""))


def price(amount_minor: int | None, currency: str | None, text: str = "") -> str:
    """A price as it is read, or as it was written where it was not understood."""
    if amount_minor is None:
        return text or "no price"
    return format_price(amount_minor, currency)


def count(number: int, one: str, many: str = "") -> str:
    """`1 listing`, `2,400 listings`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listing_path(listing: Listing) -> str:
    """Where a listing's page is, by its source and the source's own reference; by its row where a browser would read that as another path."""
    plain = listing.ref.isprintable() and listing.ref.strip() == listing.ref and not {".", "..", ""} & set(listing.ref.split("/"))
    return f"/listings/{quote(listing.source, safe='')}/{quote(listing.ref, safe='')}" if plain else f"/listings/{listing.id}"


def bar(before: float, after: float, low: float, high: float) -> tuple[str, str]:
    """Where a bar from one sum to the next begins and how wide it is, on a scale of 0 to 100 that goes from `low` to `high`; a thin line for none."""
    span = max(high - low, 1e-9)
    left, right = sorted((100 * (before - low) / span, 100 * (after - low) / span))
    return f"{left:.2f}", f"{max(right - left, 0.4):.2f}"


def environment() -> Environment:
    """Templates of the desk, and the macros of GOV.UK Frontend. Escapes everything; an unknown name is an error, not an empty place."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader("casework.desk"), PackageLoader("govuk_frontend_jinja")]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    filters: dict[str, Any] = {"uk_time": local_time, "count": count, "listing_path": listing_path}
    made.filters.update(filters)
    made.globals.update(price=price, bar=bar, level_tag=lambda level: LEVEL_TAGS.get(level, "govuk-tag--grey"))
    return made
