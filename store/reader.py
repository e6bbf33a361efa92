"""What every noun's read methods stand on: the store, and a note of what was shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.store import Store
    from store.words.records import Actor


class Reader:
    """The ground of `Acting`. A method that reads personal data calls `shown` with the rows it gives out."""

    store: Store
    actor: Actor

    def shown(self, kind: str, ids: Iterable[int | None]) -> None:
        raise AttributeError("read through store.acting(actor, purpose=…)")
