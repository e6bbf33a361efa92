"""The first page: what ran, what failed, what is next, and what waits for somebody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from casework import ahead, operations, schedule
from casework.desk import live, people
from casework.desk.app import Entry
from casework.desk.own import path_of
from casework.desk.pages.proposals import may_answer
from casework.desk.settings import Action
from casework.desk.visit import TOKEN, Visit, allowed
from store.accounts import SignIn
from store.errors import TouchstoneError
from store.proposals import Proposal
from store.words.dates import LONDON
from store.words.records import Level, Outcome

router = APIRouter()
NAV = Entry("Today", "/", Action.today_view, 10)
LEVELS = (Level.priority, Level.review, Level.note)
MOST = 8  # rows of a list here; the pages of each have the rest


@router.get("/")
def today(visit: Annotated[Visit, allowed(Action.today_view)], first: bool = False) -> Response:
    now, store = datetime.now(UTC), visit.store
    runs = store.runs(authority=visit.authority, limit=MOST)
    since = last_sign_in(visit)
    return visit.page(
        "today/today.html", now=now, runs=runs, running=live.lines(store.in_progress(visit.authority)), failed=ahead.failed(store, visit.authority)[:MOST],
        since=since, levels=levels(visit, since) if visit.may("queue.view") else [], plan=_plan(visit, now), sources=_sources(visit), visits=_visits(visit, now, first),
        first=first, good=Outcome.good, asked=_asked(visit), path_of=path_of,
    )  # fmt: skip


@router.get("/today/events")
def today_events(request: Request, visit: Annotated[Visit, allowed(Action.today_view)]) -> Response:
    """Server-sent events: `progress` with the runs in progress, `ended` when the session has."""
    state = request.app.state
    if not hasattr(state, "streams"):
        state.streams, state.watch = live.Streams(), live.Watch(visit.store)
    authority, watch = visit.authority, state.watch
    told = live.events(
        visit.store,
        visit.desk.settings.sign_in,
        people.digest(request.cookies.get(TOKEN, "")),
        lambda: watch.now(authority),
        state.streams,
        visit.actor,
    )
    return StreamingResponse(told, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def last_sign_in(visit: Visit) -> datetime | None:
    """When this person signed in before this time; None where this is the first."""
    good = [at for says, _, at in visit.store.sign_ins(visit.actor, 100) if says is SignIn.good and at <= visit.session.began_at]
    return good[1] if len(good) > 1 else None


def levels(visit: Visit, since: datetime | None) -> list[tuple[Level, int, int | None]]:
    """(level, listings that stand at it, of them flagged since the last sign-in)."""
    standing = visit.store.standing_at()
    new = visit.store.levels_since(since) if since else None
    return [(level, standing.get(level, 0), None if new is None else new.get(level, 0)) for level in LEVELS]


def _plan(visit: Visit, now: datetime) -> dict[str, Any]:
    """What is due next and which authorisations end; a sentence in the place of both where a file is not in order."""
    if not visit.may("operation.view") or visit.authority != visit.home.settings.authority.code:
        return {"next": [], "ending": [], "problem": "", "shown": False}
    try:
        stated = operations.find_operations(visit.home)
        ending = ahead.ending(stated, now, visit.desk.settings.today.authorisation_days)
        return {"next": schedule.entries(visit.store, visit.home, now)[:MOST], "ending": ending, "problem": "", "shown": True}
    except TouchstoneError as error:
        return {"next": [], "ending": [], "problem": str(error), "shown": True}


def _sources(visit: Visit) -> list[Any] | None:
    """Sources whose last crawl did not go well, or that were never crawled: (name, last run). None where there is no source or nobody may see them."""
    if not visit.may("source.view") or visit.authority != visit.home.settings.authority.code:
        return None
    names = [path.stem for path in visit.home.configs("sources")]
    last = [(name, next(iter(visit.store.runs("crawl", name, authority=visit.authority, limit=1)), None)) for name in names]
    ill = [(name, run) for name, run in last if run is None or (run.ended_at is not None and run.outcome is not Outcome.good)]
    return ill[:MOST] if names else None


def _asked(visit: Visit) -> tuple[int, list[Proposal]]:
    """How many requests wait for this person's answer; and the exports that they asked for and may make now."""
    own = [each for each in visit.store.proposals() if each.authority == visit.authority]
    granted = [each for each in own if each.act == "export" and each.state == "approved" and each.actor == visit.actor]
    return sum(each.state == "open" and may_answer(visit, each) for each in own), granted if visit.may("export.propose") else []


def _visits(visit: Visit, now: datetime, first: bool) -> Any:
    """The premises that this person was given for today; with `first`, those that rank first, which is a look at what leads to them."""
    from premises.rank import rank

    if not visit.may("premises.view"):
        return None
    with visit.reading("today") as reader:
        given = reader.given(visit.actor, f"{now.astimezone(LONDON):%Y-%m-%d}")
        places = {place.id: place for place in reader.premises(given)} if given else {}
        ranked = rank(reader, limit=5, home=visit.home) if first else []
    return {"given": [places[number] for number in given if number in places], "ranked": ranked}
