"""A search by POST: what an analyst copied from the browser's network tools, as JSON or as a form, and where in it a page's number goes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from crawler.look.answers import PAGED
from crawler.look.entries import Entry, Flow
from crawler.platforms._api import number_of
from store.errors import TouchstoneError

_SIZES = ("size", "limit", "count", "per_page", "perpage", "page_size", "pagesize", "rows", "first", "hitsperpage")


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent: `fields` as JSON, or as a form."""

    fields: Mapping[str, Any]
    form: bool
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/x-www-form-urlencoded" if self.form else "application/json",
            "Accept": "application/json",
        }

    def entries(self, rules: Mapping[str, str]) -> list[Entry]:
        """The keys of `api:` that say what is sent and how it goes on; `rules` is what the answer itself says of that."""
        at, value = next(_paged(self.fields, ""), ("", None))
        cursor = rules.get("next_param", "") if rules.get("next") else ""
        why = "where the page's number is in it" if at else "where the answer's next value goes: it was not in what was sent, check it"
        step = _step(self.fields, at) if isinstance(value, int) else 1
        made = [
            Entry("method", "POST"),
            Entry("form" if self.form else "body", Flow(json.dumps(self.fields, ensure_ascii=False)), "what was sent for the first page"),
            Entry("page_at", at or cursor, why) if at or cursor else None,
            Entry("step", step, "as many as a page has: its number is an offset") if step > 1 else None,
        ]
        return [each for each in made if each is not None]


def sent_of(text: str) -> Sent:
    """Read what is to be sent. Raises TouchstoneError where it is neither a JSON object nor a form."""
    if text.lstrip().startswith("{"):
        try:
            return Sent(json.loads(text), False, text.encode())
        except ValueError as error:
            raise TouchstoneError(f"--post is not JSON: {error}") from None
    fields = dict(parse_qsl(text, keep_blank_values=True)) if "=" in text else {}
    if not fields or text.lstrip().startswith("["):
        raise TouchstoneError('--post is what the search sends: JSON such as {"page": 1}, or a form such as page=1&q=bag')
    return Sent(fields, True, text.encode())


def _paged(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Where a page's number or a cursor stands, the outermost first."""
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        if key.lower().replace("_", "") in PAGED and not isinstance(inner, (Mapping, list)):
            yield f"{path}.{key}".lstrip("."), number_of(inner) if str(inner).isdigit() else inner
    for key, inner in value.items():
        yield from _paged(inner, f"{path}.{key}".lstrip("."))


def _step(fields: Mapping[str, Any], at: str) -> int:
    """1 where pages are counted; of an offset, how many things a page has."""
    *folders, name = at.split(".")
    if name.lower() not in ("offset", "start", "from", "skip"):
        return 1
    holder: Any = fields
    for folder in folders:
        holder = holder[folder]
    return next((int(str(value)) for key, value in holder.items() if key.lower() in _SIZES and str(value).isdigit()), 1)
