"""Looks for pictures that are copies: of a picture in the reference log, or of one that another seller uses.

A seller of copies drops the brand word and keeps the photograph. PDQ and pHash are compared, of the picture and of its
mirror image, a uniform border cut away first; a picture too flat for a hash matches nothing. A brand's own photograph
is context and no hit: honest sellers use it too. Cropped, framed and re-photographed copies are not found by hashes of
a whole picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from detectors.contract import Context, Examined, done, not_possible
from detectors.pictures import PDQ, PHASH, Index, Near, Others, fingerprints, flat, opening
from store.words.records import Direction, Finding, Fingerprint, Picture, Pointer, Reference, ReferenceKind, SubjectKind

VERSION = "1"
SUBJECT = SubjectKind.picture
NEEDS = frozenset({"references", "other_pictures"})
LIBRARIES = ("pillow", "imagehash", "pdqhash", "faiss-cpu")
HOW_TO_GET = {"pdqhash": "it is compiled on installation: `apt-get install g++ python3-dev`, then `pip install 'touchstone-scanner[pdq]'`"}
FINGERPRINTS = (PDQ, PHASH)

KINDS = {
    ReferenceKind.confirmed: ("confirmed_picture", 1.0, Direction.suspicious, "goods confirmed counterfeit"),
    ReferenceKind.suspected: ("suspected_picture", 1.0, Direction.suspicious, "goods that an officer suspects"),
    ReferenceKind.official: (
        "official_picture",
        0.0,
        Direction.exculpatory,
        "the brand's official photograph, which honest sellers use too",
    ),
    ReferenceKind.genuine: ("genuine_picture", 1.0, Direction.exculpatory, "genuine goods"),
    ReferenceKind.benign: (
        "benign_picture",
        0.0,
        Direction.exculpatory,
        "a stock picture that says nothing of the goods",
    ),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Bits that may differ, of 256 for PDQ and of 64 for pHash."""

    pdq_alone: int = 31
    pdq_agreed: int = 70
    phash_agreed: int = 8
    most_partners: int = 20

    def __post_init__(self) -> None:
        if not 0 <= self.pdq_alone <= self.pdq_agreed <= 256 or not 0 <= self.phash_agreed <= 64 or self.most_partners < 1:
            raise ValueError("distances: 0 <= pdq_alone <= pdq_agreed <= 256, 0 <= phash_agreed <= 64; most_partners is at least 1")


@cache
def fingerprint_version() -> str:
    """What the hashes depend on: our own opening and trimming, and Pillow's resizing among others."""
    from importlib.metadata import version

    return "-".join(["1", opening.VERSION, version("pillow"), version("pdqhash"), version("imagehash")])


def fingerprint(sha256: str, data: bytes) -> list[Fingerprint]:
    return fingerprints(sha256, data, fingerprint_version())


def examine(batch: Sequence[Picture], context: Context) -> Iterable[Examined]:
    references = Index.of((i, r.prints) for i, r in enumerate(context.references))
    for picture in batch:
        problem = _problem(picture, context)
        if problem:
            yield not_possible(picture.id, problem)
            continue
        seen = context.seen.get(picture.id)
        findings = list(_references(picture, references, context, seen or 0))
        if seen is None and context.others is not None:
            for near in _others(picture, context.others, context):
                findings.append(_shared(picture, near, context.others))
                # the other member of the pair may have been examined when this one was not yet there
                yield Examined(near.key, findings=(_shared_with(near, picture, context.others),), further=True)
        yield done(picture.id, findings)


def _problem(picture: Picture, context: Context) -> str:
    sha256 = picture.image.sha256
    prints = context.prints.get(sha256)
    if prints is None:
        return context.problems.get(sha256, picture.image.problem or "no fingerprint could be taken of the picture")
    if flat(prints):
        return "the picture is too flat to be compared (one tone, a gradient, a few shapes)"
    return ""


def _matches(near: Near, settings: Settings) -> bool:
    return near.pdq <= settings.pdq_alone or (near.pdq <= settings.pdq_agreed and near.phash <= settings.phash_agreed)


def _references(picture: Picture, index: Index, context: Context, seen: int) -> Iterator[Finding]:
    for near in index.near(context.prints[picture.image.sha256], context.settings.pdq_agreed):
        reference = context.references[near.key].reference
        if (reference.number or 0) > seen and _matches(near, context.settings):
            yield _matching(reference, near)


def _matching(reference: Reference, near: Near) -> Finding:
    reason, score, direction, says = KINDS[reference.kind]
    of = f" ({reference.brand})" if reference.brand else ""
    mirrored = " mirrored," if near.mirrored else ""
    sentence = f"The picture matches,{mirrored} reference {reference.number}{of}: {says}. Provenance: {reference.provenance}."
    return Finding(reason, score, sentence, direction, (_pointer(f"reference:{reference.number}", near),))


def _others(picture: Picture, others: Others, context: Context) -> list[Near]:
    """Other sellers' pictures that match: the first so many by number, which later arrivals do not change."""
    settings: Settings = context.settings
    found = [
        near for near in others.index.near(context.prints[picture.image.sha256], settings.pdq_agreed)
        if near.key != picture.id and _matches(near, settings)
        and _another((picture.listing, picture.seller), others.owners[near.key])
    ]  # fmt: skip
    return found[: settings.most_partners]


def _another(own: tuple[int, int | None], theirs: tuple[int, int | None]) -> bool:
    """Whether two pictures are of two sellers; where a seller is not known, of two listings."""
    if own[1] is not None and theirs[1] is not None:
        return own[1] != theirs[1]
    return own[0] != theirs[0]


def _shared(picture: Picture, near: Near, others: Others) -> Finding:
    return _same(near, near.key, others.owners[near.key], picture.seller)


def _shared_with(near: Near, picture: Picture, others: Others) -> Finding:
    return _same(near, picture.id, (picture.listing, picture.seller), others.owners[near.key][1])


def _same(near: Near, other: int, owner: tuple[int, int | None], own_seller: int | None) -> Finding:
    """What one member of a pair is told of the other: the same whichever came first."""
    known = owner[1] is not None and own_seller is not None
    whose = "another seller's listing" if known else "another listing, and it is not known whether the seller is the same"
    mirrored = ", mirrored" if near.mirrored else ""
    sentence = f"The same photograph{mirrored} is used in {whose} (listing {owner[0]}, picture {other})."
    return Finding(
        "shared_picture",
        1.0 if known else 0.4,
        sentence,
        Direction.suspicious,
        (_pointer(f"picture:{other}", near, listing=owner[0]),),
    )


def _pointer(other: str, near: Near, **more: int) -> Pointer:
    return Pointer(other=other, detail={"pdq": near.pdq, "phash": near.phash, "mirrored": near.mirrored, **more})
