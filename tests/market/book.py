"""The live database behind the pages: it starts as market.yml says, and tests edit it while the servers run."""

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from tests.market.server import Response
from tests.market.truth import Seller, Truth, facts

SIGNS = {"GBP": "£", "EUR": "€"}


class Book:
    """Listings as they stand now, sellers, and the addresses of pictures."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live = {(each.source, each.ref): each for each in facts().listings}
        self._tokens = count(1)
        self.rotate = False

    def listings(self, source: str) -> list[Truth]:
        with self._lock:
            return [each for (of, _), each in self._live.items() if of == source]

    def listing(self, source: str, ref: str) -> Truth | None:
        with self._lock:
            return self._live.get((source, ref))

    def change(self, source: str, ref: str, **fields: Any) -> Truth:
        """Edits a listing as its seller would. A new price writes a new price text unless one is given."""
        with self._lock:
            old = self._live[source, ref]
            if "price" in fields and "price_text" not in fields:
                price = fields["price"]
                sign = SIGNS[fields.get("currency") or old.currency or "GBP"]
                fields["price_text"] = "Call for price" if price is None else f"{sign}{price / 100:,.2f}"
            if fields.get("price") is not None and old.currency is None:
                fields.setdefault("currency", "GBP")
            self._live[source, ref] = new = replace(old, **fields)
            return new

    def seller(self, source: str, handle: str) -> Seller | None:
        return facts().sellers.get((source, handle))

    def photo(self, folder: str, listing: Truth, number: int, *, thumb: bool = False) -> str:
        """Where a picture lies on its site; a moving token is added when the site rotates them."""
        token = f"?v={next(self._tokens):06x}" if self.rotate else ""
        return f"{folder}/{listing.source}-{listing.ref}/{number}{'-thumb' if thumb else ''}.jpg{token}"

    def photo_bytes(self, rest: str) -> Response | None:
        """`SOURCE-REF/N.jpg` or `SOURCE-REF/N-thumb.jpg` → the picture."""
        owner, _, file = rest.partition("/")
        source, _, ref = owner.partition("-")
        number, _, size = file.removesuffix(".jpg").partition("-")
        listing = self.listing(source, ref)
        if listing is None or not number.isdigit() or not 0 < int(number) <= len(listing.pictures):
            return None
        posted = listing.pictures[int(number) - 1]
        return Response(posted.thumb if size else posted.jpeg, "image/jpeg")


def common(book: Book, folder: str, robots: str) -> Callable[[str], Response | None]:
    """What every site has: robots.txt, pictures, and pages that robots.txt forbids but that would answer."""

    def respond(path: str) -> Response | None:
        if path == "/robots.txt":
            return Response(robots.encode(), "text/plain; charset=utf-8")
        if path == "/favicon.ico":
            return Response(b"", "image/x-icon", 204)
        if path.startswith(folder + "/"):
            return book.photo_bytes(path.removeprefix(folder + "/"))
        if path.startswith(("/admin/", "/private/")) and not path.startswith("/private/ad/"):
            return Response(b"<!doctype html><title>Staff</title><h1>Staff only</h1><p class='price'>\xc2\xa31.00</p>")
        return None

    return respond
