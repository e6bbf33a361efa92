"""Looks for pictures that are copies: of a picture in the reference log, or of one that another seller uses.

A seller of copies drops the brand word and keeps the photograph. Candidates are found by hashes and by a descriptor, in any turn and mirrored,
of the pictures inside each picture (borders, captions, a phone's frame and the seams of a collage are cut first); a candidate counts when
enough distinct places of both agree on one turn, scale and shift, over enough of what both show. A picture too flat for a hash matches
nothing. A brand's own photograph is context and no hit: honest sellers use it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from detectors.contract import Context, Examined, Owner, done, not_possible
from detectors.pictures import prints as taken
from detectors.pictures.descriptor import decoded, shipped
from detectors.pictures.hashes import BYTES, WAYS
from detectors.pictures.matching import Match, Rule, best, inside
from detectors.pictures.opening import Unreadable, opened
from store.words.records import Direction, Finding, Fingerprint, Picture, Pointer, Reference, ReferenceKind, SubjectKind

if TYPE_CHECKING:
    from store.nearest import Hits, Nearest

VERSION = "3"
SUBJECT = SubjectKind.picture
NEEDS = frozenset({"references", "other_pictures"})
LIBRARIES = ("pillow", "imagehash", "pdqhash", "faiss-cpu", "opencv-python-headless")
HOW_TO_GET = {"pdqhash": "it is compiled on installation: `apt-get install g++ python3-dev`, then `pip install 'touchstone-scanner[pdq]'`"}
FINGERPRINTS = taken.ALGORITHMS
COMPARED = (taken.BOXES, taken.ORB)

KINDS = {
    ReferenceKind.confirmed: ("confirmed_picture", 1.0, Direction.suspicious, "the goods in that reference were confirmed counterfeit"),
    ReferenceKind.suspected: (
        "suspected_picture",
        1.0,
        Direction.suspicious,
        "the goods in that reference are such as an officer suspects",
    ),
    ReferenceKind.official: (
        "official_picture",
        0.0,
        Direction.exculpatory,
        "the brand's official photograph, which honest sellers use too",
    ),
    ReferenceKind.genuine: ("genuine_picture", 1.0, Direction.exculpatory, "the goods in that reference are genuine"),
    ReferenceKind.benign: (
        "benign_picture",
        0.0,
        Direction.exculpatory,
        "a stock picture that says nothing of the goods",
    ),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How near a candidate is (bits of PDQ's 256 and pHash's 64 that may differ, a cosine, of which the most alike so many), and from what
    on it counts."""

    pdq_within: int = 90
    phash_within: int = 8
    alike_from: float = 0.30
    most_alike: int = 100
    photograph: Rule = field(default_factory=Rule)
    most_partners: int = 20

    def __post_init__(self) -> None:
        if not 0 <= self.pdq_within <= 256 or not 0 <= self.phash_within <= 64 or not -1 <= self.alike_from <= 1:
            raise ValueError("candidates: 0 <= pdq_within <= 256, 0 <= phash_within <= 64, -1 <= alike_from <= 1")
        if min(self.most_partners, self.most_alike) < 1:
            raise ValueError("most_partners and most_alike are at least 1")


def models() -> Mapping[str, str]:
    return {"vlad.npz": shipped()[1]}


def fingerprint_version() -> str:
    return taken.version()


def fingerprint(sha256: str, data: bytes) -> list[Fingerprint]:
    image = opened(data, longest=taken.LONGEST)
    if min(image.size) < taken.LEAST_SIDE:
        raise Unreadable(f"the picture is too small ({image.width} by {image.height})")
    return taken.encoded(sha256, taken.views(image))


# -- candidates, and what a pair comes to: asked for by the pass (matches.py) --------------------------------------------
def queries(
    every: Sequence[Mapping[str, Fingerprint]], settings: Settings
) -> Iterator[tuple[Callable[[Nearest, Any], Hits], Any, list[int]]]:
    """The searches that find candidates for these images: a search, its queries (n × bytes, or n × 256), and whose each is."""
    import numpy as np

    for name, radius in ((taken.PDQ, settings.pdq_within), (taken.PHASH, settings.phash_within)):
        rows = [(i, word) for i, one in enumerate(every) for word in one[name].value.split(" ") if word != taken.NONE]
        bits = np.frombuffer(bytes.fromhex("".join(word for _, word in rows)), np.uint8).reshape(-1, BYTES[name])
        yield _within(name, radius), bits, [i for i, _ in rows for _ in range(WAYS)]
    told = [(i, word) for i, one in enumerate(every) for word in one[taken.VLAD].value.split(" ") if word != taken.NONE]
    yield _alike(settings), decoded([word for _, word in told]), [i for i, _ in told for _ in range(4)]


def _within(name: str, radius: int) -> Callable[[Nearest, Any], Hits]:
    return lambda index, bits: index.within(name, bits, radius)


def _alike(settings: Settings) -> Callable[[Nearest, Any], Hits]:
    return lambda index, vectors: index.alike(vectors, settings.alike_from, settings.most_alike)


def compare(first: Mapping[str, Fingerprint], second: Mapping[str, Fingerprint], settings: Settings) -> Match | None:
    """The match of two images' prints, first the one with the lower digest; None where too little agrees."""
    ours, theirs = (inside(taken.boxes_of(prints), taken.features_of(prints)) for prints in (first, second))
    match = best(ours, theirs)
    return match if match is not None and match.photograph(settings.photograph) else None


# -- findings ------------------------------------------------------------------------------------------------------------
def examine(batch: Sequence[Picture], context: Context) -> Iterable[Examined]:
    for picture in batch:
        problem = _problem(picture, context)
        if problem:
            yield not_possible(picture.id, problem)
            continue
        seen = context.seen.get(picture.id)
        findings = list(_references(picture, context, seen or 0))
        if seen is None:
            for owner, sha256, match in _others(picture, context):
                findings.append(_shared(picture, owner, sha256, match))
                # the other member of the pair may have been examined when this one was not yet there
                own = Owner.of(picture)
                yield Examined(owner.picture, findings=(_same(own, picture.image.sha256, sha256, match, owner.seller),), further=True)
        yield done(picture.id, findings)


def _problem(picture: Picture, context: Context) -> str:
    sha256 = picture.image.sha256
    prints = context.prints.get(sha256)
    if prints is None:
        return context.problems.get(sha256, picture.image.problem or "no fingerprint could be taken of the picture")
    if taken.all_flat(prints):
        return "the picture is too flat to be compared (one tone, a gradient, a few shapes)"
    return ""


def _matching(picture: Picture, context: Context) -> Iterator[tuple[str, Match | None]]:
    """The images that match the picture, its own first; None of the same file."""
    own = picture.image.sha256
    yield own, None
    for other in context.matches.get(own, ()):
        yield other.sha256, other.match


def _references(picture: Picture, context: Context, seen: int) -> Iterator[Finding]:
    matches = dict(_matching(picture, context))
    for reference in context.references:
        own = reference.listing == picture.listing  # it came from this very listing, by a judgement
        if (reference.number or 0) > seen and reference.image_sha256 in matches and not own:
            yield _of_reference(reference, picture, matches[reference.image_sha256])


def _of_reference(reference: Reference, picture: Picture, match: Match | None) -> Finding:
    reason, score, direction, says = KINDS[reference.kind]
    of = f" ({reference.brand})" if reference.brand else ""
    sentence = f"The picture matches reference {reference.number}{of}{_how(match)}: {says}. Provenance: {reference.provenance}."
    sentence += f" Statement: {reference.statement}." if reference.statement else ""
    sha256 = reference.image_sha256 or ""
    return Finding(reason, score, sentence, direction, (_pointer(f"reference:{reference.number}", picture.image.sha256, sha256, match),))


def _others(picture: Picture, context: Context) -> list[tuple[Owner, str, Match | None]]:
    """Other sellers' pictures that match: the first so many by number, which later arrivals do not change."""
    found = [
        (owner, sha256, match)
        for sha256, match in _matching(picture, context)
        for owner in context.owners.get(sha256, ())
        if owner.picture != picture.id and owner.is_another(picture)
    ]
    return sorted(found, key=lambda each: each[0].picture)[: context.settings.most_partners]


def _shared(picture: Picture, owner: Owner, sha256: str, match: Match | None) -> Finding:
    return _same(owner, sha256, picture.image.sha256, match, picture.seller)


def _same(owner: Owner, sha256: str, own: str, match: Match | None, own_seller: int | None) -> Finding:
    """What one member of a pair is told of the other: the same whichever came first."""
    known = owner.seller is not None and own_seller is not None
    whose = "another seller's listing" if known else "another listing, and it is not known whether the seller is the same"
    sentence = f"The same photograph is used in {whose}{_how(match)} (listing {owner.listing}, picture {owner.picture})."
    pointer = _pointer(f"picture:{owner.picture}", own, sha256, match, listing=owner.listing)
    return Finding("shared_picture", 1.0 if known else 0.4, sentence, Direction.suspicious, (pointer,))


def _how(match: Match | None) -> str:
    if match is None:
        return ", the very same file"
    turn = round(match.degrees / 90) * 90 % 360
    turned = f", turned by {turn} degrees" if turn else ""
    return f"{', mirrored' if match.mirrored else ''}{turned}, {match.inliers} places agree"


def _pointer(other: str, own: str, theirs: str, match: Match | None, **more: int) -> Pointer:
    """Where the match lies, seen from the own picture."""
    detail: dict[str, Any] = {"sha256": theirs, **more}
    if match is None:
        return Pointer(other=other, detail={**detail, "same_file": True})
    first, second = match.regions if own < theirs else match.regions[::-1]
    detail |= {
        "inliers": match.inliers, "share": round(match.share, 3), "middle": round(match.middle, 3), "mirrored": match.mirrored, "scale": round(match.scale, 3),
        "degrees": round(match.degrees, 1), "region": first.rounded, "other_region": second.rounded,
    }  # fmt: skip
    return Pointer(other=other, detail=detail)
