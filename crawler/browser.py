"""Pages that are empty without JavaScript: rendered in Chromium through scrapy-playwright, with all that the browser fetched.

The document as it stands after its scripts is a capture of kind `rendered`; each answer that led to it is one of kind `network`
and `part_of` that document. In the archive the answers come first and the document last; their rows are committed in one
transaction (`Store.keep_rendered`), so that a crash leaves a rendered page either whole or not there, and on resuming it is fetched
again or answered from what was kept. (The other ways lose something: rows one by one cannot name a document that has no number
yet, and with the document first a crash leaves a page that looks whole and is not.)

The browser may ask the source's own hosts only, and what their robots.txt allows: each of its requests passes the gate below, the
source's names are looked up once by us and lead it to the addresses that were checked, no other name or number leads it anywhere.
Redirects pass the gate as well; WebSockets, popups and all workers, which would go round it, are shut off. It sends no cookie, and
nothing but GET and HEAD where the source's YAML does not say otherwise. It fetches no pictures, films or fonts: a listing's pictures
are captures of their own, and nobody should be asked for them twice. Where a screenshot is taken pictures pass the gate too, unless
they were kept within a day: those are shown from the archive (crawler/screenshot.py).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.async_api import Error as PlaywrightError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from crawler.connection import UNKNOWN, Handler
from crawler.patterns import met
from crawler.screenshot import Shot, pictured
from crawler.source import Source, is_inner
from crawler.unit import Unit, unit_of
from crawler.unrolling import LONGEST as STEP
from crawler.unrolling import Unrolling
from store.words.records import Capture, CaptureKind, Purpose

MISSING = (
    "Chromium is missing; install it with `apt install chromium`, or with `python -m playwright install chromium` where you have no root"
)
RENDER_MS = 30_000
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",  # it would look names up where nobody checks what they lead to
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-shared-workers",
    "--disable-site-isolation-trials",  # frames of another of the source's hosts would be out of sight of the page's own session
)
NOT_FETCHED = frozenset(("image", "media", "font"))
MAX_PART = 16 * 2**20
LONGEST = 180.0  # seconds for one page from its address to its document; a list that grows has its steps besides
SETTLING = 30.0  # seconds that answers on their way are given to arrive
# what asks by itself, beside the page: nothing that the page's session sees. A worker's own workers would be such, so there are none.
ALONE = "window.open = () => null; for (const name of ['Worker', 'SharedWorker']) delete window[name]"


def find_chromium() -> Path | None:
    """Playwright's own Chromium, newest first, or the system's; None where there is neither."""
    places = [os.environ.get("PLAYWRIGHT_BROWSERS_PATH", ""), "~/.cache/ms-playwright", "~/Library/Caches/ms-playwright"]
    for place in filter(None, places):
        folder = Path(place).expanduser()
        for pattern in (
            "chromium-*/chrome-*/chrome",
            "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium",
            "chromium_headless_shell-*/*/*headless*shell",
        ):
            for found in sorted(folder.glob(pattern), reverse=True):
                if os.access(found, os.X_OK):
                    return found
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"):
        if system := shutil.which(name):
            return Path(system)
    return None


def settings_for(source: Source) -> dict[str, Any]:
    """Scrapy settings of a rendered source."""
    hosts = {urlsplit(url).hostname or "" for url in (source.url, *source.start)} | {
        urlsplit(f"http://{host}").hostname or "" for host in source.hosts
    }
    known = {name for host in hosts for name in (host, f"www.{host}", host.removeprefix("www."))} - {""}
    rules = ", ".join([*filter(None, (_pinned(host, source) for host in sorted(known))), "MAP * ~NOTFOUND"])
    flags = [*FLAGS, f"--host-resolver-rules={rules}"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
    handler = "crawler.browser.Browser"
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": str(find_chromium()), "headless": True, "args": flags},
        "PLAYWRIGHT_CONTEXTS": {"default": {"service_workers": "block", "accept_downloads": False, "locale": "en-GB"}},
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": RENDER_MS,
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": source.concurrency,
    }


def _pinned(host: str, source: Source) -> str:
    """The rule that leads a name to the address that was checked; "" where there is none, or it is this machine's or its own network's."""
    try:
        address = socket.gethostbyname_ex(host)[2][0]
    except (OSError, LookupError, UnicodeError):
        return ""
    return "" if is_inner(address) and not source.testing else f"MAP {host} {address}"


def meta_for(source: Source, unit: Unit, *, screenshot: bool = False, unrolled: bool = False) -> dict[str, Any]:
    """What a request needs to go through the browser: wait for the page, let its answers come in, then take the document.

    With `screenshot` its pictures are let in, and the page as it then looks is a capture of its own. A list that is
    `unrolled` is scrolled, or its button pressed, until it brings no more.
    """
    recorder = Recorder(Shot(unit) if screenshot else None)
    wait = PageMethod("wait_for_selector", source.wait_for, state="attached", timeout=RENDER_MS) if source.wait_for else PageMethod(_quiet)
    grow = [PageMethod(Unrolling(source, unit, recorder))] if unrolled else []
    return {
        "playwright": True,
        "unrolled": unrolled,
        "recorder": recorder,
        "playwright_page_init_callback": _shut_sockets,
        "playwright_page_event_handlers": {"response": recorder.heard},
        "playwright_page_methods": [wait, *grow, *([PageMethod(recorder.shot.take)] if recorder.shot else []), PageMethod(recorder.settle)],
    }


async def _shut_sockets(page: Any, request: Request) -> None:
    request.meta["recorder"].begin()
    await page.route_web_socket("**/*", lambda socket: socket.close())
    await page.add_init_script(ALONE)
    shot: Shot | None = request.meta["recorder"].shot
    if shot:
        await shot.let_pictures_in(page)


async def _quiet(page: Any) -> None:
    """No `wait_for` in the YAML: until the network is quiet. A page that never is, is taken as it stands."""
    try:
        await page.wait_for_load_state("networkidle", timeout=RENDER_MS / 2)
    except PlaywrightError:
        return


class Recorder:
    """Collects the answers that a page's browser gets. Their bodies must be asked for while the page is open."""

    def __init__(self, shot: Shot | None = None) -> None:
        self.shot = shot
        self.tasks: list[asyncio.Task[tuple[dict[str, Any], bytes] | None]] = []
        self.parts: list[tuple[dict[str, Any], bytes]] = []
        self.earlier: list[tuple[str, str, datetime]] = []  # address, document and time of states that a list passed through
        self.closed = False

    def begin(self) -> None:
        """A page is opened: what one that was tried before it brought is no part of it."""
        self.tasks, self.parts, self.earlier, self.closed = [], [], [], False
        if self.shot:
            self.shot.png = b""

    def heard(self, response: Any) -> None:
        if not self.closed and response.url.startswith(("http://", "https://")) and not (self.shot and self.shot.served(response)):
            self.tasks.append(asyncio.ensure_future(_taken(response)))

    async def settle(self, page: Any) -> None:
        """Wait for every answer heard so far; what comes after is no part of the document that is taken now."""
        done, end = 0, monotonic() + SETTLING
        while done < len(self.tasks) and monotonic() < end:
            done = len(self.tasks)
            await asyncio.wait(self.tasks, timeout=10)
        self.closed = True
        self.parts = [part for task in self.tasks if task.done() and (part := task.result()) is not None]


async def _taken(response: Any) -> tuple[dict[str, Any], bytes] | None:
    """An answer's facts and body; None where the browser has it no more."""
    try:
        request = response.request
        body = b"" if 300 <= response.status < 400 else await response.body()
        timing, address = request.timing, await response.server_addr()
        facts = {
            "method": request.method,
            "url": response.url,
            "status": response.status,
            "asked": await request.headers_array(),
            "said": await response.headers_array(),
            "start": timing.get("startTime", 0) / 1000,
            "took": max(0.0, timing.get("responseEnd", 0) / 1000),
            "ip": (address or {}).get("ipAddress"),
            "http": await response.http_version(),
        }
    except (PlaywrightError, KeyError):
        return None
    return facts, body[:MAX_PART]


def network_of(request: Request, unit: Unit) -> list[tuple[Capture, bytes]]:
    """The browser's answers, and the earlier states of a list that grew, as captures to be kept with the document."""
    recorder: Recorder = request.meta["recorder"]
    out = []
    for url, document, at in recorder.earlier:
        who, typed = (unit.run.id, unit.source.name, CaptureKind.rendered), (("Content-Type", "text/html; charset=utf-8"),)
        state = Capture(None, *who, request.method, request.url, url, (), 200, (), typed, "", 0, at, at)
        out.append((state, document.encode("utf-8", "surrogatepass")))
    for facts, body in recorder.parts:
        now = datetime.now(UTC)
        started = datetime.fromtimestamp(facts["start"], UTC) if facts["start"] > 0 else now
        # the browser gives bodies decoded: a Content-Encoding would no longer be true of them
        said = tuple(
            ("X-Archive-Orig-Content-Encoding" if h["name"].lower() == "content-encoding" else h["name"], h["value"]) for h in facts["said"]
        )
        capture = Capture(
            None,
            unit.run.id,
            unit.source.name,
            CaptureKind.network,
            facts["method"],
            facts["url"],
            facts["url"],
            (),
            facts["status"],
            tuple((h["name"], h["value"]) for h in facts["asked"]),
            said,
            "",
            0,
            started,
            min(now, started + timedelta(seconds=facts["took"])),
            server_ip=facts["ip"],
            http_version=facts["http"],
            certificate=UNKNOWN if facts["url"].startswith("https:") else "",  # the browser gives its names and dates, not its bytes
        )
        out.append((capture, body))
    if recorder.shot and recorder.shot.png:
        out.append(recorder.shot.part(unit))
    return out


class Browser(ScrapyPlaywrightDownloadHandler, Handler):  # type: ignore[misc]
    """scrapy-playwright's handler with a gate that every request of the browser passes."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.crawler = crawler
        self.abort_request = self._refused
        self._decided: WeakKeyDictionary[Any, dict[tuple[str, str], bool]] = WeakKeyDictionary()

    async def _create_browser_context(self, *args: Any, **kwargs: Any) -> Any:
        wrapper = await super()._create_browser_context(*args, **kwargs)
        await wrapper.context.route("**/*", _abort)  # what has no page of ours, which has routes of its own: a popup
        return wrapper

    async def _create_page(self, request: Request, spider: Any) -> Any:
        """A page whose every request is seen: Playwright's own routes see no redirect, no download and no worklet."""
        page = await super()._create_page(request=request, spider=spider)
        page.on("popup", lambda popup: asyncio.ensure_future(popup.close()))
        session = await page.context.new_cdp_session(page)
        session.on("Fetch.requestPaused", lambda asked: asyncio.ensure_future(self._paused(page, session, asked)))
        await session.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
        return page

    async def _download_request_with_page(self, request: Request, page: Any, spider: Any) -> Any:
        """Bounded in time: a page can keep its own scripts busy without end, and would never be taken."""
        source = unit_of(self.crawler).source
        steps = source.max_pages * (STEP + source.delay) if request.meta.get("unrolled") else 0.0
        async with asyncio.timeout(LONGEST + steps):
            return await super()._download_request_with_page(request, page, spider)

    async def _paused(self, page: Any, session: Any, asked: dict[str, Any]) -> None:
        url, method, what = asked["request"]["url"], asked["request"]["method"], asked.get("resourceType", "")
        theirs = what.lower() in NOT_FETCHED and not asked.get("redirectedRequestId")  # the routes' to decide
        try:
            if not theirs and await self._forbidden(page, method, url, what == "Document"):
                await session.send("Fetch.failRequest", {"requestId": asked["requestId"], "errorReason": "BlockedByClient"})
            else:
                await session.send("Fetch.continueRequest", {"requestId": asked["requestId"]})
        except PlaywrightError:  # the page is closed
            return

    async def _refused(self, asked: Any) -> bool:
        """Whether the browser may not make this request."""
        if asked.resource_type in NOT_FETCHED and not (asked.resource_type == "image" and pictured(asked)):
            return True
        return await self._forbidden(asked.frame.page, asked.method, asked.url, asked.is_navigation_request())

    async def _forbidden(self, page: Any, method: str, url: str, document: bool) -> bool:
        """By host, method, robots.txt and purpose; decided and counted once a page and address."""
        if url.startswith(("data:", "blob:", "about:")):
            return False
        # a cookie that the page before this request was given: nobody is to be known again
        await page.context.clear_cookies()
        decided = self._decided.setdefault(page, {})
        if (method, url) not in decided:
            decided[method, url] = await self._decide(method, url, document)
        return decided[method, url]

    async def _decide(self, method: str, url: str, document: bool) -> bool:
        from crawler.gates import too_often
        from crawler.manners import Offsite, Robots

        unit = unit_of(self.crawler)
        if Offsite.refusal(url, unit):
            unit.count("offsite refusals")
            return True
        if method not in ("GET", "HEAD") and not any(met(rule, url, if_slow=False) for rule in unit.source.posts):
            unit.count("sending refusals")
            return True
        if document and unit.errand.purpose is Purpose.market_sweep and unit.source.is_sellers(url):
            unit.count("seller page refusals")
            return True
        if document and (why := too_often(unit, url)):
            unit.wall = unit.wall or f"stopped: {why}"
            return True
        robots = self.crawler.get_downloader_middleware(Robots)
        request = Request(url)
        assert robots is not None
        try:
            robots.process_request_2(await robots.robot_parser(request), request)
        except IgnoreRequest:
            return True
        return False


async def _abort(route: Any) -> None:
    await route.abort()
