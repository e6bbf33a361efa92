"""A small OpenID Connect provider on loopback, for tests: discovery, keys, an authorisation endpoint that lets one person in, a token endpoint that checks PKCE."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey


@dataclass
class Provider:
    """What the provider says; a test changes a part of it to see that refused."""

    url: str = ""
    client: tuple[str, str] = ("touchstone", "a-secret-of-the-test")
    person: str = "a.officer"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    signs_with: Any = None
    algorithm: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)  # over those that it would say
    document: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    def discovery(self) -> dict[str, Any]:
        ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.url, **{name: self.url + path for name, path in ends.items()}, **self.document}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        said = {
            "iss": self.url,
            "aud": self.client[0],
            "sub": "17",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "preferred_username": self.person,
        }
        claims = {name: value for name, value in {**said, **self.claims}.items() if value is not None}
        if self.algorithm == "none":
            parts = [json.dumps(each).encode() for each in ({"alg": "none"}, claims)]
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        return jwt.encode({"alg": self.algorithm, "kid": "one"}, claims, self.signs_with or self.key, algorithms=[self.algorithm])


class _Answers(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        parts, p = urlsplit(self.path), self.provider
        p.asked.append(parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            self._say(p.discovery())
        elif parts.path == "/keys":
            self._say(KeySet([p.key]).as_dict(private=False))
        elif parts.path == "/authorize":
            assert query["response_type"] == "code" and query["code_challenge_method"] == "S256" and query["client_id"] == p.client[0]
            code = secrets.token_urlsafe(16)
            p.codes[code] = query
            self.send_response(302)
            self.send_header("Location", f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': p.url})}")
            self.end_headers()
        else:
            self._say({}, 404)

    def do_POST(self) -> None:
        form = {n: v[0] for n, v in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        p = self.provider
        p.asked.append(self.path)
        p.forms.append(form)
        begun = p.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        basic = "Basic " + base64.b64encode(":".join(p.client).encode()).decode()
        if (
            begun is None
            or challenge != begun["code_challenge"]
            or form["redirect_uri"] != begun["redirect_uri"]
            or self.headers["Authorization"] != basic
        ):
            self._say({"error": "invalid_grant"}, 400)
        else:
            self._say({"access_token": "x", "token_type": "Bearer", "id_token": p.id_token(begun["nonce"])})

    def _say(self, said: object, status: int = 200) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def providing() -> Iterator[Provider]:
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"provider": provider}))
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
