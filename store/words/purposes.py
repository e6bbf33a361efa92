"""What each purpose of an operation allows and asks for (RIPA 2000; practice § 4). Pure: the rules that the gates apply.

A sweep is keyed by brand, term and area, never by a seller. A watch on a subject needs a live authorisation. One page is one page,
and a test purchase has a record of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from itertools import product
from posixpath import normpath
from urllib.parse import parse_qsl, quote_plus, unquote, urlencode, urlsplit

from store.words.contacts import find_contacts
from store.words.dates import LONDON
from store.words.hosts import host_of
from store.words.records import Authorisation, Operation, Purpose

NOT_THE_PAGE = re.compile(r"utm_\w+|[fg]clid|page|sort|order|ref|sessionid|sid|phpsessid|jsessionid", re.I)


def local_day(at: datetime) -> date:
    """The day in London: an authorisation's days are those of the court that approved it."""
    return at.astimezone(LONDON).date()


def not_live(authorisation: Authorisation, at: datetime) -> str:
    """Why an authorisation does not cover a moment, as a sentence; "" where it does. Its last day counts whole."""
    today = local_day(at).isoformat()
    if authorisation.cancelled_at is not None and authorisation.cancelled_at <= today:
        return f"authorisation {authorisation.urn} was cancelled on {authorisation.cancelled_at}"
    if today < authorisation.starts:
        return f"authorisation {authorisation.urn} does not start before {authorisation.starts}"
    if today > authorisation.expires:
        return f"authorisation {authorisation.urn} expired on {authorisation.expires}; a renewal needs a justice's approval too"
    return ""


def unfit(operation: Operation) -> tuple[str, str] | None:
    """(field, problem): what its purpose does not allow, or asks for in vain; None where it is in order."""
    return {
        Purpose.market_sweep: _sweep,
        Purpose.subject_watch: _watch,
        Purpose.capture_once: _once,
        Purpose.test_purchase: _purchase,
    }[operation.purpose](operation)


def refusal(operation: Operation, at: datetime) -> str:
    """Why nothing may be fetched for this operation at that moment, as a sentence; "" where it may."""
    if found := unfit(operation):
        return f"operation {operation.reference}: {found[0]}: {found[1]}"
    if operation.authorisation and (why := not_live(operation.authorisation, at)):
        return f"operation {operation.reference} may not run: {why}"
    if operation.purchase and operation.purchase.on > local_day(at).isoformat():
        return f"operation {operation.reference} may not run: its test purchase is authorised from {operation.purchase.on} on"
    return ""


def _sweep(operation: Operation) -> tuple[str, str] | None:
    if operation.subjects:
        return (
            "subjects",
            "a sweep is keyed by brand, term and area, never by a seller; a subject needs `purpose: subject_watch` and its authorisation",
        )
    if not (operation.brands or operation.terms):
        return "purpose", "a sweep needs `brands:` or `terms:`: it is keyed by brand, term and area"
    for name in ("brands", "terms", "area"):
        for word in getattr(operation, name):
            if why := names_somebody(word):
                return name, f"'{word}' is {why}; a sweep is keyed by brand, term and area, never by a seller"
    return _without(operation, "authorisation", "purchase")


def _watch(operation: Operation) -> tuple[str, str] | None:
    if not operation.subjects:
        return "purpose", "a watch needs `subjects:`, the addresses of the subject's own pages"
    if bad := next((url for url in operation.subjects if not re.match(r"https?://[^/\s]+", url)), None):
        return "subjects", f"'{bad}' is not a web address: it must begin with http:// or https://"
    if operation.authorisation is None:
        return "purpose", (
            "a watch on a subject needs `authorisation:`, with urn, authorising_officer, approved_on, starts, expires, necessity, "
            "proportionality and collateral_intrusion"
        )
    return _without(operation, "brands", "terms", "area", "purchase")


def _once(operation: Operation) -> tuple[str, str] | None:
    return _without(operation, "brands", "terms", "area", "subjects", "cadence", "purchase")


def _purchase(operation: Operation) -> tuple[str, str] | None:
    if operation.purchase is None:
        return "purpose", "a test purchase needs `purchase:`, with authorised_by and on, the date of that"
    return _without(operation, "brands", "terms", "area", "subjects", "cadence")


def _without(operation: Operation, *names: str) -> tuple[str, str] | None:
    return next(((name, f"a {operation.purpose} has none") for name in names if getattr(operation, name)), None)


def names_somebody(word: str) -> str:
    """What of a person a search word is, such as "a web address" or "a phone"; "" where it is none of these."""
    if re.search(r"://|^www\.|\w\.[a-z]{2,}/", word, re.I):
        return "a web address"
    if word.strip().startswith("@"):
        return "an account's handle"
    return next((f"somebody's {found.kind}" for found in find_contacts(word)), "")


def searches(template: str, operation: Operation) -> list[str]:
    """The start addresses of a sweep on a source that can be searched: each brand with each term, in each area where `{area}` is there."""
    words = [" ".join(filter(None, pair)) for pair in product(operation.brands or ("",), operation.terms or ("",))]
    areas: Iterable[str] = (operation.area or ("",)) if "{area}" in template else ("",)
    found = (template.replace("{term}", quote_plus(word)).replace("{area}", quote_plus(area)) for word, area in product(words, areas))
    return list(dict.fromkeys(found))


def subject_of(url: str) -> str:
    """The key under which views of a person's page are counted: the same for `www.`, a closing stroke, and further pages of the list.

    Also however the path is written: what a server reads alike (RFC 3986 § 6.2.2: capitals, percent-encoding, dots) is one page, since a
    look that is counted apart would not be counted.
    """
    host = re.sub(r"\.(?=:|$)", "", host_of(url.strip()))  # a name's closing dot
    if not host:
        return url.strip().casefold()[:400]  # no address at all, as a stranger's page may state one
    parts = urlsplit(url.strip())
    query = urlencode(sorted((k, v) for k, v in parse_qsl(parts.query) if not NOT_THE_PAGE.fullmatch(k)))
    return (host + plain_path(parts.path).casefold() + (f"?{query}" if query else ""))[:400]


def pages_of(url: str) -> set[str]:
    """The keys of the page that an address is of: its own, and that without a query, which shows a part of it: `/user/NAME?tab=sold`."""
    page = subject_of(url)
    bare = page.partition("?")[0]
    return {page, bare} if "/" in bare else {page}


def plain_path(path: str) -> str:
    """A path as a server reads it: percent-encoding undone, dots and doubled strokes resolved, no parameters, no closing stroke."""
    return normpath("/" + re.sub(r";[^/]*", "", unquote(path)).lstrip("/")).rstrip("/")
