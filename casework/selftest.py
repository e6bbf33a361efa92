"""The self-test: a small battery over the installed software, on inputs that stand here, against results that stand here too.

It shows that the parts on which a pack rests do on this machine, with these libraries, what they did when they were written: digests and the chain,
what the archive keeps, what is taken out of it, how words, prices, doors and scores are read. It does not show that they are right
for every input, nor that the machine is sound. Where an answer was published (FIPS 180-4, RFC 8032) the published one is expected.
"""

from __future__ import annotations

import hashlib
import tempfile
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Pair = tuple[Any, Any]  # expected, seen


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried: what it is about, what should come and what came."""

    name: str
    about: str
    expected: Any
    seen: Any

    @property
    def passed(self) -> bool:
        return bool(self.expected == self.seen)


def run(battery: Iterable[Callable[[], Pair]] | None = None) -> list[Check]:
    """Every check of the battery. Never raises: a part that cannot be loaded or breaks is a check that was not passed."""
    done = []
    for check in battery if battery is not None else BATTERY:
        try:
            expected, seen = check()
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            expected, seen = "an answer", f"{type(error).__name__}: {error} (in {Path(where.filename).name}, line {where.lineno})"
        done.append(Check(check.__name__.replace("_", " "), " ".join((check.__doc__ or "").split()), expected, seen))
    return done


def as_rows(checks: Iterable[Check]) -> list[dict[str, Any]]:
    return [{"name": c.name, "about": c.about, "expected": c.expected, "seen": c.seen, "passed": c.passed} for c in checks]


# -- digests, the chain, signatures ----------------------------------------------------------------------------------------
def digests() -> Pair:
    """SHA-256 of the empty text, of "abc" and of a million letters a, as FIPS 180-4's examples have them."""
    expected = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    ]
    return expected, [hashlib.sha256(data).hexdigest() for data in (b"", b"abc", b"a" * 1_000_000)]


def canonical_rows() -> Pair:
    """One spelling for each row: sorted keys, no spaces, letters as they are."""
    from store.words.records import canonical

    return '{"a":[1,null,true],"b":"£5 “fake”","c":{"x":0.1,"y":""}}', canonical(
        {"c": {"y": "", "x": 0.1}, "b": "£5 “fake”", "a": [1, None, True]}
    ).decode()


def chain_of_the_log() -> Pair:
    """Two events chained: each digest is that of the one before and of its own salted words."""
    from store.audit import GENESIS, chain_digest, inner_digest

    one = inner_digest("00" * 16, {"seq": 1, "verb": "collection"})
    two = inner_digest("11" * 16, {"seq": 2, "verb": "erasure"})
    first = chain_digest(GENESIS, one)
    expected = [
        "2e2ab1c0cff8b6b13abe6b0e2d75c3f5872e558b8bef5dd4191063ee5a2ac751",
        "2b5dcc6a1f357e3049f6f8663644c0486d5cfcc9a47abc84330b8dfcb8ff37fd",
        "e3a64ac60351fee84789043a3bfbde7e273d32ce0afe0301f230aa7b3c13937c",
    ]
    return expected, [one, first, chain_digest(first, two)]


def changed_event_breaks_the_chain() -> Pair:
    """Another word in the first event gives another digest at the second."""
    from store.audit import GENESIS, chain_digest, inner_digest

    def end(actor: str) -> str:
        first = chain_digest(GENESIS, inner_digest("00" * 16, {"seq": 1, "actor": actor}))
        return chain_digest(first, inner_digest("11" * 16, {"seq": 2, "actor": "b"}))

    return [True, False], [end("a") == end("a"), end("a") == end("c")]


def signatures() -> Pair:
    """Ed25519 on the second test of RFC 8032 § 7.1; one bit more in the message, and the signature no longer holds."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from casework.keys import signed_by

    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    public = private.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo).decode()
    signature = private.sign(b"\x72")
    published = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    return [published, True, False], [signature.hex(), signed_by(public, signature, b"\x72"), signed_by(public, signature, b"\x73")]


def digests_of_words_and_methods() -> Pair:
    """A snapshot's and a method's digest are those of all that they say, and no field is left out."""
    from dataclasses import replace

    from store.words.records import Method, Snapshot

    said = Snapshot("Bag, tan", "Mirror quality", "£85", 8500, "GBP", seller="deals")
    method = Method("detector", "terms", "1", {"terms": ["mirror"]}, {"model": "ab"})
    expected = [
        "c4baf9c7a1113b28416c717bfd541911e82fb2e03d4cd3b19c2f25b357504ff8",
        "04b841186e53b3ec6da4572719e445cc7a7b83813cab24d90d0cabfac2c0bb49",
    ]
    return [*expected, True, True], [
        said.digest, method.digest, said.digest != replace(said, price_minor=8400).digest, method.digest != replace(method, version="2").digest,
    ]  # fmt: skip


# -- what is kept, and what is taken out -----------------------------------------------------------------------------------
def archive_round_trip() -> Pair:
    """An answer kept in a WARC record comes back byte for byte with its time and status; warcio reads the same; one byte changed is found."""
    import gzip

    from warcio.archiveiterator import ArchiveIterator

    from store.archive import Archive
    from store.warc import GZIP_HEAD

    body, at = bytes(range(256)) * 8, datetime(2026, 11, 3, 9, 30, 0, 250_000, tzinfo=UTC)
    headers = [("Content-Type", "text/html"), ("Set-Cookie", "session=0451")]
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder))
        with archive.writer("selftest") as writer:
            placed = writer.response(uri="http://shop.example/1", date=at, status=200, response_headers=headers, payload=body)
        kept = archive.read(placed.segment, placed.offset, placed.length)
        sound, path = archive.verify(), Path(folder) / placed.segment
        with path.open("rb") as file:
            others = [r.content_stream().read() for r in ArchiveIterator(file) if r.rec_type == "response"]
        data = path.read_bytes()
        member = gzip.decompress(data[placed.offset : placed.offset + placed.length])
        squeezed = gzip.compress(member[:-9] + b"?" + member[-8:], mtime=0)  # well packed anew, so that only the record's own digests tell
        path.write_bytes(data[: placed.offset] + GZIP_HEAD + squeezed[len(GZIP_HEAD) :])
        found = len(archive.verify()) > 0
    seen = [kept.payload == body, kept.status, kept.date, "0451" in str(kept.headers), others == [body], sound, found]
    return [True, 200, "2026-11-03T09:30:00.250000Z", False, True, [], True], seen


def secrets_are_taken_out() -> Pair:
    """Cookies, tokens and keys in headers and addresses become a marker; what is none stays."""
    from store.secrets import redact_headers, redact_url

    headers = redact_headers([("Authorization", "Bearer abc123"), ("Cookie", "sid=xyz789"), ("Accept", "text/html")])
    url = redact_url("https://shop.example/item?id=7&access_token=abc123")
    said = f"{headers} {url}"
    return [False, False, True, True], ["abc123" in said, "xyz789" in said, "text/html" in said, "id=7" in said]


# -- what is read in it ----------------------------------------------------------------------------------------------------
def prices() -> Pair:
    """Prices become minor units and a currency, or nothing."""
    from store.words.money import parse_price

    def of(text: str) -> list[Any] | None:
        price = parse_price(text)
        return None if price is None else [price.amount_minor, price.currency]

    written = ("£85.00", "£1,250", "1.250,00 €", "JPY 4500", "US$ 19.99", "ask me")
    return [[8500, "GBP"], [125000, "GBP"], [125000, "EUR"], [4500, "JPY"], [1999, "USD"], None], [of(text) for text in written]


def phone_numbers() -> Pair:
    """A phone number in its international form, however it is written; a price or a size is none."""
    from store.words.contacts import find_contacts

    written = ("ring 07700 900123", "+44 (0) 7700 900123", "0 7 7 0 0 9 0 0 1 2 3 whatsapp", "size 10 12 14, was 120 now 85.00")
    return [["+447700900123"]] * 3 + [[]], [[c.value for c in find_contacts(text) if c.kind in ("phone", "whatsapp")] for text in written]


def letters_that_look_alike() -> Pair:
    """Letters of another alphabet are read as those that they look like, and each keeps its place in what was written."""
    from store.words.text import normalise

    written = "Guссi bаg"  # with Cyrillic es and a
    read = normalise(written)
    return ["gucci bag", 4], [read.text, read.text.index("i")]


def local_time() -> Pair:
    """The day in London, over the change of the clocks."""
    from store.words.purposes import local_day

    moments = (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    return ["2026-07-01", "2026-12-31"], [local_day(at).isoformat() for at in moments]


def pictures() -> Pair:
    """A picture of two by two points is decoded to its four colours."""
    import base64
    import io

    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(PICTURE))) as image:
        seen = [list(image.convert("RGB").getpixel(place)) for place in ((0, 0), (1, 0), (0, 1), (1, 1))]  # type: ignore[arg-type]
    return [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], seen


# -- what is made of it ----------------------------------------------------------------------------------------------------
def doors_are_hard_keys() -> Pair:
    """Another unit, letter or number is another door, whatever else agrees; the same door is one."""
    from premises.address import parse_address
    from premises.compare import compare

    said = parse_address("Unit 3, 14A Larch Parade, M32 0TH")
    others = (
        "Unit 3, 14A Larch Parade, M32 0TH",
        "Unit 8, 14A Larch Parade, M32 0TH",
        "Unit 3, 14B Larch Parade, M32 0TH",
        "Unit 3, 16A Larch Parade, M32 0TH",
    )
    weights = defaultdict[str, float](lambda: 0.4)
    return [False, True, True, True], [bool(compare(said, parse_address(each), "", weights).hard) for each in others]


def scores_add_up() -> Pair:
    """The contributions of a score sum to it; what speaks for the seller counts against it; the order of findings does not matter."""
    from detectors.score import Group, Levels, Policy, Said, Weight, score
    from store.words.records import Direction, Finding

    groups = {"words": Group("words", 10), "price": Group("price", 2)}
    weights = {"a": Weight("words", 5), "b": Weight("price", 3), "c": Weight("exculpatory", 2)}
    policy = Policy(Levels(1, 5, 9), groups, weights, Weight("words", 0))
    findings = [
        Said(Finding("a", 0.9, "one")), Said(Finding("b", 1.0, "two")), Said(Finding("b", 0.3, "three")),
        Said(Finding("c", 0.5, "four", Direction.exculpatory)),
    ]  # fmt: skip
    one, two = score(policy, findings), score(policy, findings[::-1])
    total = round(sum(c.points for c in one.contributions), 6)
    return [5.5, 5.5, True, True], [one.score, total, one == two, any(c.points < 0 for c in one.contributions)]


PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR42mP4z8DA8J+BkYHh////DAAe9gT9CzF8CQAAAABJRU5ErkJggg=="
BATTERY: tuple[Callable[[], Pair], ...] = (
    digests, canonical_rows, chain_of_the_log, changed_event_breaks_the_chain, signatures, digests_of_words_and_methods, archive_round_trip,
    secrets_are_taken_out, prices, phone_numbers, letters_that_look_alike, local_time, pictures, doors_are_hard_keys, scores_add_up,
)  # fmt: skip
