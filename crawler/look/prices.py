"""Which words of a page are a price, and which of the prices is the listing's: not the basket's total, an old price or a neighbour's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.look.css import Element, said
from store.words.money import Price, parse_price

_NAMED = re.compile(r"price|amount|cost\b|prix|preis|precio", re.I)
_OLD = re.compile(
    r"\b(?:old|was|before|rrp|msrp|strike|struck|line-through|crossed|regular|compare|list-price|original|previous|saving|save|discount)",
    re.I,
)
_OLD_LABEL = re.compile(r"\W*(?:was|rrp|old|before|(?:regular|original|list|old|normal|previous|usual) price)\W*", re.I)
_ELSEWHERE = re.compile(
    r"basket|cart|bag-total|checkout|total|shipping|delivery|postage|related|similar|recommend|also|recent|upsell|cross-sell|more-from|others?\b|"
    r"sidebar|footer|header|instal|monthly|finance|filter|facet|range|free-?delivery|threshold|widget|carousel-cards",
    re.I,
)
_ELSEWHERE_TAGS = (
    "header",
    "footer",
    "nav",
    "aside",
    "form",
    "select",
    "option",
    "button",
    "script",
    "style",
    "noscript",
    "template",
    "title",
)
_TOO_LONG = 60


@dataclass(frozen=True, slots=True)
class Found:
    """An element whose words are a price."""

    element: Element
    text: str
    price: Price
    old: bool
    elsewhere: bool

    @property
    def amount(self) -> int:
        return self.price.amount_minor


def price_of(text: str, *, named: bool = False) -> Price | None:
    """The price that short words state; a bare number counts only where the element is called a price."""
    if not text or len(text) > _TOO_LONG:
        return None
    price = parse_price(text)
    if price is None or (price.kind == "free" and len(text) > 25):
        return None
    if price.currency is None and not (named and price.kind != "free") and price.kind != "free":
        return None
    letters = len(re.sub(r"[\W\d_]|GBP|EUR|USD", "", text))
    return price if letters <= 26 else None


def marks(element: Element) -> str:
    """Classes, id, itemprop and test ids of an element, as one line to look for words in."""
    return " ".join(
        value
        for name, value in element.attrib.items()
        if name in ("class", "id", "itemprop", "role", "aria-label") or name.startswith("data-t")
    )


def prices(scope: Element) -> list[Found]:
    """The smallest elements below `scope` (or itself) whose words are a price, in the order of the page."""
    found: list[Found] = []
    for element in scope.iter():
        if not isinstance(element.tag, str) or element.tag in _ELSEWHERE_TAGS:
            continue
        named = bool(_NAMED.search(marks(element)))
        text = said(element)
        price = price_of(text, named=named)
        if price is None or _smaller(element, price):
            continue
        found.append(Found(element, text, price, _old(element, scope), _elsewhere(element, scope)))
    return found


def _smaller(element: Element, price: Price) -> bool:
    """Whether a child alone says a price, so that the element only wraps it."""
    return any(
        (inner := price_of(said(each), named=bool(_NAMED.search(marks(each)))))
        and (inner.currency or price.currency is None)
        and inner.kind == price.kind
        for each in element
        if isinstance(each.tag, str)
    )


def _up(element: Element, scope: Element, most: int) -> list[Element]:
    chain = [element]
    for each in element.iterancestors():
        if each is scope or len(chain) >= most:
            break
        chain.append(each)
    return chain


def _old(element: Element, scope: Element) -> bool:
    near = _up(element, scope, 3)
    if any(each.tag in ("del", "s", "strike") for each in near) or any(_OLD.search(marks(each)) for each in near[:2]):
        return True
    before = element.getprevious()  # words for those who hear the page
    return before is not None and isinstance(before.tag, str) and bool(_OLD_LABEL.fullmatch(said(before)))


def _elsewhere(element: Element, scope: Element) -> bool:
    chain = _up(element, scope, 12)
    return any(each.tag in _ELSEWHERE_TAGS[:4] for each in chain) or any(_ELSEWHERE.search(marks(each)) for each in chain)


def rank(found: Sequence[Found], heading: Element | None, known: int | None = None) -> list[Found]:
    """The prices of an item page, the likeliest first: the amount its card showed, called a price, near the heading, not old, not elsewhere."""
    order = {each: index for index, each in enumerate(found[0].element.getroottree().iter())} if found else {}
    at = order.get(heading, 0) if heading is not None else 0

    def worth(each: Found) -> float:
        distance = order.get(each.element, 0) - at
        near = max(0.0, 2.0 - abs(distance) / 60) - (0.5 if distance < 0 else 0.0)
        called = 1.5 if any(_NAMED.search(marks(e)) for e in _up(each.element, each.element.getroottree().getroot(), 2)) else 0.0
        return (
            near
            + called
            + (4.0 if known is not None and each.amount == known else 0.0)
            - (4.0 if each.old else 0.0)
            - (3.0 if each.elsewhere else 0.0)
        )

    return sorted(found, key=lambda each: -worth(each))
