"""The Food Hygiene Rating Scheme's open data: the XML file of one local authority, or the API's JSON (version 2).

Layout: https://ratings.food.gov.uk/open-data/en-GB (a daily XML file an authority; fields as the example in
https://wiki.openstreetmap.org/wiki/UK_Food_Hygiene_Rating_System shows them) and https://api.ratings.food.gov.uk/Help (header
`x-api-version: 2`). The JSON keys are those of answers that others have published; the `FHRSEstablishment` wrapping of the
downloadable JSON is layout unconfirmed. Geocodes are approximate, often the postcode's. Open Government Licence v3.
Mobile caterers have their keeper's or no address: they are taken as they come and rarely link.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, iterparse

from premises.registers import UNPACKING, Refused, RegisterConfig, Rows, date_of, degrees_of, opened, phone_of, said
from store.errors import StopRun
from store.words.records import RegisterEntry

KIND = "fhrs"
LINES = ("AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4")


def read(path: Path, config: RegisterConfig) -> Rows:
    """Each establishment; one without a number, a name or any address line is refused."""
    for number, fields in enumerate(_establishments(path), 1):
        yield entry_of(number, fields)


def dated(path: Path) -> str:
    """The ExtractDate of the file's header; "" where it says none."""
    if _is_json(path):
        meta = _json(path).get("meta") or {}
        said = str(meta.get("extractDate") or "") if isinstance(meta, Mapping) else ""
        return "" if said.startswith("0001") else said[:10]
    for element in _elements(path):
        if element.tag == "ExtractDate":
            return (element.text or "").strip()[:10]
        if element.tag == "EstablishmentDetail":
            break
    return ""


def entry_of(number: int, fields: Mapping[str, Any]) -> RegisterEntry | Refused:
    text = {key: str(value).strip() for key, value in fields.items() if isinstance(value, str | int | float)}
    raw = " | ".join(text.get(key, "") for key in ("FHRSID", "BusinessName", *LINES, "PostCode"))
    lines = [text[key] for key in LINES if text.get(key)]
    reason = next((why for key, why in (("FHRSID", "no FHRSID"), ("BusinessName", "no name")) if not text.get(key)), "")
    if reason or not (lines or text.get("PostCode")):
        return Refused(number, reason or "no address, as most mobile and home caterers", raw)
    place = fields.get("Geocode") or fields.get("geocode")
    place = place if isinstance(place, Mapping) else {}
    lat, lon = (degrees_of(place.get(key) or place.get(key.lower()), most) for key, most in (("Latitude", 90), ("Longitude", 180)))
    return RegisterEntry(
        register=KIND,
        reference=text["FHRSID"],
        name=text["BusinessName"],
        address_raw=", ".join(lines),
        postcode=text.get("PostCode"),
        lat=lat,
        lon=lon,
        phone=phone_of(text.get("Phone")),
        row=number,
        details=said(trade=text.get("BusinessType"), rating=text.get("RatingValue"), rating_date=date_of(text.get("RatingDate", "")) or ""),
    )


def _is_json(path: Path) -> bool:
    with opened(path) as file:
        try:
            head = file.read(64)
        except UNPACKING as error:
            raise StopRun(f"{path}: the packed file is broken: {error}; nothing was loaded") from None
        return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _establishments(path: Path) -> Iterator[Mapping[str, Any]]:
    if _is_json(path):
        body = _json(path)
        found = body.get("establishments")
        if found is None:
            collection = (body.get("FHRSEstablishment") or {}).get("EstablishmentCollection") or []
            found = collection.get("EstablishmentDetail", []) if isinstance(collection, Mapping) else collection
        yield from (one if isinstance(one, Mapping) else {} for one in found)
        return
    seen = False
    for element in _elements(path):
        seen = seen or element.tag == "EstablishmentCollection"
        if element.tag == "EstablishmentDetail":
            seen = True
            yield {child.tag: {leaf.tag: leaf.text for leaf in child} if len(child) else child.text or "" for child in element}
            element.clear()
    if not seen:
        raise StopRun(f"{path}: XML, but no EstablishmentCollection in it; the scheme's file was expected")


def _elements(path: Path) -> Iterator[Element]:
    """Each element as it ends, so that a file of any size is read in little memory. Raises StopRun where it is not XML.

    The scheme's files have no document type. One that has is refused unread, so that no entity of it is ever expanded.
    """
    with opened(path) as file:
        try:
            if b"<!DOCTYPE" in file.read(2**20).replace(b"\x00", b"").upper():
                raise StopRun(f"{path}: has a document type declaration, which the scheme's files have not; nothing was loaded")
            file.seek(0)
            for _event, element in iterparse(file):  # noqa: S314 - no document type, see above
                yield element
        except ParseError as error:
            raise StopRun(f"{path}: not well-formed XML at line {error.position[0]}: {error}; nothing was loaded") from None
        except (UnicodeDecodeError, LookupError, ValueError, *UNPACKING) as error:
            raise StopRun(f"{path}: cannot be read as XML: {error}; nothing was loaded") from None


def _json(path: Path) -> dict[str, Any]:
    with opened(path) as file:
        try:
            body = json.loads(file.read())
        except (ValueError, RecursionError, *UNPACKING) as error:
            raise StopRun(f"{path}: cannot be read as JSON: {error}; nothing was loaded") from None
    return body if isinstance(body, dict) else {"establishments": body}
