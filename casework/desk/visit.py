"""One request of one person: who they are, what their role may, and what they read, which is an event of the log with their name in it.

A page function asks for `visit: Annotated[Visit, allowed(Action.…)]`. Nobody signed in is led to the door, a role that may not gets a page that says
so, and a form without this browser's token is refused, before the function begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Query, Request
from itsdangerous import BadSignature, URLSafeSerializer
from jinja2 import Environment
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from casework.desk import people, security
from casework.desk.passing import Passing
from casework.desk.settings import Action, DeskSettings
from casework.desk.small import Small
from store.accounts import Account, Session
from store.config import Home
from store.pictures import small_folder
from store.store import Acting, Store

TOKEN = "touchstone"  # noqa: S105 - the cookie's name
DOOR = "touchstone_door"  # of who is not signed in yet: what the sign-in form's token is bound to
# Of the numbers of rows that an address may have: a greater one is no row's, and a database may have no numbers so great.
BIGGEST = 2**31 - 1
Row = Annotated[int, Query(ge=0, le=BIGGEST)]
SAID = "touchstone_said"  # what the next page says was done


@dataclass(frozen=True)
class Desk:
    """What all requests share."""

    home: Home
    settings: DeskSettings
    store: Store
    templates: Environment
    secret: bytes
    pace: security.Pace
    passing: Passing = field(default_factory=Passing)

    @cached_property
    def notes(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, salt="said")

    @cached_property
    def small(self) -> Small:
        return Small(small_folder(self.home.settings.archive), self.settings.small_bytes)


class SignInFirst(Exception):
    """Nobody is signed in."""


class Forbidden(Exception):
    """The role of whoever is signed in may not."""

    def __init__(self, action: Action) -> None:
        super().__init__(action)
        self.action = action


class Forged(Exception):
    """A form did not come from a page of ours in this browser."""


class ReasonFirst(Exception):
    """The authority wants a reason before this is looked at (configs/data.yml), and the person has given none."""


class Guest:
    """A request, whoever makes it: pages, redirects and the token of forms."""

    def __init__(self, desk: Desk, request: Request, bound_to: str = "") -> None:
        self.desk, self.request, self._bound_to = desk, request, bound_to

    account: Account | None = None
    reason = ""

    @property
    def home(self) -> Home:
        return self.desk.home

    @property
    def store(self) -> Store:
        return self.desk.store

    @property
    def form_token(self) -> str:
        return security.form_token(self.desk.secret, self._bound_to)

    @property
    def path(self) -> str:
        """The page that was asked for, as the desk knows it."""
        return security.path_of(self.request.scope)

    @property
    def address(self) -> str:
        return self.request.client.host if self.request.client else ""

    def may(self, action: str) -> bool:
        return bool(self.account) and self.desk.settings.may(self.account.role, Action(action)) if self.account else False

    def at(self, path: str) -> str:
        """A path of the desk as this browser must ask for it, behind whatever prefix a proxy has."""
        return f"{self.request.scope.get('root_path', '').rstrip('/')}{path}"

    def page(self, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
        """A template with what it is given; what the last form had to say is shown once."""
        said = self._said()
        text = self.desk.templates.get_template(template).render(visit=self, said=said, **context)
        answer = HTMLResponse(text, status)
        if said:
            self.forget(answer, SAID)
        return answer

    def go(self, path: str, said: str = "", kind: str = "success") -> RedirectResponse:
        """To another page of the desk, after a form (303); `said` stands on it, as `success` or `important`."""
        answer = RedirectResponse(self.at(inside(path)), 303)
        if said:
            self.remember(answer, SAID, self.desk.notes.dumps([kind, said[:600]]), seconds=300)
        return answer

    def remember(self, answer: Response, name: str, value: str, seconds: int | None = None) -> None:
        """A cookie that scripts cannot read, for this site only, and over TLS only where the desk is reached so."""
        path = self.request.scope.get("root_path", "").rstrip("/") or "/"
        secure = self.request.url.scheme == "https"
        answer.set_cookie(name, value, max_age=seconds, path=path, httponly=True, samesite="lax", secure=secure)

    def forget(self, answer: Response, name: str) -> None:
        answer.delete_cookie(name, path=self.request.scope.get("root_path", "").rstrip("/") or "/", httponly=True)

    def _said(self) -> tuple[str, str] | None:
        try:
            kind, text = self.desk.notes.loads(self.request.cookies.get(SAID, ""))
        except (BadSignature, ValueError):
            return None
        return (kind, text)


class Visit(Guest):
    """A request of somebody who is signed in."""

    account: Account

    def __init__(self, desk: Desk, request: Request, session: Session, account: Account, token: str) -> None:
        super().__init__(desk, request, token)
        self.session, self.account, self.reason = session, account, session.reason

    @property
    def actor(self) -> str:
        return self.account.actor

    @property
    def authority(self) -> str:
        return self.account.authority

    @property
    def sightings(self) -> tuple[str, ...]:
        """The authorities whose sightings this person may see: their own's, or none."""
        return (self.authority,) if self.may(Action.sighting_view) else ()

    @contextmanager
    def reading(self, purpose: str, why: str = "", case: str | None = None) -> Iterator[Acting]:
        """Read for this person; the event is written when it ends, with `why` or what they said they are working on. Raises ReasonFirst."""
        reason = why.strip() or self.reason
        if not reason and self.store.rules.justification.asked(purpose):
            raise ReasonFirst
        with self.store.acting(self.actor, purpose=purpose, justification=reason, case=case) as reader:
            yield reader


def number_of(text: str) -> int:
    """The number of a row that a field says; 0, which is no row's, for anything else."""
    number = int(text) if text.strip().isdecimal() and len(text) < 16 else 0
    return number if number <= BIGGEST else 0


def inside(path: str) -> str:
    """The path where it is one of the desk's own, else the first page (open redirects, CWE-601)."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else "/"


async def posted(request: Request) -> FormData | None:
    """The form of a POST, read once; the page function may ask for its fields as well."""
    kind = request.headers.get("content-type", "")
    is_form = kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))
    return await request.form(max_files=50, max_fields=2000) if request.method == "POST" and is_form else None


def guest(request: Request, form: FormData | None = Depends(posted)) -> Guest:
    """Whoever it is. Its forms are bound to a cookie of the door, which `page` of a sign-in form sets."""
    desk: Desk = request.app.state.desk
    visitor = Guest(desk, request, request.cookies.get(DOOR, ""))
    if request.method == "POST":
        _genuine(request, form, visitor, bool(request.cookies.get(DOOR)))
    return visitor


class Allowed:
    """The dependency behind `allowed`; tests walk the routes and ask each which action it names."""

    def __init__(self, action: Action | None) -> None:
        self.action = action

    def __call__(self, request: Request, form: FormData | None = Depends(posted)) -> Visit:
        if any(isinstance(value, int) and value > BIGGEST for value in request.path_params.values()):
            raise HTTPException(404)
        desk: Desk = request.app.state.desk
        token = request.cookies.get(TOKEN, "")
        known = people.session_of(desk.store, desk.settings.sign_in, token)
        if known is None:
            raise SignInFirst
        visit = Visit(desk, request, *known, token)
        request.state.visit = visit
        if request.method not in ("GET", "HEAD"):
            _genuine(request, form, visit, True)
        if visit.account.temporary and security.path_of(request.scope) not in ("/password", "/sign-out"):
            raise PasswordFirst
        if self.action is not None and not visit.may(self.action):
            raise Forbidden(self.action)
        return visit


class PasswordFirst(Exception):
    """Somebody else knows this person's password: they choose one of their own before anything else."""


def allowed(action: Action) -> Any:
    """Whoever is signed in, if their role may do this."""
    return Depends(Allowed(action))


def signed_in() -> Any:
    """Whoever is signed in, in any role: for what is about themselves alone."""
    return Depends(Allowed(None))


def _genuine(request: Request, form: Mapping[str, Any] | None, visitor: Guest, bound: bool) -> None:
    given = request.headers.get("x-csrf-token") or (form or {}).get("csrf", "")
    if not bound or security.from_elsewhere(request.headers) or not isinstance(given, str) or not security.same(given, visitor.form_token):
        raise Forged


def sign_in_path(request: Request) -> str:
    """Where whoever is not signed in goes first, and from there back to what they asked for."""
    asked = security.path_of(request.scope) + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?next={quote(asked, safe='')}" if request.method == "GET" and asked != "/" else "/sign-in"
