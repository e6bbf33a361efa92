"""Sources: their health, what is read of one that is tried, and what would be read at a new address.

What is asked of a site is asked by the crawler's own code, with its manners, its gates and its rules about addresses: a page of the desk reaches no
address that `touchstone source new` would not.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.desk.app import Entry
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from casework.operations import find_operations
from store.errors import TouchstoneError
from store.health import FIELDS

if TYPE_CHECKING:
    from crawler.source import Source

router = APIRouter()
NAV = Entry("Sources", "/sources", Action.source_view, 100)
RUNS = 5  # crawls that a source's page shows
_LOOKING = threading.BoundedSemaphore(2)  # each look holds a thread for as long as a site's manners take


@router.get("/sources")
def source_list(visit: Annotated[Visit, allowed(Action.source_view)]) -> Response:
    import crawler.source

    found, broken = [], []
    for path in visit.home.configs("sources") if _ours(visit) else []:
        try:
            found.append(crawler.source.read_source(path))
        except TouchstoneError as error:
            broken.append(str(error))
    last = {each.name: next(iter(visit.store.runs("crawl", each.name, limit=1)), None) for each in found}
    return visit.page("sources/list.html", sources=found, last=last, broken=broken)


@router.get("/sources/new")
def source_new_form(visit: Annotated[Visit, allowed(Action.source_try)]) -> Response:
    return visit.page("sources/new.html", url="", why="", error="", made=None)


@router.post("/sources/new")
def source_new(visit: Annotated[Visit, allowed(Action.source_try)], url: Annotated[str, Form(max_length=2000)] = "", why: Annotated[str, Form(max_length=300)] = "") -> Response:  # fmt: skip
    """Look at an address as `touchstone source new` does, and show what would be read. No file is written."""
    import crawler.look

    url, why = url.strip(), " ".join(why.split()) or visit.reason
    try:
        if not _ours(visit):
            raise TouchstoneError("sources are of this installation's own authority")
        if not why:
            raise TouchstoneError("Say why it is looked at: looking is collecting, and stands in the log.")
        with _turn():
            made = crawler.look.draft_for(visit.home, url, crawler.look.name_for(url), actor=visit.actor, why=why)
    except TouchstoneError as error:
        return visit.page("sources/new.html", 400, url=url, why=why, error=str(error), made=None)
    return visit.page("sources/new.html", url=url, why=why, error="", made=made, name=crawler.look.name_for(url))


@router.get("/sources/{name}")
def source_show(visit: Annotated[Visit, allowed(Action.source_view)], name: str) -> Response:
    return _page(visit, _source(visit, name))


@router.post("/sources/{name}/try")
def source_try(visit: Annotated[Visit, allowed(Action.source_try)], name: str) -> Response:
    """Read a few of its pages and keep nothing of them, as `touchstone source try` does."""
    import crawler.trying

    source = _source(visit, name)
    try:
        with _turn():
            tried = crawler.trying.attempt(visit.home, source.name)
    except TouchstoneError as error:
        return _page(visit, source, error=str(error), status=400)
    detail = {"source": source.name, "pages": len(tried["pages"])}
    visit.store.note_consultation(visit.actor, purpose="source try", justification=visit.reason, detail=detail)
    return _page(visit, source, tried=tried)


def _ours(visit: Visit) -> bool:
    """Sources are the files of this installation's authority; to another's people there are none."""
    return visit.authority == visit.home.settings.authority.code


def _source(visit: Visit, name: str) -> Source:
    import crawler.source

    if not _ours(visit) or not re.fullmatch(r"\w+", name) or name not in {path.stem for path in visit.home.configs("sources")}:
        raise HTTPException(404)
    return crawler.source.find_sources(visit.home, [name])[0]


@contextmanager
def _turn() -> Iterator[None]:
    if not _LOOKING.acquire(blocking=False):
        raise TouchstoneError("Two others are looking at sites already. Wait a minute and send it again.")
    try:
        yield
    finally:
        _LOOKING.release()


def _page(visit: Visit, source: Source, *, tried: Any = None, error: str = "", status: int = 200) -> Response:
    import crawler.health

    try:
        stated = find_operations(visit.home)
    except TouchstoneError:  # its own page says what is wrong with it
        stated = []
    alarms = crawler.health.check(visit.store, visit.home, source, operations=stated)
    return visit.page(
        "sources/one.html", status, source=source, alarms=alarms, recent=visit.store.yields(source.name, RUNS), fields=FIELDS,
        tried=tried, error=error,
    )  # fmt: skip
