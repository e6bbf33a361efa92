"""`case export`: what is in a pack, what must never be in one, and what it says where something is missing."""

from __future__ import annotations

import gzip
import html
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from casework import pdf
from casework.cli import app
from casework.export import ExportResult, export, pages, render
from casework.export.limits import LIMITS
from casework.export.pages import Page
from casework.verify import verify
from store.attribution import Kind as Ground
from store.attribution import Strength
from store.errors import TouchstoneError
from store.store import SYSTEM
from store.words.followup import ClosureOrder, FollowUp, Kind
from store.words.records import Actor, Capture, CaptureKind, Case, Parsed, Snapshot, Status, SubjectKind, Verdict
from tests.casework.packs import AT, CASE, SECRET, TOKEN, World, build
from tests.casework.tamper import WACZ, entries, files, members, rows
from tests.crawler.conftest import picture

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("world") / "home")


@pytest.fixture(scope="module")
def made(world: World) -> ExportResult:
    return export(world.store, world.home, CASE, world.folder / "packs" / "pack", actor="a.officer", justification="file to legal services")


def again(world: World, out: Path, case: str = CASE) -> ExportResult:
    return export(world.store, world.home, case, out, actor="a.officer", justification="test")


# -- what is in it -----------------------------------------------------------------------------------------------------------
def test_a_pack_holds_what_the_case_rests_on(made: ExportResult, world: World) -> None:
    pack = made.folder
    assert {e["number"] for e in rows(pack, "data/rows/exhibits.jsonl")} == {"AB1", "AB2", "AB3", "AB4"}
    assert {x["ref"] for x in rows(pack, "data/rows/listings.jsonl")} == {"1001", "1002"}
    assert [v["capture"] for v in rows(pack, "data/rows/versions.jsonl") if v["listing"] == world.listings[0]] == [
        world.captures[0].id,
        world.captures[7].id,
    ]
    assert {(e["method_name"], e["outcome"]) for e in rows(pack, "data/rows/examinations.jsonl")} == {
        ("text_terms", "done"),
        ("price_gap", "not_possible"),
        ("image_match", "done"),
        ("image_match", "failed"),
    }
    assert {j["verdict"] for j in rows(pack, "data/rows/judgements.jsonl")} == {"yes", "unsure"}
    assert rows(pack, "data/rows/links.jsonl")[0]["status"] == "proposed" and any(
        r["against"] for r in rows(pack, "data/rows/links.jsonl")[0]["reasons"]
    )
    assert rows(pack, "data/rows/register_entries.jsonl")[0]["name"] == "Parade Deals Ltd" and {
        p["kind"] for p in rows(pack, "data/rows/premises.jsonl")
    } == {"unit", "building"}
    assert {c["value"] for c in rows(pack, "data/rows/contacts.jsonl")} == {"+447700900123"}
    assert {m["name"] for m in rows(pack, "data/rows/methods.jsonl")} == {
        "text_terms",
        "price_gap",
        "image_match",
        "register_link",
        "additive",
    }
    assert rows(pack, "data/rows/references.jsonl")[0]["provenance"] == "brand owner's sheet 12"
    assert {f"data/{i['file']}" for i in rows(pack, "data/rows/images.jsonl")} == {n for n in files(pack) if n.startswith("data/images/")}


def test_pages_are_given_as_exact_bytes(made: ExportResult, world: World) -> None:
    with world.store.acting(SYSTEM, purpose="test") as reader:
        for page in rows(made.folder, "data/rows/pages.jsonl"):
            payload = reader.payload(page["capture"])
            assert (made.folder / "data" / page["file"]).read_bytes() == (
                gzip.decompress(payload) if payload[:2] == b"\x1f\x8b" else payload
            )


def test_the_records_are_the_archives_own_with_their_requests(made: ExportResult, world: World) -> None:
    archived = {m for segment in world.store.archive.segments() for m in members((world.store.archive.folder / segment).read_bytes())}
    packed = [m for name, data in entries(made.folder).items() if name.startswith("archive/") for m in members(data)]
    assert set(packed) <= archived and len(packed) == len(set(packed))
    kinds = [re.search(rb"WARC-Type: (\w+)", zlib.decompress(m, 31))[1].decode() for m in packed]  # type: ignore[index]
    assert sorted(kinds) == sorted(["warcinfo"] + ["request"] * 7 + ["revisit"] * 2 + ["response"] * 5)


def test_the_log_gives_the_case_whole_and_all_else_as_digests(made: ExportResult, world: World) -> None:
    log = rows(made.folder, "data/log.jsonl") + rows(made.folder, "export/log.jsonl")
    own = {e.seq: e for e in world.store.log()}
    disclosed = {r["seq"]: r["event"] for r in log if "event" in r}
    assert [r["seq"] for r in log] == list(range(1, len(log) + 1)) and all(r["inner"] == own[r["seq"]].inner for r in log)
    assert all(set(r) == {"seq", "inner"} for r in log if r["seq"] not in disclosed)
    assert all(e.seq in disclosed for e in own.values() if e.seq <= len(log) and e.body["case"] == CASE)
    collected = {e["detail"]["record"] for e in disclosed.values() if e["verb"] == "collection" and "record" in e["detail"]}
    assert collected == {c["record_id"] for c in rows(made.folder, "data/rows/captures.jsonl")}
    assert not any(str(world.listings[2]) in str(e["subjects"].get("listing", "")).split(",") for e in disclosed.values())
    assert [e["verb"] for e in disclosed.values()][-3:] == ["alteration", "disclosure", "consultation"]
    assert (
        (max(disclosed) - 2, disclosed[max(disclosed) - 2]["purpose"])
        == (made.seal, "case sealed")
        == (rows(made.folder, "data/log.jsonl")[-1]["seq"], "case sealed")
    )
    assert disclosed[max(disclosed) - 1]["detail"]["head"] == made.head
    assert (
        disclosed[max(disclosed) - 1]["justification"] == "file to legal services" and disclosed[max(disclosed) - 1]["subjects"]["capture"]
    )


def test_a_case_tells_nothing_of_other_cases(world: World, tmp_path: Path) -> None:
    """The picture of the second listing is a revisit: its bytes lie with a capture of the first, which comes along and nothing else does."""
    world.store.open_case(Case("TS-2026-2", "wexcombe", "Another matter"), actor="b.officer")
    world.store.exhibit("TS-2026-2", SubjectKind.listing, world.listings[1], initials="BR", description="The tote bag", actor="b.officer")
    done = again(world, tmp_path / "pack", "TS-2026-2")
    captures = {c["id"]: c["uses"] for c in rows(done.folder, "data/rows/captures.jsonl")}
    assert captures[world.captures[1].id or 0] == ["payload"] and world.captures[7].id not in captures
    assert {x["ref"] for x in rows(done.folder, "data/rows/listings.jsonl")} == {"1002"}
    everything = b"".join((done.folder / n).read_bytes() for n in files(done.folder))
    assert CASE.encode() not in everything and b"Quilted" not in (done.folder / "data/README.html").read_bytes()
    assert verify(done.folder, done.head).accepted


def test_a_rendered_page_comes_with_the_browsers_own_captures(tmp_path: Path) -> None:
    world = build(tmp_path / "home")
    store, run = world.store, world.captures[0].run
    later, url = AT + timedelta(days=1), "http://shop.example/3"
    base = replace(world.captures[0], id=None, record_id="", url_requested=url, url_final=url, started_at=later, ended_at=later)
    document = replace(base, kind=CaptureKind.rendered, response_headers=(("Content-Type", "text/html"),))
    part = replace(
        base,
        kind=CaptureKind.network,
        url_final="https://shop.example/api",
        response_headers=(("Content-Type", "application/json"),),
        certificate="c" * 64,
    )
    said = (("Content-Type", "image/png"), ("X-Touchstone-Shown", "40x40 of 40x90"))
    shot = replace(base, kind=CaptureKind.screenshot, request_headers=(), response_headers=said, certificate="unknown", decoded_digest="")
    parts = [(part, b'{"price": 3}'), (shot, picture())]
    with store.archive.writer("shop") as writer:
        kept = store.keep_rendered(writer, document, b"<h1>Rendered</h1>", parts, actor=SYSTEM, purpose="market sweep")
    reading = store.keep_readings(kept, "selectors", "selectors/1", [Parsed("3", kept.url_final, Snapshot(title="Rendered"))], run)[0]
    store.open_case(Case("TS-3", "wexcombe", "Rendered"), actor="a.officer")
    store.exhibit("TS-3", SubjectKind.listing, reading.listing, initials="AB", description="A rendered page", actor="a.officer")
    done = again(world, tmp_path / "pack", "TS-3")
    assert {c["kind"] for c in rows(done.folder, "data/rows/captures.jsonl")} == {"rendered", "network", "screenshot"} and verify(
        done.folder
    ).accepted
    [png] = [name for name in files(done.folder) if name.endswith(".png")]
    readme = (done.folder / "data/README.html").read_text(encoding="utf-8")
    assert (done.folder / png).read_bytes() == picture() and f'src="{png.removeprefix("data/")}"' in readme and "40x40 of 40x90" in readme
    assert f"certificate SHA-256 {'c' * 64} (which others the server showed is unknown)" in readme
    assert "certificate unknown" in readme and "how far it was off is unknown" in readme
    (done.folder / png).write_bytes(picture("blue"))
    assert not verify(done.folder).accepted, "and it is checked against its capture"
    gaps = json.loads((done.folder / "data/gaps.json").read_bytes())["not_examined"]
    it = f"listing {reading.listing}"
    assert {f"text_terms has not examined anything of {it}", f"{it} was never scored"} <= {g["what"] for g in gaps}


# -- what must not be in it ------------------------------------------------------------------------------------------------------
def _unpacked(pack: Path) -> Iterator[tuple[str, bytes]]:
    for name in files(pack):
        data = (pack / name).read_bytes()
        yield name, data
        for within, entry in entries(pack).items() if name == WACZ else ():
            yield f"{name}!{within}", entry
            for member in members(entry) if within.startswith("archive/") else ():
                record = zlib.decompress(member, 31)
                yield name, record
                body = record.split(b"\r\n\r\n", 2)[-1].rstrip()
                if body[:2] == b"\x1f\x8b":
                    yield name, zlib.decompressobj(31).decompress(body)
        if name.endswith(".pdf"):
            for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.S):
                try:
                    yield name, zlib.decompressobj().decompress(stream)
                except zlib.error:
                    continue


def test_no_secret_and_nothing_of_this_machine_is_in_a_pack(made: ExportResult, world: World) -> None:
    run = next(r for r in rows(made.folder, "data/rows/runs.jsonl") if r["message"])
    assert "[folder]" in run["message"] and "sqlite" not in run["message"]
    failed = next(e for e in rows(made.folder, "data/rows/examinations.jsonl") if e["outcome"] == "failed")
    assert failed["detail"] == "OSError: cannot open [path] ([database])"
    for word in (
        SECRET,
        TOKEN,
        str(world.folder),
        str(world.folder.parent),
        str(Path.home()),
        "sqlite:///",
        "touchstone.db",
    ):
        for name, data in _unpacked(made.folder):
            assert word.encode() not in data, (word, name)
    host = re.compile(rb"(?<![A-Za-z0-9])" + re.escape(socket.gethostname().encode()) + rb"(?![A-Za-z0-9])")
    for name, data in _unpacked(made.folder):
        if not name.endswith((".pdf", ".jpg", ".gz", ".wacz")):  # a name of two letters stands in any packed bytes by chance
            assert not host.search(data), name
    assert made.zipped and not any(str(world.folder).encode() in made.zipped.read_bytes() for _ in "x")


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_no_page_of_a_pack_runs_anything_or_points_outside(made: ExportResult) -> None:
    for name in [n for n in files(made.folder) if n.endswith(".html")]:
        parser = _Elements()
        parser.feed((made.folder / name).read_text())
        policy = next(a["content"] or "" for tag, a in parser.seen if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy")
        assert "default-src 'none'" in policy and "script-src" not in policy and "http" not in policy, name
        for tag, attributes in parser.seen:
            assert tag not in ("script", "object", "embed", "form", "link", "base") and not any(a.startswith("on") for a in attributes), (
                name,
                tag,
            )
            assert tag != "iframe" or attributes["sandbox"] == "", name
            for address in (attributes.get("src"), attributes.get("href")):
                assert address is None or not re.match(r"\w+:|//|/", address), (name, address)


def test_a_hostile_page_reaches_nothing_when_its_view_is_opened(made: ExportResult, tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("needs Chromium")
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port, done = server.getsockname()[1], threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    connection = server.accept()[0]
                except TimeoutError:
                    continue
                asked.append(connection.recv(100))
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        at = f"http://127.0.0.1:{port}"
        hostile = (
            f'"></iframe><script>document.title="owned";fetch("{at}/a")</script><meta http-equiv="refresh" content="0; url={at}/b"><img src="{at}/c"><style>@import "{at}/d";'
            f'body {{ background: url({at}/e) }}</style><link rel="stylesheet" href="{at}/f"><link rel="preload" as="image" href="{at}/k"><link rel="dns-prefetch" href="{at}/l">'
            f'<LINK\nrel="preconnect" href="{at}"><link/rel="preconnect" href="{at}"><script type="speculationrules">{{"prerender":[{{"urls":["{at}/n"]}}]}}</script>'
            f'<iframe src="{at}/g"></iframe><object data="{at}/h"></object><video src="{at}/i" autoplay></video><svg onload="fetch(\'{at}/j\')"><image href="{at}/m"/></svg>'
        )
        view = tmp_path / "view.html"
        row = rows(made.folder, "data/rows/pages.jsonl")[0]
        render.write_view(view, Page(hostile.encode(), hostile, "utf-8", True), row | {"url": hostile}, hostile)
        command = [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=3000",
            "--dump-dom",
            view.as_uri(),
        ]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
        done.set()
        thread.join()
    assert "<title>Capture" in shown and "<title>owned" not in shown and asked == []


# -- what it says ------------------------------------------------------------------------------------------------------------------
def test_the_readme_says_what_a_reader_must_know(made: ExportResult) -> None:
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", (made.folder / "data/README.html").read_text())))
    for said in (
        "Who runs the account NOT SHOWN",
        "proposed Link 1",
        "No person has confirmed it",
        "against The page gives no unit",
        "event 1 of the log, by system",
        "strength 0.90 of 1",
        "Score 3.2",
        "there is no reference price",
        "image_match failed on picture",
        "examined, no finding",
        "Ada Officer, trading standards officer",
        "Ben Reviewer, reviewing officer",
        "the picture may be the brand's own",
        "reference 1 (official, brand owner's sheet 12)",
        "£85.00 £70.00",
        "--head",
        "England and Wales",
    ):
        assert said in text, said
    assert all(title in text for title, _ in LIMITS)
    assert "court-proof" not in text and "UK law" not in text


def test_a_confirmed_link_is_shown_as_confirmed(tmp_path: Path) -> None:
    world = build(tmp_path / "home")
    world.store.judge(SubjectKind.link, 1, Verdict.yes, actor="a.officer", authority="wexcombe", reason="seen at the shop on a visit")
    done = again(world, tmp_path / "pack")
    text = (done.folder / "data/README.html").read_text()
    assert (
        rows(done.folder, "data/rows/links.jsonl")[0]["status"] == "confirmed"
        and "A person confirmed it" in text
        and "seen at the shop on a visit" in text
    )


def test_the_limits_stand_in_the_pack_and_in_the_docs(made: ExportResult) -> None:
    page, manual = html.unescape((made.folder / "data/limits.html").read_text()), (ROOT / "docs" / "limits.md").read_text()
    for title, text in LIMITS:
        assert title in page and title in (made.folder / "data/limits.md").read_text()
        assert f"## {title}\n\n{text}\n" in manual, f"docs/limits.md does not say what packs say under '{title}'"


def test_the_pdf_says_the_same_and_is_accessible(made: ExportResult) -> None:
    if pdf.missing_parts():
        pytest.skip(pdf.missing_parts())
    assert made.pdf is not None
    data = made.pdf.read_bytes()
    objects = b"".join(said for name, said in _unpacked(made.folder) if name == "data/summary.pdf")
    assert data.startswith(b"%PDF-1.7") and all(word in objects for word in (b"/MarkInfo", b"/Lang", b"pdfuaid", b"/Image"))
    if shutil.which("pdftotext"):
        text = re.sub(
            r"\s+", " ", subprocess.run(["pdftotext", "-layout", str(made.pdf), "-"], capture_output=True, text=True, check=True).stdout
        )
        assert "NOT SHOWN" in text and "page 1 of" in text and "Quilted shoulder bag, black" in text and "<script>" in text


def test_without_weasyprint_one_sentence_says_so_and_the_pack_is_made(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "missing_parts", lambda: "the Pango library is missing: `apt-get install libpango-1.0-0`")
    done = again(world, tmp_path / "pack")
    assert (
        done.pdf is None
        and not (done.folder / "data/summary.pdf").exists()
        and "summary.pdf was not made, the Pango library is missing" in done.notes[1]
    )
    assert verify(done.folder, done.head).accepted


def test_one_seal_gives_the_same_bytes_whenever_the_pack_is_made(tmp_path: Path) -> None:
    """But for export/. Meanwhile: more of everything that a pack holds, an export, and a segment rewritten for an erasure of something else."""
    world = build(tmp_path / "home")
    store = world.store
    seal = store.seal_case(CASE, actor="a.officer").event

    def made(name: str) -> ExportResult:
        return export(store, world.home, CASE, tmp_path / name / "pack", actor="a.officer", justification="copy", seal=seal)

    one = made("one")
    before = set(store.archive.segments())
    store.erase(next(c.id or 0 for c in world.captures if "/img/2001" in c.url_final), actor="a.officer", reason="not needed")
    busy(world)
    assert set(store.archive.segments()) != before, "the records of the case lie elsewhere now"
    two = made("two")
    assert one.head == two.head and one.seal == two.seal == seal
    assert files(one.folder) == files(two.folder)
    differing = {n for n in files(one.folder) if (one.folder / n).read_bytes() != (two.folder / n).read_bytes()}
    # what is of one copy, in export/ alone: and there only what tells of its making, never the notes on how to check it
    own = ("attest.json", "export.json", "index.html", "log.jsonl", "manifest-sha256.txt", "validation.json")
    assert differing == {f"export/{name}" for name in own}
    assert verify(two.folder, one.head).accepted
    now = again(world, tmp_path / "now")
    assert now.head != one.head and {e["number"] for e in rows(now.folder, "data/rows/exhibits.jsonl")} == {
        "AB1",
        "AB2",
        "AB3",
        "AB4",
        "AB5",
    }


def test_the_commands_seal_a_case_and_make_the_same_pack_of_it_twice(tmp_path: Path) -> None:
    world = build(tmp_path / "home")
    world.store.close()

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, [*words, "--home", str(tmp_path / "home")])
        assert done.exit_code == 0, done.output
        return done.output

    seal = json.loads(run("case", "seal", CASE, "--by", "a.officer", "--why", "to counsel", "--json"))["seal"]
    assert [each["seal"] for each in json.loads(run("case", "seals", CASE, "--json"))] == [seal]
    said = [
        run("case", "export", CASE, "--seal", str(seal), "--out", str(tmp_path / n), "--by", "a.officer", "--why", "copy") for n in "ab"
    ]
    heads = {re.search(r"Head: ([0-9a-f]{64})", each)[1] for each in said}  # type: ignore[index]
    assert len(heads) == 1 and all(f"Seal: event {seal} of the log" in each for each in said)
    assert CliRunner().invoke(app, ["verify", str(tmp_path / "b"), "--head", heads.pop()]).exit_code == 0


def busy(world: World) -> None:
    """What may happen to a case after it was sealed."""
    store, first = world.store, world.listings[0]
    store.exhibit(CASE, SubjectKind.listing, world.listings[2], initials="AB", description="Another", actor="a.officer")
    for subject in ((SubjectKind.listing, first), (SubjectKind.link, 1)):
        store.judge(*subject, Verdict.no, actor="b.officer", authority="wexcombe", reason="on reflection")
    said = {"actor": "a.officer", "authority": "wexcombe", "source": "reply CD/118"}
    ground = store.keep_ground(
        1, Ground.subscriber_check, "his phone", person_named="A. Trader (fictional)", strength=Strength.strong, **said
    )
    store.judge_account(1, Verdict.yes, rests_on=[ground], actor="a.officer", authority="wexcombe", reason="his phone")
    store.keep_follow_up(FollowUp(None, Kind.closure, ClosureOrder("Court (fictional)", "2026-01-01", "an order"), AT, True, 2, case=CASE), actor="a.officer", authority="wexcombe")  # fmt: skip
    store.set_method_status(1, Status.retired, "a.officer", "superseded")
    store.keep_actor(Actor("c.officer", "wexcombe", "Cy Third", "officer"))
    page = world.captures[0]
    with store.archive.writer("later") as writer:
        kept = store.keep(writer, replace(page, id=None, record_id="", started_at=AT + timedelta(days=9), ended_at=AT + timedelta(days=9)), "<h1>Now £1</h1>".encode(), actor=SYSTEM, purpose="market sweep")  # fmt: skip
    store.keep_readings(kept, "selectors", "selectors/1", [Parsed("1001", page.url_final, Snapshot(title="Now £1"))], page.run)
    store.concern([first], actor="a.officer", why="test")


def test_an_erasure_since_the_seal_is_a_named_gap(tmp_path: Path) -> None:
    """What an exhibit rests on is not erased; the page that gives a linked account's other telephone may be."""
    world = build(tmp_path / "home", exhibits=False)
    store, page = world.store, world.captures[0]
    said = Snapshot(title="Belts", text="Ring 07700 900456", seller="parade_deals")
    with store.archive.writer("later") as writer:
        other = replace(page, id=None, record_id="", url_requested="http://market.example/item/7", url_final="http://market.example/item/7")
        kept = store.keep(writer, other, b"<h1>Belts</h1>", actor=SYSTEM, purpose="market sweep")
    parsed = Parsed("7", kept.url_final, said, (), "http://market.example/s/parade_deals")
    store.keep_readings(kept, "selectors", "selectors/1", [parsed], page.run)
    cited = kept.id or 0
    store.exhibit(CASE, SubjectKind.link, 1, initials="AB", description="Link of the account to Unit 3", actor="a.officer")
    one = again(world, tmp_path / "one")
    assert cited in {c["id"] for c in rows(one.folder, "data/rows/captures.jsonl") if c["warc"]}
    store.erase(cited, actor="a.officer", reason="not needed")
    [event] = [e.seq for e in store.log(one.seal) if e.body["purpose"] == "erasure"]
    two = export(store, world.home, CASE, tmp_path / "two", actor="a.officer", justification="copy", seal=one.seal)
    [gap] = [g for g in json.loads((two.folder / "data/gaps.json").read_bytes())["not_in_pack"] if g.get("capture") == cited]
    assert gap["why"] == f"they were erased after the case was sealed, at event {event} of the log"
    report = verify(two.folder, two.head)
    assert report.accepted and any(f"the bytes of capture {cited}" in line for line in report.not_checked)
    assert two.head != one.head, "it cannot be the pack that it was, and says why"


def test_the_zip_holds_the_pack_and_is_the_same_for_the_same_pack(made: ExportResult, tmp_path: Path) -> None:
    from casework.export.bag import write_zip

    assert made.zipped is not None
    with zipfile.ZipFile(made.zipped) as archive:
        archive.extractall(tmp_path)
    assert verify(tmp_path / "pack", made.head).accepted
    write_zip(made.folder, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == made.zipped.read_bytes()


# -- what is missing or wrong ----------------------------------------------------------------------------------------------------
def test_what_cannot_be_exported_is_refused_in_a_sentence(world: World, made: ExportResult, tmp_path: Path) -> None:
    world.store.open_case(Case("TS-EMPTY", "wexcombe", "Nothing yet"), actor="a.officer")
    with pytest.raises(TouchstoneError, match="has no exhibits yet"):
        again(world, tmp_path / "empty", "TS-EMPTY")
    with pytest.raises(TouchstoneError, match="no case 'TS-NONE'"):
        again(world, tmp_path / "none", "TS-NONE")
    with pytest.raises(TouchstoneError, match="exists already"):
        again(world, made.folder)
    with pytest.raises(TouchstoneError, match="say why"):
        export(world.store, world.home, CASE, tmp_path / "why", actor="a.officer", justification="  ")
    with pytest.raises(TouchstoneError, match="no actor"):
        export(world.store, world.home, CASE, tmp_path / "who", actor="nobody", justification="x")
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_does_not_hold_gives_no_pack(tmp_path: Path) -> None:
    world = build(tmp_path / "home")
    with world.store.database.writing() as c:
        c.exec_driver_sql(
            "UPDATE event SET body_json = replace(body_json, 'a.officer', 'b.officer') WHERE seq = (SELECT max(seq) FROM event)"
        )
    with pytest.raises(TouchstoneError, match=r"does not pass its own check.*log.jsonl, event"):
        again(world, tmp_path / "pack")
    assert not (tmp_path / "pack").exists() and not list(tmp_path.glob(".pack*"))


def test_bytes_that_are_damaged_or_of_an_unknown_encoding_are_gaps(tmp_path: Path) -> None:
    world = build(tmp_path / "home")
    page = world.captures[2]
    with world.store.acting(SYSTEM, purpose="test") as reader:
        place = reader.place(page.id or 0)
    assert place is not None
    segment = world.store.archive.folder / place.segment
    data = bytearray(segment.read_bytes())
    data[place.offset + 100] ^= 1
    segment.write_bytes(bytes(data))
    done = again(world, tmp_path / "pack")
    gap = next(g for g in json.loads((done.folder / "data/gaps.json").read_bytes())["not_in_pack"] if g.get("capture") == page.id)
    assert "damaged" in gap["why"] and str(tmp_path) not in gap["why"]
    report = verify(done.folder, done.head)
    assert report.accepted and any(f"the bytes of capture {page.id}" in line for line in report.not_checked)


def test_erased_bytes_are_a_gap_and_rehomed_ones_are_not(tmp_path: Path) -> None:
    """Two listings show one picture; the capture that brought it first is erased, so that its bytes move to the second's."""
    world = build(tmp_path / "home", exhibits=False)
    world.store.erase(world.captures[1].id or 0, actor="a.officer", reason="not needed")
    world.store.exhibit(CASE, SubjectKind.listing, world.listings[1], initials="AB", description="Listing 1002", actor="a.officer")
    world.store.exhibit(
        CASE, SubjectKind.capture, world.captures[1].id or 0, initials="AB", description="An erased picture", actor="a.officer"
    )
    done = again(world, tmp_path / "pack")
    captures = {c["id"]: c for c in rows(done.folder, "data/rows/captures.jsonl")}
    moved = captures[world.captures[3].id or 0]
    record = next(r for r in rows(done.folder, "data/rows/records.jsonl") if r["capture"] == world.captures[3].id)
    assert moved["warc"]["record_id"] != moved["record_id"] and (record["id"], record["type"]) == (moved["warc"]["record_id"], "response")
    assert captures[world.captures[1].id or 0]["warc"] is None
    gap = next(
        g for g in json.loads((done.folder / "data/gaps.json").read_bytes())["not_in_pack"] if g.get("capture") == world.captures[1].id
    )
    assert "erased" in gap["why"] and any(r["event"]["verb"] == "erasure" for r in rows(done.folder, "data/log.jsonl") if "event" in r)
    report = verify(done.folder, done.head)
    assert report.accepted and any("the bytes of capture" in line for line in report.not_checked)


def test_what_an_exhibited_listing_rests_on_may_not_be_erased(world: World) -> None:
    for capture in world.captures[:2]:  # its page, and its picture
        with pytest.raises(TouchstoneError, match="under hold"):
            world.store.erase(capture.id or 0, actor="a.officer", reason="tidying")


@pytest.mark.parametrize(
    ("body", "content_type", "text", "exact"),
    [
        ("caf\xe9 £5".encode("cp1252"), "text/html; charset=windows-1252", "café £5", True),
        ('<meta charset="iso-8859-15">\xa4'.encode("latin-1"), "text/html", '<meta charset="iso-8859-15">€', True),
        (b"\xff\xfe" + "£5".encode("utf-16-le"), "text/html", "£5", True),
        (b"\xc3\x28", "text/html; charset=utf-8", "\ufffd(", False),
        ("£5".encode(), "text/html; charset=no-such-thing", "£5", True),
        (b"", "text/html", "", True),
    ],
)
def test_pages_are_decoded_by_what_they_say_of_themselves(world: World, body: bytes, content_type: str, text: str, exact: bool) -> None:
    capture: Capture = replace(world.captures[0], response_headers=(("Content-Type", content_type),))
    page = pages.decode(body, capture)
    assert (page.text, page.exact) == (text, exact)


def test_scrubbing_leaves_web_addresses_alone() -> None:
    from casework.export.rows import scrub

    said: dict[str, Any] = {
        "got 404 from https://market.example/home/item/3": "got 404 from https://market.example/home/item/3",
        "cannot open /var/lib/x/y.db": "cannot open [path]",
        "postgresql+psycopg://me:pw@db/ts refused": "[database] refused",
        "3/4 done": "3/4 done",
    }
    assert {text: scrub(text) for text in said} == said


def test_making_a_pdf_leaves_pillow_strict() -> None:
    """WeasyPrint switches on LOAD_TRUNCATED_IMAGES for the whole process when it is imported."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from casework.pdf import missing_parts; from PIL import ImageFile; missing_parts(); print(ImageFile.LOAD_TRUNCATED_IMAGES)",
        ],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.strip() == "False", done.stderr
