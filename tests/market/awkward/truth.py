"""Reads facts.yml into values: what each site of the awkward group truly offers."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from PIL import Image
from PIL.PngImagePlugin import PngInfo

HERE = Path(__file__).parent
GONE, PAGE = "gone", "page"  # a picture that answers 404, and one that answers with a web page
NO_PICTURE = b"<!doctype html><title>Sign in</title><p>This picture is for members."


@dataclass(frozen=True, slots=True)
class Goods:
    """One listing of a site: the words of its database, and how its page is made."""

    site: str
    ref: str
    title: str
    text: str
    price: int | None
    currency: str | None
    price_text: str
    kind: str = ""  # exact | from | range | free | on_request; "" where the page does not say
    was: str = ""
    vat: str = ""
    brand: str = ""
    category: str = ""
    condition: str = ""
    seller: str = ""
    seller_name: str = ""
    place: str = ""
    posted: str = ""  # a date, or how long ago: -3d, -2h
    posted_text: str = ""
    quantity: int | None = None
    quantity_text: str = ""
    sold: int | None = None
    sold_text: str = ""
    pictures: tuple[str, ...] = ()
    page: Mapping[str, Any] = field(default_factory=dict)
    traits: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """Its name in addresses that are made of titles."""
        return str(self.page.get("slug") or self.title.lower().replace(" ", "-"))

    @property
    def amount(self) -> str:
        """The price as a plain decimal; "" where there is none."""
        return "" if self.price is None else f"{self.price / 100:.2f}"


@dataclass(frozen=True, slots=True)
class Place:
    """A site of the group, and the sources that crawl it."""

    name: str
    title: str
    sources: tuple[str, ...]
    goods: tuple[Goods, ...]
    by_slug: tuple[str, ...] = ()  # sources to which the slug in an address is the reference

    def expected(self, source: str) -> dict[str, Goods]:
        """What a source of this place must bring, by its own reference."""
        return {each.slug if source in self.by_slug else each.ref: each for each in self.goods}


def _goods(site: str, row: Mapping[str, Any]) -> Goods:
    row = dict(row)
    many = row.pop("pictures", 0)
    names = [f"{site}-{row['ref']}-{n}" for n in range(1, many + 1)] if isinstance(many, int) else many
    price = row["price"]
    row["currency"] = row["currency"] if price is not None else None
    row.setdefault("price_text", "" if price is None else f"{price / 100:.2f}")
    row["posted"] = str(row.get("posted", ""))
    text = row["text"] + "".join(f"\nRow {n} of its long story, which goes on." for n in range(row.get("page", {}).get("long", 0)))
    return Goods(site, **{**row, "text": text, "pictures": tuple(names), "traits": tuple(row.get("traits", ()))})


def _rows(stated: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for row in stated["listings"]:
        yield {**stated["all"], **row}
    for n in range(1, stated.get("count", 0) + 1):
        yield {
            **stated["all"],
            "ref": f"p{n}",
            "title": f"Pin {n}",
            "text": "",
            "price": 100 * n,
            "price_text": f"£{n}",
            "traits": ["endless scroll, cards let go"],
        }


@cache
def places() -> Mapping[str, Place]:
    """facts.yml, read once."""
    raw = yaml.safe_load((HERE / "facts.yml").read_text(encoding="utf-8"))
    return {
        name: Place(
            name,
            stated["title"],
            tuple(stated["sources"]),
            tuple(_goods(name, row) for row in _rows(stated)),
            tuple(stated.get("by_slug", ())),
        )
        for name, stated in raw.items()
    }


@cache
def picture(name: str) -> bytes:
    """A small PNG that follows from its name; no two names give the same bytes."""
    out, note = io.BytesIO(), PngInfo()
    note.add_text("Title", name)
    red, green, blue = sha256(name.encode()).digest()[:3]
    Image.new("RGB", (24, 24), (red, green, blue)).save(out, "PNG", pnginfo=note)
    return out.getvalue()


def digests(goods: Goods) -> tuple[str, ...]:
    """SHA-256 of the listing's pictures, in order; one that answers 404 has none."""
    return tuple(sha256(NO_PICTURE if name == PAGE else picture(name)).hexdigest() for name in goods.pictures if name != GONE)
