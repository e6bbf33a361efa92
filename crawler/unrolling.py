"""Lists that grow in the browser: a button is pressed or the page scrolled, step by step, until it brings no listing more.

A step is over when the listings shown have changed and the network is quiet, and it waits as long as the source's delay. Lists that
let go of what has left the view lose nothing: the document as it stood before a step that took listings away is kept as well.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from crawler.source import Source
from crawler.unit import Unit

if TYPE_CHECKING:
    from crawler.browser import Recorder

LONGEST = 15.0  # seconds that one step may take to bring something
SETTLING = 3.0  # seconds that a list which has changed is given to be complete
QUIET = 0.5  # seconds without a request on its way, after which a step that brought nothing will bring nothing
LOOK = 0.05  # seconds between two looks

# what tells one listing shown from another: where it leads, else what it says
SHOWN = """rules => {
  for (const css of rules) {
    const found = [...document.querySelectorAll(css)];
    if (found.length) return found.map(e => (e.matches('a[href]') ? e : e.querySelector('a[href]'))?.href || e.textContent.trim());
  }
  return [];
}"""
SCROLL = """rules => {
  const before = [scrollX, scrollY, document.documentElement.scrollHeight];
  let last = null;
  for (const css of rules) { const found = document.querySelectorAll(css); if (found.length) { last = found[found.length - 1]; break; } }
  const at = last && last.getBoundingClientRect().top;
  if (last) last.scrollIntoView({block: 'end', behavior: 'instant'});
  for (let box = last?.parentElement; box && box !== document.body; box = box.parentElement) box.scrollBy({top: box.clientHeight, behavior: 'instant'});
  window.scrollBy({top: innerHeight, behavior: 'instant'});
  return before.join() !== [scrollX, scrollY, document.documentElement.scrollHeight].join() || (last && at !== last.getBoundingClientRect().top);
}"""
PRESS = """css => {
  const button = [...document.querySelectorAll(css)].find(e => !e.disabled && e.getAttribute('aria-disabled') !== 'true' && e.getClientRects().length);
  if (!button) return false;
  button.scrollIntoView({block: 'center', behavior: 'instant'});
  button.click();
  return true;
}"""
STAY = """for (const what of ['click', 'submit']) window.addEventListener(what, event => event.preventDefault());"""  # after the page's own listeners


class Unrolling:
    """Grows one list's page; called with it by scrapy-playwright."""

    def __init__(self, source: Source, unit: Unit, recorder: Recorder) -> None:
        follow = source.follow
        assert follow is not None
        self.source, self.unit, self.recorder = source, unit, recorder
        self.more = follow.more
        stated = tuple(follow.listing or ()) or ((source.cards.card,) if source.cards else ())
        self.rules = [css for rule in stated if (css := re.split(r"@| ~ /", rule)[0].strip())]
        self.on_their_way = 0

    async def __call__(self, page: Any) -> None:
        self.on_their_way = 0
        page.on("request", lambda _: self._count(1))
        page.on("requestfinished", lambda _: self._count(-1))
        page.on("requestfailed", lambda _: self._count(-1))
        try:
            await page.evaluate(STAY)
            await self._grow(page)
        except PlaywrightError as error:  # the page went away under us: what was seen is kept, and the run says so
            self.unit.count("lists broken off in the browser")
            self.unit.remarks.append(f"a list that grows in the browser was broken off: {str(error).splitlines()[0][:120]}")

    def _count(self, change: int) -> None:
        self.on_their_way = max(0, self.on_their_way + change)

    async def _grow(self, page: Any) -> None:
        shown, met = await self._shown(page), set[str]()
        met |= set(shown)
        document, at = await page.content(), datetime.now(UTC)
        for step in range(self.source.max_pages):
            began = monotonic()
            moved = await (page.evaluate(PRESS, self.more) if self.more else page.evaluate(SCROLL, self.rules))
            if self.more and not moved:
                return
            now = await self._changed(page, shown)
            if set(now) - met or set(shown) - set(now):
                self.unit.count("steps in the browser")
            elif not moved or self.more:
                return
            if set(shown) - set(now):  # some are gone from the document: as it was, it showed them
                self.recorder.earlier.append((page.url, document, at))
            if now != shown:
                document, at = await page.content(), datetime.now(UTC)
            shown = now
            met |= set(now)
            await asyncio.sleep(max(0.0, self._pause() - (monotonic() - began)))
            if step == self.source.max_pages - 1:
                self.unit.count("lists cut off in the browser")
                self.unit.remarks.append(f"a list that grows in the browser was cut off after {self.source.max_pages} steps (`max_pages`)")

    def _pause(self) -> float:
        return max([self.source.delay, *self.unit.floors.values()])

    async def _shown(self, page: Any) -> list[str]:
        found: list[str] = await page.evaluate(SHOWN, self.rules)
        return found

    async def _changed(self, page: Any, before: list[str]) -> list[str]:
        """What is shown once a step has come to rest: something else than before, or nothing on its way that could change it."""
        still = monotonic()
        now, end = before, still + LONGEST
        while monotonic() < end:
            await asyncio.sleep(LOOK)
            seen = await self._shown(page)
            if seen != before and now == before:
                end = monotonic() + SETTLING
            if seen != now or self.on_their_way:
                now, still = seen, monotonic()
            elif monotonic() - still >= (QUIET if now == before else 2 * LOOK):
                break
        return now
