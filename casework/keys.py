"""The Ed25519 key (RFC 8032) by which packs and the log's head are signed: its file, and what it signs.

The private part is a file of its owner's alone, PKCS #8 in PEM, apart from the store. `openssl pkeyutl -verify -rawin` checks what it signs.
Whoever has the file can sign: that a signature is the authority's rests on who could read it, and on a fingerprint published elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.trust import Key, fingerprint_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PASSPHRASE = "TOUCHSTONE_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable


class NoKey(TouchstoneError):
    """There is no key to sign with, or none that may be used; the sentence says why."""


@dataclass(frozen=True)
class Signer:
    """A private key that was read and may be used."""

    public_pem: str
    _private: Ed25519PrivateKey

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.public_pem)

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature over `data`."""
        return self._private.sign(data)


def make(path: Path) -> Signer:
    """Make a key in the new file `path` (mode 0600), under the passphrase that the environment gives, if any. Raises TouchstoneError."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    secret = _passphrase()
    lock = forms.BestAvailableEncryption(secret) if secret else forms.NoEncryption()
    data = private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, lock)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # the mode is given at its birth: there is no moment at which others could open it
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise TouchstoneError(f"{path} exists already; `touchstone key new --rotate` puts a new key in the place of an old one") from None
    except OSError as error:
        raise TouchstoneError(f"{path}: the key cannot be written ({error.strerror})") from None
    with os.fdopen(file, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return read(path)


def read(path: Path) -> Signer:
    """The key in a file. Raises NoKey where there is none, where others can read it, or where it is no Ed25519 key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        with path.open("rb") as file:
            _own_alone(path, os.fstat(file.fileno()))  # of the file that was opened, whatever lies under its name a moment later
            data = file.read(1 << 16)
    except FileNotFoundError:
        raise NoKey(f"there is no key at {path}; `touchstone key new` makes one") from None
    except OSError as error:
        raise NoKey(f"{path}: the key cannot be read ({error.strerror})") from None
    try:
        private = forms.load_pem_private_key(data, _passphrase() if b"ENCRYPTED" in data else None)
    except TypeError:
        raise NoKey(f"{path}: the key has a passphrase; give it in the environment variable {PASSPHRASE}") from None
    except (ValueError, UnsupportedAlgorithm):
        wrong = f"the passphrase in {PASSPHRASE} does not open it" if b"ENCRYPTED" in data else "this is no private key in PEM form"
        raise NoKey(f"{path}: {wrong}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise NoKey(f"{path}: this is a key of another kind; Ed25519 is wanted (`openssl genpkey -algorithm ed25519`)")
    public = private.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    return Signer(public.decode(), private)


def _own_alone(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NoKey(f"{path}: this is no plain file")
    if found.st_mode & 0o077:
        raise NoKey(
            f"{path}: others can read this key or write to it (mode {stat.S_IMODE(found.st_mode):04o}); `chmod 600` it, and rotate it where they may have"
        )
    if found.st_uid not in (os.geteuid(), 0):
        raise NoKey(f"{path}: this key is another user's file")


def _passphrase() -> bytes | None:
    return os.environ.get(PASSPHRASE, "").encode() or None


def signer_of(store: Store, home: Home, actor: str) -> Signer:
    """The key that the settings name, its public part recorded. Raises NoKey, also for one that has ended."""
    signer = read(home.path(home.settings.signing.key.expanduser()))
    try:
        store.keep_key(signer.public_pem, actor=actor, authority=home.settings.authority.code)
    except TouchstoneError as error:
        raise NoKey(str(error)) from None
    return signer


def new(store: Store, home: Home, actor: str, *, rotate: str = "") -> tuple[Key, Path, Path | None]:
    """Make the key that the settings name and record it: the key, its file, and where the old one's now lies.

    `rotate` is why the one that is there ends; its file is renamed, and not destroyed. Raises TouchstoneError.
    """
    settings = home.settings
    path = home.path(settings.signing.key.expanduser())
    if path.resolve().is_relative_to(settings.archive.resolve()):
        raise TouchstoneError(
            f"{path} lies in the archive; the key belongs apart from the store (`signing: key:` in configs/touchstone.yml)"
        )
    old = None
    if rotate:
        ending = _public_of(store, path)
        old = path.with_name(f"{path.stem}-until-{ending.fingerprint[:12]}{path.suffix}")
        if old.exists():
            raise TouchstoneError(f"{old} exists already; move it away first")
        path.rename(old)
    try:
        made = make(path)
    except TouchstoneError:
        if old:
            old.rename(path)
        raise
    if old:
        store.end_key(ending.fingerprint, actor=actor, authority=settings.authority.code, reason=rotate)
    return store.keep_key(made.public_pem, actor=actor, authority=settings.authority.code), path, old


def _public_of(store: Store, path: Path) -> Key:
    """The recorded key that is in the file, or the last one that signs where the file cannot be read any more."""
    if not path.exists():
        raise TouchstoneError(f"there is no key at {path} to rotate; `touchstone key new` makes one, `touchstone key end` ends a lost one")
    live = [key for key in store.signing_keys() if key.until is None]
    with contextlib.suppress(NoKey):
        fingerprint = read(path).fingerprint
        live = [key for key in live if key.fingerprint == fingerprint]
    if not live:
        raise TouchstoneError(
            f"the key at {path} is not one that this store knows as signing; move the file away and run `touchstone key new`"
        )
    return live[-1]


def signed_by(public_pem: str, signature: bytes, data: bytes) -> bool:
    """Whether the signature over `data` is that key's. Raises ValueError for what is no Ed25519 public key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = forms.load_pem_public_key(public_pem.encode())
    if not isinstance(public, Ed25519PublicKey):
        raise ValueError("this is no Ed25519 public key")
    try:
        public.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def plain_fingerprint(given: str) -> str:
    """A fingerprint as people write it (colons, blanks, capitals) in its plain form. Raises TouchstoneError."""
    plain = re.sub(r"[\s:]", "", given.lower().removeprefix("sha256:"))
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise TouchstoneError(f"'{given[:80]}' is no fingerprint: give the 64 hexadecimal digits that `touchstone key show` prints")
    return plain
