"""What is known of the connection that an answer came over: what its name led to, and the certificates that the server showed.

Scrapy reports the leaf certificate and the server's address. The rest of what a server sent is read from the connection itself, and
each name's whole answer at the look-up, where Scrapy would keep the first address only. Both lean on Scrapy's own classes, which is
why its version is pinned.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from OpenSSL import crypto
from scrapy import Request
from scrapy.core.downloader.handlers import http11
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver, dnscache
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet import threads
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import DNSLookupError
from twisted.python.failure import Failure

UNKNOWN = "unknown"
CHAIN = "certificate_chain"  # the request's meta key of what its connection showed


@dataclass(frozen=True, slots=True)
class Connection:
    """The fields of a Capture that are about its connection."""

    http_version: str
    certificate: str
    certificate_chain: tuple[str, ...]


def connection_of(request: Request, response: Response) -> Connection:
    """What the library reports of an answer's connection. A browser names no certificate's digest: "unknown" where there was one."""
    version = str(response.protocol or "")
    if not response.url.lower().startswith("https:"):
        return Connection(version, "", ())
    leaf = digest_of(response.certificate.original) if response.certificate is not None else UNKNOWN
    chain = tuple(request.meta.get(CHAIN, ()))
    return Connection(version, leaf, chain if chain[:1] == (leaf,) else ())


def digest_of(certificate: crypto.X509) -> str:
    """SHA-256 of the certificate as it is on the wire (DER): what browsers and Certificate Transparency logs show as its fingerprint."""
    return sha256(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)).hexdigest()


class Resolver(CachingThreadedResolver):
    """Looks names up, IPv4 as Scrapy's own does, and tells `found` every address of an answer; the first is the one used."""

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        if name in dnscache:
            return succeed(dnscache[name])
        reactor: Any = self.reactor
        looked: Deferred[Any] = threads.deferToThreadPool(reactor, reactor.getThreadPool(), socket.gethostbyname_ex, name)
        looked.addTimeout(self.timeout, reactor)
        return looked.addCallbacks(self._first, self._not_found, callbackArgs=(name,), errbackArgs=(name,))

    def _first(self, answer: tuple[str, list[str], list[str]], name: str) -> str:
        addresses = tuple(answer[2])
        if addresses != (name,):  # else it was written as a number, and nobody was asked
            self.found(name, addresses)
        if dnscache.limit:
            dnscache[name] = addresses[0]
        return addresses[0]

    @staticmethod
    def _not_found(failure: Failure, name: str) -> str:
        raise DNSLookupError(f"{name} was not found: {failure.getErrorMessage() or 'no answer in time'}")

    def found(self, name: str, addresses: tuple[str, ...]) -> None:
        """Called with each answer, before a connection is made."""


class _Protocol(http11._LenientHTTP11ClientProtocol):
    """Puts the digests of the certificates that the server sent, leaf first, beside each of its answers."""

    chain: tuple[str, ...] | None = None

    def request(self, request: Any) -> Deferred[Any]:
        answered: Deferred[Any] = super().request(request)
        return answered.addCallback(self._with_chain)

    def _with_chain(self, response: Any) -> Any:
        if self.chain is None:  # once a connection: the handshake is over when an answer is here
            handle = getattr(self.transport, "getHandle", lambda: None)()
            shown = getattr(handle, "get_peer_cert_chain", lambda: None)()
            self.chain = tuple(digest_of(each) for each in shown or ())
        response.certificate_chain = self.chain
        return response


class _Factory(http11._LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> Any:
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class _Agent(http11._ScrapyAgent):
    """The one place where Scrapy holds both its request and Twisted's answer."""

    def _cb_bodyready(self, txresponse: Any, request: Request) -> Any:
        request.meta[CHAIN] = getattr(txresponse, "certificate_chain", ())
        return super()._cb_bodyready(txresponse, request)


class Handler(http11.HTTP11DownloadHandler):
    """Scrapy's handler of HTTP/1.1, over connections that tell their certificates."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._pool._factory = _Factory

    async def download_request(self, request: Request) -> Response:
        agent = _Agent(
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler,
            tls_verbose_logging=self._tls_verbose_logging,
        )
        with wrap_twisted_exceptions():
            return await maybe_deferred_to_future(agent.download_request(request))
