"""The saved real pages and extruct's samples, read and held against what was found in them by other means.

What a saved page holds was taken out of its bytes by hand and by regular expressions, without this project's code, and looked at card
by card; of it only counts, sums and digests are written down here. Of extruct's samples the expected output lies beside them.
"""

from __future__ import annotations

import gzip
import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from crawler.pages import Page, page_of
from crawler.platforms import _schema as schema
from crawler.platforms import read
from crawler.source import Source, read_source
from store.words.records import Capture, CaptureKind, Parsed, digest_of
from tests.real.pages import TEMPLATES

SAVED = datetime(2022, 12, 1, tzinfo=UTC)
HOSTS = {"ebay_de": "https://www.ebay.de/"}
KINDS = {  # page: how many prices are exact, a least one ("20 offers from"), a range, none
    "ebay_de": (62, 0, 2, 0),
    "amazon_com": (15, 15, 0, 0),
    "amazon_bestseller_de": (29, 1, 0, 0),
    "amazon_de_search": (58, 0, 0, 1),
}
TRUTH = {  # page: sum of the prices in minor units; digests of references in order, titles, prices and first pictures by reference
    "ebay_de": (
        2027822,
        "29bc242964dca5bf85c013255e097f1254dc7822fa1e2e1749aa3e3f5cdea96b",
        "c517d02f6b2338e889ac246a85ae665f55164f5251d0c2b06dd3f5fc91f25372",
        "fee1449d0c043b880f5595cda3421dc5264f39073a19b7bd9fc35bc419b17fe1",
        "d5d1ed69ede103ef7885f4be054bafa9f0f4bfd0dc3d4fc80f0f3be4c8caaeb6",
    ),
    "amazon_com": (
        89351,
        "0a02891e038c90beb605d4ecba29d072e31d97773993e184b4e7ea5105d4587f",
        "01115e9c918ba7434a4a91df0d5da7f8dc436b1feea05940cc2dc5964dabd497",
        "f2d4ea86f96ca2b884dbbfb88793911ce40cbeeec2bec21073ca6687b6e25d59",
        "2d23559ef1475086ac5e09f92d9bb83e46b3b718e25a58a5bf1ffa475a63b6d9",
    ),
    "amazon_bestseller_de": (
        140359,
        "9953c638b62d7a9cbdad12e25e895cde40e4a42860506ddfdcfe8e5b7ff3516a",
        "a8197f3028249a30223a45ce2542d2a985be9aef91ec895a51970d1fe06100b6",
        "1e7b78db35ef012ab61f833dc533d4e5fd62bbc4a2a8a488cff8cd3fb88d8841",
        "30f4d6d331eba5dbf7c343cb7a2cf648faedd74b22f4ea04a68585fa83f10e43",
    ),
    "amazon_de_search": (
        100042,
        "c02b88b4f3198199b61aeb02cfb667fce985c64c3e5f2f802e7da98cdb494614",
        "37fea89d6dc74fcfc7a003eaa964f4bbd3e62c0ffdbb016e54f4cd8c83eaaa6b",
        "cc286b466bd5da39652f745bd97ba7e11d58f526976b23f7808285268379d790",
        "5f82262e2c6e6eec2fbf5d49018d21ddc7f2b0e9e07d2bbc67d3f63e3b2ce183",
    ),
}


def _page(url: str, body: bytes, kind: str = "text/html") -> Page:
    capture = Capture(1, "", "s", CaptureKind.page, "GET", url, url, (), 200, (), (("Content-Type", kind),), "", 0, SAVED, SAVED)
    return page_of(capture, body)


def _saved(shared: Path, folder: Path, name: str) -> list[Parsed]:
    """The page's listings, each reference once, as the reader of pages keeps them."""
    host = HOSTS.get(name, "https://www.amazon.de/")
    text = (TEMPLATES / f"{name}.yml").read_text(encoding="utf-8").replace("${url}", host).replace("$url", host)
    path = folder / f"{name}.yml"
    path.write_text(text, encoding="utf-8")
    source = read_source(path)
    body = gzip.decompress((shared / "data" / "pages" / f"{name}.html.gz").read_bytes())
    first: dict[str, Parsed] = {}
    for each in read(_page(source.start[0], body), source):
        assert each.ref and each.url
        first.setdefault(each.ref, each)
    return list(first.values())


@pytest.mark.parametrize("name", TRUTH)
def test_a_saved_page_reads_as_it_was_read_by_hand(shared: Path, tmp_path: Path, name: str) -> None:
    total, order, titles, prices, pictures = TRUTH[name]
    found = _saved(shared, tmp_path, name)
    assert digest_of([each.ref for each in found]) == order
    assert digest_of([[each.ref, " ".join(each.snapshot.title.split())] for each in found]) == titles
    assert sum(each.snapshot.price_minor or 0 for each in found) == total
    assert digest_of([[each.ref, each.snapshot.price_minor] for each in found]) == prices
    assert digest_of([[each.ref, each.images[0]] for each in found]) == pictures
    kinds = [each.details.price_kind for each in found]
    assert tuple(kinds.count(kind) for kind in ("exact", "from", "range", "")) == KINDS[name]
    assert not [each.ref for each in found if each.notes]


def test_the_recommended_prices_of_a_saved_page_are_read_beside_the_asked(shared: Path, tmp_path: Path) -> None:
    found = _saved(shared, tmp_path, "amazon_de_search")
    assert sum(bool(each.details.price_was_text) for each in found) == 32
    stated = [[each.ref, each.details.price_was_text] for each in found]
    assert digest_of(stated) == "d2bd40919942672ac7ae1536da2c30a2795e7bac4bc24d23f386f966e0c44350"


# -- extruct's samples ---------------------------------------------------------------------------------------------------------
BASE = "https://sample.example/dir/page"
MICRODATA = (
    "schema.org/Event.001",
    "schema.org/Event.002",
    "schema.org/Event.003",
    "schema.org/Event.004",
    "schema.org/Event.008",
    "schema.org/CreativeWork.001",
    "schema.org/LocalBusiness.002",
    "schema.org/LocalBusiness.003",
    "schema.org/MusicRecording.001",
    "schema.org/SearchAction.001",
    "schema.org/product",
    "schema.org/product-ref",
    "websites/microdata-with-description",
)


def _sample(shared: Path, name: str) -> Path:
    return shared / "data" / "pages" / "extruct-samples" / name


def _same(ours: Any, expected: Any) -> bool:
    """Whether we read what extruct expects: its `type` and `properties` are our `@type` and keys, and an address may be made whole."""
    if isinstance(expected, list) and isinstance(ours, list):
        return len(ours) == len(expected) and all(map(_same, ours, expected))
    if isinstance(expected, dict) and isinstance(ours, dict):
        told = {**expected.get("properties", {}), "@type": expected.get("type", ""), "@id": expected.get("id", "")}
        if "value" in expected:
            told["name"] = expected["value"]
        said = {key: value for key, value in ours.items() if value != ""}
        told = {key: value for key, value in told.items() if value != ""}
        return said.keys() == told.keys() and all(_same(said[key], told[key]) for key in said)
    return bool(ours == expected or (isinstance(expected, str) and ours == urljoin(BASE, expected)))


@pytest.mark.parametrize("name", MICRODATA)
def test_microdata_of_a_sample(shared: Path, name: str) -> None:
    path = _sample(shared, name)
    expected = json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8"))
    found = schema.microdata(_page(BASE, path.with_name(path.name + ".html").read_bytes()))
    assert expected and _same(found, expected)


@pytest.mark.parametrize("name", ["schema.org/CreativeWork.001", "misc/null_ld_mock"])
def test_json_ld_of_a_sample(shared: Path, name: str) -> None:
    path = _sample(shared, name)
    expected = json.loads(path.with_name(path.name + ".jsonld").read_text(encoding="utf-8"))
    assert expected and schema.json_ld(_page(BASE, path.with_name(path.name + ".html").read_bytes())) == expected


OPEN_GRAPH = {
    "og:title": "title",
    "og:image": "image",
    "og:url": "url",
    "og:description": "description",
    "article:published_time": "posted",
    "product:price:amount": "price",
    "product:price:currency": "currency",
    "product:availability": "availability",
    "product:condition": "condition",
    "product:retailer_item_id": "sku",
}


@pytest.mark.parametrize(("name", "number"), [("opengraph_test", 5), ("opengraph_ns_product_test", 9)])
def test_open_graph_of_a_sample(shared: Path, name: str, number: int) -> None:
    path = _sample(shared, f"misc/{name}.json")
    [expected] = json.loads(path.read_text(encoding="utf-8"))
    found = schema.open_graph(_page(BASE, path.with_suffix(".html").read_bytes()))
    found.pop("product", None)
    told: dict[str, list[str]] = {}
    for key, value in expected["properties"]:
        if key in OPEN_GRAPH:
            told.setdefault(OPEN_GRAPH[key], []).append(value)
    assert sum(map(len, told.values())) == number and found == told


@pytest.mark.parametrize(
    ("name", "says"),
    [  # read off the pages' source: price, currency, kind of price, condition, stock, names a seller, a brand, pictures
        ("schema.org/product", (11999, "USD", "exact", "UsedCondition", "InStock", True, True, 1)),
        ("schema.org/product-ref", (11999, "USD", "exact", "UsedCondition", "InStock", True, True, 2)),
        ("misc/product_microdata", (11999, "USD", "exact", "UsedCondition", "InStock", True, True, 1)),
        ("websites/microdata-with-description", (529, "GBP", "range", "NewCondition", "InStock", False, True, 1)),
        ("misc/opengraph_ns_product_test", (1799, "USD", "exact", "new", "InStock", False, False, 1)),
    ],
)
def test_the_product_of_a_sample(shared: Path, tmp_path: Path, name: str, says: tuple[Any, ...]) -> None:
    path = _sample(shared, name)
    body = path.with_name(path.name + ".html").read_bytes()
    [found] = read(_page(BASE, body), _schema_source(tmp_path))
    words, beside = found.snapshot, found.details
    assert (
        words.price_minor,
        words.currency,
        beside.price_kind,
        words.condition,
        beside.quantity_text,
        bool(words.seller),
        bool(words.brand),
        len(found.images),
    ) == says
    # its title and the whole of its words stand in the page, apart from the markup
    shown = " ".join(words_of(body).split())
    assert words.title and words.title in shown
    assert all(line in shown for line in (" ".join(each.split()) for each in words.text.split("\n")) if line)


@pytest.mark.parametrize(
    "name",
    ["schema.org/Event.001", "schema.org/LocalBusiness.003", "schema.org/SearchAction.001", "misc/null_ld_mock", "misc/opengraph_test"],
)
def test_a_sample_that_offers_nothing_gives_no_listing(shared: Path, tmp_path: Path, name: str) -> None:
    path = _sample(shared, name)
    assert read(_page(BASE, path.with_name(path.name + ".html").read_bytes()), _schema_source(tmp_path)) == []


def _schema_source(folder: Path) -> Source:
    path = folder / "sample.yml"
    path.write_text("title: Sample\nkind: marketplace\nurl: https://sample.example/\nplatform: schema_org\n", encoding="utf-8")
    return read_source(path)


def words_of(body: bytes) -> str:
    """All that a page says, by other means than the reader's: tags cut out, entities resolved (twice, since JSON in it may hold some)."""
    return html.unescape(html.unescape(re.sub(r"<(?!script|meta)[^>]*>", " ", body.decode("utf-8", "replace")))).replace("\\u0027", "'")
