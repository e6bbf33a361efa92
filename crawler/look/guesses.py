"""From what was seen to the keys of a YAML: which platform, what is followed, which selectors, each with its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from crawler.look import items as compare
from crawler.look.answers import answer_of
from crawler.look.cards import CardSet, link_css
from crawler.look.css import Element, best_css, find, said
from crawler.look.items import FIELDS, Guess, Item
from crawler.look.links import Onward, Pattern, pattern_of
from crawler.look.page import Page
from crawler.look.plan import Plan, majority
from crawler.platforms import _api as api
from crawler.platforms import platform, schema_org
from crawler.platforms._page import address
from crawler.source import Kind, Source, host_of
from store.words.money import parse_price
from store.words.records import Parsed

ANSWERS = {"shopify": "/products.json", "woocommerce": "/wc/store/"}
_ADS = re.compile(r"\bads?\b|advert|classified|gumtree|noticeboard|for sale by", re.I)


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the YAML: a value, or a list of entries below it; `why` is its comment."""

    key: str
    value: Any
    why: str = ""


def entries_for(plan: Plan, source: Source) -> tuple[list[Entry], list[Page]]:
    """The YAML's entries, and the pages whose reading is its preview."""
    first = plan.pages[0]
    if plan.answer is not None and (made := _of_answer(plan, source, plan.answer)):
        return made
    if plan.listed is not None and plan.listed.cards is not None:
        return _of_list(plan, source, plan.listed)
    if plan.items:
        return _of_items(plan, source)
    return _of_nothing(plan, source, first)


# -- head and foot of every YAML ----------------------------------------------------------------------------------------------
def _head(plan: Plan, source: Source, kind: Kind, why: str, name: str, because: str, start: Sequence[str] = ()) -> list[Entry]:
    title, from_where = _site_title(plan, source)
    return [
        Entry("title", title, from_where),
        Entry("kind", str(kind), f"{why}; others: {', '.join(each for each in Kind if each is not kind)}"),
        Entry("url", source.url),
        Entry(
            "start",
            tuple(start or source.start),
            "list pages to begin with" if not start or len(start) == 1 else f"{len(start)} sections that the front page leads to",
        ),
        Entry("platform", name, because),
        Entry("legal", "", "FILL IN: on what basis, and on whose decision, are its pages looked at? It does not start without"),
    ]


def _foot(plan: Plan, source: Source, number: int, currency: tuple[str, str] | None, wait: str = "") -> list[Entry]:
    entries = [
        Entry(
            "expect",
            {"listings": max(1, number)},
            "as many as stand on the first page; raise it when you know how many a good crawl brings",
        )
    ]
    if currency:
        entries.append(Entry("currency", currency[0], currency[1]))
    if source.render:
        entries += [
            Entry("render", True, "without JavaScript the page is empty"),
            *([Entry("wait_for", wait, "a list's card or an item's heading")] if wait else []),
        ]
    if source.testing:
        entries += [Entry("delay", 0), Entry("testing", True, "an address of this machine is meant")]
    else:
        entries.append(Entry("delay", 2, "seconds between two requests; the site's own Crawl-delay goes before"))
    return entries


def _site_title(plan: Plan, source: Source) -> tuple[str, str]:
    for page in plan.pages:
        if not page.is_json and (named := page.response.css('meta[property="og:site_name"]::attr(content)').get(default="").strip()):
            return named[:80], "og:site_name"
    for page in plan.pages:
        if named := _front_link(page, source):
            return named, "its link to the front page"
    titles = list(dict.fromkeys(page.title for page in plan.pages if page.title))
    parts = Counter(part.strip() for title in titles for part in re.split(r"\s+[|–—·:»-]\s+", title))
    if len(titles) > 1 and parts and (top := parts.most_common(1)[0])[1] > 1:
        return top[0][:80], "what the pages' titles share"
    return (titles[0][:80], "the page's title") if titles else (host_of(source.url), "its address")


def _front_link(page: Page, source: Source) -> str:
    """The words of a link to the site's front page, unless they are what anybody's would be."""
    for link in [] if page.is_json else page.root.iter("a"):
        named = said(link)
        usual = re.fullmatch(r"\W*(?:home|back|all|shop|start|front page)\W*", named, re.I)
        if 2 < len(named) <= 60 and not usual and address(page.base, link.attrib.get("href", "")).rstrip("/") == source.url.rstrip("/"):
            return named
    return ""


def _currency(texts: Sequence[str]) -> tuple[str, str] | None:
    """The one currency that all prices seen are in."""
    found = {price.currency for text in texts if text and (price := parse_price(text)) and price.currency}
    return (found.pop(), "of prices that name none; all that were seen are in it") if len(found) == 1 else None


# -- answers in JSON ---------------------------------------------------------------------------------------------------------
def _of_answer(plan: Plan, source: Source, page: Page) -> tuple[list[Entry], list[Page]] | None:
    for family, path in ANSWERS.items():
        probe = replace(source, platform=family, currency="GBP")
        if path not in page.url or not (read := _try(page, probe)):
            continue
        entries = _head(
            plan,
            source,
            Kind.shop,
            "a shop of its own",
            family,
            "the shop's pages bear its marks, and its list answers in JSON",
            [page.url],
        )
        stated = [each.snapshot.price_text for each in read] if family == "woocommerce" else ["£1" if _british(plan) else ""]
        money = _currency(stated) or ("GBP", "products.json names none: check it on a page")
        return entries + _foot(plan, source, len(read), money), [page]
    try:
        answer = answer_of(api.read(page.response.body), page.url)
    except ValueError:
        return None
    if answer is None:
        return None
    entries = _head(
        plan,
        source,
        Kind.marketplace if "seller" in answer.rules else Kind.shop,
        "its items name sellers" if "seller" in answer.rules else "its items name no seller",
        "json_api",
        "an answer in JSON",
        [page.url],
    )
    rules = [Entry(key, int(rule) if key == "decimals" else rule, answer.why.get(key, "")) for key, rule in answer.rules.items()]
    entries.append(Entry("api", rules, "JMESPath; `items` of the whole answer, the rest of each item"))
    return entries + _foot(
        plan, source, answer.items, None if "currency" in answer.rules else ("GBP", "the answer names none: check it")
    ), [page]


def _british(plan: Plan) -> bool:
    return any("£" in page.response.text or "GBP" in page.response.text for page in plan.pages if not page.is_json)


def _try(page: Page, source: Source) -> list[Parsed]:
    try:
        return [each for each in platform(source.platform).parse(page.response, source) if each.snapshot.title]
    except (ValueError, RecursionError):
        return []


# -- a list and its items ------------------------------------------------------------------------------------------------------
def _of_list(plan: Plan, source: Source, page: Page) -> tuple[list[Entry], list[Page]]:
    cards = page.cards
    assert cards is not None
    onward = plan.onward
    not_items = [page.url, *(p.url for p in (plan.further,) if p), *plan.sections, source.url, *([onward.url] if onward.url else [])]
    further = plan.further.cards.urls if plan.further and plan.further.cards and plan.further.cards.css == cards.css else []
    usual = majority([*cards.urls, *further])
    items = [each for each in plan.items if each.is_item or len(plan.items) > 1]
    pattern = pattern_of(usual, not_items) or pattern_of(majority(cards.urls), [page.url])
    if pattern and not pattern.by_query and any(pattern.ref(url) and not pattern.ref(url.partition("?")[0]) for url in cards.urls):
        pattern = replace(pattern, regex=f"^[^?#]*{pattern.regex.removeprefix('^')}")  # a link that only speaks of an item is none
    number = sum(bool(pattern and pattern.ref(url)) for url in cards.urls) or len(cards.cards)
    texts = [each.price.text for each in cards.cards if each.price]
    if not items or pattern is None:
        return _of_cards(plan, source, page, cards, pattern, texts)
    ref = Entry("ref", pattern.regex, f"{pattern.why}, such as {pattern.ref(usual[0])}")
    follow = [Entry("listing", link_css(cards), _about(cards))]
    follow += _goes_on(onward)
    lead = Entry("follow", follow, _unfollowed(onward))
    pages = [
        Item(each.root, each.url, each.card.title if each.card else "", each.card.price.amount if each.card and each.card.price else None)
        for each in items
    ]
    schema = _schema_reads(items, source, pattern, pages)
    start = plan.sections or (page.url,)
    if schema:
        sellers = {each.snapshot.seller_name for each in schema} - {source.title}
        kind, why = (
            (Kind.marketplace, f"items name sellers, such as {', '.join(sorted(sellers)[:3])}")
            if len(sellers) > 1
            else (Kind.shop, "its items name no sellers that differ")
        )
        syntax = " and ".join(dict.fromkeys(name for each in items for name in each.structured))
        entries = _head(
            plan, source, kind, why, "schema_org", f"{syntax} on {len(schema)} of {len(items)} item pages gives title and price", start
        )
        entries += [lead, ref]
        return entries + _foot(plan, source, number, _currency([*texts, *(each.snapshot.price_text for each in schema)])), items
    rules, seller, titled = _selectors(pages)
    kind, why = _kind(plan, source, seller, [page.root])
    because = (
        "no structured data of a listing was found"
        if not any(each.structured for each in items)
        else "its structured data lacks title or price, or contradicts the cards"
    )
    entries = [*_head(plan, source, kind, why, "selectors", because, start), lead, ref]
    entries.append(Entry("selectors", rules, f"CSS, found by comparing {len(pages)} item pages"))
    wait = f"{cards.css}, {titled}" if titled else ""
    return entries + _foot(plan, source, number, _currency(texts), wait), items


def _goes_on(onward: Onward) -> list[Entry]:
    """The keys of `follow` by which the list goes on."""
    stated = {"next": onward.css, "more": onward.more, "scroll": onward.scroll}
    return [Entry(key, value, onward.why) for key, value in stated.items() if value]


def _unfollowed(onward: Onward) -> str:
    if _goes_on(onward):
        return ""
    return f"how the list goes on was seen but is not followed: {onward.why}" if onward.why else "no link to a further list page was seen"


def _about(cards: CardSet) -> str:
    said_of = f"{len(cards.cards)} cards"
    if cards.share("price"):
        said_of += f", {cards.share('price'):.0%} with a price"
    if cards.share("picture"):
        said_of += f", {cards.share('picture'):.0%} with a picture"
    return (
        said_of
        + (f"; {cards.strange} more hold no link of their own" if cards.strange else "")
        + (f"; also seen: {', '.join(cards.others)}" if cards.others else "")
    )


def _schema_reads(items: Sequence[Page], source: Source, pattern: Pattern, pages: Sequence[Item]) -> list[Parsed]:
    """What structured data says of the item pages; nothing where it has no title or price on some, or another price than the cards."""
    probe = replace(source, ref=pattern.regex)
    read = [next(iter(_try_schema(page, probe)), None) for page in items]
    if any(each is None or not each.snapshot.title for each in read):
        return []
    good = [each for each in read if each is not None]
    known = [(each.snapshot.price_minor, item.card_amount) for each, item in zip(good, pages, strict=True) if item.card_amount]
    priced = sum(each.snapshot.price_minor is not None for each in good)
    if (known and sum(ours is not None for ours, _ in known) < len(known)) or (not known and not priced):
        return []
    wrong = sum(ours != shown for ours, shown in known)
    return good if not known or wrong * 2 <= len(known) else []


def _try_schema(page: Page, probe: Source) -> list[Parsed]:
    try:
        return list(schema_org.parse(page.response, probe))
    except (ValueError, RecursionError):
        return []


def _kind(plan: Plan, source: Source, seller: Guess | None, roots: Sequence[Element]) -> tuple[Kind, str]:
    if seller is None:
        return Kind.shop, "no seller is named on its items"
    names = {said(found[0]) for root in roots if (found := find(root, seller.rules[0].partition("@")[0]))}
    site = _site_title(plan, source)[0].casefold()
    if len(roots) > 1 and len(names) == 1 and (only := next(iter(names)).casefold()) and (only in site or site in only):
        return Kind.shop, "all its items name the shop itself as their seller"
    named = " ".join(page.title for page in plan.pages) + " " + plan.pages[0].url
    return (
        (Kind.classifieds, "items name sellers, and it speaks of adverts")
        if _ADS.search(named)
        else (Kind.marketplace, "items name sellers")
    )


def _selectors(pages: Sequence[Item]) -> tuple[list[Entry], Guess | None, str]:
    """The rules, the seller's apart, and the title's CSS."""
    title, titles = compare.title_of(pages)
    price, found = compare.price_of(pages, titles)
    rules = [_entry("title", title) if title else Entry("title", "h1", "no heading repeats the page's title: check")]
    if price:
        rules.append(_entry("price", price))
    taken: list[Element] = [*filter(None, titles), *(each.element for each in found if each)]
    if text := compare.text_of(pages, titles):
        rules.append(_entry("text", text))
    seller = None
    for name, sought in FIELDS.items():
        guess = compare.field_of(pages, sought, taken)
        if guess is None:
            continue
        rules.append(_entry(name, guess))
        taken += [element for page in pages for rule in guess.rules for element in find(page.root, rule.partition("@")[0])[:1]]
        seller = guess if name == "seller" else seller
    if images := compare.images_of(pages, titles):
        rules.append(_entry("images", images))
    return rules, seller, title.rules[0] if title else ""


def _entry(name: str, guess: Guess) -> Entry:
    return Entry(name, guess.rules, guess.why + (f"; {guess.also}" if guess.also else ""))


# -- a list that says it all, an item alone, nothing ----------------------------------------------------------------------------
def _of_cards(
    plan: Plan, source: Source, page: Page, cards: CardSet, pattern: Pattern | None, texts: Sequence[str]
) -> tuple[list[Entry], list[Page]]:
    scopes = [each.element for each in cards.cards]
    roots = [Item(each.element, each.url, each.title) for each in cards.cards]
    titles = [_saying(each.element, each.title) for each in cards.cards]
    link = "" if all(each.link is each.element for each in cards.cards) else link_css(cards).removeprefix(cards.css).strip()
    attribute = "href" if "href" in cards.cards[0].link.attrib else "data-href" if "data-href" in cards.cards[0].link.attrib else "data-url"
    rules = [
        Entry("card", cards.css, _about(cards)),
        Entry("title", (best_css(scopes, titles) or link or "a",), f"such as “{cards.cards[0].title[:50]}”"),
        Entry("url", (f"{link}@{attribute}",), "the card's own link"),
    ]
    prices = [each.price.element if each.price else None for each in cards.cards]
    if price := best_css(scopes, prices):
        rules.append(Entry("price", (price,), f"such as “{texts[0]}”"))
    taken = [*filter(None, titles), *filter(None, prices)]
    seller = None
    for name in ("seller", "place"):
        if guess := compare.field_of(roots, FIELDS[name], taken):
            rules.append(_entry(name, guess))
            seller = guess if name == "seller" else seller
    if cards.share("picture") > 0.3:
        rules.append(Entry("images", (best_css(scopes, [each.picture for each in cards.cards]) or "img",), "the card's picture"))
    kind, why = _kind(plan, source, seller, scopes)
    because = "the cards say all there is: " + (
        "no page of an item could be looked at"
        if plan.failed
        else "their links lead back to the list"
        if plan.items == []
        else "their addresses hold no reference"
    )
    entries = _head(plan, source, kind, why, "selectors", because, [page.url])
    if on := _goes_on(plan.onward):
        entries.append(Entry("follow", on))
    if pattern:
        entries.append(Entry("ref", pattern.regex, f"{pattern.why}, such as {pattern.ref(cards.urls[0])}"))
    entries.append(Entry("cards", rules, "CSS within a card"))
    return entries + _foot(plan, source, len(cards.cards), _currency(texts), cards.css), [page]


def _saying(card: Element, title: str) -> Element | None:
    """The smallest element of a card whose words are its title."""
    found = [each for each in card.iter() if isinstance(each.tag, str) and said(each) == title]
    return found[-1] if found else None


def _of_items(plan: Plan, source: Source) -> tuple[list[Entry], list[Page]]:
    page = plan.items[0]
    note = "one item only: no list was found that leads to it; give a list page, its links (`follow`) and `ref` to crawl more"
    pages = [Item(page.root, page.url)]
    if schema := _try_schema(page, source):
        entries = _head(plan, source, Kind.shop, note, "schema_org", " and ".join(page.structured), [page.url])
        return entries + _foot(plan, source, 1, _currency([each.snapshot.price_text for each in schema])), [page]
    rules, seller, titled = _selectors(pages)
    kind, why = _kind(plan, source, seller, [page.root])
    entries = _head(plan, source, kind, f"{why}; {note}", "selectors", "no structured data of a listing was found", [page.url])
    return [*entries, Entry("selectors", rules), *_foot(plan, source, 1, None, titled)], [page]


def _of_nothing(plan: Plan, source: Source, page: Page) -> tuple[list[Entry], list[Page]]:
    """Neither a list nor an item: the keys are there to be filled in."""
    because = "neither a list nor an item was recognised" + ("; without JavaScript the page is empty" if page.needs_javascript else "")
    entries = _head(plan, source, Kind.shop, "not known", "selectors", because)
    entries += [
        Entry("follow", [Entry("listing", "a", "CSS of the links to listings")]),
        Entry("ref", r"/item/(\w+)", "the pattern of an item's address"),
    ]
    entries += [Entry("selectors", [Entry("title", "h1"), Entry("price", ".price")], "none of it was seen")]
    return entries + _foot(plan, source, 1, None), []
