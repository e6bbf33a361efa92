"""The screenshot of a rendered page: its pictures let in, the whole page within bounds, a capture of its own beside the document.

Pictures that the source has answered within a day are shown from the archive, so that nobody is asked for them twice; which captures
those are stands with the screenshot. Others are asked for through the same gate as all that a browser asks for (the source's own hosts,
robots.txt) and are kept as network captures. Films and fonts stay shut out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakSet

from playwright.async_api import Error as PlaywrightError

from crawler.pages import decoded
from crawler.unit import Unit
from store.errors import TouchstoneError
from store.words.records import Capture, CaptureKind

MAX_HEIGHT = 16_000  # CSS pixels: beyond this Chromium's own surfaces end
MAX_BYTES = 24 * 2**20
MAX_PICTURES = 100  # of one page, asked for or shown from kept
FRESH = timedelta(days=1)  # a picture kept longer ago may not be what the address shows now
PICTURES_MS = 10_000
ARRIVED = (
    "ms => Promise.race([new Promise(r => setTimeout(r, ms)), Promise.allSettled([...document.images].map(i => i.decode()))]).then(() => 0)"
)
SIZE = "() => [document.documentElement.clientWidth, Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0)]"
_pictured: WeakSet[Any] = WeakSet()


def pictured(asked: Any) -> bool:
    """Whether a picture that the browser asks for belongs to a page of which a screenshot is taken."""
    return asked.frame.page in _pictured


class Shot:
    """One page's screenshot, from before its pictures are asked for to the capture."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.png = b""
        self.size: tuple[int, int, int] = (0, 0, 0)  # width, height shown, height of the page
        self.began = self.ended = datetime.now(UTC)
        self.url = ""
        self.pictures = 0
        self.shown_from: dict[str, int] = {}  # address → the kept capture that its picture was shown from

    async def let_pictures_in(self, page: Any) -> None:
        _pictured.add(page)
        await page.route("**/*", self._picture)

    async def _picture(self, route: Any) -> None:
        asked = route.request
        if asked.resource_type != "image" or not asked.url.startswith(("http://", "https://")):
            await route.fallback()  # to the gate
            return
        self.pictures += 1
        if self.pictures > MAX_PICTURES:
            self.unit.count("pictures beyond a screenshot's bound")
            await route.abort()
            return
        kept = self._kept(asked.url)
        if kept is None:
            await route.fallback()
            return
        capture, body = kept
        self.shown_from[asked.url] = capture.id or 0
        mime = next((value for name, value in capture.response_headers if name.lower() == "content-type"), "application/octet-stream")
        await route.fulfill(status=200, content_type=mime, body=body)

    def _kept(self, url: str) -> tuple[Capture, bytes] | None:
        capture = self.unit.reader.newest_picture(self.unit.source.name, url, datetime.now(UTC) - FRESH)
        if capture is None or capture.id is None:
            return None
        try:
            return capture, decoded(capture, self.unit.reader.payload(capture.id))
        except (TouchstoneError, ValueError):  # erased meanwhile, or not what it says: the site is asked
            return None

    def served(self, response: Any) -> bool:
        """Whether an answer came out of the archive: it is no answer of the site's now."""
        return response.url in self.shown_from

    async def take(self, page: Any) -> None:
        """Take it. A page that cannot be pictured is kept without, and counted."""
        self.began = datetime.now(UTC)
        try:
            await page.evaluate(ARRIVED, PICTURES_MS)
            width, height = await page.evaluate(SIZE)
            shown = min(max(height, 1), MAX_HEIGHT)
            while True:
                clip = {"x": 0, "y": 0, "width": width, "height": shown}
                png = await page.screenshot(full_page=True, clip=clip, animations="disabled", scale="css")
                if len(png) <= MAX_BYTES:
                    break
                shown //= 2
        except PlaywrightError as error:
            self.unit.count("screenshots failed")
            self.unit.count(f"screenshot: {str(error).splitlines()[0][:80]}")
            return
        self.png, self.size, self.url, self.ended = png, (width, shown, height), page.url, datetime.now(UTC)
        self.unit.count("screenshots")

    def part(self, unit: Unit) -> tuple[Capture, bytes]:
        """The capture, `part_of` the document; how much of the page it shows and which kept pictures stand in it, as fields of ours."""
        width, shown, height = self.size
        said = [("Content-Type", "image/png"), ("X-Touchstone-Shown", f"{width}x{shown} of {width}x{height}")]
        if self.shown_from:
            said.append(("X-Touchstone-Pictures-From", " ".join(str(number) for number in sorted(set(self.shown_from.values())))))
        capture = Capture(
            None,
            unit.run.id,
            unit.source.name,
            CaptureKind.screenshot,
            "GET",
            self.url,
            self.url,
            (),
            200,
            (),
            tuple(said),
            "",
            0,
            self.began,
            self.ended,
        )
        return capture, self.png
