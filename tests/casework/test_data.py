"""The data's life from the command line: two persons, holds, reviews, the log handed out and checked without us, drafts with their blanks."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import casework.transparency as drafts
import casework.verify as verifier
from casework import measured
from casework.cli import app
from store.config import Home
from store.errors import TouchstoneError
from store.rules import DataRules, TwoPersons
from store.store import Store
from store.words.records import Actor, Authority
from tests.store.test_data_life import where, write

Run = Callable[..., str]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("working")
    (folder / "configs").mkdir()
    shipped = Path(__file__).resolve().parents[2] / "configs" / "touchstone.yml"
    (folder / "configs" / "touchstone.yml").write_text(shipped.read_text())
    with Store.open(Home(folder)) as store:
        store.keep_authority(Authority("demo", "Demonstration Authority"))
        for name in ("officer", "dpo"):
            store.keep_actor(Actor(name, "demo", name, "officer"))
        write(store)
    return folder


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    import shutil

    shutil.copytree(template, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Run:
    def invoke(*words: str, by: str = "officer", fails: bool = False) -> str:
        done = CliRunner().invoke(app, [*words], env={"TOUCHSTONE_HOME": str(home), "TOUCHSTONE_ACTOR": by})
        if fails:
            assert isinstance(done.exception, TouchstoneError), done.output
            return str(done.exception)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    return invoke


def opened(home: Path) -> Store:
    return Store.open(Home(home))


# -- two persons -------------------------------------------------------------------------------------------------------------------
def test_one_asks_another_approves_and_only_then_is_it_erased(home: Path, run: Run) -> None:
    assert "Proposal 1: erase listing 1" in run("erase", "propose", "listing", "1", "--ground", "request")
    assert "officer's own" in run("erase", "approve", "1", fails=True)
    with opened(home) as store, store.acting("officer", purpose="look") as reader:
        assert reader.summaries(numbers=[1])[0].snapshot.title
    assert "Erased: listing 1." in run("erase", "approve", "1", by="dpo")
    with opened(home) as store, store.acting("officer", purpose="look") as reader:
        assert reader.summaries(numbers=[1])[0].snapshot.title == "" and store.verify() == []
    [proposal] = json.loads(run("erase", "list", "--json"))
    assert (proposal["state"], proposal["answered_by"], proposal["ground"]) == ("done", "dpo", "request")


def test_delete_under_hold_is_refused_logged_and_said_of_the_proposal(home: Path, run: Run) -> None:
    run("hold", "add", "seller", "1", "--reason", "court order")
    run("erase", "propose", "seller", "1", "--ground", "retention")
    assert "under hold 1" in run("erase", "approve", "1", by="dpo", fails=True)
    [proposal] = json.loads(run("erase", "list", "--json"))
    assert proposal["state"] == "held"
    with opened(home) as store:
        assert [e.body["purpose"] for e in store.log(store.log_head()[0] - 2)] == ["erasure refused", "erase held"]
    assert json.loads(run("hold", "list", "--json"))[0]["reason"] == "court order"
    run("hold", "release", "1", "--reason", "discharged")
    assert json.loads(run("hold", "list", "--json")) == []
    assert "no hold 1 stands" in run("hold", "release", "1", "--reason", "again", fails=True)
    run("erase", "propose", "seller", "1", "--ground", "retention")
    run("erase", "approve", "2", by="dpo")


@pytest.mark.parametrize("kind", ["attribution", "pair_statement", "lookup", "capture"])
def test_each_kind_has_its_erasure(home: Path, run: Run, kind: str) -> None:
    if kind == "capture":
        run("erase", "propose", "attribution", "1", "--ground", "mistake")
        run("erase", "approve", "1", by="dpo")
    number = str(len(json.loads(run("erase", "list", "--json"))) + 1)
    run("erase", "propose", kind, "1", "--ground", "mistake")
    assert f"Erased: {kind} 1." in run("erase", "approve", number, by="dpo")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("erase", "propose", "flag", "1", "--ground", "request"), "'flag' is nothing that is erased by itself"),
        (("erase", "propose", "listing", "x1", "--ground", "request"), "no number of a listing"),
        (("erase", "propose", "listing", "1", "--ground", "none"), "on which ground"),
        (("erase", "approve", "9"), "no proposal 9"),
        (("approval", "propose", "burn", "C1"), "export or close"),
        (("approval", "propose", "close", "C9"), "no case 'C9'"),
        (("retention", "review", "--kind", "flag"), "'flag' is nothing that is reviewed"),
        (("retention", "review", "--on", "soon"), "'soon' is no date"),
        (("subject", "search", "--why", "x"), "say whom to look for"),
        (("subject", "search", "--name", "Ada"), "wants a reason"),
        (("log", "export", "--out", "log.txt", "--why", "x"), "as .csv, to be read, or as .jsonl"),
    ],
    ids=lambda value: "-".join(value[:3]) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_said_in_a_sentence(run: Run, words: tuple[str, ...], why: str) -> None:
    assert why in run(*words, fails=True)


def test_an_export_needs_another_person_where_the_configuration_says_so(home: Path, run: Run) -> None:
    import casework.export
    from store.words.records import Case, SubjectKind

    with opened(home) as store:
        store.open_case(Case("C1", "demo", "A case"), actor="officer")
        store.exhibit("C1", SubjectKind.listing, 1, initials="AB", description="advert", actor="officer")
        store.rules = DataRules(two_persons=TwoPersons(("export",)))
        with pytest.raises(TouchstoneError, match="needs two persons"):
            casework.export.export(store, Home(home), "C1", home / "pack", actor="officer", justification="to court")
        assert not (home / "pack").exists()


# -- reviews ------------------------------------------------------------------------------------------------------------------------
def test_a_review_looks_from_any_day_and_erases_nothing(home: Path, run: Run) -> None:
    today = datetime.now(UTC).date()
    assert json.loads(run("retention", "review", "--json"))["rows"] == []
    due = json.loads(run("retention", "review", "--json", "--on", f"{today + timedelta(days=800)}", "--kind", "listing"))["rows"]
    assert {row["number"] for row in due} == {1, 2, 3, 4} and all(row["why"] and row["kept_by"] == "" for row in due)
    with opened(home) as store:
        assert store.verify() == []


def test_a_case_is_kept_until_its_outcome_s_time_and_closed_by_two(home: Path, run: Run) -> None:
    from store.words.casefile import CaseEntry, Decision, EntryKind
    from store.words.records import Case

    with opened(home) as store:
        store.open_case(Case("C1", "demo", "A case"), actor="officer")
    run("approval", "propose", "close", "C1")
    assert "still to be kept: no outcome" in run("approval", "give", "1", by="dpo", fails=True)
    with opened(home) as store:
        outcome = CaseEntry(
            None,
            "C1",
            EntryKind.outcome,
            Decision(outcome="conviction", decided_by="a court (fictional)"),
            datetime(2026, 1, 31, tzinfo=UTC),
        )
        store.keep_entry(outcome, actor="officer", authority="demo")
    assert json.loads(run("retention", "case", "C1", "--json")) == {
        "case": "C1",
        "until": "2026-07-31",
        "why": "conviction on 2026-01-31 and 6 months",
        "closed": False,
    }
    run("retention", "case", "C1", "--says", "custody", "--day", "2026-01-31")
    assert "no release" in run("approval", "give", "1", by="dpo", fails=True)
    run("retention", "case", "C1", "--says", "release", "--day", "2026-09-01")
    assert "until 2026-09-01" in run("approval", "give", "1", "--on", "2026-08-31", by="dpo", fails=True)
    assert "officer's own" in run("approval", "give", "1", "--on", "2026-09-02", fails=True)
    assert "Case C1 is closed" in run("approval", "give", "1", "--on", "2026-09-02", by="dpo")
    assert json.loads(run("retention", "case", "C1", "--json"))["closed"]


# -- the log ------------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def lines(home: Path, run: Run) -> tuple[Path, str]:
    """An export of some events, and the head that was printed with it."""
    said = run("log", "export", "--out", str(home / "log.jsonl"), "--verb", "consultation", "--why", "request")
    return home / "log.jsonl", said.split(": ")[-1].strip()


def alone(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """verify.py as somebody else runs it: its own process, isolated, without our packages."""
    return subprocess.run([sys.executable, "-I", "-S", verifier.__file__, "--log", str(file), *words], capture_output=True, text=True)


def test_verify_checks_an_export_of_the_log_by_itself(lines: tuple[Path, str]) -> None:
    file, head = lines
    done = alone(file, "--head", head)
    assert done.returncode == 0 and "ACCEPTED" in done.stdout and "NOT checked" in done.stdout, done.stdout + done.stderr
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert {row["event"]["verb"] for row in rows if "event" in row} == {"consultation"}
    assert any(set(row) == {"seq", "inner"} for row in rows), "what was not asked for is there as its digest"
    assert alone(file.with_name("none.jsonl")).returncode == 2


def test_an_edit_a_cut_and_a_log_made_anew_are_found(lines: tuple[Path, str]) -> None:
    file, head = lines
    rows = file.read_bytes().splitlines(keepends=True)
    dice, missed = random.Random(3), []
    for n in range(200):
        at, kind = dice.randrange(len(rows)), n % 5
        bad = list(rows)
        if kind == 0:
            place = dice.randrange(len(bad[at]) - 1)
            bad[at] = bad[at][:place] + bytes([bad[at][place] ^ 1]) + bad[at][place + 1 :]
        elif kind == 1:
            del bad[at]
        elif kind == 2:
            bad.insert(at, rows[dice.randrange(len(rows))])
        elif kind == 3:
            other = (at + 1) % len(bad)
            bad[at], bad[other] = bad[other], bad[at]
        else:
            bad = bad[:at]
        file.write_bytes(b"".join(bad))
        if verifier.verify_log(file, head).accepted:
            missed.append((kind, at))
    assert missed == []
    anew, chain = [], verifier.GENESIS
    for row in map(json.loads, rows):  # an editor who computes everything anew
        if "event" in row:
            from store import audit

            row["event"]["actor"] = "somebody else"
            row["inner"] = audit.inner_digest(row["salt"], row["event"])
        chain = verifier._sha(bytes.fromhex(chain) + bytes.fromhex(row["inner"]))
        anew.append(verifier._canonical(row | ({"chain": chain} if "event" in row else {})) + b"\n")
    file.write_bytes(b"".join(anew))
    assert verifier.verify_log(file).accepted, "by itself it holds together"
    assert not verifier.verify_log(file, head).accepted, "the head that was written down finds it"


def test_a_csv_of_the_log_is_safe_in_a_spreadsheet_and_holds_what_was_asked_for(home: Path, run: Run) -> None:
    with opened(home) as store, store.acting("officer", purpose="look", justification="=HYPERLINK(1)", case=None) as reader:
        reader.sellers([1])
    run("log", "export", "--out", str(home / "log.csv"), "--about", "seller:1", "--verb", "consultation", "--why", "request")
    with (home / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows and {row["verb"] for row in rows} == {"consultation"} and "'=HYPERLINK(1)" in {row["justification"] for row in rows}
    assert not any(value[:1] in ("=", "+", "-", "@") for row in rows for value in row.values())
    with opened(home) as store:
        last = store.log()[-1].body
    assert (last["verb"], last["purpose"]) == ("disclosure", "log export"), "handing out the log is a disclosure"
    assert "exists already" in run("log", "export", "--out", str(home / "log.csv"), "--why", "request", fails=True)


@pytest.mark.parametrize(
    ("words", "expected"), [(("--actor", "nobody"), 0), (("--since", "2999-01-01"), 0), (("--until", "2999-01-01", "--actor", "system"), 1)]
)
def test_the_log_is_chosen_from_by_person_and_day(home: Path, run: Run, words: tuple[str, ...], expected: int) -> None:
    run("log", "export", "--out", str(home / "log.csv"), "--why", "request", *words)
    with (home / "log.csv").open(newline="") as file:
        assert bool(list(csv.DictReader(file))) is bool(expected)


# -- a person -----------------------------------------------------------------------------------------------------------------------
def test_a_search_for_a_person_is_a_report_for_the_protection_officer_that_names_no_informant(home: Path, run: Run) -> None:
    import io

    from pypdf import PdfReader

    run("subject", "search", "--phone", "07700 900321", "--out", str(home / "out"), "--why", "request 7")
    said = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO((home / "out" / "subject-search.pdf").read_bytes())).pages)
    flat = " ".join(said.split())
    assert "DRAFT" in said and "Third-party data and a possible exemption" in flat and "opinion" in flat and "[to be completed]" in flat
    assert "B. Quillfeather" not in flat and "a cousin of" not in flat
    rows = json.loads(run("subject", "search", "--handle", "quillstall", "--why", "x", "--json"))
    assert {row["kind"] for row in rows} >= {"seller", "listing", "snapshot", "attribution"}


# -- what is published about us --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", sorted(drafts.DRAFTS))
def test_a_draft_is_made_of_the_running_system_and_leaves_blanks(home: Path, run: Run, kind: str) -> None:
    said = run("transparency", kind, "--out", str(home / "t"))
    assert "blanks are to be completed" in said
    page = (home / "t" / f"{kind}.md").read_text()
    assert "Demonstration Authority" in page and "[to be completed]" in page and ("unconfirmed" in page)
    assert (home / "t" / f"{kind}.docx").stat().st_size > 2000 and (home / "t" / f"{kind}.pdf").read_bytes().startswith(b"%PDF")
    assert "Quillfeather" not in page and "900321" not in page, "counts, and nobody's data"
    assert "not overwritten" in run("transparency", kind, "--out", str(home / "t"), fails=True)


def test_what_is_configured_is_said_and_nobody_is_invented(home: Path, run: Run) -> None:
    (home / "configs" / "data.yml").write_text(
        "roles: {senior_responsible_officer: [s.responsible], data_protection_officer: []}\nretention: {kinds: {lookup: 77}}\n"
    )
    run("transparency", "apd", "--out", str(home / "t"))
    page = (home / "t" / "apd.md").read_text()
    assert "**Senior responsible officer:** s.responsible" in page and "**Data protection officer:** [to be completed]" in page
    assert "lookup | 77 days" in page


def test_the_record_has_every_field_of_the_published_standard_once() -> None:
    """ATRS v3.0, template_table.md: the numbers that it has, and none that it has not."""
    numbers = {
        *(f"0.{n}" for n in range(1, 16)),
        *(f"1.{n}" for n in range(1, 5)),
        *(f"2.1.{n}" for n in range(1, 5)),
        *(f"2.1.4.{n}" for n in range(1, 6)),
    }
    numbers |= {
        *(f"2.2.{n}" for n in range(1, 6)),
        *(f"2.3.{n}" for n in range(1, 7)),
        *(f"2.4.1.{n}" for n in range(1, 5)),
        *(f"2.4.3.{n}" for n in range(1, 12)),
        "2.5.1",
        "2.5.2",
    }
    import re

    source = Path(drafts.__file__).read_text()
    found = re.findall(r'\("(\d\.\d+(?:\.\d+)*)", "', source)
    assert sorted(found) == sorted(numbers) and all(f'"2.4.2.{n} ' in source for n in range(1, 10))


def test_measured_figures_are_those_of_the_page_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns, rows, data = drafts.measured()
    assert columns[0] == "what" and rows[0][0] == "score" and "suspicious" in data
    monkeypatch.setattr(measured, "HERE", tmp_path / "nowhere")
    assert drafts.measured() == ([], [], "")


def test_nothing_of_the_tests_people_is_left_once_all_of_it_is_erased(home: Path, run: Run) -> None:
    """The same search through every file as in tests/store, after the commands have done it."""
    todo = [("sighting", f"S-{datetime.now(UTC):%Y}-0001"), ("seller", "1"), ("lookup", "1"), ("listing", "4")]
    for number, (kind, what) in enumerate(todo, 1):
        run("erase", "propose", kind, what, "--ground", "request")
        run("erase", "approve", str(number), by="dpo")
    with opened(home) as store:
        assert store.verify() == []
        store.database.close()
        assert where(store) == []
