"""A working folder with an empty store, shipped configuration, and a builder that puts listings into it by hand."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image as Pillow

from detectors import run
from store.config import Home
from store.findings import KeptExamination, KeptFinding
from store.runs import PassResult
from store.store import Store
from store.words.records import CaptureKind, Image, Reference, ReferenceKind, SubjectKind
from tests.builders import Builder


@dataclass
class Place:
    """A store with its folder, and what tests ask of it."""

    home: Home
    store: Store
    build: Builder

    def detect(self, **given: object) -> PassResult:
        return run.run(self.store, self.home, **given)  # type: ignore[arg-type]

    def reference(self, kind: ReferenceKind, body: bytes, brand: str = "Gucci") -> int:
        taken = self.build.capture(f"urn:reference:{len(body)}", body, CaptureKind.handed_in, "image/jpeg")
        digest = hashlib.sha256(body).hexdigest()
        with Pillow.open(io.BytesIO(body)) as opened:
            size = opened.size
        assert taken.id is not None
        self.store.keep_image(Image(None, digest, "image/jpeg", *size, len(body), taken.id))
        statement = "EX/1" if kind is ReferenceKind.confirmed else ""
        return self.store.add_reference(
            Reference(None, kind, "demo", "invented, for a test", "system", brand=brand, image_sha256=digest, statement=statement)
        )

    def price(self, brand: str, category: str, minor: int, condition: str = "used", currency: str = "GBP") -> int:
        return self.store.add_reference(
            Reference(
                None,
                ReferenceKind.price,
                "demo",
                "invented, for a test",
                "system",
                brand,
                category,
                condition,
                None,
                minor,
                currency,
                "2026-01-01",
            )
        )

    def findings(self, kind: SubjectKind, subject: int, detector: str | None = None) -> list[KeptFinding]:
        with self.store.acting("system", purpose="test") as reader:
            kept = reader.findings_of([(kind, subject)])
        return [finding for finding in kept if detector in (None, finding.method_name)]

    def examinations(self, kind: SubjectKind, subject: int, detector: str | None = None) -> list[KeptExamination]:
        with self.store.acting("system", purpose="test") as reader:
            kept = reader.examinations_of([(kind, subject)])
        return [examination for examination in kept if detector in (None, examination.method_name)]

    def counted(self) -> dict[str, int]:
        counts = self.store.counts()
        return {noun: counts[noun] for noun in ("examinations", "findings", "flags")}


@pytest.fixture
def new_place(tmp_path: Path) -> Iterator[Callable[[], Place]]:
    """Makes places: each a folder and a store of its own."""
    made: list[Place] = []

    def make() -> Place:
        home = Home(tmp_path / f"place{len(made)}")
        home.folder.mkdir()
        store = Store.open(home)
        made.append(Place(home, store, Builder(store)))
        return made[-1]

    yield make
    for place in made:
        place.build.close()
        place.store.close()


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    return new_place()
