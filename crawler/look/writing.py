"""What was seen, as a YAML to be corrected: each guess with what it rests on, and a preview of what the real parser reads under it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.look.entries import Entry, Flow
from crawler.look.guesses import entries_for
from crawler.look.page import Page
from crawler.look.plan import Plan
from crawler.platforms import platform
from crawler.source import Source, read_source
from store.errors import TouchstoneError
from store.words.hosts import host_of
from store.words.money import format_price
from store.words.records import Parsed

SHOWN = ("ref", "title", "price", "price_text", "seller", "place", "text", "images")
LONGEST = 140
_BARE = re.compile(r"[A-Za-z.#/][\w./ #>+,-]*|\d+(?:\.\d+)?")
_NOT_TEXT = re.compile(r"(?:null|true|false|yes|no|on|off|~)", re.I)


@dataclass(frozen=True, slots=True)
class Draft:
    """A YAML, what the real parser read under it of the pages that were looked at, and what was seen on the way."""

    yaml: str
    preview: tuple[Mapping[str, str], ...] = ()
    seen: tuple[str, ...] = ()
    needs_javascript: bool = False
    problem: str = ""
    pages: int = 0
    captures: tuple[int, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


def draft(plan: Plan, source: Source, problem: str, counts: Mapping[str, int]) -> Draft:
    """The YAML for what the plan saw."""
    first = plan.pages[0]
    needs = first.needs_javascript and not source.render and plan.answer is None and not plan.entrance
    entries, read = entries_for(plan, source)
    text = _text(entries, plan, source)
    parsed = _parsed(text, source.name, read)
    if hosts := _other_hosts(parsed, source):
        entries = _with(entries, Entry("hosts", tuple(hosts), "where its pictures come from; others are refused and counted"))
        text = _text(entries, plan, source)
    preview = tuple(_row(each) for each in parsed)
    return Draft(
        text, preview, tuple(_seen(plan)), needs, problem, len(plan.pages), tuple(each.capture for each in plan.pages), dict(counts)
    )


def _with(entries: Sequence[Entry], more: Entry) -> list[Entry]:
    at = next((index + 1 for index, each in enumerate(entries) if each.key == "start"), len(entries))
    return [*entries[:at], more, *entries[at:]]


def _seen(plan: Plan) -> list[str]:
    """What each page is, a line each."""
    lines = []
    for page in plan.pages:
        what = (
            "an answer in JSON"
            if page.is_json
            else f"an entrance that names {len(page.feed.pages)} pages and {len(page.feed.children)} further ones"
            if page.feed
            else "an item"
            if page in plan.items
            else "a list"
            if page is plan.listed or page is plan.further
            else "a page"
        )
        if page.structured:
            what += f" with {' and '.join(page.structured)}"
        if page is plan.listed and page.cards:
            what += f" of {len(page.cards.cards)} cards ({page.cards.css})" + (
                f"; also {', '.join(page.cards.others)}" if page.cards.others else ""
            )
        lines.append(f"capture {page.capture}: {page.url} is {what}" + (f", made by {page.family}" if page.family else ""))
    return [*lines, *(f"no page came back from {url}" for url in plan.failed)]


# -- the YAML --------------------------------------------------------------------------------------------------------------
def _text(entries: Sequence[Entry], plan: Plan, source: Source) -> str:
    captures = ", ".join(str(each.capture) for each in plan.pages)
    lines = [
        f"# Drafted on {datetime.now(UTC):%Y-%m-%d} from {len(plan.pages)} pages (captures {captures}). Each guess says what it rests on: correct what is wrong,",
        f"# fill in `legal:`, then try it: touchstone source try {source.name}",
    ]
    for entry in entries:
        lines += _lines(entry, "")
    return "\n".join(lines) + "\n"


def _lines(entry: Entry, indent: str) -> list[str]:
    said = _tame(entry.why)
    if isinstance(entry.value, list):
        head = [f"{indent}# {said}"] if said else []
        return [*head, f"{indent}{entry.key}:", *(line for inner in entry.value for line in _lines(inner, indent + "  "))]
    written = f"{indent}{entry.key}: {_scalar(entry.value)}"
    if not said:
        return [written]
    return [f"{written}  # {said}"] if len(written) + len(said) < LONGEST - 4 else [f"{indent}# {said}"[: LONGEST * 2], written]


def _scalar(value: Any) -> str:
    if isinstance(value, Flow):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, tuple):
        return (
            _scalar(value[0])
            if len(value) == 1 and value[0] and not value[0].startswith("http")
            else f"[{', '.join(_quoted(each) for each in value)}]"
        )
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_scalar(each)}' for key, each in value.items())}}}"
    return (
        str(value)
        if _BARE.fullmatch(str(value))
        and not _NOT_TEXT.fullmatch(str(value))
        and not re.search(r"(?:^|\s)#|#\s|\s$|^\d", str(value))
        and str(value)[0] != "#"
        else _quoted(str(value))
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _tame(text: str) -> str:
    """Words of a page as a comment may have them: one line, nothing that a terminal or YAML obeys."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[: LONGEST * 2]


# -- the preview -----------------------------------------------------------------------------------------------------------
def _parsed(text: str, name: str, pages: Sequence[Page]) -> list[Parsed]:
    """What the real parser reads under this YAML. Raises TouchstoneError where the YAML itself is refused, which would be our fault."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yml"
        path.write_text(text, encoding="utf-8")
        source = read_source(path)
    found: list[Parsed] = []
    for page in pages:
        try:
            found += list(platform(source.platform).parse(page.response, source))
        except (ValueError, RecursionError) as error:
            raise TouchstoneError(f"the draft could not be read with: {page.url}: {error}") from None
    return found[:12]


def _other_hosts(parsed: Sequence[Parsed], source: Source) -> list[str]:
    hosts = [host_of(url) for each in parsed for url in each.images if not source.owns(url)]
    return sorted(set(filter(None, hosts)), key=hosts.index)[:4]


def _row(each: Parsed) -> dict[str, str]:
    s = each.snapshot
    price = format_price(s.price_minor, s.currency) if s.price_minor is not None else ""
    row = {
        "ref": each.ref,
        "title": s.title,
        "price": price,
        "price_text": s.price_text,
        "seller": s.seller_name or s.seller,
        "place": s.place,
        "text": s.text,
        "images": str(len(each.images) or ""),
    }
    row |= {name: value for name, value in (("brand", s.brand), ("condition", s.condition)) if value}
    row |= {name: str(value) for name, value in each.details.said().items() if name in ("posted_at", "posted_text", "quantity")}
    return row
