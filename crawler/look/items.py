"""Item pages compared: what stays in one place and differs from listing to listing is what they say; what never differs is the frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from urllib.parse import urljoin

from parsel import Selector

from crawler.look.css import Element, best_css, find, names, said
from crawler.look.prices import Found, marks, prices, rank
from crawler.platforms._page import picture_of, words

FRAME = ("header", "footer", "nav", "aside", "form", "script", "style", "noscript", "template", "select", "button")
_FRAME_MARKS = re.compile(
    r"\b(?:nav|menu|footer|header|sidebar|breadcrumbs?|related|similar|recent\w*|recommend\w*|upsell\w*|cross-sell\w*|newsletter|cookie\w*|reviews?|comments?|share|social|mini-?cart|basket|cart)\b|also-|more-from",
    re.I,
)
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:$|[?#])", re.I)
_NO_PHOTO = re.compile(r"logo|icon|sprite|avatar|placeholder|pixel|flag|payment|badge|spinner|blank|spacer|rating|star", re.I)
_GALLERY = re.compile(r"galler|photo|image|picture|slider|carousel|media|swiper|thumb|slide", re.I)
_DESCRIBED = re.compile(r"desc|about|details?\b|body|content|text|summary|info", re.I)


@dataclass(frozen=True, slots=True)
class Item:
    """An item page, with what its card said of it where one led here."""

    root: Element
    url: str
    card_title: str = ""
    card_amount: int | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """Rules for one field, what they rest on, and what else was seen."""

    rules: tuple[str, ...]
    why: str
    also: str = ""


def framed(element: Element) -> bool:
    return any(each.tag in FRAME or _FRAME_MARKS.search(marks(each)) for each in (element, *list(element.iterancestors())[:-2]))


def title_of(items: Sequence[Item]) -> tuple[Guess | None, list[Element | None]]:
    """The heading that says what the card, <title> or og:title say."""
    chosen = [_title(each, [other for other in items if other is not each]) for each in items]
    css = best_css([each.root for each in items], chosen)
    if not css:
        return None, chosen
    why = "the heading that the page's title or its card repeats: " + examples(chosen)
    return Guess((css,), why), chosen


def _title(item: Item, others: Sequence[Item]) -> Element | None:
    told = [item.card_title, *_meta(item.root, "og:title"), next((said(each) for each in item.root.iter("title")), "")]
    told = [each.casefold() for each in told if each]
    elsewhere = {said(each) for other in others for each in other.root.iter("h1", "h2")}
    best, score = None, 0.55
    for element in item.root.iter():
        if not isinstance(element.tag, str) or element.tag in ("html", "head", "title", "body", *FRAME):
            continue
        called = element.tag in ("h1", "h2", "h3") or re.search(r"title|name\b|heading", marks(element), re.I)
        text = said(element)
        if not called and text.casefold() not in told:
            continue
        if not text or len(text) > 250 or (text in elsewhere and others):
            continue
        value = max((_likeness(text.casefold(), each) for each in told), default=0.0)
        value += {"h1": 0.5, "h2": 0.15}.get(element.tag, 0.0 if called else -0.1) - (
            0.6 if framed(element) and element.tag != "h1" else 0.0
        )
        if value > score:
            best, score = element, value
    return best


def _likeness(text: str, told: str) -> float:
    if text == told:
        return 1.1
    if (len(text) > 4 and text in told) or (len(told) > 4 and told in text):
        return 0.9 * min(len(text), len(told)) / max(len(text), len(told)) + 0.3 if len(text) > 3 else 0.0
    return SequenceMatcher(None, text[:120], told[:120]).ratio() * 0.9


def _meta(root: Element, name: str) -> list[str]:
    return [
        each.attrib.get("content", "")
        for each in root.iter("meta")
        if each.attrib.get("property") == name or each.attrib.get("name") == name
    ]


def price_of(items: Sequence[Item], titles: Sequence[Element | None]) -> tuple[Guess | None, list[Found | None]]:
    """The price that the card showed, else the one called a price next to the heading; never a struck-out one or the basket's."""
    ranked = [rank(prices(item.root), title, item.card_amount) for item, title in zip(items, titles, strict=True)]
    chosen = [next((each for each in found if not each.old and not each.elsewhere), None) for found in ranked]
    wanted = [each.element if each else None for each in chosen]
    css = best_css([each.root for each in items], wanted)
    if not css:
        return None, chosen
    rules = [css]
    left = [index for index, item in enumerate(items) if wanted[index] is not None and wanted[index] not in find(item.root, css)[:1]]
    if left:  # another make of page: its own rule, tried where it fits better, or after
        second = best_css([items[i].root for i in left], [wanted[i] for i in left])
        if second and second != css:
            alone = not any(find(items[i].root, second) for i in range(len(items)) if i not in left)
            rules = [second, css] if alone else [css, second]
    told = [item.card_amount for item in items]
    same = sum(each is not None and each.amount == amount for each, amount in zip(chosen, told, strict=True))
    why = f"as on its card on {same} of {len(items)} pages: " if same else "next to the heading: "
    others = dict.fromkeys(each.text for found in ranked for each in found if each not in chosen)
    passed = "; passed over: " + ", ".join(list(others)[:4]) if others else ""
    return Guess(tuple(rules), why + examples(wanted), passed.removeprefix("; ")), chosen


def text_of(items: Sequence[Item], titles: Sequence[Element | None]) -> Guess | None:
    """The block with the most words of its own that differ from page to page."""
    chosen = [_block(item, title, [other for other in items if other is not item]) for item, title in zip(items, titles, strict=True)]
    css = best_css([each.root for each in items], chosen)
    return Guess((css,), f"the longest words of the page's own, {_lengths(chosen)} characters") if css else None


def _block(item: Item, title: Element | None, others: Sequence[Item]) -> Element | None:
    constant = {said(each) for other in others for each in other.root.iter("p", "li", "div", "span", "section") if len(said(each)) < 3000}
    best, score = None, 10.0
    for element in item.root.iter("div", "section", "p", "article", "td", "dd", "span", "blockquote", "pre"):
        if title is not None and title in element.iter():
            continue
        if element.tag in ("span", "td", "dd") and not _DESCRIBED.search(marks(element)):
            continue
        text = said(element)
        if len(text) < 15 or text in constant or framed(element):
            continue
        called = bool(_DESCRIBED.search(marks(element)))
        linked = sum(len(said(each)) for each in element.iter("a"))
        own = _own_words(element)
        value = (own if not called else len(text) * 0.6 + own * 0.4) * (1 - min(1.0, linked / len(text)))
        value *= 2.5 if re.search(r"desc", marks(element), re.I) else 1.4 if called else 1.0
        if value > score:
            best, score = element, value
    return best


def _own_words(element: Element) -> int:
    """How many characters stand in the element itself and in its paragraphs, lists and emphases, but not in its boxes."""
    own = len((element.text or "").strip())
    for each in element:
        own += len((each.tail or "").strip())
        if isinstance(each.tag, str) and each.tag in ("p", "ul", "ol", "b", "i", "em", "strong", "span", "br", "font", "blockquote"):
            own += len(said(each))
    return own


def images_of(items: Sequence[Item], titles: Sequence[Element | None]) -> Guess | None:
    """The pictures that are this listing's: in its gallery, of another address on every page."""
    seen = [_pictures(item) for item in items]
    addresses = [{picture_of(Selector(root=each)) for each in found} for found in seen]
    frame = set.intersection(*addresses) if len(addresses) > 1 else set()
    own = [[each for each in found if picture_of(Selector(root=each)) not in frame] for found in seen]
    if not any(own):
        return None
    homes = [_home(found, title) for found, title in zip(own, titles, strict=True)]
    css = best_css([item.root for item in items], homes)
    found = [find(item.root, css)[:1] if css else [] for item in items]
    if css and all(f or not o for f, o in zip(found, own, strict=True)):
        rules = []
        if any(_PICTURE.search(each.attrib.get("href", "")) for home in found for h in home for each in h.iter("a")):
            rules.append(f"{css} a@href")
        alone = all(h.tag == "img" for home in found for h in home)
        rules.append(css if alone else f"{css} img")
        return Guess(
            tuple(rules), f"{', '.join(str(len(each)) for each in own)} pictures; the best address of each is taken (srcset, data-src, src)"
        )
    first = best_css([item.root for item in items], [each[0] if each else None for each in own])
    return Guess((first,), "the first picture that is another on every page") if first else None


def _pictures(item: Item) -> list[Element]:
    found = []
    for each in item.root.iter("img"):
        said_of = picture_of(Selector(root=each))
        size = [int(value) for name in ("width", "height") if (value := each.attrib.get(name, "")).isdigit()]
        if not said_of or _NO_PHOTO.search(said_of) or any(value < 60 for value in size) or framed(each) or _leads_on(each, item.url):
            continue
        if _NO_PHOTO.search(" ".join(marks(e) for e in (each, each.getparent()) if e is not None)) and not _GALLERY.search(marks(each)):
            continue
        found.append(each)
    return found


def _leads_on(picture: Element, page: str) -> bool:
    """Whether it stands in a link to another page: it is another listing's."""
    written = next((each.attrib.get("href", "") for each in picture.iterancestors("a")), "").strip()
    led = urljoin(page, written).partition("#")[0]
    return bool(written) and led != page.partition("#")[0] and not _PICTURE.search(led) and not written.lower().startswith("javascript:")


def _home(pictures: Sequence[Element], title: Element | None) -> Element | None:
    """The box around the pictures: the highest with a name that holds no heading, else the smallest that holds them all; a picture
    itself where there is none."""
    if not pictures:
        return None
    heading = set(title.iterancestors()) if title is not None else set()
    around = next((each for each in pictures[0].iterancestors() if all(each in other.iterancestors() for other in pictures[1:])), None)
    if len(pictures) > 1 and around is not None and around not in heading and not prices(around):
        named = next((each for each in (around, *around.iterancestors()) if names(each)), None)
        if named is None or named in heading or prices(named):
            return around
    best, called = None, False
    for each in pictures[0].iterancestors():
        if each in heading or each.tag in ("body", "main", "html"):
            break
        gallery = bool(_GALLERY.search(marks(each)))
        if names(each) and (gallery or not called) and not prices(each):
            best, called = each, called or gallery
    return best if best is not None and best.tag != "a" else pictures[0]


def examples(elements: Sequence[Element | None]) -> str:
    shown = [f"“{said(each)[:50]}”" for each in elements if each is not None]
    return ", ".join(dict.fromkeys(shown)) or "none"


def _lengths(elements: Sequence[Element | None]) -> str:
    return ", ".join(str(len(words(Selector(root=each)))) if each is not None else "0" for each in elements)
