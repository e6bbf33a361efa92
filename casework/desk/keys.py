"""Who a program reads for: a token in the Authorization header, its scopes, its person's role, and how often it may ask. Cookies are not looked at."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from casework.desk import people, security
from casework.desk.settings import Action
from casework.desk.visit import Desk
from store.store import Acting, Store
from store.tokens import Token

PREFIX = "touchstone_"  # so that a token that was left somewhere is recognised as one
PURPOSE = "api"
_bearer = HTTPBearer(auto_error=False, description="A token, made by a supervisor or an administrator under Tokens.")


class Scope(enum.StrEnum):
    """What a token may read; its person's role must allow the action, too."""

    listings = "listings"
    sellers = "sellers"
    premises = "premises"
    cases = "cases"
    runs = "runs"
    sources = "sources"


ACTIONS: Mapping[Scope, Action] = {
    Scope.listings: Action.listing_view, Scope.sellers: Action.seller_view, Scope.premises: Action.premises_view, Scope.cases: Action.case_view,
    Scope.runs: Action.operation_view, Scope.sources: Action.source_view,
}  # fmt: skip


def new_token() -> str:
    """A token, which is shown once and kept nowhere."""
    return PREFIX + secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Program:
    """A request with a token: on whose behalf, and the store to read."""

    desk: Desk
    token: Token

    @property
    def store(self) -> Store:
        return self.desk.store

    @property
    def justification(self) -> str:
        return f"token {self.token.id}: {self.token.name}"

    @contextmanager
    def reading(self) -> Iterator[Acting]:
        """Read for the token's person; it is one event, with the token's number."""
        with self.store.acting(self.token.account, purpose=PURPOSE, justification=self.justification) as reader:
            yield reader

    def asked(self, what: str, **detail: Any) -> None:
        """Leave the event of a request for what is about no person."""
        self.store.note_consultation(self.token.account, purpose=PURPOSE, justification=self.justification, detail={"asked": {what: 1}, **detail})  # fmt: skip


class Keyed:
    """The dependency behind `keyed`; tests walk the routes and ask each which scope it names."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self, request: Request, given: HTTPAuthorizationCredentials | None = Depends(_bearer)) -> Program:
        desk: Desk = request.app.state.desk
        pace = _pace(request, desk)
        address = request.client.host if request.client else ""
        found = desk.store.token(people.digest(given.credentials)) if given else None
        if not pace.allows(f"token {found.id}" if found else f"address {address}"):
            raise HTTPException(429, "Too many requests in a minute; wait for one.", {"Retry-After": "60"})
        account = desk.store.account(found.account) if found else None
        if found is None or account is None or not account.role:
            raise HTTPException(401, "There is no token in this request that lives.", {"WWW-Authenticate": "Bearer"})
        if self.scope not in found.scopes or not desk.settings.may(account.role, ACTIONS[self.scope]):
            raise HTTPException(403, f"This token may not read {self.scope}.", {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{self.scope}"'})  # fmt: skip
        return Program(desk, found)


def keyed(scope: Scope) -> Any:
    """Whoever has a token of this scope."""
    return Depends(Keyed(scope))


def _pace(request: Request, desk: Desk) -> security.Pace:
    state = request.app.state
    if not hasattr(state, "api_pace"):
        state.api_pace = security.Pace(desk.settings.api.requests_a_minute)
    pace: security.Pace = state.api_pace
    return pace
