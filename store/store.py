"""The one door to the database and the archive.

`Store` writes, and reads what is about no person (runs, methods, references, registers, counts). Everything else is read through
`store.acting(actor, purpose=…, justification=…)`: the object it gives has the read methods, and leaves one event in the audit log
that lists what it showed. Direct access to the database is outside that log; docs/limits.md says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from store import audit, integrity, lookups, migrations
from store import tables as t
from store.accounts import Accounts
from store.advert_erasure import AdvertErasure
from store.archive import Archive
from store.assignments import AssignmentReads, AssignmentWrites
from store.attribution import AttributionReads, AttributionWrites
from store.captures import CaptureWrites, newest_locations
from store.casefile import CaseFileReads, CaseFileWrites
from store.cases import CaseReads, CaseWrites
from store.clearances import ClearanceReads, ClearanceWrites
from store.config import Home
from store.database import Database
from store.disclosure import DisclosureReads, DisclosureWrites
from store.drafts import DraftReads, DraftWrites
from store.erasure import PAYLOAD
from store.errors import TouchstoneError
from store.exhibits import ExhibitReads, ExhibitWrites
from store.findings import FindingWrites
from store.followup import FollowUpReads, FollowUpWrites
from store.health import HealthReads, UnreadReads
from store.history import HistoryReads
from store.intelligence import IntelligenceReads, IntelligenceWrites
from store.inventory import InventoryReads
from store.lookups import LookupErasure, LookupReads
from store.meetings import MeetingReads
from store.money import MoneyReads, MoneyWrites
from store.nearest import Nearest, index_folder
from store.network import NetworkReads, NetworkWrites
from store.notes import NoteReads
from store.occupants import OccupantReads, OccupantWrites
from store.operations import OperationReads, OperationWrites
from store.pictures import PictureRules
from store.progress import ProgressReads
from store.proposals import ProposalWrites
from store.queue import QueueReads
from store.ranking import RankingReads, RankingWrites
from store.recorded import RecordedErasure
from store.referrals import ReferralReads, ReferralWrites
from store.registers import RegisterReads, RegisterWrites
from store.relevant import RelevantReads
from store.retention import RetentionWrites
from store.review import ReviewReads
from store.rules import DataRules, read_rules
from store.said import SaidErasure
from store.samples import SampleReads, SampleWrites
from store.saved import SavedReads, SavedWrites
from store.seals import SealReads, SealWrites
from store.search import SearchReads
from store.second import SecondReads
from store.sellers import SellerReads
from store.shelf import ShelfWrites
from store.sighted import SightedReads
from store.sightings import SightingWrites
from store.subjects import SubjectReads, SubjectWrites
from store.tokens import Tokens
from store.trust import TrustWrites
from store.windows import WindowReads
from store.words.records import Actor, Authority, Event, Verb
from store.working import WorkingReads

SYSTEM = "system"


@lookups.logged
class Acting(
    MeetingReads, HistoryReads, SellerReads, NetworkReads, SightedReads, RegisterReads, OccupantReads, AttributionReads, CaseReads, SampleReads, OperationReads,
    RankingReads, FollowUpReads, CaseFileReads, ExhibitReads, DraftReads, LookupReads, WindowReads, UnreadReads, ReviewReads,
    SubjectReads, SealReads, IntelligenceReads, ReferralReads, MoneyReads, DisclosureReads, RelevantReads, QueueReads, AssignmentReads, NoteReads,
    ClearanceReads, SavedReads, SecondReads, WorkingReads, SearchReads,
):  # fmt: skip
    """Reading on somebody's behalf, for a purpose. Made by `Store.acting` only."""

    def __init__(self, store: Store, actor: Actor, purpose: str, justification: str, run: str | None, case: str | None) -> None:
        self.store, self.actor, self.purpose, self.justification, self.run, self.case = store, actor, purpose, justification, run, case
        self._shown: dict[str, set[int]] = defaultdict(set)
        self._closed = self._within = False
        self._asked: Counter[str] = Counter()
        self._lookups: list[Any] = []

    def shown(self, kind: str, ids: Iterable[int | None]) -> None:
        """Note that rows were given out. Kept in memory until the context ends, when they become one event.

        Raises TouchstoneError once it has ended: what is read then would be in no event.
        """
        if self._closed:
            raise TouchstoneError("this reading is over and logged; open another with store.acting(…)")
        self._shown[kind].update(i for i in ids if i is not None)

    def disclose(self, recipient: str, detail: Mapping[str, Any], holds: Mapping[str, Iterable[int]] | None = None) -> None:
        """Record that what this context showed leaves the store (an export, a pack), and to whom. `holds`: the rows that leave, by the words that
        events use, where they are fewer than were read to find them."""
        self._record(Verb.disclosure, {"recipient": recipient, **detail}, holds)

    def close(self) -> None:
        """End the reading. It is an event where something was shown, and where a person asked and nothing was: a search that finds nobody is one."""
        self._closed = True
        if any(self._shown.values()) or (self._asked and self.actor.is_person):
            self._record(Verb.consultation, {})

    def _record(self, verb: Verb, detail: Mapping[str, Any], of: Mapping[str, Iterable[int]] | None = None) -> None:
        subjects = {kind: sorted(ids) for kind, ids in sorted((self._shown if of is None else of).items()) if ids}
        asked, words = lookups.noted(self._asked), self._lookups
        self._asked, self._lookups = Counter(), []
        with self.store.database.writing() as c:
            said = lookups.keep(c, self.actor.id, words, self.store.retain_until())
            audit.append(
                self.store.database,
                c,
                verb,
                actor=self.actor.id,
                purpose=self.purpose,
                justification=self.justification,
                run=self.run,
                case=self.case,
                subjects=subjects,
                detail={**detail, **asked, **said},
            )


class Store(
    HealthReads, FollowUpWrites, OperationWrites, RetentionWrites, CaptureWrites, SightingWrites, FindingWrites, RegisterWrites, NetworkWrites, CaseWrites, SampleWrites,
    OccupantWrites, AttributionWrites, RankingWrites, SaidErasure, ExhibitWrites, CaseFileWrites, DraftWrites, LookupErasure, AdvertErasure, ProposalWrites, SubjectWrites,
    InventoryReads, SealWrites, TrustWrites, IntelligenceWrites, ReferralWrites, MoneyWrites, RecordedErasure, DisclosureWrites, Accounts, AssignmentWrites, ClearanceWrites, SavedWrites, ShelfWrites, PictureRules, Tokens, ProgressReads,
):  # fmt: skip
    """Writes, and reads about no person. Open one with `Store.open(home)`."""

    def __init__(
        self,
        url: str,
        archive: Path,
        *,
        retention: Mapping[str, int] | None = None,
        max_segment: int = 256 * 2**20,
        rules: DataRules | None = None,
    ) -> None:
        self.rules = rules or DataRules()
        self.database = Database(url)
        self.archive = Archive(archive, max_segment)
        self.retention = dict(retention or {})

    @classmethod
    def open(cls, home: Home) -> Store:
        """The store that a working folder's settings name, its tables brought up to date, its authority and the system actor recorded."""
        settings, store = home.settings, cls.at(home)
        store.migrate()
        store.keep_authority(Authority(settings.authority.code, settings.authority.name, settings.authority.jurisdiction))
        store.keep_actor(Actor(SYSTEM, settings.authority.code, "Touchstone", "system", is_person=False))
        return store

    @classmethod
    def at(cls, home: Home) -> Store:
        """The same store as it is: for a process beside one that has opened it."""
        settings = home.settings
        return cls(settings.store, settings.archive, retention=asdict(settings.retention_days), rules=read_rules(home.file("data.yml")))

    def nearest(self, version: str) -> Nearest:
        """The index of near images for one version of their fingerprints, in files beside the archive."""
        return Nearest(self.database, index_folder(self.archive.folder), version)

    def migrate(self) -> None:
        """Bring the tables up to the newest Alembic revision, and fill what is derived of them where that is new."""
        migrations.upgrade(self.database)
        self.fill_shelf()

    def scrub(self) -> str:
        """Leave nothing of what was erased in the database's own files; a sentence where that could not be done, or ""."""
        with self.database.writing() as c:
            self.compact_shelf(c)
        return self.database.scrub()

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def acting(
        self, actor: str, *, purpose: str, justification: str = "", run: str | None = None, case: str | None = None
    ) -> Iterator[Acting]:
        """Read on behalf of `actor` (known to the store), for a stated purpose. The event is written when the context ends, however it ends.

        Raises TouchstoneError for an unknown actor or an empty purpose.
        """
        if not purpose.strip():
            raise TouchstoneError("reading personal data needs a purpose (DPA 2018 s.62 logs it)")
        who = self.actor(actor)
        if who.is_person and not justification.strip() and self.rules.justification.asked(purpose):
            raise TouchstoneError(f"'{purpose}' wants a reason (--why): configs/data.yml asks for it, and it goes into the log")
        reader = Acting(self, who, purpose, justification, run, case)
        try:
            yield reader
        finally:
            reader.close()

    # -- the log ---------------------------------------------------------------------------------------------------------
    def log(self, after: int = 0, limit: int | None = None) -> list[Event]:
        """Events in order. They hold row numbers and digests, no personal values."""
        with self.database.reading() as c:
            return list(audit.events(c, after, limit))

    def log_before(
        self, before: int | None = None, *, authority: str, limit: int = 50, span: int = 20_000, case: str = "", actor: str = "",
        verbs: Collection[Verb] = (), since: datetime | None = None, until: datetime | None = None, takes: Callable[[Event], bool] | None = None,
    ) -> tuple[list[Event], int]:  # fmt: skip
        """The newest events below number `before` that an authority's people and systems left, and the number below which to go on (0: none is left).

        So many numbers at most are looked through at a time, so that a rare word does not walk the whole log for one page.
        """
        e = t.event.c
        where: list[Any] = [e.actor.in_(select(t.actor.c.id).where(t.actor.c.authority == authority))]
        where += [column == value for column, value in ((e.case_file, case), (e.actor, actor)) if value]
        where += [e.verb.in_([str(verb) for verb in verbs])] if verbs else []
        where += [e.at >= since] if since else []
        where += [e.at < until] if until else []
        with self.database.reading() as c:
            start = min(before, audit.head(c)[0] + 1) if before else audit.head(c)[0] + 1
            found = list(islice(filter(takes, audit.search(c, *where, before=start, span=span)), limit))
        reached = found[-1].seq if len(found) == limit else start - span
        return found, max(0, reached) if reached > 1 else 0

    def note_consultation(self, actor: str, *, purpose: str, justification: str = "", detail: Mapping[str, Any]) -> None:
        """Leave an event of a look at what is about no data subject: the log, the accounts, what passes did."""
        with self.database.writing() as c:
            audit.append(self.database, c, Verb.consultation, actor=actor, purpose=purpose, justification=justification, detail=detail)

    def verify_log(self) -> list[str]:
        """Problems of the log's chain, and of rows that it or their digest contradicts. [] when all hold; `verify` looks at the archive too."""
        with self.database.reading() as c:
            return audit.verify(c) or integrity.rows_that_differ(c)

    def log_head(self) -> tuple[int, str]:
        with self.database.reading() as c:
            return audit.head(c)

    def verify(self) -> list[str]:
        """Problems of the log's chain, of rows that it or their digest contradicts, of places and of the archive. [] when all hold."""
        problems = self.verify_log()
        misplaced = _misplaced(self.database, self.archive)
        if misplaced:  # an erasure meanwhile may have moved a record between the rows and the folder: only what stays is a problem
            again = _misplaced(self.database, self.archive)
            misplaced = [problem for problem in misplaced if problem in again]
        return problems + misplaced + self.archive.verify()


def _misplaced(database: Database, archive: Archive) -> list[str]:
    """Newest places whose segment is not there, and revisits of bytes that are not kept."""
    newest, theirs, kept = newest_locations(), newest_locations(), t.location.alias()
    here = t.location.join(newest, newest.c.id == t.location.c.id)
    holder = here.outerjoin(theirs, theirs.c.capture == t.location.c.payload_of).outerjoin(kept, kept.c.id == theirs.c.id)
    place, unkept = t.location.c, kept.c.record_type.is_(None) | kept.c.record_type.not_in(PAYLOAD)
    with database.reading() as c:
        used = c.execute(
            select(place.segment, func.count(), func.min(place.capture)).select_from(here).group_by(place.segment).order_by(place.segment)
        ).all()
        revisits = (
            select(place.capture, place.payload_of, kept.c.record_type).select_from(holder).where(place.record_type == "revisit", unkept)
        )
        broken = c.execute(revisits.order_by(place.capture)).all()
    files = set(archive.segments())
    return [
        *(
            f"{name}: the segment is missing; {n} records that the store needs are in it, the first is capture {first}'s"
            for name, n, first in used
            if name not in files
        ),
        *(
            f"capture {c} takes its bytes from capture {of}, which holds none: its record is a {kind or 'missing one'}"
            for c, of, kind in broken
        ),
    ]
