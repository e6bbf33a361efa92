"""A seal: what is read as of it is what there was, whoever wrote since; and what an erasure took since is named."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from store.attribution import Kind, Strength
from store.errors import TouchstoneError
from store.seals import PAUSE
from store.store import Store
from store.words.records import Case, Outcome, SubjectKind, Verdict
from tests.builders import Builder, jpeg
from tests.conftest import new_store


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Store:
    """A case with one exhibit, a judgement and evidence of who runs its account."""
    store = new_store(store_url, tmp_path)
    build = Builder(store)
    one = build.listing("1", title="Bag", text="07700 900123", seller="bags", pictures=(jpeg(1),))
    build.close()
    store.judge(SubjectKind.listing, one.listing, Verdict.yes, actor="officer", authority="demo", reason="seen")
    for says in ("says so", "says so again"):
        store.keep_ground(
            1, Kind.admission, says, person_named="B. Trader (fictional)", strength=Strength.strong, source="notebook", actor="officer", authority="demo"
        )  # fmt: skip
    store.open_case(Case("C1", "demo", "A case"), actor="officer")
    store.exhibit("C1", SubjectKind.listing, one.listing, initials="AB", description="advert", actor="officer")
    return store


def seen(store: Store) -> dict[str, object]:
    with store.acting("officer", purpose="test") as reader:
        return {
            "exhibits": [e.number for e in reader.exhibits("C1")],
            "judgements": [j.verdict for j in reader.judgements([(SubjectKind.listing, 1)])],
            "listings": [s.listing.ref for s in reader.summaries()],
            "grounds": [g.says for g in reader.grounds(1)],
            "standing": reader.standing(1).status,
            "runs": [(r.id, r.outcome) for r in store.runs()],
            "log": store.log_head(),
        }


def test_what_is_read_as_of_a_seal_is_what_there_was(store: Store) -> None:
    running = store.begin_run("detect", actor="system", authority="demo", code_version="1", config_digest="0" * 64)
    seal = store.seal_case("C1", actor="officer", why="to counsel")
    before = seen(store)
    before["log"] = (seal.event, store.log()[seal.event - 1].chain)
    build = Builder(store)
    two = build.listing("2", title="Belt", seller="belts")
    build.close()
    store.judge(SubjectKind.listing, 1, Verdict.no, actor="officer", authority="demo", reason="on reflection")
    store.exhibit("C1", SubjectKind.listing, two.listing, initials="AB", description="advert", actor="officer")
    store.judge_account(1, Verdict.yes, rests_on=[1, 2], actor="officer", authority="demo", reason="admitted")
    store.withdraw_ground(1, actor="officer", authority="demo", why="not him")
    store.end_run(running.id, Outcome.good, {})
    now = seen(store)
    with store.no_erasure(), store.as_of(seal):
        then = seen(store)
    assert then == before and all(now[name] != then[name] for name in now)
    assert {**seen(store), "log": 0} == {**now, "log": 0}, "and afterwards all is as it is"


def test_a_seal_is_an_event_that_log_verify_holds_its_row_against(store: Store) -> None:
    seal = store.seal_case("C1", actor="officer", why="to counsel")
    body = store.log()[seal.event - 1].body
    assert (body["verb"], body["purpose"], body["case"], body["justification"]) == ("alteration", "case sealed", "C1", "to counsel")
    assert store.seals("C1") == [seal] and store.seal("C1", seal.event) == seal and store.verify() == []
    for change in ("UPDATE case_seal SET watermarks_json = replace(watermarks_json, 'running', 'runing')", "DELETE FROM case_seal"):
        with store.database.writing() as c:
            c.exec_driver_sql(change)
        assert any(f"the seal of a case at event {seal.event}" in problem for problem in store.verify())


def test_what_cannot_be_sealed_is_refused_in_a_sentence(store: Store) -> None:
    store.open_case(Case("C2", "demo", "Nothing yet"), actor="officer")
    with pytest.raises(TouchstoneError, match="no exhibits yet"):
        store.seal_case("C2", actor="officer")
    with pytest.raises(TouchstoneError, match="no case 'C9'"):
        store.seal_case("C9", actor="officer")
    with pytest.raises(TouchstoneError, match="it was never sealed"):
        store.seal("C1", 3)
    seal = store.seal_case("C1", actor="officer")
    with pytest.raises(TouchstoneError, match=f"it was sealed at event {seal.event}"):
        store.seal("C1", 3)


def test_what_an_erasure_took_since_is_named_and_what_it_took_before_is_not(store: Store) -> None:
    build = Builder(store)
    early, late, other = (build.capture(f"urn:touchstone:{n}", n.encode()).id or 0 for n in ("early", "late", "other"))
    build.close()
    store.erase(early, actor="officer", reason="not needed")
    seal = store.seal_case("C1", actor="officer")
    store.erase(late, actor="officer", reason="not needed")
    store.erase(other, actor="officer", reason="not needed")
    with store.database.writing() as c:  # of an account that is in no case by now
        c.exec_driver_sql("DELETE FROM exhibit")
    store.erase_ground(2, actor="officer", reason="not needed")
    with store.no_erasure(), store.as_of(seal), store.acting("officer", purpose="test") as reader:
        found = reader.erased_since(seal, {"capture": {early, late}, "seller": {1}, "premises": set()})
    assert [(kind, numbers) for _, kind, numbers in found] == [("capture", [late]), ("attribution", [2])]


def test_a_seal_waits_for_what_others_are_writing(store: Store) -> None:
    """A row with a low number that is committed late must not come into a pack later than one with a higher number."""
    begun, sealed = threading.Event(), threading.Event()

    def slow() -> None:
        with store.database.writing():
            store.judge(SubjectKind.listing, 1, Verdict.unsure, actor="officer", authority="demo", reason="slow")
            begun.set()
            assert not sealed.wait(20 * PAUSE), "the seal did not wait"

    writer = threading.Thread(target=slow)
    writer.start()
    begun.wait()
    asked = time.monotonic()
    seal = store.seal_case("C1", actor="officer")
    sealed.set()
    writer.join()
    assert seal.upto["judgement"] == 2 and time.monotonic() - asked > 10 * PAUSE
