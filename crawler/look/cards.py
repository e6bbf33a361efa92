"""The repeated pattern of a list page: elements of one make that each hold a link of their own and, as a rule, a picture and a price.

Every class, data-attribute and list on the page is a candidate, and so is every form of address: where nothing has a name that speaks
(utility classes, layout tables), the links to listings still have one part in common, and a card is the widest element around each of
them that holds no other's. Each candidate is weighed by how many of its elements hold a link that no other holds, a price, a picture
and words enough for a title. The heaviest is the list: menus have no prices, categories none either.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from crawler.look.css import Element, best_css, find, names, said
from crawler.look.links import shared_start
from crawler.look.prices import Found, marks, prices
from crawler.platforms._page import address
from store.words.hosts import host_of

LEAST = 3
_BY_ADDRESS = 0.95  # of two that say the same, the one by name: it holds for a list that leads to no pages of items, too
_NO_ITEM = re.compile(
    r"/(?:cart|basket|wishlist|favou?rites?|login|log-in|signin|register|compare|share|report|contact|messages?|help|about)\b|add[-_]to|[?&](?:add|sort|order|filter)[-_\w]*=|^(?:mailto|tel):",
    re.I,
)
_PERSON = re.compile(r"/(?:users?|sellers?|shops?|stores?|members?|profiles?|vendors?|traders?|people|u)/|/@", re.I)
_PERSON_MARKS = re.compile(r"seller|vendor|author|user|member|\bby\b|shop-?name|store-?name", re.I)
_FRAME = ("nav", "header", "footer", "aside")
_FRAME_MARKS = re.compile(
    r"\b(?:nav|menu|footer|header|sidebar|breadcrumbs?|pagination|pager|social|related|similar|recent(?:ly)?|recommend\w*|carousel|banner|filters?|facets?)\b|also-(?:like|bought|viewed)|mini-?cart",
    re.I,
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TITLE = re.compile(r"title|name|heading|headline|subject", re.I)
_OWN = re.compile(
    r"\b(?:card|item|product|listing|advert|ad|offer|result|tile|pin|lot|entry)s?\b|(?:card|item|product|listing|tile)$", re.I
)


@dataclass(frozen=True, slots=True)
class Card:
    """One element of the list: its own link, and what it shows."""

    element: Element
    link: Element
    url: str
    title: str
    price: Found | None
    picture: Element | None


@dataclass(frozen=True, slots=True)
class CardSet:
    """A list's cards; `strange` is how many elements of the same make hold no link of their own."""

    css: str
    cards: tuple[Card, ...]
    strange: int = 0
    score: float = 0.0
    others: tuple[str, ...] = field(default=())
    links: str = ""  # CSS of their links, where it is known by their addresses

    @property
    def urls(self) -> list[str]:
        return [each.url for each in self.cards]

    def share(self, what: str) -> float:
        return sum(getattr(each, what) is not None for each in self.cards) / len(self.cards)

    def holds(self, element: Element) -> bool:
        inside = {each.element for each in self.cards}
        return any(each in inside for each in (element, *element.iterancestors()))


def cards_of(root: Element, page: str, base: str) -> CardSet | None:
    """The page's list, if it has one of at least three cards."""
    known: dict[Element, list[Found]] = {}
    weighed = []
    for css, elements in _groups(root).items():
        made = _set(css, elements, page, base, known)
        if made is not None:
            weighed.append(made)
    for links, elements in alike_of(root, page, base):
        made = _set(_around(root, elements, links), elements, page, base, known)
        if made is not None:
            weighed.append(replace(made, links=links, score=made.score * _BY_ADDRESS))
    weighed.sort(key=lambda each: -each.score)
    if not weighed:
        return None
    best = weighed[0]
    others = [f"{each.css} ({len(each.cards)})" for each in weighed[1:] if set(each.urls) - set(best.urls)][:3]
    return replace(best, others=tuple(others))


def _groups(root: Element) -> dict[str, list[Element]]:
    """Elements by what they have in common: a name of their own, or a place in one list."""
    groups: dict[str, list[Element]] = {}
    body = next(iter(root.iter("body")), root)
    for element in body.iter():
        if not isinstance(element.tag, str) or element.tag in (
            "script",
            "style",
            "option",
            "svg",
            "path",
            "img",
            "p",
            "span",
            "b",
            "i",
            "em",
            "strong",
            "time",
        ):
            continue
        own = [each for each in names(element) if each[0] in ".[" or each == "article"]
        for each in own:
            groups.setdefault(each, []).append(element)
        parent = element.getparent()
        if parent is not None and element.tag in ("li", "tr", "article", "div", "a", "section", "dl", "figure", "td"):
            for each in names(parent)[:2] or ([parent.tag] if parent.tag in ("ul", "ol", "table", "tbody", "main") else []):
                groups.setdefault(f"{each} > {element.tag}", []).append(element)
            if not names(parent):
                grand = parent.getparent()
                if grand is not None:
                    for each in names(grand)[:2]:
                        groups.setdefault(f"{each} > {parent.tag} > {element.tag}", []).append(element)
    return {css: _outermost(each) for css, each in groups.items() if len(each) >= LEAST}


def _outermost(elements: Sequence[Element]) -> list[Element]:
    inside = set(elements)
    return [each for each in elements if not any(above in inside for above in each.iterancestors())]


# -- by their addresses ----------------------------------------------------------------------------------------------------
def alike_of(root: Element, page: str, base: str) -> Iterator[tuple[str, list[Element]]]:
    """CSS of links whose addresses are of one form, with the widest element around each address that holds no other of them."""
    forms: dict[tuple[Any, ...], dict[str, list[Element]]] = {}
    for link in root.iter("a"):
        url = address(base, link.attrib.get("href", "")).partition("#")[0]
        if url and host_of(url) == host_of(page) and not _NO_ITEM.search(url) and url != page.partition("#")[0]:
            forms.setdefault(_form(url), {}).setdefault(url, []).append(link)
    for urls in forms.values():
        links = [each for found in urls.values() for each in found]
        if len(urls) >= LEAST and (css := _shared(root, links)) and len(cards := _widest(urls)) >= LEAST:
            yield css, cards


def _form(url: str) -> tuple[Any, ...]:
    """What addresses of one kind have in common: their first folder, their depth, what their last part is like, the names of parameters."""
    parts = urlsplit(url)
    segments = parts.path.strip("/").split("/")
    last = segments[-1]
    if last.isdigit():
        like = "number"
    elif len(segments) > 1:
        like = ""  # its folder says enough
    else:
        like = "coded" if re.search(r"\d", last) else "words" if re.search(r"[-_]", last) else "word"
    query = tuple(sorted({name for name, _ in parse_qsl(parts.query)}))
    return (len(segments), segments[0] if len(segments) > 1 or query else "", like, last.rpartition(".")[2] if "." in last else "", query)


def _shared(root: Element, links: Sequence[Element]) -> str:
    """CSS by the part that the addresses of these links share, as they are written; "" where other links share it, too."""
    written = [each.attrib.get("href", "").strip() for each in links]
    start = re.match(r"(?:.*[/?=&_-])?", shared_start(written))
    path = re.match(r"(?:.*[/?=&])?", shared_start([urlsplit(each).path + "?" * bool(urlsplit(each).query) for each in written]))
    for how, part in (("^", start[0] if start else ""), ("*", path[0].rstrip("?") if path else "")):
        if len(part.removeprefix("/")) < 2 or re.fullmatch(r"https?://[^/]*/?", part) or '"' in part or "\\" in part:
            continue
        css = f'a[href{how}="{part}"]'
        found = find(root, css)
        if len(found) <= 1.2 * len(links):
            return css
    return ""


def _widest(urls: Mapping[str, Sequence[Element]]) -> list[Element]:
    """A card for each address: the widest element that holds none of the others, of one make with the rest."""
    holds: dict[Element, set[str]] = {}
    for url, links in urls.items():
        for link in links:
            for each in (link, *link.iterancestors()):
                holds.setdefault(each, set()).add(url)
    chosen: list[tuple[Element, Element]] = []
    for links in urls.values():
        link = next((each for each in links if not _framed(each)), links[0])
        chain = [each for each in (link, *link.iterancestors()) if len(holds[each]) == 1 and each.tag not in ("body", "html")]
        chosen.append((chain[-1], link))
    usual, _ = Counter(_place(card) for card, _ in chosen).most_common(1)[0]
    fitting = (next((each for each in (link, *link.iterancestors()) if _place(each) == usual), None) for _, link in chosen)
    return [each for each in fitting if each is not None and len(holds[each]) == 1]


def _place(element: Element) -> tuple[str, int]:
    return element.tag, sum(1 for _ in element.iterancestors())


def _around(root: Element, cards: Sequence[Element], links: str) -> str:
    """CSS of the cards around such links: by the way down to them; of the links alone where no such CSS finds just the cards."""
    if all(each.tag == "a" for each in cards):
        return links
    ways = []
    for card in cards:
        link = next(iter(find(card, links)), None)
        if link is not None and link is not card:
            between = [each.tag for each in link.iterancestors() if card in each.iterancestors()]
            ways.append(" > ".join([*reversed(between), links]))
    for way in [f"> {each}" for each, _ in Counter(ways).most_common(1)] + [links]:
        css = f"{cards[0].tag}:has({way})"
        found = find(root, css)
        if set(found) <= set(cards) and len(found) > 0.8 * len(cards):
            return css
    return links


def _set(css: str, elements: Sequence[Element], page: str, base: str, known: dict[Element, list[Found]]) -> CardSet | None:
    if not LEAST <= len(elements) <= 400:
        return None
    links = [_links(each, page, base) for each in elements]
    count = Counter(url for each in links for url in {url for _, url, _ in each})
    cards = []
    for element, found in zip(elements, links, strict=True):
        own = [each for each in found if count[each[1]] == 1]
        if not own:
            continue
        link, url, _ = max(own, key=lambda each: each[2])
        if element not in known:
            known[element] = prices(element)
        shown = known[element]
        price = next((each for each in shown if not each.old), shown[0] if shown else None)
        cards.append(Card(element, link, url, _title(element, link), price, _picture(element)))
    if len(cards) < LEAST:
        return None
    made = CardSet(css, tuple(cards), len(elements) - len(cards))
    return CardSet(css, made.cards, made.strange, _weight(made, known, links), ())


def _links(element: Element, page: str, base: str) -> list[tuple[Element, str, float]]:
    """(link, address, how much it looks like the card's own) of a card's links on this site."""
    found = []
    holders = [
        each
        for each in element.iter()
        if isinstance(each.tag, str) and (each.tag == "a" or "data-href" in each.attrib or "data-url" in each.attrib)
    ]
    for place, link in enumerate(holders):
        url = address(base, link.attrib.get("href") or link.attrib.get("data-href") or link.attrib.get("data-url") or "")
        if not url or host_of(url) != host_of(page) or _NO_ITEM.search(url.partition("#")[0]) or url.split("#")[0] == page.split("#")[0]:
            continue
        worth = min(len(said(link)) / 20, 2.0) - 0.1 * place
        worth += (
            3.0
            if any(each.tag in _HEADINGS for each in (*link.iter(), *list(link.iterancestors())[:2]) if isinstance(each.tag, str))
            else 0.0
        )
        worth += 2.0 if next(link.iter("img", "picture"), None) is not None else 0.0
        worth += 1.0 if _TITLE.search(marks(link)) else 0.0
        worth -= 4.0 if _PERSON.search(url) or _PERSON_MARKS.search(marks(link)) or "author" in link.attrib.get("rel", "") else 0.0
        found.append((link, url, worth))
    return found


def _weight(made: CardSet, known: dict[Element, list[Found]], links: Sequence[Sequence[Any]]) -> float:
    cards, number = made.cards, len(made.cards)
    worded = sum(len(each.title) >= 4 for each in cards) / number
    value = math.log2(number + 1) * (1 + 2.5 * made.share("price") + made.share("picture") + 0.7 * worded)
    value *= number / (number + made.strange)
    framed = sum(_framed(each.element) for each in cards) / number
    value *= 1 - 0.75 * framed
    person = sum(bool(_PERSON.search(each.url)) for each in cards) / number
    value *= 1 - 0.6 * person
    crowded = sum(len({f.amount for f in known[each.element] if not f.old}) > 4 for each in cards) / number
    value *= 1 - 0.7 * crowded
    depth = sum(1 for _ in cards[0].element.iterancestors())
    return value * (1.04 if _OWN.search(made.css) else 1.0) * (1 + 0.002 * max(0, 20 - depth)) * (0.985 if ">" in made.css else 1.0)


def _framed(element: Element) -> bool:
    """Whether it stands in the page's frame (menu, footer, sidebar) or among what else one might like."""
    return any(each.tag in _FRAME or _FRAME_MARKS.search(marks(each)) for each in list(element.iterancestors())[:-2])


def _title(element: Element, link: Element) -> str:
    """The words that a card gives its listing: its heading, what is called a title, the link's own words, the picture's."""
    for each in element.iter(*_HEADINGS):
        if text := said(each):
            return text
    for each in element.iter():
        if (
            isinstance(each.tag, str)
            and _TITLE.search(marks(each))
            and each is not element
            and (text := said(each))
            and not _PERSON_MARKS.search(marks(each))
        ):
            return text
    same = [said(each) for each in element.iter("a") if each.attrib.get("href") == link.attrib.get("href")]
    if text := max([said(link), *same], key=len):
        return text
    return next((alt for each in element.iter("img") if (alt := each.attrib.get("alt", "").strip())), "")


def _picture(element: Element) -> Element | None:
    return next(iter(element.iter("img", "picture")), None)


# -- what a YAML says of them ----------------------------------------------------------------------------------------------
def link_css(cards: CardSet) -> str:
    """CSS of the cards' own links on the page, and of no other link where that can be had."""
    if cards.links:
        return cards.links
    if all(each.link is each.element for each in cards.cards):
        return cards.css
    plain = [f"a{each}" if each[0] in ".[" else each for each in names(cards.cards[0].link) if each[0] in ".["]
    headed = [f"{tag} a" for tag in ("h2", "h3", "h4") if all(next(each.element.iter(tag), None) is not None for each in cards.cards)]
    for inner in (*plain, *headed, "a"):
        if all(_only(each, inner) for each in cards.cards):
            return f"{cards.css} {inner}"
    inner = best_css([each.element for each in cards.cards], [each.link for each in cards.cards])
    return f"{cards.css} {inner or 'a'}"


def _only(card: Card, css: str) -> bool:
    found = find(card.element, css)
    return bool(found) and {each.attrib.get("href") for each in found} == {card.link.attrib.get("href")}


def varied(cards: Sequence[Card], most: int) -> list[Card]:
    """So many cards that differ in make: the first, and then those that show what the ones before did not (an old price, no picture)."""

    def make(card: Card) -> frozenset[str]:
        inside = {
            name for each in card.element.iter() if isinstance(each.tag, str) for name in (each.tag, *each.attrib.get("class", "").split())
        }
        return frozenset(inside | ({"priced"} if card.price else set()))

    chosen: list[Card] = []
    left = list(cards)
    shown: set[str] = set()
    while left and len(chosen) < most:
        best = max(left, key=lambda each: (len(make(each) - shown) if chosen else 0, -left.index(each)))
        if chosen and not make(best) - shown:  # all of one make: from over the whole list
            best = left[(len(left) - 1) * len(chosen) // max(1, most - 1)] if len(left) > 1 else left[0]
        shown |= make(best)
        chosen.append(best)
        left.remove(best)
    return chosen
