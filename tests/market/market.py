"""Puts the three sites up together and gives tests their handles."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.market import classifieds, shop, sources, storefront
from tests.market.book import Book
from tests.market.server import Site
from tests.market.truth import Truth, facts

PAGE = {"shop": "item/{ref}", "classifieds": "ad/{ref}", "storefront": "item/{ref}", "wall": "wall?pin={ref}"}


@dataclass(frozen=True, slots=True)
class Market:
    """Three sources that run on loopback; the wall is a fourth, on the classifieds' host."""

    shop: Site
    classifieds: Site
    storefront: Site
    book: Book

    @property
    def sources(self) -> Mapping[str, Site]:
        return {"shop": self.shop, "classifieds": self.classifieds, "storefront": self.storefront}

    @property
    def listings(self) -> tuple[Truth, ...]:
        """The truth as market.yml has it, whatever `change` has done since."""
        return facts().listings

    def site(self, source: str) -> Site:
        return self.classifieds if source == "wall" else self.sources[source]

    def url(self, source: str, ref: str) -> str:
        """The address of a listing's own page."""
        return self.site(source).url + PAGE[source].format(ref=ref)

    def change(self, source: str, ref: str, **fields: Any) -> Truth:
        """Edits a listing on the live site: price (minor units), title, text, price_text, pictures …"""
        return self.book.change(source, ref, **fields)

    def rotate_picture_urls(self, on: bool = True) -> None:
        """From now on every picture's address carries a token that changes each time a page is served."""
        self.book.rotate = on

    def write_sources(self, folder: Path) -> list[Path]:
        """Writes demo_shop.yml, demo_classifieds.yml, demo_storefront.yml and demo_wall.yml with the real ports."""
        return sources.write_sources(folder, {name: self.site(name).url for name in PAGE}, Counter(each.source for each in self.listings))


@contextmanager
def start_market(ports: tuple[int, int, int] = (0, 0, 0)) -> Iterator[Market]:
    """Serves the market until the block ends; port 0 takes any free one."""
    book = Book()
    base: list[str] = []
    host: list[str] = []
    made: list[Site] = []
    try:
        for name, pages, module, port in (
            ("shop", shop.pages(book, base), shop, ports[0]),
            ("classifieds", classifieds.pages(book, host), classifieds, ports[1]),
            ("storefront", storefront.pages(book), storefront, ports[2]),
        ):
            made.append(Site(name, pages, port=port, forbidden=module.FORBIDDEN, allowed=module.ALLOWED))
        base.append(made[0].url.rstrip("/"))
        host.append(f"127.0.0.1:{made[1].port}")
        for site in made:
            site.start()
        yield Market(shop=made[0], classifieds=made[1], storefront=made[2], book=book)
    finally:
        for site in made:
            site.close()
