"""`source new` on every source of the market: the lines that must be edited until a crawl brings 95 % of its listings, title and price right.

`pytest -s` prints the table. `legal:` is always empty and always one line; it counts. `expect:` is a guess that may stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from crawler.browser import find_chromium
from crawler.look import draft_for
from store.config import Home
from tests.crawler.conftest import Crawling
from tests.market import Market, start_market
from tests.market.awkward import Group, start_group
from tests.market.awkward.truth import HERE

LEGAL = ("legal:", "legal: A loopback test.")

# source → the lines to be edited beside `legal:`, each as (what the line begins with, the line as it must be); a line that is missing
# is added where its beginning is ""
EDITS: Mapping[str, tuple[tuple[str, str], ...]] = {}
MOST = 3


@dataclass(frozen=True)
class Sites:
    """Both groups of the market while they run."""

    market: Market
    group: Group

    def start(self, source: str, home: Home) -> tuple[str, str]:
        """The address that a source's own YAML begins at, and what a search by POST sends: what an analyst would paste."""
        folder = home.folder / "reference"
        self.market.write_sources(folder)
        self.group.write_sources(folder)
        stated = yaml.safe_load((folder / f"{source}.yml").read_text(encoding="utf-8"))
        if stated.get("entrances"):
            return str(next(iter(stated["entrances"][0].values()))), ""
        sent = stated.get("api", {}).get("body")
        return str(stated.get("start", [stated["url"]])[0]), json.dumps(sent) if sent else ""

    def truth(self, source: str) -> dict[str, tuple[str, int | None]]:
        """Title and price of each listing, by address or reference, whichever is certain: by title here, since references are the draft's."""
        if source.startswith("demo_"):
            return {each.ref: (each.title, each.price) for each in self.market.listings if each.source == source.removeprefix("demo_")}
        return {ref: (each.title, each.price) for ref, each in self.group.sources[source].expected(source).items()}


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    with start_market() as market, start_group() as group:
        yield Sites(market, group)


def names() -> list[Any]:
    """The first group's sources; among the long batteries the one that a browser renders, and the awkward ones."""
    first = [f"demo_{each}" for each in ("shop", "classifieds", "wall")]
    long = ["demo_storefront", *(each.stem for each in sorted((HERE / "sources").glob("*.yml")))]
    return [*first, *(pytest.param(each, marks=pytest.mark.slow) for each in long)]


def edited(yaml: str, edits: tuple[tuple[str, str], ...]) -> str:
    lines = yaml.splitlines()
    for begins, line in edits:
        at = [index for index, each in enumerate(lines) if begins and each.strip().startswith(begins)]
        if at:
            lines[at[0]] = line
        else:
            assert not begins, f"no line begins with {begins}"
            lines.append(line)
    return "\n".join(lines) + "\n"


def recall(found: Mapping[str, tuple[str, int | None]], truth: Mapping[str, tuple[str, int | None]]) -> float:
    """The share of true listings that are kept with their own title and price, each counted once."""
    left = [(re.sub(r"\s+", " ", title).strip(), price) for title, price in found.values()]
    right = 0
    for title, price in truth.values():
        wanted = (re.sub(r"\s+", " ", title).strip(), price)
        if wanted in left:
            left.remove(wanted)
            right += 1
    return right / len(truth)


@pytest.mark.parametrize("source", names())
def test_a_draft_needs_at_most_three_edited_lines(source: str, sites: Sites, home: Home, crawling: Crawling) -> None:
    url, post = sites.start(source, home)
    made = draft_for(home, url, "drafted", testing=True, post=post)
    if made["needs_javascript"] and find_chromium() is None:
        pytest.skip("no Chromium here")
    edits = EDITS.get(source, ())
    path = home.folder / "configs" / "sources" / "drafted.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(edited(made["yaml"], (LEGAL, *edits)), encoding="utf-8")
    crawling("drafted")
    with crawling.store.acting("system", purpose="test") as reader:
        found = {each.listing.ref: (each.snapshot.title, each.snapshot.price_minor) for each in reader.summaries(limit=10_000)}
    truth = sites.truth(source)
    share = recall(found, truth)
    print(
        f"\n{source:24} pages looked at {made['pages']}  edited lines {1 + len(edits)}  recall {share:6.1%} of {len(truth)}  rows {len(found)}"
    )
    if share < 0.95:
        print(made["yaml"], "\n".join(made["seen"]))
        print(
            "missing",
            [each for each in truth.values() if each not in found.values()][:8],
            "strange",
            [each for each in found.values() if each not in truth.values()][:8],
        )
    assert made["pages"] <= 8
    assert 1 + len(edits) <= MOST
    assert share >= 0.95
