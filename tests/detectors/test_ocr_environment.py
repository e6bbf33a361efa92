"""The extra `ocr` beside the core's OpenCV without windows (docs/decisions/0006): one cv2, no libGL, no network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import pytest

from detectors import contract

ROOT = Path(__file__).resolve().parents[2]
READS = """
import ctypes, io, sys
try:
    ctypes.CDLL("libGL.so.1")
except OSError:
    pass
else:
    sys.exit("libGL can be loaded here, so that this shows nothing")
import socket
def refuse(*_):
    raise OSError("the engine wants the network")
socket.socket.connect = refuse
from PIL import Image, ImageDraw, ImageFont
from detectors import ocr
image = Image.new("RGB", (640, 200), "white")
ImageDraw.Draw(image).text((40, 70), "07700 900123", font=ImageFont.truetype("DejaVuSans.ttf", 44), fill="black")
print([box.text for box in ocr.read(image).boxes])
loaded = open("/proc/self/maps").read() if sys.platform == "linux" else ""
print([name for name in ("libGL.so", "libGLX", "libX11", "libQt") if name in loaded])
"""

pytestmark = pytest.mark.skipif(bool(contract.detector_of("picture_words").missing), reason="the extra `ocr` is not installed")


def test_words_are_read_where_no_libgl_can_be_loaded_and_without_the_network(tmp_path: Path) -> None:
    (tmp_path / "libGL.so.1").write_bytes(b"no library")  # found first, and refused by the loader
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", READS], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["['07700 900123']", "[]"]


def test_the_one_opencv_is_the_one_without_windows() -> None:
    owners = metadata.packages_distributions().get("cv2", [])
    assert set(owners) == {"opencv-python-headless"}, "take every opencv off, then install opencv-python-headless alone"


def test_nothing_in_the_extra_asks_for_the_other_opencv() -> None:
    import tomllib

    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["ocr"]
    seen, waiting = set(), [re.match(r"[\w.-]+", each)[0] for each in extra]  # type: ignore[index]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        with suppress(metadata.PackageNotFoundError):  # for another platform
            waiting += [re.match(r"[\w.-]+", each)[0] for each in metadata.requires(name) or [] if "extra ==" not in each]  # type: ignore[index]
    assert "opencv-python-headless" in seen, "the walk went as far as the engine's own dependencies"
    assert not seen & {"opencv-python", "opencv-contrib-python"}
