"""A rule of a source's YAML: `css`, `css@attr`, `css ~ /pattern/`, `css@attr ~ /pattern/i`; what it finds on a page, in order.

A pattern is searched in the element's words, or in the attribute's; its first group that matched counts, else all that it matched. It
is compiled when the YAML is read. One that takes too long on a page raises, so that the page is kept as unread and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import regex  # type: ignore[import-untyped,unused-ignore]
from parsel import Selector

from crawler.patterns import pattern_of, search
from crawler.platforms._page import address, largest, picture_of, words

_RULE = regex.compile(r"(?P<css>[^@]*?)\s*(?:@\s*(?P<attribute>[^\s~]+)\s*)?(?:\s~\s*/(?P<pattern>.*)/(?P<flags>i?)\s*)?", regex.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """`css` of the elements ("" is the element itself), `attribute` ("" is the element's words) and a compiled `pattern` or None."""

    css: str
    attribute: str = ""
    pattern: Any = None

    def sought_in(self, text: str) -> str:
        """What the rule's pattern finds in a text; all of it where the rule has none. Raises ValueError where that takes too long."""
        if self.pattern is None or not text:
            return text
        return search(self.pattern, text)


@lru_cache(maxsize=1024)
def rule_of(written: str) -> Rule:
    """The rule as written. Raises ValueError, in a clause, where its CSS or its pattern is none."""
    from cssselect import HTMLTranslator, SelectorError

    read = _RULE.fullmatch(written.strip())
    if read is None:
        raise ValueError("is not a rule: write `css`, `css@attribute` or `css ~ /pattern/`")
    try:
        HTMLTranslator().css_to_xpath(read["css"].strip() or "*")
    except (SelectorError, ValueError) as error:
        raise ValueError(f"is not a CSS selector: {error}") from None
    return Rule(
        read["css"].strip(), read["attribute"] or "", pattern_of(read["pattern"], read["flags"]) if read["pattern"] is not None else None
    )


def found(scope: Selector, rules: Sequence[str]) -> Iterator[list[tuple[Selector, Rule]]]:
    """For each rule in order of preference, the elements that it finds."""
    for written in rules:
        rule = rule_of(written)
        if elements := [(each, rule) for each in (scope.css(rule.css) if rule.css else [scope])]:
            yield elements


def first(scope: Selector, rules: Sequence[str]) -> str:
    """The first words, or attribute, that a rule finds."""
    for elements in found(scope, rules):
        for element, rule in elements:
            said = rule.sought_in(element.attrib.get(rule.attribute, "").strip() if rule.attribute else words(element))
            if said := said.strip():
                return said
    return ""


def link(scope: Selector, rules: Sequence[str], base: str) -> str:
    """Where the first element leads that a rule finds and that leads anywhere."""
    for elements in found(scope, rules):
        for element, rule in elements:
            if url := address(base, rule.sought_in(element.attrib.get(rule.attribute or "href", ""))):
                return url
    return ""


def pictures(scope: Selector, rules: Sequence[str], base: str) -> tuple[str, ...]:
    """All pictures that the first fruitful rule finds, in order, each once."""
    for elements in found(scope, rules):
        said = (_picture(element, rule) for element, rule in elements)
        if urls := dict.fromkeys(url for each in said if (url := address(base, each))):
            return tuple(urls)
    return ()


def _picture(element: Selector, rule: Rule) -> str:
    if not rule.attribute:
        return rule.sought_in(picture_of(element))
    said = element.attrib.get(rule.attribute, "")
    return rule.sought_in(largest(said) if rule.attribute.endswith("srcset") else said)
