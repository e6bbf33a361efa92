"""CSS that a person can read and that a site's next release need not break: by id, class, itemprop, data-attributes and tags with a meaning.

Class names that a build tool makes up (`css-1x2ab3`, `sc-bdVaJa`), states (`active`, `odd`) and the vocabulary of utility frameworks
(`mt-4`, `flex`) say nothing of an element and are passed over; of CSS modules (`Card_title__x7Yz2`) the speaking part is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from parsel import Selector

from crawler.platforms._page import line, words

Element = Any  # lxml's element, which carries no types

SPEAKING_TAGS = ("h1", "h2", "h3", "h4", "time", "address", "main", "article", "figure", "ins", "del")
_DATA = (
    "data-testid",
    "data-test-id",
    "data-test",
    "data-qa",
    "data-hook",
    "data-role",
    "data-field",
    "data-cy",
    "data-automation",
    "data-ui",
    "data-aut-id",
)
_UTILITY = re.compile(
    r"(?:[a-z]+:)*-?(?:m|p|mt|mb|ml|mr|mx|my|pt|pb|pl|pr|px|py|w|h|min-w|min-h|max-w|max-h|gap|space-[xy]|top|left|right|bottom|inset|z|order|"
    r"col|row|grid|flex|text|font|leading|tracking|bg|border|rounded|shadow|ring|opacity|overflow|object|items|justify|self|content|align|float|"
    r"d|fs|fw|lh|g|gx|gy|col-(?:xs|sm|md|lg|xl))-[\w./\[\]%#]+(?:-[\w/]+)?|"
    r"flex|grid|block|inline|inline-block|hidden|relative|absolute|fixed|sticky|static|truncate|underline|uppercase|lowercase|capitalize|italic|"
    r"border|rounded|shadow|row|col|container|clearfix|wrapper|left|right|small|large|bold|muted|group|transition|antialiased|visible|pull-left|pull-right"
)
_STATE = re.compile(
    r"(?:is-|has-|js-)?(?:active|current|selected|open|closed|first|last|odd|even|hover|loaded|lazy|lazyload(?:ed|ing)?|visible|new|sold|featured|"
    r"sale|onsale|instock|outofstock|in-stock|out-of-stock|promoted|premium|disabled|clicked|fade|show|ready)|(?:post|item|id|product|listing|ad)-?\d+|\w*-?\d{3,}\w*"
)
_MADE_UP = re.compile(
    r"(?:css|sc|jsx|jss|emotion|svelte|astro|chakra|mui|makeStyles|styled)-?[a-zA-Z]*-?\w*\d\w*|sc-[a-zA-Z]{5,}|_[\w-]{4,}|[a-z]{1,2}[A-Z0-9]\w{1,6}|[a-z]{0,3}\d[a-z0-9]{2,}"
)
_MODULE = re.compile(
    r"([A-Za-z][A-Za-z]+(?:[_-][A-Za-z][A-Za-z]+)+)_{1,3}[\w-]{4,8}|([A-Za-z][A-Za-z]{2,}(?:__?[A-Za-z]{3,})*)-{2,3}[\w]{4,8}"
)
_PLAIN = re.compile(r"-?[A-Za-z_][\w-]*")


def speaks(name: str) -> bool:
    """Whether a class or id says what the element is, rather than how it looks, in what state it is, or nothing."""
    if not _PLAIN.fullmatch(name) or len(name) > 40 or len(name) < 2:
        return False
    if _UTILITY.fullmatch(name) or _STATE.fullmatch(name) or _MADE_UP.fullmatch(name) or _MODULE.fullmatch(name):
        return False
    return not _random(name)


def _random(name: str) -> bool:
    """Letters of both cases with digits between, or hardly a vowel in a long run: no word that a person chose."""
    last = re.split(r"[-_]", name)[-1]
    if re.search(r"\d", last) and len(last) >= 5 and re.search(r"[A-Za-z]", last):
        return True
    flips = len(re.findall(r"[a-z][A-Z]|[A-Z][a-z]", last))
    vowels = len(re.findall(r"[aeiouyAEIOUY]", last))
    return len(last) >= 5 and ((flips >= 4 and len(last) / flips < 2.2) or vowels == 0)


def names(element: Element) -> list[str]:
    """Selectors of this element alone, the most telling first; none for an element that has nothing of its own."""
    found = []
    said = element.attrib
    if speaks(said.get("id", "")):
        found.append(f"#{said['id']}")
    if re.fullmatch(r"[\w-]+", said.get("itemprop", "")):
        found.append(f"[itemprop={said['itemprop']}]")
    found += [f'[{name}="{said[name]}"]' for name in _DATA if re.fullmatch(r"[A-Za-z][\w:./ -]*[A-Za-z]", said.get(name, ""))]
    classes = said.get("class", "").split()
    found += [f".{each}" for each in classes if speaks(each)]
    for each in classes:
        if (module := _MODULE.fullmatch(each)) and not speaks(each):
            stem = each[: len(module[1] or module[2])]
            found.append(f'[class*="{stem}_"]' if each[len(stem)] == "_" else f'[class*="{stem}--"]')
    if element.tag in SPEAKING_TAGS:
        found.append(element.tag)
    return list(dict.fromkeys(found))


def selectors_of(element: Element, scope: Element) -> Iterator[str]:
    """Selectors that lead to this element from `scope`, from the plainest to the longest."""
    own = names(element)
    tag = element.tag
    yield from own
    yield from (f"{tag}{each}" for each in own if each[0] in ".[")
    above = [each for each in element.iterancestors() if scope in each.iterancestors() or each is scope]
    above = [each for each in above if each is not scope]
    for ancestor in above[:7]:
        for each in names(ancestor)[:3]:
            yield from (f"{each} {last}" for last in (*own, tag) if last != each)
    yield tag
    before = element.getprevious()
    if before is not None and isinstance(before.tag, str):
        yield from (f"{each} + {tag}" for each in names(before)[:2])
    for index, ancestor in enumerate(above[:3]):
        for outer in above[index + 1 : index + 5]:
            yield from (
                f"{a} {b} {last}" for a in names(outer)[:2] for b in (*names(ancestor)[:1], ancestor.tag) for last in (*own[:2], tag)
            )
    for ancestor in above[:5]:
        for each in names(ancestor)[:2]:
            steps = _steps(element, ancestor)
            yield f"{each} > {steps}"
    if not above or not any(names(each) for each in above):
        yield _steps(element, scope)


def _steps(element: Element, ancestor: Element) -> str:
    """The path from an ancestor down, by place among brothers: the last resort, where nothing has a name."""
    steps = []
    for each in (element, *element.iterancestors()):
        if each is ancestor:
            break
        brothers = [b for b in (each.getparent() if each.getparent() is not None else [each]) if b.tag == each.tag]
        steps.append(each.tag if len(brothers) == 1 else f"{each.tag}:nth-of-type({brothers.index(each) + 1})")
    return " > ".join(reversed(steps))


def find(scope: Element, css: str) -> list[Element]:
    """What a selector finds below `scope`, in the order of the page."""
    return [each.root for each in Selector(root=scope).css(css)]


def said(element: Element) -> str:
    """An element's words on one line."""
    return line(words(Selector(root=element)))


def best_css(scopes: Sequence[Element], wanted: Sequence[Element | None], *, most: int = 400) -> str:
    """The plainest selector whose first find is the wanted element in every scope (None: nothing is to be found there); "" for none.

    Of the wanted ones each is tried as the model; a selector that hits all of them wins, then one that hits most and misses the others.
    """
    best, score = "", 0.0
    tried: set[str] = set()
    for scope, model in zip(scopes, wanted, strict=True):
        if model is None:
            continue
        for place, css in enumerate(selectors_of(model, scope)):
            if css in tried:
                continue
            tried.add(css)
            if len(tried) > most:
                return best
            value = _hits(css, scopes, wanted) - 0.002 * place
            if value > score:
                best, score = css, value
            if value > len(scopes) - 0.05:
                return best
    return best


def _hits(css: str, scopes: Sequence[Element], wanted: Sequence[Element | None]) -> float:
    """How many scopes it serves: a whole point for the wanted element, less where it finds others too, and less for something wrong."""
    points = 0.0
    for scope, target in zip(scopes, wanted, strict=True):
        try:
            found = find(scope, css)
        except ValueError:
            return -1.0
        if target is None:
            points += 1.0 if not found else 0.2
        elif found and found[0] is target:
            points += 1.0 - 0.02 * min(len(found) - 1, 5)
        elif found:
            points -= 0.5
    return points
