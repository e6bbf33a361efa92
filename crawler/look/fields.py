"""Fields of an item page that make themselves known: by what their element is called, by a label, by where a link leads."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crawler.look.css import Element, best_css, find, names, said
from crawler.look.items import FRAME, Guess, Item, examples, framed
from crawler.look.prices import marks

_SELLER_LINK = re.compile(
    r"/(?:users?|sellers?|shops?|stores?|members?|profiles?|vendors?|traders?|people|u)/[^/?#]+|/@[\w.-]+|[?&](?:user|seller|shop|store|member|vendor)(?:_?id)?=",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Sought:
    """How a field makes itself known: by what it is called, by its label, by where its link leads."""

    named: re.Pattern[str]
    label: re.Pattern[str]
    link: re.Pattern[str] | None = None
    fits: Callable[[str], bool] = lambda text: 1 < len(text) <= 80
    differs: bool = False  # the same words on every page say nothing of a listing


FIELDS = {
    "seller": Sought(
        re.compile(
            r"seller|vendor|merchant|sold-?by|shop-?name|store-?name|user-?name|advertiser|posted-?by|\bmember\b|\bowner\b|\bby\b|\btrader\b",
            re.I,
        ),
        re.compile(r"\W*(?:sold by|seller|vendor|listed by|posted by|advertiser|trader|by)\W*", re.I),
        _SELLER_LINK,
    ),
    "place": Sought(
        re.compile(r"location|\bplace\b|\barea\b|region|\btown\b|\bcity\b|address(?!ee)|\bwhere|pick-?up", re.I),
        re.compile(r"\W*(?:location|place|area|town|city|where|collection from|located in|item location)\W*", re.I),
        differs=True,
    ),
    "posted": Sought(
        re.compile(r"posted|publish|\bdate\b|listed-?(?:on|at|date)|date-?(?:listed|posted|added)|\bage\b|time-?(?:ago|stamp)", re.I),
        re.compile(r"\W*(?:posted|listed|published|date|added|posted on|date listed|date posted|listed on|ad posted|date added)\W*", re.I),
        fits=lambda text: 2 < len(text) <= 60 and bool(re.search(r"\d|today|yesterday|just now", text, re.I)),
    ),
    "condition": Sought(
        re.compile(r"condition", re.I), re.compile(r"\W*(?:item )?condition\W*", re.I), fits=lambda text: 1 < len(text) <= 40
    ),
    "brand": Sought(
        re.compile(r"\bbrand\b|manufacturer|designer(?!s)", re.I),
        re.compile(r"\W*(?:brand|designer|manufacturer|make)\W*", re.I),
        fits=lambda text: 1 < len(text) <= 40,
    ),
    "quantity": Sought(
        re.compile(r"quantity|\bqty\b|\bstock\b|availab", re.I),
        re.compile(r"\W*(?:quantity|in stock|stock|available|qty)\W*", re.I),
        fits=lambda text: len(text) <= 40 and bool(re.search(r"\d", text)),
    ),
}


def field_of(items: Sequence[Item], sought: Sought, taken: Sequence[Element]) -> Guess | None:
    """A field by its name, by its label, or by where its link leads."""
    avoid = set(taken)
    labelled = _labelled(items, sought)
    if labelled:
        return labelled
    chosen = [_named(item, sought, avoid) for item in items]
    if sum(each is not None for each in chosen) * 2 < len(items):
        return None
    css = best_css([each.root for each in items], chosen)
    if not css:
        return None
    seen = [found[0] if (found := find(item.root, css)) else None for item in items]
    words = [said(each) for each in seen if each is not None]
    if not any(map(sought.fits, words)) or (sought.differs and len(items) > 1 and len(set(words)) == 1):
        return None
    model = next(each for each in chosen if each is not None)
    attribute = "@datetime" if model.tag == "time" and "datetime" in model.attrib else ""
    rules = (css + attribute, css) if attribute else (css,)
    return Guess(rules, "called so by its markup or its link: " + examples(chosen))


def _named(item: Item, sought: Sought, avoid: set[Element]) -> Element | None:
    best, score = None, 0.0
    for place, element in enumerate(item.root.iter()):
        if not isinstance(element.tag, str) or element.tag in ("body", "html", "head", "meta", "link", "input", "label", *FRAME):
            continue
        own = sought.named.search(marks(element))
        link = sought.link and element.tag == "a" and sought.link.search(element.attrib.get("href", ""))
        if not own and not link:
            continue
        text = said(element)
        boxed = framed(element) and not (link and [each.tag for each in element.iterancestors() if each.tag in FRAME] == ["aside"])
        if not sought.fits(text) or boxed or any(each in avoid for each in element.iter()):
            continue
        value = 2.0 * bool(own) + 2.5 * bool(link) - len(text) / 100 - place / 20_000
        inner = [each for each in element.iter("a") if each is not element and sought.fits(said(each))]
        if own and sought.link and len(inner) == 1 and not link:
            element, value = inner[0], value + 0.5
        if value > score:
            best, score = element, value
    return best


def _labelled(items: Sequence[Item], sought: Sought) -> Guess | None:
    """`<dt>Condition</dt><dd>…`: a value whose label stands before it, found by the label's words."""
    tried: set[str] = set()
    for item in items:
        for element in item.root.iter("dt", "th", "span", "strong", "b", "td", "div", "label", "p"):
            text = said(element) if len(element) == 0 or element.tag in ("dt", "th", "td") else ""
            if not text or len(text) > 30 or not sought.label.fullmatch(text) or framed(element):
                continue
            value = element.getnext()
            if value is None or not isinstance(value.tag, str) or not sought.fits(said(value)) or (element.tail or "").strip():
                continue
            inner = [each for each in value.iter("a") if each is not value]
            tail = " a" if sought.link and len(inner) == 1 else ""
            stem = text.strip(" :\u00a0")
            css = f'{next(iter(names(element)), element.tag)}:contains("{stem}") + {value.tag}{tail}'
            if '"' in stem or css in tried:
                continue
            tried.add(css)
            found = [next(iter(find(each.root, css)), None) for each in items]
            if sum(each is not None and sought.fits(said(each)) for each in found) * 2 >= len(items):
                return Guess((css,), f"what follows the label “{text}”: " + examples(found))
    return None
