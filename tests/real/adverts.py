"""Real adverts of ../shared/data/text as a classifieds site without structured data, on loopback.

What a row is (its label, its kind, where it was collected) is on no page and in no address: adverts are numbered after a shuffle,
and whoever wants the truth joins the number to the row in memory.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tests.market.server import Response, Site

SEED = 20261122
A_PAGE = 100
FIRST = 100_001
_PAGE = "<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title></head><body>{body}</body></html>"


@dataclass(frozen=True, slots=True)
class Advert:
    """A row, under the number that it is served as."""

    ref: str
    title: str
    text: str
    price_text: str
    brand: str
    label: str  # suspicious | ordinary: on no page
    kind: str
    origin: str


def read_adverts(shared: Path, suspicious: int | None = None, ordinary: int = 1240, seed: int = SEED) -> list[Advert]:
    """So many suspicious rows (None: all 1,260) and a seeded sample of ordinary ones with a brand, shuffled together."""
    with gzip.open(shared / "data" / "text" / "train.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chance = random.Random(seed)
    fakes = [row for row in rows if row["label"] == "suspicious"]
    others = [row for row in rows if row["label"] == "ordinary" and row["brand"].strip()]
    chosen = (fakes if suspicious is None else chance.sample(fakes, suspicious)) + chance.sample(others, ordinary)
    chance.shuffle(chosen)
    return [_advert(str(FIRST + number), row) for number, row in enumerate(chosen)]


def _advert(ref: str, row: Mapping[str, str]) -> Advert:
    price_text = f"{row['price']} {row['currency']}".strip()
    return Advert(ref, row["title"], row["description"], price_text, row["brand"], row["label"], row["kind"], row["source"])


def serve_adverts(adverts: Sequence[Advert]) -> Site:
    by_ref = {advert.ref: advert for advert in adverts}

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/adverts":
            return _html("Adverts", _list(adverts, int(query.get("page", "1"))))
        advert = by_ref.get(path.removeprefix("/advert/"))
        return _html(advert.title, _item(advert)) if advert else None

    site = Site("real-adverts", respond, port=0, forbidden=(), allowed=("/adverts",))
    site.start()
    return site


def _list(adverts: Sequence[Advert], page: int) -> str:
    """A hundred links, and where the next hundred are."""
    here = adverts[(page - 1) * A_PAGE : page * A_PAGE]
    links = "".join(f"<li><a href='/advert/{each.ref}'>{escape(each.title)}</a></li>" for each in here)
    more = f"<a class=next href='/adverts?page={page + 1}'>next</a>" if page * A_PAGE < len(adverts) else ""
    return f"<ul class=adverts>{links}</ul>{more}"


def _item(advert: Advert) -> str:
    brand = f"<p>Brand: <span class=brand>{escape(advert.brand)}</span></p>" if advert.brand else ""
    return f"<h1>{escape(advert.title)}</h1><p class=price>{escape(advert.price_text)}</p>{brand}<div class=description>{escape(advert.text)}</div>"


def _html(title: str, body: str) -> Response:
    return Response(_PAGE.format(title=escape(title), body=body).encode())
