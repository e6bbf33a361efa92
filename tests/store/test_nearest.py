"""The index of near images: derived from the database, appended, exact, and made again wherever it could say something else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from store import tables as t
from store.nearest import Nearest, index_folder
from store.store import Store
from store.words.records import Fingerprint, Image
from tests.builders import Builder, jpeg

pytest.importorskip("faiss")
VERSION = "test-1"


@pytest.fixture
def build(store: Store) -> Iterator[Builder]:
    builder = Builder(store)
    yield builder
    builder.close()


class Bank:
    """Images with fingerprints drawn from a seed; what the index must say of them follows from the numbers."""

    def __init__(self, store: Store, capture: int) -> None:
        self.store, self.capture, self.random = store, capture, np.random.default_rng(7)
        self.pdq: dict[int, Any] = {}
        self.vectors: dict[int, Any] = {}

    def add(self, count: int, version: str = VERSION) -> list[int]:
        numbers = []
        for _ in range(count):
            digest = hashlib.sha256(self.random.bytes(8)).hexdigest()
            number = self.store.keep_image(Image(None, digest, "image/jpeg", 1, 1, 1, self.capture))
            pdq, phash = self.random.integers(0, 256, 32, np.uint8), self.random.integers(0, 256, 8, np.uint8)
            vectors = self.random.integers(-127, 128, (2, 256), np.int8)
            values = {
                "pdq": pdq.tobytes().hex() * 8,
                "phash": phash.tobytes().hex() * 8,
                "vlad": base64.b64encode(vectors.tobytes() * 2).decode(),
            }
            self.store.keep_fingerprints(Fingerprint(digest, name, version, f"{value} -") for name, value in values.items())
            self.pdq[number], self.vectors[number] = (
                pdq,
                vectors.astype(np.float32) / np.linalg.norm(vectors.astype(np.float32), axis=1, keepdims=True),
            )
            numbers.append(number)
        return numbers


@pytest.fixture
def bank(store: Store, build: Builder) -> Bank:
    return Bank(store, build.capture("urn:x", b"x").id or 0)


def found(hits: Any) -> list[tuple[int, int, int]]:
    return sorted(zip(hits.query.tolist(), hits.image.tolist(), hits.far.round().astype(int).tolist(), strict=True))


def files(index: Nearest) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(index.folder.iterdir()) if path.name != "lock"}


def test_every_image_within_a_radius_is_found_and_no_other(store: Store, bank: Bank) -> None:
    bank.add(60)
    index = store.nearest(VERSION)
    assert index.grow() == 60 and len(index) == 60
    query = next(iter(bank.pdq.values())) ^ np.eye(1, 32, dtype=np.uint8)[0]  # one bit of the first differs
    far = {number: int(np.bitwise_count(pdq ^ query).sum()) for number, pdq in bank.pdq.items()}
    for radius in (0, 1, 110, 128, 256):
        assert found(index.within("pdq", query[None], radius)) == sorted((0, n, d) for n, d in far.items() if d <= radius)


def test_the_most_alike_are_found_by_either_of_an_images_vectors(store: Store, bank: Bank) -> None:
    numbers = bank.add(40)
    index = store.nearest(VERSION)
    index.grow()
    query = bank.vectors[numbers[3]][1:]  # that of its centre
    hits = index.alike(query, 0.99, 10)
    assert hits.image.tolist() == [numbers[3]] and hits.far[0] == pytest.approx(1, abs=1e-3)
    every = {n: float((v @ query[0]).max()) for n, v in bank.vectors.items()}
    best = sorted(every, key=lambda n: -every[n])[:5]
    assert list(dict.fromkeys(index.alike(query, -1, 12).image.tolist()))[:5] == best
    assert len(index.alike(query, -1, 3).image) == 3


def test_it_grows_by_what_is_new_and_is_the_same_as_one_made_at_once(store: Store, bank: Bank) -> None:
    index = store.nearest(VERSION)
    for count in (5, 1, 9):
        bank.add(count)
        assert store.nearest(VERSION).grow() == count
    assert index.grow() == 0
    grown = files(index)
    assert index.rebuild() == 15 and files(index) == grown


def test_versions_never_meet(store: Store, bank: Bank) -> None:
    first, second = bank.add(4), bank.add(3, "test-2")
    one, other = store.nearest(VERSION), store.nearest("test-2")
    one.grow(), other.grow()
    everything = np.zeros((1, 32), np.uint8)
    assert set(one.within("pdq", everything, 256).image) == set(first) and set(other.within("pdq", everything, 256).image) == set(second)


def test_what_a_killed_process_left_half_written_is_taken_back(store: Store, bank: Bank) -> None:
    bank.add(6)
    index = store.nearest(VERSION)
    index.grow()
    whole = files(index)
    with (index.folder / "pdq").open("ab") as file:
        file.write(b"half a row")
    assert index.grow() == 0 and files(index) == whole
    (index.folder / "vlad").write_bytes(whole["vlad"][:-1])
    assert index.grow() == 6 and files(index) == whole, "too short: made again"


def test_erasing_an_images_last_bytes_takes_its_fingerprints_and_the_index_away(store: Store, build: Builder) -> None:
    body = jpeg(1)
    build.listing("1", pictures=(body,))
    digest = hashlib.sha256(body).hexdigest()
    store.keep_fingerprints([Fingerprint(digest, name, VERSION, "-") for name in ("pdq", "phash", "vlad", "ocr")])
    store.nearest(VERSION).grow()
    assert index_folder(store.archive.folder).exists()
    with store.database.reading() as c:
        captures = list(c.execute(select(t.reading_image.c.capture).where(t.reading_image.c.sha256 == digest)).scalars())
    build.close()
    for capture in captures:
        store.erase(capture, actor="system", reason="retention")
    with store.database.reading() as c:
        assert c.execute(select(t.fingerprint)).all() == []
    assert not index_folder(store.archive.folder).exists()
