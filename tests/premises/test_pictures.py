"""Two accounts held together by their pictures: the same photographs, or photographs taken in the same place."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

import pytest

from premises import run
from premises.network import linking
from premises.network.settings import network_settings
from premises.network.ties import groups
from store.config import Home
from store.network import Giving, Thing
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


def passed(store: Store, home: Home, everything: bool) -> None:
    begun = store.begin_run("link", actor="system", authority="demo", code_version="test", config_digest="0" * 64)
    linking.run(store, network_settings(home), begun.id, actor="system", purpose="link", everything=everything)


def between(store: Store) -> list[tuple[int, int, float]]:
    with store.acting("system", purpose="test") as reader:
        found = reader.seller_links([seller.id or 0 for seller in reader.sellers()])
    return sorted((x.subject, x.object, round(x.score, 6)) for x in found if x.level != "none")


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


def test_a_place_seen_in_a_photograph_that_both_accounts_use_counts_as_the_copy_that_it_is(
    store: Store, home: Home, build: Builder, tell: Tell
) -> None:
    """Account a uses a photograph of account b, and b has another of the same room: it is b's room, and says nothing of where a is."""
    two_sellers(build, 4)  # a's pictures 1 to 4, b's 5 to 8
    tell("image_match", 1, "shared_picture", "picture:5")
    tell("same_place", 1, "same_place", "picture:6")
    assert links(store, home) == []
    tell("image_match", 3, "shared_picture", "picture:7")
    tell("image_match", 4, "shared_picture", "picture:8")
    [link] = links(store, home)
    assert link.score == pytest.approx(1 - 0.7**3) and {r.code for r in link.reasons} == {"same_picture"}, "each photograph counts once"
    tell("same_place", 2, "same_place", "picture:6")  # and now a photograph of a's own, which nobody else uses
    [link] = links(store, home)
    assert [(r.code, r.picture) for r in link.reasons[:2]] == [("same_place", 2), ("same_place", 6)]
    assert link.score == pytest.approx(1 - 0.4 * 0.7**3)


def test_a_place_in_a_copied_photograph_vouches_for_no_number_either() -> None:
    """Six customers of one courier, of whom each took a photograph of the first: they stay six groups."""
    number, room = Thing("phone", "+447700900123"), Thing("place", "r")
    alone = {n: Giving(n, room, None, n, also=frozenset({1}) if n > 1 else frozenset()) for n in range(1, 7)}
    own = {n: Giving(n, room, None, n) for n in range(1, 7)}
    assert groups(range(1, 7), {room: alone}, number) == 6 and groups(range(1, 7), {room: own}, number) == 1


def test_a_pass_looks_again_at_a_place_when_a_copy_of_a_copy_of_its_photograph_turns_up(
    store: Store, home: Home, build: Builder, tell: Tell
) -> None:
    """A third account turns out to use the photographs of both: one of them by way of another's copy."""
    for seller, pictures in (("a", 1), ("b", 1), ("c", 2), ("d", 1)):
        build.listing(seller, seller=seller, pictures=tuple(jpeg(len(seller) + n, quality=70 + ord(seller) % 20) for n in range(pictures)))
    a, b, c_of_a, c_of_d, d = range(1, 6)

    def both(detector: str, one: int, reason: str, other: int) -> None:
        tell(detector, one, reason, f"picture:{other}")
        tell(detector, other, reason, f"picture:{one}")

    both("same_place", a, "same_place", b)
    both("image_match", a, "shared_picture", c_of_a)
    both("image_match", b, "shared_picture", d)
    passed(store, home, everything=True)
    assert between(store) == [(1, 2, 0.6)]
    both("image_match", c_of_d, "shared_picture", d)
    passed(store, home, everything=False)
    assert between(store) == []


@pytest.mark.parametrize("seed", range(2))
def test_places_and_copies_come_to_the_same_bit_by_bit_and_from_nothing(
    store: Store, home: Home, build: Builder, tell: Tell, seed: int
) -> None:
    for seller in range(6):
        build.listing(str(seller), seller=str(seller), pictures=tuple(jpeg(seller * 2 + n) for n in range(2)))
    chosen = random.Random(seed)
    for _ in range(14):
        one, other = chosen.sample(range(1, 13), 2)
        detector, reason = chosen.choice([("image_match", "shared_picture"), ("same_place", "same_place")])
        tell(detector, one, reason, f"picture:{other}")
        tell(detector, other, reason, f"picture:{one}")  # detectors tell it of both
        passed(store, home, everything=False)
        bit_by_bit = between(store)
        passed(store, home, everything=True)
        assert bit_by_bit == between(store)


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
