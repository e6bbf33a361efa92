#!/bin/sh
# The parts that pip does not bring: installed where this user may, named in one sentence where not. Never fails.
#   system-parts.sh packages PYTHON   Debian packages: Chromium, Pango, a C++ compiler with Python's headers
#   system-parts.sh extras PYTHON     what is built or fetched for the environment of that Python: the picture hash, the reader of words in pictures, a browser
# $SUDO is "" for root, "sudo -n" where that works without asking, and empty too where neither does.
what=$1 python=$2
say() { printf '%s\n' "$1"; }
may_apt() { command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || [ -n "$SUDO" ]; }; }
has_chromium() { command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || ls "$HOME"/.cache/ms-playwright/chromium-*/ >/dev/null 2>&1; }
has_pango() { "$python" -c 'import ctypes; [ctypes.CDLL(n) for n in ("libpango-1.0.so.0", "libpangoft2-1.0.so.0")]' 2>/dev/null; }
has_compiler() { { command -v g++ || command -v clang++; } >/dev/null 2>&1 && "$python" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'; }
has_venv() { "$python" -c 'import ensurepip' 2>/dev/null; }

packages() {
  want=""
  has_venv || want="$want python3-venv"
  has_chromium || want="$want chromium"
  has_pango || want="$want libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
  has_compiler || want="$want g++ python3-dev"
  [ -n "$want" ] || return 0
  if may_apt; then
    say "Installing system parts:$want"
    # shellcheck disable=SC2086
    { $SUDO apt-get update -qq && DEBIAN_FRONTEND=noninteractive $SUDO apt-get install -y -qq --no-install-recommends $want; } >/dev/null 2>&1
  fi
  has_venv || say "Python's venv module is missing: 'apt-get install python3-venv'."
  has_pango || say "Pango is missing: evidence packs come without their PDF summary. 'apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0' brings it."
}

extras() {
  "$python" -c 'import pdqhash' 2>/dev/null || "$python" -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[pdq]' >/dev/null 2>&1 ||
    say "The picture hash (pdqhash) could not be built: pictures are not examined. 'apt-get install g++ python3-dev', then 'make install', brings it."
  "$python" -c 'import rapidocr, onnxruntime' 2>/dev/null || "$python" -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[ocr]' >/dev/null 2>&1 ||
    say "What reads words in pictures (rapidocr) could not be installed: words in pictures are not examined. '$python -m pip install -e .[ocr]' brings it."
  has_chromium || "$python" -m playwright install chromium >/dev/null 2>&1
  has_chromium || say "Chromium is missing: sources with 'render: true' cannot be crawled. 'apt-get install chromium' or '$python -m playwright install chromium' brings it."
}

"$what"
exit 0
