"""Trusted time: what goes out to an authority, which answers hold, and that openssl agrees."""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from casework import stamps
from store.config import ConfigError, Home
from tests.casework.authority import POLICY, Authority, asked, serving

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the authority and the second opinion")
DATA = b'{"head": "what is stamped"}'


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with serving(Authority(tmp_path_factory.mktemp("tsa") / "here")) as one:
        yield one


@pytest.fixture(autouse=True)
def fresh(authority: Authority) -> None:
    authority.bodies.clear()
    authority.answer = None


def at_home(folder: Path, url: str, certificates: Path, more: str = "") -> Home:
    (folder / "configs").mkdir(exist_ok=True)
    (folder / "configs" / "touchstone.yml").write_text(
        "authority: {code: demo, name: Demonstration Council}\nuser_agent: touchstone-scanner (contact ts@example.org)\n"
        f"time_stamping:\n  url: {url}\n  certificates: {certificates}\n{more}"
    )
    return Home(folder)


def refused(home: Home) -> str:
    with pytest.raises(stamps.NoTrustedTime) as said:
        stamps.ask(home, DATA)
    return str(said.value)


@pytest.mark.parametrize("name", ["sha256", "sha512"])
def test_a_request_holds_the_digest_and_a_random_number_and_nothing_else(authority: Authority, tmp_path: Path, name: str) -> None:
    stamp = stamps.ask(at_home(tmp_path, authority.url, authority.root, f"  hash: {name}\n"), DATA)
    [body] = authority.bodies
    assert asked(body) == (name, hashlib.new(name, DATA).digest()) and stamp.hash == name
    headers = {key.lower(): value for key, value in authority.headers[-1].items()}
    assert headers.pop("content-length") == str(len(body)) and set(headers) <= {"host", "content-type", "accept", "user-agent", "connection", "accept-encoding"}  # fmt: skip
    assert headers["user-agent"] == "touchstone-scanner" and "ts@example.org" not in str(headers)


def test_two_requests_for_the_same_have_different_numbers(authority: Authority, tmp_path: Path) -> None:
    home = at_home(tmp_path, authority.url, authority.root)
    assert stamps.ask(home, DATA).serial != stamps.ask(home, DATA).serial and len(set(authority.bodies)) == 2


def test_a_stamp_has_the_time_the_policy_and_the_whole_chain(authority: Authority, tmp_path: Path) -> None:
    stamp = stamps.ask(at_home(tmp_path, authority.url, authority.root, f"  policy: {POLICY}\n"), DATA)
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=1) and stamp.accuracy == 1.0 and stamp.policy == POLICY
    assert stamp.chain.count("BEGIN CERTIFICATE") == 3 and stamp.chain.endswith(_last(authority.root.read_text()))
    assert stamp.authority == "CN=Stamp of the tests,O=Time of the tests"
    der_of_root = subprocess.run(["openssl", "x509", "-in", authority.root, "-outform", "DER"], capture_output=True, check=True).stdout
    assert stamp.root == hashlib.sha256(der_of_root).hexdigest()
    assert stamp.asked_at and stamp.answered_at and stamp.asked_at <= stamp.answered_at


def _last(pem: str) -> str:
    return pem[pem.rindex("-----BEGIN") :]


def test_openssl_holds_our_stamp_for_good_and_one_of_other_bytes_for_bad(authority: Authority, tmp_path: Path) -> None:
    stamp = stamps.ask(at_home(tmp_path, authority.url, authority.root), DATA)
    (tmp_path / "stamp.tsr").write_bytes(stamp.answer)
    (tmp_path / "chain.pem").write_text(stamp.chain)
    for data, holds in ((DATA, True), (DATA + b" ", False)):
        (tmp_path / "data").write_bytes(data)
        command = ["openssl", "ts", "-verify", "-data", "data", "-in", "stamp.tsr", "-CAfile", authority.root, "-untrusted", "chain.pem"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode == 0) is holds and ("Verification: OK" in done.stdout + done.stderr) is holds
        if holds:
            stamps.check(stamp.answer, data, stamps.read_certificates(authority.root))
        else:
            with pytest.raises(stamps.NoTrustedTime, match="Mismatch"):
                stamps.check(stamp.answer, data, stamps.read_certificates(authority.root))


def test_each_byte_of_a_stamp_counts(authority: Authority, tmp_path: Path) -> None:
    """Whatever byte is changed, the check raises its one error, or what was changed is no part of what is signed."""
    stamp = stamps.ask(at_home(tmp_path, authority.url, authority.root), DATA)
    roots, held = stamps.read_certificates(authority.root), []
    for place in range(0, len(stamp.answer), 7):
        changed = bytearray(stamp.answer)
        changed[place] ^= 0x41
        try:
            held.append((place, stamps.check(bytes(changed), DATA, roots)))
        except stamps.NoTrustedTime:
            continue
    assert all((s.at, s.policy, s.serial, s.root) == (stamp.at, stamp.policy, stamp.serial, stamp.root) for _, s in held)
    assert len(held) < 0.35 * len(range(0, len(stamp.answer), 7))  # certificates that it need not have brought along


# -- no trusted time -----------------------------------------------------------------------------------------------------------
def test_another_root_or_policy_or_one_between_missing_is_no_trusted_time(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    assert "none of those configured" in refused(at_home(tmp_path, authority.url, other.root))
    assert "Policy ID mismatch" in refused(at_home(tmp_path, authority.url, authority.root, "  policy: 1.2.3.4\n"))
    assert "cannot be read: gone.pem" in refused(at_home(tmp_path, authority.url, tmp_path / "gone.pem"))
    (tmp_path / "empty.pem").write_text("nothing\n")
    assert "holds none in PEM form" in refused(at_home(tmp_path, authority.url, tmp_path / "empty.pem"))


def test_a_root_of_the_same_name_with_another_key_is_not_the_one_configured(authority: Authority, tmp_path: Path) -> None:
    with serving(Authority(tmp_path / "twin")) as twin:
        why = refused(at_home(tmp_path, twin.url, authority.root))
    assert "none of those configured" in why or "does not hold" in why


def test_an_authority_that_sends_no_root_is_completed_from_the_file(tmp_path: Path) -> None:
    with serving(Authority(tmp_path / "short", "between")) as short:
        assert stamps.ask(at_home(tmp_path, short.url, short.root), DATA).chain.count("BEGIN CERTIFICATE") == 3


def test_an_answer_to_another_request_is_refused(authority: Authority, tmp_path: Path) -> None:
    home = at_home(tmp_path, authority.url, authority.root)
    authority.answer = (200, stamps.ask(home, DATA).answer)  # the same bytes, an older number
    assert "Nonce mismatch" in refused(home)
    authority.answer = (200, stamps.ask(at_home(tmp_path, _second(authority), authority.root), DATA + b"!").answer)
    assert "Nonce" in refused(home)


def _second(authority: Authority) -> str:
    authority.answer = None
    return authority.url


def test_whatever_the_answer_is_the_reason_is_one_sentence(authority: Authority, tmp_path: Path) -> None:
    home = at_home(tmp_path, authority.url, authority.root)
    for answer, why in (
        ((200, b""), "cannot be read"),
        ((200, b"<html>captive portal</html>"), "cannot be read"),
        ((200, bytes(2 << 20)), "longer than"),
        ((503, b"busy"), "HTTP status 503"),
        ((302, f"{authority.url}elsewhere".encode()), "HTTP status 302"),
        ((200, bytes.fromhex("3009300702010230020c00")), "refused: status 2"),
    ):
        authority.answer = answer
        said = refused(home)
        assert why in said and "\n" not in said, said
    assert len(authority.bodies) == 6, "a redirect is not followed"


def test_nobody_there_and_one_who_never_ends_are_said(tmp_path: Path, authority: Authority) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert "did not answer: " in refused(at_home(tmp_path, closed, authority.root))
    with socket.create_server(("127.0.0.1", 0)) as dripping:
        ended = threading.Event()

        def drip() -> None:
            line, _ = dripping.accept()
            with line:
                line.recv(4096)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not ended.wait(0.2):
                    try:
                        line.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{dripping.getsockname()[1]}/"
        assert "no answer in time" in refused(at_home(tmp_path, url, authority.root, "  timeout: 1\n"))
        ended.set()
        thread.join()


def test_the_environment_names_no_proxy_for_it(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    monkeypatch.delenv("no_proxy", raising=False)
    assert stamps.ask(at_home(tmp_path, authority.url, authority.root), DATA).serial


def test_without_one_configured_the_reason_says_so(tmp_path: Path) -> None:
    home = at_home(tmp_path, "http://x.example/", tmp_path / "x.pem")
    path = home.file("touchstone.yml")
    path.write_text(path.read_text().partition("time_stamping")[0])
    assert refused(home) == stamps.NOT_CONFIGURED


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("url: ftp://tsa.example/", "is no address"),
        ("url: https://me:pw@tsa.example/", "have no place"),
        ("policy: my policy", "no object identifier"),
        ("hash: md5", "sha256"),
        ("timeout: 0", "between 1 and 120"),
        ("certificate: x.pem", "did you mean 'certificates'"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_their_line(tmp_path: Path, line: str, why: str) -> None:
    home = at_home(tmp_path, "http://x.example/", tmp_path / "x.pem")
    path = home.file("touchstone.yml")
    text = path.read_text()
    name = line.partition(":")[0]
    kept = [each for each in text.splitlines() if each.strip().partition(":")[0] != name]
    path.write_text("\n".join([*kept, f"  {line}"]) + "\n")
    with pytest.raises(ConfigError, match=why) as said:
        home.settings  # noqa: B018
    assert f"touchstone.yml:{len(kept) + 1}" in str(said.value)
