"""Rules of a source's YAML: CSS, an attribute, a pattern; refused by file, line and field where they cannot be meant."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from parsel import Selector

from crawler.platforms import parser_version, read
from crawler.platforms._rules import first, link, pictures, rule_of
from crawler.source import Source, read_source
from store.config import ConfigError
from tests.crawler.test_platforms import _page

GOOD = """title: Ads
kind: classifieds
url: https://ads.example/
platform: selectors
selectors:
  title: h1
  sold: '.facts ~ /(\\d+) sold/'
"""
PAGE = """<h1>Bag</h1><p class="facts" data-n="id=77;x">12 sold, 3 left</p><p class="facts">second</p>
<a class="go" onclick="location='/shop/north'" href="#">go</a><i style="background:url(/1.jpg)"></i><i style="background:url(/2.jpg)"></i>"""


def _source(folder: Path, text: str) -> Source:
    path = folder / "ads.yml"
    path.write_text(text, encoding="utf-8")
    return read_source(path)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("h1", "Bag"),
        (".facts@data-n", "id=77;x"),
        (r".facts ~ /(\d+) sold/", "12"),
        (r".facts ~ /\d+ left/", "3 left"),
        (r".facts ~ /(\d+) (?:gone)|(\d+) left/", "3"),
        (".facts ~ /SECOND/i", "second"),
        (".facts ~ /SECOND/", ""),
        (r".facts@data-n ~ /id=(\d+)/", "77"),
        (r".facts @ data-n ~ /id=(\d+)/", "77"),
        (r".facts ~ /12 sold, (\d+) left@?/", "3"),
        ("h1 ~ .facts", "12 sold, 3 left"),  # a brother, not a pattern
        ("h1 ~ .facts ~ /left$/", "left"),
    ],
)
def test_a_rule_finds(rule: str, says: str) -> None:
    assert first(Selector(text=PAGE, type="html"), (rule,)) == says


def test_patterns_in_links_and_pictures() -> None:
    page, base = Selector(text=PAGE, type="html"), "https://ads.example/ad/1"
    assert link(page, (".go@onclick ~ /location='(.+?)'/",), base) == "https://ads.example/shop/north"
    assert pictures(page, (r"i@style ~ /url\((.+?)\)/",), base) == ("https://ads.example/1.jpg", "https://ads.example/2.jpg")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("/(\\d+) sold/", "/(\\d+ sold/", "ads.yml:6: selectors: sold: '.facts ~ /(\\d+ sold/' holds no regular expression: missing )"),
        ("/(\\d+) sold/", "//", "holds no regular expression: it is empty"),
        (".facts ~", ".facts[ ~", "is not a CSS selector"),
        ("sold:", "sould:", "unknown key 'sould'; did you mean 'sold'?"),
        (
            "selectors:\n",
            "follow: {next: 'a.next ~ /x/'}\nselectors:\n",
            "follow: next: 'a.next ~ /x/' holds a pattern: links are found by CSS",
        ),
        ("selectors:\n  title: h1\n", "cards:\n  card: 'li ~ /x/'\n  title: h1\n  url: a\n", "card: 'li ~ /x/' must be CSS alone"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_by_file_line_and_field(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as refused:
        _source(tmp_path, GOOD.replace(old, new))
    assert says in str(refused.value) and "ads.yml:" in str(refused.value)


def test_a_changed_pattern_is_a_new_parser_version(tmp_path: Path) -> None:
    one, other = _source(tmp_path, GOOD), _source(tmp_path, GOOD.replace("sold/", "gone/"))
    assert parser_version(one) != parser_version(other)


def test_a_pattern_that_would_take_years_is_stopped_and_said(tmp_path: Path) -> None:
    source = _source(tmp_path, GOOD.replace("(\\d+) sold", "^(a|a|aa)+$"))
    body = f"<h1>Bag</h1><p class=facts>{'a' * 60}!</p>".encode()
    started = time.process_time()
    with pytest.raises(ValueError, match="takes too long on this page"):
        read(_page("https://ads.example/", body), source)
    assert time.process_time() - started < 5


def test_what_a_pattern_is_tried_on_is_bounded() -> None:
    page = Selector(text=f"<p>{'x' * 200_000}end</p>", type="html")
    assert rule_of("p ~ /end/").sought_in("x" * 200_000 + "end") == "" == first(page, ("p ~ /end/",))
