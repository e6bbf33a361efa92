"""A time-stamping authority of the tests' own: `openssl ts -reply` behind a server on loopback that keeps every byte it is sent.

A root, an authority between, and the certificate that stamps, each made by openssl, so that what the product checks was made by another program.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

POLICY = "1.3.6.1.4.1.99999.1"
CONFIG = """
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[stamping]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = here
[here]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/stamp.pem
certs = {folder}/certs.pem
signer_key = {folder}/stamp.key
signer_digest = sha256
default_policy = {policy}
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """`url` answers; `bodies` is what was asked, whole. `root` is the PEM file of the root alone. Set `answer` to answer something else."""

    def __init__(self, folder: Path, certificates_sent: str = "all") -> None:
        self.folder = folder
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.answer: tuple[int, bytes] | None = None
        self.url = ""
        folder.mkdir(parents=True)
        (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder, policy=POLICY))
        (folder / "serial").write_text("01\n")
        self._make("root", "/CN=Root of the tests", "ca")
        self._make("between", "/CN=Between of the tests", "ca", "root")
        self._make("stamp", "/O=Time of the tests/CN=Stamp of the tests", "stamping", "between")
        sent = {"all": ("between", "root"), "between": ("between",)}[certificates_sent]
        (folder / "certs.pem").write_text("".join((folder / f"{name}.pem").read_text() for name in sent))
        self.root = folder / "root.pem"

    def openssl(self, *arguments: str, data: bytes | None = None) -> bytes:
        return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True, cwd=self.folder).stdout

    def _make(self, name: str, subject: str, extensions: str, issuer: str = "") -> None:
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject, "-config", "/dev/null")  # fmt: skip
        by = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial"] if issuer else ["-key", f"{name}.key"]
        signed = [
            "x509",
            "-req",
            "-in",
            f"{name}.csr",
            *by,
            "-days",
            "30",
            "-extfile",
            "openssl.cnf",
            "-extensions",
            extensions,
            "-out",
            f"{name}.pem",
        ]
        self.openssl(*signed)

    def reply(self, request: bytes) -> bytes:
        (self.folder / "request.tsq").write_bytes(request)
        self.openssl("ts", "-reply", "-config", "openssl.cnf", "-queryfile", "request.tsq", "-out", "reply.tsr")
        return (self.folder / "reply.tsr").read_bytes()


def der(data: bytes) -> list[tuple[int, bytes]]:
    """The parts of a DER value: (tag, content) each; a length above 127 stands in the bytes that its first counts."""
    found = []
    while data:
        size, at = data[1], 2
        if size & 0x80:
            at += size & 0x7F
            size = int.from_bytes(data[2:at], "big")
        found.append((data[0], data[at : at + size]))
        data = data[at + size :]
    return found


def asked(body: bytes) -> tuple[str, bytes]:
    """What a request asks a stamp for: the hash's name and the digest. Fails where the request holds anything beside them but a random number."""
    [(whole, inner)] = der(body)
    version, imprint, nonce, certificates = der(inner)
    algorithm, digest = der(imprint[1])
    assert whole == 0x30 and version == (0x02, b"\x01") and imprint[0] == 0x30 and certificates == (0x01, b"\xff")
    assert nonce[0] == 0x02 and 1 <= len(nonce[1]) <= 21 and digest[0] == 0x04
    oid, *parameters = der(algorithm[1])
    assert parameters in ([], [(0x05, b"")]) and oid[0] == 0x06
    name = {"608648016503040201": "sha256", "608648016503040203": "sha512"}[oid[1].hex()]
    assert len(digest[1]) == {"sha256": 32, "sha512": 64}[name]
    return name, digest[1]


@contextlib.contextmanager
def serving(authority: Authority) -> Iterator[Authority]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            authority.bodies.append(body)
            authority.headers.append(dict(self.headers))
            status, answer = authority.answer or (200, authority.reply(body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", answer.decode())
                answer = b""
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
