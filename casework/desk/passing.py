"""What is held in memory for a few minutes and never written: pictures that somebody asks about."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from casework.alike import Answer

MINUTES = 15
MOST = 20  # at once; the oldest goes


@dataclass(frozen=True, slots=True)
class Question:
    """A picture that a person asked about: its pixels as a PNG, and what it was found to be like."""

    actor: str
    png: bytes
    answer: Answer
    at: float


class Passing:
    """Questions by a word that nobody guesses, each for the person who asked."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Question] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, actor: str, png: bytes, answer: Answer) -> str:
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._held[token] = Question(actor, png, answer, time.monotonic())
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return token

    def get(self, token: str, actor: str) -> Question | None:
        """The question, if this person asked it and its minutes are not over."""
        with self._lock:
            for old in [each for each, q in self._held.items() if time.monotonic() - q.at > MINUTES * 60]:
                del self._held[old]
            found = self._held.get(token)
        return found if found is not None and found.actor == actor else None
