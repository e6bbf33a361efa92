"""The demonstration market shows what market.yml says, and the material beside it is what market.yml makes."""

import csv
import hashlib
import io
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

import imagehash
import numpy as np
import pytest
import yaml
from PIL import Image

from tests.market import Market, Posted, build, facts, start_market
from tests.market.awkward import digests, places, start_group
from tests.market.pictures import EDITS, draw, jpeg
from tests.market.truth import HERE

LD = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.S)
PHONE = re.compile(r"(?:\+44|\b0|\b44)(?:[\s().-]*\d){9,10}\b")
DRAMA = re.compile(r"0(?:7700900|161496|1632960)\d{3,4}")


@pytest.fixture(scope="module")
def running() -> Iterator[Market]:
    with start_market() as market:
        yield market


@pytest.fixture
def market(running: Market) -> Iterator[Market]:
    """The same servers, with nothing planted and nothing logged."""
    for site in running.sources.values():
        site.clear_requests()
    yield running
    for site in running.sources.values():
        site.clear_overrides()
        site.set_cookie, site.latency = None, 0.0
    running.rotate_picture_urls(False)


def fetch(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:
        return bytes(answer.read())


def get(url: str) -> str:
    return fetch(url).decode("utf-8")


def walk(start: str, link: str, onward: str) -> set[str]:
    """All item links behind a list page."""
    root = "/".join(start.split("/")[:3])
    seen: set[str] = set()
    found: set[str] = set()
    queue = [start]
    while queue:
        page = queue.pop()
        if page not in seen:
            seen.add(page)
            text = get(page)
            found |= set(re.findall(link, text))
            queue += [root + path for path in re.findall(onward, text)]
    return found


def products(page: str) -> list[dict[str, Any]]:
    data = [json.loads(block) for block in LD.findall(page)]
    flat = [node for each in data for node in (each if isinstance(each, list) else each.get("@graph", [each]))]
    return [node for node in flat if node["@type"] == "Product"]


def refs(market: Market, source: str) -> set[str]:
    return {each.ref for each in market.listings if each.source == source}


def test_the_shop_lists_its_goods_and_says_them_in_json_ld(market: Market) -> None:
    links = walk(market.shop.url + "all", r'class="card" href="/item/([\w-]+)"', r'rel="next" href="([^"]+)"')
    assert links == refs(market, "shop")
    for truth in (each for each in market.listings if each.source == "shop"):
        (product,) = products(get(market.url("shop", truth.ref)))
        offer = product["offers"][0] if isinstance(product["offers"], list) else product["offers"]
        assert (product["name"], product["sku"]) == (truth.title, truth.ref)
        assert round(float(offer["price"]) * 100) == truth.price and offer["priceCurrency"] == truth.currency
        images = product["image"] if isinstance(product["image"], list) else [product["image"]]
        assert len(images) == len(truth.pictures) and all(one.startswith(market.shop.url) for one in images)
    assert {each.page["markup"] for each in market.listings if each.source == "shop"} == {"graph", "list", "product"}


def test_a_basket_total_stands_before_the_price(market: Market) -> None:
    page = get(market.url("shop", "fo-105"))
    assert page.index("Basket total") < page.index("<h1>") < page.index("£165.00")


def test_the_classifieds_list_their_adverts_and_ghosts_that_are_none(market: Market) -> None:
    links = walk(market.classifieds.url + "ads", r'class="card-link" href="([^"?]+)', r'href="(/ads/page/\d+)"')
    assert {one.removeprefix("/ad/") for one in links if one.startswith("/ad/")} == refs(market, "classifieds")
    assert sum(one.startswith("/promo/") for one in links) == 5
    for truth in (each for each in market.listings if each.source == "classifieds"):
        page = get(market.url("classifieds", truth.ref))
        assert "application/ld+json" not in page and "itemprop" not in page
        assert f'href="/user/{truth.seller}"' in page
        assert get(f"{market.classifieds.url}user/{truth.seller}")
    assert {each.page["look"] for each in market.listings if each.source == "classifieds"} == {
        "plain",
        "was",
        "lazy",
        "srcset",
        "full",
        "entities",
    }


def test_the_wall_holds_cards_only(market: Market) -> None:
    assert set(re.findall(r'href="/wall\?pin=(\w+)"', get(market.classifieds.url + "wall"))) == refs(market, "wall")


def test_the_store_front_is_empty_without_javascript(market: Market) -> None:
    html = get(market.storefront.url) + get(market.url("storefront", "1"))
    items = json.loads(get(market.storefront.url + "api/items.json"))["items"]
    assert {one["url"].removeprefix("/item/") for one in items} == refs(market, "storefront")
    for truth in (each for each in market.listings if each.source == "storefront"):
        assert truth.title not in html and truth.price_text not in html and truth.place not in html
        data = json.loads(get(f"{market.storefront.url}api/item/{truth.ref}.json"))
        assert (data["title"], data["text"], data["price_text"]) == (truth.title, truth.text, truth.price_text)
        assert len(data["pictures"]) == len(truth.pictures)


def test_robots_forbids_pages_that_would_answer(market: Market) -> None:
    assert len(market.classifieds.forbidden) == 6
    for site in market.sources.values():
        robots = RobotFileParser()
        robots.parse(get(site.url + "robots.txt").splitlines())
        for path in site.forbidden:
            assert not robots.can_fetch("Touchstone", path)
            assert get(site.url.rstrip("/") + path)
        assert all(robots.can_fetch("Touchstone", path) for path in site.allowed)


def test_the_log_keeps_each_request_and_its_headers(market: Market) -> None:
    threads = [threading.Thread(target=get, args=(f"{market.shop.url}all?page={n}",)) for n in range(1, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = market.shop.requests
    assert Counter(each.path for each in log) == Counter(f"/all?page={n}" for n in range(1, 13))
    assert all(each.method == "GET" and "User-Agent" in each.headers and each.at.tzinfo for each in log)


def test_tests_can_plant_pages_and_cookies(market: Market) -> None:
    market.shop.override("/item/fo-101", b"", status=200)
    market.shop.override("/all?page=2", "gone", content_type="text/plain", status=410, headers={"Retry-After": "9"})
    assert get(market.url("shop", "fo-101")) == ""
    with pytest.raises(HTTPError) as gone:
        get(market.shop.url + "all?page=2")
    gone.value.close()
    assert (gone.value.code, gone.value.headers["Retry-After"]) == (410, "9")
    market.shop.clear_overrides()
    market.shop.set_cookie = "session=planted"
    with urlopen(market.shop.url + "all?page=2") as answer:
        assert answer.headers["Set-Cookie"] == "session=planted" and b"fo-109" in answer.read()


def test_tests_can_edit_the_live_site() -> None:
    with start_market() as market:
        for price, shown in ((8000, "£80.00"), (4500, "£45.00")):
            assert market.change("classifieds", "48201", price=price).price_text == shown
            assert f'<div class="price">{shown}</div>' in get(market.url("classifieds", "48201"))
        market.change("shop", "fo-101", price=1234, title="Other")
        (product,) = products(get(market.url("shop", "fo-101")))
        assert (product["name"], product["offers"]["price"]) == ("Other", "12.34")
        assert next(each for each in market.listings if each.ref == "48201").price == 4500


def test_picture_addresses_rotate_and_still_answer(market: Market) -> None:
    market.rotate_picture_urls()
    links = [re.findall(r'img src="([^"]*/img/[^"]*)"', get(market.url("shop", "fo-105")))[0] for _ in range(2)]
    assert links[0] != links[1] and links[0].split("?")[0] == links[1].split("?")[0]
    assert [fetch(one) for one in links] == [Posted("scarf_check").jpeg] * 2


def test_every_picture_resolves(market: Market) -> None:
    drawn = facts().drawings
    used = {posted.name for each in market.listings for posted in each.pictures}
    assert used <= drawn.keys() and {each.picture for each in facts().references} <= drawn.keys()
    assert all(set(posted.edits) <= EDITS.keys() for each in market.listings for posted in each.pictures)
    assert used == drawn.keys(), "drawn, but on no page"
    with urlopen(f"{market.classifieds.url}photos/classifieds-48217/1.jpg") as answer:
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.read() == Posted("quilted_black", ("mirror",)).jpeg


def test_some_pictures_are_shared_unedited_and_some_edited() -> None:
    """One file by two sellers, and each edit at least once."""
    whole: dict[str, set[str]] = {}
    edits: set[str] = set()
    for each in facts().listings:
        for posted in each.pictures:
            edits |= set(posted.edits)
            if not posted.edits:
                whole.setdefault(posted.name, set()).add(each.seller)
    assert {name for name, sellers in whole.items() if len(sellers) > 1} >= {"quilted_red", "puffer_navy"}
    assert edits == EDITS.keys() - {"thumb"}


def test_two_builds_give_the_same_bytes() -> None:
    drawing = facts().drawings["quilted_black"]
    for edits in ((), *((edit,) for edit in EDITS)):
        first = jpeg(drawing, edits)
        jpeg.cache_clear()
        assert jpeg(drawing, edits) == first
    assert jpeg(drawing, ("q30",)) != jpeg(drawing)


def test_an_edited_copy_stays_close_and_other_goods_stay_away() -> None:
    names = ["quilted_black", "lozenge_brown", "watch_gold", "puffer_navy", "trainer_red", "belt_tan", "official_tote"]
    hashes = {name: imagehash.phash(Image.open(io.BytesIO(Posted(name).jpeg))) for name in names}
    for name in names:
        for edit in ("q30", "small", "cast"):
            copy = imagehash.phash(Image.open(io.BytesIO(Posted(name, (edit,)).jpeg)))
            assert copy - hashes[name] <= 6, (name, edit)
        assert all(hashes[name] - hashes[other] >= 16 for other in names if other != name)


def test_phones_are_dramas_numbers_and_mail_goes_nowhere() -> None:
    """In every file and every text; spaced ones too."""
    texts = [path.read_text(encoding="utf-8") for path in HERE.rglob("*") if path.suffix in {".yml", ".py", ".csv", ".xml"}]
    assert any(PHONE.search(text) for text in texts)
    for text in texts:
        for hit in PHONE.findall(text):
            digits = re.sub(r"\D", "", hit)
            national = "0" + digits.removeprefix("44").removeprefix("0")
            assert DRAMA.fullmatch(national), hit
        for domain in re.findall(r"[\w.]+@([\w-]+\.[\w.-]*\w)", text):
            assert domain.endswith(".example"), domain


def test_the_truth_is_whole() -> None:
    data = facts()
    assert len({(each.source, each.ref) for each in data.listings}) == len(data.listings)
    for each in data.listings:
        assert each.title and each.reasons and each.pictures and each.label in {"honest", "trap", "suspect"}
        assert (each.price is None) == (each.currency is None)
        assert each.premises is None or each.premises in data.premises
        assert each.price is None or str(each.price // 100) in each.price_text.replace(",", "")
    places: dict[str, set[str]] = {}
    for seller in data.sellers.values():
        if seller.premises:
            places.setdefault(seller.premises, set()).add(seller.name)
    assert places["unit_2a"] == {"Northern Lux Closet", "Velvet Arcade"}


def test_registers_and_references_are_what_the_facts_make() -> None:
    data = facts()
    assert (HERE / "registers/wexcombe_fhrs.xml").read_bytes() == build.fhrs_xml(data)
    assert (HERE / "registers/wexcombe_units.csv").read_bytes() == build.units_csv(data)
    assert (HERE / "references/references.csv").read_bytes() == build.references_csv(data)
    rows = list(ET.parse(HERE / "registers/wexcombe_fhrs.xml").iter("EstablishmentDetail"))
    assert len(rows) == sum(each.fhrs is not None for each in data.premises.values())
    for each in data.references:  # pixels, not bytes: another libjpeg may write other bytes
        shipped = np.asarray(Image.open(HERE / "references" / f"{each.picture}.jpg"), dtype=np.int16)
        assert np.abs(shipped - np.asarray(draw(data.drawings[each.picture]), dtype=np.int16)).mean() < 6
    with (HERE / "references/prices.csv").open(encoding="utf-8", newline="") as file:
        assert all("demonstration" in row["source"] and float(row["price"]) > 0 for row in csv.DictReader(file))


def test_sources_are_written_with_the_real_ports(market: Market, tmp_path: Path) -> None:
    written = market.write_sources(tmp_path)
    assert [path.name for path in written] == [
        "demo_shop.yml",
        "demo_classifieds.yml",
        "demo_storefront.yml",
        "demo_wall.yml",
    ]
    for path in written:
        source = path.stem.removeprefix("demo_")
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert config["url"] == market.site(source).url and all(get(url) for url in config["start"])
        assert config["expect"]["listings"] == len(refs(market, source)) and config["legal"]
        for ref in refs(market, source):
            found = re.search(config["ref"], market.url(source, ref))
            assert found and found.group(1) == ref


def test_the_awkward_group_is_whole_and_its_sources_have_the_real_ports(tmp_path: Path) -> None:
    with start_group() as group:
        written = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in group.write_sources(tmp_path)}
        assert written.keys() == group.sources.keys()
        for name, place in group.sources.items():
            site, source = group.sites[place.name], written[name]
            assert source["url"] == site.url and source["expect"] == {"listings": len(place.goods)} and source["legal"]
            assert source["title"] == place.title and source["testing"] is True
            assert get(site.url + "robots.txt").startswith("User-agent: *\n")
        for place in places().values():
            assert len({each.ref for each in place.goods}) == len(place.goods) and place.goods
            for each in place.goods:
                assert (each.price is None) == (each.currency is None) and each.seller and each.pictures
                assert [
                    hashlib.sha256(fetch(f"{group.sites[place.name].base}/pic/{one}.png")).hexdigest()
                    for one in each.pictures
                    if one != "gone"
                ] == [*digests(each)]


def test_the_market_closes_cleanly() -> None:
    before = set(threading.enumerate())
    with start_market() as market:
        url = market.shop.url
        assert get(url)
    with pytest.raises(OSError):
        get(url)
    assert not {each for each in threading.enumerate() if each.name.startswith("market-")} - before
