"""A planted token, a cookie and a password: used where they are needed, and nowhere in the archive, the database or the log."""

import gzip
from pathlib import Path

from store.words.records import Outcome
from tests.crawler.conftest import Crawling, Mini
from tests.market.server import Response

TOKEN, HEADER, COOKIE, PASSWORD = "tok3n-7f2c9e", "h3ader-51aa0d", "c00kie-9b3d77", "passw0rd-e81b44"


def _everything(folder: Path) -> bytes:
    out = []
    for path in folder.rglob("*"):
        if path.is_file() and "sources" not in path.parts:
            raw = path.read_bytes()
            out.append(gzip.decompress(raw) if path.name.endswith(".warc.gz") else raw)
    return b"\n".join(out)


def test_planted_secrets_are_nowhere(mini: Mini, crawling: Crawling) -> None:
    mini.site.set_cookie = f"session={COOKIE}; Path=/"
    mini.pages["/list"] = Response(
        b"<a class=card href='/item/1'>1</a>",
        headers={"X-Auth-Token": HEADER, "Location-Hint": f"/list?api_key={TOKEN}", "Refresh-Token": HEADER},
    )
    mini.write(crawling.home, start=f"{mini.site.url}list?token={TOKEN}&password={PASSWORD}&page=1", follow="{listing: a.card}")
    code = f"""
from crawler.spider import SourceSpider
asked = SourceSpider.ask
SourceSpider.ask = lambda self, url, **more: asked(self, url, headers={{"Authorization": "Bearer {HEADER}"}}, **more)"""
    status, result = crawling.patched("mini", code)
    assert status == 0, result
    sent = [request for request in mini.site.requests if request.path.startswith("/list")]
    assert TOKEN in sent[0].path and PASSWORD in sent[0].path and sent[0].headers["Authorization"] == f"Bearer {HEADER}", (
        "they were really used"
    )
    kept = _everything(crawling.home.folder)
    names = {path.relative_to(crawling.home.folder).parts[-2] for path in crawling.home.folder.rglob("*") if path.is_file()}
    assert {"archive", "log"} <= names and b"/item/1" in kept, "archive, database and logs are looked through"
    for secret in (TOKEN, HEADER, COOKIE, PASSWORD):
        assert secret.encode() not in kept
    assert b"[secret removed]" in kept or b"%5Bsecret%20removed%5D" in kept
    assert crawling.store.verify() == [] and set(crawling.listings()) == {"mini/1"}


def test_a_reference_in_a_secret_parameter_is_refused_and_counted(mini: Mini, crawling: Crawling) -> None:
    """`?key=` counts as a secret: three listings must not become one whose reference is the marker."""
    mini.pages["/"] = Response("".join(f"<a class=card href='/ad?key={n}'>{n}</a>" for n in (1, 2, 3)).encode())
    mini.pages["/ad"] = Response(b"<h1>Bag</h1>")
    mini.write(crawling.home, platform="selectors", ref=r"[?&]key=([^&]+)", more="selectors: {title: h1}\n")
    result = crawling("mini")
    assert result.outcome is Outcome.unmet and crawling.listings() == {} and result.counts["not understood"] >= 1
