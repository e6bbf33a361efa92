"""Whether lists are still what they were when a crash broke off the crawl: what has moved from a page not yet seen to one that is kept
would be in neither.

Before a resumed crawl goes on from a kept list page to one that is not kept, the page it comes from and the first page of that list are
asked for anew. Only when both bring what they brought does it go on; else all lists are followed anew. Until the next page is kept, a
crash leads to the same question again. These looks are kept as captures, like all that is asked for, and answer no later request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawler.archive import AGAIN, FRESH, KEPT, kept_answer
from crawler.frontier import Frontier
from crawler.unit import Unit
from store.captures import ASKED_AGAIN


class Lists:
    """How the lists of one crawl hang together, as the meta of their requests says it:

    `begun` the capture of the first page, `cause` the page before, `front` the first page that brought listings; of both the request,
    whether it was answered from kept, and the references it brought, a set that fills while the page is read.
    """

    def __init__(self, unit: Unit, frontier: Frontier) -> None:
        self.unit, self.frontier = unit, frontier
        self.firsts: list[Request] = []  # the lists that the crawl began at
        self.left: set[int] = set()  # their captures, once they are followed anew

    def begin(self, request: Request, capture: int) -> None:
        request.meta["begun"] = capture
        self.firsts.append(request)
        self.frontier.begin(request)

    def current(self, meta: dict[str, Any]) -> bool:
        """Whether a page is of a list that has not been begun anew since."""
        return meta.get("begun") not in self.left

    def lead(self, further: Request, response: Response) -> None:
        """Say on a request for a list page which page led to it."""
        meta = response.meta
        cause = response.request, KEPT in response.flags, meta.get("brought", frozenset())
        front = meta.get("front")
        further.meta.update(begun=meta.get("begun"), cause=cause, front=front if front and front[2] else cause)

    def looked_first(self, requests: Iterable[Request]) -> Iterator[Request]:
        """The requests for list pages; before one that leads on from what is kept, the looks that it waits for."""
        for request in requests:
            before, was_kept, brought = request.meta.get("cause", (None, False, frozenset()))
            if not was_kept or kept_answer(self.unit, request):
                yield request
                continue
            first, _, brought_first = request.meta["front"]
            then = request if first is before else self._look(first, brought_first, request)
            yield self._look(before, brought, then)

    def looked(self, meta: dict[str, Any], brought: Set[str] | None) -> Iterator[Request]:
        """What follows from a look that brought this; None where it brought no answer that can be read."""
        was, then = meta[AGAIN]
        if not self.current(meta):
            return
        if brought == was:
            yield then
            return
        self.unit.count("lists that shifted")
        self.frontier.forget_lists()
        self.left |= {first.meta["begun"] for first in self.firsts}
        firsts, self.firsts = self.firsts, []
        for first in firsts:
            again = self._fresh(first)
            for key in ("seen", "number", "start", "brought", "begun"):
                again.meta.pop(key, None)
            yield again

    def _look(self, at: Request, brought: Set[str], then: Request) -> Request:
        look = self._fresh(at)
        look.headers.update(ASKED_AGAIN)
        look.meta[AGAIN] = brought, then
        return look

    def _fresh(self, request: Request) -> Request:
        """The same request, to be asked now; in the browser with a recorder of its own."""
        fresh = request.replace(dont_filter=True, headers=dict(request.headers))
        fresh.meta[FRESH] = True
        if "recorder" in fresh.meta:
            from crawler.browser import meta_for

            shown = fresh.meta["recorder"].shot is not None
            fresh.meta.update(meta_for(self.unit.source, self.unit, screenshot=shown, unrolled=fresh.meta["unrolled"]))
        return fresh
