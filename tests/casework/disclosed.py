"""The planted case of disclosure, in a real store: three cleared listings of the account that stand in no exhibit, two reviewers who disagree, a
superseded method, an exculpatory finding, a tip with its informant, and a page of search results that shows somebody else beside."""

from __future__ import annotations

import html
import io
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image as Pillow
from PIL.Image import Exif

import tests.casework.packs as packs
from store.sightings import Handed
from store.words.records import (
    CaptureKind,
    Examination,
    Examined,
    Finding,
    Informant,
    Method,
    Parsed,
    Snapshot,
    Status,
    SubjectKind,
    Told,
    Verdict,
)
from tests.casework.packs import CASE, World

INFORMANT = Informant(0, "Zebedee Quillfeather", "07700 900987", "lives at number nine, met at the market")
OTHER = Snapshot(
    "Hand-knitted tea cosy “Größe & Söhne”", "Wool of our own sheep. Ring 07700 900555 or quince.cottage@example.org", "£9", 900, "GBP",
    seller="quince_cottage_knits", seller_name="Perpetua Quince-Öhlund", place="Nether Wallop",
)  # fmt: skip
CAMERA = "Serial 8812-QX of Perpetua"
SEARCH = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>bags</title>
<script type="application/ld+json">{ld}</script></head><body><h1>2 results</h1>
<div class="card"><a href="http://market.example/item/1001"><b>Quilted shoulder bag, black</b></a><p>£85.00</p><p>parade_deals</p></div>
<div class="card" data-seller="quince_cottage_knits"><a href="http://market.example/item/7{wild}"><b>{title}</b></a><p>£9</p>
<p>{split}</p><img alt="{title}" src="http://market.example/img/7001-0.jpg?s=quince%5Fcottage%5Fknits"></div>
<p>Sold by QUINCE_COTTAGE_KNITS and by parade_deals</p></body></html>"""


@dataclass
class Planted:
    world: World
    cleared: list[int]  # listings
    other: int  # somebody else's listing on the page of search results
    search: int  # the capture of that page
    sighting: int
    old_method: int


def with_exif(data: bytes) -> bytes:
    exif = Exif()
    exif[0x010E] = CAMERA
    out = io.BytesIO()
    with Pillow.open(io.BytesIO(data)) as image:
        image.save(out, "JPEG", exif=exif, quality=85, comment=CAMERA.encode())
    return out.getvalue()


def plant(folder: Path) -> Planted:
    """`packs.build` and what the planted case adds to it."""
    kept: list[packs.Builder] = []

    class Kept(packs.Builder):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            kept.append(self)

    original = packs.Builder
    packs.Builder = Kept  # type: ignore[misc]
    try:
        world = packs.build(folder)
    finally:
        packs.Builder = original  # type: ignore[misc]
    b, store = kept[0], world.store
    run = b.run("crawl", "market")
    mine = Snapshot(
        "Plain scarf", "Lambswool, no brand.", "£12", 1200, "GBP", "", "scarves", "used", "parade_deals", "Parade Deals", "Wexcombe"
    )
    cleared = [
        b.listing(run, f"21{n:02}", replace(mine, title=f"Plain scarf no. {n}"), [with_exif(packs.picture(n, f"scarf {n}"))])
        for n in (1, 2, 3)
    ]
    set_aside = [b.listing(run, f"22{n:02}", replace(mine, title=f"Woollen hat no. {n}"), []) for n in (1, 2)]
    assert set_aside
    title = html.escape(OTHER.title)
    split = "Perpetua <i>Quince</i>-&Ouml;hlund, 07700&nbsp;900<b>555</b>, quince.cottage&#64;example.org"
    ld = '{"name": "Hand-knitted tea cosy \\u201cGr\\u00f6\\u00dfe & S\\u00f6hne\\u201d", "seller": "quince_cottage_knits", "tel": "+44 7700 900555"}'
    page = SEARCH.format(ld=ld, title=title, split=split, wild="001")
    search = b.keep(run, CaptureKind.page, "http://market.example/search?q=bags", page.encode(), "text/html; charset=utf-8")
    bag = Snapshot("Quilted shoulder bag, black", "", "£85.00", 8500, "GBP", seller="parade_deals", seller_name="Parade Deals")
    parsed = [
        Parsed("1001", "http://market.example/item/1001", bag, (), "http://market.example/s/parade_deals"),
        Parsed("7001", "http://market.example/item/7001", OTHER, (), "http://market.example/s/quince_cottage_knits"),
    ]
    other = store.keep_readings(search, "selectors", "selectors/1", parsed, run.id)[1].listing
    from store.words.records import Outcome

    store.end_run(run.id, Outcome.good, {"pages": 6})
    for listing in cleared:
        store.judge(
            SubjectKind.listing, listing, Verdict.no, actor="a.officer", authority="wexcombe", reason="no mark on it, nothing copied"
        )
    old = store.keep_method(Method("detector", "text_terms", "0", {"terms": ["mirror"]}))
    with store.acting("a.officer", purpose="test") as reader:
        snapshot = reader.readings(listing=world.listings[0])[0].snapshot
    stale = Finding("term.mirror", 0.4, "Says “mirror”")
    store.keep_examinations(old, [Examination(SubjectKind.snapshot, snapshot, Examined.done, (stale,))], run.id)
    store.set_method_status(old, Status.retired, "a.officer", "replaced by text_terms 1, which asks for the whole phrase")
    told = b.keep(run, CaptureKind.handed_in, "urn:touchstone:statement:9", b'{"note": "she sells from the back"}', "application/json")
    handed = Handed(
        Told.public, Snapshot(title="Bags at the back", text="Call 07700 900123"), told, "statement", "statement/1",
        files=[(told.id or 0, "note-of-zebedee.json")], informant=INFORMANT, obtained="rang the office",
    )  # fmt: skip
    sighting = store.keep_sighting(handed, actor="a.officer", authority="wexcombe", run=run.id, purpose="sighting")
    return Planted(world, cleared, other, search.id or 0, sighting.id or 0, old)


__all__ = ["CAMERA", "CASE", "INFORMANT", "OTHER", "Planted", "plant"]
