"""Accounts: who may sign in, in which role, and when they last did; opening, closing and unlocking them."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.desk import people
from casework.desk.app import Entry
from casework.desk.settings import Action, Role
from casework.desk.visit import Visit, allowed
from store.accounts import Account, SignIn
from store.errors import TouchstoneError

router = APIRouter()
NAV = Entry("People", "/people", Action.account_view, 120)
NAME = re.compile(r"[\w.@'-]{2,80}")


@router.get("/people")
def people_list(visit: Annotated[Visit, allowed(Action.account_view)]) -> Response:
    accounts = [each for each in visit.store.accounts() if each.authority == visit.authority]
    last = {a.actor: next((at for says, _, at in visit.store.sign_ins(a.actor, 100) if says is SignIn.good), None) for a in accounts}
    visit.store.note_consultation(visit.actor, purpose="accounts", justification=visit.reason, detail={"accounts": len(accounts)})
    return visit.page("people/list.html", accounts=accounts, last=last, waiting=_waiting(visit, accounts))


@router.get("/people/new")
def people_new_form(visit: Annotated[Visit, allowed(Action.account_edit)]) -> Response:
    return visit.page("people/new.html", error="", name="", full_name="", role="", roles=list(Role))


@router.post("/people/new")
def people_new(
    visit: Annotated[Visit, allowed(Action.account_edit)], name: Annotated[str, Form()] = "", full_name: Annotated[str, Form(max_length=120)] = "",
    role: Annotated[str, Form()] = "", without: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Open an account; its first password is shown once, on the page that follows and nowhere else."""
    name, full_name = name.strip(), " ".join(full_name.split())
    try:
        if not NAME.fullmatch(name):
            raise TouchstoneError("A name is 2 to 80 letters, digits, full stops, hyphens, apostrophes, @ or _, such as a.officer")
        if role not in set(Role):
            raise TouchstoneError("Choose a role")
        people.open_account(visit.store, name, full_name or name, Role(role), authority=visit.authority, by=visit.actor)
    except TouchstoneError as error:
        return visit.page("people/new.html", 400, error=str(error), name=name, full_name=full_name, role=role, roles=list(Role))
    if without:
        return visit.go(_at(name), f"{name} may sign in as {role.replace('_', ' ')}, by the identity provider.")
    password = people.renew(visit.store, name, visit.desk.settings.sign_in, by=visit.actor)
    return _page(visit, _account(visit, name), password)


@router.get("/people/account")
def people_account(visit: Annotated[Visit, allowed(Action.account_view)], name: str = "") -> Response:
    account = _account(visit, name)
    visit.store.note_consultation(visit.actor, purpose="accounts", justification=visit.reason, detail={"account": account.actor})
    return _page(visit, account)


@router.post("/people/role")
def people_role(visit: Annotated[Visit, allowed(Action.account_edit)], name: Annotated[str, Form()] = "", role: Annotated[str, Form()] = "") -> Response:  # fmt: skip
    """Give another role; one that is empty closes the account. Their sessions end."""
    account = _anothers(visit, name)
    if role and role not in set(Role):
        raise TouchstoneError(f"'{role}' is no role")
    visit.store.give_role(account.actor, role, by=visit.actor)
    said = f"is {role.replace('_', ' ')} now, and signs in anew" if role else "may not sign in any more, and is signed out"
    return visit.go(_at(account.actor), f"{account.actor} {said}.")


@router.post("/people/password")
def people_password(visit: Annotated[Visit, allowed(Action.account_edit)], name: Annotated[str, Form()] = "") -> Response:
    """Set a new first password, shown once; they are signed out and choose their own at the next sign-in."""
    account = _anothers(visit, name)
    return _page(visit, account, people.renew(visit.store, account.actor, visit.desk.settings.sign_in, by=visit.actor))


@router.post("/people/unlock")
def people_unlock(visit: Annotated[Visit, allowed(Action.account_edit)], name: Annotated[str, Form()] = "") -> Response:
    """Let somebody try again at once, after too many wrong passwords."""
    account = _account(visit, name)
    visit.store.note_sign_in(account.actor, SignIn.unlocked, by=visit.actor)
    return visit.go(_at(account.actor), f"{account.actor} may try again.")


def _at(name: str) -> str:
    return f"/people/account?name={quote(name, safe='')}"


def _account(visit: Visit, name: str) -> Account:
    account = visit.store.account(name)
    if account is None or account.authority != visit.authority:
        raise HTTPException(404)
    return account


def _anothers(visit: Visit, name: str) -> Account:
    """Somebody else's account: nobody gives themselves a role, and nobody locks themselves out."""
    account = _account(visit, name)
    if account.actor == visit.actor:
        raise TouchstoneError(
            "This is your own account: somebody else changes it. Your own password is changed under 'Password' at the top."
        )
    return account


def _waiting(visit: Visit, accounts: list[Account]) -> set[str]:
    return {each.actor for each in accounts if people.waits(visit.store, visit.desk.settings.sign_in, each.actor)}


def _page(visit: Visit, account: Account, password: str = "") -> Response:
    return visit.page(
        "people/one.html", account=account, password=password, roles=list(Role), sign_ins=visit.store.sign_ins(account.actor),
        waits=bool(_waiting(visit, [account])), own=account.actor == visit.actor,
    )  # fmt: skip
