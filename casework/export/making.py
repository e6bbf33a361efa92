"""What is of an export and not of the case: the folder export/ with the event of its making, the log since the seal, and what signs or dates it.

`ADDERS` is where more is put into it: each is called with the `Making` before the folder's own manifest is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casework.export import bag, log
from casework.export.attest import attest
from casework.export.gather import Material
from store.config import Home
from store.seals import Seal
from store.store import Store
from store.words.records import Verb, canonical

FORMAT = "touchstone-export/1"
PURPOSE = "case export"


@dataclass(frozen=True)
class Making:
    """One export under way. `head` is the pack's head; what signs or stamps the pack does so over `folder`/head.json, which it is the digest of."""

    store: Store
    home: Home
    seal: Seal
    folder: Path  # the pack's
    head: str
    actor: str
    notes: list[str] = field(default_factory=list)  # sentences for the officer
    event: dict[str, Any] = field(default_factory=dict)  # the disclosure that this export recorded

    @property
    def export(self) -> Path:
        return self.folder / bag.EXPORT


ADDERS: tuple[Callable[[Making], None], ...] = (attest,)


def write_export(making: Making, m: Material) -> None:
    """Write export/: log.jsonl from the event after the seal to the log's end, export.json, what each adder adds, and the manifest of these."""
    making.export.mkdir()
    end = log.write_log(making.store, m, making.export / "log.jsonl", making.seal.event, making.store.log_head()[0])
    event = making.event
    event |= _own_event(making, end["seq"])
    said = {
        "format": FORMAT, "case": making.seal.case, "seal": making.seal.event, "head": making.head, "event": event["seq"],
        "made_at": event["at"], "log": end,
    }  # fmt: skip
    (making.export / "export.json").write_bytes(canonical(said))
    for add in ADDERS:
        add(making)
    rows = {name: bag.sha256_file(path) for name, path in bag.files(making.export)}
    (making.export / bag.MANIFEST).write_bytes(bag.manifest(rows))


def _own_event(making: Making, upto: int) -> dict[str, Any]:
    """The disclosure that this export recorded: other passes may have written to the log meanwhile."""
    wanted = {"verb": str(Verb.disclosure), "actor": making.actor, "case": making.seal.case, "purpose": PURPOSE}
    mine = [
        e.body
        for e in log.events(making.store, upto, making.seal.event)
        if all(e.body.get(k) == v for k, v in wanted.items()) and e.body["detail"].get("head") == making.head
    ]
    return dict(mine[-1])
