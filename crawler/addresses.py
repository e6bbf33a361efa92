"""Addresses as a crawl asks for them: without tracking and session parameters, and only where a link shows something of the site's own.

What is taken out and what is never followed is stated in configs/addresses.yml.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus, urldefrag, urlsplit, urlunsplit

from crawler.platforms._page import address, ref_of, same_page
from crawler.source import Source
from store.config import Home, load
from store.words.hosts import host_of

LONGEST = 2000  # characters; what is longer is a trap rather than an address


class Left(enum.StrEnum):
    """Why a link is not followed; the value is the name of its count."""

    too_long = "links not followed: too long"
    off_site = "links not followed: off-site"
    redirect = "links not followed: redirect"
    action = "links not followed: action"


@dataclass(frozen=True, slots=True)
class Addresses:
    """What configs/addresses.yml states."""

    tracking: tuple[str, ...]
    sessions: tuple[str, ...]
    origins: tuple[str, ...]
    views: tuple[str, ...]
    actions: tuple[str, ...]
    action_keys: tuple[str, ...]
    redirects: tuple[str, ...]
    redirect_keys: tuple[str, ...]

    def to_listing(self, url: str, source: Source) -> tuple[str, Left | None]:
        """Where a link to a listing is asked for: without what identifies nothing, or at the target that a redirect names in the open."""
        target, left = self._target(url, source)
        if left or (left := self._left(target, source)):
            return "", left
        return self.bare(target, source, (*self.origins, *self.views)), None

    def to_list(self, url: str, source: Source, page: str) -> tuple[str, Left | None]:
        """Where a link from the list `page` to a further list is asked for: in the order and narrowing that `page` has, and no other."""
        target, left = self._target(url, source)
        if left or (left := self._left(target, source)):
            return "", left
        own = {pair for each in (page, *source.start) for pair in _pairs(urlsplit(each).query)}
        return self.bare(target, source, self.views, own), None

    def bare(self, url: str, source: Source, further: Iterable[str] = (), own: Collection[str] = ()) -> str:
        """`url` without tracking, session and `further` parameters, save those in `own` (`name=value`); unchanged where its reference would change."""
        url = urldefrag(url).url
        names = [*self.tracking, *self.sessions, *source.ignore_parameters, *further]
        parts = urlsplit(url)

        def idle(pair: str) -> bool:
            name = unquote_plus(pair.partition("=")[0]).lower()
            return pair not in own and _named(name, names) and not _named(name, source.keep_parameters)

        query = "&".join(pair for pair in _pairs(parts.query) if not idle(pair))
        path = re.sub(r";([^/;=]+)=[^/;]*", lambda found: "" if idle(found[0][1:]) else found[0], parts.path)
        stripped = urlunsplit(parts._replace(path=path, query=query))
        return stripped if ref_of(source, stripped) == ref_of(source, url) else url

    def _target(self, url: str, source: Source) -> tuple[str, Left | None]:
        """What a redirect names as its target, as far as it can be read; a link that is none is its own."""
        for _ in range(4):  # a redirect to a redirect
            parts = urlsplit(url)
            named = self._segments(parts.path, self.redirects, source)
            inner = [
                (key, found)
                for key, _, value in (pair.partition("=") for pair in _pairs(parts.query))
                if re.match(r"(https?:)?//[^/]", said := _unquoted(value)) and (found := address(url, said))
            ]
            keyed = [found for key, found in inner if unquote_plus(key).lower() in self.redirect_keys]
            if not named and (not keyed or (source.ref and ref_of(source, urlunsplit(parts._replace(query=""))))):
                return url, None
            found = next(iter(keyed or [each for _, each in inner]), "") or _within(parts.path)
            if not found:
                return "", Left.redirect
            url = found
        return "", Left.redirect

    def _left(self, url: str, source: Source) -> Left | None:
        if len(url) > LONGEST:
            return Left.too_long
        if not source.owns(url):
            return Left.off_site
        parts = urlsplit(url)
        pairs = [
            (unquote_plus(key).lower(), unquote_plus(value).lower()) for key, _, value in (p.partition("=") for p in _pairs(parts.query))
        ]
        does = any(key in self.actions or (key in self.action_keys and value in self.actions) for key, value in pairs)
        return Left.action if does or self._segments(parts.path, self.actions, source) else None

    @staticmethod
    def _segments(path: str, words: Collection[str], source: Source) -> bool:
        """Whether a whole segment of the path is one of the words, and none that the source's own `ref` names: baskets may be the goods."""
        found = {unquote(each).lower().partition(".")[0] for each in path.split("/")} & set(words)
        meant = set(re.findall(r"[\w-]+", (source.ref or "").lower()))
        return bool(found - meant)


def read_addresses(home: Home) -> Addresses:
    """The working folder's addresses.yml, or the shipped one. Raises ConfigError."""
    return load(home.file("addresses.yml"), Addresses)


def same_list(url: str) -> str:
    """What two addresses of one list have in common: the order of parameters and the scheme say nothing."""
    return f"{same_page(url)}?{'&'.join(sorted(filter(None, _pairs(urlsplit(url).query))))}"


def kind_of_list(url: str) -> str:
    """What the lists of one kind have in common, whatever day, page or place they are of: the first folder and the names of the parameters."""
    parts = urlsplit(url)
    folder = re.sub(r"\d+", "0", parts.path.strip("/").partition("/")[0])
    return f"{host_of(url)}/{folder}?{'&'.join(sorted({pair.partition('=')[0] for pair in _pairs(parts.query)}))}"


def _pairs(query: str) -> list[str]:
    return re.split(r"&(?!amp;)", query.replace("&amp;", "&")) if query else []


def _named(name: str, patterns: Collection[str]) -> bool:
    return any(name.startswith(each[:-1].lower()) if each.endswith("*") else name == each.lower() for each in patterns)


def _unquoted(value: str) -> str:
    """A parameter's value in plain, however often it was quoted; Base64 is left alone."""
    for _ in range(3):
        plain = unquote_plus(value)
        if plain == value:
            break
        value = plain
    return value


def _within(path: str) -> str:
    """A whole address within a path: /go/https://elsewhere.example/."""
    found = re.search(r"/(https?:/{1,2}[^/].*)", _unquoted(path))
    return re.sub(r"^(https?:)/+", r"\1//", found[1]) if found else ""
