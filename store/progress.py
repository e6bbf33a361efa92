"""How far passes have come that are not at their end: counted from the rows that they have left so far. Numbers only, about no person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, func, select

from store import tables as t
from store.database import Database
from store.runs import Runs
from store.words.records import Run

LOOKED_AT = 20  # runs without an end, of which those that a later one of the same kind has followed have broken off


@dataclass(frozen=True, slots=True)
class Progress:
    """A run without an end, and what is kept of it so far: counts by word, and when its newest capture was made (None: it makes none)."""

    run: Run
    counts: dict[str, int]
    last: datetime | None


class ProgressReads(Runs):
    database: Database

    def in_progress(self, authority: str) -> list[Progress]:
        """The runs that began and have not ended, newest first. One that a later run of the same pass, source and operation followed broke off.

        Whether its process still lives no row tells; a crash leaves a run without an end until the next one of its kind begins.
        """
        found = []
        for run in self.runs(authority=authority, unfinished=True, limit=LOOKED_AT):
            newest = self.runs(run.pass_name, run.source, operation=run.operation or "", authority=authority, limit=1)
            if newest and newest[0].id == run.id:
                found.append(run)
        with self.database.reading() as c:
            return [self._so_far(c, run) for run in found]

    def _so_far(self, c: Connection, run: Run) -> Progress:
        kept = t.capture.c
        if run.pass_name in ("crawl", "screenshot", "look", "capture"):
            query = select(kept.kind, func.count(), func.max(kept.ended_at)).where(kept.run == run.id).group_by(kept.kind)
            rows = c.execute(query).all()
            counts = {f"{kind}s kept": int(number) for kind, number, _ in sorted(rows)}
            return Progress(run, counts, max((at for *_, at in rows), default=None))
        made = {"detect": ("examinations", t.examination), "flag": ("flags", t.flag), "link": ("links", t.link)}.get(run.pass_name)
        return Progress(run, {made[0]: _since(c, made[1], run.started_at)} if made else {}, None)


def _since(c: Connection, table: Table, moment: datetime) -> int:
    """How many rows a table got since a moment, by their numbers; it reads no further back than that."""
    before = c.execute(select(table.c.id).where(table.c.at < moment).order_by(table.c.id.desc()).limit(1)).scalar() or 0
    return int(c.execute(select(func.max(table.c.id))).scalar() or 0) - int(before)
