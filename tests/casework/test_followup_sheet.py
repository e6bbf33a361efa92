"""The tasking sheet and the chain of custody as an officer reads them: by the text of the PDF."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from casework import pdf, tasking
from store.config import Home
from store.errors import TouchstoneError
from store.words.records import Link, LinkReason, RegisterEntry, SubjectKind, Verdict
from tests.casework.packs import World, build
from tests.casework.test_followup import BUILDING, UNIT, Work, steps

UNITS = (
    ("1", "Parade Bakehouse", "Unit 1", {"unit": "1"}),
    ("2", "Nimbus Launderette", "Unit 2", {"unit": "2"}),
    ("10", "Lantern Noodles", "Unit 10", {"unit": "10", "part": "rear"}),
)
PROPOSED = "PROPOSED BY MACHINE, NOT CONFIRMED"


@pytest.fixture(scope="module")
def parade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world of packs.py, with neighbours, and an advert that hints at a floor above."""
    folder = tmp_path_factory.mktemp("sheet") / "home"
    world: World = build(folder)
    store = world.store
    run = store.begin_run("register", actor="system", authority="wexcombe", code_version="t", config_digest="c" * 64)
    snapshot, _ = store.begin_register("units", "b" * 64, dated="2026-10-01", licence="OGL v3", rows=3, refused=0, run=run.id)
    entries = [
        (RegisterEntry("units", number, name, f"{unit}, 14 Orchard Parade, Wexcombe", "WX1 1AA", parts, lat=51.0 + n / 9000, lon=-1.0, row=n), name.lower())
        for n, (number, name, unit, parts) in enumerate(UNITS, 1)
    ]  # fmt: skip
    store.keep_entries(snapshot, entries)
    with store.acting("system", purpose="register") as reader:
        kept = reader.entries_unjoined(snapshot)
    joins = [(e.id, "unit", f"WX1 1AA|14|{e.reference}", f"Unit {e.reference}, 14 Orchard Parade", "WX1 1AA|14", "WX1 1AA") for e in kept]
    store.join_premises(joins, run.id)
    store.close()
    return folder


@pytest.fixture
def work(parade: Path, tmp_path: Path) -> Iterator[Work]:
    shutil.copytree(parade, tmp_path / "home")
    yield Work(tmp_path / "home")


def sheet(work: Work, premises: int) -> str:
    """The HTML of the sheet as it stands, its entities undone."""
    import html
    from datetime import UTC, datetime

    with work.store() as store, store.acting("a.officer", purpose="test") as reader:
        home = Home(work.folder)
        text = tasking.sheet_text(reader, home, tasking.gather(reader, home, premises), datetime(2026, 3, 5, tzinfo=UTC))
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", text, flags=re.S)))


def read(path: Path) -> str:
    import pypdf

    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(path.read_bytes())).pages))


def test_the_pdf_names_the_door_its_neighbours_what_leads_there_and_what_to_look_for(work: Work) -> None:
    if missing := pdf.missing_parts():
        pytest.skip(missing)
    out = work.folder / "sheets" / "visit.pdf"
    work.run("premises", "tasking", str(UNIT), "--out", str(out), "--why", "visit on Thursday")
    text = read(out)
    for said in (
        PROPOSED, "Unit 3, 14 Orchard Parade", "Level: unit.", "Neighbours: not these doors", "Nimbus Launderette", "Lantern Noodles", "same building",
        "Link 1: the account “Parade Deals” on market", "The page gives no unit", "Brands named: Maison Lozenge", "Says “Mirror quality 1:1”",
        "07700 900123", "parade_deals", "FROM ADVERT", "capture 2", "These are pictures from adverts, and not pictures of this place.",
        "This sheet gives no power and no permission", "2 working days' written notice", "To fill in on the day", "Seal and bag numbers", "page 1 of",
    ):  # fmt: skip
        assert said in text, said
    assert "taken at this place" not in text and text.index("Nimbus") < text.index("Lantern"), "2 before 10"
    with work.store() as store:
        event = next(e.body for e in store.log() if e.body["verb"] == "disclosure")
        given = {"recipient": f"tasking sheet of premises {UNIT}", "premises": UNIT, "links": 1, "pictures": 1}
        assert given.items() <= event["detail"].items() and set(event["detail"]) <= {*given, "asked", "looked_up"}
        assert event["justification"] == "visit on Thursday" and {"premises", "link", "listing", "contact"} <= set(event["subjects"])
    with pytest.raises(TouchstoneError, match="exists already"):
        work.run("premises", "tasking", str(UNIT), "--out", str(out))


def test_a_building_is_said_to_be_one_and_no_unit_of_it_is_named_as_the_door(work: Work) -> None:
    with work.store() as store:
        run = store.begin_run("link", actor="system", authority="wexcombe", code_version="t", config_digest="c" * 64)
        method = next(n for n, m, _ in store.methods() if m.name == "register_link")
        why = (LinkReason("building", 0.7, "the advert says Orchard Parade", 1),)
        link = Link(None, SubjectKind.seller, 1, SubjectKind.premises, BUILDING, "", 0.7, "building", why)
        store.keep_links([link], method, run.id, actor="system", purpose="link")
    text = sheet(work, BUILDING)
    assert "Level: building. Unit not known." in text and "Level: unit" not in text
    inside, beside = text.index("none of them is known to be the one"), text.index("Neighbours: not these doors")
    assert inside < text.index("Nimbus Launderette") < beside, "its own units are no neighbours"
    assert "the advert says Orchard Parade" in text and "THIS DOOR" not in text
    assert "1 more link leads to the building" in sheet(work, UNIT)


def test_a_confirmed_link_is_said_to_be_confirmed_by_whom_and_an_unsure_one_is_not(work: Work) -> None:
    with work.store() as store:
        for verdict in (Verdict.unsure, Verdict.yes):
            assert PROPOSED in sheet(work, UNIT), "unsure confirms nothing"
            store.judge(SubjectKind.link, 1, verdict, actor="b.officer", authority="wexcombe", reason="seen on a visit")
    text = sheet(work, UNIT)
    assert PROPOSED not in text and "An officer confirmed a link to this door" in text
    assert "confirmed by b.officer on" in text and "seen on a visit" in text
    with work.store() as store:
        store.judge(SubjectKind.link, 1, Verdict.no, actor="b.officer", authority="wexcombe", reason="the door beside it")
    text = sheet(work, UNIT)
    assert PROPOSED in text and "Nothing links an account or an advert to this door" in text, "what was refused leads nowhere"


def link_again(work: Work, *reasons: LinkReason) -> None:
    """The machine links the account to the unit once more, for these reasons."""
    with work.store() as store:
        run = store.begin_run("link", actor="system", authority="wexcombe", code_version="t", config_digest="c" * 64)
        method = next(n for n, m, _ in store.methods() if m.name == "register_link")
        link = Link(None, SubjectKind.seller, 1, SubjectKind.premises, UNIT, "", 0.9, "unit", reasons)
        assert store.keep_links([link], method, run.id, actor="system", purpose="link") == 1


def test_a_confirmed_link_whose_reasons_changed_is_still_said_to_be_confirmed_by_whom(work: Work) -> None:
    with work.store() as store:
        store.judge(SubjectKind.link, 1, Verdict.yes, actor="b.officer", authority="wexcombe", reason="seen on a visit")
    link_again(work, LinkReason("phone.same", 4.0, "The page gives the register's number twice", 1))
    text = sheet(work, UNIT)
    assert "Link 2: the account" in text and "An officer confirmed a link to this door" in text
    assert "seen on a visit (of link 1, before its reasons changed)" in text and "confirmed by b.officer on" in text
    assert "Proposed by machine, not confirmed." not in text
    with work.store() as store:
        store.judge(SubjectKind.link, 2, Verdict.yes, actor="a.officer", authority="wexcombe", reason="seen again")
    assert "confirmed by a.officer on" in (text := sheet(work, UNIT)) and "b.officer" not in text, "the newest of the pair decides"


def test_an_advert_that_an_officer_cleared_justifies_no_visit_and_says_who_cleared_it(work: Work) -> None:
    home = Home(work.folder)
    with work.store() as store, store.acting("a.officer", purpose="test") as reader:
        [one] = (row["summary"].listing for row in tasking.gather(reader, home, UNIT).listings)
        flag = reader.flag(one.id or 0)
        assert flag is not None

    def said_no(digest: str) -> tasking.Sheet:
        with work.store() as store, store.acting("a.officer", purpose="test") as reader:
            store.judge(
                SubjectKind.listing, one.id or 0, Verdict.no, actor="b.officer", authority="wexcombe", reason="authorised reseller",
                findings_digest=digest,
            )  # fmt: skip
            return tasking.gather(reader, home, UNIT)

    found = said_no("0" * 64)
    assert len(found.listings) == 1 and found.photos and found.cleared == [], "what was said of other findings clears nothing"
    found = said_no(flag.findings_digest)
    assert found.listings == [] and found.photos == [] and found.brands == []
    text = sheet(work, UNIT)
    assert re.search(
        rf"cleared by an officer: no ground for a visit {one.ref} on market: b.officer said no on .*: authorised reseller", text
    )
    assert "No linked advert is flagged for review and not cleared." in text


def test_the_level_says_no_more_than_the_links_do(work: Work) -> None:
    text = sheet(work, UNIT)
    assert "The link below is proposed to this unit. Check" in text, "it rests on a phone and a name"
    link_again(work, LinkReason("unit", 2.0, "both say Unit 3", 1))
    assert "The link below is proposed to this unit, and names it. Check" in sheet(work, UNIT)
    with work.store() as store, store.acting("a.officer", purpose="test") as reader:
        empty = next(p.id for p in reader.premises(postcode="WX1 1AA") if p.label.startswith("Unit 10"))
    text = sheet(work, empty or 0)
    assert "Nothing links an account or an advert to this door." in text and "Level:" not in text and "proposed to this" not in text


def test_pictures_are_of_flagged_adverts_alone_and_never_more_than_the_settings_say(work: Work) -> None:
    home = Home(work.folder)
    with work.store() as store, store.acting("a.officer", purpose="test") as reader:
        photos = tasking.gather(reader, home, UNIT).photos
        flagged = {s.listing.ref for s in reader.summaries() if s.level in ("review", "priority")}
        assert photos and {p.listing.split()[0] for p in photos} <= flagged
        assert all(reader.images([p.sha256])[p.sha256].capture == p.capture and p.copy.startswith(b"\xff\xd8") for p in photos)
        (work.folder / "configs" / "followup.yml").write_text(home.file("followup.yml").read_text().replace("pictures: 6", "pictures: 0"))
        assert tasking.gather(reader, home, UNIT).photos == []


def test_hints_are_quoted_with_their_capture_and_the_registers_part_is_told(work: Work) -> None:
    home = Home(work.folder)
    settings = home.file("followup.yml").read_text()
    (work.folder / "configs" / "followup.yml").write_text(settings.replace("  - rear\n", "  - rear\n  - collect from\n"))
    text = sheet(work, UNIT)
    assert re.search(r"…[^…]*or collect from 14 Orchard Parade\.[^…]*…” 1001 on market, capture \d", text), text
    assert "They may mean something else" in text
    with work.store() as store, store.acting("a.officer", purpose="test") as reader:
        rear = next(p.id for p in reader.premises(postcode="WX1 1AA") if p.label.startswith("Unit 10"))
    assert "In the registers this door is: rear" in sheet(work, rear or 0)


def test_earlier_follow_ups_and_a_closure_in_force_stand_on_it(work: Work) -> None:
    work.run(
        "followup",
        "warning",
        "--premises",
        str(UNIT),
        "--when",
        "2/03/2026",
        "--given-to",
        "the tenant",
        "--served",
        "by post",
        "--about",
        "marks",
    )
    work.run("followup", "closure", "--premises", str(BUILDING), "--when", "3/03/2026", "--court", "a court", "--basis", "an order", "--from", "2026-03-04", "--until", "2026-03-06")  # fmt: skip
    text = sheet(work, UNIT)
    assert "receipt not shown" in text and "CLOSED BY ORDER since 2026-03-04, until 2026-03-06: an order, a court (follow-up 2" in text
    with work.store() as store, store.acting("a.officer", purpose="test") as reader:
        found = tasking.gather(reader, Home(work.folder), UNIT)
        assert [r.id for r in found.timeline] == [1, 2] and found.powers[0].what == "enter premises"


def test_what_a_listing_says_runs_nowhere_on_the_sheet(work: Work) -> None:
    """The world's first advert has a script and an image in its words."""
    from datetime import UTC, datetime

    with work.store() as store, store.acting("a.officer", purpose="test") as reader:
        home = Home(work.folder)
        (work.folder / "configs" / "followup.yml").write_text(home.file("followup.yml").read_text().replace("  - rear\n", "  - owned\n"))
        text = tasking.sheet_text(reader, home, tasking.gather(reader, home, UNIT), datetime(2026, 3, 5, tzinfo=UTC))
    assert "owned" in text and "<script>" not in text and "<img src=x" not in text


def test_there_is_no_sheet_of_a_place_that_is_not_there(work: Work) -> None:
    with pytest.raises(TouchstoneError, match=r"no premises 99|none can be made"):
        work.run("premises", "tasking", "99", "--out", str(work.folder / "x.pdf"))
    assert not (work.folder / "x.pdf").exists()


def test_without_weasyprint_one_sentence_says_so(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "missing_parts", lambda: "the Pango library is missing")
    with pytest.raises(TouchstoneError, match="none can be made: the Pango library is missing"):
        work.run("premises", "tasking", str(UNIT), "--out", str(work.folder / "x.pdf"))


def test_the_chain_of_custody_is_printed_with_every_digest_and_says_when_it_is_not_complete(work: Work) -> None:
    if missing := pdf.missing_parts():
        pytest.skip(missing)
    commands = steps(work)
    for name in ("authorise", "order", "receive", "photograph", "seal"):
        work.run(*commands[name])
    work.run("purchase", "receive", "1", "--supersedes", "3", "--tracking", "PX2")
    out = work.folder / "chain.pdf"
    chain = json.loads(work.run("purchase", "show", "1", "--json"))
    work.run("purchase", "show", "1", "--out", str(out), "--why", "to the examiner")
    text = read(out)
    squeezed = text.replace(" ", "")
    assert "NOT COMPLETE: the next step is “examiner”" in text and "bag: B1" in text and "What was corrected" in text and "PX1" in text
    assert all(digest in squeezed for digest in chain["digests"].values())
    with work.store() as store:
        event = next(e.body for e in store.log() if e.body["verb"] == "disclosure")
    assert event["detail"]["purchase"] == 1 and event["justification"] == "to the examiner"
