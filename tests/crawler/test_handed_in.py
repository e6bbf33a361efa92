"""What is handed in: recognised by content, read within bounds, rid of secrets; hostile files give a sentence and are never a crash."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags
from PIL import Image as Pillow

from crawler.handed_in import _parts, open_file
from crawler.handed_in._bare import bare
from crawler.handed_in._parts import Contents, Role
from store.errors import TouchstoneError
from store.secrets import MARKER, URL_MARKER
from tests.builders import jpeg

PAGE = "https://shop.example/item/77"
COOKIE = "s3cr3t-c00kie"
HTML = f"""<!DOCTYPE html><html><head><title>Belt</title><link rel="canonical" href="{PAGE}"></head><body><h1>Belt</h1></body></html>"""


def opened(tmp_path: Path, name: str, body: bytes | str, **more: Any) -> Contents:
    path = tmp_path / name
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return open_file(path, **more)


def mhtml(*parts: tuple[str, str, bytes], end: bool = True, location: str = PAGE) -> bytes:
    head = f"From: <Saved by Blink>\r\nSnapshot-Content-Location: {location}\r\nSubject: Belt\r\nDate: Sun, 1 Mar 2026 09:00:00 -0000\r\nMIME-Version: 1.0\r\n"
    head += 'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----B"\r\n\r\n\r\n'
    out = head.encode()
    for where, mime, data in parts:
        out += f"------B\r\nContent-Type: {mime}\r\nContent-Transfer-Encoding: base64\r\nContent-Location: {where}\r\n\r\n".encode()
        out += base64.encodebytes(data).replace(b"\n", b"\r\n") + b"\r\n"
    return out + (b"------B--\r\n" if end else b"")


def warc(*answers: tuple[str, str, bytes], cookie: str = "", encoding: str = "", compress: bool = True) -> bytes:
    out = b""
    for number, (url, mime, body) in enumerate(answers):
        data = gzip.compress(body) if encoding else body
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\n" + (f"Content-Encoding: {encoding}\r\n" if encoding else "")
        head += f"Set-Cookie: session={cookie}; Path=/\r\n" if cookie else ""
        asked = f"GET / HTTP/1.1\r\nHost: shop.example\r\n{f'Cookie: session={cookie}' if cookie else 'Accept: */*'}\r\n\r\n".encode()
        for kind, block in (("response", head.encode() + b"\r\n" + data), ("request", asked)):
            fields = f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-03-01T09:00:00Z\r\nWARC-Record-ID: <urn:uuid:0{number}{kind}>\r\n"
            fields += f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(block)}\r\n\r\n"
            record = fields.encode() + block + b"\r\n\r\n"
            out += gzip.compress(record) if compress else record
    return out


def wacz(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in {"datapackage.json": b'{"title": "Belts", "software": "ours"}', **members}.items():
            package.writestr(name, data)
    return out.getvalue()


def har(*entries: dict[str, Any]) -> bytes:
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": "Tools", "version": "1"}, "pages": [], "entries": list(entries)}}
    ).encode()


def entry(url: str = PAGE, mime: str = "text/html", text: str = HTML, **more: Any) -> dict[str, Any]:
    request = {"method": "GET", "url": url, "headers": [], "cookies": [], "queryString": [], **more.pop("request", {})}
    response = {
        "status": 200,
        "headers": [],
        "cookies": [],
        "content": {"size": len(text), "mimeType": mime, "text": text, **more.pop("content", {})},
    }
    return {"startedDateTime": "2026-03-01T09:00:00Z", "request": request, "response": response, **more}


def photo(**exif: Any) -> bytes:
    picture, said = Pillow.open(io.BytesIO(jpeg(3))), Pillow.Exif()
    said[ExifTags.Base.Make], said[ExifTags.Base.Artist] = "DemoCam", "Ottoline Quillfeather"
    said.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:03:01 10:30:00"
    said.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (53.0, 28.0, 12.0), 3: "W", 4: (2.0, 14.0, 30.0)})
    for tag, value in exif.items():
        said[getattr(ExifTags.Base, tag)] = value
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=said, comment=b"Ottoline Quillfeather", quality=90)
    return out.getvalue()


# -- recognised by content -------------------------------------------------------------------------------------------------
SAMPLES = {
    "html": HTML.encode(),
    "mhtml": mhtml((PAGE, "text/html", HTML.encode())),
    "warc": warc((PAGE, "text/html", HTML.encode())),
    "wacz": wacz({"archive/data.warc.gz": warc((PAGE, "text/html", HTML.encode()))}),
    "har": har(entry()),
    "pdf": b"%PDF-1.7\n1 0 obj<</Title (Belts) /Producer (Skia)>>endobj\ntrailer\n%%EOF\n",
    "picture": jpeg(1),
    "video": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 64,
    "urls": b"# seen on Sunday\nhttps://shop.example/item/77\nhttps://shop.example/item/78?session=" + COOKIE.encode() + b"\n",
    "other": b"Belts, belts, belts.",
}


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("name", ["handed.in", "page.html", "clip.mp4", "photo.jpg"])
def test_a_file_is_what_its_bytes_say_whatever_its_name(tmp_path: Path, kind: str, name: str) -> None:
    contents = opened(tmp_path, name, SAMPLES[kind])
    assert (contents.kind, contents.name, contents.original) == (kind, name, hashlib.sha256(SAMPLES[kind]).hexdigest())
    if kind != "urls":
        assert contents.body == SAMPLES[kind] and not contents.redacted and contents.problems == ()


@pytest.mark.parametrize(
    ("mark", "kind"),
    [
        (b"\xef\xbb\xbf<!-- saved from url=(0020)https://a.example/ -->\n<HTML>", "html"),
        (b"<?xml version='1.0'?><html xmlns='x'>", "html"),
        (b"const page = '<html>';", "other"),
        (b"<svg xmlns='x'></svg>", "other"),
        (b"\x1a\x45\xdf\xa3" + b"\x01webm" + b"\0" * 60, "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "video"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "picture"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n", "other"),
        (b'{"log": "lines", "of": "a program"}', "other"),
        (b"[InternetShortcut]\r\nURL=https://shop.example/item/77\r\nIconIndex=0\r\n", "urls"),
        (b"https://shop.example/item/77 is what I saw\n", "other"),
        (b"PK\x05\x06" + b"\0" * 18, "other"),
    ],
)
def test_marks_that_are_easily_taken_for_another(tmp_path: Path, mark: bytes, kind: str) -> None:
    assert opened(tmp_path, "x", mark).kind == kind


# -- what is in them ---------------------------------------------------------------------------------------------------------
def test_mhtml_gives_its_document_and_pictures_at_their_addresses(tmp_path: Path) -> None:
    frame = ("https://ads.example/frame", "text/html", b"<html>ad</html>")
    body = mhtml((PAGE, "text/html", HTML.encode()), ("https://shop.example/i/77.jpg", "image/jpeg", jpeg(1)), frame)
    contents = opened(tmp_path, "page.mhtml", body)
    assert [(p.role, p.url, p.body) for p in contents.parts] == [
        (Role.page, PAGE, HTML.encode()), (Role.picture, "https://shop.example/i/77.jpg", jpeg(1)), (Role.other, frame[0], frame[2]),
    ]  # fmt: skip
    assert contents.claims["saved_from"] == PAGE and contents.claims["saved_at"].startswith("Sun, 1 Mar 2026")


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("kind", ["warc", "wacz"])
def test_warc_and_wacz_give_answers_without_their_encodings(tmp_path: Path, kind: str, encoding: str) -> None:
    answers = (
        (PAGE, "text/html", HTML.encode()),
        ("https://shop.example/i/77.jpg", "image/jpeg", jpeg(1)),
        ("https://shop.example/ad", "text/html", b"<html>ad"),
    )
    body = warc(*answers, encoding=encoding)
    if kind == "wacz":
        body = wacz({"archive/data.warc.gz": body, "pages/pages.jsonl": b'{"format": "x"}\n' + json.dumps({"url": PAGE}).encode()})
    contents = opened(tmp_path, "x", body)
    assert [p.body for p in contents.parts] == [a[2] for a in answers]
    pages = [p.url for p in contents.parts if p.role is Role.page]
    assert pages == ([PAGE] if kind == "wacz" else [PAGE, "https://shop.example/ad"]), "a package says which of its documents are pages"
    assert contents.parts[0].at == "2026-03-01T09:00:00Z" and contents.body == body


def test_har_gives_documents_pictures_and_answers_in_json(tmp_path: Path) -> None:
    picture = entry(
        "https://shop.example/i/77.jpg",
        "image/jpeg",
        base64.b64encode(jpeg(1)).decode(),
        content={"encoding": "base64"},
        _resourceType="image",
    )
    frame = entry("https://ads.example/", _resourceType="xhr")
    contents = opened(tmp_path, "x.har", har(entry(_resourceType="document"), picture, frame, {"request": 1}))
    assert [(p.role, p.url) for p in contents.parts] == [
        (Role.page, PAGE),
        (Role.picture, "https://shop.example/i/77.jpg"),
        (Role.other, "https://ads.example/"),
    ]
    assert contents.parts[1].body == jpeg(1) and contents.problems == ("1 of its 4 entries are not as HAR has them, and were not read",)


@pytest.mark.parametrize("suffix", ["_files", ".files"])
def test_a_complete_page_brings_its_folder_and_follows_no_link_out_of_it(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "secret.txt").write_text("the officer's own")
    folder = tmp_path / f"Belt{suffix}"
    folder.mkdir()
    (folder / "77.jpg").write_bytes(jpeg(1))
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "deep").mkdir()
    contents = opened(tmp_path, "Belt.html", HTML.replace("</body>", f'<img src="./Belt{suffix}/77.jpg"></body>'))
    assert [(p.name, p.role, p.url) for p in contents.parts] == [
        ("Belt.html", Role.page, PAGE), (f"Belt{suffix}/77.jpg", Role.picture, f"https://shop.example/item/Belt{suffix}/77.jpg"),
    ]  # fmt: skip


def test_a_single_file_brings_the_pictures_written_into_it(tmp_path: Path) -> None:
    inlined = base64.b64encode(jpeg(1)).decode()
    page = f"<!DOCTYPE html> <html><!--\n Page saved with SingleFile \n url: {PAGE}?token={COOKIE} \n saved date: Sun Mar 01 2026\n--><img src=data:image/jpeg;base64,{inlined}>"
    contents = opened(tmp_path, "x.html", page)
    assert [(p.role, p.body) for p in contents.parts][1:] == [(Role.picture, jpeg(1))]
    assert contents.claims == {
        "saved_from": f"{PAGE}?token={URL_MARKER}",
        "saved_from_by": "the program that saved it",
        "saved_at": "Sun Mar 01 2026",
    }
    assert COOKIE.encode() not in contents.body and contents.redacted


def test_a_page_that_does_not_say_its_address_is_read_only_where_it_is_stated(tmp_path: Path) -> None:
    bare_page = "<html><body>Belt</body></html>"
    assert "state it with --url" in opened(tmp_path, "x.html", bare_page).problems[0]
    stated = opened(tmp_path, "x.html", bare_page, url=PAGE)
    assert stated.parts[0].url == PAGE and stated.claims["saved_from_by"] == "the person who handed it in" and not stated.problems


def test_exif_is_a_claim(tmp_path: Path) -> None:
    claims = opened(tmp_path, "x.jpg", photo()).claims
    assert claims == {
        "camera_time": "2026:03:01 10:30:00",
        "camera_make": "DemoCam",
        "author": "Ottoline Quillfeather",
        "camera_position": "53.47000, -2.24167",
    }


def test_addresses_are_pointers_without_their_secrets(tmp_path: Path) -> None:
    contents = opened(tmp_path, "x", SAMPLES["urls"])
    assert contents.claims["addresses"] == [PAGE, f"https://shop.example/item/78?session={URL_MARKER}"]
    assert contents.parts == () and COOKIE.encode() not in contents.body and contents.redacted


# -- secrets ---------------------------------------------------------------------------------------------------------------
def test_a_har_is_kept_without_cookies_tokens_and_log_ins(tmp_path: Path) -> None:
    headers = [
        {"name": "Cookie", "value": f"session={COOKIE}"},
        {"name": "Authorization", "value": f"Bearer {COOKIE}"},
        {"name": "Accept", "value": "*/*"},
    ]
    request = {
        "url": f"{PAGE}?access_token={COOKIE}", "headers": headers, "cookies": [{"name": "s", "value": COOKIE}],
        "queryString": [{"name": "access_token", "value": COOKIE}, {"name": "q", "value": "belt"}],
        "postData": {"mimeType": "application/x-www-form-urlencoded", "text": f"password={COOKIE}&q=belt", "params": [{"name": "password", "value": COOKIE}]},
    }  # fmt: skip
    log_in = entry("https://shop.example/oauth/token", "application/json", json.dumps({"access_token": COOKIE}))
    given = har(entry(request=request, _webSocketMessages=[{"data": COOKIE}]), log_in, entry(text=f"<html>{HTML}</html>"))
    contents = opened(tmp_path, "x.har", given)
    assert COOKIE not in contents.body.decode() and contents.redacted and contents.original == hashlib.sha256(given).hexdigest()
    said = json.loads(contents.body)["log"]["entries"]
    assert said[0]["request"]["headers"] == [
        {"name": "Cookie", "value": MARKER},
        {"name": "Authorization", "value": MARKER},
        {"name": "Accept", "value": "*/*"},
    ]
    assert said[0]["request"]["queryString"][1] == {"name": "q", "value": "belt"} and "q=belt" in said[0]["request"]["postData"]["text"]
    assert said[2]["response"]["content"]["text"] == f"<html>{HTML}</html>", "what a server answered stays as it was"
    assert not any(COOKIE.encode() in p.body or COOKIE in p.url for p in contents.parts) and len(contents.parts) == 2


@pytest.mark.parametrize("kind", ["warc", "warc, not compressed", "wacz"])
def test_a_warc_is_kept_without_the_cookies_in_it(tmp_path: Path, kind: str) -> None:
    log_in = ("https://shop.example/oauth/token", "application/json", COOKIE.encode())
    body = warc((f"{PAGE}?token={COOKIE}", "text/html", HTML.encode()), log_in, cookie=COOKIE, compress=kind != "warc, not compressed")
    if kind == "wacz":
        body = wacz({"archive/data.warc.gz": body, "pages/pages.jsonl": json.dumps({"url": f"{PAGE}?token={COOKIE}"}).encode()})
    contents = opened(tmp_path, "x", body)
    kept = contents.body
    if kind == "wacz":
        with zipfile.ZipFile(io.BytesIO(kept)) as package:
            assert COOKIE.encode() not in b"".join(package.read(name) for name in package.namelist() if not name.endswith(".gz"))
            kept = package.read("archive/data.warc.gz")
    plain = gzip.decompress(kept)
    assert COOKIE.encode() not in plain and plain.count(MARKER.encode()) >= 4 and HTML.encode() in plain
    assert contents.redacted and [p.body for p in contents.parts] == [HTML.encode()], "the answer of a log-in is not kept"
    again = opened(tmp_path, "again", contents.body)
    assert [p.body for p in again.parts] == [HTML.encode()] and not again.problems, "the copy is a whole file of its kind"


def test_mhtml_and_lists_lose_the_tokens_of_addresses(tmp_path: Path) -> None:
    contents = opened(tmp_path, "x", mhtml((f"{PAGE}?token={COOKIE}", "text/html", HTML.encode()), location=f"{PAGE}?token={COOKIE}"))
    assert COOKIE.encode() not in contents.body and contents.redacted and contents.parts[0].url == f"{PAGE}?token={URL_MARKER}"


def zipped(name: str, body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("notes.txt", "Belts")
        package.writestr(name, body)
    return out.getvalue()


SECRET_HAR = har(entry(request={"headers": [{"name": "Cookie", "value": f"session={COOKIE}"}]}))


@pytest.mark.parametrize("form", ["utf-16", "utf-16-le", "utf-16-be", "gzip", "gzip of utf-16"])
def test_a_har_is_found_in_utf_16_and_in_a_gzip_too(tmp_path: Path, form: str) -> None:
    body = SECRET_HAR.decode().encode(form.removeprefix("gzip of ")) if "utf" in form else SECRET_HAR
    contents = opened(tmp_path, "x", gzip.compress(body) if "gzip" in form else body)
    assert (contents.kind, contents.redacted) == ("har", True) and contents.parts[0].url == PAGE
    assert MARKER.encode() in contents.body and COOKIE.encode() not in contents.body.replace(b"\0", b"")


@pytest.mark.parametrize("form", ["utf-16", "gzip"])
def test_what_holds_no_secret_is_kept_as_it_came_however_it_is_written(tmp_path: Path, form: str) -> None:
    body = gzip.compress(HTML.encode()) if form == "gzip" else HTML.encode("utf-16")
    contents = opened(tmp_path, "x", body)
    assert contents.body == body and not contents.redacted and contents.kind == "html" and contents.parts[0].url == PAGE
    packed = opened(tmp_path, "y", gzip.compress(photo()))
    assert (packed.kind, packed.parts, packed.problems) == ("other", (), ())


@pytest.mark.parametrize(
    "body",
    [
        f"# Netscape HTTP Cookie File\n.shop.example\tTRUE\t/\tTRUE\t1900000000\tsession\t{COOKIE}\n",
        f"# from the browser\n.shop.example\tTRUE\t/\tFALSE\t0\tsession\t{COOKIE}\n",
        json.dumps([{"domain": "shop.example", "httpOnly": True, "name": "session", "value": COOKIE}]),
        f"curl '{PAGE}' -H 'Accept: */*' -b 'session={COOKIE}'",
        f'curl "{PAGE}" ^\r\n  -H "Cookie: session={COOKIE}"',
        f"$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n$session.Cookies.Add('{COOKIE}')",
    ],
)
@pytest.mark.parametrize("form", ["as it is", "utf-16", "gzip", "zip"])
def test_a_log_in_and_nothing_else_is_refused(tmp_path: Path, body: str, form: str) -> None:
    raw = body.encode("utf-16" if form == "utf-16" else "utf-8")
    raw = gzip.compress(raw) if form == "gzip" else zipped("x.txt", raw) if form == "zip" else raw
    with pytest.raises(TouchstoneError, match="nothing of it was kept" if form != "zip" else "'x.txt' in it is, or may hold, cookies"):
        opened(tmp_path, "x.txt", raw)


def test_text_loses_the_secrets_that_it_names(tmp_path: Path) -> None:
    text = f"GET /item/77 HTTP/1.1\r\nHost: shop.example\r\nCookie: session={COOKIE}\r\n\r\n"
    text += f'  "authorization": "Bearer {COOKIE}",\nseen at {PAGE}?token={COOKIE} at 14:30\nPrice: 45\n'
    contents = opened(tmp_path, "x.txt", text)
    assert contents.redacted and COOKIE.encode() not in contents.body and contents.body.count(b"removed") == 3
    assert b"Host: shop.example\r\nCookie: [secret removed]\r\n" in contents.body and b"at 14:30\nPrice: 45\n" in contents.body


def test_a_zip_is_looked_into_and_kept_whole_or_refused(tmp_path: Path) -> None:
    good = zipped("word/document.xml", f"<w:t>see {PAGE}?key=abc</w:t>".encode())
    contents = opened(tmp_path, "letter.docx", good)
    assert contents.body == good and contents.kind == "other" and contents.problems == ()
    with pytest.raises(TouchstoneError, match=r"'a/b\.har' in it holds cookies or keys.*unpack it"):
        opened(tmp_path, "x.zip", zipped("a/b.har", SECRET_HAR))
    with pytest.raises(TouchstoneError, match=r"'cut\.har' in it is, or may hold, cookies"):
        opened(tmp_path, "x.zip", zipped("cut.har", SECRET_HAR[:-40]))


@pytest.mark.parametrize("body", [zipped("a", SECRET_HAR)[:-30], gzip.compress(SECRET_HAR)[:-30], gzip.compress(zipped("a", SECRET_HAR)), zipped("a.gz", gzip.compress(SECRET_HAR))])  # fmt: skip
def test_what_cannot_be_looked_into_is_kept_and_said(tmp_path: Path, body: bytes) -> None:
    contents = opened(tmp_path, "x", body)
    assert contents.body == body and len(contents.problems) == 1 and "was not looked into" in contents.problems[0]


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.handed_in._other.MAX_DECODED", 2**20)
    assert "unpacks to more than 1 MiB" in opened(tmp_path, "x.gz", gzip.compress(b"0" * 2**21)).problems[0]


# -- hostile files ---------------------------------------------------------------------------------------------------------
def test_a_truncated_mhtml_is_kept_and_said_to_be_cut_off(tmp_path: Path) -> None:
    whole = mhtml((PAGE, "text/html", HTML.encode()), ("https://shop.example/i/77.jpg", "image/jpeg", jpeg(1)))
    contents = opened(tmp_path, "x.mhtml", whole[: len(whole) * 2 // 3])
    assert (
        any("cut off" in p for p in contents.problems)
        and contents.parts[0].body == HTML.encode()
        and contents.body == whole[: len(whole) * 2 // 3]
    )


def test_mhtml_nested_a_thousand_deep_is_no_crash(tmp_path: Path) -> None:
    body = b"MIME-Version: 1.0\r\n"
    for n in range(2000):
        body += b'Content-Type: multipart/related; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
    try:
        contents = opened(tmp_path, "x.mhtml", body)
    except TouchstoneError as error:
        assert "nested or large beyond measure" in str(error)
    else:
        assert contents.problems


def test_a_wacz_that_leads_outside_writes_nothing_there(tmp_path: Path) -> None:
    inner = warc((PAGE, "text/html", HTML.encode()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name in ("../../evil.warc.gz", "/etc/evil.warc.gz", "C:\\evil.warc", "archive/../../evil.warc.gz"):
            package.writestr(name, inner)
        package.writestr("archive/good.warc.gz", inner)
    before = sorted(p for p in tmp_path.parent.rglob("evil.warc*"))
    contents = opened(tmp_path, "x.wacz", out.getvalue())
    assert len(contents.problems) == 4 and all("leads outside" in p for p in contents.problems)
    assert len(contents.parts) == 1 and sorted(p for p in tmp_path.parent.rglob("evil.warc*")) == before == []
    assert [p.name for p in tmp_path.iterdir()] == ["x.wacz"]


def test_bombs_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_parts, "MAX_DECODED", 2**20)
    monkeypatch.setattr("crawler.handed_in.wacz.MAX_DECODED", 2**20)
    many = [(f"https://shop.example/{n}", "text/html", b"0" * 200_000) for n in range(20)]
    contents = opened(tmp_path, "x.warc.gz", warc(*many))
    assert "unpacks to more than 1 MiB" in contents.problems[0] and 0 < len(contents.parts) < 20
    with pytest.raises(TouchstoneError, match=r"stands for .* MiB in .* members"):
        opened(tmp_path, "x.wacz", wacz({"archive/a.warc": b"0" * 2 * 2**20}))
    assert "unpacks to more than" in opened(tmp_path, "x.har", har(*(entry(text="0" * 200_000) for _ in range(20)))).problems[0]


def test_an_answer_that_expands_beyond_measure_stops_the_reading(tmp_path: Path) -> None:
    nested = gzip.compress(gzip.compress(b"\0" * 80 * 2**20))
    record = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip, gzip\r\n\r\n" + nested
    fields = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {PAGE}\r\nWARC-Date: 2026-03-01T09:00:00Z\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
    )
    fields += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(record)}\r\n\r\n"
    contents = opened(tmp_path, "x.warc", warc((PAGE, "text/html", HTML.encode()), compress=False) + fields.encode() + record + b"\r\n\r\n")
    assert "expands beyond" in contents.problems[0] and [p.body for p in contents.parts] == [HTML.encode()]


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("x.har", SAMPLES["har"][:-40], "HAR cannot be read .*cookies .*nothing of it was kept"),
        ("x.har", b'{"log": {"entries": ' + b"[" * 100_000, "HAR cannot be read|nested"),
        ("x.wacz", SAMPLES["wacz"][:-30], "WACZ cannot be read .*cookies .*nothing of it was kept"),
        ("x.wacz", SAMPLES["wacz"].replace(b"archive/data.warc.gz", b"archive/data.warc.gx"), "no answer|WACZ"),
        ("empty", b"", "the file is empty"),
    ],
)
def test_what_cannot_be_rid_of_its_cookies_is_refused_in_a_sentence(tmp_path: Path, name: str, body: bytes, why: str) -> None:
    import re

    try:
        contents = opened(tmp_path, name, body)
    except TouchstoneError as error:
        assert re.search(why, str(error)) and name in str(error)
    else:
        assert any(re.search(why, p) for p in contents.problems)


def test_a_damaged_warc_is_kept_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    whole = warc((PAGE, "text/html", HTML.encode()), ("https://shop.example/2", "text/html", HTML.encode()), cookie=COOKIE)
    contents = opened(tmp_path, "x.warc.gz", whole[:-60])
    assert contents.problems and contents.redacted and contents.parts[0].body == HTML.encode()
    assert COOKIE.encode() not in gzip.decompress(contents.body)


def test_too_large_no_file_and_a_folder_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.handed_in.MAX_FILE", 1000)
    with pytest.raises(TouchstoneError, match="more than the 1 MiB"):
        opened(tmp_path, "x", b"0" * 1001)
    with pytest.raises(TouchstoneError, match="there is no such file"):
        open_file(tmp_path / "none")
    with pytest.raises(TouchstoneError, match="this is a folder"):
        open_file(tmp_path)


# -- pictures without what the camera wrote --------------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_bare_picture_is_the_same_picture_and_says_nothing_of_who_took_it(form: str) -> None:
    source = Pillow.open(io.BytesIO(photo()))
    out = io.BytesIO()
    text: dict[str, Any] = {}
    if form == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text("Author", "Ottoline Quillfeather")
        text = {"pnginfo": info}
    source.save(out, form, exif=source.getexif(), xmp=b"<x>Ottoline Quillfeather</x>", **text)
    full = out.getvalue()
    cut = bare(full)
    assert b"Quillfeather" in full and cut is not None and b"Quillfeather" not in cut and b"DemoCam" not in cut
    with Pillow.open(io.BytesIO(full)) as a, Pillow.open(io.BytesIO(cut)) as b:
        assert a.tobytes() == b.tobytes() and a.size == b.size and not dict(b.getexif())
    assert bare(cut) == cut


def test_a_turned_photograph_still_says_so(tmp_path: Path) -> None:
    cut = bare(photo(Orientation=6))
    assert cut is not None
    with Pillow.open(io.BytesIO(cut)) as picture:
        assert dict(picture.getexif()) == {ExifTags.Base.Orientation: 6}
    assert bare(cut) == cut


def test_what_cannot_be_cut_says_so() -> None:
    assert bare(b"BM" + b"\0" * 60) is None and bare(photo()[:60]) is None and bare(b"\x89PNG\r\n\x1a\n\0\0") is None
