"""Pages that show somebody else's listings beside the case's: what is not the case's is cut out whole, and not only the strings that are known of it.

Scripts, comments and data that no reader sees go too, since they may hold the whole page again. What is written out is another document
than the page, so that the page's own digest tells nothing of what was cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from casework.disclosure.redact import fold

UNSEEN = ("script", "style", "noscript", "template", "meta", "link", "iframe", "object", "embed", "svg", "base")
SEEN = ("href", "src", "alt", "title", "class", "id", "lang", "dir", "colspan", "rowspan", "width", "height")  # attributes that stay


def cut(text: str, others: Sequence[Sequence[str]], mine: Sequence[str], mark: str) -> tuple[str, int] | None:
    """The page without the others' cards, and how many were cut; None where none of `mine` is shown or one of the others cannot be told from it.

    `others`: of each listing the strings by which its card is known (address, reference in an address, title); `mine`: those of the case's.
    """
    from lxml import etree
    from lxml import html as lxml_html

    if not text.lstrip("\ufeff \t\r\n").startswith("<"):
        return None  # data, in which nothing tells one listing's part from another's
    try:
        page = lxml_html.document_fromstring(text.encode("utf-8", "xmlcharrefreplace"), parser=lxml_html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError):
        return None
    for comment in list(page.iter(etree.Comment, etree.ProcessingInstruction)):
        _drop(comment)
    for name in UNSEEN:
        for element in list(page.iter(name)):
            _drop(element)
    for element in page.iter(etree.Element):
        for name in set(element.attrib) - set(SEEN):
            del element.attrib[name]
    ours = [known for each in mine if len(known := _known(each)) >= 4]
    holding = {
        above
        for element in page.iter(etree.Element)
        if any(sign in _own(element) for sign in ours)
        for above in [element, *element.iterancestors()]
    }
    if not holding:
        return None
    cards = []
    for strings in others:
        signs = [known for each in strings if len(known := _known(each)) >= 4 and known not in ours]
        for element in page.iter(etree.Element):
            if element in holding or element.tag in ("html", "head", "title", "body") or not any(sign in _own(element) for sign in signs):
                continue  # in one element with the case's own: its strings are taken out one by one
            card = element
            while (above := card.getparent()) is not None and above.tag not in ("body", "html", "head") and above not in holding:
                card = above
            cards.append(card)
    for card in dict.fromkeys(cards):
        place = etree.Element("p")
        place.text, place.tail = mark, card.tail
        card.getparent().replace(card, place)
    return lxml_html.tostring(page, encoding="unicode", doctype="<!DOCTYPE html>"), len(set(cards))


def _known(text: str) -> str:
    """An address by its path, which a page may give alone; anything else as it is."""
    parts = urlsplit(text) if "://" in text else None
    return fold(unquote(parts.path if parts and len(parts.path) > 1 else text)).strip()


def _own(element: Any) -> str:
    """What an element says itself: its words between its children, and its attributes."""
    words = [element.text or "", *(child.tail or "" for child in element), *(unquote(value) for value in element.attrib.values())]
    return fold(" ".join(words))


def _drop(element: Any) -> None:
    """Out with an element; the words that follow it stay."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)
