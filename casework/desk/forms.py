"""Forms of many fields: which there are, what was sent of them, and the page that asks again with what was given and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse

from casework.desk.visit import Visit, posted
from store.errors import TouchstoneError

Sent = Annotated[FormData | None, Depends(posted)]
LONGEST = 20_000  # characters of one field
_COMMANDS = re.compile(
    r" \(`?--[\w-]+`?\)|: `--seal \d+` makes the same pack again|[;,:]? `touchstone [^`]*`( [\w ]+)?|; give another (folder )?with `?--out`?"
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `kind` is text, number, area, tick, choice, radio, several or file; `options` are (value, words) of the last four but file.

    What is sent of `several` is a list of texts, of `tick` whether it was; of any other a text. `suggests` are values to choose from or not.
    """

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    options: Sequence[tuple[str, str]] = ()
    suggests: Sequence[str] = ()
    required: bool = False
    accept: str = ""


def sent(form: FormData | None, fields: Sequence[Field]) -> dict[str, Any]:
    """What was sent of these fields, without blanks around it. Raises TouchstoneError for a choice that was not offered."""
    form = form or FormData()
    found: dict[str, Any] = {}
    for field in fields:
        if field.kind == "file":
            continue
        every = [text for each in form.getlist(field.name) if (text := _text(each))]
        chosen = field.kind in ("choice", "radio", "several")
        if bad := [each for each in every if chosen and each not in dict(field.options)]:
            raise TouchstoneError(f"{field.name}: '{bad[0][:60]}' is none of what is offered")
        first = every[0] if every else ""
        found[field.name] = every if field.kind == "several" else bool(first) if field.kind == "tick" else first
    return found


def _text(given: object) -> str:
    if not isinstance(given, str):
        return ""
    if len(given) > LONGEST:
        raise TouchstoneError(f"that is too long: {LONGEST:,} characters at most in one field")
    return given.replace("\r\n", "\n").strip()


def numbers(text: str, name: str) -> list[int]:
    """`3, 5` as numbers. Raises TouchstoneError naming the field."""
    found = [part for part in re.split(r"[\s,;]+", text) if part]
    if bad := [part for part in found if not re.fullmatch(r"[0-9]{1,15}", part)]:
        raise TouchstoneError(f"{name}: '{bad[0][:40]}' is no number: write numbers with commas between them")
    return [int(part) for part in found]


def number(text: str, name: str) -> int | None:
    """A number, or None where nothing is written. Raises TouchstoneError naming the field."""
    found = numbers(text, name)
    if len(found) > 1:
        raise TouchstoneError(f"{name}: one number, and not {len(found)}")
    return found[0] if found else None


def said(error: Exception | str) -> str:
    """What was wrong or is to be known, without what it advises at the command line."""
    text = _COMMANDS.sub("", str(error)).strip()
    return text[:1].upper() + text[1:]


def ask(
    visit: Visit, title: str, fields: Sequence[Field], *, values: Mapping[str, Any] | None = None, error: Exception | None = None,
    button: str = "Save", template: str = "forms/form.html", **context: Any,
) -> HTMLResponse:  # fmt: skip
    """The page with the form: as it was filled in, with what is wrong first, where it was not accepted (400)."""
    of = next((field for field in fields if re.search(rf"(^|: ){field.name}: ", str(error))), None) if error else None
    words = said(error) if error else ""
    if of is not None:  # it says which field by its name here: people know it by its label
        words = f"{of.label}: {words[words.lower().index(f'{of.name}: ') + len(of.name) + 2 :]}"
    page = {"title": title, "fields": fields, "values": values or {}, "error": words, "wrong": of.name if of else "", "button": button}
    defaults = {"caption": "", "back": None, "intro": "", "warning": False, "to": "", "upload": any(f.kind == "file" for f in fields)}
    return visit.page(template, 400 if error else 200, **{**defaults, **page, **context})
