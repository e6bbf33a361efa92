"""Keeping and reading what a crawl fetches, in a process of its own beside the one that asks: batches share one flush and one transaction.

The crawl's own process only fetches: while it waits for a disk or a parser it could ask nothing, and Python does one thing at a time.
Jobs go over a socket pair, in order; whatever has arrived while a batch was at work is the next batch. Of each batch the bytes are on
the disk before a transaction says so, and an answer goes back after that has been committed: what was not kept is not read.
The process is forked before anything is opened, and ends when its parent does.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import pickle
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import structlog

from crawler.images import image_of
from crawler.pages import page_of
from crawler.processes import end_with
from crawler.reading import Read, keep_page, parse_page
from crawler.source import Source
from store.archive import ArchiveError, ArchiveWriter, InUse
from store.store import Store
from store.words.records import Capture, Image, Run

if TYPE_CHECKING:
    from store.config import Home

log = structlog.get_logger()
Finish = Callable[[], Any]
PATIENCE = 10.0  # seconds
_LENGTH = 8  # bytes before each message that say how long it is


@dataclass(frozen=True)
class Work:
    """The jobs. Each does what needs no transaction at once, and gives a function that does the rest within one."""

    store: Store
    writer: ArchiveWriter
    source: Source
    run: Run
    purpose: str

    def keep(self, capture: Capture, payload: bytes, request_body: bytes | None) -> Finish:
        written = self.store.write(self.writer, capture, payload, request_body)
        return lambda: self.store.keep_written(self.writer, [written], actor=self.run.actor, purpose=self.purpose)[0]

    def keep_rendered(self, capture: Capture, payload: bytes, parts: Sequence[tuple[Capture, bytes]]) -> Finish:
        return lambda: self.store.keep_rendered(self.writer, capture, payload, parts, actor=self.run.actor, purpose=self.purpose)

    def read(self, capture: Capture, body: bytes) -> Finish:
        parsed = parse_page(self.source, capture, page_of(capture, body))
        return lambda: keep_page(self.store, self.source, capture, parsed, self.run.id)

    def picture(self, capture: Capture, body: bytes, wanted: Sequence[tuple[int, int]]) -> Finish:
        image = image_of(capture, body)

        def finish() -> Image:
            self.store.keep_image(image)
            self.join(image.sha256, image.capture, wanted)()
            return image

        return finish

    def join(self, image: str, capture: int, wanted: Sequence[tuple[int, int]]) -> Finish:
        def finish() -> None:
            for reading, position in wanted:
                self.store.join_image(reading, position, image, capture)

        return finish

    def do(self, jobs: Sequence[tuple[int, str, tuple[Any, ...]]]) -> list[tuple[int, Any]]:
        """The answers to numbered jobs, in order; of one that failed its error. One that fails fails alone."""
        ready: list[tuple[int, Finish]] = []
        answers: dict[int, Any] = {}
        with self.writer.together(), self.store.database.reading():
            for number, name, arguments in jobs:
                try:
                    ready.append((number, getattr(self, name)(*arguments)))
                except Exception as error:
                    answers[number] = error
        try:
            with self.store.database.writing():
                answers |= {number: finish() for number, finish in ready}
        except Exception as error:  # nothing of it was committed: each by itself
            log.warning(
                "a batch failed together, and each job of it is done by itself", jobs=len(ready), error=f"{type(error).__name__}: {error}"
            )
            answers |= {number: _alone(self.store, finish) for number, finish in ready}
        return sorted(answers.items())


def _alone(store: Store, finish: Finish) -> Any:
    try:
        with store.database.writing():
            return finish()
    except Exception as error:
        return error


class Keeper:
    """What the crawl asks for. Each raises what the work raised."""

    ended = ""  # how it ended before its time: nothing that it was given since was kept or read
    killed = False  # it was ended by a signal from without, not by an error of its own

    async def ask(self, name: str, *arguments: Any) -> Any:
        raise NotImplementedError

    async def keep(self, capture: Capture, payload: bytes, request_body: bytes | None) -> Capture:
        kept: Capture = await self.ask("keep", capture, payload, request_body)
        return kept

    async def keep_rendered(self, capture: Capture, payload: bytes, parts: Sequence[tuple[Capture, bytes]]) -> Capture:
        kept: Capture = await self.ask("keep_rendered", capture, payload, parts)
        return kept

    async def read(self, capture: Capture, body: bytes) -> Read:
        read: Read = await self.ask("read", capture, body)
        return read

    async def picture(self, capture: Capture, body: bytes, wanted: Sequence[tuple[int, int]]) -> Image:
        """Keep a picture, and join it to the (reading, position) that want it."""
        image: Image = await self.ask("picture", capture, body, wanted)
        return image

    async def join(self, image: str, capture: int, wanted: Sequence[tuple[int, int]]) -> None:
        await self.ask("join", image, capture, wanted)


class Here(Keeper):
    """In this process, each job at once: for a look at a few pages."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def ask(self, name: str, *arguments: Any) -> Any:
        [(_, answer)] = self.work.do([(0, name, arguments)])
        if isinstance(answer, Exception):
            raise answer
        return answer


class Beside(Keeper, asyncio.Protocol):
    """The parent's end of the process that keeps. Fork it before anything is opened; `begin` tells it what for."""

    def __init__(self, home: Home) -> None:
        self._socket, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            self._socket.close()
            _live(theirs, home, parent)
        theirs.close()
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._link: asyncio.Future[Any] | None = None
        self._messages = Messages()

    def begin(self, source: Source, run: Run, purpose: str) -> str:
        """Open the store and the run's segment there; what was repaired of a broken tail. Raises what opening raised."""
        self._socket.sendall(packed((source, run, purpose)))
        while True:
            if not (data := self._socket.recv(1 << 16)):
                raise ArchiveError("the process that keeps has ended")
            for answer in self._messages.of(data):
                if isinstance(answer, Exception):
                    raise answer
                return str(answer)

    def close(self) -> None:
        """Let it do what it was given, and wait for its end."""
        with suppress(OSError):  # it has closed its end already
            self._socket.setblocking(True)
            self._socket.shutdown(socket.SHUT_WR)
            while self._socket.recv(1 << 16):
                pass
        self._socket.close()
        if not self.ended:
            os.waitpid(self.pid, 0)

    async def ask(self, name: str, *arguments: Any) -> Any:
        if self._link is None:
            self._link = asyncio.ensure_future(asyncio.get_running_loop().create_connection(lambda: self, sock=self._socket))
        transport, _ = await self._link
        if self.ended:
            raise ArchiveError(self.ended)
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        transport.write(packed((number, name, arguments)))
        return await answer

    def data_received(self, data: bytes) -> None:
        for number, answer in self._messages.of(data):
            future = self._waiting.pop(number)
            if future.done():  # nobody waits for it any more
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.killed = status < 0
        self.ended = f"the process that keeps {f'was killed (signal {-status})' if self.killed else f'ended with status {status}'}"
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ArchiveError(self.ended))
        self._waiting.clear()


# -- the process -------------------------------------------------------------------------------------------------------------
def _live(link: socket.socket, home: Home, parent: int) -> None:
    """All that the forked process does. It never returns."""
    status = 1
    try:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # the crawl ends its requests that are on their way, and needs them kept
        os.closerange(3, link.fileno())  # the unit's locks go with the crawl's own process
        os.closerange(link.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
        end_with(parent, signal.SIGKILL)  # what the crawl had not been told is kept is asked for again
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a crawl says there is read by a program
        _serve(link, home)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _serve(link: socket.socket, home: Home) -> None:
    batches = received(link)
    if not (begun := next(batches, None)):
        return
    [(source, run, purpose)] = begun
    from crawler.unit import log_of, log_to

    log_to(log_of(home, run))
    try:
        store = Store.at(home)
        writer = _writer(store, run)
    except Exception as error:
        link.sendall(packed(_carried(error)))
        return
    with store, writer:
        link.sendall(packed(writer.repaired))
        work = Work(store, writer, source, run, purpose)
        for batch in batches:
            for jobs in _without_repeats(batch):
                link.sendall(b"".join(packed((number, _carried(answer))) for number, answer in work.do(jobs)))


def _writer(store: Store, run: Run) -> ArchiveWriter:
    """The run's writer. One that a killed crawl left is gone in a moment, and what it committed until then counts."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return store.archive.writer(run.id)
        except InUse:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _without_repeats(batch: Sequence[tuple[int, str, tuple[Any, ...]]]) -> Iterator[list[tuple[int, str, tuple[Any, ...]]]]:
    """The batch in parts in which no payload comes twice: the second is a revisit of the first, which must have its row by then."""
    jobs: list[tuple[int, str, tuple[Any, ...]]] = []
    seen: set[bytes] = set()
    for each in batch:
        digest = sha256(each[2][1]).digest() if each[1] == "keep" else b""
        if digest in seen:
            yield jobs
            jobs, seen = [], set()
        if digest:
            seen.add(digest)
        jobs.append(each)
    yield jobs


def _carried(answer: Any) -> Any:
    """An answer fit to be sent: an error that cannot be pickled goes as its words."""
    if isinstance(answer, Exception):
        try:
            pickle.loads(pickle.dumps(answer))  # noqa: S301  # our own, of a moment ago
        except Exception:
            return RuntimeError(f"{type(answer).__name__}: {answer}")
    return answer


# -- messages ----------------------------------------------------------------------------------------------------------------
def packed(message: Any) -> bytes:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(_LENGTH, "big") + data


class Messages:
    """Whole messages out of a stream of bytes."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def of(self, data: bytes) -> list[Any]:
        self._rest += data
        found, at = [], 0
        while len(self._rest) - at >= _LENGTH:
            end = at + _LENGTH + int.from_bytes(self._rest[at : at + _LENGTH], "big")
            if end > len(self._rest):
                break
            found.append(pickle.loads(memoryview(self._rest)[at + _LENGTH : end]))  # noqa: S301  # from our own process, over a pair of sockets that nobody else has
            at = end
        del self._rest[:at]
        return found


def received(link: socket.socket) -> Iterator[list[Any]]:
    """All messages that have arrived, again and again, waiting where there is none; ends when the other end has closed."""
    messages = Messages()
    while True:
        batch: list[Any] = []
        while not batch or select.select([link], [], [], 0)[0]:
            data = link.recv(1 << 20)
            if not data:
                if batch:
                    yield batch
                return
            batch += messages.of(data)
        yield batch
