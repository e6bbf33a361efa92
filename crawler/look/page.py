"""What one page is: an item, a list, an answer in JSON, or nothing without JavaScript; and which family of shops made it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import HtmlResponse

from crawler.entrances import is_feed
from crawler.look.cards import CardSet, cards_of
from crawler.look.css import Element, said
from crawler.look.prices import Found, prices
from crawler.platforms import _api as api
from crawler.platforms import _schema as schema
from crawler.platforms._feeds import Feed, feed_of
from crawler.platforms._page import address, base_of

_ROOTS = ("app", "root", "__next", "__nuxt", "main", "content", "application", "svelte", "gatsby")
_OFFER = re.compile(
    r"\boff\b|\bsav(?:e|ing)\b|\border|\bpayments?\b|\bspend\b|\bover\b|deliver|postage|shipping|\bdeposit\b|voucher|\bgift", re.I
)
FAMILIES = {
    "shopify": re.compile(r"cdn\.shopify\.com|Shopify\.(?:theme|shop)|myshopify\.com|/cdn/shop/", re.I),
    "woocommerce": re.compile(r"woocommerce|/wp-content/plugins/woocommerce|wc-block|/product-category/", re.I),
    "magento": re.compile(r"Magento_|mage/cookies|/static/version\d+/frontend/|data-mage-init|x-magento-init", re.I),
    "prestashop": re.compile(r"prestashop|/modules/ps_\w+|var prestashop", re.I),
}


@dataclass
class Page:
    """A page that was looked at: its answer, its capture's number, and what it is."""

    url: str
    response: HtmlResponse
    capture: int
    card: Any = field(default=None)  # the card that led here

    @cached_property
    def root(self) -> Element:
        return self.response.selector.root

    @cached_property
    def base(self) -> str:
        return base_of(self.response)

    @cached_property
    def is_json(self) -> bool:
        kind = (self.response.headers.get("Content-Type") or b"").decode("latin-1")
        return "json" in kind or api.is_json(self.response.body)

    @cached_property
    def feed(self) -> Feed | None:
        """The sitemap or feed that it is."""
        packed = self.response.body[:2] == b"\x1f\x8b"
        bare = b"text/plain" in (self.response.headers.get("Content-Type") or b"")
        if not packed and not bare and not is_feed(self.response.body):
            return None
        try:
            return feed_of(self.response.body, self.url)
        except ValueError:
            return None

    @property
    def is_data(self) -> bool:
        """Whether it is no page that a person reads."""
        return self.is_json or self.feed is not None

    @cached_property
    def cards(self) -> CardSet | None:
        return None if self.is_data else cards_of(self.root, self.url, self.base)

    @cached_property
    def family(self) -> str:
        """The family of shops that made it, by its marks; "" for none that is known."""
        if self.feed:
            return ""
        text = self.response.text[:400_000]
        generator = " ".join(self.response.css("meta[name=generator]::attr(content)").getall())
        return next((name for name, mark in FAMILIES.items() if mark.search(generator) or mark.search(text)), "")

    @cached_property
    def structured(self) -> list[str]:
        """The syntaxes in which it speaks of a product."""
        if self.is_data:
            return []
        found = [
            name
            for name, things in (("JSON-LD", schema.json_ld(self.response)), ("microdata", schema.microdata(self.response)))
            if schema.products(things)
        ]
        return [*found, *(["OpenGraph"] if schema.open_graph(self.response).get("product") else [])]

    @cached_property
    def title(self) -> str:
        return next((said(each) for each in self.root.iter("title") if said(each)), "") if not self.is_data else ""

    @property
    def is_item(self) -> bool:
        """Whether it is about one listing: it has a price of its own, outside any card, under a heading; or says so in structured data."""
        if self.is_data:
            return False
        cards = self.cards
        if self.structured and not (cards and len(cards.cards) > 8 and cards.share("price") > 0.5 and not self._own_price()):
            return True
        return self._own_price()

    def _own_price(self) -> bool:
        return self._headed() and any(self._is_own(each) for each in prices(self.root))

    def _headed(self) -> bool:
        """Whether something stands over it: a heading, or in whatever element the words by which its card named it."""
        if any(True for _ in self.root.iter("h1")):
            return True
        named = self.card.title if self.card is not None else ""
        return bool(named) and any(
            said(each) == named for each in self.root.iter("h2", "h3", "b", "strong", "font", "td", "div", "p", "span")
        )

    def _is_own(self, price: Found) -> bool:
        """A price that is no old one, no card's, none in the page's frame, none that a link or an offer to all customers speaks of; and
        where most of a page are cards, it stands before them."""
        if _OFFER.search(price.text) or (self._mostly_cards and price.element in self._after_cards):
            return False
        above = [price.element, *price.element.iterancestors()]
        near = {urlsplit(address(self.base, link.attrib.get("href", ""))).path for each in above[:2] for link in each.iter("a")}
        linked = any(each.tag == "a" for each in above) or bool(self.cards and near & {urlsplit(url).path for url in self.cards.urls})
        return not price.old and not price.elsewhere and not linked and not (self.cards and self.cards.holds(price.element))

    @cached_property
    def _mostly_cards(self) -> bool:
        return self.cards is not None and len(self.cards.cards) >= 6 and self.cards.share("price") > 0.5

    @cached_property
    def _after_cards(self) -> set[Element]:
        """What stands behind the first card."""
        assert self.cards is not None
        order = list(self.root.iter())
        return set(order[order.index(self.cards.cards[0].element) :])

    @property
    def is_list(self) -> bool:
        return self.cards is not None and not self.is_item

    @cached_property
    def needs_javascript(self) -> bool:
        """Whether hardly a word stands in it while scripts do: what one sees is built by them."""
        if self.is_data or not self.response.css("script"):
            return False
        body = next(iter(self.root.iter("body")), None)
        if body is None:
            return True
        words = len(said(body))
        empty = any(not said(each) and each.attrib.get("id", "").lower() in _ROOTS for each in body.iter("div", "main", "section"))
        links = sum(1 for each in body.iter("a") if said(each))
        return (words < 200 and links < 8) or (empty and words < 600)
