"""The saved real pages, each under its own path of one loopback site. Pictures lie on the sites' own servers and are never fetched."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

from tests.market.server import Response, Site

TEMPLATES = Path(__file__).resolve().parent / "sources"
PAGES = ("ebay_de", "amazon_com", "amazon_bestseller_de", "amazon_de_search")


def serve_pages(shared: Path) -> Site:
    """A site that answers with the bytes as they were saved; what the servers' headers said of them is lost, all four are UTF-8."""
    bodies = {f"/pages/{name}": gzip.decompress((shared / "data" / "pages" / f"{name}.html.gz").read_bytes()) for name in PAGES}

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        return Response(bodies[path]) if path in bodies else None

    site = Site("real-pages", respond, port=0, forbidden=(), allowed=tuple(bodies))
    site.start()
    return site


def write_source(folder: Path, name: str, site: Site, count: int = 0) -> Path:
    """A source's YAML in a working folder, with the port that its site really got."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (TEMPLATES / f"{name}.yml").read_text(encoding="utf-8")
    for key, value in (("${url}", site.url), ("$url", site.url), ("$count", str(count))):
        text = text.replace(key, value)
    path = folder / f"{name}.yml"
    path.write_text(text, encoding="utf-8")
    return path
