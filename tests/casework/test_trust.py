"""Keys and signed heads: whose file a key is, what openssl makes of a signature, and who rewrites the log behind one is found out."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from casework import heads, keys, schedule
from casework.cli import app
from store import audit, trust
from store.config import Home
from store.errors import TouchstoneError
from store.store import SYSTEM, Store
from store.words.records import Actor, canonical
from tests.casework.authority import Authority, serving

BY = "a.officer"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "configs" / "operations").mkdir(parents=True)
    (tmp_path / "configs" / "touchstone.yml").write_text(
        "authority: {code: demo, name: Demonstration Council}\nuser_agent: touchstone-scanner (contact ts@example.org)\n"
    )
    return Home(tmp_path)


@pytest.fixture
def store(home: Home, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("TOUCHSTONE_STORE", store_url)
    with Store.open(home) as opened:
        opened.keep_actor(Actor(BY, "demo", "Ada Officer", "officer"))
        yield opened


@pytest.fixture
def lite(home: Home) -> Iterator[Store]:
    """A store for tests whose point is not the database."""
    with Store.open(home) as opened:
        opened.keep_actor(Actor(BY, "demo", "Ada Officer", "officer"))
        yield opened


def command(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home.folder)], catch_exceptions=True)


def checked(store: Store, *fingerprints: str, rows: list[str] | None = None) -> heads.Checked:
    return heads.check(heads.lines(store) if rows is None else rows, store.chain_at, fingerprints)


# -- the key's file ------------------------------------------------------------------------------------------------------------
def test_a_key_is_made_for_its_owner_alone_and_its_fingerprint_is_what_openssl_makes_of_it(lite: Store, home: Home, tmp_path: Path) -> None:
    key, path, old = keys.new(lite, home, BY)
    assert path.stat().st_mode & 0o777 == 0o600 and old is None and path == home.folder / "keys" / "signing.pem"
    (tmp_path / "public.pem").write_text(key.public_pem)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-in", tmp_path / "public.pem", "-outform", "DER"], capture_output=True, check=True)
    assert key.fingerprint == hashlib.sha256(der.stdout).hexdigest()
    assert [k.fingerprint for k in lite.signing_keys()] == [key.fingerprint] and lite.verify() == []
    kept = "".join(str(e.body) for e in lite.log()) + (home.folder / "var" / "touchstone.db").read_bytes().decode("latin-1")
    secret = "".join(path.read_text().splitlines()[1:-1])
    assert key.fingerprint in kept and secret not in kept, "the private key is in no store"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_that_others_can_read_or_write_is_refused(lite: Store, home: Home, mode: int) -> None:
    _, path, _ = keys.new(lite, home, BY)
    path.chmod(mode)
    with pytest.raises(keys.NoKey, match=f"others can read this key or write to it .mode {mode:04o}"):
        heads.sign(lite, home, BY)
    assert lite.signed_heads() == []


def test_a_key_is_never_written_over(lite: Store, home: Home) -> None:
    _, path, _ = keys.new(lite, home, BY)
    before = path.read_bytes()
    with pytest.raises(TouchstoneError, match=r"exists already.*--rotate"):
        keys.new(lite, home, BY)
    assert path.read_bytes() == before and len(lite.signing_keys()) == 1


def test_a_passphrase_is_asked_for_where_the_key_has_one(lite: Store, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.PASSPHRASE, "plum tart on Tuesday")
    _, path, _ = keys.new(lite, home, BY)
    assert b"ENCRYPTED" in path.read_bytes() and heads.sign(lite, home, BY).seq
    monkeypatch.setenv(keys.PASSPHRASE, "wrong")
    with pytest.raises(keys.NoKey, match="does not open it"):
        keys.read(path)
    monkeypatch.delenv(keys.PASSPHRASE)
    with pytest.raises(keys.NoKey, match=keys.PASSPHRASE):
        keys.read(path)


def test_a_file_that_is_no_ed25519_key_is_refused_in_a_sentence(lite: Store, home: Home, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    for making, why in (
        (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "a key of another kind"),
        (["version"], "no private key in PEM form"),
    ):
        other.write_bytes(subprocess.run(["openssl", *making], capture_output=True, check=True).stdout)
        other.chmod(0o600)
        with pytest.raises(keys.NoKey, match=why):
            keys.read(other)
    with pytest.raises(keys.NoKey, match=r"no plain file|cannot be read"):
        keys.read(tmp_path)
    with pytest.raises(keys.NoKey, match="touchstone key new"):
        heads.sign(lite, home, BY)


def test_a_key_that_openssl_made_signs_too(lite: Store, home: Home) -> None:
    path = home.folder / "keys" / "signing.pem"
    path.parent.mkdir()
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
    path.chmod(0o600)
    head = heads.sign(lite, home, BY)
    assert [k.fingerprint for k in lite.signing_keys()] == [head.fingerprint], "its public part is recorded when it first signs"


def test_a_key_in_the_archive_is_refused(lite: Store, home: Home) -> None:
    path = home.file("touchstone.yml")
    path.write_text(path.read_text() + "signing: {key: var/archive/signing.pem}\n")
    with pytest.raises(TouchstoneError, match="lies in the archive"):
        keys.new(lite, Home(home.folder), BY)


def test_rotation_keeps_old_public_keys_with_since_and_until(store: Store, home: Home) -> None:
    first, path, _ = keys.new(store, home, BY)
    signed = heads.sign(store, home, BY)
    second, again, old = keys.new(store, home, BY, rotate="yearly change")
    assert again == path and old is not None and old.read_bytes() != path.read_bytes() and old.stat().st_mode & 0o077 == 0
    one, two = store.signing_keys()
    assert (one.fingerprint, two.fingerprint) == (first.fingerprint, second.fingerprint)
    assert one.until is not None and one.since < one.until <= two.since and one.reason == "yearly change" and two.until is None
    later = heads.sign(store, home, BY)
    assert (signed.fingerprint, later.fingerprint) == (first.fingerprint, second.fingerprint) and store.verify() == []
    assert checked(store, first.fingerprint, second.fingerprint).signed == 2, "what the old one signed stays checkable"
    assert checked(store, second.fingerprint).others == (first.fingerprint,)
    old.replace(path)
    with pytest.raises(keys.NoKey, match=r"ended on .* .yearly change. and signs no more"):
        heads.sign(store, home, BY)


def test_a_lost_key_is_ended_without_its_file(lite: Store, home: Home) -> None:
    key, path, _ = keys.new(lite, home, BY)
    path.unlink()
    done = command(home, "key", "end", key.fingerprint.upper(), "--why", "laptop lost", "--by", BY)
    assert done.exit_code == 0, done.output
    assert lite.signing_keys()[0].reason == "laptop lost"
    fresh, _, _ = keys.new(lite, home, BY)
    shown = command(home, "key", "show", "--json")
    assert json.loads(shown.stdout)["fingerprint"] == fresh.fingerprint
    assert [row["reason"] for row in json.loads(command(home, "key", "list", "--json").stdout)] == ["laptop lost", ""]


# -- signed heads --------------------------------------------------------------------------------------------------------------
def test_openssl_checks_a_signed_head_with_nothing_of_ours(lite: Store, home: Home, tmp_path: Path) -> None:
    key, _, _ = keys.new(lite, home, BY)
    heads.sign(lite, home, BY)
    row = json.loads(heads.lines(lite)[0])
    (tmp_path / "statement").write_text(row["statement"])
    (tmp_path / "public.pem").write_text(row["public_pem"])
    (tmp_path / "signature").write_bytes(base64.b64decode(row["signature"]))
    check = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "public.pem", "-in", "statement", "-sigfile", "signature"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 0
    said = json.loads(row["statement"])
    assert said["seq"] == 1 and said["chain"] == lite.log()[0].chain and said["authority"] == "demo" and row["public_pem"] == key.public_pem
    (tmp_path / "statement").write_text(row["statement"].replace('"seq":1', '"seq":2'))
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode != 0


def test_a_signed_head_is_an_event_and_later_heads_cover_it(store: Store, home: Home) -> None:
    keys.new(store, home, BY)
    first = heads.sign(store, home, BY)
    event = store.log()[-1].body
    assert event["purpose"] == trust.HEAD_EVENT and event["detail"]["seq"] == first.seq and event["detail"]["chain"] == first.chain
    assert heads.sign(store, home, BY).seq == first.seq + 1
    assert store.verify() == [] and checked(store).problems == ()
    assert "no time-stamping authority is configured" in store.signed_heads()[0].no_stamp


def test_a_row_that_is_changed_or_taken_out_is_found(store: Store, home: Home) -> None:
    keys.new(store, home, BY)
    for _ in range(3):
        heads.sign(store, home, BY)
    assert store.verify() == []
    for change, said in (
        ("UPDATE signed_head SET no_stamp = 'x' WHERE id = 2", "signed head 2 was changed"),
        ("UPDATE signed_head SET signature = repeat_0 WHERE id = 1", "signed head 1 was changed"),
        ("DELETE FROM signed_head WHERE id = 3", "signed head 3 is gone"),
        ("UPDATE signing_key SET reason = 'x' WHERE id = 1", "signing key, row 1 was changed"),
        ("DELETE FROM signing_key WHERE id = 1", "signing key 1 is gone"),
    ):
        with store.database.writing() as c:
            c.execute(text(change.replace("repeat_0", f"'{'0' * 128}'")))
        assert any(said in problem for problem in store.verify()), said


def test_one_that_no_event_tells_of_is_found(store: Store, home: Home) -> None:
    keys.new(store, home, BY)
    heads.sign(store, home, BY)
    with store.database.writing() as c:
        c.execute(text("INSERT INTO signed_head (seq, statement, fingerprint, signature, stamp, stamp_chain, stamped_at, no_stamp, actor, at) SELECT seq, statement, fingerprint, signature, stamp, stamp_chain, stamped_at, no_stamp, actor, at FROM signed_head"))  # fmt: skip
    assert store.verify() == ["signed head 2 is in no event of the log: nothing tells of it"]


# -- who rewrites the log ------------------------------------------------------------------------------------------------------
def rewrite(store: Store, seq: int, heads_too: bool = False) -> None:
    """The administrator's work: event `seq` says another actor, and every digest from there on is computed anew; and every head's statement."""
    events, previous, chains = store.log(), audit.GENESIS, {}
    rows = {h.id: h for h in store.signed_heads()}
    with store.database.writing() as c:
        for event in events:
            body = dict(event.body)
            if event.seq == seq:
                body["actor"] = SYSTEM
            if heads_too and "signed_head" in body["detail"]:
                head = rows[body["detail"]["signed_head"]]
                said = {**json.loads(head.statement), "chain": chains[head.seq]}
                row = {n: getattr(head, n) for n in type(head).__slots__ if n != "id"} | {"statement": canonical(said).decode()}
                c.execute(text("UPDATE signed_head SET statement = :s WHERE id = :i"), {"s": row["statement"], "i": head.id})
                body["detail"] = {**body["detail"], "chain": chains[head.seq], "digest": trust._said(row)}
            inner = audit.inner_digest(event.salt, body)
            previous = chains[event.seq] = audit.chain_digest(previous, inner)
            c.execute(
                text('UPDATE event SET actor = :a, body_json = :b, "inner" = :i, chain = :c WHERE seq = :s').bindparams(
                    a=body["actor"], b=canonical(body).decode(), i=inner, c=previous, s=event.seq
                )
            )


def test_an_administrator_who_rewrites_the_chain_behind_a_signed_head_is_found_out(store: Store, home: Home) -> None:
    key, _, _ = keys.new(store, home, BY)
    heads.sign(store, home, BY)
    rewrite(store, 1)
    assert audit_alone(store) == [], "the chain itself holds again"
    assert any("the log has another digest at event 1" in p for p in store.verify())
    assert any("rewritten behind this head" in p for p in checked(store, key.fingerprint).problems)


def audit_alone(store: Store) -> list[str]:
    with store.database.reading() as c:
        return audit.verify(c)


def test_one_who_rewrites_the_heads_too_is_found_out_by_the_signature(store: Store, home: Home) -> None:
    key, _, _ = keys.new(store, home, BY)
    heads.sign(store, home, BY)
    heads.sign(store, home, BY)
    rewrite(store, 1, heads_too=True)
    assert store.verify() == [], "all that the database says of itself agrees"
    found = checked(store, key.fingerprint)
    assert sum("the signature does not hold" in p for p in found.problems) == 2
    assert any("no head here is signed by the key" in p for p in found.problems)


def test_one_who_takes_all_heads_out_and_signs_anew_is_found_out_by_the_fingerprint(lite: Store, home: Home, tmp_path: Path) -> None:
    """A new history under a key of the administrator's own: everything in it holds, but for the fingerprint published elsewhere."""
    key, _, _ = keys.new(lite, home, BY)
    heads.sign(lite, home, BY)
    kept = tmp_path / "kept.jsonl"
    assert command(home, "log", "heads", "--export", str(kept)).exit_code == 0
    lite.close()
    shutil.rmtree(home.folder / "var")
    shutil.rmtree(home.folder / "keys")
    with Store.open(home) as new:
        new.keep_actor(Actor(BY, "demo", "Ada Officer", "officer"))
        keys.new(new, home, BY)
        heads.sign(new, home, BY)
        assert new.verify() == [] and checked(new).problems == ()
        assert "no head here is signed by the key" in checked(new, key.fingerprint).problems[0]
    done = command(home, "log", "verify", "--key", key.fingerprint)
    assert done.exit_code == 1 and "no head here is signed by the key" in done.output
    done = command(home, "log", "verify", "--heads", str(kept))
    assert done.exit_code == 1 and "rewritten behind this head" in done.output, "found out by the kept copy alone"
    assert command(home, "log", "verify").exit_code == 0


def test_one_with_the_key_is_found_out_by_the_copy_that_somebody_kept(lite: Store, home: Home) -> None:
    key, _, _ = keys.new(lite, home, BY)
    heads.sign(lite, home, BY)
    kept = heads.lines(lite)
    rewrite(lite, 1, heads_too=True)
    signer = keys.read(home.folder / "keys" / "signing.pem")
    forged = [row | {"signature": base64.b64encode(signer.sign(row["statement"].encode())).decode()} for row in map(json.loads, heads.lines(lite))]  # fmt: skip
    assert checked(lite, key.fingerprint, rows=[canonical(row).decode() for row in forged]).problems == ()
    assert any("rewritten behind this head" in p for p in checked(lite, key.fingerprint, rows=kept).problems)


def test_a_log_that_was_cut_short_is_found_out_by_the_copy(lite: Store, home: Home) -> None:
    keys.new(lite, home, BY)
    for _ in range(3):
        heads.sign(lite, home, BY)
    kept = heads.lines(lite)
    with lite.database.writing() as c:
        c.execute(text("DELETE FROM event WHERE seq > 2"))
        c.execute(text("DELETE FROM signed_head WHERE seq > 1"))
    assert lite.verify() == [], "what is left holds by itself"
    assert sum("events were taken out" in p for p in checked(lite, rows=kept).problems) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda row: row | {"signature": base64.b64encode(bytes(64)).decode()}, "the signature does not hold"),
        (lambda row: row | {"signature": "!"}, "cannot be read"),
        (lambda row: row | {"statement": row["statement"].replace('"demo"', '"dem0"')}, "the signature does not hold"),
        (lambda row: row | {"statement": row["statement"] + " "}, "not in canonical form"),
        (lambda row: row | {"public_pem": "x"}, "no public key"),
        (lambda row: row | {"more": ""}, "does not have the fields"),
        (lambda row: [row], "does not have the fields"),
    ],
)  # fmt: skip
def test_each_part_of_a_kept_head_counts(lite: Store, home: Home, change: Any, says: str) -> None:
    keys.new(lite, home, BY)
    heads.sign(lite, home, BY)
    [line] = heads.lines(lite)
    assert any(says in p for p in checked(lite, rows=[json.dumps(change(json.loads(line)))]).problems)


# -- daily ---------------------------------------------------------------------------------------------------------------------
def test_the_schedule_signs_once_a_day_where_there_is_a_key(store: Store, home: Home) -> None:
    now = datetime.now(UTC)
    assert schedule.once(store, home) == {} and store.signed_heads() == []
    keys.new(store, home, BY)
    schedule.once(store, home)
    schedule.once(store, home)
    [head] = store.signed_heads()
    assert head.actor == SYSTEM and not heads.due(store, home, now)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    assert heads.due(store, home, tomorrow) and not heads.due(store, home, tomorrow - timedelta(microseconds=1))


def test_the_clock_signs_too_and_a_bad_key_holds_nothing_up(lite: Store, home: Home) -> None:
    keys.new(lite, home, BY)
    path = home.folder / "keys" / "signing.pem"
    path.chmod(0o644)
    assert schedule.sign_daily(lite, home, datetime.now(UTC)) is False and schedule.once(lite, home) == {}
    path.chmod(0o600)
    import signal
    import threading
    import time

    def stop() -> None:
        until = time.monotonic() + 30
        while not lite.signed_heads() and time.monotonic() < until:
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)

    watch = threading.Thread(target=stop)
    watch.start()
    schedule.run(home, tick=0.2)
    watch.join()
    assert [h.actor for h in lite.signed_heads()] == [SYSTEM]


# -- with an authority ---------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the authority")
def test_a_head_is_stamped_where_an_authority_is_configured_and_signed_where_it_is_silent(home: Home, tmp_path: Path) -> None:
    with serving(Authority(tmp_path / "tsa")) as authority:
        path = home.file("touchstone.yml")
        plain = path.read_text()
        path.write_text(f"{plain}time_stamping: {{url: '{authority.url}', certificates: {authority.root}}}\n")
        home = Home(home.folder)
        with Store.open(home) as store:
            store.keep_actor(Actor(BY, "demo", "Ada Officer", "officer"))
            key, _, _ = keys.new(store, home, BY)
            first = heads.sign(store, home, BY)
            authority.answer = (503, b"")
            second = heads.sign(store, home, BY)
            assert first.stamped_at and abs(first.stamped_at - first.at) < timedelta(minutes=1) and first.no_stamp == ""
            assert second.stamped_at is None and "HTTP status 503" in second.no_stamp
            found = checked(store, key.fingerprint)
            assert (found.problems, found.signed, found.stamped) == ((), 2, 1)
            one, two = map(json.loads, heads.lines(store))
            moved = canonical(two | {"stamp": one["stamp"], "stamp_chain": one["stamp_chain"]}).decode()
            assert any("Mismatch" in p for p in checked(store, rows=[moved]).problems), "a stamp is of one statement"
        done = command(home, "log", "verify", "--key", key.fingerprint)
        assert done.exit_code == 0 and "1 are stamped by the authority configured" in done.output, done.output
        other = Authority(tmp_path / "other")
        path.write_text(f"{plain}time_stamping: {{url: '{authority.url}', certificates: {other.root}}}\n")
        done = command(home, "log", "verify", "--key", key.fingerprint)
        assert done.exit_code == 1 and "none of those configured" in done.output
