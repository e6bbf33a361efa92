"""A small real store with one case in it, for the tests of packs: kept through the store's own methods, no shortcut."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw

from store.config import Home
from store.store import SYSTEM, Store
from store.words.records import (
    Actor,
    Authority,
    Capture,
    CaptureKind,
    Case,
    Contribution,
    Direction,
    Examination,
    Examined,
    Finding,
    Flag,
    Image,
    Level,
    Link,
    LinkReason,
    Method,
    Outcome,
    Parsed,
    Pointer,
    Reference,
    ReferenceKind,
    RegisterEntry,
    Run,
    Snapshot,
    Status,
    SubjectKind,
    Verdict,
)

CASE = "TS-2026-1"
SECRET = "s3cr3t-c00kie-value-0451"
TOKEN = "tok-5f1c9a77-not-for-court"
DATABASE_WORD = "correct-horse-battery"
AT = datetime(2026, 11, 3, 9, 30, 0, 250_000, tzinfo=UTC)
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title><script>document.title = "owned"; fetch("http://127.0.0.1:9/leak")</script>
<meta http-equiv="refresh" content="0; url=http://127.0.0.1:9/moved"></head>
<body onload="document.title='owned'"><h1>{title}</h1><p class="price">{price}</p><p>{text}</p><p>Seller: <a href="http://127.0.0.1:9/s/{seller}">{seller}</a></p>
<img src="http://127.0.0.1:9/pixel.png"><form action="http://127.0.0.1:9/"><button>Buy</button></form></body></html>"""


@dataclass
class World:
    store: Store
    home: Home
    folder: Path
    listings: list[int]
    captures: list[Capture]


def picture(seed: int, words: str) -> bytes:
    """A drawn hand bag of a sort, as a JPEG."""
    image = Pillow.new("RGB", (480, 360), (236 - seed * 9, 228, 214))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((90, 140, 390, 310), 26, fill=(120 - seed * 20, 78 + seed * 18, 44), outline=(40, 26, 16), width=5)
    draw.arc((150, 50, 330, 240), 180, 360, fill=(40, 26, 16), width=12)
    for x in range(110, 380, 30):
        draw.line((x, 150, x + 40, 300), fill=(150, 104, 60), width=2)
    draw.text((180, 320), words, fill=(20, 20, 20))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


class Builder:
    """Keeps captures and what is read in them, one minute apart."""

    def __init__(self, folder: Path) -> None:
        (folder / "configs").mkdir(parents=True)
        (folder / "configs" / "touchstone.yml").write_text(
            "authority: {code: wexcombe, name: Wexcombe Council Trading Standards}\nuser_agent: touchstone-scanner (contact ts@example.org)\n"
        )
        self.home = Home(folder)
        self.store = Store(f"sqlite:///{folder}/var/touchstone.db", folder / "var" / "archive")
        self.store.migrate()
        self.store.keep_authority(Authority("wexcombe", "Wexcombe Council Trading Standards"))
        self.store.keep_actor(Actor(SYSTEM, "wexcombe", "Touchstone", "system", is_person=False))
        self.store.keep_actor(Actor("a.officer", "wexcombe", "Ada Officer", "trading standards officer"))
        self.store.keep_actor(Actor("b.officer", "wexcombe", "Ben Reviewer", "reviewing officer"))
        self.at = AT
        self.captures: list[Capture] = []

    def run(self, name: str, source: str | None = None) -> Run:
        return self.store.begin_run(name, actor=SYSTEM, authority="wexcombe", code_version="0.1.0", config_digest="c" * 64, source=source)

    def keep(self, run: Run, kind: CaptureKind, url: str, payload: bytes, mime: str, coding: str = "") -> Capture:
        self.at += timedelta(minutes=1)
        headers = [("Content-Type", mime), ("Set-Cookie", f"session={SECRET}; Path=/"), ("Server", "market")] + (
            [("Content-Encoding", coding)] if coding else []
        )
        capture = Capture(
            None,
            run.id,
            "market",
            kind,
            "GET",
            url,
            url,
            (),
            200,
            (("User-Agent", "touchstone-scanner"), ("Cookie", f"session={SECRET}"), ("Authorization", f"Bearer {TOKEN}")),
            tuple(headers),
            "",
            0,
            self.at - timedelta(seconds=1),
            self.at,
            server_ip="192.0.2.10",
        )
        with self.store.archive.writer(f"market-{run.id[:8]}") as writer:
            kept = self.store.keep(writer, capture, payload, actor=SYSTEM, purpose="market sweep")
        self.captures.append(kept)
        return kept

    def listing(self, run: Run, ref: str, snapshot: Snapshot, pictures: list[bytes], coding: str = "") -> int:
        url = f"http://market.example/item/{ref}?sessionid={TOKEN}"
        body = PAGE.format(title=snapshot.title, price=snapshot.price_text, text=snapshot.text, seller=snapshot.seller).encode()
        if coding == "gzip":
            import gzip

            body = gzip.compress(body, mtime=0)
        page = self.keep(run, CaptureKind.page, url, body, "text/html; charset=utf-8", coding)
        urls = tuple(f"http://market.example/img/{ref}-{n}.jpg" for n in range(len(pictures)))
        reading = self.store.keep_readings(
            page,
            "selectors",
            "selectors/1",
            [Parsed(ref, page.url_final, snapshot, urls, f"http://market.example/s/{snapshot.seller}")],
            run.id,
        )[0]
        for n, data in enumerate(pictures):
            shot = self.keep(run, CaptureKind.image, urls[n], data, "image/jpeg")
            digest = hashlib.sha256(data).hexdigest()
            assert shot.id is not None and reading.id is not None
            self.store.keep_image(Image(None, digest, "image/jpeg", 480, 360, len(data), shot.id))
            self.store.join_image(reading.id, n, digest, shot.id)
        return reading.listing


def build(folder: Path, exhibits: bool = True) -> World:
    """Two listings of one seller and one of another, examined, flagged, linked to a unit and judged; exhibits AB1 to AB4."""
    b = Builder(folder)
    store = b.store
    run = b.run("crawl", "market")
    bag = Snapshot(
        "Quilted shoulder bag, black",
        f"Mirror quality 1:1, comes with dust bag. {HOSTILE} Call 07700 900123 or collect from 14 Orchard Parade.",
        "£85.00",
        8500,
        "GBP",
        "Maison Lozenge",
        "bags",
        "new",
        "parade_deals",
        "Parade Deals",
        "Wexcombe",
    )
    shot, other = picture(1, "quilted 1"), picture(2, "tote 2")
    first = b.listing(run, "1001", bag, [shot], coding="gzip")
    second = b.listing(
        run,
        "1002",
        replace(bag, title="Tote bag, tan", text="As seen in the shop. WhatsApp 07700 900123.", price_text="£60", price_minor=6000),
        [shot, other],
    )
    third = b.listing(
        run,
        "2001",
        Snapshot("Old wooden chair", "A chair", "£20", 2000, "GBP", seller="granny", seller_name="Granny"),
        [picture(3, "chair")],
    )
    b.listing(run, "1001", replace(bag, price_text="£70.00", price_minor=7000), [shot], coding="gzip")
    store.end_run(run.id, Outcome.good, {"pages": 4}, f"wrote {folder}/var/archive and {store.database.url}")
    with store.acting(SYSTEM, purpose="detect", run=run.id) as reader:
        subjects = reader.subjects_of([first, second, third])
        seller = next(n for kind, n in subjects[first] if kind is SubjectKind.seller)
    sheet = Reference(
        None,
        ReferenceKind.official,
        "wexcombe",
        "brand owner's sheet 12",
        "a.officer",
        "Maison Lozenge",
        image_sha256=hashlib.sha256(shot).hexdigest(),
    )
    reference = store.add_reference(sheet)
    text, image = _detect(b, subjects, [first, second], reference, sheet)
    _flags(b, [first, second], text, image)
    _places(b, seller, first)
    store.judge(
        SubjectKind.listing,
        first,
        Verdict.yes,
        actor="a.officer",
        authority="wexcombe",
        reason="the quilting and the price; asked the brand owner",
    )
    store.judge(
        SubjectKind.listing, first, Verdict.unsure, actor="b.officer", authority="wexcombe", reason="the picture may be the brand's own"
    )
    store.judge(SubjectKind.listing, third, Verdict.no, actor="a.officer", authority="wexcombe", reason="a chair")
    store.open_case(Case(CASE, "wexcombe", "Parade Deals, Orchard Parade"), actor="a.officer")
    if not exhibits:
        return World(store, b.home, folder, [first, second, third], b.captures)
    store.exhibit(CASE, SubjectKind.listing, first, initials="AB", description="Listing 1001 of market, a quilted bag", actor="a.officer")
    store.exhibit(CASE, SubjectKind.listing, second, initials="AB", description="Listing 1002 of market, a tote bag", actor="a.officer")
    store.exhibit(CASE, SubjectKind.link, 1, initials="AB", description="Link of the account to Unit 3", actor="a.officer")
    page = b.captures[0].id
    assert page is not None
    store.exhibit(CASE, SubjectKind.capture, page, initials="AB", description="The first page as captured", actor="a.officer")
    return World(store, b.home, folder, [first, second, third], b.captures)


def _detect(
    b: Builder, subjects: dict[int, list[tuple[SubjectKind, int]]], listings: list[int], reference: int, sheet: Reference
) -> tuple[int, int]:
    store, run = b.store, b.run("detect")
    methods = [
        Method("detector", "text_terms", "1", {"terms": ["mirror quality"], "weights": {"strong": 0.9}}),
        Method("detector", "price_gap", "1", {"ratio": 0.25}),
        Method("detector", "image_match", "1", {"radius": 12}, {"pdq": "d" * 64}),
    ]
    text, price, image = (store.keep_method(m) for m in methods)
    for number in (text, price, image):
        store.set_method_status(number, Status.in_force, SYSTEM, "shipped; docs/accuracy.md")
    for listing in listings:
        for kind, number in subjects[listing]:
            if kind is SubjectKind.snapshot:
                with store.acting(SYSTEM, purpose="detect") as reader:
                    said = reader.snapshots([number])[0].text
                at = said.find("Mirror quality")
                found = (
                    Finding(
                        "term.replica",
                        0.9,
                        "Says “Mirror quality 1:1”, a usual word for copies",
                        pointers=(Pointer("text", at, at + 18, said[at : at + 18]),),
                    ),
                    Finding(
                        "term.address",
                        0.2,
                        "Gives a street address",
                        Direction.exculpatory,
                        (Pointer("text", len(said) - 18, len(said), said[-18:]),),
                    ),
                )[: 2 if at >= 0 else 0]
                store.keep_examinations(text, [Examination(kind, number, Examined.done, found)], run.id)
                missing = Examination(kind, number, Examined.not_possible, detail="there is no reference price for Maison Lozenge bags")
                store.keep_examinations(price, [missing], run.id)
            if kind is SubjectKind.picture:
                match = Finding(
                    "image.same",
                    0.8,
                    "The same picture as reference 1",
                    pointers=(Pointer(other=f"reference:{reference}", detail={"sha256": sheet.image_sha256, "same_file": True}),),
                )
                failed = Examination(
                    kind, number, Examined.failed, detail=f"OSError: cannot open /home/someone/place ({b.store.database.url})"
                )
                store.keep_examinations(image, [Examination(kind, number, Examined.done, (match,)) if number == 1 else failed], run.id)
    store.end_run(run.id, Outcome.good, {"examined": 4})
    return text, image


def _flags(b: Builder, listings: list[int], text: int, image: int) -> None:
    run = b.run("flag")
    policy = Method("scorer", "additive", "1", {"levels": {"priority": 3}})
    b.store.set_method_status(b.store.keep_method(policy), Status.in_force, SYSTEM, "shipped; docs/accuracy.md")
    with b.store.acting(SYSTEM, purpose="flag") as reader:
        for listing in listings:
            found = reader.findings_of(reader.subjects_of([listing])[listing])
            weights = {Direction.suspicious: 2, Direction.exculpatory: -1}
            points = [round(f.finding.score * weights[f.finding.direction], 4) for f in found]
            sums = tuple(
                Contribution(f.finding.reason, p, f.finding.sentence, f.method_digest, f.id) for f, p in zip(found, points, strict=True)
            )
            level = Level.priority if sums else Level.none
            b.store.keep_flag(
                Flag(
                    None, listing, policy.digest, "f" * 64, level, round(sum(points), 4), sums, ("price_gap: there is no reference price",)
                ),
                run.id,
            )
    b.store.end_run(run.id, Outcome.good, {"flags": 2})


def _places(b: Builder, seller: int, listing: int) -> None:
    store, run = b.store, b.run("link")
    snapshot, _ = store.begin_register("fhrs", "a" * 64, dated="2026-10-01", licence="OGL v3", rows=2, refused=0, run=run.id)
    entry = RegisterEntry(
        "fhrs",
        "9001",
        "Parade Deals Ltd",
        "Unit 3, 14 Orchard Parade, Wexcombe",
        "WX1 1AA",
        {"unit": "3"},
        lat=51.0,
        lon=-1.0,
        phone="+447700900123",
        row=17,
    )
    store.keep_entries(snapshot, [(entry, "parade deals")])
    with store.acting(SYSTEM, purpose="link") as reader:
        kept = reader.entries_unjoined(snapshot)[0]
    assert kept.id is not None
    store.join_premises([(kept.id, "unit", "WX1 1AA|14|3", "Unit 3, 14 Orchard Parade", "WX1 1AA|14", "WX1 1AA")], run.id)
    with store.acting(SYSTEM, purpose="link") as reader:
        unit = reader.entries_by(postcodes=["WX1 1AA"])[0][1]
    method = store.keep_method(Method("linker", "register_link", "1", {"weights": {"phone": 3.0}}))
    page = b.captures[0].id
    reasons = (
        LinkReason("phone.same", 3.0, "The page gives 07700 900123, as the register does", page, kept.id),
        LinkReason("name.same", 1.5, "The account's name is the register's", page, kept.id),
        LinkReason("number.range", -1.0, "The page gives no unit", page, kept.id, against=True),
    )
    store.keep_links(
        [Link(None, SubjectKind.seller, seller, SubjectKind.premises, unit, str(method), 0.83, "unit", reasons)],
        method,
        run.id,
        actor=SYSTEM,
        purpose="link",
    )
    store.end_run(run.id, Outcome.good, {"links": 1})
