"""A loopback web server that remembers every request, so that a test can ask the server what was fetched."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A line of the server's own log; `path` holds the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    at: datetime
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back."""

    body: bytes
    content_type: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    chunked: bool = False


Pages = Callable[[str, Mapping[str, str]], Response | None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    site: "Site"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Wexcombe", ""
    wbufsize = -1  # head and body in one packet: otherwise each answer waits for a delayed ACK
    timeout = 20
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_POST(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        site = self.server.site
        if site.closed:
            self.close_connection = True
            return
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length)) if length.isdigit() else b""
        response = site.answer(Request(self.command, self.path, dict(self.headers.items()), datetime.now(UTC), body))
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        if response.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(response.body)))
        if site.set_cookie:
            self.send_header("Set-Cookie", site.set_cookie)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(_in_chunks(response.body) if response.chunked else response.body)

    def log_message(self, format: str, *args: object) -> None:
        """The log is `Site.requests`; the terminal stays quiet."""


def _in_chunks(body: bytes, size: int = 700) -> bytes:
    """The body in chunks (RFC 9112 § 7.1)."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Site:
    """One source on its own port. `latency` (seconds) and `set_cookie` may be set while it runs."""

    def __init__(self, name: str, pages: Pages, *, port: int, forbidden: tuple[str, ...], allowed: tuple[str, ...]) -> None:
        self.name = name
        self.forbidden = forbidden  # paths that robots.txt forbids and that would answer
        self.allowed = allowed
        self.latency = 0.0
        self.set_cookie: str | None = None
        self.closed = False
        self._pages = pages
        self._lock = threading.Lock()
        self._log: list[Request] = []
        self._answering, self._most_at_once = 0, 0
        self._overrides: dict[str, Response] = {}
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.site = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=f"market-{name}", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def requests(self) -> list[Request]:
        with self._lock:
            return list(self._log)

    @property
    def most_at_once(self) -> int:
        """The most requests that were being answered at one moment."""
        with self._lock:
            return self._most_at_once

    def mean_gap(self, *, since: int = 0) -> float:
        """Seconds between two requests, on average from the one at `since`: a busy machine makes one late, and so the next gap short."""
        times = [request.at for request in self.requests[since:]]
        return (times[-1] - times[0]).total_seconds() / (len(times) - 1)

    def clear_requests(self) -> None:
        with self._lock:
            self._log.clear()

    def override(
        self,
        path: str,
        body: bytes | str,
        content_type: str = HTML,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Plants an answer: a path with a query meets only that query, one without meets any."""
        raw = body.encode() if isinstance(body, str) else body
        with self._lock:
            self._overrides[path] = Response(raw, content_type, status, dict(headers or {}))

    def clear_overrides(self) -> None:
        with self._lock:
            self._overrides.clear()

    def answer(self, request: Request) -> Response:
        """Logs the request, then answers it: planted pages first."""
        parts = urlsplit(request.path)
        with self._lock:
            self._log.append(request)
            planted = self._overrides.get(request.path) or self._overrides.get(parts.path)
            self._answering += 1
            self._most_at_once = max(self._most_at_once, self._answering)
        try:
            if self.latency:
                time.sleep(self.latency)
            if planted:
                return planted
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            return self.page(request, parts.path, query) or Response(b"<h1>Not found</h1>", status=404)
        finally:
            with self._lock:
                self._answering -= 1

    def page(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        """What the site says at a path; a site that looks at more than the address overrides this."""
        return self._pages(path, query)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stops listening; a connection kept alive gets no further answer."""
        self.closed = True
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(5)
        self._server.server_close()
