"""Lists that grow in a real Chromium: a button, an endless wall that lets go of its cards; and a crawl killed among them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest

from crawler import reread
from crawler.browser import MISSING, find_chromium
from store.config import Home
from store.words.records import CaptureKind, Outcome
from tests.crawler.conftest import ROOT, Crawling
from tests.crawler.test_following import asked, item, refs, served, write  # noqa: F401  # a fixture
from tests.market.server import Response

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason=MISSING)
BUTTON = b"""<!doctype html><a href=/item/0>a</a><main></main><a href=/elsewhere id=more>More</a><script>
let at = 0; const more = document.getElementById('more');
async function load() {
  const part = await (await fetch('/part?from=' + at)).json(); at += part.length;
  for (const n of part) document.querySelector('main').innerHTML += '<a class=one href=/item/' + n + '>x</a>';
  document.body.dataset.ready = 'yes'; if (part.length < 3) more.style.display = 'none';
}
more.onclick = load; load();
</script>"""
WALL = b"""<!doctype html><style>.card { height: 300px }</style><div style="height: 600px; overflow: auto" id=box><div id=top></div><main></main></div><script>
let at = 0, busy = false, gone = 0; const box = document.getElementById('box'), wall = document.querySelector('main');
async function load() {
  if (busy) return; busy = true;
  const part = await (await fetch('/part?from=' + at)).json(); at += part.length;
  for (const n of part) wall.insertAdjacentHTML('beforeend', '<div class=card><a href=/item/' + n + '>Bag ' + n + '</a><b>' + n + '.00 GBP</b></div>');
  while (wall.children.length > 5) { wall.firstChild.remove(); document.getElementById('top').style.height = 300 * ++gone + 'px'; }
  document.body.dataset.ready = 'yes'; busy = false;
}
box.onscroll = () => { if (box.scrollTop + box.clientHeight > box.scrollHeight - 50) load(); }; load();
</script>"""
TOTAL = 14


def _respond(shell: bytes) -> Any:
    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/part":
            at = int(query["from"])
            return Response(json.dumps(list(range(at + 1, min(at + 3, TOTAL) + 1))).encode(), "application/json")
        if path.startswith("/item/"):
            return item(path.removeprefix("/item/"))
        return Response(shell) if path == "/" else None

    return respond


SCROLLED = r"""platform: selectors
ref: '/item/(\d+)'
render: true
wait_for: 'body[data-ready]'
cards: {card: .card, title: a, url: a, price: b}
follow: {scroll: true}
"""


@needs_chromium
def test_a_button_is_pressed_until_it_is_gone(served: Any, crawling: Crawling, home: Home) -> None:  # noqa: F811
    site = served(_respond(BUTTON))
    rules = "selectors: {title: h1, price: b}\nrender: true\nwait_for: 'body[data-ready], h1'\nfollow: {listing: a.one, more: '#more'}\n"
    write(home, site, f"platform: selectors\nref: '/item/(\\d+)'\n{rules}", expect=TOTAL)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and refs(crawling) == {str(n) for n in range(1, TOTAL + 1)}, result.lines
    assert [each for each in asked(site) if each.startswith("/part")] == [f"/part?from={n}" for n in (0, 3, 6, 9, 12)]
    assert "/elsewhere" not in asked(site), "the button is a link, and only pressed"
    assert result.counts["page requests"] == TOTAL + 1 and result.counts["browser requests"] == TOTAL + 1 + 5


@needs_chromium
def test_a_wall_without_end_loses_no_card_that_has_left_it(served: Any, crawling: Crawling, home: Home) -> None:  # noqa: F811
    site = served(_respond(WALL))
    write(home, site, SCROLLED, expect=TOTAL)
    result = crawling("stalls")
    every = {str(n) for n in range(1, TOTAL + 1)}
    assert result.outcome is Outcome.good and refs(crawling) == every, result.lines
    assert result.counts["page requests"] == 1 and "failures" not in result.counts
    documents = crawling.captures(kinds=(CaptureKind.rendered,))
    final = [each for each in documents if each.part_of is None]
    assert len(final) == 1 and len(documents) > 2 and {each.part_of for each in documents} == {None, final[0].id}
    assert b"/item/1>" not in crawling.payload(final[0]).replace(b'"', b""), "its last state does not show the first card"
    assert crawling.store.verify() == []
    before = crawling.listings()
    reread.run(crawling.store, home)
    assert crawling.listings() == before


@needs_chromium
def test_scrolling_is_cut_off_and_says_so(served: Any, crawling: Crawling, home: Home) -> None:  # noqa: F811
    site = served(_respond(WALL))
    write(home, site, SCROLLED + "max_pages: 2\n")
    result = crawling("stalls")
    assert result.outcome is Outcome.good and 3 < len(refs(crawling)) < TOTAL, result.lines
    assert "was cut off after 2 steps (`max_pages`)" in result.message


@needs_chromium
def test_killed_while_it_scrolls_and_while_it_reads(served: Any, crawling: Crawling, home: Home) -> None:  # noqa: F811
    """Half a wall is not kept: it is scrolled anew. A whole one answers from what is kept, its earlier states too."""
    site = served(_respond(WALL))
    site.latency = 0.1
    write(home, site, SCROLLED, expect=TOTAL)
    command = [sys.executable, "-m", "crawler.unit", str(home.folder), "stalls"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(asked(site)) < 4 and process.poll() is None:
        time.sleep(0.01)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    died = "import os, signal, crawler.keeper as k\nk.parse_page = lambda *more: os.kill(os.getpid(), signal.SIGKILL)\n"
    program = f"{died}\nimport sys\nfrom crawler.unit import main\nsys.exit(main([{str(home.folder)!r}, 'stalls']))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=200).returncode == 2
    seen = len(asked(site))
    result = crawling("stalls")
    assert result.outcome is Outcome.good and refs(crawling) == {str(n) for n in range(1, TOTAL + 1)}, result.lines
    assert len(asked(site)) == seen and result.counts["answered from kept"] >= 1, "nothing was asked for again"
    assert len(crawling.store.runs("crawl")) == 1
