"""A source: what its YAML states, and whether it may be started. The file's stem is its name everywhere."""

from __future__ import annotations

import enum
import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from crawler.patterns import met, pattern_of
from crawler.platforms._api import ASKING, Api
from store.config import Home, load
from store.errors import TouchstoneError
from store.health import FIELDS
from store.secrets import is_secret_header
from store.strict import ConfigError, FieldError, near
from store.words.hosts import host_of
from store.words.purposes import local_day, plain_path

Rules = str | tuple[str, ...]  # one CSS selector, or several in order of preference


MIN_DELAY = 0.5


class Kind(enum.StrEnum):
    shop = "shop"
    marketplace = "marketplace"
    classifieds = "classifieds"
    social = "social"


def _as_lists(record: Any, *apart: str) -> None:
    """Every rule of `record` as a tuple, so that readers need not ask whether one or several were written."""
    for each in fields(record):
        value = getattr(record, each.name)
        if each.name not in apart:
            object.__setattr__(record, each.name, (value,) if isinstance(value, str) else tuple(value or ()))
        for rule in getattr(record, each.name) if each.name not in apart else ():
            _check_rule(each.name, rule, may_hold_pattern=not isinstance(record, Follow))


def _check_rule(name: str, rule: str, may_hold_pattern: bool = True) -> None:
    from crawler.platforms._rules import rule_of

    try:
        holds_pattern = rule_of(rule).pattern is not None
    except ValueError as error:
        raise ValueError(f"{name}: '{rule}' {error}") from None
    if holds_pattern and not may_hold_pattern:
        raise ValueError(f"{name}: '{rule}' holds a pattern: links are found by CSS, and told from others by `ref:`")


def _check_pattern(name: str, pattern: str) -> None:
    try:
        pattern_of(pattern)
    except ValueError as error:
        raise FieldError(name, f"'{pattern}' {error}") from None


@dataclass(frozen=True, slots=True)
class Follow:
    """How a list leads on: to listings by `listing`; to further pages by `next`, by their number in `pages`, or in the browser by `more` or `scroll`."""

    listing: Rules | None = None
    next: Rules | None = None
    pages: str | None = None  # the address of a numbered page, with {n}; "?page={n}" sets that parameter of the start address
    first: int = 1  # the number that the start address itself has
    step: int = 1  # from one number to the next: 1 for pages, the listings of a page for offsets
    more: str | None = None  # CSS of the button that loads more
    scroll: bool = False

    def __post_init__(self) -> None:
        _as_lists(self, "pages", "first", "step", "more", "scroll")
        if self.pages is not None and "{n}" not in self.pages:
            raise ValueError(f"pages: '{self.pages}' must hold {{n}}, where the page's number goes")
        if self.step < 1 or self.first < 0:
            raise ValueError("step is at least 1, first at least 0")
        if self.more and self.scroll:
            raise ValueError("`more:` and `scroll:` do not go together: which of the two does the list do?")
        if self.more:
            _check_rule("more", self.more)

    @property
    def unrolls(self) -> bool:
        """Whether a list grows in the browser."""
        return self.scroll or bool(self.more)


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where listings' addresses stand beside the site's lists: a sitemap, or an RSS or Atom feed. At most so many are asked for."""

    sitemap: str | None = None
    rss: str | None = None
    at_most: int = 5000

    def __post_init__(self) -> None:
        if (self.sitemap is None) == (self.rss is None):
            raise ValueError("an entrance is one address, under `sitemap:` or under `rss:`")
        if not re.match(r"https?://[^/\s]+", self.url):
            raise ValueError(f"'{self.url}' is not a web address: it must begin with http:// or https://")
        if self.at_most < 1:
            raise ValueError("at_most is at least 1")

    @property
    def url(self) -> str:
        return self.sitemap or self.rss or ""


@dataclass(frozen=True, slots=True)
class Gone:
    """How a page looks that answers 200 where its listing is no more: CSS that finds something, or words on it. `signs` are those told without being stated."""

    css: Rules = ()
    text: str | tuple[str, ...] = ()  # patterns
    signs: bool = True

    def __post_init__(self) -> None:
        _as_lists(self, "text", "signs")
        object.__setattr__(self, "text", (self.text,) if isinstance(self.text, str) else self.text)
        for pattern in self.text:
            _check_pattern("text", pattern)


@dataclass(frozen=True, slots=True)
class Token:
    """An API's access by OAuth client credentials (RFC 6749 § 4.4). Id and secret stand in the environment, under the names given here."""

    url: str
    id_from: str
    secret_from: str
    scope: str = ""

    def __post_init__(self) -> None:
        if not re.match(r"https?://[^/\s]+", self.url):
            raise ValueError(f"'{self.url}' is not a web address: it must begin with http:// or https://")
        for name in (self.id_from, self.secret_from):
            if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
                raise ValueError(
                    "id_from and secret_from are names of environment variables, such as EBAY_CLIENT_ID; never the secret itself"
                )


@dataclass(frozen=True, slots=True)
class Selectors:
    """Rules for the parts of an item page: `css`, `css@attr`, `css ~ /pattern/`. Of several the first that finds something counts."""

    title: Rules
    price: Rules = ()
    text: Rules = ()
    seller: Rules = ()
    seller_url: Rules = ()
    place: Rules = ()
    images: Rules = ()
    brand: Rules = ()
    category: Rules = ()
    condition: Rules = ()
    posted: Rules = ()
    quantity: Rules = ()
    sold: Rules = ()
    price_was: Rules = ()
    joined: Rules = ()
    dispatch: Rules = ()

    def __post_init__(self) -> None:
        _as_lists(self)


@dataclass(frozen=True, slots=True)
class Cards:
    """Rules for a list whose cards say all there is: `card` (CSS) on the page, the others within a card ("@attr" is the card's own)."""

    card: str
    title: Rules
    url: Rules
    price: Rules = ()
    text: Rules = ()
    images: Rules = ()
    seller: Rules = ()
    seller_url: Rules = ()
    place: Rules = ()
    ref: Rules = ()
    brand: Rules = ()
    category: Rules = ()
    condition: Rules = ()
    posted: Rules = ()
    quantity: Rules = ()
    sold: Rules = ()
    price_was: Rules = ()
    joined: Rules = ()
    dispatch: Rules = ()

    def __post_init__(self) -> None:
        _check_rule("card", self.card)
        if "@" in self.card or " ~ /" in self.card:
            raise ValueError(f"card: '{self.card}' must be CSS alone: it says which elements are cards, not what one says")
        _as_lists(self, "card")


@dataclass(frozen=True, slots=True)
class Expect:
    """The least that a crawl must bring; less is said aloud and ends with exit status 1."""

    listings: int
    usual: int | None = None  # how many are usual now, where the last good runs brought more
    without: tuple[str, ...] = ()  # fields that the site does not state any more: their absence is no alarm

    def __post_init__(self) -> None:
        if self.listings < 1:
            raise ValueError("listings: expect at least 1; a crawl that finds nothing is not a good one")
        if unknown := sorted(set(self.without) - set(FIELDS)):
            raise ValueError(f"without: there is no field '{unknown[0]}'; there are: {', '.join(FIELDS)}")


@dataclass(frozen=True, slots=True)
class Override:
    """robots.txt is not obeyed: on whose decision, on what basis, until which day (YYYY-MM-DD, that day included)."""

    override_by: str
    basis: str
    until: str

    def __post_init__(self) -> None:
        if sum(map(str.isalpha, self.override_by)) < 2:  # blanks that show nothing name nobody
            raise FieldError("override_by", "name the officer who decided it")
        if len(self.basis.split()) < 3:
            raise FieldError("basis", "say in a sentence on what legal basis robots.txt is not obeyed")
        try:
            date.fromisoformat(self.until)
        except ValueError:
            raise FieldError("until", f"'{self.until}' is no date: write it as 2026-11-25") from None

    def over(self, today: date) -> str:
        """Why it does not stand any more, as a sentence; "" while it does."""
        return f"its robots.txt override ended on {self.until}: renew it or take it out" if today > date.fromisoformat(self.until) else ""


@dataclass(frozen=True, slots=True)
class Source:
    """Facts of one source, as configs/sources/NAME.yml states them."""

    title: str
    kind: Kind
    url: str
    platform: str
    name: str = field(default="", init=False)
    start: tuple[str, ...] = ()
    legal: str = ""  # why we may look: compulsory to start, not to read
    follow: Follow | None = None
    expect: Expect | None = None
    hosts: tuple[str, ...] = ()  # further hosts that pages or pictures may come from, such as the shop's picture server
    delay: float = 2.0
    concurrency: int = 1
    max_pages: int = 200  # list pages followed in one run
    barren: int = 3  # lists of one kind in a row that bring nothing new, after which no more of it are followed: calendars have no end
    render: bool = False
    wait_for: str | None = None
    screenshot: bool = False  # a picture of each rendered page that holds listings, its pictures let in
    testing: bool = False  # a loopback address is meant
    ref: str | None = None
    selectors: Selectors | None = None
    cards: Cards | None = None
    api: Api | None = None
    currency: str | None = None
    gone: Gone = Gone()
    entrances: tuple[Entrance, ...] = ()
    ignore_parameters: tuple[str, ...] = ()  # of addresses, which identify nothing; beside those of addresses.yml
    keep_parameters: tuple[str, ...] = ()  # which this site needs, whatever addresses.yml says
    budget: float = 1.3  # page requests per listing, after the first few
    token: Token | None = None
    quota: int | None = None  # page requests in 24 hours
    headers: Mapping[str, str] = field(default_factory=dict)  # sent with each request for a page; no secrets
    robots: Override | None = None
    search: str | None = None  # address of a search, with {term} and, where it can be stated, {area}: what an operation asks for
    seller_pages: tuple[str, ...] = ()  # patterns of addresses that are a person's own page: no sweep goes there
    posts: tuple[str, ...] = ()  # patterns of addresses to which the site's own scripts may POST while a page is rendered

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.start or (() if self.entrances else (self.url,)))
        for url in (self.url, *self.start):
            if not re.match(r"https?://[^/\s]+", url):
                raise ValueError(f"'{url}' is not a web address: it must begin with http:// or https://")
        if self.delay < 0 or self.concurrency < 1 or min(self.max_pages, self.barren) < 1:
            raise ValueError("delay is at least 0, concurrency, max_pages and barren at least 1")
        for name, rule in (
            *(("ref", each) for each in (self.ref,) if each is not None),
            *(("seller_pages", each) for each in self.seller_pages),
            *(("posts", each) for each in self.posts),
        ):
            _check_pattern(name, rule)
        if self.search is not None and (not re.match(r"https?://[^/\s{]+", self.search) or "{term}" not in self.search):
            raise FieldError("search", "it is a web address with {term} where the words of a search go, and {area} where it has one")
        if self.budget < 1 or (self.quota is not None and self.quota < 1):
            raise ValueError("budget and quota are at least 1")
        if self.follow and self.follow.unrolls and not self.render:
            raise ValueError("`follow.more` and `follow.scroll` need `render: true`: only a browser has buttons, and scrolls")
        if self.follow and self.follow.unrolls and not (self.follow.listing or self.cards):
            raise ValueError("`follow.more` and `follow.scroll` need `follow.listing` or `cards:`, which tell whether the list has grown")
        if self.entrances and not self.ref:
            raise ValueError("`entrances:` need `ref:`, the pattern of an item's address: it tells listings from other addresses")
        for name in self.headers:
            if is_secret_header(name):
                raise ValueError(f"headers: {name} would be a secret in a file; `token:` is the way to an API that wants one")
        if self.screenshot and not self.render:
            raise ValueError("`screenshot: true` is of pages that a browser renders: it goes with `render: true`")
        if self.platform == "selectors" and self.selectors is None and self.cards is None:
            raise ValueError("platform selectors needs `selectors:` for item pages or `cards:` for lists of cards")
        if (self.platform == "json_api") != (self.api is not None):
            raise ValueError("platform json_api and `api:`, which says where its words are, go together")
        if self.follow and self.follow.listing and not self.ref:
            raise ValueError("`follow.listing` needs `ref:`, the pattern of an item's address: it tells listings from other links")

    def reading(self) -> dict[str, Any]:
        """What of it can change how a page is read: part of the parser's version."""
        own = ("title", "kind", "platform", "ref", "currency", "render")
        return {
            **{name: getattr(self, name) for name in own},
            **({"api": {key: said for key, said in asdict(self.api).items() if key not in ASKING}} if self.api else {}),
            **{
                name: asdict(part) if part else None
                for name, part in (("selectors", self.selectors), ("cards", self.cards), ("gone", self.gone))
            },
            "follow": {"listing": self.follow.listing} if self.follow else None,
            "entrances": bool(self.entrances),
        }

    def refusal(self) -> str:
        """Why this source may not be started, as a sentence; "" when it may."""
        if not self.legal.strip():
            return f"source {self.name} has no legal note: say in its YAML, under `legal:`, on what basis and on whose decision its pages are looked at"
        if self.robots and (over := self.robots.over(local_day(datetime.now(UTC)))):
            return f"source {self.name}: {over}"
        if self.expect is None:
            return f"source {self.name} does not say what it expects: give `expect: {{listings: N}}`, the least number of listings that a good crawl brings"
        ways = (*(each.url for each in self.entrances), *filter(None, (self.search, self.token.url if self.token else None)))
        named = (self.url, *self.start, *(f"http://{each}" for each in self.hosts), *ways)
        if not self.testing and (inner := next((h for h in map(host_of, named) if is_inner(h)), "")):
            return f"source {self.name} leads to {inner}, an address of this machine or its own network; only a source with `testing: true` may"
        if not self.testing and self.delay < MIN_DELAY:
            return (
                f"source {self.name} leaves {self.delay:g} s between requests; at least {MIN_DELAY:g} s, so that nobody's site is burdened"
            )
        return ""

    def owns(self, url: str) -> bool:
        """Whether an address is of this source: its own hosts and those it names."""
        own = {host_of(each) for each in (self.url, *self.start, self.search or self.url)} | {
            host_of(f"http://{each}") for each in self.hosts
        }
        return host_of(url) in own

    def is_sellers(self, url: str) -> bool:
        """Whether an address is a person's own page, as far as `seller_pages` tells; however it is written, and in small letters too."""
        parts = urlsplit(url)
        plain = plain_path(parts.path)
        forms = [url, *(parts._replace(path=path).geturl() for path in (plain, f"{plain}/"))]
        return any(met(rule, form, if_slow=True) for rule in self.seller_pages for form in dict.fromkeys([*forms, *map(str.lower, forms)]))

    def starting_at(self, urls: Iterable[str]) -> Source:
        """The same source, begun elsewhere: what it reads, how and from which hosts stays as it is."""
        hosts = (*self.hosts, *filter(None, map(host_of, self.start)))
        return self._with(start=tuple(urls), hosts=tuple(dict.fromkeys(hosts)), entrances=())

    def rendered(self) -> Source:
        """The same source, its pages rendered and pictured whatever its YAML says."""
        return self._with(render=True, screenshot=True)

    def obeying(self) -> Source:
        """The same source, with robots.txt obeyed whatever its YAML says."""
        return self._with(robots=None)

    def _with(self, **changed: Any) -> Source:
        other = replace(self, **changed)
        object.__setattr__(other, "name", self.name)
        return other


INNER_NAMES = frozenset(("localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "metadata"))
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def is_inner(host: str) -> bool:
    """Whether a host is this machine or a private network, as far as its name tells; what the name leads to is `manners.Resolver`'s to check.

    A number that is no plain dotted quad (decimal, hexadecimal, octal, shortened) counts as inner whatever it means: programs read
    such forms differently, and no honest site is written so.
    """
    name = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".").lower().strip()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    name = name.partition("%")[0].rstrip(".")  # an IPv6 zone; the root's own dot
    try:
        return not _is_public(ipaddress.ip_address(name))
    except ValueError:
        last = name.rpartition(".")[2]
    return (
        last in INNER_NAMES
        or name.endswith(".home.arpa")
        or name in ("ip6-localhost", "ip6-loopback")
        or bool(re.fullmatch(r"\d+|0x[0-9a-f]*", last))
    )


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Of IPv6 global unicast only: what is mapped, translated or compatible could carry any IPv4 address inside it."""
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.sixtofour or (ip.teredo or (None, None))[1]
        return ip in GLOBAL_UNICAST and ip.is_global and (carried is None or _is_public(carried))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_link_local)


def read_source(path: Path) -> Source:
    """The source that a file states. Raises ConfigError, naming file and line."""
    from crawler.platforms import platform

    source = load(path, Source)
    object.__setattr__(source, "name", path.stem)
    try:
        platform(source.platform)
    except TouchstoneError as error:
        raise ConfigError(f"{path}: platform: {error}") from None
    return source


def find_sources(home: Home, names: Iterable[str] | None = None) -> list[Source]:
    """The working folder's sources, or those named. Raises TouchstoneError for a name that is not there."""
    files = {path.stem: path for path in home.configs("sources")}
    for name in names or ():
        if name not in files:
            raise TouchstoneError(
                f"there is no source '{name}' in {home.file('sources')}; there are: {', '.join(files) or 'none'}{near(name, files)}"
            )
    return [read_source(files[name]) for name in (names if names is not None else files)]
