"""A limit to how long one page may be read: a stranger wrote it, and a crawl waits for it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooLong(Exception):
    """A page took longer to read than any honest page does."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TooLong where what is done here takes more than so many seconds of processor time.

    By the timer of the process's own time (SIGVTALRM), so that a loaded machine reads no page otherwise than an idle one. It belongs to
    the main thread, where a crawl reads; elsewhere, and on systems without it, there is no limit.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLong(f"reading this page took more than {seconds:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    # and again after as long: what is raised within a callback of C, or while rubbish is collected, is lost there
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
