"""Two accounts held together by their pictures: the same photographs, or photographs taken in the same place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from premises import run
from store.config import Home
from store.store import Store
from store.words.records import (
    Direction,
    Examination,
    Examined,
    Finding,
    Link,
    Method,
    Pointer,
    Reference,
    ReferenceKind,
    Status,
    SubjectKind,
)  # fmt: skip
from tests.builders import Builder, jpeg

Tell = Callable[..., None]


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def build(store: Store) -> Iterator[Builder]:
    builder = Builder(store)
    yield builder
    builder.close()


@pytest.fixture
def tell(store: Store, build: Builder) -> Tell:
    """Keep a finding of a picture as a detector in force would: `reason` of picture `number`, which rests on `other`."""
    methods: dict[str, int] = {}
    later = itertools.count()

    def say(detector: str, number: int, reason: str, other: str) -> None:
        if detector not in methods:
            methods[detector] = store.keep_method(Method("detector", detector, "1"))
            store.set_method_status(methods[detector], Status.in_force, "system", "a test")
        finding = Finding(reason, 1.0, "said", Direction.suspicious, (Pointer(other=other),))
        upto = store.picture_end() + next(later)  # a further examination each time
        store.keep_examinations(
            methods[detector], [Examination(SubjectKind.picture, number, Examined.done, (finding,), "", 0, upto)], build.run.id
        )

    return say


def links(store: Store, home: Home) -> list[Link]:
    run.run(store, home)
    with store.acting("system", purpose="test") as reader:
        return [one for one in reader.links(subject=(SubjectKind.seller, 1)) if one.object_kind is SubjectKind.seller]


def two_sellers(build: Builder, pictures: int) -> None:
    for seller in "ab":
        bodies = tuple(jpeg(number, quality=80 + ord(seller) % 7) for number in range(pictures))
        build.listing(seller, seller=seller, pictures=bodies)


def test_one_shared_photograph_links_nobody_and_three_propose_it(store: Store, home: Home, build: Builder, tell: Tell) -> None:
    two_sellers(build, 3)
    tell("image_match", 1, "shared_picture", "picture:4")
    assert links(store, home) == []
    for own, other in ((2, 5), (3, 6)):
        tell("image_match", own, "shared_picture", f"picture:{other}")
    [link] = links(store, home)
    assert link.object == 2 and link.score == pytest.approx(1 - 0.7**3)
    assert [reason.code for reason in link.reasons if reason.weight] == ["same_picture"] * 3
    with store.acting("system", purpose="test") as reader:
        shown = {r.capture for listing in (1, 2) for r in reader.readings(listing=listing)}
    assert {reason.capture for reason in link.reasons} == shown, "both sides are cited"


def test_one_shared_place_is_a_lead(store: Store, home: Home, build: Builder, tell: Tell) -> None:
    two_sellers(build, 1)
    tell("same_place", 1, "same_place", "picture:2")
    [link] = links(store, home)
    assert link.score == 0.6 and "same place" in link.reasons[0].sentence


def test_everybodys_photograph_links_nobody(store: Store, home: Home, build: Builder, tell: Tell) -> None:
    """A brand's own picture, or a stock one; a removed reference is no excuse any more."""
    two_sellers(build, 3)
    number = store.add_reference(
        Reference(None, ReferenceKind.official, "demo", "the brand", "system", brand="Gucci", image_sha256="0" * 64)
    )
    for own, other in ((1, 4), (2, 5), (3, 6)):
        tell("image_match", own, "shared_picture", f"picture:{other}")
        tell("image_match", other, "official_picture", f"reference:{number}")
    assert links(store, home) == []
    store.add_reference(Reference(None, ReferenceKind.official, "demo", "a mistake", "system", brand="Gucci", removes=number))
    assert len(links(store, home)) == 1


def test_a_photograph_of_very_many_sellers_links_nobody(store: Store, home: Home, build: Builder, tell: Tell) -> None:
    for seller in range(10):
        build.listing(str(seller), seller=str(seller), pictures=tuple(jpeg(n, quality=80 + seller) for n in range(3)))
    for own in (1, 2, 3):
        for other in range(own + 3, 31, 3):
            tell("image_match", own, "shared_picture", f"picture:{other}")
    assert links(store, home) == []
