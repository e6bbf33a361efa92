"""An evidence pack as somebody reads it who knows nothing of the software: what stands first, what is quoted, what is missing, and what must not be told."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from casework import pdf
from casework.export import ExportResult, export
from casework.verify import verify
from store.disclosure import Standing, Undermines
from store.store import SYSTEM
from store.words.intelligence import Origin, Provenance, grade_of
from store.words.records import CaptureKind, Case, Link, LinkReason, Method, Parsed, Reference, ReferenceKind, Snapshot, SubjectKind
from tests.casework.packs import AT, CASE, World, build, picture
from tests.casework.tamper import edit_rows, reseal, rows

MARGIN = 16 / 25.4 * 72  # of an A4 page in points, as style.css has it


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The case of `build`, with a link between two accounts as a further exhibit, which rests on a picture of a listing that is none."""
    world = build(tmp_path_factory.mktemp("world") / "home")
    store = world.store
    with store.acting(SYSTEM, purpose="test") as reader:
        mine, other = (reader.summaries(numbers=[n])[0].seller for n in (world.listings[0], world.listings[2]))
        [own], [theirs] = (reader.pictures(listing=world.listings[n])[:1] for n in (0, 2))
    pages = [c.id for c in world.captures if c.kind is CaptureKind.page]
    run = store.begin_run("link", actor=SYSTEM, authority="wexcombe", code_version="0.1.0", config_digest="c" * 64)
    method = store.keep_method(Method("linker", "network", "2", {}))
    reasons = (
        LinkReason(
            "same_place",
            0.6,
            f"both accounts have a picture that seems to be taken in the same place: picture {own.id}",
            pages[0],
            picture=own.id,
        ),
        LinkReason("same_place", 0.0, f"the other account's is picture {theirs.id}", pages[2], picture=theirs.id),
    )
    link = Link(None, SubjectKind.seller, mine or 0, SubjectKind.seller, other or 0, str(method), 0.6, "seller", reasons)
    store.keep_links([link], method, run.id, actor=SYSTEM, purpose="link")
    store.exhibit(CASE, SubjectKind.link, 2, initials="AB", description="Link of the two accounts", actor="a.officer")
    return world


@pytest.fixture(scope="module")
def made(world: World, tmp_path_factory: pytest.TempPathFactory) -> ExportResult:
    return export(world.store, world.home, CASE, tmp_path_factory.mktemp("packs") / "pack", actor="a.officer", justification="to counsel")


def words(path: Path) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8").replace("<wbr>", ""))))


def readme(made: ExportResult) -> str:
    return words(made.folder / "data/README.html")


def absent(made: ExportResult) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((made.folder / "data/gaps.json").read_bytes())["not_in_pack"]
    return found


# -- what stands first -------------------------------------------------------------------------------------------------------
def test_the_first_page_says_how_many_captures_from_when_to_when_of_which_sites_and_by_whom(made: ExportResult) -> None:
    first = readme(made).partition("What this is")[0]
    times = [c["ended_at"] for c in rows(made.folder, "data/rows/captures.jsonl")]
    assert (
        f"{len(times)} captures, made from 3 November 2026, 09:31:00 UTC to 3 November 2026, 09:39:00 UTC, of market (market.example)"
        in first
    )
    assert "which named itself to the sites as “touchstone-scanner”, started by Touchstone, system, for: market sweep" in first
    assert "how far it was off is unknown" in first and "Wexcombe Council Trading Standards is the controller" in first


def test_the_page_of_the_copy_says_who_made_it_why_and_that_nobody_knows_for_whom(made: ExportResult) -> None:
    page = words(made.folder / "export/index.html")
    assert "Made by Ada Officer, trading standards officer" in page and "Why to counsel" in page and "Handed to not recorded here" in page
    assert "do not test whether an opinion of a method" in page and "touchstone key new" not in page


def test_nothing_of_the_summary_is_cut_off_at_the_margin(made: ExportResult, tmp_path: Path) -> None:
    if pdf.missing_parts() or not shutil.which("pdftotext"):
        pytest.skip(pdf.missing_parts() or "needs pdftotext: `apt-get install poppler-utils`")
    subprocess.run(["pdftotext", "-bbox", str(made.pdf), str(tmp_path / "boxes.html")], check=True)
    said = (tmp_path / "boxes.html").read_text(encoding="utf-8")
    width = float(re.search(r'<page width="([\d.]+)"', said)[1])  # type: ignore[index]
    boxes = re.findall(r'<word xMin="([\d.-]+)" yMin="[\d.-]+" xMax="([\d.-]+)" yMax="[\d.-]+">(.*?)</word>', said)
    beyond = [word for left, right, word in boxes if float(left) < MARGIN - 1 or float(right) > width - MARGIN + 1]
    assert len(boxes) > 1000 and not beyond
    digests = "".join(word for _, _, word in boxes)
    assert all(c["body_digest"] in digests for c in rows(made.folder, "data/rows/captures.jsonl") if "AB1" in c["uses"]), "nor left out"


# -- what is quoted ----------------------------------------------------------------------------------------------------------
def test_words_stand_in_quotation_marks_only_where_they_stand_on_the_page(tmp_path: Path) -> None:
    """A price that was put together from a page's data is shown as what it was read as, and the put-together text is not quoted."""
    world = build(tmp_path / "home", exhibits=False)
    store, page = world.store, world.captures[0]
    later = AT + timedelta(days=1)
    body = b'<h1>Belt</h1><p>39.00 pounds</p><script type="application/ld+json">{"price": 39.0, "priceCurrency": "GBP"}</script>'
    with store.archive.writer("later") as writer:
        new = replace(page, id=None, record_id="", url_requested="http://shop.example/9", url_final="http://shop.example/9", started_at=later, ended_at=later, response_headers=(("Content-Type", "text/html"),))  # fmt: skip
        kept = store.keep(writer, new, body, actor=SYSTEM, purpose="market sweep")
    store.keep_readings(
        kept, "schema_org", "schema_org/3", [Parsed("9", kept.url_final, Snapshot("Belt", "", "39.00 GBP", 3900, "GBP"))], page.run
    )
    with store.acting(SYSTEM, purpose="test") as reader:
        listing = reader.listing("market", "9").listing.id or 0
    store.open_case(Case("TS-9", "wexcombe", "A belt"), actor="a.officer")
    store.exhibit("TS-9", SubjectKind.listing, listing, initials="AB", description="A belt", actor="a.officer")
    store.exhibit("TS-9", SubjectKind.listing, world.listings[0], initials="AB", description="A bag", actor="a.officer")
    said = readme(export(store, world.home, "TS-9", tmp_path / "pack", actor="a.officer", justification="test"))
    assert "Price £39.00 (put together as 39.00 GBP from" in said and "“39.00 GBP”" not in said
    assert "Price £70.00" in said and "“Mirror quality 1:1”" in said


# -- what a finding and a link rest on ---------------------------------------------------------------------------------------
def test_every_picture_that_a_finding_or_a_link_rests_on_is_in_the_pack_or_a_gap_says_why(made: ExportResult) -> None:
    pack = made.folder
    here = {n: image for image in rows(pack, "data/rows/images.jsonl") for n in image["pictures"]}
    here |= {
        int(m["other"].partition(":")[2]): {"file": m["second_file"]} for m in rows(pack, "data/rows/matches.jsonl") if m["second_file"]
    }
    named = {
        int(p["other"].partition(":")[2])
        for f in rows(pack, "data/rows/findings.jsonl")
        for p in f["pointers"]
        if p.get("other", "").startswith("picture:")
    }
    of_links = {r["picture"] for x in rows(pack, "data/rows/links.jsonl") for r in x["reasons"]} - {None}
    assert of_links and of_links <= here.keys(), "the pictures of the case's own accounts are here"
    missing = " ".join(g["what"] for g in absent(made))
    for number in sorted(named | of_links):
        assert (number in here and (pack / "data" / here[number]["file"]).is_file()) or f"picture {number} " in missing
    theirs = max(of_links)
    assert f"the listing of picture {theirs}, of the other account of this case, on which link 2 rests" in missing
    assert f"picture {theirs}: images/{here[theirs]['sha256'][:12]}" in readme(made)


def test_a_link_that_is_an_exhibit_brings_the_captures_that_its_reasons_cite(made: ExportResult) -> None:
    cited = {r["capture"] for x in rows(made.folder, "data/rows/links.jsonl") for r in x["reasons"] if x["id"] == 2}
    assert cited == {c["id"] for c in rows(made.folder, "data/rows/captures.jsonl") if "AB5" in c["uses"]}
    [exhibit] = [e["id"] for e in rows(made.folder, "data/rows/exhibits.jsonl") if e["number"] == "AB5"]
    steps = [s for s in rows(made.folder, "data/rows/custody.jsonl") if s["exhibit"] == exhibit]
    assert {s["says"] for s in steps} >= {f"capture {n} collected" for n in cited}
    assert [s["at"] for s in steps] == sorted(s["at"] for s in steps)
    assert all(len(s["sha256"]) == 64 and s["why"] == "market sweep" for s in steps if s["says"].endswith("collected"))


def test_flags_and_links_name_the_run_that_made_them_and_a_link_its_event(made: ExportResult) -> None:
    runs = {r["id"]: r["pass_name"] for r in rows(made.folder, "data/rows/runs.jsonl")}
    assert {runs[f["run"]] for f in rows(made.folder, "data/rows/flags.jsonl")} == {"flag"}
    assert {runs[x["run"]] for x in rows(made.folder, "data/rows/links.jsonl")} == {"link"}
    assert all(x["event"] and x["at"] for x in rows(made.folder, "data/rows/links.jsonl"))


def test_a_picture_of_another_brand_than_the_words_name_is_said_to_be_one(tmp_path: Path) -> None:
    import hashlib

    from casework.export.gather import Material
    from casework.export.summary import Summary
    from store.words.records import Version

    sheet = Reference(
        3, ReferenceKind.confirmed, "wexcombe", "exhibit 9", "a.officer", "Gucci", image_sha256=hashlib.sha256(picture(1, "x")).hexdigest()
    )
    m = Material(Case("C", "wexcombe", "t"), [], references={3: sheet}, subjects={1: []})
    summary = Summary(m, None, {}, {}, [], {}, {}, [], {}, [])  # type: ignore[arg-type]
    for title, warned in (("Hermes belt", True), ("GUCCI belt", False)):
        m.versions[1] = [Version(1, AT, 1, Snapshot(title), ())]
        assert bool(summary._other_brand("reference:3", 1)) is warned


def test_a_screenshot_says_which_of_its_pictures_came_from_the_archive(tmp_path: Path) -> None:
    world = build(tmp_path / "home", exhibits=False)
    store, later, url = world.store, AT + timedelta(days=1), "http://shop.example/3"
    base = replace(world.captures[0], id=None, record_id="", url_requested=url, url_final=url, started_at=later, ended_at=later)
    document = replace(base, kind=CaptureKind.rendered, response_headers=(("Content-Type", "text/html"),))
    said = (("Content-Type", "image/png"), ("X-Touchstone-Shown", "40x40 of 40x40"), ("X-Touchstone-Pictures-From", "2 999"))
    shot = replace(base, kind=CaptureKind.screenshot, request_headers=(), response_headers=said, decoded_digest="")
    with store.archive.writer("shop") as writer:
        kept = store.keep_rendered(
            writer, document, b"<h1>Rendered</h1>", [(shot, picture(4, "png"))], actor=SYSTEM, purpose="market sweep"
        )
    reading = store.keep_readings(kept, "selectors", "selectors/1", [Parsed("3", url, Snapshot(title="Rendered"))], kept.run)[0]
    store.open_case(Case("TS-3", "wexcombe", "Rendered"), actor="a.officer")
    for number in (reading.listing, world.listings[0]):
        store.exhibit("TS-3", SubjectKind.listing, number, initials="AB", description="A listing", actor="a.officer")
    done = export(store, world.home, "TS-3", tmp_path / "pack", actor="a.officer", justification="test")
    text = readme(done)
    assert (
        "drawn from the archive, and not asked of the site again: capture 2 of 3 November 2026, 09:32:00 UTC; capture 999, which is not in this pack"
        in text
    )
    assert f"drawn from a page answered with status 200 (capture {kept.id})" in text
    view = words(done.folder / "data" / next(p["view"] for p in rows(done.folder, "data/rows/pages.jsonl") if p["capture"] == kept.id))
    assert "as a browser wrote it out after the page's scripts had run" in view and "over the wire" not in view


# -- what leaves, and what must not be told -----------------------------------------------------------------------------------
def test_the_event_of_the_disclosure_lists_what_the_pack_holds_and_no_more(made: ExportResult) -> None:
    def numbers(ids: str) -> set[int]:
        return {n for part in ids.split(",") for a, _, b in [part.partition("-")] for n in range(int(a), int(b or a) + 1)}

    [event] = [r["event"] for r in rows(made.folder, "export/log.jsonl") if r.get("event", {}).get("verb") == "disclosure"]
    for kind, file in (
        ("capture", "captures"),
        ("listing", "listings"),
        ("seller", "sellers"),
        ("link", "links"),
        ("finding", "findings"),
        ("flag", "flags"),
    ):
        assert numbers(event["subjects"][kind]) == {r["id"] for r in rows(made.folder, f"data/rows/{file}.jsonl")}, kind


def test_a_pack_says_nothing_of_intelligence_or_schedules_not_even_that_there_are_any(tmp_path: Path) -> None:
    plain, world = build(tmp_path / "plain"), build(tmp_path / "home")
    store = world.store
    known = Provenance("SRC-0417", Origin.person, who="Sarah Quill-Jones", contact="07700 900142", how="at the counter")
    report = store.keep_report("Belts are sold on Sundays", grade_of("2CP"), known, marking="OFFICIAL", actor="a.officer", authority="wexcombe", case=CASE, why="told by a neighbour")  # fmt: skip
    store.number_items(CASE, [("", ("capture:1",))], actor="a.officer")
    store.decide_item(
        CASE,
        1,
        Standing.sensitive,
        undermines=Undermines.no,
        actor="a.officer",
        authority="wexcombe",
        reason="",
        sensitivity="it names a source",
    )
    with store.acting("a.officer", purpose="intelligence", justification="for the meeting", case=CASE) as reader:
        assert reader.reports(case=CASE)
    one, two = (
        export(w.store, w.home, CASE, w.folder / "pack", actor="a.officer", justification="test", zipped=False) for w in (plain, world)
    )
    everything = b"".join(p.read_bytes() for p in two.folder.rglob("*") if p.is_file() and p.suffix not in (".wacz", ".py"))
    for said in (report.urn, "told by a neighbour", "for the meeting", "it names a source", "Quill"):
        assert said.encode() not in everything, said
    told = [r["event"] for name in ("data/log.jsonl", "export/log.jsonl") for r in rows(two.folder, name) if "event" in r]
    assert not [e for e in told if "intelligence" in str(e) or "disclosure_" in str(e) or "sensitive" in str(e)]
    assert absent(one) == absent(two), "what is missing is put in the same words, whether or not there is anything"
    assert verify(two.folder, two.head).accepted


def test_referrals_and_money_are_counted_as_missing_and_nothing_is_told_of_them(tmp_path: Path) -> None:
    world = build(tmp_path / "home")
    store = world.store
    store.keep_referral("R-2026-0001", "police", recipient="Borough Police", why="links to a gang", gateway="s.115", fields=["title"], digest="a" * 64, actor="a.officer", authority="wexcombe", case=CASE)  # fmt: skip
    done = export(store, world.home, CASE, tmp_path / "pack", actor="a.officer", justification="test", zipped=False)
    assert "1 referral to others in the case" in [g["what"] for g in absent(done)]
    everything = b"".join(p.read_bytes() for p in done.folder.rglob("*") if p.is_file() and p.suffix not in (".wacz", ".py"))
    assert b"Borough Police" not in everything and b"links to a gang" not in everything and b"R-2026-0001" not in everything


def test_an_exhibit_is_held_against_what_the_event_of_its_making_commits_to(made: ExportResult, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made.folder, tmp_path / "copy"))
    assert any("5 exhibits against what the events of their making commit to" in line for line in verify(copy).checked)
    edit_rows(copy, "data/rows/exhibits.jsonl", lambda found: found[0].update(description="Something else"))
    reseal(copy)
    assert any("exhibit AB1 is not what the event of its making" in str(problem) for problem in verify(copy).problems)
