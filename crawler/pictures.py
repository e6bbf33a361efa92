"""The pictures of readings: each address asked for once a run, kept as a capture, and joined to every reading that shows it, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawler.unit import Unit
from store.words.records import Capture, CaptureKind, Reading


class Pictures:
    """Which pictures have come, and which readings wait for one."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.known: dict[str, tuple[str, int] | None] = {}  # address → (sha256, capture), None while it is fetched
        self.waiting: dict[str, list[tuple[int, int]]] = {}  # address → (reading, position) that want it

    async def of(
        self, reading: Reading, addresses: tuple[str, ...], callback: Callable[..., Any], errback: Callable[..., Any]
    ) -> AsyncIterator[Request]:
        """Requests for those of a reading's pictures that nobody has asked for; the others are joined as they are known.

        They go before further pages, so that they never pile up."""
        assert reading.id is not None
        for position, url in enumerate(addresses):
            if url not in self.known:
                self.known[url] = None
                self.waiting[url] = [(reading.id, position)]
                meta = {"kind": CaptureKind.image, "picture": url}
                yield Request(url, callback=callback, errback=errback, meta=meta, priority=1, headers={"Accept": "image/*,*/*;q=0.5"})
            elif (known := self.known[url]) is not None:
                await self.unit.keeper.join(*known, [(reading.id, position)])
            else:
                self.waiting[url].append((reading.id, position))

    async def keep(self, response: Response, capture: Capture) -> None:
        """Keep a picture that came, and join it to the readings that wait for it."""
        assert capture.id is not None
        url = response.meta["picture"]
        wanted, self.waiting[url] = self.waiting.pop(url, []), []
        image = await self.unit.keeper.picture(capture, response.body, wanted)
        self.unit.count("images")
        if image.problem:
            self.unit.count("images with a problem")
        self.known[url] = (image.sha256, capture.id)
        if late := self.waiting.pop(url):  # asked for while it was being kept
            await self.unit.keeper.join(image.sha256, capture.id, late)
