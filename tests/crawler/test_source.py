"""A source's YAML: what it may say, what is refused and how that is said."""

from pathlib import Path

import pytest

from crawler import source as sources
from crawler.loader import Loader, spider_of
from crawler.platforms import parser_version
from crawler.reading import role
from crawler.source import Source, is_inner, read_source
from store.config import ConfigError, Home
from store.errors import TouchstoneError
from store.words.hosts import host_of

GOOD = """title: Test
kind: shop
url: https://www.shop.example/
platform: selectors
legal: Agreed with the site.
expect: {listings: 5}
ref: '/item/(\\d+)'
follow: {listing: a.card, next: 'a[rel=next]'}
selectors: {title: h1, price: [.now, .price]}
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "shop.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_one(tmp_path: Path) -> None:
    source = read_source(_written(tmp_path, GOOD))
    assert source.name == "shop" and source.refusal() == "" and source.start == ("https://www.shop.example/",) and source.delay == 2.0
    assert source.selectors and source.selectors.title == ("h1",) and source.selectors.price == (".now", ".price")
    assert (
        source.owns("http://shop.example/x")
        and not source.owns("https://shop.example.evil.example/")
        and not source.owns("https://shop.example:8443/")
    )
    assert role(source, "https://shop.example/item/4") == "item" and role(source, "https://shop.example/bags") == "list"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "platform: selectors",
            "platform: selektors",
            "shop.yml: platform: there is no platform 'selektors'; there are: ebay_browse, json_api, magento, prestashop, schema_org, selectors, shopify, woocommerce; did you mean 'selectors'?",
        ),
        ("a.card", "'a..card'", "is not a CSS selector"),
        ("'/item/(\\d+)'", "'/item/(\\d+'", "holds no regular expression"),
        ("ref:", "#ref:", "`follow.listing` needs `ref:`"),
        ("https://www.shop.example/", "www.shop.example", "is not a web address"),
        ("listings: 5", "listings: 0", "expect at least 1"),
        ("price:", "prise:", "did you mean 'price'"),
        ("kind: shop", "kind: stall", "one of shop, marketplace"),
        ("kind: shop", "kind: [shop", "not YAML"),
    ],
)
def test_a_bad_one_is_refused_in_a_sentence(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(TouchstoneError, match="(?s)" + ".*".join(map(_escaped, says.split("…")))) as refused:
        read_source(_written(tmp_path, GOOD.replace(old, new)))
    assert "shop.yml" in str(refused.value)


def _escaped(text: str) -> str:
    import re

    return re.escape(text)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("legal: Agreed with the site.\n", "", "no legal note"),
        ("expect: {listings: 5}\n", "", "does not say what it expects"),
        ("legal:", "delay: 0.1\nlegal:", "at least 0.5 s"),
        ("https://www.shop.example/", "http://10.0.0.8/", "its own network"),
        ("https://www.shop.example/", "http://[::1]:8000/", "its own network"),
    ],
)
def test_one_that_may_not_start(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert says in read_source(_written(tmp_path, GOOD.replace(old, new))).refusal()


def test_hosts() -> None:
    assert (
        host_of("https://WWW.Shop.example:443/x") == "shop.example"
        and host_of("http://a.example:8080") == "a.example:8080"
        and host_of("http://[") == host_of("http://a.example:x/") == ""
    )
    assert all(map(is_inner, ("localhost", "127.0.0.1:80", "192.168.1.1", "169.254.169.254", "x.internal"))) and not is_inner(
        "shop.example"
    )


def test_a_changed_selector_is_a_new_parser_version(tmp_path: Path) -> None:
    versions = {
        parser_version(read_source(_written(tmp_path, text)))
        for text in (GOOD, GOOD.replace("h1", "h2"), GOOD.replace("legal: A", "legal: B"))
    }
    assert len(versions) == 2, "the legal note is no part of how a page is read"
    assert all(version.startswith("selectors/") and len(version) <= 80 for version in versions)


def test_a_source_with_code_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NAME.py in crawler/sources, found by its file; two spiders in it, or none, are refused."""
    import crawler.sources

    monkeypatch.setattr(crawler.sources, "__path__", [str(tmp_path / "code")])
    (tmp_path / "code").mkdir()
    source = read_source(_written(tmp_path, GOOD))
    assert spider_of(source).__bases__[0].__name__ == "SourceSpider"
    (tmp_path / "code" / "shop.py").write_text(
        "from crawler.spider import SourceSpider\n\n\nclass Shop(SourceSpider):\n    async def start(self):\n        yield self.ask(self.source.url + 'new')\n"
    )
    spider = spider_of(source)
    assert spider.__bases__[0].__name__ == "Shop" and spider.name == "shop" and spider.source is source


def test_shipped_sources_contact_nobody() -> None:
    """A scan with the shipped configuration alone finds no source to ask."""
    assert Loader(Home(Path("/nonexistent"))).list() == []


def test_every_field_is_explained() -> None:
    page = (Path(sources.__file__).resolve().parents[1] / "docs" / "add-a-source.md").read_text(encoding="utf-8")
    from dataclasses import fields

    assert [each.name for each in fields(Source) if each.init and f"`{each.name}" not in page and f"{each.name}:" not in page] == []


def test_unknown_source(tmp_path: Path) -> None:
    with pytest.raises(TouchstoneError, match="there is no source 'nowhere'"):
        sources.find_sources(Home(tmp_path), ["nowhere"])
    with pytest.raises(ConfigError, match="no such file"):
        read_source(tmp_path / "none.yml")
