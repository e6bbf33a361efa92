"""Tokens of programs: made for oneself, shown once, ended by anybody who may make them; and what can be read with one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.desk import keys, people
from casework.desk.app import Entry
from casework.desk.keys import ACTIONS, Scope
from casework.desk.pages.api import schema
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.errors import TouchstoneError

router = APIRouter()
NAV = Entry("Tokens", "/tokens", Action.token_edit, 150)


@router.get("/tokens")
def token_list(visit: Annotated[Visit, allowed(Action.token_edit)]) -> Response:
    visit.store.note_consultation(visit.actor, purpose="tokens", justification=visit.reason, detail={})
    return _page(visit)


@router.post("/tokens")
def token_new(
    visit: Annotated[Visit, allowed(Action.token_edit)], name: Annotated[str, Form()] = "", days: Annotated[str, Form()] = "",
    scopes: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """Make a token that reads on one's own behalf: nobody's name is used by another. It is shown on the page that follows and nowhere else."""
    most = visit.desk.settings.api.token_days
    try:
        if not days.isdecimal() or not 1 <= int(days) <= most:
            raise TouchstoneError(f"A token lives from 1 to {most} days")
        if wrong := set(scopes or ()) - set(_scopes(visit)):
            raise TouchstoneError(f"Your role may not read {', '.join(sorted(wrong))}, so no token of yours may")
        token = keys.new_token()
        until = datetime.now(UTC) + timedelta(days=int(days))
        visit.store.open_token(visit.actor, " ".join(name.split()), people.digest(token), scopes or [], until, by=visit.actor)
    except TouchstoneError as error:
        return _page(visit, error=str(error), name=name, status=400)
    return _page(visit, token=token)


@router.post("/tokens/{number:int}/end")
def token_end(visit: Annotated[Visit, allowed(Action.token_edit)], number: int) -> Response:
    if number not in {each.id for each in visit.store.tokens(visit.authority)}:
        raise HTTPException(404)
    visit.store.end_token(number, by=visit.actor)
    return visit.go("/tokens", f"Token {number} is ended.")


@router.get("/tokens/reading")
def token_reading(visit: Annotated[Visit, allowed(Action.token_edit)]) -> Response:
    """The API for people: its paths, what each takes and gives."""
    return visit.page("tokens/reading.html", schema=schema())


def _scopes(visit: Visit) -> list[Scope]:
    return [scope for scope in Scope if visit.may(ACTIONS[scope])]


def _page(visit: Visit, *, token: str = "", error: str = "", name: str = "", status: int = 200) -> Response:
    return visit.page(
        "tokens/list.html", status, tokens=visit.store.tokens(visit.authority), now=datetime.now(UTC), token=token, error=error, name=name,
        scopes=_scopes(visit), most=visit.desk.settings.api.token_days,
    )  # fmt: skip
