"""The door: signing in and out, one's own password, and what one is working on."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from casework.desk import people
from casework.desk.visit import DOOR, TOKEN, Guest, Visit, guest, inside, signed_in
from store.errors import TouchstoneError

router = APIRouter()
WAIT = "Too many attempts from this address; wait a minute."


@router.get("/sign-in")
def sign_in_form(visitor: Annotated[Guest, Depends(guest)], next: str = "/") -> Response:
    return door(visitor, next)


@router.post("/sign-in")
def sign_in(visitor: Annotated[Guest, Depends(guest)], name: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/") -> Response:  # fmt: skip
    desk = visitor.desk
    if not desk.pace.allows(visitor.address):
        return door(visitor, next, name, WAIT, 429)
    try:
        came = people.sign_in(desk.store, desk.settings.sign_in, name, password, visitor.address)
    except people.Refused as error:
        return door(visitor, next, name, str(error), 403)
    answer = visitor.go(next)
    visitor.remember(answer, TOKEN, came.token)
    visitor.forget(answer, DOOR)
    return answer


@router.post("/sign-out")
def sign_out(visit: Annotated[Visit, signed_in()]) -> Response:
    visit.store.say_of_session(visit.session.id, "ended")
    answer = visit.go("/sign-in", "You are signed out.")
    visit.forget(answer, TOKEN)
    return answer


@router.get("/password")
def password_form(visit: Annotated[Visit, signed_in()]) -> Response:
    return visit.page("signing_in/password.html", error="")


@router.post("/password")
def password(visit: Annotated[Visit, signed_in()], old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = "", again: Annotated[str, Form()] = "") -> Response:  # fmt: skip
    rules = visit.desk.settings.sign_in
    try:
        if new != again:
            raise TouchstoneError("The two new passwords are not the same.")
        if old == new:
            raise TouchstoneError("The new password is the old one.")
        people.check(visit.store, rules, visit.actor, old, visit.address)
        people.set_password(visit.store, visit.actor, new, rules, temporary=False, by=visit.actor, keep=visit.session.id)
    except TouchstoneError as error:
        return visit.page("signing_in/password.html", 400, error=str(error))
    return visit.go("/", "Your password is changed, and other browsers of yours are signed out.")


@router.get("/reason")
def reason_form(visit: Annotated[Visit, signed_in()], next: str = "/") -> Response:
    return visit.page("signing_in/reason.html", next=inside(next), error="")


@router.post("/reason")
def reason(visit: Annotated[Visit, signed_in()], why: Annotated[str, Form(max_length=300)] = "", next: Annotated[str, Form()] = "/") -> Response:  # fmt: skip
    visit.store.say_of_session(visit.session.id, "reason", " ".join(why.split()))
    return visit.go(
        next,
        f"From now on the log says that you are working on: {why}" if why.strip() else "Nothing stands beside your looks in the log now.",
    )


def door(visitor: Guest, next: str, name: str = "", error: str = "", status: int = 200) -> Response:
    """The page to sign in on, with what went wrong; its form is bound to a cookie that it sets."""
    bound = visitor.request.cookies.get(DOOR) or secrets.token_urlsafe(32)
    fresh = Guest(visitor.desk, visitor.request, bound)
    answer = fresh.page("signing_in/sign_in.html", status, next=inside(next), name=name, error=error)
    fresh.remember(answer, DOOR, bound)
    return answer
