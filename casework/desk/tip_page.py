"""The public tip page: an application of its own with one form, which knows no page, no session and no picture of the desk (docs/decisions/0013).

What comes in is a sighting told by the public: words as text (an address in them is opened by nobody), pictures byte for byte, and who told it, if
they choose to say, kept apart. No account, no script, no cookie. The form carries a token of its own, since there is no session to bind one to: made
here, at most a day old, good for one tip, and never taken from another site's page.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from casework import sightings
from casework.desk import security, showing
from casework.desk.plainly import in_words_of
from casework.desk.settings import PublicTips, read_desk
from casework.desk.uploads import as_files, uploads_in
from casework.when import parse_when
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.money import parse_price
from store.words.records import Actor, Informant, Told

HERE = Path(__file__).resolve().parent
ASSETS = {"/assets/tips.css": HERE / "assets" / "tips.css", "/assets/icon.svg": HERE / "assets" / "icon.svg", "/assets/govuk-frontend.css": HERE / "vendor" / "govuk-frontend" / "govuk-frontend.css"}  # fmt: skip
ACTOR = "public_tips"
OBTAINED = "Sent through the public tip page by whoever took or holds it; not checked."
KINDS = ("image/jpeg", "image/png", "image/webp")  # those of which a copy can be made without what a camera wrote
SOONEST, LONGEST = 3, 24 * 3600  # seconds between the form's leaving and its coming back: nobody types so fast, or so long
AT_ONCE = 4  # tips whose pictures are being received; they are opened one after another
WAIT = 20.0  # seconds for the one before
FIELDS = {"note": 4000, "place": 300, "seen_at": 60, "brand": 120, "price": 60, "seller": 200, "phone": 60, "link": 500, "name": 200, "contact": 300}  # fmt: skip
LABELS = {
    "note": "What did you see?", "place": "Where was it?", "seen_at": "When did you see it?", "brand": "Which brand did the goods show?",
    "price": "What price was asked?", "seller": "Name of the shop or seller", "phone": "The seller’s phone number", "link": "Web address of the advert",
    "name": "Your name", "contact": "How we may reach you", "pictures": "Photos",
}  # fmt: skip


class Refused(TouchstoneError):
    """A tip is not taken: the sentence is for whoever sends it, `field` where it belongs, `status` the answer's."""

    def __init__(self, said: str, field: str = "note", status: int = 400) -> None:
        super().__init__(said)
        self.field, self.status = field, status


def create_tip_page(home: Home, *, hosts: Sequence[str] = ()) -> security.Guard:
    """The application, guarded. Raises TouchstoneError while configs/desk.yml has it closed."""
    desk = read_desk(home)
    if not desk.public_tips.open:
        raise TouchstoneError("the public tip page is closed: `public_tips: open: true` in configs/desk.yml opens it (docs/public-tips.md)")
    page = TipPage(home, desk.public_tips)
    routes = [
        Route("/", page.home, methods=["GET"]), Route("/tell-us", page.form, methods=["GET"]), Route("/tell-us", page.tell, methods=["POST"]),
        Route("/privacy", page.privacy, methods=["GET"]), Route("/sent", page.sent, methods=["GET"]),
        *(Route(path, page.asset, methods=["GET"]) for path in ASSETS),
    ]  # fmt: skip
    app = Starlette(routes=routes, exception_handlers={HTTPException: page.error, Exception: page.wrong})
    app.router.redirect_slashes = False
    answered = {"localhost", "127.0.0.1", "[::1]", *hosts, *desk.public_tips.hosts}
    guard = security.Guard(app, answered, 100_000, desk.public_tips.upload_bytes, ("/tell-us",), security.FORM_ONLY)
    guard.page = page  # type: ignore[attr-defined]
    return guard


class TipPage:
    """The pages, and what they share: the store, the paces, the tokens that were used."""

    def __init__(self, home: Home, settings: PublicTips) -> None:
        self.settings, self.folder = settings, home
        self.store = Store.open(home)
        authority = home.settings.authority
        self.store.keep_actor(Actor(ACTOR, authority.code, "The public tip page", "system", is_person=False))
        self.templates = showing.environment()
        self.templates.globals.update(authority=authority.name, settings=settings, labels=LABELS, lengths=FIELDS)
        self.tokens = URLSafeTimedSerializer(security.secret_in(home.path("var/tips.key")), salt="tip")
        self.requests = security.Pace(settings.requests_a_minute)
        self.attempts = security.Pace(settings.tips_an_hour * 4, 3600)
        self.tips = security.Pace(settings.tips_an_hour, 3600)
        self.day = security.Pace(settings.tips_a_day, 24 * 3600)
        self._used: dict[str, tuple[float, str]] = {}
        self._receiving = threading.BoundedSemaphore(AT_ONCE)
        self._keeping = threading.Lock()

    # -- pages -----------------------------------------------------------------------------------------------------------------
    def home(self, request: Request) -> Response:
        return RedirectResponse(self._at(request, "/tell-us"), 303)

    def form(self, request: Request) -> Response:
        self._paced(request)
        return self._form(request)

    def privacy(self, request: Request) -> Response:
        self._paced(request)
        return self._page(request, "privacy.html")

    def sent(self, request: Request) -> Response:
        self._paced(request)
        try:
            reference = self.tokens.loads(request.query_params.get("r", ""), max_age=LONGEST, salt="sent")
        except BadSignature:
            reference = ""
        return self._page(request, "sent.html", reference=reference)

    def asset(self, request: Request) -> Response:
        return FileResponse(ASSETS[security.path_of(request.scope)])

    async def tell(self, request: Request) -> Response:
        """Take a tip. Everything that costs little is asked first: the pace, where the form comes from; then the body is read."""
        self._paced(request)
        if security.from_elsewhere(request.headers):
            raise HTTPException(403, "That form did not come from this page. Open it again here and send it from there.")
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise HTTPException(415, "That is not the form of this page.")
        if not self.attempts.allows(_address(request)):
            raise HTTPException(429, "Many tips came from your connection in the last hour. Please try again later, or call us.")
        if not self._receiving.acquire(blocking=False):
            raise HTTPException(503, "Many people are sending at this moment. Please try again in a minute.")
        try:
            async with request.form(max_files=self.settings.pictures + 2, max_fields=40, max_part_size=64 * 1024) as form:
                return await run_in_threadpool(self._take, request, form)
        except (MultiPartException, ClientDisconnect):
            raise HTTPException(400, "What came could not be read as this page’s form. It may have been too large, or cut off.") from None
        finally:
            self._receiving.release()

    # -- a tip -----------------------------------------------------------------------------------------------------------------
    def _take(self, request: Request, form: FormData) -> Response:
        given = {name: _clean(form.get(name), most) for name, most in FIELDS.items()}
        try:
            if _clean(form.get("website"), 10):  # a field that no person sees
                return self._done(request, "")
            token = self._token(form.get("token"))
            if token in self._used:  # pressed twice: it is kept once
                return self._done(request, self._used[token][1])
            uploads = self._uploads(form)
            if len(given["note"]) < 5 and not uploads:
                raise Refused("Say what you saw, or send a photo.")
            reference = self._kept(request, token, given, uploads)
        except TouchstoneError as error:
            text, field = (str(error), error.field) if isinstance(error, Refused) else in_words_of(LABELS, str(error))
            return self._form(request, given, text, field or "note", getattr(error, "status", 400), bool(form.getlist("pictures")))
        return self._done(request, reference)

    def _token(self, given: Any) -> str:
        try:
            token, at = self.tokens.loads(given if isinstance(given, str) else "", max_age=LONGEST, return_timestamp=True)
        except BadSignature:
            raise Refused(
                "This form was open for too long, or did not come from this page. Your words are still here: please send them again."
            ) from None
        if time.time() - at.timestamp() < SOONEST:
            raise Refused("That came faster than a person types. Your words are still here: please send them again.")
        return str(token)

    def _uploads(self, form: FormData) -> list[UploadFile]:
        try:
            return uploads_in(form, "pictures", self.settings.pictures)
        except TouchstoneError as error:
            raise Refused(str(error), "pictures") from None

    def _kept(self, request: Request, token: str, given: Mapping[str, str], uploads: Sequence[UploadFile]) -> str:
        """One tip at a time: opening a large picture takes memory, and what waits costs nothing."""
        if not self._keeping.acquire(timeout=WAIT):
            raise Refused("Many people are sending at this moment. Your words are still here: please try again in a minute.", status=503)
        try:
            if token in self._used:
                return self._used[token][1]
            with as_files(uploads, "photo") as paths:
                for number, path in enumerate(paths, 1):
                    if why := not_a_picture(path):
                        raise Refused(f"Photo {number} was not taken: {why}. Nothing of this tip was kept yet.", "pictures")
                if not (self.tips.allows(_address(request)) and self.day.allows("")):
                    raise Refused("We cannot take more tips from here for now. Please try again later, or call us.", status=429)
                who = Informant(0, given["name"], given["contact"]) if given["name"] or given["contact"] else None
                added = sightings.add(self.store, self.folder, statement(given, bool(paths)), paths, by=ACTOR, informant=who)
            self._used = {t: u for t, u in self._used.items() if time.time() - u[0] < LONGEST}
            self._used[token] = (time.time(), added.sighting.reference)
            return added.sighting.reference
        finally:
            self._keeping.release()

    # -- answers ---------------------------------------------------------------------------------------------------------------
    def _paced(self, request: Request) -> None:
        if not self.requests.allows(_address(request)):
            raise HTTPException(429, "Too many requests came from your connection. Please wait a minute.")

    def _at(self, request: Request, path: str) -> str:
        return f"{request.scope.get('root_path', '').rstrip('/')}{path}"

    def _page(self, request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        text = self.templates.get_template(f"tips/{template}").render(at=lambda path: self._at(request, path), **context)
        return HTMLResponse(text, status)

    def _form(
        self, request: Request, given: Mapping[str, str] | None = None, error: str = "", field: str = "", status: int = 200, lost: bool = False
    ) -> Response:  # fmt: skip
        token = self.tokens.dumps(secrets.token_urlsafe(12))
        return self._page(request, "form.html", status, given=given or {}, error=error, wrong=field, token=token, lost=lost)

    def _done(self, request: Request, reference: str) -> Response:
        said = f"?r={self.tokens.dumps(reference, salt='sent')}" if reference else ""
        return RedirectResponse(self._at(request, f"/sent{said}"), 303)

    def error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        text = "There is no such page here." if error.status_code in (404, 405) else str(error.detail)
        return self._page(request, "error.html", error.status_code, text=text)

    def wrong(self, request: Request, _: Exception) -> Response:
        return self._page(request, "error.html", 500, text="This went wrong on our side. Please try again later, or call us.")


def not_a_picture(path: Path) -> str:
    """Why a file is no photo that is taken here, as the end of a sentence; "" where it is one that can be opened to its end, within limits.

    It is held to what the crawler's pictures are held to (store/words/opening.py), and to what kind of file the intake would take it for: a picture
    that is a PDF or a page as well is neither.
    """
    from crawler import handed_in
    from store.words.opening import Unreadable, opening

    try:
        with opening(path.read_bytes()) as found:
            if found.mime not in KINDS:
                return "it is no JPEG, PNG or WebP picture"
            found.image.draft("RGB", (64, 64))
            found.image.load()
        kind = handed_in.open_file(path).kind
    except (Unreadable, TouchstoneError, MemoryError) as error:
        said = str(error).partition(": Image size")[0] or "it is too large to be opened"
        return re.sub(r"\s*\S*touchstone-\S*:?\s*", " ", said).strip()
    return "" if kind == "picture" else f"it is something else as well ({kind})"


def statement(given: Mapping[str, str], pictures: bool) -> sightings.Statement:
    """The tip as a sighting's words. What cannot be read as a time or a price stands in the note as it was written; so does a web address, as text."""
    at = parse_when(given["seen_at"]) if given["seen_at"] else None
    priced = bool(given["price"]) and parse_price(given["price"], "GBP") is not None
    seen = given["seen_at"] if at is not None and at <= datetime.now(UTC) else ""
    said = [given["note"]]
    said += [f"When, as written: {given['seen_at']}"] if given["seen_at"] and not seen else []
    said += [f"Price, as written: {given['price']}"] if given["price"] and not priced else []
    said += [f"Web address that was given, not opened: {given['link']}"] if given["link"] else []
    return sightings.Statement(
        Told.public, "\n".join(filter(None, said)), place=given["place"], seen_at=seen, price=given["price"] if priced else "", seller=given["seller"],
        phone=given["phone"], brand=given["brand"], obtained=OBTAINED if pictures else "",
    )  # fmt: skip


def _clean(value: Any, most: int) -> str:
    """Text of a field without control signs, at most so long; "" of anything that is no text."""
    text = value if isinstance(value, str) else ""
    return "".join(c for c in text.replace("\r\n", "\n") if c in "\n\t" or c.isprintable())[:most].strip()


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
