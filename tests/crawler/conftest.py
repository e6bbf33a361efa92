"""A working folder, a small site that tests can edit, and ways to crawl it."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from crawler import run as crawl
from store.config import Home, defaults_folder
from store.runs import PassResult
from store.store import Store
from tests.market.pictures import COLOURS
from tests.market.server import Response, Site

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """title: Mini (test)
kind: {kind}
url: {url}
start: ['{start}']
platform: {platform}
legal: A loopback test.
follow: {follow}
expect: {{listings: {expect}}}
delay: 0
concurrency: 4
testing: true
ref: '{ref}'
"""


def picture(colour: str = "red", size: int = 40) -> bytes:
    """A small PNG of its own colour."""
    out = io.BytesIO()
    Image.new("RGB", (size, size), COLOURS[colour]).save(out, "PNG")
    return out.getvalue()


def plain_picture(name: str, size: int) -> bytes:
    """A small JPEG whose bytes follow from its name."""
    out = io.BytesIO()
    colour = hashlib.sha256(name.encode()).digest()
    Image.new("RGB", (size, size), (colour[0], colour[1], colour[2])).save(out, "JPEG", comment=name.encode())
    return out.getvalue()


@dataclass
class Mini:
    """A shop of a few goods with JSON-LD. `goods`: ref → (title, price, picture address); `pages` go before; all may change while it runs."""

    goods: dict[str, tuple[str, str, str]] = field(
        default_factory=lambda: {str(n): (f"Bag {n}", f"{n}00.00", f"/p/{n}.png") for n in (1, 2, 3)}
    )
    pages: dict[str, Response] = field(default_factory=dict)
    robots: str = "User-agent: *\nDisallow: /private\n"
    site: Any = None

    def respond(self, path: str, query: Any) -> Response | None:
        if path in self.pages:
            return self.pages[path]
        if path == "/robots.txt":
            return Response(self.robots.encode(), "text/plain")
        if path == "/":
            return Response("".join(f"<a class=card href='/item/{ref}'>{each[0]}</a>" for ref, each in self.goods.items()).encode())
        if path.startswith("/p/"):
            return Response(picture(list(COLOURS)[int(path[3:-4].split("-")[0])]), "image/png")
        return self._item(path.removeprefix("/item/")) if path.startswith("/item/") else None

    def _item(self, ref: str) -> Response | None:
        if ref not in self.goods:
            return None
        title, price, image = self.goods[ref]
        product = {
            "@context": "https://schema.org",
            "@type": "Product",
            "name": title,
            "sku": ref,
            "image": image,
            "offers": {"@type": "Offer", "price": price, "priceCurrency": "GBP"},
        }
        return Response(f"<h1>{title}</h1><script type='application/ld+json'>{json.dumps(product)}</script>".encode())

    def write(self, home: Home, name: str = "mini", more: str = "", **fields: Any) -> Path:
        """Its YAML in a working folder; `fields` replace what stands in SOURCE, `more` is added to it."""
        values = {
            "kind": "shop",
            "url": self.site.url,
            "start": self.site.url,
            "platform": "schema_org",
            "follow": "{listing: a.card}",
            "expect": 1,
            "ref": r"/item/(\w+)",
        }
        path = home.folder / "configs" / "sources" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SOURCE.format(**(values | fields)) + more, encoding="utf-8")
        return path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder = tmp_path / "home"
    (folder / "configs" / "sources").mkdir(parents=True)
    shutil.copy(defaults_folder() / "touchstone.yml", folder / "configs" / "touchstone.yml")
    return Home(folder)


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def mini() -> Iterator[Mini]:
    shop = Mini()
    shop.site = Site("mini", shop.respond, port=0, forbidden=(), allowed=())
    shop.site.start()
    yield shop
    shop.site.close()


@dataclass(frozen=True)
class Crawling:
    """Crawls of one working folder."""

    home: Home
    store: Store

    def __call__(self, *names: str, **more: Any) -> PassResult:
        return crawl.run(self.store, self.home, sources=names or None, **more)

    def patched(self, name: str, code: str) -> tuple[int, dict[str, Any]]:
        """Crawl in a process that runs `code` first: exit status and the result's line."""
        program = f"{code}\nimport sys\nfrom crawler.unit import main\nsys.exit(main([{str(self.home.folder)!r}, {name!r}]))"
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
        rows = [json.loads(row) for row in done.stdout.splitlines()]
        assert rows, done.stderr
        return done.returncode, rows[-1]["result"]

    def listings(self) -> dict[str, Any]:
        """What is kept of each listing, by reference: its words and pictures."""
        with self.store.acting("system", purpose="test") as reader:
            return {
                f"{each.listing.source}/{each.listing.ref}": (
                    each.snapshot.words(),
                    tuple(i.sha256 for i in reader.listing_images(each.listing.id or 0)),
                )
                for each in reader.summaries(limit=10_000)
            }

    def history(self, source: str, ref: str) -> list[Any]:
        with self.store.acting("system", purpose="test") as reader:
            return reader.history(reader.listing(source, ref).listing.id or 0)

    def captures(self, **which: Any) -> list[Any]:
        with self.store.acting("system", purpose="test") as reader:
            return reader.captures_of(limit=10_000, **which)

    def payload(self, capture: Any) -> bytes:
        with self.store.acting("system", purpose="test") as reader:
            return reader.payload(capture.id)


@pytest.fixture
def crawling(home: Home, store: Store) -> Crawling:
    return Crawling(home, store)
