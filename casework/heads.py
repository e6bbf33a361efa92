"""The head of the log signed, daily and at each export, and checked again: whoever rewrites the log behind a signed head is found out.

That holds as far as the key was out of the rewriter's reach, or a copy of the signed heads was (`touchstone log heads --export`): a database and a
key in one pair of hands can be made anew, but not with the heads that somebody else has kept, nor with an authority's stamp of an earlier day.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework import keys, stamps
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.trust import STATEMENT, SignedHead, fingerprint_of, statement
from store.words.records import canonical

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

FIELDS = {"statement", "public_pem", "signature", "stamp", "stamp_chain", "no_stamp"}


def sign(store: Store, home: Home, actor: str, *, head: tuple[int, str] | None = None) -> SignedHead:
    """Sign the log's head (or that of an event before, `head`), have it stamped where an authority is configured, and record both.

    A stamp that cannot be had is no hindrance: the row says why. Raises NoKey where there is no key to sign with.
    """
    signer = keys.signer_of(store, home, actor)
    seq, chain = head or store.log_head()
    now = datetime.now(UTC)
    said = statement(home.settings.authority.code, seq, chain, now)
    stamp, why = None, ""
    try:
        stamp = stamps.ask(home, said.encode())
    except stamps.NoTrustedTime as error:
        why = str(error)
    row = SignedHead(
        None, seq, said, signer.fingerprint, signer.sign(said.encode()).hex(), base64.b64encode(stamp.answer).decode() if stamp else "",
        stamp.chain if stamp else "", stamp.at if stamp else None, why, actor, now,
    )  # fmt: skip
    return store.keep_signed_head(row)


def due(store: Store, home: Home, now: datetime) -> bool:
    """Whether there is a key and the head was not signed yet on this day (UTC)."""
    newest = store.signed_heads(newest=1)
    if newest and newest[0].at.astimezone(UTC).date() >= now.astimezone(UTC).date():
        return False
    return home.path(home.settings.signing.key.expanduser()).exists()


def lines(store: Store, *, upto: int | None = None) -> list[str]:
    """The signed heads as they go into a file: one JSON object a line, with all that it takes to check one elsewhere."""
    public = {key.fingerprint: key.public_pem for key in store.signing_keys()}
    return [
        canonical(
            {
                "statement": head.statement, "public_pem": public.get(head.fingerprint, ""),
                "signature": base64.b64encode(bytes.fromhex(head.signature)).decode(),
                "stamp": head.stamp, "stamp_chain": head.stamp_chain, "no_stamp": head.no_stamp,
            }
        ).decode()
        for head in store.signed_heads(upto=upto)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A signed head as a file has it."""

    statement: str
    seq: int
    chain: str
    at: str
    public_pem: str
    fingerprint: str
    signature: bytes
    stamp: bytes
    stamp_chain: str
    no_stamp: str


def read_line(text: str) -> Line:
    """One line of such a file. Raises ValueError for what is none."""
    row = json.loads(text)
    if not isinstance(row, dict) or set(row) != FIELDS or not all(isinstance(each, str) for each in row.values()):
        raise ValueError("it does not have the fields of a signed head")
    try:
        said = json.loads(row["statement"])
        signature, stamp = (base64.b64decode(row[name], validate=True) for name in ("signature", "stamp"))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if not isinstance(said, dict) or said.get("format") != STATEMENT or set(said) != {"format", "authority", "seq", "chain", "at"}:
        raise ValueError("its statement is none of a log's head")
    if canonical(said).decode() != row["statement"]:
        raise ValueError("its statement is not in canonical form")
    pem = row["public_pem"]
    return Line(row["statement"], int(said["seq"]), str(said["chain"]), str(said["at"]), pem, fingerprint_of(pem), signature, stamp, row["stamp_chain"], row["no_stamp"])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of signed heads found: problems in words, and how many were signed by which key, stamped, and left unchecked."""

    problems: tuple[str, ...]
    heads: int
    signed: int  # by a key whose fingerprint was given
    others: tuple[str, ...]  # fingerprints of the other keys
    stamped: int
    last: str = ""  # when the last one by a given key was signed


def check(
    rows: Iterable[str],
    chain_at: Callable[[int], str | None],
    fingerprints: Sequence[str],
    certificates: Sequence[Certificate] | None = None,
) -> Checked:
    """Signed heads (as `lines` gives them) against a chain: `chain_at(seq)` is its digest at an event, None past its end.

    With `fingerprints`, signatures by other keys count for nothing; without any, each is held against the key beside it, which whoever made the
    file may have chosen. Stamps are held against `certificates`, or where there are none against the certificates beside them.
    """
    problems: list[str] = []
    others: dict[str, None] = {}
    heads = signed = stamped = 0
    last = ""
    for number, text in enumerate(rows, 1):
        try:
            head = read_line(text)
        except ValueError as error:
            problems.append(f"signed head {number}: it cannot be read ({error})")
            continue
        heads += 1
        what = f"the head of event {head.seq}, signed on {head.at[:10]}"
        there = chain_at(head.seq)
        if there is None:
            problems.append(f"{what}: the log does not reach so far; events were taken out")
        elif there != head.chain:
            problems.append(f"{what}: the log has another digest there; it was rewritten behind this head")
        if not _signed(head):
            problems.append(f"{what}: the signature does not hold")
        elif fingerprints and head.fingerprint not in fingerprints:
            others[head.fingerprint] = None
        else:
            signed += 1
            last = max(last, head.at)
        if head.stamp:
            try:
                beside = stamps.certificates_of(head.stamp_chain)
                stamps.check(head.stamp, head.statement.encode(), beside if certificates is None else certificates, between=beside)
                stamped += 1
            except stamps.NoTrustedTime as error:
                problems.append(f"{what}: {error}")
    if fingerprints and not signed:
        given = ", ".join(each[:16] + "…" for each in fingerprints)
        problems.append(f"no head here is signed by the key {given}: either it never signed this log, or what it signed was taken out")
    return Checked(tuple(problems), heads, signed, tuple(others), stamped, last)


def _signed(head: Line) -> bool:
    try:
        return keys.signed_by(head.public_pem, head.signature, head.statement.encode())
    except ValueError:
        return False


def read_file(path: Path) -> list[str]:
    """The lines of a file that `log heads --export` wrote. Raises TouchstoneError."""
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TouchstoneError(f"{path}: it cannot be read as a file of signed heads ({error})") from None


def shown(head: SignedHead) -> dict[str, Any]:
    """A signed head for programs: all that its row says but the bytes of the stamp."""
    return {
        "id": head.id, "seq": head.seq, "chain": head.chain, "at": head.at.isoformat(), "by": head.actor, "key": head.fingerprint,
        "signature": head.signature, "stamped_at": head.stamped_at.isoformat() if head.stamped_at else None, "no_stamp": head.no_stamp,
    }  # fmt: skip
