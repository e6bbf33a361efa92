"""What every site of the awkward group has: its goods, robots.txt, pictures, and a memory of what it was asked."""

import gzip
import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any, ClassVar

import brotli

from tests.market.awkward.truth import GONE, NO_PICTURE, PAGE, Goods, picture, places
from tests.market.server import Request, Response, Site

PICTURE = "image/png"


class Awkward(Site):
    """One site on its own port. A subclass says what stands at a path; `times` counts how often a path was asked."""

    name: ClassVar[str]
    robots: ClassVar[str] = "User-agent: *\nDisallow: /basket\nDisallow: /admin/\n"

    def __init__(self) -> None:
        super().__init__(type(self).name, lambda path, query: None, port=0, forbidden=(), allowed=())
        self.goods: tuple[Goods, ...] = places()[self.name].goods if self.name in places() else ()
        self.by_ref = {each.ref: each for each in self.goods}
        self.others: Mapping[str, Awkward] = {}
        self._times: Counter[str] = Counter()
        self._counting = threading.Lock()

    @property
    def base(self) -> str:
        return self.url.rstrip("/")

    def times(self, what: str) -> int:
        """How often that was asked, this time included."""
        with self._counting:
            self._times[what] += 1
            return self._times[what]

    def page(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/robots.txt":
            return Response(self.robots.encode(), "text/plain; charset=utf-8")
        if path == "/favicon.ico":
            return Response(b"", "image/x-icon", 204)
        if path.startswith("/pic/"):
            return _picture(path.removeprefix("/pic/").removesuffix(".png"))
        return self.respond(request, path, query)

    def respond(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        """What the site says at a path; None where there is nothing."""
        return None

    def pictures(self, goods: Goods, base: str | None = None) -> list[str]:
        """The whole addresses of a listing's pictures, in order."""
        return [f"{self.base if base is None else base}/pic/{name}.png" for name in goods.pictures]


def _picture(name: str) -> Response | None:
    if name == GONE:
        return None
    return Response(NO_PICTURE) if name == PAGE else Response(picture(name), PICTURE)


def html(title: str, body: str, head: str = "", marks: str = "") -> Response:
    """A page in UTF-8 that says so; `marks` are the attributes of its body."""
    return Response(
        f"""<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>{escape(title)}</title>
{head}</head><body{marks and " " + marks}>
{body}
<footer>Loopback demonstration: every shop, seller and advert is invented.</footer></body></html>""".encode()
    )


def data(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8", status)


def json_ld(value: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(value, ensure_ascii=False).replace("</", "<" + chr(92) + "/")}</script>'


def moved(to: str) -> Response:
    return Response(b"", status=301, headers={"Location": to})


def encoded(response: Response, encoding: str, request: Request) -> Response:
    """The answer in a content-encoding that the asker accepts, or in chunks."""
    if encoding == "chunked":
        return replace(response, chunked=True)
    if not encoding or encoding not in request.headers.get("Accept-Encoding", ""):
        return response
    body = gzip.compress(response.body) if encoding == "gzip" else brotli.compress(response.body)
    return replace(response, body=body, headers={**response.headers, "Content-Encoding": encoding})


def number(query: Mapping[str, str], name: str = "page", default: int = 1) -> int:
    said = query.get(name, "")
    return int(said) if said.isdigit() else default


def part(goods: Sequence[Goods], page: int, size: int) -> Sequence[Goods]:
    """The page-th part of them, counted from 1."""
    return goods[(page - 1) * size : page * size]
