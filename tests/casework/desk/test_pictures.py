"""Pictures at the desk: kept ones, smaller ones, and photos that are asked about."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image as Pillow

from casework.desk.small import Small
from store.errors import TouchstoneError
from tests.builders import Builder, jpeg
from tests.casework.desk.conftest import Served


def own_picture(desk: Served, ref: str = "fo-118") -> str:
    with desk.store.acting("system", purpose="test") as reader:
        return reader.listing_images(reader.listing("demo_shop", ref).listing.id or 0)[0].sha256


# -- pictures ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [
    "/pictures/../../etc/passwd", "/pictures/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/pictures/" + "0" * 64, "/pictures/" + "A" * 64, "/pictures/x%0d%0aSet-Cookie:y=1",
    "/captures/0", "/captures/-1", "/captures/99999999999999999999", "/captures/1%0d%0aX:y", "/captures/2/screenshot", "/listings/0", "/listings/demo_shop/..%2f..%2fetc", "/sellers/0",
    "/sellers/99999999", "/listings/picture/..%2f..%2f", "/listings/picture/AAAAAAAAAAAAAAAA", "/pictures/" + "0" * 64 + "/beside/" + "1" * 64,
])  # fmt: skip
def test_an_address_that_is_none_of_ours_gets_a_page_that_says_so(desk: Served, path: str) -> None:
    answer = desk.as_role("officer").get(path)
    assert answer.status_code in (400, 404, 422) and "root:" not in answer.text and "Traceback" not in answer.text
    assert "y" not in answer.cookies and "x" not in {name.lower() for name in answer.headers}


def test_a_picture_is_served_alone_under_our_own_name_and_smaller_ones_are_encoded_anew(desk: Served) -> None:
    officer, sha256 = desk.as_role("officer"), own_picture(desk)
    exact, small = officer.get(f"/pictures/{sha256}"), officer.get(f"/pictures/{sha256}?size=300")
    for answer in (exact, small):
        assert answer.headers["content-type"] == "image/jpeg" and answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert re.fullmatch(r'inline; filename="picture-[0-9a-f]{12}(-small)?\.jpg"', answer.headers["content-disposition"])
    with Pillow.open(io.BytesIO(small.content)) as image:
        assert max(image.size) == 400  # the next size of those that are made
    assert officer.get(f"/pictures/{sha256}?download=true").headers["content-disposition"].startswith("attachment")


def test_a_polyglot_keeps_nothing_but_its_pixels_and_is_never_taken_for_a_page(own_desk: Served) -> None:
    polyglot = (
        jpeg(5)[:2]
        + b"\xff\xfe"
        + struct.pack(">H", 2 + 31)
        + b"<script>alert(document.domain)/"
        + jpeg(5)[2:]
        + b"<html><script>alert(1)</script></html>"
    )
    build = Builder(own_desk.store, "stall")
    build.listing("8", pictures=(polyglot, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), title="Belt")
    build.close()
    officer = own_desk.as_role("officer")
    small = officer.get(f"/pictures/{hashlib.sha256(polyglot).hexdigest()}?size=200")
    assert small.status_code == 200 and b"script" not in small.content
    exact = officer.get(f"/pictures/{hashlib.sha256(polyglot).hexdigest()}")
    assert (
        exact.content == polyglot
        and exact.headers["content-type"] == "image/jpeg"
        and "sandbox" in exact.headers["content-security-policy"]
    )
    drawing = hashlib.sha256(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").hexdigest()
    raw = officer.get(f"/pictures/{drawing}")
    assert raw.headers["content-type"] == "application/octet-stream" and raw.headers["content-disposition"].startswith("attachment")
    assert "cannot be shown" in officer.get(f"/pictures/{drawing}?size=200").text


def test_an_erasure_takes_the_smaller_pictures_away(own_desk: Served) -> None:
    build = Builder(own_desk.store, "stall")
    build.listing("7", pictures=(jpeg(7),), title="Belt")
    build.close()
    sha256, officer = hashlib.sha256(jpeg(7)).hexdigest(), own_desk.as_role("officer")
    assert officer.get(f"/pictures/{sha256}?size=200").status_code == 200
    with own_desk.store.acting("system", purpose="test") as reader:
        capture = reader.images([sha256])[sha256].capture
    own_desk.store.erase(capture, actor="system", reason="test")
    assert (
        not list((own_desk.home.folder / "var" / "desk-thumbs").glob("*"))
        and officer.get(f"/pictures/{sha256}?size=200").status_code == 400
    )


def test_smaller_pictures_stay_within_their_bytes_and_the_least_asked_for_go_first(tmp_path: Path) -> None:
    small = Small(tmp_path / "thumbs", most=1000)
    for n in range(20):
        assert small.of(f"{n:02}.jpg", lambda: b"x" * 100) == b"x" * 100
    held = sorted(path.name for path in (tmp_path / "thumbs").iterdir())
    assert sum(path.stat().st_size for path in (tmp_path / "thumbs").iterdir()) <= 1000 and "19.jpg" in held and "00.jpg" not in held
    with pytest.raises(TouchstoneError):
        small.of("wrong.jpg", lambda: (_ for _ in ()).throw(TouchstoneError("no")))
    assert not (tmp_path / "thumbs" / "wrong.jpg").exists()


# -- a photo that is asked about -----------------------------------------------------------------------------------------------
def png(width: int, height: int) -> bytes:
    """A PNG that says to be that large and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("name, body, says", [
    ("a script", b"#!/bin/sh\nrm -rf /\n", "not a picture"), ("a page", b"<html><script>alert(1)</script>", "a web page"), ("a drawing", b"<svg onload='alert(1)'/>", "an SVG drawing"),
    ("an archive", b"PK\x03\x04" + b"\0" * 100, "a ZIP archive"), ("a bomb", png(60_000, 60_000), "pixels"), ("a wide one", png(30_000, 10), "pixels"), ("nothing", b"", "Choose a photo first."),
    ("cut off", jpeg(1)[:2000], "cut off"), ("a PDF", b"%PDF-1.7", "a PDF"), ("begins like one", b"\xff\xd8\xff" + b"<script>" * 50, "cannot be"),
])  # fmt: skip
def test_what_is_no_photo_is_refused_with_a_sentence(desk: Served, name: str, body: bytes, says: str) -> None:
    officer = desk.as_role("officer")
    answer = officer.post("/listings/picture", files={"photo": ('"><script>x</script>.jpg', body, "image/jpeg")})
    assert answer.status_code == 400 and says in answer.text and "There is a problem" in answer.text, name
    assert "<script>x" not in answer.text and not list((desk.home.folder / "var").rglob("*script*"))


def test_a_photo_is_not_kept_and_its_answer_is_for_whoever_asked_alone(desk: Served) -> None:
    officer = desk.as_role("officer")
    photo = officer.get(f"/pictures/{own_picture(desk)}").content
    kept = {
        path: path.stat().st_size for path in (desk.home.folder / "var").rglob("*") if path.is_file() and "touchstone.db" not in path.name
    }
    answer = officer.post("/listings/picture", files={"photo": ("x.jpg", photo, "image/jpeg")})
    assert "The very same file" in answer.text and "Hermes belt 5A quality" in answer.text and "The photo is not kept" in answer.text
    token = answer.url.path.rpartition("/")[2]
    assert officer.get(f"/listings/picture/{token}/own").headers["content-type"] == "image/jpeg"
    after = {
        path: path.stat().st_size for path in (desk.home.folder / "var").rglob("*") if path.is_file() and "touchstone.db" not in path.name
    }
    assert {path for path in after.keys() - kept.keys() if "index" not in str(path)} == set()
    other = desk.as_role("supervisor").get(f"/listings/picture/{token}")
    assert other.status_code == 400 and "not held any more" in other.text
    assert officer.get(f"/listings/picture/{token}/beside/{'0' * 64}").status_code == 404
