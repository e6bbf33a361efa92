"""The door by way of an identity provider: there, and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from casework.desk import identity, people
from casework.desk.identity import Begun, NotSignedIn
from casework.desk.pages.signing_in import WAIT, door
from casework.desk.settings import IdentityProvider
from casework.desk.visit import TOKEN, Guest, guest, inside
from store.accounts import SignIn
from store.errors import TouchstoneError

router = APIRouter()
AWAY = "touchstone_away"  # the cookie of somebody who is at the provider's
MINUTES = 10


@router.get("/sign-in/provider")
def provider_begin(visitor: Annotated[Guest, Depends(guest)], request: Request, next: str = "/") -> Response:
    provider = _provider(visitor)
    if not visitor.desk.pace.allows(visitor.address):
        return door(visitor, next, error=WAIT, status=429)
    way = identity.begun()
    try:
        answer = RedirectResponse(identity.address(provider, way, _back(request)), 303)
    except TouchstoneError as error:
        return door(visitor, next, error=str(error), status=502)
    visitor.remember(answer, AWAY, _away(visitor).dumps([way.state, way.nonce, way.verifier, inside(next)]), seconds=MINUTES * 60)
    return answer


@router.get("/sign-in/provider/back")
def provider_back(visitor: Annotated[Guest, Depends(guest)], request: Request) -> Response:
    """Whoever comes back gets in where the provider vouches for the name of an open account."""
    provider, desk = _provider(visitor), visitor.desk
    if not desk.pace.allows(visitor.address):
        return door(visitor, "/", error=WAIT, status=429)
    try:
        state, nonce, verifier, next = _away(visitor).loads(request.cookies.get(AWAY, ""), max_age=MINUTES * 60)
        name = identity.who(provider, Begun(state, nonce, verifier), _back(request), dict(request.query_params))
    except (BadSignature, ValueError):
        return _not(visitor, "That sign-in was not begun in this browser, or long ago. Begin again.")
    except TouchstoneError as error:
        return _not(visitor, str(error), 403 if isinstance(error, NotSignedIn) else 502)
    account = desk.store.account(name)
    if account is None or not account.role:
        if account:
            desk.store.note_sign_in(account.actor, SignIn.refused, address=visitor.address)
        return _not(visitor, f"{provider.title} knows you, and you have no open account here. Ask whoever looks after this system.")
    came = people.begin(desk.store, desk.settings.sign_in, account, visitor.address)
    answer = visitor.go(next)
    visitor.remember(answer, TOKEN, came.token)
    visitor.forget(answer, AWAY)
    return answer


def _provider(visitor: Guest) -> IdentityProvider:
    if visitor.desk.settings.identity_provider is None:
        raise HTTPException(404)
    return visitor.desk.settings.identity_provider


def _away(visitor: Guest) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(visitor.desk.secret, salt="away")


def _back(request: Request) -> str:
    return str(request.url_for("provider_back"))


def _not(visitor: Guest, error: str, status: int = 403) -> Response:
    answer = door(visitor, "/", error=error, status=status)
    visitor.forget(answer, AWAY)
    return answer
