"""What a page's bytes say, put into the store: one way for the crawl and for reading again.

Whatever a parser raises is caught here, for both: it costs one row that says so, and the bytes are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog
from scrapy.http import HtmlResponse

from crawler.gone import gone
from crawler.platforms import parser_version, read
from crawler.platforms._api import is_json
from crawler.platforms._page import address, base_of, ref_of
from crawler.source import Source
from store.history import NO_MORE
from store.secrets import MARKER, URL_MARKER, redact_url
from store.store import Store
from store.words.records import Capture, Details, Parsed, Reading, Snapshot

log = structlog.get_logger()
LONGEST = 300  # characters of a reference or a handle that the tables hold


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one page: readings with the picture addresses as the page wrote them, and what was not understood."""

    readings: tuple[tuple[Reading, tuple[str, ...]], ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    refs: tuple[str, ...] = ()  # of these readings


def role(source: Source, *urls: str) -> Literal["item", "cards", "list"]:
    """What a page of these addresses is: an item's own page, a list of cards that say it all, or a list that only leads on."""
    items = source.platform != "selectors" or source.selectors is not None
    if items and (any(ref_of(source, url) for url in urls) or not (source.follow or source.cards or source.entrances)):
        return "item"
    own_pages = source.selectors is not None and source.follow is not None and source.follow.listing is not None
    # where each listing has a page of its own, a card that says it in other words would look like an edit by the seller
    return "cards" if source.cards and not own_pages else "list"


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """What a parser made of one page: listings with their picture addresses as written, and (reason, detail) of what it could not read."""

    listings: tuple[tuple[Parsed, tuple[str, ...]], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    own: Mapping[str, str] = field(default_factory=dict)  # reference by the page's canonical address → by its own


def read_page(store: Store, source: Source, capture: Capture, page: HtmlResponse, run: str) -> Read:
    """Parse a page that holds listings and keep what it says; what is refused or fails is kept as an unread row."""
    return keep_page(store, source, capture, parse_page(source, capture, page), run)


def parse_page(source: Source, capture: Capture, page: HtmlResponse) -> ParsedPage:
    counts = Counter[str]()
    try:
        if role(source, redact_url(capture.url_requested), page.url) == "item" and (why := gone(source, capture, page)):
            return ParsedPage((), ((NO_MORE, why),), Counter({"gone": 1}))
        found = read(page, source)
        parsed = [_as_its_own(each, page, source) for each in found]
    except Exception as error:
        log.warning("parser raised", source=source.name, capture=capture.id, error=repr(error))
        return ParsedPage((), (("parser raised", f"{type(error).__name__}: {error}"),), Counter({"parse raised": 1}))
    fit = [_fit_to_keep(each) for each in parsed]
    wrote = {id(each): raw.images for each, raw in zip(fit, parsed, strict=True)}  # a picture is asked for at its whole address
    good, refused = _sorted(fit)
    unread = [(reason, f"{len(which)} of {len(parsed)} cards: " + "; ".join(which[:5])) for reason, which in refused.items()]
    counts["not understood"] += sum(map(len, refused.values()))
    if not parsed:
        unread.append(("no listing found", f"{len(page.body)} bytes"))
        counts["not understood"] += 1
    for each in good:
        counts.update(f"note: {note}" for note in each.notes)
    counts["readings"] = len(good)
    own = {_sound(its.ref): _sound(each.ref) for each, its in zip(found, parsed, strict=True) if its.ref != each.ref}
    return ParsedPage(tuple((each, wrote[id(each)]) for each in good), tuple(unread), counts, own)


def keep_page(store: Store, source: Source, capture: Capture, page: ParsedPage, run: str) -> Read:
    """Keep what was read of a kept capture."""
    assert capture.id is not None
    version = parser_version(source)
    for reason, detail in page.unread:
        store.keep_unread(capture.id, version, reason, detail, run)
    if not page.listings:
        return Read((), page.counts)
    listings = [_if_believed(store, capture, version, each, page.own.get(each.ref, "")) for each, _ in page.listings]
    counts = page.counts + Counter(
        {"canonical addresses not believed": sum(each.ref != said.ref for each, (said, _) in zip(listings, page.listings, strict=True))}
    )
    readings = store.keep_readings(capture, source.platform, version, listings, run)
    pictures = (images for _, images in page.listings)
    return Read(tuple(zip(readings, pictures, strict=True)), counts, tuple(each.ref for each in listings))


def _if_believed(store: Store, capture: Capture, version: str, each: Parsed, own: str) -> Parsed:
    """The listing under its page's own reference `own`, where the one that its canonical address names was said by another page of this
    run to be something else: a broken template has all pages name one."""
    if not own or not store.titled_otherwise(capture, version, each.ref, each.snapshot.title):
        return each
    return replace(each, ref=own)


def _as_its_own(each: Parsed, page: HtmlResponse, source: Source) -> Parsed:
    """The listing under the reference of the page's canonical address, where the page's own address gave it: one under two addresses is one."""
    mine = ref_of(source, page.url) if source.ref else page.url
    if each.ref != mine or is_json(page.body):
        return each
    canonical = address(base_of(page), page.xpath('//link[@rel="canonical"]/@href').get(default=""))
    if not canonical or not source.owns(canonical) or urlsplit(canonical).path in ("", "/"):
        return each
    return replace(each, ref=(ref_of(source, canonical) if source.ref else canonical) or each.ref)


def _sorted(parsed: Sequence[Parsed]) -> tuple[list[Parsed], dict[str, list[str]]]:
    """Those that can be told from any other listing, each once; and the others by the reason why not."""
    good: dict[str, Parsed] = {}
    refused: dict[str, list[str]] = {}
    for each in parsed:
        if not each.ref or not each.url:
            refused.setdefault("no reference of its own", []).append((each.snapshot.title or each.url)[:80])
        elif len(each.ref) > LONGEST:
            refused.setdefault("its reference is too long", []).append(each.ref[:80])
        elif MARKER in each.ref or URL_MARKER in each.ref:
            refused.setdefault("its reference is a secret parameter", []).append(each.snapshot.title[:80])
        elif each.ref in good and good[each.ref].snapshot != each.snapshot:
            refused.setdefault("same reference, other words", []).append(each.snapshot.title[:80])
        else:
            good.setdefault(each.ref, each)
    return list(good.values()), refused


def _fit_to_keep(each: Parsed) -> Parsed:
    """Addresses without their secrets, and words that a database can hold: no NUL, no half of a surrogate pair (JSON can write both)."""
    words: dict[str, Any] = {word: _sound(said) if isinstance(said, str) else said for word, said in each.snapshot.words().items()}
    words["seller"] = words["seller"][:LONGEST]
    beside: dict[str, Any] = {name: _sound(said) if isinstance(said, str) else said for name, said in asdict(each.details).items()}
    images = tuple(redact_url(_sound(url)) for url in each.images)
    return replace(
        each,
        ref=_sound(each.ref),
        snapshot=Snapshot(**words),
        url=redact_url(_sound(each.url)),
        images=images,
        seller_url=redact_url(_sound(each.seller_url)),
        notes=tuple(_sound(note) for note in each.notes),
        details=Details(**beside),
    )


def _sound(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
