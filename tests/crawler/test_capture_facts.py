"""What a capture keeps beside its bytes: the connection, the clock, both digests; and what is never kept."""

import gzip
import hashlib
import ipaddress
import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crawler import clock
from crawler.browser import Recorder, network_of
from store.words.records import CaptureKind, Outcome
from tests.crawler.conftest import Crawling, Mini
from tests.market.server import Response


# -- TLS -----------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Certificates:
    """A root, an authority under it and a server's leaf, of our own making: files, and the digests that must be seen."""

    root: Path
    chain: Path
    leaf: str
    between: str


def _certificate(name: str, issuer: x509.Certificate | None, signer: ec.EllipticCurvePrivateKey | None, *, authority: bool):  # type: ignore[no-untyped-def]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return key, made.sign(signer or key, hashes.SHA256())


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    root_key, root = _certificate("Root (test)", None, None, authority=True)
    key, between = _certificate("Between (test)", root, root_key, authority=True)
    leaf_key, leaf = _certificate("localhost", between, key, authority=False)
    pem = serialization.Encoding.PEM
    root_file, chain = tmp_path / "root.pem", tmp_path / "chain.pem"
    root_file.write_bytes(root.public_bytes(pem))
    private = leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(private + leaf.public_bytes(pem) + between.public_bytes(pem))
    return Certificates(root_file, chain, leaf.fingerprint(hashes.SHA256()).hex(), between.fingerprint(hashes.SHA256()).hex())


@pytest.fixture
def secure(mini: Mini, certificates: Certificates) -> Mini:
    """The mini shop over TLS, at the name `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.chain)
    mini.site._server.socket = context.wrap_socket(mini.site._server.socket, server_side=True)
    return mini


def _url(mini: Mini) -> str:
    return f"https://localhost:{mini.site.port}/"


def test_a_capture_over_tls(secure: Mini, certificates: Certificates, crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is really verified: against a root that only this test's environment trusts."""
    secure.pages["/item/1"] = Response(b"", status=302, headers={"Location": "/item/2"})  # an answer without a body
    secure.write(crawling.home, url=_url(secure), start=_url(secure))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.root))
    assert crawling("mini").outcome is Outcome.good
    captures = crawling.captures()
    assert {each.kind for each in captures} == {CaptureKind.page, CaptureKind.image, CaptureKind.robots}
    assert {each.certificate for each in captures} == {certificates.leaf}
    assert {each.certificate_chain for each in captures} == {(certificates.leaf, certificates.between)}
    assert {each.dns_answer for each in captures} == {tuple(socket.gethostbyname_ex("localhost")[2])}
    assert {each.server_ip for each in captures} == {"127.0.0.1"} and {each.http_version for each in captures} == {"HTTP/1.1"}
    moved = next(each for each in captures if each.redirects == () and each.status == 302)
    assert moved.url_final.endswith("/item/1") and moved.body_length == 0


def test_a_certificate_that_is_not_trusted(secure: Mini, crawling: Crawling) -> None:
    """Nothing is fetched over a connection that may be somebody else's."""
    secure.write(crawling.home, url=_url(secure), start=_url(secure))
    assert crawling("mini").outcome is Outcome.unmet
    assert secure.site.requests == [] and crawling.captures() == []


def test_what_a_browser_does_not_tell_is_unknown() -> None:
    """A document in plain HTTP has no certificate; that of a browser's TLS connection is unknown, and not nothing."""
    facts = {"method": "GET", "status": 200, "asked": [], "said": [], "start": 0, "took": 0.0, "ip": "127.0.0.1", "http": "HTTP/2.0"}
    recorder = Recorder()
    recorder.parts = [({**facts, "url": url}, b"") for url in ("https://a.example/", "http://a.example/")]
    request = type("Request", (), {"meta": {"recorder": recorder}})()
    unit = type("Unit", (), {"run": type("Run", (), {"id": "r"})(), "source": type("Source", (), {"name": "s"})()})()
    assert [(c.certificate, c.http_version) for c, _ in network_of(request, unit)] == [("unknown", "HTTP/2.0"), ("", "HTTP/2.0")]


# -- digests, headers, run -----------------------------------------------------------------------------------------------------
def test_both_digests_and_who_asked(mini: Mini, crawling: Crawling) -> None:
    page = mini.respond("/item/1", {})
    assert page is not None
    mini.pages["/item/1"] = Response(gzip.compress(page.body, mtime=0), headers={"Content-Encoding": "gzip"})
    mini.pages["/item/2"] = Response(b"not gzip", headers={"Content-Encoding": "gzip"})
    mini.write(crawling.home)
    crawling("mini")
    by_path = {"/" + each.url_final.removeprefix(mini.site.url): each for each in crawling.captures()}
    packed, plain, broken = by_path["/item/1"], by_path["/item/3"], by_path["/item/2"]
    assert packed.decoded_digest == hashlib.sha256(page.body).hexdigest() != packed.body_digest
    assert plain.decoded_digest == plain.body_digest and broken.decoded_digest == ""
    assert dict(packed.request_headers)["User-Agent"] == crawling.home.settings.user_agent
    assert packed.certificate == "" and packed.certificate_chain == () and packed.dns_answer == ()  # no TLS, and no name to be asked for
    [run] = crawling.store.runs("crawl")
    assert packed.run == run.id and run.code_version and len(run.config_digest) == 64 and run.actor == "system"
    assert run.clock["offset"] == "unknown" or abs(run.clock["offset"]) < 3600


def test_a_chain_of_redirects(mini: Mini, crawling: Crawling) -> None:
    for here, there in (("/item/1", "/item/7"), ("/item/7", "/item/8")):
        mini.pages[here] = Response(b"on", status=302, headers={"Location": there})
    mini.pages["/item/8"] = Response(b"<h1>Moved here</h1>")
    mini.write(crawling.home)
    crawling("mini")
    last = next(each for each in crawling.captures() if each.url_final.endswith("/item/8") and each.redirects)
    assert last.url_requested.endswith("/item/1") and [url[-1] for url in last.redirects] == ["7"] and last.status == 200
    assert {each.status for each in crawling.captures() if each.url_final[-1] in "17" and each.kind is CaptureKind.page} == {302}


def test_a_token_exchange_is_not_archived_and_says_nothing(mini: Mini, crawling: Crawling) -> None:
    secret = "chocolate77"
    answer = mini.respond("/item/1", {})
    assert answer is not None
    mini.pages["/token/exchange"] = Response(answer.body + f"<p>{secret}</p>".encode(), headers={"X-Granted": secret})
    mini.pages["/token"] = Response(b"", status=302, headers={"Location": "/token/exchange"})
    mini.write(crawling.home)
    code = (
        "from scrapy import Request\nfrom crawler.archive import NOT_ARCHIVED\nfrom crawler.spider import SourceSpider\n"
        "usual = SourceSpider.start\n"
        "async def start(self):\n"
        "    yield Request(self.source.url + 'token', callback=self.read, errback=self.failed, meta={NOT_ARCHIVED: True})\n"
        "    async for request in usual(self):\n        yield request\n"
        "SourceSpider.start = start\n"
    )
    status, result = crawling.patched("mini", code)
    assert status == 0 and result["counts"]["not archived"] == 2
    assert [each.path for each in mini.site.requests].count("/token/exchange") == 1, "it was asked for"
    assert not [each for each in crawling.captures() if "token" in each.url_final]
    kept = b"".join(crawling.payload(each) + str(each).encode() for each in crawling.captures())
    assert secret.encode() not in kept and b"Bag 1" in kept
    for segment in crawling.store.archive.segments():
        assert secret.encode() not in gzip.decompress((crawling.store.archive.folder / segment).read_bytes())
    assert sorted(crawling.listings()) == ["mini/1", "mini/2", "mini/3"] and crawling.store.verify() == []


def test_an_erased_capture_keeps_nothing_of_its_connection(
    secure: Mini, certificates: Certificates, crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure.write(crawling.home, url=_url(secure), start=_url(secure))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.root))
    crawling("mini")
    page = next(each for each in crawling.captures() if each.url_final.endswith("/item/1"))
    crawling.store.erase(page.id, actor="system", reason="test")
    erased = next(each for each in crawling.captures() if each.id == page.id)
    assert (erased.certificate, erased.certificate_chain, erased.dns_answer, erased.server_ip, erased.url_final) == ("", (), (), None, "")
    assert erased.body_digest == page.body_digest


# -- the clock -----------------------------------------------------------------------------------------------------------------
class TimeServer:
    """An SNTP server (RFC 5905) whose clock is `ahead` of ours; `spoil` changes its answers, `lying` is sent before the true one."""

    def __init__(self, ahead: float, *, stratum: int = 2, leap: int = 0, spoil: bool = False, silent: bool = False) -> None:
        self.ahead, self.stratum, self.leap, self.spoil, self.silent = ahead, stratum, leap, spoil, silent
        self.questions: list[bytes] = []
        self.line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.line.bind(("127.0.0.1", 0))
        self.line.settimeout(120)  # a crawl may take a while to begin
        self.address = f"127.0.0.1:{self.line.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                question, who = self.line.recvfrom(1024)
            except OSError:
                return
            self.questions.append(question)
            if self.silent:
                continue
            if self.spoil:
                self.line.sendto(self._answer(b"somebody", 999.0), who)
            self.line.sendto(self._answer(question[40:48], self.ahead), who)

    def _answer(self, asked: bytes, ahead: float) -> bytes:
        now = datetime.now(UTC).timestamp() + ahead + clock.EPOCH
        stamp = struct.pack("!II", int(now) % clock.ERA, int(now % 1 * 2**32))
        head = struct.pack("!BBbbiI4s", self.leap << 6 | 4 << 3 | 4, self.stratum, 6, -20, 0, 655, b"RATE" if not self.stratum else b"TEST")
        return head + stamp + asked + stamp + stamp


@pytest.fixture
def servers() -> Iterator[list[TimeServer]]:
    started: list[TimeServer] = []
    yield started
    for each in started:
        each.line.close()


def _server(servers: list[TimeServer], ahead: float, **more: object) -> TimeServer:
    servers.append(TimeServer(ahead, **more))  # type: ignore[arg-type]
    return servers[-1]


@pytest.mark.parametrize("ahead", [12.5, -3.25, 0.0, 40 * 365 * 86400.0])  # the last beyond 2036, when NTP's count begins anew
def test_a_planted_offset_is_measured(servers: list[TimeServer], ahead: float) -> None:
    server = _server(servers, ahead, spoil=True)  # and the answer to somebody else's question is passed over
    measured = clock.measure(server.address)
    assert abs(measured["offset"] - ahead) <= measured["bound"] + 0.001 and 0.009 < measured["bound"] < 0.5
    assert measured["by"] == f"sntp {server.address}" and measured["stratum"] == 2 and "kernel" in measured
    [question] = server.questions
    assert question[0] == 0x23 and len(question) == 48 and not any(question[1:40]), "it tells the server nothing, not even our time"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"stratum": 0}, "declines: RATE"),
        ({"leap": 3}, "not synchronised"),
        ({"stratum": 16}, "not synchronised"),
        ({"silent": True}, "no answer"),
    ],
)
def test_a_server_that_does_not_know_gives_no_offset(
    servers: list[TimeServer], monkeypatch: pytest.MonkeyPatch, more: dict[str, object], problem: str
) -> None:
    monkeypatch.setattr(clock, "TIMEOUT", 0.3)
    server = _server(servers, 5.0, **more)
    measured = clock.measure(server.address)
    assert problem in measured["asked"]["problem"] and measured["offset"] != 5.0 and measured["by"] == "adjtimex"


def test_what_the_kernel_says() -> None:
    """Nanoseconds with STA_NANO, microseconds without; unsynchronised is unknown, whatever number stands there."""
    assert clock.read_kernel(0, 0x2001, -1_500_000, 20_000, 16)["offset"] == -0.0015
    assert clock.read_kernel(0, 0x0001, -1_500, 20_000, 16) == {
        "by": "adjtimex", "status": 1, "estimated_error": 16e-6, "offset": -0.0015, "bound": 0.02,
    }  # fmt: skip
    for answer, status in ((5, 0x2001), (0, 0x0040)):
        assert clock.read_kernel(answer, status, 0, 16, 16)["offset"] == "unknown"
    assert "unknown" in clock.sentence(clock.read_kernel(5, 0x40, 0, 16, 16))
    assert clock.sentence({"offset": -0.25, "bound": 0.01, "by": "adjtimex"}).startswith("0.250000 s fast")
    assert {"offset", "by"} <= clock.from_kernel().keys()


def test_a_crawl_says_how_far_its_clock_was_off(mini: Mini, crawling: Crawling, servers: list[TimeServer]) -> None:
    server = _server(servers, 7.0)
    settings = crawling.home.file("touchstone.yml")
    settings.write_text(settings.read_text().replace("server: null", f"server: '{server.address}'"))
    mini.write(crawling.home)
    crawling("mini")
    [run] = crawling.store.runs("crawl")
    assert abs(run.clock["offset"] - 7.0) < 0.5 and json.dumps(dict(run.clock)) and len(server.questions) == 1
