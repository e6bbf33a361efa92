"""The read API, version 1: JSON in pages by key, for programs with a token. Each request is an event with the token's person. docs/desk.md"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from casework.desk import answers, keys
from casework.desk.answers import Problem
from casework.desk.keys import Program, Scope
from store.errors import TouchstoneError

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "What was asked for cannot be read so"},
    401: {"model": Problem, "description": "No token, or none that lives"},
    403: {"model": Problem, "description": "A token without this scope, or of a person whose role may not"},
    404: {"model": Problem, "description": "There is none of that number"},
    422: {"model": Problem, "description": "A parameter is not as it must be"},
    429: {"model": Problem, "description": "Too many requests in a minute"},
}
router = APIRouter(prefix="/api/v1", responses=REFUSALS)
BIGGEST = 2**63 - 1  # a row's number fits into 64 bits
Number = Annotated[int, Path(ge=1, le=BIGGEST, description="the row's number")]
After = Annotated[int, Query(ge=0, le=BIGGEST, description="the next of the page before")]
Limit = Annotated[int, Query(ge=1, le=200, description="rows of a page at most")]
Named = Annotated[str, Query(pattern=r"^\w{0,80}$", description="only this source")]


@router.get("/listings")
def listings(
    program: Annotated[Program, keys.keyed(Scope.listings)], after: After = 0, limit: Limit = 50, source: Named = ""
) -> answers.Listings:
    """Listings as they last read, in order of arrival."""
    with program.reading() as reader:
        rows = reader.summaries(after=after, limit=limit, source=source or None, sighted=False)
    return answers.Listings(items=[answers.listing(row) for row in rows], next=rows[-1].listing.id if len(rows) == limit else None)


@router.get("/listings/{number}")
def listing(program: Annotated[Program, keys.keyed(Scope.listings)], number: Number) -> answers.ListingWhole:
    """One listing with its flag and its findings, for and against."""
    with program.reading() as reader:
        rows = reader.summaries(numbers=[number], sighted=False)
        if not rows:
            raise HTTPException(404, f"There is no listing {number}.")
        found = reader.findings_of(reader.subjects_of([number])[number])
        others = {other for each in found for pointer in each.finding.pointers if isinstance(other := pointer.detail.get("listing"), int)}
        told = reader.told(others)
        found = [each for each in found if not told & {pointer.detail.get("listing") for pointer in each.finding.pointers}]
        return answers.whole(rows[0], reader.flag(number), found)


@router.get("/sellers")
def sellers(program: Annotated[Program, keys.keyed(Scope.sellers)], after: After = 0, limit: Limit = 50) -> answers.Accounts:
    """Accounts on sources, in order of arrival."""
    with program.reading() as reader:
        rows = reader.sellers(after=after, limit=limit, sighted=False)
    return answers.Accounts(items=[answers.account(row) for row in rows], next=rows[-1].id if len(rows) == limit else None)


@router.get("/premises")
def premises(program: Annotated[Program, keys.keyed(Scope.premises)], after: After = 0, limit: Limit = 50) -> answers.Places:
    """Buildings and units, in order of arrival."""
    with program.reading() as reader:
        rows = reader.premises(after=after, limit=limit)
    return answers.Places(items=[answers.place(row) for row in rows], next=rows[-1].id if len(rows) == limit else None)


@router.get("/cases")
def cases(
    program: Annotated[Program, keys.keyed(Scope.cases)], after: Annotated[str, Query(max_length=80)] = "", limit: Limit = 50
) -> answers.Cases:
    """Cases of the token's authority, by reference: what they are called, and nothing that is in them."""
    program.asked("cases")
    rows = [each for each in program.store.cases() if each.authority == program.token.authority and each.reference > after]
    page = sorted(rows, key=lambda each: each.reference)[:limit]
    return answers.Cases(items=[answers.case(each) for each in page], next=page[-1].reference if len(page) < len(rows) else None)


@router.get("/runs")
def runs(
    program: Annotated[Program, keys.keyed(Scope.runs)], before: Annotated[str, Query(pattern=r"^[0-9a-f]{0,40}$")] = "", limit: Limit = 50
) -> answers.Passes:
    """Passes of the token's authority, the newest first."""
    program.asked("runs")
    try:
        earlier = program.store.run(before) if before else None
    except TouchstoneError:
        raise HTTPException(404, f"There is no run '{before}'.") from None
    rows = program.store.runs(authority=program.token.authority, before=earlier, limit=limit)
    return answers.Passes(items=[answers.run(row) for row in rows], next=rows[-1].id if len(rows) == limit else None)


@router.get("/sources")
def sources(program: Annotated[Program, keys.keyed(Scope.sources)]) -> answers.Sites:
    """The sources that are crawled, and how the last crawl of each ended."""
    from crawler.source import find_sources

    program.asked("sources")
    ours = program.token.authority == program.desk.home.settings.authority.code
    items = []
    for each in find_sources(program.desk.home) if ours else []:
        last = next(iter(program.store.runs("crawl", each.name, authority=program.token.authority, limit=1)), None)
        items.append(answers.Site(name=each.name, title=each.title, url=each.url, platform=each.platform, last_crawl=answers.run(last) if last else None))  # fmt: skip
    return answers.Sites(items=items)


@router.get("/openapi.json", include_in_schema=False)
def openapi() -> Response:
    """The schema of all this (OpenAPI 3.1). It is the same wherever the desk runs, so it needs no token."""
    return JSONResponse(schema())


@cache
def schema() -> dict[str, Any]:
    return get_openapi(
        title="Touchstone: reading", version=answers.VERSION, routes=router.routes,
        description="What a program with a token may read. Levels and scores are opinions of machines, with reasons; only people judge. Every request is in the log.",
    )  # fmt: skip
