"""The awkward group of the demonstration market: sites that are hard to crawl, each with its truth in facts.yml (docs/traits.md)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.market.awkward.adverts import Lots, Saltmarsh, Thimble
from tests.market.awkward.entrances import Post, Rail, Scroll, Stalls
from tests.market.awkward.families import Cloth, Juniper, Mill, Quay
from tests.market.awkward.site import Awkward
from tests.market.awkward.structured import Bazaar, Tannery
from tests.market.awkward.truth import HERE, Goods, Place, digests, places

__all__ = ["SITES", "Awkward", "Goods", "Group", "Place", "digests", "places", "start_group"]


class Pictures(Awkward):
    """The second host, from which the tannery's pictures come."""

    name = "pictures"


SITES: tuple[type[Awkward], ...] = (
    Tannery,
    Pictures,
    Bazaar,
    Thimble,
    Lots,
    Saltmarsh,
    Mill,
    Quay,
    Cloth,
    Juniper,
    Post,
    Stalls,
    Rail,
    Scroll,
)


@dataclass(frozen=True, slots=True)
class Group:
    """The sites while they run."""

    sites: Mapping[str, Awkward]

    @property
    def sources(self) -> Mapping[str, Place]:
        """Each source by name, with the site that it crawls."""
        return {source: place for place in places().values() for source in place.sources}

    def write_sources(self, folder: Path) -> list[Path]:
        """Writes the group's YAML files with the ports that the sites really got: in sources/ each site is `NAME.example`."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for file in sorted((HERE / "sources").glob("*.yml")):
            text = re.sub(r"\b(\w+)\.example\b", lambda found: f"127.0.0.1:{self.sites[found[1]].port}", file.read_text(encoding="utf-8"))
            (folder / file.name).write_text(text, encoding="utf-8")
            written.append(folder / file.name)
        return written


@contextmanager
def start_group() -> Iterator[Group]:
    """Serves the awkward sites until the block ends, each on a free port."""
    made: list[Awkward] = []
    try:
        for kind in SITES:
            made.append(kind())
        sites = {each.name: each for each in made}
        for each in made:
            each.others = sites
            each.start()
        yield Group(sites)
    finally:
        for each in made:
            each.close()
