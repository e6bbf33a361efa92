"""`source try`: a few pages by the real path, nothing kept, and the reason for each thing that is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.trying import attempt
from store.config import Home
from store.errors import TouchstoneError
from tests.crawler.conftest import ROOT, Crawling, Mini
from tests.market.server import Response

PAGE = "<h1>Bag {n}</h1><b class=cost>{price}</b><p class=empty></p><i class=place>Wexcombe</i>"
SELECTORS = "selectors: {title: h1, price: [.price, .cost], text: .empty, seller: .seller, place: .place}\n"


@pytest.fixture
def plain(mini: Mini, home: Home) -> Mini:
    mini.write(home, platform="selectors", more=SELECTORS, kind="marketplace")
    for n, price in (("1", "£10"), ("2", "call us"), ("3", "£30")):
        mini.pages[f"/item/{n}"] = Response(PAGE.format(n=n, price=price).encode())
    return mini


def test_each_field_is_told_with_the_reason_why_it_is_missing(plain: Mini, home: Home) -> None:
    tried = attempt(home, "mini")
    assert [page["what"] for page in tried["pages"]].count("list") == 1 and len(tried["listings"]) == 3
    by_url = {each["url"].rpartition("/")[2]: each for each in tried["listings"]}
    assert by_url["1"]["fields"] == {"title": "Bag 1", "price": "£10.00", "place": "Wexcombe"}
    missing = by_url["2"]["missing"]
    assert missing["price"] == "found “call us”, not understood as a price"
    assert missing["text"] == "`.empty` finds 1, without words"
    assert missing["seller"] == "`.seller` finds nothing"
    assert missing["images"] == "there is no rule for it in the YAML"
    assert tried["fill"]["price"] == [2, 3] and tried["fill"]["seller"] == [0, 3]


def test_nothing_is_kept_and_no_picture_is_asked_for(plain: Mini, home: Home, crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_STORE", f"sqlite:///{home.folder}/var/touchstone.db")  # which would go before the YAML's
    attempt(home, "mini")
    assert crawling.captures() == [] and crawling.store.runs() == []
    assert not list((home.folder / "var" / "archive").glob("**/*.warc*"))
    assert [each.path for each in plain.site.requests].count("/robots.txt") == 1
    assert not [each for each in plain.site.requests if each.path.startswith("/p/")]


def test_no_more_pages_are_asked_for_than_were_said(plain: Mini, home: Home) -> None:
    attempt(home, "mini", pages=2)
    assert len([each for each in plain.site.requests if each.path != "/robots.txt"]) == 2


def test_a_page_of_another_make_and_a_refused_one_are_told(plain: Mini, home: Home) -> None:
    plain.pages["/item/1"] = Response(b"<div>Come back soon</div>")
    plain.robots = "User-agent: *\nDisallow: /item/3\n"
    tried = attempt(home, "mini")
    [strange] = [page for page in tried["pages"] if page["unread"]]
    assert strange["url"].endswith("/item/1") and strange["unread"][0].startswith("no listing found")
    assert tried["refused"] == {"robots refusals": 1} and len(tried["listings"]) == 1


def test_it_is_not_started_without_a_legal_note(plain: Mini, home: Home) -> None:
    path = home.folder / "configs" / "sources" / "mini.yml"
    path.write_text(path.read_text().replace("legal: A loopback test.", "legal: ''"))
    with pytest.raises(TouchstoneError, match="no legal note"):
        attempt(home, "mini")
    assert plain.site.requests == []


def test_the_command_exits_1_when_nothing_was_read(plain: Mini, home: Home) -> None:
    def touchstone(status: int, *more: str) -> str:
        command = [sys.executable, "-m", "casework.cli", "source", "try", "mini", "--home", str(home.folder), *more]
        done = subprocess.run(command, cwd=Path(ROOT), capture_output=True, text=True, timeout=90, env={**os.environ, "COLUMNS": "200"})
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    shown = touchstone(0)
    assert "MISSING: `.seller` finds nothing" in shown and "2 of 3" in shown
    plain.pages["/"] = Response(b"<p>Closed</p>")
    assert json.loads(touchstone(1, "--json"))["listings"] == []
