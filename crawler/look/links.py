"""Addresses: what item addresses have in common and where their reference stands (`ref:`), and which links lead to further list pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from crawler.look.css import Element, best_css, find, said
from crawler.look.prices import marks
from crawler.platforms._page import address

_IDS = ("id", "pid", "item", "ad", "product", "product_id", "item_id", "listing", "ref", "sku", "pin", "p", "article", "code")
_NEXT = re.compile(r"\W*(?:next(?: page)?|older(?: posts| ads)?|more results|weiter|suivant|siguiente|volgende)\W*|[›»→>]{1,2}", re.I)
_MORE = re.compile(r"\W*(?:(?:load|show|see|view) (?:more|next)(?: \w+){0,3}|more(?: \w+)?)\W*", re.I)
_PAGE_KEY = re.compile(r"page|pg|p|paged|pageno|page_no|pagenum|pn|start|offset|from|skip", re.I)
_PAGES = re.compile(r"pag(?:e|es|ing|ination|inator|er)|nav-links|page-numbers", re.I)


@dataclass(frozen=True, slots=True)
class Pattern:
    """`ref:` as a regular expression, and in words what it rests on."""

    regex: str
    why: str

    @property
    def by_query(self) -> bool:
        return "[?&]" in self.regex

    def ref(self, url: str) -> str:
        found = re.search(self.regex, url)
        return next((each for each in (*found.groups(), found.group()) if each), "") if found else ""


def plain(text: str) -> str:
    """`text` as a regular expression that means just it, with no more backslashes than it needs."""
    return re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", text)


def pattern_of(urls: Sequence[str], others: Sequence[str] = (), titles: Mapping[str, str] | None = None) -> Pattern | None:
    """The pattern that gives each of these addresses a reference of its own and none to the others; None where there is none.

    Two addresses may share a reference where the `titles` of their cards are the same: one listing, pinned to several pages.
    """
    urls = list(dict.fromkeys(without_session(each) for each in urls))
    said_of = {without_session(url): title for url, title in (titles or {}).items()}
    others = [without_session(each) for each in others if without_session(each) not in urls]
    found = [*_by_query(urls), *_by_path(urls)]
    for each, least in [*((each, 1.0) for each in found), *((each, 0.6) for each in found if not each.regex.startswith("^"))]:
        refs = [each.ref(url) for url in urls]
        apart = {(ref, said_of.get(url) or url) for ref, url in zip(refs, urls, strict=True)}
        if not all(refs) or len(set(refs)) < len(apart) * least:
            continue  # below, one listing may stand under several addresses
        taken = sorted({each.ref(url) for url in others} - {""})
        if not taken:
            return each
        if len(taken) <= 4 and not set(taken) & set(refs):
            return _but_not(each, taken)
    return None


def without_session(url: str) -> str:
    """An address without the session that some sites write into its path."""
    return re.sub(r";(?:jsessionid|sid|phpsessid)=[^/?#]*", "", url, flags=re.I)


def _but_not(pattern: Pattern, names: Sequence[str]) -> Pattern:
    """The pattern with the names of other pages, such as the list's own, left out."""
    opening = re.search(r"(?<!\\)\((?!\?)", pattern.regex)
    assert opening is not None
    but = rf"(?!(?:{'|'.join(map(plain, names))})(?:[./?#]|$))" if len(names) > 1 else rf"(?!{plain(names[0])}(?:[./?#]|$))"
    regex = pattern.regex[: opening.start()] + but + pattern.regex[opening.start() :]
    return Pattern(regex, f"{pattern.why}; but not {', '.join(names)}")


def _by_query(urls: Sequence[str]) -> list[Pattern]:
    """One parameter that differs, on one and the same path."""
    if len({urlsplit(url).path for url in urls}) != 1 or (len(urls) == 1 and not urlsplit(urls[0]).query):
        return []
    told = [dict(parse_qsl(urlsplit(url).query)) for url in urls]
    names = [name for name in told[0] if all(each.get(name) for each in told) and len({each[name] for each in told}) == len(urls)]
    names.sort(key=lambda name: (name.lower() not in _IDS, not all(each[name].isdigit() for each in told)))
    out = []
    for name in names:
        kind = r"\d+" if all(each[name].isdigit() for each in told) else r"[^&#]+"
        path = urlsplit(urls[0]).path
        out.append(
            Pattern(
                rf"{plain(path) if path.count('/') > 1 or len(path) > 1 else ''}.*[?&]{plain(name)}=({kind})".removeprefix(".*"),
                f"the parameter {name} differs on every link",
            )
        )
    return out


def _by_path(urls: Sequence[str]) -> list[Pattern]:
    """A part of the path: a number first, then a code, then a whole segment; with the words around it that all of them share."""
    paths = [[unquote(each) for each in urlsplit(url).path.strip("/").split("/")] for url in urls]
    lengths = {len(each) for each in paths}
    out: list[Pattern] = []
    if len(lengths) == 1:
        columns = sorted(range(len(paths[0])), key=lambda index: (not all(each[index].isdigit() for each in paths), -index))
        for index in columns:
            column = [each[index] for each in paths]
            if len(set(column)) > 0.5 * len(column) or (len(urls) == 1 and index == len(paths[0]) - 1):
                out += _in_segment(paths, index, column)
    return out + _anywhere(paths)


def _before(paths: Sequence[Sequence[str]], index: int) -> str:
    """The segments before, where all share them; what differs is any segment."""
    parts = []
    for place in range(index):
        column = {each[place] for each in paths}
        parts.append(plain(next(iter(column))) if len(column) == 1 else "[^/?#]+")
    fixed = [place for place, part in enumerate(parts) if not part.startswith("[^")]
    if not fixed:
        return r"^https?://[^/]+/" + "".join(f"{part}/" for part in parts)
    return "/" + "".join(f"{part}/" for part in parts[fixed[0] :])


def _in_segment(paths: Sequence[Sequence[str]], index: int, column: Sequence[str]) -> list[Pattern]:
    before, last = _before(paths, index), index == len(paths[0]) - 1
    shared = _shared_end(column)
    end = plain(shared) if "." in shared else ""
    tail = (end or r"(?:[?#]|$)") if last else "/"
    stems = [each.removesuffix(shared) if end else each for each in column]
    out = []
    prefix = shared_start(stems)
    letters = re.match(r"[A-Za-z]+[-_]?", prefix)
    lead = letters[0] if letters else ""
    if all(re.fullmatch(r"\d+", each) for each in stems):
        out.append(Pattern(rf"{before}(\d+)", f"{_where(before)} is a number, another on every link"))
    elif lead and all(re.fullmatch(rf"{plain(lead)}\d+", each) for each in stems):
        if before.startswith("^"):
            out.append(Pattern(rf"{before}({plain(lead)}\d+)", "a code with a number, another on every link"))
    else:
        if all(re.match(r"\d{3,}[-_]", each) for each in stems):
            out.append(Pattern(rf"{before}(\d+)[-_]", "the number that the segment begins with, another on every link"))
        if all(re.search(r"[-_]\d{3,}$", each) for each in stems) and any(len(re.sub(r"[-_]\d+$", "", each)) > 5 for each in stems):
            out.append(
                Pattern(rf"{before}[^/?#]*[-_](\d+){end or '(?:[/?#]|$)'}", "the number that the segment ends with, another on every link")
            )
        if all(re.search(r"[-_.][A-Za-z]{1,4}\d{3,}$", each) for each in stems):
            out.append(
                Pattern(
                    rf"{before}[^/?#]*[-_.]([A-Za-z]+\d+){end or '(?:[/?#]|$)'}",
                    "the code that the segment ends with, another on every link",
                )
            )
    kind = r"[\w-]+" if all(re.fullmatch(r"[\w-]+", each) and each.isascii() for each in stems) else r"[^/?#]+?" if end else r"[^/?#]+"
    open_path = before.startswith("^")
    out.append(
        Pattern(
            rf"{before}({kind}){tail if end or not last or open_path else ''}",
            f"{_where(before)} differs on every link" + ("; no part is shared, so it may fit other pages, too" if open_path else ""),
        )
    )
    return out


def _anywhere(paths: Sequence[Sequence[str]]) -> list[Pattern]:
    """Paths of different depth: a number at the end, or the last segment behind a first one that all share."""
    joined = ["/" + "/".join(each) for each in paths]
    out = []
    if all(re.search(r"\d{3,}(?:\.\w+)?$", each) for each in joined):
        out.append(Pattern(r"[-_/](\d{3,})(?:\.\w+)?(?:[?#]|$)", "the number that the address ends with"))
    for word in dict.fromkeys(each.lower() for each in paths[0][:-1]):
        places = [next((place for place, each in enumerate(path[:-1]) if each.lower() == word), -1) for path in paths]
        if min(places) >= 0 and len(set(places)) > 1:
            mixed = any(path[place] != word for path, place in zip(paths, places, strict=True))
            out.append(Pattern(rf"{'(?i)' if mixed else ''}/{plain(word)}/([\w-]+)", f"what follows /{word}/, wherever it stands"))
    firsts = {each[0] for each in paths}
    if len(firsts) == 1 and all(len(each) > 1 for each in paths):
        out.append(Pattern(rf"/{plain(next(iter(firsts)))}/(?:[^?#]+/)?([^/?#]+)", "the last segment of an address that begins alike"))
    return out


def _where(before: str) -> str:
    shared = re.sub(r"\\(.)", r"\1", before) if not before.startswith("^") else ""
    return f"what follows {shared}" if shared.strip("/") else "the segment"


def shared_start(words: Sequence[str]) -> str:
    least = min(words, default="")
    return next((least[:n] for n in range(len(least), 0, -1) if all(each.startswith(least[:n]) for each in words)), "")


def _shared_end(words: Sequence[str]) -> str:
    found = {(re.search(r"\.(?:html?|php|aspx?|jsp)$", each) or [""])[0] for each in words}
    return found.pop() if len(found) == 1 else ""


# -- further list pages -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Onward:
    """How a list goes on: `css` of links to further pages, or in words what else was seen."""

    css: str = ""
    why: str = ""
    more: str = ""  # CSS of a button that loads more
    scroll: bool = False
    url: str = ""  # one further page, to be looked at


def onward_of(root: Element, page: str, base: str, items: Sequence[str]) -> Onward:
    """The links from this list page to further ones: rel=next, a link that says so, numbered pages, a button, or endless scroll."""
    onward = _onward(root, page, base, items)
    # where a link stands may be another place on the next page, and tags alone stand anywhere
    by_place = "nth-of-type" in onward.css or onward.css.count(">") > 1 or not re.search(r"[.#\[]", onward.css)
    css = _by_key(root, page, base, onward.url) if by_place and onward.url else ""
    return replace(onward, css=css, why=f"{onward.why}; known by their address") if css else onward


def _by_key(root: Element, page: str, base: str, url: str) -> str:
    """CSS of the links to this list's further pages by what their addresses hold; "" where others hold it, too."""
    before, after = parse_qsl(urlsplit(page).query), parse_qsl(urlsplit(url).query)
    for name, value in after:
        if (name, value) in before or not _PAGE_KEY.fullmatch(name):
            continue
        for mark in (f"?{name}=", f"&{name}="):
            css = f'a[href*="{mark}"]'
            found = [urlsplit(address(base, each.attrib["href"])) for each in find(root, css)]
            if found and all(each.path == urlsplit(url).path for each in found):
                return css
    return ""


def _onward(root: Element, page: str, base: str, items: Sequence[str]) -> Onward:
    for css in ("a[rel~=next]", "link[rel~=next]"):
        if found := find(root, css):
            return Onward(css, "the page says rel=next", url=address(base, found[0].attrib.get("href", "")))
    links = [each for each in root.iter("a") if (url := address(base, each.attrib.get("href", ""))) and url not in items]
    numbered = _numbered(links)
    said_next = [
        each for each in links if _NEXT.fullmatch(said(each) or each.attrib.get("title", "") or each.attrib.get("aria-label", "") or "-")
    ]
    said_next = [
        each
        for each in said_next
        if numbered or _PAGES.search(marks(each) + marks(each.getparent())) or len(said(each)) > 2 or re.search(r"\d", each.attrib["href"])
    ]
    if said_next:
        css = best_css([root], [said_next[0]])
        placed = numbered and "nth-of-type" in css  # its place among the numbers is another on the next page
        if css and not placed and (found := find(root, css)) and found[0] is said_next[0]:
            return Onward(
                css,
                f"the link says “{said(said_next[0]) or said_next[0].attrib.get('aria-label', '')}”",
                url=address(base, said_next[0].attrib["href"]),
            )
    if numbered:
        holder = numbered[0].getparent()
        while holder is not None and not all(holder in each.iterancestors() for each in numbered):
            holder = holder.getparent()
        css = best_css([root], [holder]) if holder is not None and holder is not root else ""
        if css:
            return Onward(
                f"{css} a",
                "links with numbers, such as " + ", ".join(said(each) for each in numbered[:4]),
                url=address(base, numbered[0].attrib["href"]),
            )
    for each in links:
        url = address(base, each.attrib["href"])
        if _goes_on(urlsplit(page), urlsplit(url)) and (css := best_css([root], [each])):
            return Onward(css, f"its address is this page's with a number of a page: {url[-40:]}", url=url)
    for each in root.iter("a", "button", "input", "div", "span"):
        words = said(each) or each.attrib.get("value", "")
        if words and len(words) < 40 and _MORE.fullmatch(words) and not (each.tag in ("div", "span") and "role" not in each.attrib):
            url = address(base, each.attrib.get("href", "") or "#")
            css = best_css([root], [each])
            if url and url not in items and url.rstrip("/") != base.rstrip("/") and re.search(r"page|offset|start|from|cursor|\d", url):
                return Onward(css, f"the link says “{words}”", url=url)
            if not url and css:
                return Onward(more=css, why=f"a button says “{words}”")
    raw = " ".join(marks(each) for each in root.iter("div", "ul", "section", "main", "span") if isinstance(each.tag, str))
    if re.search(r"infinite|endless|sentinel|load-?more|scroll-?(?:trigger|end|loader)", raw, re.I):
        return Onward(scroll=True, why="classes that speak of endless scroll")
    return Onward()


def _goes_on(here: SplitResult, there: SplitResult) -> bool:
    """Whether an address is this page's own, with a further page's number in its query or at the end of its path."""
    if here.netloc != there.netloc or here == there:
        return False
    if here.path == there.path:
        before, after = dict(parse_qsl(here.query)), dict(parse_qsl(there.query))
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        return (
            bool(changed) and all(_PAGE_KEY.fullmatch(name) for name in changed) and all(after.get(name, "").isdigit() for name in changed)
        )
    return bool(re.fullmatch(re.escape(here.path.rstrip("/")) + r"/(?:page|p|seite)?[/-]?[2-9]/?", there.path))


def _numbered(links: Sequence[Element]) -> list[Element]:
    """Links with numbers under one roof, of which one is 2: pages, not years or counts."""
    groups: dict[int, list[Element]] = {}
    for each in links:
        text = said(each)
        if text.isdigit() and len(text) < 4:
            roof = each.getparent()
            if roof is not None and roof.tag in ("li", "span") and roof.getparent() is not None:
                roof = roof.getparent()
            groups.setdefault(id(roof), []).append(each)
    return next((group for group in groups.values() if any(said(each) == "2" for each in group)), [])
