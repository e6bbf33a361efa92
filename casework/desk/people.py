"""Passwords and the door: who gets in, who waits, what a password must be.

Rules of the National Cyber Security Centre ("Password administration for system owners"; "Three random words"): long, not among the common ones,
no rule about kinds of characters, no expiry, pasting allowed, attempts throttled. Hashes are Argon2id (RFC 9106) with pwdlib's settings.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from casework.desk.settings import Role, SignInRules
from store.accounts import Account, Session, SignIn
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Actor

LONGEST = 200  # characters: a longer one only keeps the processor busy
_WORDS = 4
_hashes = PasswordHash((Argon2Hasher(),))


class Refused(TouchstoneError):
    """Somebody does not get in; the sentence is for them and does not say which part was wrong."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who got in: the browser's token, which nothing else holds, and the account."""

    token: str
    account: Account


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_account(store: Store, actor: str, name: str, role: Role, *, authority: str, by: str) -> None:
    """Let a person sign in; the actor is recorded where the store does not know it.

    Raises TouchstoneError where the name, however it is written, has an account, or is somebody's of another authority.
    """
    if store.account(actor):
        raise TouchstoneError(f"'{actor}' has an account; give it another role, or open it again where it is closed")
    store.keep_actor(Actor(actor, authority, name, "officer"))
    if store.actor(actor).authority != authority:
        raise TouchstoneError(f"'{actor}' is somebody of another authority; choose another name")
    store.open_account(actor, role, by=by)


def new_password(rules: SignInRules) -> str:
    """A password of random words that fits the rules, for somebody who has none yet."""
    words = sorted(w for w in _lists()["english_wikipedia"] if w.isascii() and w.isalpha() and 5 <= len(w) <= 8)
    while True:
        said = "-".join(secrets.choice(words) for _ in range(_WORDS))
        if not complaint(said, rules):
            return said


def set_password(
    store: Store, account: str, password: str, rules: SignInRules, *, temporary: bool, by: str, keep: int | None = None
) -> None:
    """Raises TouchstoneError where the password is not one that may be had."""
    known = store.account(account)
    if why := complaint(password, rules, account, known.name if known else ""):
        raise TouchstoneError(why)
    store.set_secret(account, _hashes.hash(password), temporary=temporary, by=by, keep=keep)


def renew(store: Store, account: str, rules: SignInRules, *, by: str) -> str:
    """Set a new first password, which ends an account's waiting and its sessions; the password, which is kept nowhere else."""
    password = new_password(rules)
    set_password(store, account, password, rules, temporary=True, by=by)
    store.note_sign_in(account, SignIn.unlocked, by=by)
    return password


def complaint(password: str, rules: SignInRules, *own: str) -> str:
    """Why this may not be a password, in a sentence; "" where it may. `own` are words that everybody would try first for this person."""
    bare = password.casefold().strip()
    if len(password) < rules.least_characters:
        return f"A password has at least {rules.least_characters} characters; three random words are one way to make it."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    if bare in _lists()["passwords"] or any(bare == word * (len(bare) // len(word)) for word in (bare[:n] for n in range(1, 5))):
        return "This is a password that many people use, or one thing repeated; it is tried first by whoever guesses."
    named = {part for word in (*own, "touchstone") for part in word.casefold().replace(".", " ").split() if len(part) > 3}
    rest = bare
    for part in sorted(named, key=len, reverse=True):
        rest = rest.replace(part, "")
    if len(rest) < rules.least_characters // 2:
        return "This password is little more than your own name or this system's; it is tried first by whoever guesses."
    return ""


def sign_in(store: Store, rules: SignInRules, name: str, password: str, address: str) -> SignedIn:
    """Let somebody in. Raises Refused, with the same sentence and after the same work whether the name or the password was wrong."""
    account = store.account(name)
    good = _matches(password[: LONGEST + 1], account.secret if account else "")
    if account is None:
        raise Refused("That name and password do not go together.")
    if waits(store, rules, account.actor):
        raise Refused(
            f"That account waits: there were {rules.refusals} wrong passwords in {rules.refusal_minutes} minutes. "
            "Try again later, or ask whoever looks after this system."
        )
    if not good or not account.role:
        store.note_sign_in(account.actor, SignIn.refused, address=address)
        raise Refused("That name and password do not go together.")
    return begin(store, rules, account, address)


def check(store: Store, rules: SignInRules, name: str, password: str, address: str) -> None:
    """That a signed-in person's own password is this one: asked again before it is changed. Raises Refused; counts like an attempt to sign in."""
    account = store.account(name)
    if account is None or waits(store, rules, name) or not _matches(password[: LONGEST + 1], account.secret):
        store.note_sign_in(name, SignIn.refused, address=address)
        raise Refused("That is not your present password.")


def begin(store: Store, rules: SignInRules, account: Account, address: str) -> SignedIn:
    """A session for somebody who has shown who they are. The token is new, whatever the browser held before (session fixation, CWE-384)."""
    token = secrets.token_urlsafe(32)
    store.note_sign_in(account.actor, SignIn.good, address=address)
    store.begin_session(account.actor, digest(token), datetime.now(UTC) + timedelta(hours=rules.session_hours))
    return SignedIn(token, account)


def waits(store: Store, rules: SignInRules, account: str) -> bool:
    """Whether an account was refused so often of late that it must wait."""
    since = datetime.now(UTC) - timedelta(minutes=rules.refusal_minutes)
    return store.refusals_since(account, since) >= rules.refusals


def session_of(store: Store, rules: SignInRules, token: str) -> tuple[Session, Account] | None:
    """Who a browser's token stands for, where that session lives and the account is open."""
    session = store.session(digest(token), idle_since=datetime.now(UTC) - timedelta(minutes=rules.idle_minutes)) if token else None
    account = store.account(session.account) if session else None
    if session is None or account is None or not account.role:
        return None
    if datetime.now(UTC) - session.seen_at > timedelta(minutes=min(5, rules.idle_minutes / 2)):
        store.say_of_session(session.id, "seen")
    return session, account


def _matches(password: str, hashed: str) -> bool:
    """Whether they match; against no hash it takes as long, so that a clock does not tell which names have accounts."""
    return _hashes.verify(password, hashed or _nobodys()) and bool(hashed)


@cache
def _nobodys() -> str:
    return _hashes.hash(secrets.token_urlsafe(32))


@cache
def _lists() -> dict[str, frozenset[str]]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return {name: frozenset(FREQUENCY_LISTS[name]) for name in ("passwords", "english_wikipedia")}
