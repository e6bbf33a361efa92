"""A soft 404: a page that answers 200 where its listing is no more. It is kept and counted, and never read as a listing.

Told by what the source's YAML states under `gone:`, or by signs in the answer itself, since asking the site what it says at an
invented address would cost a request. A broken template can look the same (every page naming the front page as its canonical
address): then all listings are counted as gone, the run says so, and `gone: {signs: false}` with a `reread` mends it.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from scrapy.http import HtmlResponse

from crawler.patterns import match_of, pattern_of
from crawler.platforms import _api as api
from crawler.platforms._page import address, base_of, line, ref_of, words
from crawler.source import Source
from store.secrets import redact_url
from store.words.hosts import host_of
from store.words.records import Capture

_THING = r"(page|item|listing|ad|advert|advertisement|product|auction|lot|offer)"
_NO_MORE = r"(not (be )?found|no longer (available|exists?|for sale|listed|online)|been (removed|deleted|withdrawn)|expired|ended|does(n't| not) exist)"
_NOT_FOUND = re.compile(
    rf"(oops|sorry)?[!,. ]*((error )?404( error)?[:,\- ]*({_THING}|file)? ?(could )?not (be )?found|error 404|404 error"
    rf"|(we )?(can'?t|cannot|could(n't| not)) find (the|this|that) {_THING}.{{0,60}}"
    rf"|((the|this|that) )?{_THING} ?(you('re| are|'ve| have)? .{{0,40}})?(was|is|has|could|can)? ?{_NO_MORE})[.! ]*",
    re.IGNORECASE,
)
_SEARCH_PATHS = frozenset(("search", "results", "find"))
_SEARCH_KEYS = frozenset(("q", "query", "search", "keyword", "keywords"))


def gone(source: Source, capture: Capture, page: HtmlResponse) -> str:
    """Why an item's page shows that its listing is no more; "" where it may show one."""
    for rule in source.gone.css:
        if page.css(rule.partition("@")[0].strip()):
            return f"gone: '{rule}' is on the page"
    if source.gone.text:
        said = words(page.xpath("/*")[0]) if page.xpath("/*") else page.text
        if found := next((each for each in source.gone.text if match_of(pattern_of(each), said)), ""):
            return f"gone: '{found}' is on the page"
    return _by_signs(source, redact_url(capture.url_requested), page) if source.gone.signs and not api.is_json(page.body) else ""


def _by_signs(source: Source, asked: str, page: HtmlResponse) -> str:
    if not ref_of(source, asked):
        return ""
    if page.url != asked and not ref_of(source, page.url) and _elsewhere(source, asked, page.url):
        return f"sent on to {page.url}"
    if not ref_of(source, page.url):
        return ""  # sent on to an address of another form: what it says of itself tells nothing of the one asked for
    stated = (("canonical address", '//link[@rel="canonical"]/@href'), ("og:url", '//meta[@property="og:url"]/@content'))
    for name, path in stated:
        url = address(base_of(page), page.xpath(path).get(default=""))
        if url and not ref_of(source, url) and urlsplit(url).path != urlsplit(asked).path and _elsewhere(source, asked, url):
            return f"its {name} is {url}"
    title = page.xpath("//title/text()").get(default="")
    heads = (*re.split(r"\s+[|·»–—-]\s+|\s*[|]\s*", title), *(words(each) for each in page.css("h1")[:1]))
    return next((f"its heading is '{line(each)[:80]}'" for each in heads if _NOT_FOUND.fullmatch(line(each).replace("\u2019", "'"))), "")


def _elsewhere(source: Source, asked: str, url: str) -> bool:
    """Whether an address is the front page, a list that a crawl begins at, a folder above the one asked for, or a search."""
    if not source.owns(url):
        return False
    there, here = urlsplit(url), urlsplit(asked)
    path = there.path.rstrip("/")
    begun = {(host_of(each), urlsplit(each).path.rstrip("/")) for each in (source.url, *source.start)}
    searches = set(path.lower().split("/")) & _SEARCH_PATHS or {key.lower() for key, _ in parse_qsl(there.query)} & _SEARCH_KEYS
    return not path or (host_of(url), path) in begun or here.path.startswith(f"{path}/") or bool(searches)
