"""Public identifiers of businesses, places and areas: in the right form or not, and their normal form. Nothing here is ever "verified".

A number in the right form may be anybody's, made up, or mistyped into another that is in the right form, too: docs/accuracy.md says how
often that happens to a VAT number. Whether it was given out, and to whom, only its register says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from store.words.text import normalise

_SEPARATORS = re.compile(r"[\s.\-–]+")


def uprn(text: str) -> str | None:
    """A Unique Property Reference Number: 1 to 999,999,999,999, without leading zeros; None where it is not in the right form.

    Source: BS 7666 as OS AddressBase and ONSUD give it, an integer of up to 12 digits; it has no check digit.
    """
    return _integer(text, 12)


def usrn(text: str) -> str | None:
    """A Unique Street Reference Number: up to 8 digits, without leading zeros; None where it is not in the right form.

    Source: GeoPlace's Data Entry Conventions (streets) and OS Open USRN, an integer of up to 8 digits; it has no check digit.
    """
    return _integer(text, 8)


def fhrsid(text: str) -> str | None:
    """An establishment's number in the Food Hygiene Rating Scheme, without leading zeros; None where it is not in the right form.

    Source: the Food Standards Agency's API guidance, `FHRSID`: an integer. Ten digits are what a signed 32-bit one has room for.
    """
    found = _integer(text, 10)
    return found if found and int(found) < 2**31 else None


def _integer(text: str, most: int) -> str | None:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > most:
        return None
    return digits.lstrip("0") or None


# -- companies -----------------------------------------------------------------------------------------------------------
# Companies House, "URI Customer Guide", list of company numbers and prefixes, with what came since: BR (establishments of overseas companies), CE, CS (charitable incorporated
# organisations), FE, PC, RS, SG, UE and, since August 2022, OE (overseas entities).
_LISTED = "AC BR CE CS EN ES FC FE GE GN GS IC IP LP NA NC NF NI NL NO NP NR NV NZ OC OE PC RC RS SA SC SE SF SG SI SL SO SP SR SZ UE ZC"
PREFIXES = frozenset(_LISTED.split())
_SOCIETY = r"(?<=IP|SP|RS|OC)(?=[A-Z]*\d)[A-Z\d]{6}"  # what other registrars gave out has letters in any place
_COMPANY = re.compile(rf"(?P<prefix>[A-Z]{{2}}|R0)?(?P<rest>\d{{1,8}}|\d{{3,5}}[A-Z]{{1,3}}|{_SOCIETY})")


def company_number(text: str) -> str | None:
    """A company number of Companies House: eight characters, digits left-padded with zeros; None where it is not in the right form.

    Eight digits, or a prefix and six ("SC123456"), or "R0" and six; registered societies and some others end in up to three letters
    ("RS007IPS"). It has no check digit. Sources: Companies House's URI Customer Guide (prefixes); chguide.co.uk, whose pattern was tried on
    13.6 million numbers and lacks OE.
    """
    written = _SEPARATORS.sub("", text).upper()
    found = _COMPANY.fullmatch(written) if written.isascii() else None
    if found is None:
        return None
    prefix, rest = found["prefix"] or "", found["rest"]
    if prefix and prefix != "R0" and prefix not in PREFIXES:
        return None
    room = 8 - len(prefix)
    if not rest or len(rest) > room:
        return None
    if not rest.isdigit():
        return prefix + rest if prefix and len(rest) == room else None
    return prefix + rest.zfill(room) if int(rest) else None


# -- value added tax -------------------------------------------------------------------------------------------------------
WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 1)
OLD_SERIES = frozenset({0})
NEW_SERIES = frozenset({42, 55})  # "97 − 55": numbers from 100 0000 xx on, given out since November 2009
_VAT = re.compile(r"(?:GB|XI)?(?:(?P<body>GD|HA)(?:8888)?(?P<short>\d{3})(?P<check>\d{2})?|(?P<number>\d{9})(?P<branch>\d{3})?)")


def vat_number(text: str) -> str | None:
    """A VAT number of the United Kingdom or the Isle of Man as "GB980780684"; None where it is not in the right form.

    Nine digits, or twelve with a branch's three (kept); GD000–GD499 for a government department, HA500–HA999 for a health authority. The
    weights 8, 7, 6, 5, 4, 3, 2, 10, 1 over the nine digits give a sum whose residue mod 97 is 0, or, where the first three digits are at
    least 100, 42 or 55. XI, Northern Ireland's prefix for trade with the EU, goes before the same number, so that it becomes GB here.
    All zeros are refused. Sources: HMRC's check "97" and "97 − 55" as published since 2010; python-stdnum 2.2 (stdnum.gb.vat), which
    accepts the same residues. Of real numbers we saw 0 and 42 only; 55 is accepted because it is in use elsewhere.
    """
    found = _VAT.fullmatch(_SEPARATORS.sub("", text).upper()) if text.isascii() else None
    if found is None:
        return None
    if found["body"]:
        short, check, long = int(found["short"]), found["check"], "8888" in found[0]
        fits = short < 500 if found["body"] == "GD" else short >= 500
        return f"GB{found['body']}{found['short']}" if fits and long == bool(check) and (not check or int(check) == short % 97) else None
    number = found["number"]
    accepted = OLD_SERIES | NEW_SERIES if int(number[:3]) >= 100 else OLD_SERIES
    return f"GB{number}{found['branch'] or ''}" if int(number) and residue(number) in accepted else None


def residue(number: str) -> int:
    """The weighted sum of nine digits mod 97: what a VAT number is judged by."""
    return sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=True)) % 97


# -- areas ---------------------------------------------------------------------------------------------------------------
GSS: dict[str, str] = {
    "E00": "output area", "W00": "output area", "S00": "output area",
    "E01": "lower layer super output area", "W01": "lower layer super output area", "S01": "data zone",
    "E02": "middle layer super output area", "W02": "middle layer super output area", "S02": "intermediate zone",
    "E04": "civil parish", "W04": "community", "E05": "ward", "W05": "ward", "S13": "ward", "N08": "ward",
    "E06": "unitary authority", "E07": "non-metropolitan district", "E08": "metropolitan district", "E09": "London borough",
    "W06": "unitary authority", "S12": "council area", "N09": "local government district", "E10": "county", "E11": "metropolitan county",
    "E12": "region", "E23": "police force area", "W15": "police force area", "E14": "parliamentary constituency",
    "W07": "parliamentary constituency", "S14": "parliamentary constituency", "N05": "parliamentary constituency",
    "E92": "country", "W92": "country", "S92": "country", "N92": "country", "K02": "United Kingdom", "K03": "Great Britain", "K04": "England and Wales",
}  # fmt: skip
LOCAL_AUTHORITIES = frozenset({"E06", "E07", "E08", "E09", "W06", "S12", "N09"})


def gss_code(text: str) -> str | None:
    """A code of the Government Statistical Service: a letter, an entity's two digits, six digits; None where it is not in the right form.

    Only entities of `GSS` are known here. Source: ONS, Register of Geographic Codes; GSS Coding and Naming Policy, which writes nine characters.
    """
    code = text.strip().upper()
    return code if re.fullmatch(r"[EWSNK][0-9]{8}", code) and code[:3] in GSS else None


# -- in words ------------------------------------------------------------------------------------------------------------
KINDS: dict[str, tuple[str, Callable[[str], str | None]]] = {
    "company": ("company number", company_number), "vat": ("VAT number", vat_number), "fhrs": ("food hygiene number", fhrsid),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier in a text, in the right form: `kind` is one of KINDS, `text[start:end] == raw` of the text as published."""

    kind: str
    value: str
    raw: str
    start: int
    end: int


_NO = r"(?: ?(?:no|num|number|nr|id|ref)\b\.?)"
_BODY = r"(?P<value>[a-z]{2} ?\d{3,6}[a-z]{0,3}|r0 ?\d{6}|\d(?: ?\d){5,7})(?!\w)"
_SAID: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("company", rf"\b(?:company|co\.?)(?: reg(?:istration|istered|\.)?)?{_NO}[ :.#]*{_BODY}"),
        ("company", rf"\bregistered in (?:england(?:(?: and| &) wales)?|wales|scotland|northern ireland)[,: ]*(?:(?:under|with|as|company){{0,2}}{_NO})?[ :.#]*{_BODY}"),
        ("company", rf"\bcrn[ :.#]*{_BODY}"),
        ("vat", rf"\bvat(?: ?(?:reg(?:istration|istered|\.)?))?{_NO}?[ :.#]*(?P<value>(?:gb|xi)? ?(?:\d(?:[ .-]?\d){{8}}(?:[ .-]?\d{{3}})?|gd ?\d{{3}}|ha ?\d{{3}}))(?!\w)"),
        ("vat", r"(?<![\w])(?P<value>(?:gb|xi) ?\d{3} ?\d{4} ?\d{2}(?: ?\d{3})?)(?!\w)"),
        ("fhrs", r"\b(?:fhrs(?: ?id)?|food hygiene (?:rating )?(?:id|no|number))[ :.#]*(?P<value>\d{4,10})(?!\w)"),
        ("fhrs", r"\bratings\.food\.gov\.uk/business/(?:[a-z]{2}-[a-z]{2}/)?(?P<value>\d{4,10})(?!\w)"),
    )
)  # fmt: skip


def find_identifiers(text: str) -> list[Identifier]:
    """Company numbers, VAT numbers and food hygiene numbers that a text says it gives, by place; those in the right form only.

    A bare number is nothing: words before it say what it is ("Company No.", "VAT reg", "FHRS ID"), or its own prefix does.
    """
    read = normalise(text)
    found: dict[tuple[str, str], Identifier] = {}
    for kind, value, start, end in sorted(_hits(read.text), key=lambda hit: hit[2]):
        raw_start, raw_end = read.raw_span(start, end)
        found.setdefault((kind, value), Identifier(kind, value, text[raw_start:raw_end], raw_start, raw_end))
    return sorted(found.values(), key=lambda each: (each.start, each.kind))


def _hits(text: str) -> Iterator[tuple[str, str, int, int]]:
    for kind, pattern in _SAID:
        for match in pattern.finditer(text):
            if value := KINDS[kind][1](match["value"]):
                yield kind, value, match.start("value"), match.end("value")
