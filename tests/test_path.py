"""The one path, end to end, over the demonstration market: page → capture → snapshot → findings → flag → premises → judgement → pack."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from detectors import contract
from store import tables as t
from store.config import Home
from store.store import Store
from store.words.records import SubjectKind
from tests.market import Market, facts, start_market

ROOT = Path(__file__).resolve().parent.parent
MATERIAL = ROOT / "tests" / "market"


@dataclass(frozen=True)
class Scanned:
    """A working folder after one whole scan, with the market that it scanned still being served."""

    market: Market
    folder: Path

    def touchstone(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "casework.cli", *arguments, "--home", str(self.folder)], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == status, f"touchstone {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> object:
        return json.loads(self.touchstone(*arguments, "--json"))

    def store(self) -> Store:
        return Store.open(Home(self.folder))


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    folder = tmp_path_factory.mktemp("path")
    subprocess.run([sys.executable, "-m", "casework.cli", "init", str(folder)], cwd=ROOT, check=True, capture_output=True)
    shutil.rmtree(folder / "configs" / "sources")
    (folder / "configs" / "sources").mkdir()
    with start_market() as market:
        market.write_sources(folder / "configs" / "sources")
        from crawler.browser import find_chromium

        if find_chromium() is None:
            (folder / "configs" / "sources" / "demo_storefront.yml").unlink()
        (folder / "configs" / "registers" / "wexcombe_units.yml").write_text(
            yaml.safe_dump(
                {
                    "kind": "csv",
                    "title": "Wexcombe Parade units (invented)",
                    "licence": "invented",
                    "dated": "2026-01-31",
                    "columns": {
                        "name": "Name",
                        "address": ["Line 1", "Line 2", "Town", "County"],
                        "postcode": "Postcode",
                        "phone": "Telephone",
                    },
                }
            )
        )
        path = Scanned(market, folder)
        path.touchstone(
            "reference",
            "add",
            "--csv",
            str(MATERIAL / "references/references.csv"),
            "--prices",
            str(MATERIAL / "references/prices.csv"),
            "--by",
            "tester",
        )
        path.touchstone("register", "load", "fhrs", str(MATERIAL / "registers/wexcombe_fhrs.xml"), "--by", "tester")
        path.touchstone("register", "load", "wexcombe_units", str(MATERIAL / "registers/wexcombe_units.csv"), "--by", "tester")
        path.touchstone("scan")
        yield path


def rows(store: Store, *leave_out: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but those named, for comparing before and after."""
    with store.database.reading() as c:
        return {
            table.name: [tuple(r) for r in c.execute(select(table).order_by(*table.primary_key.columns))]
            for table in t.metadata.sorted_tables
            if table.name not in leave_out
        }


WHAT_A_RUN_ALWAYS_ADDS = ("run", "run_end", "event")


def test_every_listing_of_the_market_is_read_as_it_truly_is(scanned: Scanned) -> None:
    sources = {p.stem for p in (scanned.folder / "configs/sources").glob("*.yml")}
    with scanned.store() as store, store.acting("tester", purpose="test") as reader:
        found = {(s.listing.source.removeprefix("demo_"), s.listing.ref): s for s in reader.summaries(limit=1000)}
    truth = {(x.source, x.ref): x for x in scanned.market.listings if f"demo_{x.source}" in sources}
    assert set(found) == set(truth)
    for key, true in truth.items():
        read = found[key].snapshot
        assert (read.title, read.price_minor, read.price_minor is not None and read.currency) == (
            true.title,
            true.price,
            true.price is not None and true.currency,
        ), key
        assert found[key].image_count == len(true.pictures), key


def test_suspect_listings_are_flagged_and_honest_ones_mostly_not(scanned: Scanned) -> None:
    """Invented listings: a check that the path carries, no measure of accuracy."""
    with scanned.store() as store, store.acting("tester", purpose="test") as reader:
        level = {(s.listing.source.removeprefix("demo_"), s.listing.ref): s.level for s in reader.summaries(limit=1000)}
    queued = {"suspect": [], "honest": [], "trap": []}
    for true in scanned.market.listings:
        if (true.source, true.ref) in level:
            queued[true.label].append(level[true.source, true.ref] in ("review", "priority"))
    assert sum(queued["suspect"]) >= 0.7 * len(queued["suspect"])
    assert sum(queued["honest"]) + sum(queued["trap"]) <= 0.1 * len(queued["honest"] + queued["trap"])


@pytest.mark.parametrize("name", ["detect", "flag", "link", "reread"])
def test_a_pass_run_again_changes_nothing(scanned: Scanned, name: str) -> None:
    with scanned.store() as store:
        before = rows(store, *WHAT_A_RUN_ALWAYS_ADDS)
    scanned.touchstone(name)
    with scanned.store() as store:
        after = rows(store, *WHAT_A_RUN_ALWAYS_ADDS)
    for table, was in before.items():
        assert after[table] == was, f"{name} changed {table}"


def test_a_register_loaded_again_changes_nothing(scanned: Scanned) -> None:
    with scanned.store() as store:
        before = rows(store, *WHAT_A_RUN_ALWAYS_ADDS)
    scanned.touchstone("register", "load", "fhrs", str(MATERIAL / "registers/wexcombe_fhrs.xml"), "--by", "tester")
    scanned.touchstone(
        "reference",
        "add",
        "--csv",
        str(MATERIAL / "references/references.csv"),
        "--prices",
        str(MATERIAL / "references/prices.csv"),
        "--by",
        "tester",
    )
    with scanned.store() as store:
        assert rows(store, *WHAT_A_RUN_ALWAYS_ADDS) == before


def but_of_accounts(found: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """The same, without examinations of accounts and their findings: an account is due again whenever a listing of it has been read."""
    accounts = {row[0] for row in found["examination"] if row[1] == "seller"}
    assert accounts
    return {
        **found,
        "examination": [row for row in found["examination"] if row[0] not in accounts],
        "finding": [row for row in found["finding"] if row[1] not in accounts],
    }


def test_a_crawl_run_again_keeps_captures_and_makes_no_new_listing_or_snapshot(scanned: Scanned) -> None:
    said = ("listing", "snapshot", "seller", "contact", "image", "picture", "flag", "finding", "examination", "link")
    with scanned.store() as store:
        before = but_of_accounts(rows(store))
    scanned.touchstone("scan", "demo_shop")
    with scanned.store() as store:
        after = but_of_accounts(rows(store))
        assert {name: len(after[name]) for name in said} == {name: len(before[name]) for name in said}
        assert len(after["capture"]) > len(before["capture"]), "a capture is made each time anew"
        assert store.verify() == []


def test_the_crawled_sellers_lead_to_the_right_doors_and_never_to_a_decoy(scanned: Scanned) -> None:
    """From pages over crawl and link: no unit but the true one, two names to one unit behind a front, no decoy at all."""
    named = {
        (x.source, who): x for x in facts().listings for who in (x.seller, x.seller_name)
    }  # a shop of its own has a name and no handle
    decoys = {place.name for place in facts().premises.values() if place.role == "decoy"}
    led: dict[str, set[str]] = {}
    with scanned.store() as store, store.acting("tester", purpose="test") as reader:
        for link in reader.links():
            if link.object_kind is not SubjectKind.premises:
                continue
            [seller] = reader.sellers([link.subject])
            names = {entry.name for entry in reader.entries_of(link.object)}
            place = facts().premises.get(named[seller.source.removeprefix("demo_"), seller.handle].premises or "")
            assert place is not None and not names & decoys, f"{seller.handle} was led to {names}"
            if link.level == "unit":
                assert place.name in names, f"{seller.handle} was led to {names}, and is at {place.name}"
                led.setdefault(place.key, set()).add(seller.handle)
    assert led["unit_2a"] == {"northern_lux_closet", "velvet.arcade"} and facts().premises["unit_2a"].role == "front"
    assert {key for key in led if facts().premises[key].role == "front"} >= {"unit_2a", "unit_5", "unit_14c"}


def test_one_changed_setting_examines_again_with_that_detector_only(scanned: Scanned, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(scanned.folder, folder)
    file = folder / "configs" / "detectors.yml"
    settings = yaml.safe_load(file.read_text())
    key, value = next((k, v) for k, v in settings["text_terms"].items() if isinstance(v, int) and not isinstance(v, bool))
    settings["text_terms"][key] = value + 1
    file.write_text(yaml.safe_dump(settings))
    changed = Scanned(scanned.market, folder)
    with changed.store() as store:
        before = {(name, outcome): n for name, outcome, n in store.examination_counts()}
    changed.touchstone("detect")
    with changed.store() as store:
        after = {(name, outcome): n for name, outcome, n in store.examination_counts()}
        status = [s for _n, m, s in store.methods("detector") if m.name == "text_terms"]
    grown = {name for (name, _), n in after.items() if n != before.get((name, _), 0)}
    reads_the_same_terms = {d.name for d in contract.discover().values() if "terms" in d.needs and not d.missing}
    assert grown == {"text_terms", *reads_the_same_terms}
    assert status == ["in_force", "evaluation"], "a changed setting is a new method, in evaluation until somebody promotes it"


def test_the_export_has_every_listing_and_no_formula(scanned: Scanned, tmp_path: Path) -> None:
    scanned.touchstone("listing", "export", "--csv", str(tmp_path / "out.csv"), "--by", "tester")
    table = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8", newline="")))
    with scanned.store() as store:
        assert len(table) == store.counts()["listings"]
        assert store.log()[-1].body["verb"] in ("disclosure", "consultation")
    assert list(table[0]) == [
        "url",
        "source",
        "ref",
        "title",
        "price",
        "currency",
        "price_text",
        "seller",
        "place",
        "image_count",
        "first_seen",
        "last_seen",
        "level",
    ]
    assert all(row["price"].replace(".", "").isdigit() or row["price"] == "" for row in table)
    assert not any(cell[:1] in ("=", "+", "@") for row in table for cell in row.values())


def test_judging_a_link_and_exporting_a_case_ends_in_a_verified_pack(scanned: Scanned, tmp_path: Path) -> None:
    [top, *_] = scanned.json("queue", "list", "--limit", "3", "--by", "tester")  # type: ignore[misc]
    listing = top["summary"]["listing"]
    scanned.touchstone("judge", listing["source"], listing["ref"], "yes", "--reason", "merits a visit", "--by", "tester")
    left = scanned.json("queue", "list", "--limit", "200", "--by", "tester")
    assert listing["ref"] not in {card["summary"]["listing"]["ref"] for card in left}, "a judged listing leaves the queue"  # type: ignore[index, union-attr]
    [place, *_] = scanned.json("premises", "rank", "--by", "tester")  # type: ignore[misc]
    link = place["links"][0]
    assert link["status"] == "proposed"
    scanned.touchstone("judge", "link", str(link["id"]), "yes", "--reason", "seen at the door", "--by", "tester")
    assert scanned.json("premises", "rank", "--by", "tester")[0]["links"][0]["status"] == "confirmed"  # type: ignore[index]
    scanned.touchstone("case", "new", "C-1", "--title", "A case", "--by", "tester")
    scanned.touchstone("case", "add", "C-1", listing["source"], listing["ref"], "--initials", "AT", "--by", "tester")
    scanned.touchstone("case", "add", "C-1", "link", str(link["id"]), "--initials", "AT", "--by", "tester")
    printed = scanned.touchstone("case", "export", "C-1", "--out", str(tmp_path / "pack"), "--by", "tester", "--why", "test")
    head = printed.split("Head: ")[1].split()[0]
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys._base_executable  # type: ignore[attr-defined]
    done = subprocess.run(
        [python, "-I", str(tmp_path / "pack/verify.py"), str(tmp_path / "pack"), "--head", head],
        capture_output=True,
        text=True,
        env={},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_error_is_one_clear_sentence(scanned: Scanned) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "casework.cli", "listing", "show", "nowhere", "1", "--by", "t", "--home", str(scanned.folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "no listing '1' of source 'nowhere'" in done.stderr and "Traceback" not in done.stderr
