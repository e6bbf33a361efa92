"""A spider that goes on to the pages that a platform's `next_pages` names: for an API, products.json or the Store API.

A source takes it by `crawler/sources/NAME.py` (docs/add-a-source.md). Bounded by `max_pages`, and by the hosts that the source owns.
"""

from __future__ import annotations

from collections.abc import Iterator

from scrapy import Request
from scrapy.http import Response

from crawler.pages import page_of
from crawler.platforms import following
from crawler.spider import SourceSpider


class PagedSpider(SourceSpider):
    """Reads an answer as every source does, then asks for the next one that it names."""

    def read(self, response: Response) -> Iterator[Request]:
        yield from super().read(response)
        capture = response.meta.get("capture")
        if capture is None or response.status >= 400:
            return
        try:
            urls = following(page_of(capture, response.body).replace(url=response.url), self.source)
        except (ValueError, RecursionError):  # not JSON: `read` has kept it as unread
            return
        self.lists += bool(urls)
        if self.lists < self.source.max_pages:
            for url in urls:
                yield self.ask(url)
