"""A case with something of everything that a draft may speak of: an officer's own captures and others', a record that was looked at, goods with
their custody, a visit, a seizure, genuine pictures. Kept through the store's own methods; every name is invented."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw

from casework import exhibits, references
from casework.casefile import Told, record
from store.config import Home
from store.store import Store
from store.words.casefile import EntryKind
from store.words.followup import FollowUp, Item, Kind, Seizure, Visit
from store.words.records import Actor, Case, Outcome, ReferenceKind, Snapshot, SubjectKind, Verdict
from tests.casework.packs import AT, Builder, picture

CASE = "TS-2026-0041"
BRAND = "Maison Lozenge"
CLOCK = {"offset": 0.012345, "bound": 0.02, "by": "ntp.example.org"}
SELLER = "Parade Deals"
WORDS = "FAKE bags, mirror quality 1:1 replica of the counterfeit sort. “Authentic” box. Collect from the parade."
SECRET = "CAMERA-OF-THE-SELLER"


@dataclass
class Dossier:
    store: Store
    home: Home
    listings: list[int]


def photograph(seed: int) -> bytes:
    """A picture with EXIF of its camera: what must not travel."""
    exif = Pillow.Exif()
    exif[0x010F], exif[0x9286] = SECRET, f"ASCII\0\0\0{SECRET}".encode()
    kept = io.BytesIO()
    Pillow.open(io.BytesIO(picture(seed, ""))).save(kept, "JPEG", exif=exif, comment=SECRET.encode())
    return kept.getvalue()


def official(seed: int) -> bytes:
    """A picture of another size and format, as a brand gives it."""
    image = Pillow.new("RGB", (700, 500), (250, 250, 250))
    ImageDraw.Draw(image).rounded_rectangle((150, 160, 560, 430), 30, fill=(60 + seed * 25, 40, 90), outline=(10, 10, 10), width=6)
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


def dossier(folder: Path, genuine: int = 3) -> Dossier:
    """The case TS-2026-0041: a.officer produces AB1 (own copies), AB2 (others' copies, looked at), AB3 (goods), AB4 (withdrawn); b.officer CD1."""
    b = Builder(folder)
    store = b.store
    store.keep_actor(Actor("c.clerk", "wexcombe", "c.clerk", "officer"))
    own = store.begin_run(
        "capture", actor="a.officer", authority="wexcombe", code_version="0.1.0", config_digest="c" * 64, source="market", clock=CLOCK
    )
    bag = Snapshot("FAKE quilted bag, replica", WORDS, "£85.00", 8500, "GBP", BRAND, "bags", "new", "parade_deals", SELLER, "Wexcombe")
    first = b.listing(own, "1001", bag, [photograph(1), photograph(2)])
    b.at += timedelta(hours=2)
    b.listing(own, "1001", replace(bag, price_text="£70.00", price_minor=7000), [photograph(1)])
    store.end_run(own.id, Outcome.good, {"pages": 2})
    sweep = b.run("crawl", "market")
    second = b.listing(sweep, "1002", replace(bag, title="Tote bag"), [photograph(3)])
    third = b.listing(sweep, "1003", replace(bag, title="Purse"), [photograph(4)])
    store.end_run(sweep.id, Outcome.good, {"pages": 2})
    with store.acting("a.officer", purpose="listing show", justification="complaint 12") as reader:
        reader.summaries(numbers=[second])
    store.judge(
        SubjectKind.listing, first, Verdict.yes, actor="a.officer", authority="wexcombe", reason="surely counterfeit, a fake by its score"
    )
    store.open_case(Case(CASE, "wexcombe", f"{SELLER}, fake bags", jurisdiction="England and Wales"), actor="a.officer")
    home = Home(folder)
    for source, ref, initials, by in (
        ("market", "1001", "AB", "a.officer"),
        ("market", "1002", "AB", "a.officer"),
        ("market", "1003", "CD", "b.officer"),
    ):
        exhibits.add(store, home, CASE, source, ref, initials, by)
    _done(store)
    _goods(store, home)
    exhibits.add(store, home, CASE, "capture", str(b.captures[0].id), "AB", "a.officer")
    exhibits.withdraw(store, home, CASE, "AB4", by="a.officer", why="it is in AB1 already")
    if genuine:
        files = folder / "genuine"
        files.mkdir()
        for seed in range(genuine):
            (files / f"brand-picture-{seed}.png").write_bytes(official(seed))
        given = [references.Given(path, ReferenceKind.genuine, BRAND, "brand owner's sheet 12") for path in sorted(files.iterdir())]
        references.add_pictures(store, home, given, actor="a.officer")
    return Dossier(store, home, [first, second, third])


def _done(store: Store) -> None:
    place = store.begin_run("register", actor="system", authority="wexcombe", code_version="t", config_digest="c" * 64)
    from store.words.records import RegisterEntry

    snapshot, _ = store.begin_register("fhrs", "a" * 64, dated="2026-10-01", licence="OGL v3", rows=1, refused=0, run=place.id)
    store.keep_entries(
        snapshot, [(RegisterEntry("fhrs", "9001", "Parade Deals Ltd", "Unit 3, 14 Orchard Parade", "WX1 1AA"), "parade deals")]
    )
    store.join_premises([(1, "unit", "WX1 1AA|14|3", "Unit 3, 14 Orchard Parade", "WX1 1AA|14", "WX1 1AA")], place.id)
    with store.acting("system", purpose="link") as reader:
        unit = reader.entries_by(postcodes=["WX1 1AA"])[0][1]
    visit = Visit(("a.officer", "Ben Reviewer"), "none", "a rail of fake belts; the assistant said “they are replicas”", met="an assistant")
    seized = Seizure(
        (Item("counterfeit belts", 40, BRAND, 8200, "A0012345"),), "seize", "store room 2", "Consumer Rights Act 2015, Sch. 5 para 28"
    )
    for kind, what, hours in ((Kind.visit, visit, 48), (Kind.seizure, seized, 49)):
        done = FollowUp(None, kind, what, AT + timedelta(hours=hours), False, unit, None, CASE)
        store.keep_follow_up(done, actor="a.officer", authority="wexcombe")


def _goods(store: Store, home: Home) -> None:
    body = {
        "what": "fake belts", "quantity": 40, "found_at": "Unit 3, 14 Orchard Parade", "held_at": "store room 2", "bag": "B0000077",
        "found_by": "a.officer",
    }  # fmt: skip
    exhibits.add_item(store, home, CASE, body, "5/11/2026 11:00", "AB", by="a.officer")
    for act, when, more in (
        (
            "handed_over",
            "6/11/2026 09:00",
            {"by": "a.officer", "taker": "Eve Examiner", "why": "to say whether they are fake", "record": "form CF-12"},
        ),
        ("received", "6/11/2026 09:05", {"by": "Eve Examiner", "giver": "a.officer", "why": "for examination", "record": "form CF-12"}),
    ):
        record(store, home, Told(CASE, EntryKind.custody, {"exhibit": "AB3", "act": act, **more}, when), by="a.officer")


__all__ = ["BRAND", "CASE", "SECRET", "SELLER", "WORDS", "Dossier", "dossier"]
