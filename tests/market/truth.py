"""Reads market.yml into values: what is truly on each page, and what one ought to find out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from tests.market.pictures import Drawing, jpeg

HERE = Path(__file__).parent
Label = Literal["honest", "trap", "suspect"]


@dataclass(frozen=True, slots=True)
class Posted:
    """A picture as one seller posted it: whose drawing it is, and what was done to it before."""

    name: str
    edits: tuple[str, ...] = ()

    @property
    def jpeg(self) -> bytes:
        return jpeg(facts().drawings[self.name], self.edits)

    @property
    def thumb(self) -> bytes:
        return jpeg(facts().drawings[self.name], (*self.edits, "thumb"))

    @classmethod
    def parse(cls, text: str) -> "Posted":
        name, _, edits = text.partition("@")
        return cls(name, tuple(edits.split("+")) if edits else ())


@dataclass(frozen=True, slots=True)
class Premises:
    """A unit of the invented parade or market hall; `role` tells decoys from those that hide a seller."""

    key: str
    name: str
    line1: str
    line2: str
    postcode: str
    latitude: float
    longitude: float
    role: str
    phone: str | None = None
    fhrs: int | None = None
    type: str | None = None
    rating: int | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Seller:
    """An account on one source. Name, place and phone are as the seller writes them."""

    source: str
    handle: str
    name: str
    place: str
    premises: str | None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A comparison picture of the demonstration's reference log."""

    picture: str
    kind: str
    brand: str
    provenance: str
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """One listing: every word on its page, and the answer."""

    source: str
    ref: str
    title: str
    text: str
    price: int | None
    currency: str | None
    price_text: str
    seller: str
    seller_name: str
    place: str
    pictures: tuple[Posted, ...]
    label: Label
    premises: str | None
    reasons: tuple[str, ...]
    page: Mapping[str, str] = field(default_factory=dict)  # how the page is made: look, markup, was, basket


@dataclass(frozen=True, slots=True)
class Facts:
    """All of market.yml."""

    premises: Mapping[str, Premises]
    drawings: Mapping[str, Drawing]
    references: tuple[Reference, ...]
    sellers: Mapping[tuple[str, str], Seller]
    listings: tuple[Truth, ...]


def _premises(raw: Mapping[str, Any]) -> Iterator[Premises]:
    for key, row in raw["premises"].items():
        rest = {name: value for name, value in row.items() if name != "anchor"}
        yield Premises(key=key, **raw["anchors"][row["anchor"]], **rest)


def _listings(raw: Mapping[str, Any], sellers: Mapping[tuple[str, str], Seller]) -> Iterator[Truth]:
    for source, rows in raw["listings"].items():
        for row in rows:
            seller = sellers[source, row["seller"]]
            yield Truth(
                source=source,
                ref=str(row["ref"]),
                title=row["title"],
                text=row["text"],
                price=row["price"],
                currency=row.get("currency", "GBP") if row["price"] is not None else None,
                price_text=row["price_text"],
                seller=seller.handle,
                seller_name=seller.name,
                place=seller.place,
                label=row["label"],
                pictures=tuple(Posted.parse(each) for each in row["pictures"]),
                premises=row.get("premises", seller.premises),
                reasons=tuple(row["reasons"].split("; ")),
                page={key: row[key] for key in ("look", "markup", "was", "basket") if key in row},
            )


@cache
def facts() -> Facts:
    """market.yml, read once."""
    raw = yaml.safe_load((HERE / "market.yml").read_text(encoding="utf-8"))
    sellers = {
        (source, handle): Seller(source=source, handle=handle, **row)
        for source, rows in raw["sellers"].items()
        for handle, row in rows.items()
    }
    return Facts(
        premises={each.key: each for each in _premises(raw)},
        drawings={name: Drawing(name, *row) for name, row in raw["pictures"].items()},
        references=tuple(Reference(**row) for row in raw["references"]),
        sellers=sellers,
        listings=tuple(_listings(raw, sellers)),
    )
