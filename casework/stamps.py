"""Trusted time (RFC 3161): an authority is shown a digest, and signs that it saw it at a time of its own clock.

This is the one place outside crawler/ that opens a connection of its own, and only to the address in the settings. The request holds the digest,
a random number and the wish for the authority's certificate. No answer is followed elsewhere; the environment's proxies are not used.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.config import Home, StampHash
from store.errors import TouchstoneError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

MOST = 1 << 20  # bytes of an answer: a token with its chain has some 6,000
NOT_CONFIGURED = "no time-stamping authority is configured"


class NoTrustedTime(TouchstoneError):
    """There is no stamp, or none that holds; the sentence is the reason."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp that was checked: the authority's answer (DER) and its certificates up to the root (PEM), and what it says."""

    answer: bytes
    chain: str
    at: datetime  # the authority's time
    accuracy: float | None  # seconds, where it states one
    policy: str
    serial: int
    hash: str
    authority: str  # the name in the certificate that signed
    root: str  # SHA-256 of the root certificate that it leads to (DER)
    asked_at: datetime | None = None  # by our own clock
    answered_at: datetime | None = None

    def facts(self) -> dict[str, Any]:
        """What it says, for a page or a file; the bytes apart."""
        ours = (self.asked_at, self.answered_at)
        return {
            "at": _iso(self.at), "accuracy": self.accuracy, "policy": self.policy, "serial": str(self.serial), "hash": self.hash,
            "authority": self.authority, "root_sha256": self.root,
            "asked_at": _iso(ours[0]) if ours[0] else None, "answered_at": _iso(ours[1]) if ours[1] else None,
        }  # fmt: skip


def ask(home: Home, data: bytes) -> Stamp:
    """Have the configured authority stamp the digest of `data`, and check its answer. Raises NoTrustedTime with the reason."""
    settings = home.settings.time_stamping
    if settings is None:
        raise NoTrustedTime(NOT_CONFIGURED)
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    certificates = read_certificates(home.path(settings.certificates.expanduser()))
    algorithm = HashAlgorithm.SHA256 if settings.hash is StampHash.sha256 else HashAlgorithm.SHA512
    request = TimestampRequestBuilder().data(data).hash_algorithm(algorithm).build()
    asked = datetime.now(UTC)
    answer = _post(settings.url, request.as_bytes(), settings.proxy, settings.timeout)
    answered = datetime.now(UTC)
    return check(answer, data, certificates, policy=settings.policy, nonce=request.nonce, asked=(asked, answered))


def check(
    answer: bytes,
    data: bytes,
    certificates: Sequence[Certificate],
    *,
    policy: str | None = None,
    nonce: int | None = None,
    between: Sequence[Certificate] = (),
    asked: tuple[datetime, datetime] | None = None,
) -> Stamp:
    """Check an authority's answer over `data`, up to a root among `certificates`; all were valid at the time that it states.

    Certificates `between` its own and the root are used where they fit, and trusted by nobody. `asked`: when it was, and answered, by our clock.
    Raises NoTrustedTime: refused, of other bytes, badly signed, of another policy or number, or leading to another root.
    """
    from cryptography.x509 import ObjectIdentifier
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        stamped = decode_timestamp_response(_ordered(answer))
        if stamped.status != 0:
            said = "; ".join(stamped.status_string) or "without a reason"
            raise NoTrustedTime(f"the time-stamping authority refused: status {stamped.status}, {said}")
        held = _held(stamped)
        signer = next(iter(stamped.signed_data.signer_infos))
        leaf = next(c for c in held if (c.issuer, c.serial_number) == (signer.issuer, signer.serial_number))
        chain = _chain(leaf, [*held, *between, *certificates])
        root = chain[-1]
        if root not in certificates:
            raise NoTrustedTime(f"its certificate leads to {root.subject.rfc4514_string()}, which is none of those configured")
        builder = VerifierBuilder(ObjectIdentifier(policy) if policy else None, None, chain[1:-1], [root], nonce)
        builder.build().verify_message(stamped, data)
    except VerificationError as error:
        raise NoTrustedTime(f"the time-stamping authority's answer does not hold: {error}") from None
    except NoTrustedTime:
        raise
    except Exception as error:  # bytes of others through two parsers: what they raise is theirs to choose
        raise NoTrustedTime(f"the time-stamping authority's answer cannot be read ({str(error) or type(error).__name__})") from None
    return _stamp(answer, stamped, chain, asked)


def _stamp(answer: bytes, stamped: TimeStampResponse, chain: Sequence[Certificate], asked: tuple[datetime, datetime] | None) -> Stamp:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    info = stamped.tst_info
    said = info.accuracy
    accuracy = None if said is None else (said.seconds or 0) + (said.millis or 0) / 1e3 + (said.micros or 0) / 1e6
    names = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
    digest = info.message_imprint.hash_algorithm.dotted_string
    at = info.gen_time if info.gen_time.tzinfo else info.gen_time.replace(tzinfo=UTC)
    return Stamp(
        answer,
        "".join(c.public_bytes(Encoding.PEM).decode() for c in chain),
        at,
        accuracy,
        info.policy.dotted_string,
        info.serial_number,
        names.get(digest, digest),
        chain[0].subject.rfc4514_string(),
        chain[-1].fingerprint(SHA256()).hex(),
        *(asked or (None, None)),
    )


def _ordered(answer: bytes) -> bytes:
    """The same answer with its certificates in the order of DER's SET OF, which rfc3161-client insists on and openssl's authority does not keep.

    RFC 5652 § 5.1 asks for none, and no signature covers it; what is archived is the answer as it came. Raises ValueError.
    """
    _, start, end = _parts(answer, 0, len(answer))[0]
    outer = _parts(answer, start, end)
    if len(outer) < 2:  # a refusal holds no token
        return answer
    [_, (_, start, end)] = _parts(answer, *outer[1][1:])  # ContentInfo: its type, its content
    _, start, end = _parts(answer, start, end)[0]  # SignedData
    for tag, first, last in _parts(answer, start, end):
        if tag == 0xA0:
            each = (answer[begins:ends] for begins, ends in _spans(_parts(answer, first, last), first))
            return answer[:first] + b"".join(sorted(each)) + answer[last:]
    return answer


def _parts(data: bytes, at: int, end: int) -> list[tuple[int, int, int]]:
    """The values that lie from `at` to `end`: the tag of each, and where its content begins and ends. Raises ValueError."""
    found = []
    while at < end:
        tag, size, start = data[at], *_length(data, at + 1)
        if start + size > end:
            raise ValueError("it is cut off")
        found.append((tag, start, start + size))
        at = start + size
    return found


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A length in DER, and where what it measures begins. Raises ValueError."""
    try:
        if data[at] < 0x80:
            return data[at], at + 1
        count = data[at] & 0x7F
        if not 1 <= count <= 4 or at + 1 + count > len(data):
            raise ValueError("it is not DER")
        return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count
    except IndexError:
        raise ValueError("it is cut off") from None


def _spans(parts: Sequence[tuple[int, int, int]], at: int) -> Iterator[tuple[int, int]]:
    """Where each of the values that lie side by side from `at` begins, head and all, and ends."""
    for _, _, end in parts:
        yield at, end
        at = end


def _held(stamped: TimeStampResponse) -> list[Certificate]:
    from cryptography.x509 import load_der_x509_certificate

    return [load_der_x509_certificate(each) for each in sorted(stamped.signed_data.certificates)]


def _chain(leaf: Certificate, known: Sequence[Certificate]) -> list[Certificate]:
    """From the certificate that signed up to a self-signed one. Raises NoTrustedTime where one between is not known."""
    chain = [leaf]
    while chain[-1].issuer != chain[-1].subject:
        issuer = next((c for c in known if c.subject == chain[-1].issuer and c not in chain and _issued(chain[-1], c)), None)
        if issuer is None:
            name = chain[-1].issuer.rfc4514_string()
            raise NoTrustedTime(f"the certificate of {name} is missing: add it to the file that `certificates:` names")
        chain.append(issuer)
    return chain


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def read_certificates(path: Path) -> list[Certificate]:
    """The certificates of a PEM file. Raises NoTrustedTime."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise NoTrustedTime(f"the authority's certificates cannot be read: {path.name} ({error.strerror})") from None
    except ValueError:
        raise NoTrustedTime(f"the authority's certificates cannot be read: {path.name} holds none in PEM form") from None


def certificates_of(pem: str) -> list[Certificate]:
    """The certificates of a PEM text. Raises NoTrustedTime."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise NoTrustedTime("the certificates beside the stamp cannot be read") from None


def _post(url: str, body: bytes, proxy: str | None, timeout: float) -> bytes:
    import http.client
    import urllib.error
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None  # the answer is then an error: nobody but the address in the settings is asked

    proxies = urllib.request.ProxyHandler({"http": proxy, "https": proxy} if proxy else {})
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply", "User-Agent": "touchstone-scanner"}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - http or https, held by the settings
    until = time.monotonic() + timeout
    try:
        with urllib.request.build_opener(proxies, NoRedirect).open(request, timeout=timeout) as response:
            parts: list[bytes] = []
            while chunk := response.read1(1 << 16):  # one that drips for ever holds nothing up
                parts.append(chunk)
                if sum(map(len, parts)) > MOST:
                    raise NoTrustedTime(f"the time-stamping authority's answer is longer than {MOST >> 10} KB")
                if time.monotonic() > until:
                    raise TimeoutError
            return b"".join(parts)
    except urllib.error.HTTPError as error:
        raise NoTrustedTime(f"the time-stamping authority answered with HTTP status {error.code}") from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", error)
        said = "no answer in time" if isinstance(why, TimeoutError) else re.sub(r"\s+", " ", str(why) or type(why).__name__)[:200]
        raise NoTrustedTime(f"the time-stamping authority did not answer: {said}") from None


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
