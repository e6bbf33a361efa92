"""The request to a brand's owner: pictures of genuine and of questioned goods, side by side, without a word of which is which.

A witness who is shown one picture and told that it is suspect says what is expected. Here each pair holds one picture of either sort, in an order that
was drawn at random; the key is a file apart, whose digest the request prints, so that nobody can say afterwards that it was another. The key holds
a random number: without it, a digest of so few orders could be guessed. Nothing in the request names a seller, a score or a listing, and its
pictures are drawn anew on squares of one size, without their names and metadata.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casework.documents import Block, Document, Fields, Heading, Items, PageBreak, Paragraph, Picture, Signature
from casework.drafts.keeping import Made
from casework.drafts.settings import DraftSettings
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.drafts import DraftKind
from store.words.records import ReferenceKind, SubjectKind

SIDE = 1000  # pixels of a picture's square
GENUINE = (ReferenceKind.genuine, ReferenceKind.official)
SEND, KEEP = "to-send", "not-to-send"


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of a request: its label, its digest before it was drawn anew, what it is, and where it came from. All but the label is the key's."""

    label: str
    sha256: str
    what: str  # genuine | questioned
    origin: str
    body: bytes


def brand_request(
    store: Store, reader: Acting, home: Home, settings: DraftSettings, case: str, brand: str, *, chance: random.Random | None = None
) -> Made:  # fmt: skip
    """The draft of a request to the owner of `brand`. `chance` draws the order, the machine's own randomness unless a test gives one.

    Raises TouchstoneError where the case has no picture of questioned goods, or the reference log none of the brand's genuine ones.
    """
    store.case(case)
    chance = chance or secrets.SystemRandom()
    genuine = _genuine(store, brand)
    questioned = _questioned(reader, case, {sha256 for sha256, _ in genuine})
    if not questioned:
        raise TouchstoneError(
            f"case '{case}' has no exhibit of a listing with a picture that is not a reference itself: there is nothing to ask about"
        )
    if not genuine:
        raise TouchstoneError(
            f"the reference log has no picture of genuine goods of '{brand}', and without one a comparison is not blind; `touchstone reference add` adds one"
        )
    pairs, left = _pairs(reader, questioned, genuine, settings.brand_request.most_pairs, chance)
    if not pairs:
        raise TouchstoneError("none of the pictures can be opened: there is nothing to show")
    key = _key(case, brand, pairs)
    digest = hashlib.sha256(key).hexdigest()
    document = Document(
        "Request for examination of pictures", list(_blocks(home, settings, case, brand, pairs, digest)), marking=settings.marking,
        reference=f"{case}: request",
    )  # fmt: skip
    shown = [one for pair in pairs for one in pair]
    others = {f"{SEND}/pictures/{one.label}.jpg": one.body for one in shown} | {f"{KEEP}/key.json": key}
    notes = [
        f"Send what lies in {SEND}, and nothing else. {KEEP}/key.json says which picture is which: its SHA-256 is printed in the request ({digest}).",
        "Do not tell the witness which pictures are of genuine goods, how many are, or what you think.",
        "Look at each picture first: a name, a watermark or a face that is in it travels with it.",
        "Pictures show what a camera saw. A witness may say that pictures do not suffice; goods in hand are another examination.",
    ]
    if left:
        notes.append(
            f"{left} pictures of the case are not in this request: each is shown beside a genuine one, once, and those are used up."
        )
    return Made(
        DraftKind.brand_request,
        case,
        f"{KEEP}/brand-request",
        {f"{SEND}/brand-request": document},
        about=brand[:120],
        notes=notes,
        others=others,
    )


def _genuine(store: Store, brand: str) -> list[tuple[str, str]]:
    return [
        (r.image_sha256, f"reference {r.number} ({r.kind})")
        for r in store.references(GENUINE)
        if r.image_sha256 and r.brand.casefold() == brand.casefold()
    ]


def _questioned(reader: Acting, case: str, known: set[str]) -> list[tuple[str, str]]:
    """Pictures of the case's listings, each once; a picture that is a reference itself asks nothing: both halves of its pair would be one."""
    found: dict[str, str] = {}
    for e in reader.exhibits(case):
        if e.subject_kind is SubjectKind.listing and not e.withdrawn:
            for image in (p.image for p in reader.pictures(listing=e.subject)):
                if image.sha256 not in known and not image.problem:
                    found.setdefault(image.sha256, f"exhibit {e.number}, listing {e.subject}")
    return sorted(found.items(), key=lambda pair: pair[0])


def _pairs(
    reader: Acting, questioned: Sequence[tuple[str, str]], genuine: Sequence[tuple[str, str]], most: int, chance: random.Random
) -> tuple[list[tuple[Shown, Shown]], int]:  # fmt: skip
    """The pairs, labelled in the order in which they are shown; and how many questioned pictures were left over. No picture is shown twice:
    one that came again would be known for the genuine one."""
    drawn = {what: _drawn(reader, some) for what, some in (("questioned", questioned), ("genuine", genuine))}
    for some in drawn.values():
        chance.shuffle(some)
    count = min(len(drawn["questioned"]), len(drawn["genuine"]), most)
    labels, pairs = _labels(2 * count), []
    for n in range(count):
        two = [("questioned", *drawn["questioned"][n]), ("genuine", *drawn["genuine"][n])]
        chance.shuffle(two)
        first, second = (
            Shown(label, sha256, what, origin, body)
            for label, (what, sha256, origin, body) in zip(labels[2 * n : 2 * n + 2], two, strict=True)
        )
        pairs.append((first, second))
    return pairs, len(questioned) - count


def _labels(count: int) -> list[str]:
    """A, B, … Z, AA, AB, …"""
    letters = [chr(65 + n) for n in range(26)]
    return [*letters, *(a + b for a in letters for b in letters)][:count]


def _drawn(reader: Acting, some: Sequence[tuple[str, str]]) -> list[tuple[str, str, bytes]]:
    found = []
    for sha256, origin in some:
        try:
            body = square(reader.image_bytes(sha256))
        except TouchstoneError:  # its bytes were erased, or it is no picture that can be opened
            continue
        found.append((sha256, origin, body))
    return found


def square(body: bytes) -> bytes:
    """The picture anew, in the middle of a white square of SIDE pixels: no size, name, format, camera or place tells where it is from.

    Raises TouchstoneError where it cannot be opened.
    """
    from PIL import Image

    from detectors.pictures.opening import Unreadable, opened

    try:
        picture = opened(body, SIDE)
    except Unreadable as why:
        raise TouchstoneError(f"a picture cannot be opened: {why}") from None
    scale = SIDE / max(picture.size)
    fitted = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.LANCZOS)
    whole = Image.new("RGB", (SIDE, SIDE), "white")
    whole.paste(fitted, ((SIDE - fitted.width) // 2, (SIDE - fitted.height) // 2))
    kept = io.BytesIO()
    whole.save(kept, "JPEG", quality=88)
    return kept.getvalue()


def _key(case: str, brand: str, pairs: Sequence[tuple[Shown, Shown]]) -> bytes:
    """Which picture is which, with a random number: without it, trying every order would tell which one the digest is of."""
    pictures = {
        one.label: {"what": one.what, "origin": one.origin, "sha256": one.sha256, "shown_sha256": hashlib.sha256(one.body).hexdigest()}
        for pair in pairs
        for one in pair
    }
    said = {"case": case, "brand": brand, "nonce": secrets.token_hex(32), "pictures": pictures}
    return (json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _blocks(
    home: Home, settings: DraftSettings, case: str, brand: str, pairs: Sequence[tuple[Shown, Shown]], digest: str
) -> Iterator[Block]:  # fmt: skip
    yield Fields(
        [
            ("To", f"The owner of the trade marks of {brand}"), ("For the attention of", None), ("From", home.settings.authority.name),
            ("Officer and contact", None), ("Case reference", case), ("Answer wanted by", None),
        ]
    )  # fmt: skip
    yield Heading("What we ask")
    yield Paragraph(
        f"This request shows {len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'} of pictures. Please have them looked at by a person who can speak to the goods of "
        f"{brand} from their own knowledge. The order of the pictures was drawn at random, and their labels mean nothing. We do not say where any of them is from, "
        "and ask you not to look for it. An answer that pictures do not suffice is as welcome as any other."
    )
    yield Items(settings.brand_request.questions, numbered=True)
    yield Paragraph(f"Which picture is which is written down in a file that we keep. Its SHA-256 digest is {digest}. We will give you the file once we have your answers.")  # fmt: skip
    for number, pair in enumerate(pairs, 1):
        yield PageBreak()
        yield Heading(f"Pair {number}")
        for one in pair:
            yield Picture(one.body, f"Picture {one.label}", 82, alt=f"Picture {one.label}")
        yield Fields(
            [(f"Picture {one.label}: what do you see?", None) for one in pair] + [(f"Pair {number}: in what do they differ?", None)]
        )
    yield PageBreak()
    yield Heading("Who answers")
    yield Fields([(label, None) for label in ("Full name", "Position, and employer", "Since when, and how you know these goods", "Willing to make a statement and to attend court")])  # fmt: skip
    yield Signature(["Signature", "Date"])
