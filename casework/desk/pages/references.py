"""The reference library: comparison pictures and prices, a numbered log that is only added to; and the brands that are looked for."""

from __future__ import annotations

import csv
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import references
from casework.desk.app import Entry
from casework.desk.files import aside, safe_name, without
from casework.desk.forms import Field, Sent, ask, sent
from casework.desk.own import own_home
from casework.desk.settings import Action
from casework.desk.visit import Row, Visit, allowed
from detectors.brands import read_brands
from store.errors import TouchstoneError
from store.words.records import Reference, ReferenceKind

router = APIRouter()
NAV = Entry("References", "/references", Action.reference_view, 70)
UPLOADS = ("/references/pictures",)
PAGE = 48
WORDS = {
    ReferenceKind.suspected: "suspected: an officer suspects the goods in it", ReferenceKind.confirmed: "confirmed: an examiner or a court has confirmed them counterfeit",
    ReferenceKind.official: "official: the brand's own photograph, for context", ReferenceKind.genuine: "genuine: an example of genuine goods",
    ReferenceKind.benign: "benign: stock pictures and placeholders, never a hit", ReferenceKind.price: "price: a dated, sourced price",
}  # fmt: skip
PICTURES = [kind for kind in ReferenceKind if kind is not ReferenceKind.price]


@router.get("/references")
def library(
    visit: Annotated[Visit, allowed(Action.reference_view)], kind: str = "", brand: Annotated[str, Query(max_length=80)] = "", before: Row | None = None,
) -> Response:  # fmt: skip
    prices = kind == ReferenceKind.price
    kinds = [ReferenceKind(kind)] if kind in list(ReferenceKind) else PICTURES
    found = visit.store.references_page(kinds, brand, before=before, limit=PAGE + 1)
    with visit.reading("references") as reader:
        there = reader.images([r.image_sha256 for r in found[:PAGE] if r.image_sha256])
    more = found[PAGE - 1].number if len(found) > PAGE else None
    return visit.page(
        "references/prices.html" if prices else "references/list.html", found=found[:PAGE], there=there, more=more, kind=kind, brand=brand, words=WORDS,
        brands=_brands(visit),
    )  # fmt: skip


def _brands(visit: Visit) -> list[str]:
    return sorted({brand.name for brand in read_brands(visit.home.configs("brands")).brands})


# -- adding ------------------------------------------------------------------------------------------------------------------
def _picture_fields(visit: Visit) -> list[Field]:
    return [
        Field("file", "Picture", "JPEG, PNG, GIF, WebP, AVIF or BMP; it is kept as it is.", kind="file", accept="image/*"),
        Field("kind", "What it shows", kind="radio", options=[(str(each), WORDS[each]) for each in PICTURES]),
        Field("brand", "Brand that it shows", suggests=_brands(visit)), Field("provenance", "Where it comes from", "A seizure, a statement, the brand.", required=True),
        Field("statement", "Reference of the examiner's statement or the court's record", "With “confirmed”."),
    ]  # fmt: skip


@router.get("/references/pictures")
def picture_form(visit: Annotated[Visit, allowed(Action.reference_edit)]) -> Response:
    return _picture(visit, {"kind": str(ReferenceKind.suspected)})


def _picture(visit: Visit, values: dict[str, Any], error: Exception | None = None) -> Response:
    return ask(visit, "Add a picture", _picture_fields(visit), values=values, error=error, button="Add it", back="/references")


@router.post("/references/pictures")
def add_picture(visit: Annotated[Visit, allowed(Action.reference_edit)], form: Sent) -> Response:
    given: dict[str, Any] = {}
    with aside() as folder:
        try:
            given = sent(form, _picture_fields(visit))
            file = form.get("file") if form else None
            if not isinstance(file, UploadFile) or not file.filename:
                raise TouchstoneError("file: choose a picture")
            if not given["kind"]:
                raise TouchstoneError("kind: say what it shows")
            path = folder / f"picture{PurePath(safe_name(file.filename)).suffix}"
            path.write_bytes(file.file.read())
            row = references.Given(path, ReferenceKind(given["kind"]), given["brand"], given["provenance"], given["statement"])
            added = references.add_pictures(visit.store, own_home(visit), [row], actor=visit.actor)
            if added.refused:
                raise TouchstoneError(f"file: it is no picture that can be opened: {added.refused[0][1]}")
        except TouchstoneError as error:
            return _picture(visit, given, without(error, folder))
    words = f"Entry {added.numbers[0]} is added. The next run of `detect` compares with it." if added.numbers else "It is in the library already."  # fmt: skip
    return visit.go("/references", words)


def _price_fields(visit: Visit) -> list[Field]:
    return [
        Field("brand", "Brand", suggests=_brands(visit), required=True), Field("category", "Kind of goods", "A category of configs/brands: bag, belt, watch.", required=True),
        Field("line", "Product line (optional)"), Field("condition", "Condition (optional)"), Field("price", "Price, without its currency", "950 or 950.00", required=True),
        Field("currency", "Currency", "GBP", required=True), Field("source", "Where it comes from", "A price list, a shop, an officer's visit.", required=True),
        Field("date", "The day that it is of", "As 2026-03-01.", required=True), Field("platform", "Only for listings of this source (optional)"),
    ]  # fmt: skip


@router.get("/references/prices")
def price_form(visit: Annotated[Visit, allowed(Action.reference_edit)]) -> Response:
    return _price(visit, {"currency": "GBP"})


def _price(visit: Visit, values: dict[str, Any], error: Exception | None = None) -> Response:
    return ask(visit, "Add a price", _price_fields(visit), values=values, error=error, button="Add it", back="/references?kind=price")


@router.post("/references/prices")
def add_price(visit: Annotated[Visit, allowed(Action.reference_edit)], form: Sent) -> Response:
    given = sent(form, _price_fields(visit))
    with aside() as folder:
        path = folder / "price.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(given))
            writer.writeheader()
            writer.writerow(given)
        try:
            numbers = references.add_prices(visit.store, own_home(visit), path, actor=visit.actor)
        except TouchstoneError as error:
            return _price(visit, given, TouchstoneError(str(without(error, folder)).replace("price.csv:2: ", "")))
    words = f"Entry {numbers[0]} is added. The next run of `detect` compares with it." if numbers else "It is in the library already."
    return visit.go("/references?kind=price", words)


# -- removing ----------------------------------------------------------------------------------------------------------------
WHY = (Field("why", "Why it no longer counts", kind="area", required=True),)


def _entry(visit: Visit, number: int) -> Reference:
    """The entry in force, of the authority's own. Raises HTTPException 404."""
    found = visit.store.references_page(list(ReferenceKind), before=number + 1, limit=1)
    if not found or found[0].number != number or found[0].authority != visit.authority:
        raise HTTPException(404)
    return found[0]


@router.get("/references/{number:int}/remove")
def remove_form(visit: Annotated[Visit, allowed(Action.reference_edit)], number: int) -> Response:
    return _remove(visit, _entry(visit, number), {})


def _remove(visit: Visit, of: Reference, values: dict[str, Any], error: Exception | None = None) -> Response:
    intro = f"It is {of.kind}, {of.brand or 'of no brand'}: {of.provenance}. It stays in the log, with who removed it and why."
    return ask(visit, f"Remove entry {of.number}", WHY, values=values, error=error, button="Remove it", intro=intro, back="/references", warning=True)  # fmt: skip


@router.post("/references/{number:int}/remove")
def remove(visit: Annotated[Visit, allowed(Action.reference_edit)], number: int, form: Sent) -> Response:
    of, given = _entry(visit, number), sent(form, WHY)
    own_home(visit)
    try:
        entry = references.remove(visit.store, of, why=given["why"], actor=visit.actor)
    except TouchstoneError as error:
        return _remove(visit, of, given, error)
    return visit.go("/references?kind=price" if of.kind is ReferenceKind.price else "/references", f"Entry {entry} removes entry {number}.")


@router.get("/references/brands")
def brands(visit: Annotated[Visit, allowed(Action.reference_view)], group: str = "") -> Response:
    found = sorted(read_brands(visit.home.configs("brands")).brands, key=lambda brand: (brand.group, brand.name.casefold()))
    groups = sorted({brand.group for brand in found})
    return visit.page("references/brands.html", brands=[b for b in found if group in ("", b.group)], groups=groups, group=group)
