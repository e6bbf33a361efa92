"""JSON as shops answer it, and the words with which a source's YAML points into it: JMESPath (the JMESPath specification, jmespath.org).

JMESPath itself finds an unknown function only when it meets one; here it is found when the YAML is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

import jmespath  # type: ignore[import-untyped,unused-ignore]
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped,unused-ignore]
from jmespath.functions import Functions  # type: ignore[import-untyped,unused-ignore]
from w3lib.url import add_or_replace_parameter

ASKING = ("next", "next_param", "method", "body", "form", "page_at", "step")  # how to ask: nothing in it changes how an answer is read
_PLAIN = ("next_param", "decimals", "method", "body", "form", "page_at", "step")


@dataclass(frozen=True, slots=True)
class Api:
    """JMESPath for an answer in JSON: `items` and `next` of the whole answer, the others of each item."""

    items: str
    title: str
    ref: str = ""
    url: str = ""
    price: str = ""
    currency: str = ""
    text: str = ""
    seller: str = ""
    seller_url: str = ""
    place: str = ""
    brand: str = ""
    category: str = ""
    condition: str = ""
    posted: str = ""
    quantity: str = ""
    sold: str = ""
    price_was: str = ""
    joined: str = ""
    dispatch: str = ""
    images: str = ""
    next: str = ""  # a link; or, with `next_param`, that parameter's next value, or true where there is a next page
    next_param: str = ""
    method: Literal["GET", "POST"] = "GET"
    body: Any = None  # of a POST: what is sent as JSON
    form: Mapping[str, str] = field(default_factory=dict)  # of a POST: what is sent as a form
    page_at: str = ""  # where in the body or form the next page's value goes: variables.after
    step: int = 1  # from one page's number to the next, where pages are counted
    decimals: int = 0  # prices are whole numbers of minor units: so many digits stand after the point

    def __post_init__(self) -> None:
        for each in fields(self):
            expression = getattr(self, each.name)
            if each.name not in _PLAIN and expression:
                try:
                    compiled(expression)
                except ValueError as error:
                    said = " ".join(str(error).split())
                    raise ValueError(f"{each.name}: '{expression}' is not a JMESPath expression: {said}") from None
        if (self.method == "POST") != (self.body is not None or bool(self.form)) or (self.body is not None and self.form):
            raise ValueError("`method: POST` sends either a `body:`, as JSON, or a `form:`; without it there is neither")
        if self.page_at and self.method != "POST":
            raise ValueError("page_at: it says where in a POST's body the next page's value goes; of an address `next_param` does")
        if self.step < 1:
            raise ValueError("step is at least 1")
        if self.page_at:
            with_value(self, sent(self), 0)
        if not (self.ref or self.url):
            raise ValueError("`ref:` or `url:` must say where an item's own reference is")
        if not 0 <= self.decimals <= 4:
            raise ValueError("decimals: the digits of a price after its point, 0 to 4")


@lru_cache(maxsize=512)
def compiled(expression: str) -> Any:
    """The expression, ready to search with. Raises ValueError where it is none, or calls a function that there is not."""
    found = jmespath.compile(expression)
    for name in _functions(found.parsed):
        if name not in Functions.FUNCTION_TABLE:
            raise ValueError(f"there is no function {name}(); there are {', '.join(sorted(Functions.FUNCTION_TABLE))}")
    return found


def _functions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") == "function_expression":
            yield node["value"]
        for child in node.get("children", ()):
            yield from _functions(child)


def search(expression: str, document: Any) -> Any:
    """What the expression finds; None where it finds nothing or cannot be applied (`join` of a number)."""
    try:
        return compiled(expression).search(document) if expression else None
    except JMESPathError:
        return None


def is_json(body: bytes) -> bool:
    """Whether an answer is JSON rather than a page: its content type is no proof, many APIs say text/html."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def read(body: bytes) -> Any:
    """The answer. Bytes that are no characters are marked, as in a page. Raises ValueError where it is not JSON."""
    return json.loads(body.decode(json.detect_encoding(body), "replace"))


def figure(value: Any, decimals: int = 0) -> str:
    """A price's number with its decimal point, so that no reader takes it for thousands (1.255 is 1.26, not 1,255); "" for no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    try:
        number = Decimal(str(value).strip()).scaleb(-decimals)
        said = f"{number:f}" if number.is_finite() and abs(number) < 10**15 else ""
    except InvalidOperation:
        return ""
    places = len(said.partition(".")[2])
    return said + "0" if places in (1, 3) else said


def with_parameter(url: str, name: str, value: str) -> str:
    """The address with one query parameter set, the others as they were, without its fragment: no server sees that."""
    return add_or_replace_parameter(url.partition("#")[0], name, value)


def number_in(url: str, name: str, step: int = 1) -> int:
    """The number that a query parameter has: the page that this is; the first where it has none, 1 of pages, 0 of offsets."""
    return number_of(dict(parse_qsl(urlsplit(url).query)).get(name, ""), step)


def number_of(said: Any, step: int = 1) -> int:
    text = str(said)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else int(step == 1)


def sent(rules: Api) -> bytes:
    """The body of the first request by POST."""
    if rules.form:
        return urlencode(rules.form).encode()
    return json.dumps(rules.body, ensure_ascii=False).encode()


def with_value(rules: Api, body: bytes, value: Any) -> bytes:
    """A request's body with another value at `page_at`. Raises ValueError where the path leads through something that is no object."""
    names = rules.page_at.split(".")
    if rules.form:
        return urlencode({**dict(parse_qsl(body.decode(), keep_blank_values=True)), rules.page_at: str(value)}).encode()
    document = json.loads(body)
    holder = document
    for name in names[:-1]:
        holder = holder.setdefault(name, {}) if isinstance(holder, dict) else None
    if not isinstance(holder, dict):
        raise ValueError(f"page_at: {rules.page_at} leads to nothing in the body")
    holder[names[-1]] = value
    return json.dumps(document, ensure_ascii=False).encode()


def value_in(rules: Api, body: bytes) -> Any:
    """What a request's body has at `page_at`; None where it has nothing there."""
    if rules.form:
        return dict(parse_qsl(body.decode(), keep_blank_values=True)).get(rules.page_at)
    holder = json.loads(body)
    for name in rules.page_at.split("."):
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder
