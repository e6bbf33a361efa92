"""Looks for words in a listing's pictures: phones and handles, grades, brand names, prices.

What a platform filters out of a text stands in the photograph: a number on a sheet of paper, "1:1" across the goods, the
brand's name where the text keeps it unsaid. A machine reads them, and may misread: each finding shows the box that it rests
on, for a person to look at. Brands and prices are context. That a picture names a brand which the text leaves out is a reason
of its own; it rests on the words as they stood, which it cites.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from detectors import ocr, text_terms
from detectors.brands import Brands
from detectors.contract import Context, Examined, done, not_possible
from detectors.ocr import Box, Line
from detectors.pictures import opened
from store.words.contacts import find_contacts
from store.words.money import format_price, parse_price
from store.words.records import Contact, Direction, Finding, Fingerprint, Picture, Pointer, Snapshot, SubjectKind
from store.words.text import normalise

VERSION = "1"
SUBJECT = SubjectKind.picture
NEEDS = frozenset({"brands", "words", "terms"})
LIBRARIES = ocr.LIBRARIES
HOW_TO_GET = dict.fromkeys(("rapidocr", "onnxruntime"), "`pip install 'touchstone-scanner[ocr]'` brings what reads words in pictures")
FINGERPRINTS = (ocr.ALGORITHM,)
MOST_POINTERS = 8

ADDRESSES = frozenset({"url", "domain"})  # anybody's: a shop's label has one too
CALLED = {"phone": "a phone number", "whatsapp": "a WhatsApp number", "email": "an e-mail address", "payment": "a payment name"}


@dataclass(frozen=True, slots=True)
class Settings:
    """How sure the engine must be (0 to 1) of words, and of contacts, where one wrong letter is another person; which reasons of `text_terms`
    mean the same in a picture."""

    grades: tuple[str, ...]
    least_score: float = 0.6
    least_contact_score: float = 0.8
    other_brand: float = 0.4

    def __post_init__(self) -> None:
        if not ocr.LEAST_SCORE <= self.least_score <= self.least_contact_score <= 1 or not 0 <= self.other_brand <= 1:
            raise ValueError(f"scores: {ocr.LEAST_SCORE} <= least_score <= least_contact_score <= 1; other_brand lies between 0 and 1")


def fingerprint_version() -> str:
    return ocr.version()


def models() -> dict[str, str]:
    return ocr.models()


def fingerprint(sha256: str, data: bytes) -> list[Fingerprint]:
    """The words of one picture. Raises Unreadable."""
    reading = ocr.read(opened(data, longest=ocr.LONGEST))
    return [Fingerprint(sha256, ocr.ALGORITHM, fingerprint_version(), ocr.encoded(reading))]


def examine(batch: Sequence[Picture], context: Context) -> Iterable[Examined]:
    for picture in batch:
        sha256 = picture.image.sha256
        prints = context.prints.get(sha256)
        if prints is None:
            yield not_possible(picture.id, context.problems.get(sha256, picture.image.problem or "no words could be read in the picture"))
            continue
        page = Page(ocr.lines(ocr.decoded(prints[ocr.ALGORITHM].value)), context.settings)
        said = context.words.get(picture.listing, Snapshot())
        contacts, findings = page.contacts(), list(page.findings(said, context))
        yield done(picture.id, findings, contacts)


@dataclass(frozen=True)
class Page:
    """The lines of a picture, as one text with a line break after each."""

    every: list[Line]
    settings: Settings

    @cached_property
    def lines(self) -> list[tuple[int, Line]]:
        """Each line that the engine is sure enough of, at its offset in the text."""
        out, at = [], 0
        for line in self.every:
            sure = tuple((place, box) for place, box in line.boxes if box.score >= self.settings.least_score)
            if len(sure) < len(line.boxes):
                line = Line.of(box for _, box in sure)
            if line.text:
                out.append((at, line))
                at += len(line.text) + 1
        return out

    @cached_property
    def text(self) -> str:
        return "\n".join(line.text for _, line in self.lines)

    def pointer(self, start: int, end: int, **more: str) -> Pointer:
        """text[start:end] with the boxes that it stands in: their text, the least sure one's score, the corners of one, or of all."""
        boxes = [box for at, line in self.lines if at < end and at + len(line.text) > start for box in line.within(start - at, end - at)]
        detail = {"text": " ".join(box.text for box in boxes), "score": min(box.score for box in boxes), "box": _around(boxes)}
        return Pointer("picture", None, None, self.text[start:end], detail={**detail, **more})

    # -- contacts ----------------------------------------------------------------------------------------------------
    @cached_property
    def _contacts(self) -> list[tuple[Contact, Pointer]]:
        out: dict[tuple[str, str], tuple[Contact, Pointer]] = {}
        for at, line in self.lines:
            for found in find_contacts(_misread(line.text)):
                pointer = self.pointer(at + found.start, at + found.end, kind=found.kind, value=found.value)
                if pointer.detail["score"] >= self.settings.least_contact_score:
                    out.setdefault((found.kind, found.value), (Contact(found.kind, found.value, pointer.raw), pointer))
        return list(out.values())

    def contacts(self) -> list[Contact]:
        return [contact for contact, _ in self._contacts]

    # -- findings ----------------------------------------------------------------------------------------------------
    def findings(self, said: Snapshot, context: Context) -> Iterator[Finding]:
        assert context.brands is not None
        yield from self._reached()
        brands = self._brands(context.brands)
        told = set(context.brands.of_listing(said.title, said.text, said.brand))
        yield from self._graded(said, told, context)
        yield from self._branded(brands, told, said)
        yield from self._priced()

    def _reached(self) -> Iterator[Finding]:
        own = [(c, p) for c, p in self._contacts if c.kind not in ADDRESSES]
        addresses = [(c, p) for c, p in self._contacts if c.kind in ADDRESSES]
        if own:
            what = ", ".join(f"{CALLED.get(c.kind, f'a name on {c.kind.title()}')} (“{c.raw.strip()}”)" for c, _ in own[:3])
            yield _finding("picture_contact", f"The picture gives {what}: a way past the platform. Read by machine.", [p for _, p in own])
        if addresses:
            what = ", ".join(f"“{c.raw.strip()}”" for c, _ in addresses[:3])
            yield _finding(
                "picture_address", f"The picture gives an address on the web: {what}. Read by machine.", [p for _, p in addresses], 0.0
            )

    def _graded(self, said: Snapshot, told: set[str], context: Context) -> Iterator[Finding]:
        """The rules of `text_terms`, on the words of the picture; a brand may be named in the picture or by the listing."""
        brand = said.brand or next(iter(sorted(told)), "")
        for finding in text_terms.findings(Snapshot(text=self.text, brand=brand), context.terms, context.brands):
            if finding.reason not in self.settings.grades:
                continue
            pointers = [self.pointer(p.start, p.end or p.start) for p in finding.pointers if p.start is not None]
            sentence = f"{finding.sentence.replace('The listing', 'The picture', 1)} Read by machine."
            yield _finding(finding.reason, sentence, pointers, finding.score, beside=said)

    def _brands(self, brands: Brands) -> dict[str, Pointer]:
        text = normalise(self.text)
        return {m.brand: self.pointer(*text.raw_span(m.start, m.end), brand=m.brand) for m in brands.find(text)}

    def _branded(self, brands: dict[str, Pointer], told: set[str], said: Snapshot) -> Iterator[Finding]:
        if not brands:
            return
        yield _finding("picture_brand", f"The picture names {_and(brands)}. Read by machine.", list(brands.values()), 0.0)
        unsaid = {name: pointer for name, pointer in brands.items() if name not in told}
        if unsaid:
            strength = self.settings.other_brand if told else 1.0
            beside = f"; they name {_and(sorted(told))}" if told else ""
            sentence = f"The picture names {_and(unsaid)}, which the listing's words leave out{beside}. Read by machine."
            yield _finding("brand_only_in_picture", sentence, list(unsaid.values()), strength, beside=said)

    def _priced(self) -> Iterator[Finding]:
        found = []
        for at, line in self.lines:
            price = parse_price(line.text) if re.search("[£€$]", line.text) else None
            if price and price.amount_minor and price.currency:
                found.append((format_price(price.amount_minor, price.currency), self.pointer(at, at + len(line.text))))
        if found:
            what = ", ".join(dict.fromkeys(price for price, _ in found[:5]))
            yield _finding("picture_price", f"The picture states a price: {what}. Read by machine.", [p for _, p in found], 0.0)


def _finding(reason: str, sentence: str, pointers: list[Pointer], strength: float = 1.0, beside: Snapshot | None = None) -> Finding:
    """A finding is as strong as its reason, times what the engine is surest of."""
    surest = max(float(pointer.detail["score"]) for pointer in pointers)
    shown = tuple(pointers[:MOST_POINTERS])
    if len(pointers) > MOST_POINTERS:
        shown += (Pointer(detail={"more": len(pointers) - MOST_POINTERS}),)
    if beside is not None and beside.id is not None:
        shown += (Pointer(other=f"snapshot:{beside.id}"),)
    return Finding(reason, strength * surest, sentence, Direction.suspicious, shown)


def _around(boxes: Sequence[Box]) -> list[list[float]]:
    if len(boxes) == 1:
        return [list(corner) for corner in boxes[0].corners]
    xs, ys = [x for box in boxes for x, _ in box.corners], [y for box in boxes for _, y in box.corners]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def _misread(text: str) -> str:
    """The same length, with an l, 1 or | read as the I that begins "IG" and "Insta": engines cannot tell them apart."""
    return re.sub(r"(?<![A-Za-z0-9])[l1|](?=[Gg](?![A-Za-z0-9])|nsta)", "I", text)


def _and(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
