#!/bin/sh
# Install Chromium and Pango where this user may; elsewhere say in one sentence what is missing. Never fails.
# $1: the Python of the environment. $SUDO: "" as root, "sudo -n" where that works without asking, otherwise empty too.
python=$1
say() { printf '%s\n' "$1"; }
may_apt() { command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || [ -n "$SUDO" ]; }; }
has_chromium() { command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || ls "$HOME"/.cache/ms-playwright/chromium-*/ >/dev/null 2>&1; }
has_pango() { "$python" -c 'import ctypes.util,sys; sys.exit(0 if ctypes.util.find_library("pango-1.0") and ctypes.util.find_library("pangoft2-1.0") else 1)' 2>/dev/null; }

want=""
has_chromium || want="chromium"
has_pango || want="$want libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
[ -n "$want" ] || exit 0
if may_apt; then
  say "Installing system parts: $want"
  # shellcheck disable=SC2086
  { $SUDO apt-get update -qq && DEBIAN_FRONTEND=noninteractive $SUDO apt-get install -y -qq --no-install-recommends $want; } >/dev/null 2>&1
fi
has_chromium || { [ "$(uname -s)" != Linux ] || ! may_apt; } && ! has_chromium && "$python" -m playwright install chromium >/dev/null 2>&1
has_chromium || say "Chromium is missing: sources with 'render: true' cannot be crawled. Install it with 'apt-get install chromium' or '$python -m playwright install chromium'."
has_pango || say "Pango is missing: evidence packs come without their PDF summary. Install it with 'apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0'."
exit 0
