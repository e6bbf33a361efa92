"""The application: finds the pages, puts the guard around them, and turns every error into a page that says what to do."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from casework.desk import pages, security, showing
from casework.desk.settings import Action, read_desk
from casework.desk.visit import (
    DOOR,
    Desk,
    Forbidden,
    Forged,
    Guest,
    PasswordFirst,
    ReasonFirst,
    SignInFirst,
    sign_in_path,
)
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.version import code_version

HERE = Path(__file__).resolve().parent
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
API = "/api/"
log = logging.getLogger("touchstone.desk")


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of the navigation: pages say `NAV = Entry(…)`, and it is shown to whoever may."""

    text: str
    path: str
    action: Action
    order: int


class DeskApp(FastAPI):
    """FastAPI with the guard outermost, so that an answer to an unexpected error has its headers too."""

    guard: Callable[[Any], Any]

    def build_middleware_stack(self) -> Any:
        return self.guard(super().build_middleware_stack())


def create_app(home: Home, *, hosts: Collection[str] = ()) -> DeskApp:
    """The desk over a working folder's store. `hosts` are names it answers to beside the loopback's and those of the settings.

    Raises ConfigError for settings that do not hold, TouchstoneError for a store that cannot be opened.
    """
    settings = read_desk(home)
    app = DeskApp(title="Touchstone", version=code_version(), docs_url=None, redoc_url=None, openapi_url=None)
    found = list(_pages())
    uploads = tuple(path for page in found for path in getattr(page, "UPLOADS", ()))
    answered = {*LOOPBACK, *hosts, *settings.hosts}
    policy = security.policy_with(settings.tiles.host if settings.tiles else "")
    app.guard = lambda inner: security.Guard(inner, answered, settings.form_bytes, settings.upload_bytes, uploads, policy)
    templates = showing.environment()
    templates.globals["navigation"] = sorted((page.NAV for page in found if hasattr(page, "NAV")), key=lambda each: each.order)
    templates.globals["version"] = app.version
    store = Store.open(home)
    app.state.desk = Desk(
        home, settings, store, templates, security.secret_in(home.path("var/desk.key")), security.Pace(settings.sign_in.attempts_a_minute)
    )
    templates.globals["authority"] = home.settings.authority.name
    for page in found:
        app.include_router(page.router)
    app.mount("/assets", StaticFiles(directory=HERE / "assets"), name="assets")
    app.mount("/vendor", StaticFiles(directory=HERE / "vendor"), name="vendor")
    _errors(app)
    app.router.on_shutdown.append(store.close) if hasattr(app.router, "on_shutdown") else None
    return app


def _pages() -> Iterator[Any]:
    for each in sorted(pkgutil.iter_modules(pages.__path__), key=lambda m: m.name):
        yield importlib.import_module(f"{pages.__name__}.{each.name}")


def _errors(app: FastAPI) -> None:
    def page(request: Request, status: int, title: str, text: str, headers: Mapping[str, str] | None = None) -> Response:
        if security.path_of(request.scope).startswith(API):
            return JSONResponse({"error": text}, status, headers)
        visitor = getattr(request.state, "visit", None) or Guest(app.state.desk, request, request.cookies.get(DOOR, ""))
        return visitor.page("error.html", status, title=title, text=text)

    def go(request: Request, path: str) -> Response:
        if security.path_of(request.scope).startswith(API):
            return JSONResponse({"error": "not signed in"}, 401)
        return Guest(app.state.desk, request).go(path)

    def first(request: Request) -> Response | None:
        """From the first page, for whom there is none such, to the first that there is for them."""
        visit = request.state.visit
        entries = (
            entry
            for entry in app.state.desk.templates.globals["navigation"]
            if security.path_of(request.scope) == "/" and visit.may(entry.action)
        )
        found = next(entries, None)
        return visit.go(found.path) if found else None

    handlers: dict[Any, Callable[[Request, Any], Response]] = {
        SignInFirst: lambda request, _: go(request, sign_in_path(request)),
        PasswordFirst: lambda request, _: go(request, "/password"),
        ReasonFirst: lambda request, _: go(request, sign_in_path(request).replace("/sign-in", "/reason")),
        Forbidden: lambda request, error: first(request) or page(
            request, 403, "Your role may not do this", f"It takes the right '{error.action}'. Whoever looks after this system gives roles."
        ),
        Forged: lambda request, _: page(
            request, 403, "That form was not sent", "It did not come from a page of this desk in this browser, or you have signed in anew since. Go back, open the page again and send it."
        ),
        TouchstoneError: lambda request, error: page(request, 400, "That could not be done", str(error)),
        RequestValidationError: lambda request, error: page(request, 422, "Something in that address or form is not understood", _complaint(error)),
        HTTPException: lambda request, error: page(
            request, error.status_code, *(("There is no such page", "It may have been moved, or erased.") if error.status_code == 404 else ("That was not understood", str(error.detail))),
            error.headers,
        ),
    }  # fmt: skip
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)

    def unexpected(request: Request, error: Exception) -> Response:
        log.exception("unexpected: %s %s", request.method, request.scope["path"], exc_info=error)
        return page(request, 500, "This went wrong on our side", "It is in this machine's log. Nothing that you sent before is lost.")

    app.add_exception_handler(Exception, unexpected)


def _complaint(error: RequestValidationError) -> str:
    said = [f"{'.'.join(str(part) for part in each['loc'][1:])}: {each['msg'].lower()}" for each in error.errors()]
    return "; ".join(said[:5]) + "."
