"""What one crawl has asked for and found so far, and whether a further list page may be asked for: the budget of requests per listing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from scrapy import Request

from crawler.addresses import same_list
from crawler.source import Source

FLOOR = 20  # list pages that are asked for whatever they bring: a small source has few listings to count by


class Frontier:
    """Each listing and each list is asked for once, lists only as long as they bring listings.

    The requests themselves wait in Scrapy's queue; after a crash all of this is found again from the kept answers.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.refs: set[str] = set()  # of listings asked for or read
        self.asked = 0  # pages of listings
        self.lists = 0  # pages of lists
        self.left = Counter[str]()  # lists that were not followed, by the key that forbade it
        self._seen: set[str] = set()
        self._waiting: dict[str, Request] = {}
        self._barren: set[str] = set()

    def wants(self, ref: str) -> bool:
        """Whether a listing's own page is still to be asked for; from now on it counts as asked for."""
        new = ref not in self.refs
        self.refs.add(ref)
        self.asked += new
        return new

    def begin(self, request: Request) -> None:
        """A list that the crawl began at."""
        self._seen.add(_key(request))
        self.lists += 1

    def follow(self, request: Request) -> Iterator[Request]:
        """The request for a list page, if it is a new one and there is room; without room it waits for more listings."""
        key = _key(request)
        if key in self._seen:
            return
        self._seen.add(key)
        if self.lists >= self.source.max_pages:
            self.left["max_pages"] += 1
        elif self.room():
            self.lists += 1
            yield request
        else:
            self._waiting[key] = request

    def leave(self, request: Request) -> None:
        """Say that this list page is not followed, since too many of its kind brought nothing new. Another way may still lead to it."""
        self._barren.add(_key(request))

    def freed(self) -> Iterator[Request]:
        """Those that waited, as far as there is room now."""
        while self._waiting and self.room() and self.lists < self.source.max_pages:
            self.lists += 1
            yield self._waiting.pop(next(iter(self._waiting)))

    def room(self) -> bool:
        """Whether one more list page keeps within the budget of page requests per listing."""
        return self.lists < FLOOR or self.asked + self.lists < int(self.source.budget * len(self.refs))

    def forget_lists(self) -> None:
        """Lists are followed anew: they changed while the crawl was broken off. Sitemaps are not, so those that wait go on waiting."""
        self._waiting = {key: request for key, request in self._waiting.items() if "way" in request.meta}
        self._seen = set(self._waiting)
        self._barren.clear()
        self.lists = 0

    def ended(self) -> list[str]:
        """What was not followed and why, as sentences."""
        self.left["budget"] += len(self._waiting)
        self.left["barren"] += len(self._barren - self._seen)
        said = []
        if number := self.left["budget"]:
            said.append(
                f"{number} list pages were not followed: {self.asked + self.lists} page requests for {len(self.refs)} listings "
                f"used up the budget of {self.source.budget:g} a listing"
            )
        if number := self.left["max_pages"]:
            said.append(f"{number} list pages were not followed: {self.source.max_pages} are the most in one run (`max_pages`)")
        if number := self.left["barren"]:
            said.append(
                f"{number} list pages were not followed: {self.source.barren} of their kind in a row brought nothing new (`barren`)"
            )
        return said


def _key(request: Request) -> str:
    return f"{request.method} {same_list(request.url)} {sha256(request.body).hexdigest() if request.body else ''}"
