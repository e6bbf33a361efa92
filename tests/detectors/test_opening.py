"""Opening pictures of strangers: what sellers use is read as an eye would see it, and what is hostile is a row that says why."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import thread_time
from typing import Any

import numpy
import pytest
from PIL import Image, ImageFile, features

from crawler.images import image_of
from detectors.pictures import Unreadable, opened
from store.words import opening as limits
from store.words.records import Capture, CaptureKind, Examined, SubjectKind
from tests.builders import START, jpeg
from tests.detectors.conftest import Place

PLAIN = Image.open(io.BytesIO(jpeg(1))).convert("RGB")
avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference in grey levels; infinite where the sizes differ."""
    if one.size != other.size:
        return float("inf")
    return float(numpy.abs(numpy.asarray(one, dtype=float) - numpy.asarray(other.convert("RGB"), dtype=float)).mean())


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def in_png(kind: bytes, data: bytes, png: bytes | None = None) -> bytes:
    """A PNG with one more chunk before its pixels."""
    png = png or encoded(PLAIN, "PNG")
    at = png.index(b"IDAT") - 4
    return png[:at] + chunk(kind, data) + png[at:]


def empty_png(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes that says it is that large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def segments(jpg: bytes, *more: bytes) -> bytes:
    """A JPEG with more segments after its first two bytes."""
    return jpg[:2] + b"".join(each[:2] + struct.pack(">H", len(each)) + each[2:] for each in more) + jpg[2:]


# -- what sellers use --------------------------------------------------------------------------------------------------
SEEN: dict[str, tuple[Callable[[], bytes], float]] = {
    "jpeg": (lambda: encoded(PLAIN, "JPEG", quality=95), 3),
    "progressive jpeg": (lambda: encoded(PLAIN, "JPEG", quality=95, progressive=True), 3),
    "CMYK jpeg, inverted by Adobe's convention": (lambda: encoded(PLAIN.convert("CMYK"), "JPEG", quality=95), 3),
    "png": (lambda: encoded(PLAIN, "PNG"), 0),
    "interlaced palette png": (lambda: encoded(PLAIN.quantize(256), "PNG"), 12),
    "webp": (lambda: encoded(PLAIN, "WEBP", lossless=True), 0),
    "bmp": (lambda: encoded(PLAIN, "BMP"), 0),
    "tiff": (lambda: encoded(PLAIN, "TIFF", compression="tiff_lzw"), 0),
    "gif": (lambda: encoded(PLAIN.quantize(256), "GIF"), 12),
}


@pytest.mark.parametrize("form", SEEN)
def test_what_sellers_use_is_seen_as_it_looks(form: str) -> None:
    made, most = SEEN[form]
    image = opened(made())
    assert image.mode == "RGB" and apart(image, PLAIN) <= most


@avif
def test_avif_is_seen_as_it_looks_and_turned_by_its_own_box() -> None:
    assert apart(opened(encoded(PLAIN, "AVIF", quality=95)), PLAIN) < 3
    exif = Image.Exif()
    exif[0x0112] = 6
    assert apart(opened(encoded(PLAIN, "AVIF", quality=95, exif=exif)), PLAIN.transpose(Image.Transpose.ROTATE_270)) < 3


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_of_the_eight_orientations_is_turned_upright(form: str, orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    body = encoded(PLAIN, form, exif=exif, quality=95)
    with Image.open(io.BytesIO(body)) as image:
        upright = ImageOps.exif_transpose(image)
    assert apart(opened(body), upright) < 1


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    grey = numpy.asarray(PLAIN.convert("L"))
    deep = Image.fromarray(grey.astype(numpy.uint16) << 8)  # a tone is in the upper byte
    assert apart(opened(encoded(deep, "PNG")), PLAIN.convert("L")) == 0
    rgb = numpy.zeros((2, 2, 3), dtype=">u2")
    rgb[...] = (65535, 32768, 256)
    head = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in rgb)
    body = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert opened(body).getpixel((0, 0)) == (255, 128, 1)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_what_is_transparent_stands_on_white(mode: str) -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))  # black, were it not seen through
    image.paste((200, 0, 0, 255), (0, 20, 40, 40))
    options: dict[str, Any] = {}
    if mode in ("RGB", "L", "P"):
        image = image.convert("RGB").quantize(4) if mode == "P" else image.convert("RGB").convert(mode)
        options["transparency"] = image.getpixel((0, 0))
    seen = opened(encoded(image.convert("LA") if mode == "LA" else image, "PNG", **options))
    assert seen.getpixel((5, 5)) == (255, 255, 255)
    assert seen.getpixel((5, 35)) != (255, 255, 255)


def test_of_an_animation_the_first_frame_is_seen_however_many_there_are() -> None:
    frames = [Image.new("RGB", (64, 64), (250 - i % 250, i // 256, 0)) for i in range(3000)]
    for form, options in (("WEBP", {"method": 0, "lossless": True}), ("GIF", {}), ("PNG", {})):
        body = encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=10, **options)
        began = thread_time()
        assert opened(body).getpixel((32, 32)) == (250, 0, 0)
        assert thread_time() - began < 1


def test_it_is_never_larger_than_asked_for_and_never_made_larger() -> None:
    large = PLAIN.resize((3000, 2250))
    for form in ("JPEG", "PNG"):
        assert opened(encoded(large, form)).size == (1024, 768)
        assert opened(encoded(large, form), 300).size == (300, 225)
        assert opened(encoded(PLAIN, form)).size == PLAIN.size
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(encoded(large, "JPEG", exif=exif), 400).size == (300, 400)


def test_a_picture_with_something_appended_is_the_picture_and_the_rest_is_never_read() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("a.html", "<script>")
    for form in ("JPEG", "PNG"):
        body = encoded(PLAIN, form, quality=95)
        for more in (b"<html><script>alert(1)</script>", archive.getvalue(), body, b"\xff\xda" * 1000, b"\0" * 2**20):
            assert apart(opened(body + more), opened(body)) == 0


def test_odd_colour_profiles_and_damaged_or_huge_metadata_change_nothing() -> None:
    jpg = encoded(PLAIN, "JPEG", quality=95)
    exif = b"\xff\xe1Exif\0\0II*\0" + b"\xff" * 60_000
    odd = segments(
        jpg,
        exif,
        *[b"\xff\xe1Exif\0\0" + b"x" * 60_000] * 100,
        *[b"\xff\xe2ICC_PROFILE\0\1\1" + b"n" * 200] * 300,
        b"\xff\xfe" + b"c" * 9999,
    )
    assert apart(opened(odd), opened(jpg)) == 0
    png = encoded(PLAIN, "PNG")
    for kind, data in (
        (b"iCCP", b"x\0\0nonsense"),
        (b"eXIf", b"MM\0*\xff\xff\xff\xff"),
        (b"tEXt", b"k\0" + b"v" * 10**7),
        (b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 10**8)),
    ):
        assert apart(opened(in_png(kind, data)), opened(png)) == 0


def test_the_room_that_fetches_and_the_room_that_looks_agree_on_what_can_be_opened() -> None:
    for name, (body, _) in HOSTILE.items():
        assert look(body), name
    for made, _ in SEEN.values():
        assert look(made()) == ""


def look(body: bytes) -> str:
    capture = Capture(1, "r", "s", CaptureKind.image, "GET", "u", "u", (), 200, (), (), "", 0, START, START)
    return image_of(capture, body).problem


# -- what is hostile ---------------------------------------------------------------------------------------------------
def ifd(entries: int, size: int) -> bytes:
    """A TIFF directory whose entries all point at the same bytes: a reader that keeps them keeps entries × size."""
    start = 8 + 2 + 12 * entries
    rows = b"".join(struct.pack("<HHII", 0x8000 + i, 7, size, start) for i in range(entries))
    return b"II*\0" + struct.pack("<IH", 8, entries) + rows + b"\0" * (size + 8)


def scans(more: int) -> bytes:
    """A progressive JPEG whose last pass over the pixels is repeated."""
    body = encoded(PLAIN, "JPEG", progressive=True)
    return body[:-2] + body[body.rindex(b"\xff\xda") : -2] * more + b"\xff\xd9"


def heic(brand: bytes = b"heic") -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + brand + b"\0" * 200


PNG = encoded(PLAIN, "PNG")
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "^0 bytes"),
    "more bytes than are read": (b"\xff\xd8\xff" + b"\0" * limits.MOST_BYTES, "bytes, more than"),
    "a bomb": (empty_png(60_000, 60_000), "more than 60000000 pixels"),
    "a smaller bomb": (empty_png(9_000, 9_000), "9000 x 9000 pixels, more than"),
    "30,000 pixels wide": (encoded(Image.new("RGB", (30_000, 4)), "PNG"), "30000 x 4 pixels, a side of more than 20000"),
    "a JPEG cut off": (jpeg(1)[:-300], "cut off after"),
    "a JPEG without its last two bytes": (jpeg(1)[:-2], "cut off after"),
    "a JPEG of three bytes": (b"\xff\xd8\xff", "cut off after 3 bytes"),
    "a PNG cut off": (PNG[: len(PNG) // 2], "cut off after"),
    "a GIF cut off": (encoded(PLAIN.quantize(64), "GIF")[:9000], "cannot be opened to its end"),
    "a WebP cut off": (encoded(PLAIN, "WEBP")[:-200], "cannot be opened"),
    "a BMP cut off": (encoded(PLAIN, "BMP")[:-200], "cannot be opened to its end"),
    "a TIFF cut off": (encoded(PLAIN, "TIFF")[:-200], "cannot be opened"),
    "a TIFF that points at itself": (ifd(3000, 4_000_000), "cannot be opened|can be opened"),
    "more scans than an encoder writes": (scans(200), "more than 100 scans"),
    "only fill bytes": (b"\xff\xd8" + b"\xff" * 10**6, "cut off after"),
    "segments without end": (b"\xff\xd8" + b"\xff\xfe\0\x02" * 200_000, "more than 100000 segments"),
    "chunks without end": (PNG[:33] + chunk(b"IDAT", b"") * 200_000, "more than 100000 chunks"),
    "a web page": (b"\n<!doctype html><title>Log in</title>", "a web page"),
    "an SVG": (b'<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "an SVG drawing"),
    "a PDF": (b"%PDF-1.7\n1 0 obj<<>>endobj", "a PDF"),
    "a ZIP": (b"PK\x03\x04" + b"\0" * 60, "a ZIP archive"),
    "PostScript, which a program would have to run": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "PostScript"),
    "HEIC": (heic(), "a HEIC picture"),
    "a video": (heic(b"mp42").replace(b"mif1", b"isom"), "a video"),
    "JPEG XL": (b"\xff\x0a" + b"\0" * 50, "a JPEG XL picture"),
    "noise": (numpy.random.default_rng(1).bytes(5000), "of no known kind"),
    "the first bytes of a GIF and no more": (b"GIF89a" + b"<script>" * 100, "cannot be opened|begins like a GIF"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_in_words_and_soon(name: str) -> None:
    body, why = HOSTILE[name]
    began = thread_time()
    with pytest.raises(Unreadable, match=why):
        opened(body)
    assert thread_time() - began < 5


def test_samples_of_32_bits_have_no_white_that_anybody_states() -> None:
    with pytest.raises(Unreadable, match="32 bits a sample"):
        opened(encoded(Image.fromarray(numpy.ones((20, 20), numpy.float32)), "TIFF"))


def test_each_is_a_counted_row_of_the_pass_and_the_good_one_is_examined(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pdqhash", reason="pdqhash is compiled on installation")
    bodies = [body for body, _ in HOSTILE.values() if len(body) < limits.MOST_BYTES]
    with monkeypatch.context() as patched:
        patched.setattr("tests.builders.Pillow.open", lambda _: (_ for _ in ()).throw(OSError))  # the builder opens what it keeps
        place.build.listing("1", seller="a", pictures=(*bodies, jpeg(1)))
    counts = place.detect(only=["image_match"]).counts
    assert (counts["examined"], counts["not_possible"], counts["failed"]) == (len(bodies) + 1, len(bodies), 0)
    last = place.store.picture_end()
    assert place.examinations(SubjectKind.picture, last)[0].outcome is Examined.done
    assert all(place.examinations(SubjectKind.picture, number)[0].detail for number in range(1, last))
    assert place.detect(only=["image_match"]).counts["examined"] == 0


@pytest.fixture
def lenient() -> Iterator[None]:
    """As WeasyPrint leaves Pillow, for the whole process."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    yield
    ImageFile.LOAD_TRUNCATED_IMAGES = before


@pytest.mark.parametrize("name", [name for name in HOSTILE if "cut off" in name])
def test_half_a_picture_is_refused_though_another_library_told_pillow_to_make_up_the_rest(lenient: None, name: str) -> None:
    with pytest.raises(Unreadable):
        opened(HOSTILE[name][0])


def spin(until: threading.Event) -> None:
    while not until.is_set():
        pass


def test_time_is_limited_by_the_processor_and_not_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = Image.fromarray(numpy.random.default_rng(1).integers(0, 255, (1500, 1500, 3), dtype=numpy.uint8), "RGB")
    body = encoded(noisy, "PNG")
    monkeypatch.setattr(limits, "MOST_SECONDS", 0.005)
    with pytest.raises(Unreadable, match="seconds of processor time"):
        opened(body)
    monkeypatch.setattr(limits, "MOST_SECONDS", 20)
    busy = threading.Event()
    spinner = threading.Thread(target=spin, args=(busy,))
    spinner.start()
    try:
        assert opened(body).size == (1024, 1024)
    finally:
        busy.set()
        spinner.join()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", pytest.param("AVIF", marks=avif)])
def test_exif_that_unpacks_to_gigabytes_is_not_unpacked(form: str) -> None:
    """3,000 entries that all point at the same 4 MB: 12 GB, were they kept. Of AVIF it is Pillow, from 13 on, that does not."""
    bomb = ifd(3000, 4_000_000)
    if form == "JPEG":
        parts = [b"\xff\xe1Exif\0\0" + bomb[at : at + 60_000] for at in range(0, len(bomb), 60_000)]
        body = segments(encoded(PLAIN, "JPEG"), *parts)
    elif form == "PNG":
        body = in_png(b"eXIf", bomb)
    else:
        harmless = Image.Exif()
        harmless[0x010E] = "x" * len(bomb)
        body = encoded(PLAIN, form, exif=harmless)
        at = body.index(b"II*\0") if b"II*\0" in body else body.index(b"MM\0*")
        body = body[:at] + bomb[: len(bomb) - 8] + body[at + len(bomb) - 8 :]
    code = (
        "import sys, resource; resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30));"
        "from detectors.pictures.opening import opened; print(opened(sys.stdin.buffer.read()).size)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=body, capture_output=True, timeout=60, cwd=Path(__file__).parents[2])
    assert done.stdout.decode().strip() == "(320, 240)", done.stderr.decode()[-500:]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a process's greatest memory is read from /proc")
def test_the_largest_picture_takes_no_more_than_a_gigabyte() -> None:
    body = encoded(Image.new("RGBA", (7_700, 7_700), (10, 200, 30, 128)), "PNG", compress_level=1)
    code = (
        "import sys; from detectors.pictures.opening import opened; opened(sys.stdin.buffer.read());"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    # of the process's own memory: ru_maxrss starts from that of the process which began it, and the tests' own may be larger
    done = subprocess.run([sys.executable, "-c", code], input=body, capture_output=True, timeout=60, cwd=Path(__file__).parents[2])
    assert int(done.stdout) * 1024 < 10**9, done.stderr.decode()[-500:]
