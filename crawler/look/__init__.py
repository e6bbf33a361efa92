"""`touchstone source new`: a page or a shop is looked at with few requests, and what was seen becomes a YAML to be corrected.

page.py says what one page is, cards.py finds a list's repeated pattern, links.py the addresses, items.py and fields.py compare item
pages, prices.py tells the listing's price from the others, answers.py reads JSON, sending.py what a search by POST sends; plan.py decides what is looked at, visit.py asks for it
with the crawler's own manners, guesses.py, apis.py, entries.py and writing.py make the YAML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from crawler.processes import run_alone
from store.config import Home
from store.errors import TouchstoneError
from store.store import SYSTEM


def name_for(url: str) -> str:
    """A source's name from its host: `www.fern-hollow.example` gives fern_hollow. Raises TouchstoneError for no web address."""
    if not re.match(r"https?://[^/\s]+", url):
        raise TouchstoneError(f"'{url}' is not a web address: it must begin with http:// or https://")
    labels = (urlsplit(url).hostname or "").lower().removeprefix("www.").split(".")
    if all(each.isdigit() for each in labels):
        return "site_" + "_".join(labels)
    labels = [each for each in labels[:-1] if each not in ("co", "com", "org", "shop")] or labels[:1]
    name = re.sub(r"\W+", "_", labels[-1]).strip("_")
    return name if name and name[0].isalpha() else f"site_{name}"


def draft_for(
    home: Home,
    url: str,
    name: str,
    *,
    render: bool = False,
    testing: bool = False,
    post: str = "",
    actor: str = SYSTEM,
    why: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Mapping[str, Any]:
    """Look at `url` in a process of its own; the draft (`writing.Draft` as a mapping). A page that is empty without JavaScript is looked
    at once more in Chromium, where there is one. With `post`, what a search sends, that address is asked by POST. Raises TouchstoneError where nothing could be seen."""
    made = _look(home, url, name, render, testing, post, actor, why, progress)
    if made["needs_javascript"] and not render:
        from crawler.browser import MISSING, find_chromium

        if find_chromium() is None:
            return {**made, "problem": f"the page is empty without JavaScript, and there is no browser: {MISSING}"}
        made = _look(home, url, name, True, testing, post, actor, why, progress)
    return made


def _look(
    home: Home,
    url: str,
    name: str,
    render: bool,
    testing: bool,
    post: str,
    actor: str,
    why: str,
    progress: Callable[[int, int], None] | None,
) -> Mapping[str, Any]:
    said: dict[str, Any] = {}

    def heard(what: dict[str, Any]) -> None:
        said.update(what)
        if progress and "progress" in what:
            progress(what["progress"]["pages"], what["progress"]["most"])

    flags = [*(["--render"] if render else []), *(["--testing"] if testing else []), *(["--post", post] if post else [])]
    run_alone("crawler.look.visit", [str(home.folder.resolve()), url, "--name", name, "--actor", actor, "--why", why, *flags], heard)
    if "draft" not in said:
        raise TouchstoneError(said.get("error", "looking ended without a word"))
    made: Mapping[str, Any] = said["draft"]
    return made
