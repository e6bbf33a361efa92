"""verify.py, run as a stranger runs it: what it accepts, that each damage is found and named, and what only the quoted head finds."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casework.export import ExportResult, export
from casework.verify import OLDER, main, verify
from store.words.records import canonical
from tests import SEED
from tests.casework.packs import CASE, build
from tests.casework.tamper import (
    KINDS,
    PLAIN_PYTHON,
    WACZ,
    Plain,
    damage,
    edit_rows,
    entries,
    files,
    forge_page,
    kind_of,
    rechain,
    reseal,
    reseal_export,
    rezip,
    rows,
    run_verify,
    sha,
    targets,
    write_rows,
)

MUTATIONS = 1_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ExportResult:
    folder = tmp_path_factory.mktemp("verify")
    world = build(folder / "home")
    return export(world.store, world.home, CASE, folder / "pack", actor="a.officer", justification="file to legal services")


@pytest.fixture
def pack(made: ExportResult, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder, tmp_path / "copy"))


def named(folder: Path, head: str | None = None) -> list[str]:
    return [str(p) for p in verify(folder, head).problems]


def test_a_pack_is_accepted_outside_the_virtual_environment(made: ExportResult, pack: Path) -> None:
    code, report = run_verify(pack / "verify.py", pack, "--head", made.head)
    assert (code, report["problems"], report["head"], report["case"]) == (0, [], made.head, CASE)
    assert any("who runs an account" in line for line in report["not_checked"]) and any(
        "signature" in line for line in report["not_checked"]
    )
    assert not any("--head" in line for line in report["not_checked"])


def test_it_prints_plainly_what_it_did_not_check(pack: Path) -> None:
    done = subprocess.run([PLAIN_PYTHON, "-I", "-S", str(pack / "verify.py")], env={}, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0 and "NOT checked:" in done.stdout and "no signature" in done.stdout and "no trusted time" in done.stdout
    assert "ACCEPTED against its own head only" in done.stdout


def test_it_makes_no_connection_and_writes_nothing(pack: Path) -> None:
    before = {n: (pack / n).stat().st_mtime_ns for n in files(pack)}
    watch = (
        "import sys, runpy\n"
        "def no(event, args):\n"
        "    if event.startswith(('socket.', 'subprocess.', 'os.system', 'urllib.')) or (event == 'open' and isinstance(args[1], str) and set(args[1]) & set('wax+')):\n"
        "        sys.stderr.write('TRIED ' + event + repr(args)); sys.stderr.flush(); raise SystemExit(9)\n"
        "sys.argv = ['verify.py', sys.argv[1]]\n"
        "sys.addaudithook(no)\n"
        "runpy.run_path(sys.argv[1] + '/verify.py', run_name='__main__')\n"
    )
    done = subprocess.run([PLAIN_PYTHON, "-I", "-S", "-B", "-c", watch, str(pack)], env={}, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert before == {n: (pack / n).stat().st_mtime_ns for n in files(pack)}


def test_every_one_of_a_thousand_random_damages_is_found_and_named(made: ExportResult, tmp_path: Path) -> None:
    """In every kind of file and of entry of the WACZ, each kind of damage: by verify.py alone, in a Python that has nothing of ours."""
    dice = random.Random(SEED)
    clean = Path(shutil.copyfile(made.folder / "verify.py", tmp_path / "verify.py"))
    copy = Path(shutil.copytree(made.folder, tmp_path / "copy"))
    by_kind: dict[str, list[str]] = {}
    for name in targets(copy):
        by_kind.setdefault(kind_of(name), []).append(name)
    assert {"export", "data/rows", f"{WACZ}!archive", f"{WACZ}!indexes", f"{WACZ}!pages"} <= {
        k.rpartition("/export.json")[0] or k for k in by_kind
    }
    cells = [(how, kind) for kind in by_kind for how in KINDS]
    jobs = [*cells, *((dice.choice(KINDS), dice.choice(list(by_kind))) for _ in range(MUTATIONS - len(cells)))]
    missed = []
    with Plain(clean) as plain:
        assert plain.problems(copy) == []
        for how, kind in jobs:
            named, name = None, ""
            before: dict[str, bytes] = {}
            while named is None:  # one that changes nothing is drawn again
                name = dice.choice(by_kind[kind])
                path = copy / name.partition("!")[0]
                before = {path.relative_to(copy).as_posix(): path.read_bytes()}
                named = damage(copy, how, name, dice)
            problems = plain.problems(copy)
            if not any(file == named[0] and named[1] in where + what for file, where, what in problems):
                missed.append((how, name, named, problems))
            if named[0] not in before:
                (copy / named[0]).unlink()
            for other, data in before.items():
                (copy / other).write_bytes(data)
        assert plain.problems(copy) == []
    assert len(jobs) == MUTATIONS and not missed, (SEED, missed)


def test_an_editor_who_computes_everything_anew_is_found_by_the_quoted_head(made: ExportResult, pack: Path) -> None:
    old, new = "£60".encode(), "£595".encode()
    forge_page(pack, old, new)
    code, report = run_verify(pack / "verify.py", pack)
    assert (code, report["problems"]) == (0, []), "the forger did not do the whole work"
    assert report["head"] != made.head
    code, report = run_verify(pack / "verify.py", pack, "--head", made.head)
    assert code == 1 and [p["file"] for p in report["problems"]] == ["head.json"] and made.head in report["problems"][0]["what"]


def _set(**values: Any) -> Callable[[list[dict[str, Any]]], None]:
    return lambda found: found[0].update(values)


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("data/rows/flags.jsonl", _set(score=9.5), "the contributions of flag 1 make 3.2"),
        ("data/rows/flags.jsonl", _set(policy="0" * 64), "the policy of flag 1"),
        ("data/rows/methods.jsonl", _set(settings={"terms": []}), "the digest of method text_terms"),
        ("data/rows/findings.jsonl", _set(sentence="Says nothing"), "the digest of finding 1"),
        ("data/rows/findings.jsonl", lambda found: found.pop(0), "rests on finding 1"),
        ("data/rows/snapshots.jsonl", _set(title="Genuine bag"), "its digest is not that of its words"),
        ("data/rows/exhibits.jsonl", lambda found: found[1].update(number="AB1"), "exhibit number AB1 stands twice"),
        ("data/rows/exhibits.jsonl", _set(subject=99), "what exhibit AB1 is of"),
        ("data/rows/captures.jsonl", _set(body_digest="0" * 64), "its body_digest is not what event"),
        ("data/rows/captures.jsonl", _set(ended_at="2026-11-04T09:31:00.250000+00:00"), "its time is not what event"),
        ("data/rows/records.jsonl", _set(offset=3), "is not what lies in data/archive.wacz"),
        ("data/rows/records.jsonl", lambda found: found.pop(), "data/rows/records.jsonl does not name it"),
        ("data/rows/records.jsonl", lambda found: found[1].update(capture=99), "its capture 99 is not in"),
        ("data/rows/case.jsonl", _set(seal=7), "its 'seal' is not what data/rows/case.jsonl gives"),
        ("data/rows/case.jsonl", _set(sealed_at="2020-01-01T00:00:00.000000+00:00"), "when and by whom the case was sealed"),
        ("data/rows/standings.jsonl", _set(status="shown"), "it says 'shown', and no judgement"),
        ("data/rows/disagreements.jsonl", lambda found: found[0]["judgements"].pop(), "are not different answers of different people"),
        ("data/rows/judgements.jsonl", lambda found: found.pop(), "its judgements 2 is not in"),
        ("data/rows/captures.jsonl", lambda found: found.pop(1), "it belongs to no capture"),
        ("data/rows/captures.jsonl", _set(warc=None), "its bytes are not in this pack, and data/gaps.json does not say so"),
        ("data/rows/readings.jsonl", _set(capture=77), "its capture 77 is not in data/rows/captures.jsonl"),
        ("data/rows/images.jsonl", _set(captures=[1]), "did not bring this picture"),
        ("data/rows/case.jsonl", _set(reference="TS-1999-1"), "its 'case' is not what data/rows/case.jsonl gives"),
        ("data/log.jsonl", lambda found: next(r for r in found if "event" in r)["event"].update(actor="nobody"), "it was changed"),
        ("data/log.jsonl", lambda found: found.pop(3), "events are missing or out of order"),
        ("data/log.jsonl", lambda found: found.pop(), "its 'log' is not what data/log.jsonl gives"),
        ("data/log.jsonl", lambda found: found.insert(3, found.pop(4)), "out of order"),
        (
            "data/log.jsonl",
            lambda found: next(r for r in found if "event" not in r).update(inner="ab" * 32),
            "does not follow the events before it",
        ),
    ],
)
def test_an_edit_with_new_manifest_and_head_is_named_by_what_it_contradicts(
    pack: Path, file: str, change: Callable[[Any], None], said: str
) -> None:
    edit_rows(pack, file, change)
    reseal(pack)
    assert any(said in problem for problem in named(pack)), named(pack)


def test_a_record_or_event_is_named_where_it_lies(pack: Path) -> None:
    record, found = rows(pack, "data/rows/records.jsonl")[2], entries(pack)
    data = bytearray(found[record["file"]])
    data[record["offset"] + 200] ^= 4
    found[record["file"]] = bytes(data)
    rezip(pack, found, anew=True)
    reseal(pack)
    assert any(problem.startswith(f"{WACZ}, {record['file']}, record at byte {record['offset']}") for problem in named(pack)), named(pack)


def test_a_page_or_picture_that_is_not_what_was_captured_is_named(pack: Path) -> None:
    page, image = rows(pack, "data/rows/pages.jsonl")[0], rows(pack, "data/rows/images.jsonl")[0]
    (pack / "data" / page["file"]).write_bytes(b"another page")
    edit_rows(pack, "data/rows/pages.jsonl", _set(sha256=sha(b"another page")))
    (pack / "data" / image["file"]).write_bytes(b"another picture")
    reseal(pack)
    said = named(pack)
    assert any(s.startswith(f"data/{page['file']}") and "it is not what capture" in s for s in said) and any(
        s.startswith(f"data/{image['file']}") for s in said
    )


GARBAGE = (
    b"",
    b"\xff\xfe\x00",
    b"[" * 200_000,
    b"null\n",
    b'{"a":1,"a":2}\n',
    b"1e999\n",
    b'{"seq":1e400,"inner":[]}\n',
    b"[[[]]]\n",
    b'{"id":{}}\n',
    b'"\\ud800"\n',
)


@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_a_named_problem_and_never_a_traceback(made: ExportResult, tmp_path: Path, content: bytes) -> None:
    tags = ("head.json", "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt")
    within = ("export/export.json", "export/log.jsonl", "export/manifest-sha256.txt")
    for name in (
        *tags,
        *within,
        "data/log.jsonl",
        "data/gaps.json",
        WACZ,
        *(f"data/rows/{t}.jsonl" for t in ("captures", "flags", "case")),
    ):
        copy = Path(shutil.copytree(made.folder, tmp_path / name.replace("/", "-")))
        (copy / name).write_bytes(content)
        if name.startswith("data/rows/") or name in ("data/gaps.json", WACZ):
            reseal(copy)
        report = verify(copy)
        # rows that are simply gone contradict something else; a row that is there is named
        assert any(p.file == name or not content for p in report.problems) or (name, content) == ("data/rows/flags.jsonl", b""), (
            name,
            content[:20],
        )
        shutil.rmtree(copy)


def test_any_value_in_any_row_may_be_nonsense(made: ExportResult, tmp_path: Path) -> None:
    """A row of the right form with a value of the wrong kind, under a new seal: a report, whatever it says, and no exception."""
    dice = random.Random(SEED)
    copy = Path(shutil.copytree(made.folder, tmp_path / "copy"))
    tables = [n for n in files(copy) if n.endswith(".jsonl")]
    for _ in range(250):
        name = dice.choice(tables)
        before = (copy / name).read_bytes()
        found = rows(copy, name)
        if not found:
            continue
        row = dice.choice(found)
        row[dice.choice(list(row))] = dice.choice([None, -1, 1.5, "", "x", [], {}, [None], {"event": []}, True, "0" * 64])
        write_rows(copy, name, found)
        reseal_export(copy) if name.endswith("log.jsonl") else reseal(copy)
        assert isinstance(verify(copy).problems, list)
        (copy / name).write_bytes(before)


def test_links_odd_names_and_empty_folders_are_found(pack: Path) -> None:
    (pack / "data" / "images" / "link.jpg").symlink_to("/etc/passwd")
    (pack / "empty").mkdir()
    (pack / "bell\x1b[31m.txt").write_bytes(b"")
    said = named(pack)
    assert any(s.startswith("data/images/link.jpg") for s in said) and any(s.startswith("empty/") for s in said)
    assert any("bell\\x1b[31m.txt" in s for s in said) and "\x1b" not in "".join(said)


def test_a_bomb_is_refused_without_being_unpacked(pack: Path) -> None:
    import zlib

    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(bytes(1 << 24)) for _ in range(20)) + squeeze.flush()
    found = entries(pack)
    name = next(n for n in found if n.startswith("archive/"))
    rezip(pack, found | {name: bomb}, anew=True)
    reseal(pack)
    assert any(s.startswith(f"{WACZ}, {name}, record at byte 0: it is not a WARC 1.1 record") for s in named(pack)), named(pack)


def test_exit_statuses(made: ExportResult, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(pack), "--head", made.head.upper()]) == 0
    assert main([str(pack), "--head", "0" * 64, "--json"]) == 1
    assert json.loads(capsys.readouterr().out.split("\n", 200)[-1] or "null") is None
    assert main([str(tmp_path / "nowhere")]) == 2 and main([str(made.zipped)]) == 2 and main([str(pack), "--head", "no digest"]) == 2
    assert "unpack a zipped pack first" in capsys.readouterr().err
    (tmp_path / "bare").mkdir()
    assert main([str(tmp_path / "bare")]) == 1


def test_what_is_said_in_export_is_held_against_the_pack_and_the_log(pack: Path) -> None:
    """The folder is outside the head, so that its own manifest is no hindrance to an editor: what it says is."""
    said = json.loads((pack / "export/export.json").read_bytes())
    for change, problem in (
        ({"made_at": "2020-01-01T00:00:00.000000+00:00"}, "its 'made_at' is not what export/log.jsonl gives"),
        ({"head": "0" * 64}, "its 'head' is not what head.json gives"),
        ({"event": said["seal"]}, "its 'event' is not the disclosure of this pack"),
        ({"log": {"seq": 1, "head": "0" * 64}}, "its 'log' is not what export/log.jsonl gives"),
    ):
        (pack / "export/export.json").write_bytes(canonical(said | change))
        reseal_export(pack)
        assert any(problem in each for each in named(pack)), (change, named(pack))
    (pack / "export/export.json").write_bytes(canonical(said))
    edit_rows(pack, "export/log.jsonl", lambda found: found[0]["event"].update(actor="nobody"))
    reseal_export(pack)
    assert any(each.startswith(f"export/log.jsonl, event {said['event']}: it was changed") for each in named(pack))


@pytest.mark.parametrize("older", OLDER)
def test_a_pack_of_an_older_form_is_refused_in_a_sentence(tmp_path: Path, older: str) -> None:
    """Which does not send its reader to the program that lies in the very pack."""
    (tmp_path / "head.json").write_bytes(canonical({"format": older, "case": "C-1"}))
    said = "this program reads touchstone-pack/3; it is older: take verify.py from the release of Touchstone of that time, and not from the pack"
    assert named(tmp_path)[0] == f"head.json: its format is '{older}'; {said}"


def test_rechaining_alone_does_not_hide_a_changed_event(pack: Path) -> None:
    edit_rows(
        pack,
        "data/log.jsonl",
        lambda found: next(r for r in found if r.get("event", {}).get("verb") == "collection")["event"]["detail"].update(sha256="1" * 64),
    )
    reseal(pack, log=rechain(pack))
    assert any("data/rows/captures.jsonl" in s and "body_digest" in s for s in named(pack))


@pytest.mark.parametrize("name", ["head.json", "data/log.jsonl", "manifest-sha256.txt", "data/rows/captures.jsonl"])
def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(made: ExportResult, pack: Path, name: str) -> None:
    (pack / name).unlink()
    os.mkfifo(pack / name)
    done = subprocess.run(
        [PLAIN_PYTHON, "-I", str(pack / "verify.py"), str(pack), "--head", made.head], capture_output=True, text=True, timeout=60, env={}
    )
    assert done.returncode in (1, 2) and name in done.stdout + done.stderr
