"""Sightings at the desk and the public tip page: originals are kept to the byte, who told is kept apart, and what strangers send harms nobody."""

from __future__ import annotations

import hashlib
import importlib
import io
import pkgutil
import re
import shutil
import socket
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from starlette.testclient import TestClient
from typer.testing import CliRunner

from casework.cli import app
from casework.desk import pages as desk_pages
from casework.desk import people, tip_page
from casework.desk.app import create_app
from casework.desk.settings import Role
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Authority, Told
from tests.builders import jpeg
from tests.casework.desk.conftest import PASSWORD, Browser, Served, people_rules, token_in

XSS = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
LEAVE = {"place": "Stall 12, Market Hall, Wexcombe", "seen_at": "25/11/2026 14:30"}


def with_position(seed: int) -> bytes:
    """A photograph that says where it was taken, and whose camera it was."""
    out = io.BytesIO()
    exif = Pillow.Exif()
    exif[0x013B] = "Rosalind Fern (fictional)"
    exif.get_ifd(0x8825).update({1: "N", 2: (53.0, 25.0, 30.0), 3: "W", 4: (2.0, 19.0, 12.0)})
    Pillow.open(io.BytesIO(jpeg(seed))).save(out, "JPEG", exif=exif)
    return out.getvalue()


# -- at the desk -------------------------------------------------------------------------------------------------------------------
class Shared:
    """One desk for the tests of sightings, and one browser a role."""

    def __init__(self, desk: Served) -> None:
        self.desk, self.browsers = desk, dict[str, Browser]()

    def as_role(self, role: str) -> Browser:
        if role not in self.browsers:
            self.browsers[role] = self.desk.as_role(role)
        return self.browsers[role]

    def add(self, data: dict[str, object], *files: tuple[str, bytes], role: str = "officer") -> Any:
        """A sighting from the form, as multipart whether or not a file goes with it."""
        parts = [("files", file) for file in files] or [("files", ("", b""))]
        return self.as_role(role).post("/sightings", {"told": "officer", **data}, on="/sightings/new", files=parts)

    def kept(self, answer: Any) -> str:
        return str(answer.url.path).rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def work(serve: Callable[[], Served]) -> Shared:
    return Shared(serve())


def test_an_officers_photographs_are_kept_to_the_byte(work: Shared) -> None:
    photos = [("stall.jpg", with_position(3)), ("../../rail <b>.jpg", jpeg(4))]
    answer = work.add({**LEAVE, "note": "Belts with a lozenge mark", "price": "£45", "seller": "Rail Belts"}, *photos)
    reference = work.kept(answer)
    assert re.search(r"Sighting S-\d{4}-\d{4}", answer.text) and reference.isdigit() and "is kept, with 2 files as they came" in answer.text
    assert "camera position 53.42500" in answer.text and "£45.00" in answer.text and "<b>" not in answer.text.replace("<body", "")
    for number, (_, body) in enumerate(photos, 1):
        got = work.as_role("officer").get(f"/sightings/{reference}/files/{number}")
        assert got.content == body and got.headers["content-type"] == "application/octet-stream"
        assert re.fullmatch(r'attachment; filename="[A-Za-z0-9.-]+"', got.headers["content-disposition"])
        assert hashlib.sha256(body).hexdigest() in answer.text
    shown = work.as_role("officer").get(f"/sightings/{reference}/pictures/1")
    assert shown.headers["content-type"] == "image/jpeg" and b"Rosalind" not in shown.content and b"Exif" not in shown.content


def test_what_is_refused_says_why_in_the_forms_words_and_keeps_nothing(work: Shared) -> None:
    before = work.desk.store.log_head()
    for data, files, why in (
        ({}, [], "hands something in"),
        ({"note": "x", "seen_at": "the day after tomorrow"}, [], "“When was it seen?”"),
        ({"note": "x", "price": "cheap"}, [], "“Price asked”"),
        ({}, [("page.html", b"<html><body>saved</body></html>")], "“How were the files obtained?”"),
        ({**LEAVE, "note": "x"}, [("empty.jpg", b"")], "empty"),
        ({"note": "x", "informant_name": "Rosalind Fern"}, [], "no informant"),
    ):
        answer = work.add(data, *files)
        said = re.sub(r"<[^>]*>", "", answer.text)
        assert answer.status_code == 400 and why.lower() in said.lower(), (why, said[:3000])
        assert "--" not in said and "/tmp/" not in said
    assert work.desk.store.log_head() == before


def test_too_large_an_upload_is_refused_before_it_is_read(work: Shared) -> None:
    client = TestClient(work.desk.app, base_url="http://127.0.0.1")
    answer = client.post("/sightings", content=b"x", headers={"Content-Length": "30000000", "Content-Type": "multipart/form-data; boundary=x"})  # fmt: skip
    assert answer.status_code == 413


def test_who_told_it_is_kept_apart_and_shown_for_a_reason_alone(work: Shared) -> None:
    told = {"told": "public", "note": "Call me, Rosalind Fern, on 07700 900321: they sell belts", "informant_name": "Rosalind Fern", "informant_contact": "07700 900321"}  # fmt: skip
    answer = work.add({**told, **LEAVE}, ("photo.jpg", with_position(5)))
    reference = work.kept(answer)
    assert "Rosalind" not in answer.text and "900321" not in answer.text and "53.425" not in answer.text
    officer, supervisor = work.as_role("officer"), work.as_role("supervisor")
    assert "Show who told it" not in officer.get(f"/sightings/{reference}").text
    assert officer.post(f"/sightings/{reference}/informant", {"why": "x"}).status_code == 403
    assert officer.get(f"/sightings/{reference}/files/1").status_code == 403, "the original says whose camera it was"
    assert supervisor.get(f"/sightings/{reference}/files/1").status_code == 200
    original = re.search(r"kept as capture (\d+)", answer.text)[1]  # type: ignore[index]
    assert (
        officer.get(f"/captures/{original}/bytes").status_code == 403 and supervisor.get(f"/captures/{original}/bytes").status_code == 200
    )
    assert officer.get(f"/captures/{int(original) + 1}/bytes").status_code == 200, "the copy that says nothing of a camera"
    without = supervisor.post(f"/sightings/{reference}/informant", {"why": " "})
    assert without.status_code == 400 and "900321" not in without.text
    shown = supervisor.post(f"/sightings/{reference}/informant", {"why": "statement to be taken"})
    assert "07700 900321" in shown.text and "Rosalind Fern" in shown.text
    looks = [e.body for e in work.desk.store.log() if e.body["actor"] == "a.supervisor" and e.body["purpose"] == "sighting informant"]
    assert looks and all(e["justification"] == "statement to be taken" for e in looks)


@pytest.mark.parametrize("role, view, add", [("officer", 200, 200), ("analyst", 403, 200), ("partner", 403, 403), ("disclosure_officer", 200, 403), ("administrator", 403, 403)])  # fmt: skip
def test_who_may_see_and_who_may_add(work: Shared, role: str, view: int, add: int) -> None:
    browser = work.as_role(role)
    assert browser.get("/sightings").status_code == view and browser.get("/sightings/new").status_code == add
    if add == 403:
        assert browser.post("/sightings", {"note": "x"}).status_code == 403
    elif view == 403:
        assert work.add({"note": "Bags on a rail"}, role=role).url.path == "/sightings/new"


def test_words_and_names_of_files_are_text_everywhere(work: Shared) -> None:
    hostile = dict.fromkeys(("note", "title", "place", "seller", "brand", "obtained", "url"), XSS)
    answer = work.add({**hostile, "told": "partner"}, (XSS + ".jpg", jpeg(9)))
    reference = work.kept(answer)
    for path in (f"/sightings/{reference}", "/sightings", "/sightings?told=partner", f"/sightings?told={XSS}", f"/sightings/{XSS}"):
        text = work.as_role("officer").get(path).text
        assert "<script>alert" not in text and "<img src=x" not in text, path


def test_a_sighting_of_another_authority_is_not_there(own_desk: Served) -> None:
    work = Shared(own_desk)
    own_desk.store.keep_authority(Authority("elsewhere", "Elsewhere (fictional)", "england-wales"))
    people.open_account(own_desk.store, "b.supervisor", "B (fictional)", Role.supervisor, authority="elsewhere", by="system")
    people.set_password(own_desk.store, "b.supervisor", PASSWORD, people_rules(own_desk.home), temporary=False, by="system")
    other = own_desk.browser()
    other.sign_in("b.supervisor")
    reference = work.kept(work.add({**LEAVE, "note": "Belts of one authority"}, ("a.jpg", jpeg(2))))
    assert "Belts of one" in work.as_role("officer").get("/sightings").text and "Belts of one" not in other.get("/sightings").text
    for path in (f"/sightings/{reference}", f"/sightings/{reference}/files/1", f"/sightings/{reference}/pictures/1"):
        assert other.get(path).status_code == 404 and work.as_role("officer").get(path).status_code == 200
    assert other.post(f"/sightings/{reference}/informant", {"why": "x"}).status_code == 404
    theirs = other.post("/sightings", {"told": "officer", "note": "Their own"}, on="/sightings/new")
    assert "Their own" in theirs.text and "Their own" not in work.as_role("officer").get("/sightings").text


def test_a_form_without_the_token_is_refused_and_nothing_is_kept(work: Shared) -> None:
    before = work.desk.store.log_head()
    assert work.as_role("officer").client.post("/sightings", data={"note": "forged"}).status_code == 403
    assert work.desk.store.log_head() == before


# -- the public tip page -----------------------------------------------------------------------------------------------------------
class Public:
    """The tip page as a stranger has it: an in-process client, the form's token old enough, and the store behind for looking."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.app = tip_page.create_tip_page(self.home)
        self.page: tip_page.TipPage = self.app.page  # type: ignore[attr-defined]
        self.client = TestClient(self.app, base_url="http://127.0.0.1")

    def token(self, old: float = 60) -> str:
        form = self.client.get("/tell-us").text
        token = str(re.search(r'name="token" value="([^"]+)"', form)[1])  # type: ignore[index]
        if not old:
            return token
        from unittest.mock import patch

        with patch("itsdangerous.timed.time.time", return_value=time.time() - old):
            return str(self.page.tokens.dumps(self.page.tokens.loads(token)))

    def send(self, data: dict[str, str] | None = None, *photos: bytes, old: float = 60, **given: Any) -> Any:
        said = {"token": self.token(old), "note": "Belts with a lozenge mark on a rail", **(data or {})}
        files = [("pictures", (f"x{n}.jpg", body, "image/jpeg")) for n, body in enumerate(photos)] or [("pictures", ("", b"", ""))]
        return self.client.post("/tell-us", data=said, files=files, **given)

    def sightings(self) -> list[Any]:
        with self.page.store.acting("system", purpose="test") as reader:
            return list(reader.sightings(told=Told.public))

    def said(self, number: int = -1) -> dict[str, Any]:
        from casework import sightings

        with self.page.store.acting("system", purpose="test", justification="test") as reader:
            found = sightings.shown(reader, self.sightings()[number].reference)
            return {**found, "informant": reader.informant(found["sighting"].id), "payloads": [reader.payload(f["capture"]) for f in found["files"]]}  # fmt: skip


def opened(folder: Path, **settings: object) -> Path:
    path = folder / "configs" / "desk.yml"
    text = path.read_text("utf-8").replace("  open: false", "  open: true")
    for name, value in settings.items():
        text = re.sub(rf"(?m)^  {name}: .*$", f"  {name}: {value}", text)
    path.write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder as `touchstone init` lays it out, its tables made."""
    folder = tmp_path_factory.mktemp("tips") / "home"
    assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0
    Store.open(Home(folder)).close()
    return folder


@pytest.fixture
def public(shipped: Path, tmp_path: Path) -> Iterator[Public]:
    shutil.copytree(shipped, tmp_path / "home")
    made = Public(opened(tmp_path / "home", tips_an_hour=50))
    yield made
    made.page.store.close()


def test_the_page_is_closed_as_shipped(shipped: Path) -> None:
    folder = shipped
    with pytest.raises(TouchstoneError, match="the public tip page is closed"):
        tip_page.create_tip_page(Home(folder))
    done = CliRunner().invoke(app, ["tips", "serve", "--home", str(folder)])
    assert done.exit_code != 0 and not (folder / "var" / "tips.key").exists()


def test_no_page_of_the_desk_is_behind_it(public: Public) -> None:
    """By every route that the desk has, with every method, signed in or not."""
    pages = [importlib.import_module(f"casework.desk.pages.{each.name}") for each in pkgutil.iter_modules(desk_pages.__path__)]
    paths = {re.sub(r"\{[^}]*\}", "1", route.path) for page in pages for route in page.router.routes} - {"/"}
    assert len(paths) > 15 and {"/premises", "/sign-in", "/sightings/1/files/1"} <= paths
    for path in sorted(paths | {"/assets/desk.js", "/assets/desk.css", "/vendor/htmx/htmx.min.js", "/assets/../pages/today.py", "/assets/%2e%2e/tip_page.py"}):  # fmt: skip
        for method in ("GET", "POST"):
            answer = public.client.request(method, path, headers={"Cookie": "touchstone=anything"})
            assert answer.status_code == 404, (method, path)


def test_its_headers_allow_no_script_and_nothing_from_elsewhere_and_it_sets_no_cookie(public: Public) -> None:
    for path in ("/tell-us", "/privacy", "/sent", "/nothing"):
        answer = public.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'") and "script-src" not in policy and "unsafe" not in policy
        assert "set-cookie" not in answer.headers and answer.headers["x-frame-options"] == "DENY" and "server" not in answer.headers
        assert not re.search(r"<script|\sstyle=|\son\w+=|https?://(?!127\.0\.0\.1)", answer.text)
    assert public.client.get("/tell-us", headers={"Host": "evil.example"}).status_code == 400


def test_a_tip_becomes_a_sighting_of_the_public_with_the_photographs_as_they_came(public: Public) -> None:
    photo = with_position(1)
    answer = public.send({**LEAVE, "price": "£45", "brand": "Maison Lozenge", "seller": "Rail Belts", "phone": "07700 900123"}, photo)
    said = public.said()
    assert answer.url.path == "/sent" and said["sighting"].reference in answer.text
    assert said["sighting"].told is Told.public and said["sighting"].actor == "public_tips" and said["payloads"] == [photo]
    assert said["listing"].snapshot.price_minor == 4500 and said["sighting"].place == LEAVE["place"]
    assert "position" not in str(said["files"][0]["claims"]), "what the camera says of its owner is kept apart"
    assert "53.42500, -2.32000" in said["informant"].note and said["informant"].name == ""
    with public.page.store.acting("system", purpose="test") as reader:
        [shown] = reader.pictures(listing=said["sighting"].listing)
        assert b"Rosalind" not in reader.image_bytes(shown.image.sha256) and shown.image.sha256 != hashlib.sha256(photo).hexdigest()


def test_who_sends_it_is_kept_only_where_they_say_so_and_apart(public: Public) -> None:
    public.send({"note": "I am Rosalind Fern, 07700 900321, and saw belts", "name": "Rosalind Fern", "contact": "07700 900321"})
    said = public.said()
    assert "Rosalind" not in said["listing"].snapshot.text and "900321" not in said["listing"].snapshot.text
    assert (said["informant"].name, said["informant"].contact) == ("Rosalind Fern", "07700 900321")
    public.send()
    assert public.said()["informant"] is None


def test_an_address_in_a_tip_is_text_and_opened_by_nobody(public: Public) -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        there.settimeout(1.0)
        port = there.getsockname()[1]
        hostile = f"http://127.0.0.1:{port}/latest/meta-data"
        public.send({"link": hostile, "note": f"Look at {hostile} and http://169.254.169.254/", "place": hostile, "seller": hostile})
        with pytest.raises(TimeoutError):
            there.accept()
    assert f"not opened: {hostile}" in public.said()["listing"].snapshot.text
    assert public.said()["listing"].listing.url.startswith("urn:")


def test_words_of_a_stranger_are_text_on_the_page_and_at_the_desk(public: Public) -> None:
    hostile = dict.fromkeys(("note", "place", "brand", "seller", "phone", "link", "price", "seen_at", "name"), XSS)
    wrong = public.send({**hostile, "token": "forged"})
    assert wrong.status_code == 400 and "<script>alert" not in wrong.text and "&lt;script&gt;" in wrong.text
    assert public.send(hostile).url.path == "/sent"
    desk = create_app(public.home)
    with TestClient(desk, base_url="http://127.0.0.1") as client:
        rules = desk.state.desk.settings.sign_in
        authority = public.home.settings.authority.code
        people.open_account(desk.state.desk.store, "a.officer", "A (fictional)", Role.officer, authority=authority, by="system")
        people.set_password(desk.state.desk.store, "a.officer", PASSWORD, rules, temporary=False, by="system")
        client.post("/sign-in", data={"name": "a.officer", "password": PASSWORD, "csrf": token_in(client.get("/sign-in").text)})
        for path in ("/sightings", f"/sightings/{public.sightings()[-1].id}"):
            text = client.get(path).text
            assert "alert(1)" in text and "<script>alert" not in text and "<img src=x" not in text


def huge_png(side: int) -> bytes:
    """A PNG that says that it is very large: a few kilobytes that would be gigabytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + b"\x01\x00\x00\x00\x00"
    rows = zlib.compress(b"\0" * ((side // 8 + 1) * 200), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("datapackage.json", b"0" * 50_000_000)
    return out.getvalue()


def gif() -> bytes:
    out = io.BytesIO()
    Pillow.new("P", (40, 40)).save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize("body, why", [
    (b"<html><script>alert(1)</script></html>", "a web page"), (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "an SVG drawing"),
    (b"#!/bin/sh\nrm -rf /\n", "not a picture"), (b"MZ\x90\0" + b"\0" * 500, "not a picture"), (b"%PDF-1.7\n%%EOF", "a PDF"),
    (huge_png(30_000), "more than 60000000 pixels"), (zip_bomb(), "a ZIP archive"), (jpeg(1)[:400], "cut off"), (gif(), "no JPEG, PNG or WebP"),
    (b"\xff\xd8\xff\xe0" + b"\0" * 3000, "cannot be opened"), (b"", "0 bytes"),
    (jpeg(1)[:2] + b"\xff\xfe\x00\x0b%PDF-1.7\n" + jpeg(1)[2:], "something else as well (pdf)"),
], ids=["html", "svg", "script", "program", "pdf", "bomb", "zip", "half", "gif", "noise", "empty", "pdf-in-jpeg"])  # fmt: skip
def test_what_is_no_photograph_is_refused_with_the_reason_and_nothing_is_kept(public: Public, body: bytes, why: str) -> None:
    started = time.process_time()
    answer = public.send({}, jpeg(2), body)
    assert answer.status_code == 400 and "Photo 2 was not taken" in answer.text and why in answer.text, re.sub(r"<[^>]*>", "", answer.text)[-3000:]  # fmt: skip
    assert public.sightings() == [] and "/tmp" not in answer.text and time.process_time() - started < 20


def test_a_photograph_that_is_also_a_page_is_kept_to_the_byte_and_never_shown_as_one(public: Public) -> None:
    """JPEG with a script and a ZIP behind it: to the decoder a picture, to nobody else anything."""
    polyglot = jpeg(3) + b"<html><script>alert(1)</script></html>" + zip_bomb()
    assert public.send({}, polyglot).url.path == "/sent"
    said = public.said()
    assert said["payloads"] == [polyglot] and said["files"][0]["kind"] == "picture" and said["read"] == []
    with public.page.store.acting("system", purpose="test") as reader:
        [shown] = reader.pictures(listing=said["sighting"].listing)
        assert b"<script>" not in reader.image_bytes(shown.image.sha256)


def test_a_machine_that_fills_the_hidden_field_is_thanked_and_nothing_is_kept(public: Public) -> None:
    assert public.send({"website": "http://spam.example"}).url.path == "/sent" and public.sightings() == []


@pytest.mark.parametrize("old, forged", [(0, ""), (25 * 3600, ""), (60, "x" * 40)])
def test_a_form_too_quick_too_old_or_not_ours_is_asked_for_again_with_its_words(public: Public, old: float, forged: str) -> None:
    answer = public.send({"note": "belts on a rail", **({"token": forged} if forged else {})}, old=old)
    assert answer.status_code == 400 and "belts on a rail" in answer.text and public.sightings() == []


def test_pressing_send_twice_keeps_one(public: Public) -> None:
    token = public.token()
    answers = [public.send({"token": token}) for _ in range(2)]
    assert [a.url.path for a in answers] == ["/sent", "/sent"] and len(public.sightings()) == 1
    assert public.sightings()[0].reference in answers[1].text


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}])
def test_a_form_that_another_site_sends_is_refused(public: Public, headers: dict[str, str]) -> None:
    assert public.send(headers=headers).status_code == 403 and public.sightings() == []


def test_what_cannot_be_read_as_a_time_or_a_price_stands_in_the_words(public: Public) -> None:
    public.send({"seen_at": "last market day", "price": "dirt cheap"})
    text = public.said()["listing"].snapshot.text
    assert "When, as written: last market day" in text and "Price, as written: dirt cheap" in text


def test_nothing_said_is_nothing_kept_and_long_words_are_cut(public: Public) -> None:
    assert public.send({"note": " "}).status_code == 400
    public.send({"note": "x" * 9000, "place": "y" * 900})
    said = public.said()
    assert len(said["listing"].snapshot.text) == 4000 and len(said["sighting"].place) == 300


def test_one_address_and_one_day_have_their_limits(tmp_path: Path, public: Public) -> None:
    from casework.desk.security import Pace

    public.page.tips = Pace(2, 3600)
    assert [public.send().status_code for _ in range(3)] == [200, 200, 429] and len(public.sightings()) == 2
    public.page.tips, public.page.day = Pace(100, 3600), Pace(1, 3600)
    assert [public.send().status_code for _ in range(2)] == [200, 429]
    public.page.attempts = Pace(1, 3600)
    assert [public.send({"token": "forged"}).status_code for _ in range(2)] == [400, 429]
    public.page.requests = Pace(1)
    assert [public.client.get(path).status_code for path in ("/tell-us", "/privacy", "/sent")] == [200, 429, 429]


def test_many_at_once_wait_their_turn_or_are_asked_to_come_back(public: Public) -> None:
    for _ in range(tip_page.AT_ONCE):
        public.page._receiving.acquire()
    assert public.send().status_code == 503
    for _ in range(tip_page.AT_ONCE):
        public.page._receiving.release()
    answers: list[int] = []
    tokens = [public.token() for _ in range(3)]
    threads = [threading.Thread(target=lambda t=t: answers.append(public.send({"token": t}, jpeg(6)).status_code)) for t in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200, 200] and len({s.reference for s in public.sightings()}) == 3


@pytest.mark.parametrize("content, kind", [(b"token=x&note=hello", "application/x-www-form-urlencoded"), (b"{}", "application/json"), (b"garbage", "multipart/form-data; boundary=y"), (b"x", "multipart/form-data")])  # fmt: skip
def test_what_is_no_form_of_this_page_is_no_error_of_ours(public: Public, content: bytes, kind: str) -> None:
    assert public.client.post("/tell-us", content=content, headers={"Content-Type": kind}).status_code in (400, 415)
    assert public.sightings() == []


def test_more_than_the_limit_of_bytes_or_photographs_is_refused(public: Public) -> None:
    assert public.client.post("/tell-us", content=b"x", headers={"Content-Length": "99000000"}).status_code == 413
    assert public.send({}, *[jpeg(n) for n in range(7)]).status_code == 400 and public.sightings() == []


def test_the_notice_flags_its_blanks_until_they_are_filled(tmp_path: Path, public: Public) -> None:
    notice = public.client.get("/privacy").text
    assert notice.count("[not filled in yet:") == 3 and "Draft." in notice and "where it was taken" in notice
    folder = tmp_path / "filled"
    shutil.copytree(public.home.folder, folder)
    filled = Public(opened(folder, contact='"0161 496 0000"', privacy_contact='"The officer (fictional)"', kept_for='"two years"'))
    assert "[not filled in yet" not in filled.client.get("/privacy").text
    filled.page.store.close()


def test_a_tips_number_is_shown_only_by_an_address_that_we_made(public: Public) -> None:
    assert "S-2026" not in public.client.get("/sent?r=S-2026-0001").text
    assert XSS not in public.client.get("/sent", params={"r": XSS}).text
