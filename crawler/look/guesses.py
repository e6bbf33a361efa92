"""From what was seen to the keys of a YAML: which platform, what is followed, which selectors, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from crawler.look import items as compare
from crawler.look.apis import of_answer
from crawler.look.cards import CardSet, link_css
from crawler.look.css import Element, best_css, find, said
from crawler.look.entries import Entry, currency_of, foot, head, site_title
from crawler.look.fields import FIELDS, field_of
from crawler.look.items import Guess, Item
from crawler.look.links import Onward, Pattern, pattern_of
from crawler.look.page import Page
from crawler.look.plan import Plan, alike, majority
from crawler.platforms import schema_org
from crawler.source import Kind, Source
from store.words.records import Parsed

_ADS = re.compile(r"\bads?\b|advert|classified|gumtree|noticeboard|for sale by", re.I)


def entries_for(plan: Plan, source: Source) -> tuple[list[Entry], list[Page]]:
    """The YAML's entries, and the pages whose reading is its preview."""
    first, onward = plan.pages[0], _onward(plan, source)
    if (onward.more or onward.scroll) and not source.render:
        source = replace(source, render=True)  # only a browser has buttons, and scrolls
    if plan.answer is not None and (made := of_answer(plan, source, plan.answer)):
        return made
    if plan.listed is not None and plan.listed.cards is not None:
        return _of_list(plan, source, plan.listed)
    if plan.entrance is not None and plan.items:
        return _of_entrance(plan, source, plan.entrance)
    if plan.items:
        return _of_items(plan, source)
    return _of_nothing(plan, source, first)


# -- a list and its items ------------------------------------------------------------------------------------------------------
def _of_list(plan: Plan, source: Source, page: Page) -> tuple[list[Entry], list[Page]]:
    cards = page.cards
    assert cards is not None
    onward = _onward(plan, source)
    not_items = [page.url, *(p.url for p in (plan.further,) if p), *plan.sections, source.url, *([onward.url] if onward.url else [])]
    further = plan.further.cards.cards if plan.further and plan.further.cards and plan.further.cards.css == cards.css else ()
    titles = {each.url: each.title for each in (*cards.cards, *further)}
    usual = majority(list(titles))
    items = [each for each in plan.items if each.is_item or len(plan.items) > 1]
    pattern = pattern_of(usual, not_items, titles) or pattern_of(majority(cards.urls), [page.url])
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
    begin = Entry("start", tuple(plan.sections), f"{len(plan.sections)} sections that the front page leads to") if plan.sections else None
    return _behind(plan, source, pages, items, pattern, [lead, ref], number, texts, (page.url,), begin, cards.css)


def _of_entrance(plan: Plan, source: Source, page: Page) -> tuple[list[Entry], list[Page]]:
    """A sitemap or a feed that names listings among other pages: those that lie where the items lie that were looked at."""
    bare = {each.partition("?")[0] for each in plan.named}
    named = list(dict.fromkeys(each.partition("?")[0] for each in plan.named)) if len(bare) * 2 > len(plan.named) else plan.named
    likely = alike(named)
    pattern = pattern_of(likely, [source.url, page.url, *(each for each in named if each not in likely)])
    pattern = pattern or pattern_of(likely, [source.url, page.url])
    if pattern is None:
        return _of_items(plan, source)
    assert page.feed is not None
    key = "rss" if page.feed.kind in ("rss", "atom") else "sitemap"
    begin = Entry("entrances", [Entry(f"- {key}", page.url)], f"{len(plan.named)} pages of this site are named there")
    refs = {each for url in named if (each := pattern.ref(url))}
    pages = [Item(each.root, each.url) for each in plan.items]
    ref = Entry("ref", pattern.regex, f"{pattern.why}, such as {pattern.ref(likely[0])}")
    return _behind(plan, source, pages, plan.items, pattern, [ref], len(refs), [], (), begin, "")


def _behind(
    plan: Plan,
    source: Source,
    pages: Sequence[Item],
    items: Sequence[Page],
    pattern: Pattern,
    ways: Sequence[Entry],
    number: int,
    texts: Sequence[str],
    start: Sequence[str],
    begin: Entry | None,
    card: str,
) -> tuple[list[Entry], list[Page]]:
    """A source whose listings have pages of their own: read by their structured data, or by selectors that comparing them gives."""
    if schema := _schema_reads(items, source, pattern, pages):
        sellers = {each.snapshot.seller_name for each in schema} - {source.title}
        kind, why = (
            (Kind.marketplace, f"items name sellers, such as {', '.join(sorted(sellers)[:3])}")
            if len(sellers) > 1
            else (Kind.shop, "its items name no sellers that differ")
        )
        syntax = " and ".join(dict.fromkeys(name for each in items for name in each.structured))
        because = f"{syntax} on {len(schema)} of {len(items)} item pages gives title and price"
        entries = [*head(plan, source, kind, why, "schema_org", because, start, begin), *ways]
        currency = currency_of([*texts, *(each.snapshot.price_text for each in schema)])
        return entries + foot(plan, source, number, currency), list(items)
    rules, seller, titled = _selectors(pages)
    kind, why = _kind(plan, source, seller, [each.root for each in pages])
    because = (
        "no structured data of a listing was found"
        if not any(each.structured for each in items)
        else "its structured data lacks title or price, or contradicts the cards"
    )
    entries = [*head(plan, source, kind, why, "selectors", because, start, begin), *ways]
    entries.append(Entry("selectors", rules, f"CSS, found by comparing {len(pages)} item pages"))
    wait = ", ".join(filter(None, (card, titled))) if titled else ""
    return entries + foot(plan, source, number, currency_of(texts), wait), list(items)


def _onward(plan: Plan, source: Source) -> Onward:
    """How the list goes on; where a rendered page names no way, a script that watches what comes into view is the sign of endless scroll."""
    onward = plan.onward
    if onward.css or onward.more or onward.scroll or not source.render or plan.listed is None:
        return onward
    scripts = " ".join(each.text or "" for each in plan.listed.root.iter("script"))
    seen = re.search(r"IntersectionObserver|addEventListener\(\s*['\"]scroll|onscroll", scripts)
    return Onward(scroll=True, why=f"no link to a further page, and a script that watches what is in view ({seen[0]})") if seen else onward


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
    site = site_title(plan, source)[0].casefold()
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
        guess = field_of(pages, sought, taken)
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
        if guess := field_of(roots, FIELDS[name], taken):
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
    entries = head(plan, source, kind, why, "selectors", because, [page.url])
    if on := _goes_on(_onward(plan, source)):
        entries.append(Entry("follow", on))
    if pattern:
        entries.append(Entry("ref", pattern.regex, f"{pattern.why}, such as {pattern.ref(cards.urls[0])}"))
    entries.append(Entry("cards", rules, "CSS within a card"))
    return entries + foot(plan, source, len(cards.cards), currency_of(texts), cards.css), [page]


def _saying(card: Element, title: str) -> Element | None:
    """The smallest element of a card whose words are its title."""
    found = [each for each in card.iter() if isinstance(each.tag, str) and said(each) == title]
    return found[-1] if found else None


def _of_items(plan: Plan, source: Source) -> tuple[list[Entry], list[Page]]:
    page = plan.items[0]
    note = "one item only: no list was found that leads to it; give a list page, its links (`follow`) and `ref` to crawl more"
    pages = [Item(page.root, page.url)]
    if schema := _try_schema(page, source):
        entries = head(plan, source, Kind.shop, note, "schema_org", " and ".join(page.structured), [page.url])
        return entries + foot(plan, source, 1, currency_of([each.snapshot.price_text for each in schema])), [page]
    rules, seller, titled = _selectors(pages)
    kind, why = _kind(plan, source, seller, [page.root])
    entries = head(plan, source, kind, f"{why}; {note}", "selectors", "no structured data of a listing was found", [page.url])
    return [*entries, Entry("selectors", rules), *foot(plan, source, 1, None, titled)], [page]


def _of_nothing(plan: Plan, source: Source, page: Page) -> tuple[list[Entry], list[Page]]:
    """Neither a list nor an item: the keys are there to be filled in."""
    because = "neither a list nor an item was recognised" + ("; without JavaScript the page is empty" if page.needs_javascript else "")
    entries = head(plan, source, Kind.shop, "not known", "selectors", because)
    entries += [
        Entry("follow", [Entry("listing", "a", "CSS of the links to listings")]),
        Entry("ref", r"/item/(\w+)", "the pattern of an item's address"),
    ]
    entries += [Entry("selectors", [Entry("title", "h1"), Entry("price", ".price")], "none of it was seen")]
    return entries + foot(plan, source, 1, None), []
