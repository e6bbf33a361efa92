"""Who runs an account is not shown, unless a person says so on evidence that counts (R v Bucknor [2010] EWCA Crim 1152)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from casework import attribution
from casework.cli import app
from store import tables as t
from store.attribution import DISPUTED, NEVER_COUNTS, NOT_SHOWN, SHOWN, Kind, Strength
from store.config import Home, defaults_folder
from store.database import add
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Actor, Case, Link, LinkReason, Method, Status, SubjectKind, Verb, Verdict
from tests.builders import Builder

TRADER = "B. Trader (fictional)"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "configs").mkdir()
    for name in ("touchstone.yml", "premises.yml"):
        (tmp_path / "configs" / name).write_bytes((defaults_folder() / name).read_bytes())
    return Home(tmp_path)


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    """Two accounts that share a phone, linked by the machine and confirmed by a person as alike."""
    with Store.open(home) as opened:
        opened.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
        build = Builder(opened)
        text = "Kestrel Moss Ltd, company no 01234567. Ring 07700 900142, paypal.me/larchlux"
        build.listing("1", title="Bag", text=text, seller="lux", seller_name="Northern Lux")
        build.listing("2", title="Bag", text="ring 07700 900142", seller="velvet")
        method = opened.keep_method(Method("linker", "premises", "test"))
        opened.set_method_status(method, Status.in_force, "officer", "a test")
        alike = Link(
            None, SubjectKind.seller, 1, SubjectKind.seller, 2, "", 0.9, "seller", (LinkReason("same_phone", 0.9, "both give it", 1),)
        )
        opened.keep_links([alike], method, build.run.id, actor="system", purpose="link")
        opened.judge(SubjectKind.link, 1, Verdict.yes, actor="officer", authority="demo", reason="same hand, it seems")
        build.close()
        yield opened


def ground(store: Store, kind: Kind = Kind.subscriber_check, **more: Any) -> int:
    given: dict[str, Any] = {
        "person_named": TRADER,
        "strength": Strength.strong,
        "source": "reply CD/118",
        "actor": "officer",
        "authority": "demo",
    }
    return store.keep_ground(1, kind, more.pop("says", "the phone is registered to him"), **{**given, **more})


def a_place(store: Store) -> int:
    """Premises that nobody has said anything of."""
    with store.database.writing() as c:
        return add(c, t.premises, kind="unit", label="Unit 5", building=None, key="unit 5", postcode=None, added_at=datetime.now(UTC))


def page(store: Store) -> attribution.Page:
    with store.acting("officer", purpose="test") as reader:
        return attribution.page(reader, 1)


def judge(store: Store, home: Home, verdict: Verdict = Verdict.yes, *rests_on: int) -> None:
    attribution.judge(store, home, 1, verdict, "on what is recorded", "officer", rests_on)


def test_an_account_is_not_shown_however_much_it_says_of_itself(store: Store) -> None:
    found = page(store)
    assert found.standing.status == NOT_SHOWN and found.evidence == ()
    assert {lead.what for lead in found.leads} >= {"phone", "payment", "company", "likeness"}
    assert all(lead.capture for lead in found.leads) and all(lead.to_do for lead in found.leads)


def test_evidence_moves_nothing_until_a_person_judges(store: Store, home: Home) -> None:
    number = ground(store)
    assert page(store).standing.status == NOT_SHOWN
    judge(store, home)
    found = page(store)
    assert (found.standing.status, found.standing.rests_on) == (SHOWN, (number,))
    judge(store, home, Verdict.no)
    assert page(store).standing.status == DISPUTED
    judge(store, home, Verdict.unsure)
    assert page(store).standing.status == NOT_SHOWN


def test_likeness_alone_is_refused_even_where_a_person_confirmed_the_machines_link(store: Store, home: Home) -> None:
    with pytest.raises(TouchstoneError, match="likeness to other accounts and links of a machine's are leads"):
        judge(store, home)
    alike = ground(store, Kind.similarity, says="the same style and the same pictures as velvet", person_named="")
    for rests in ((), (alike,)):
        with pytest.raises(TouchstoneError, match="never evidence of who put a page there"):
            judge(store, home, Verdict.yes, *rests)
    assert page(store).standing.status == NOT_SHOWN and {Kind.similarity} == NEVER_COUNTS
    assert [p.counts for p in page(store).evidence] == [False]


def test_a_yes_that_got_past_the_refusal_is_read_as_not_shown(store: Store) -> None:
    """The judgement's own function knows nothing of grounds: what it keeps shows nothing by itself."""
    store.judge(SubjectKind.account, 1, Verdict.yes, actor="officer", authority="demo", reason="they look alike")
    found = page(store).standing
    assert found.status == NOT_SHOWN and "nothing that counts" in found.why_not


def test_a_machine_neither_records_nor_judges(store: Store, home: Home) -> None:
    with pytest.raises(TouchstoneError, match="not a person"):
        ground(store, actor="system")
    number = ground(store)
    with pytest.raises(TouchstoneError, match="not a person"):
        store.judge_account(1, Verdict.yes, rests_on=[number], actor="system", authority="demo", reason="score 0.99")
    assert page(store).standing.status == NOT_SHOWN


def test_evidence_against_withdrawn_or_of_another_account_carries_no_yes(store: Store, home: Home) -> None:
    against = ground(store, against=True, says="he was in custody when it was posted")
    with pytest.raises(TouchstoneError):
        judge(store, home, Verdict.yes, against)
    number = ground(store)
    store.withdraw_ground(number, actor="officer", authority="demo", why="another man of that name")
    with pytest.raises(TouchstoneError, match="was withdrawn"):
        judge(store, home, Verdict.yes, number)
    given = {"person_named": TRADER, "strength": Strength.weak, "source": "x", "actor": "officer", "authority": "demo"}
    theirs = store.keep_ground(2, Kind.admission, "says so", **given)  # type: ignore[arg-type]
    with pytest.raises(TouchstoneError, match="not this account's"):
        judge(store, home, Verdict.yes, theirs)


def test_a_yes_falls_with_the_evidence_under_it(store: Store, home: Home) -> None:
    number = ground(store)
    judge(store, home)
    store.withdraw_ground(number, actor="officer", authority="demo", why="another man of that name")
    found = page(store)
    assert found.standing.status == NOT_SHOWN and found.standing.why_not and found.evidence == ()


def test_a_yes_that_lost_part_of_what_is_under_it_says_so_and_that_lost_all_of_it_is_not_shown(store: Store, home: Home) -> None:
    def shown() -> tuple[str, str]:
        done = CliRunner().invoke(app, ["seller", "attribution", "1", "--by", "officer", "--home", str(home.folder)])
        return page(store).standing.status, " ".join(done.output.split())

    first, second = ground(store), ground(store, Kind.admission)
    judge(store, home)
    assert "withdrawn" not in shown()[1]
    store.withdraw_ground(first, actor="officer", authority="demo", why="another man of that name")
    status, said = shown()
    assert status == SHOWN and "evidence 1 was withdrawn since" in said
    store.withdraw_ground(second, actor="officer", authority="demo", why="he took it back")
    status, said = shown()
    assert status == NOT_SHOWN and "evidence 1, 2 was withdrawn since" in said and "nothing that counts and still stands" in said
    assert page(store).standing.withdrawn == (first, second)


def test_a_no_or_an_unsure_rests_on_what_it_names_and_not_on_all_there_is(store: Store, home: Home) -> None:
    number, _ = ground(store), ground(store, Kind.admission)
    for verdict in (Verdict.no, Verdict.unsure):
        judge(store, home, verdict)
        assert page(store).standing.rests_on == ()
    judge(store, home, Verdict.no, number)
    assert page(store).standing.rests_on == (number,)


@pytest.mark.parametrize(
    ("kind", "against", "category"),
    [(Kind.admission, False, "suspect"), (Kind.admission, True, "unknown"), (Kind.similarity, False, "unknown")],
)
def test_nobody_is_made_a_suspect_by_what_speaks_for_him_or_by_likeness(store: Store, kind: Kind, against: bool, category: str) -> None:
    number = ground(store, kind, against=against)
    store.withdraw_ground(number, actor="officer", authority="demo", why="wrong")
    with store.database.reading() as c:
        assert list(c.execute(select(t.attribution.c.subject_category).order_by(t.attribution.c.id)).scalars()) == [category, "unknown"]


def test_each_piece_shows_its_strength_what_it_cites_and_what_contradicts_it(store: Store, home: Home) -> None:
    first = ground(store, capture=1, source="")
    judge(store, home)
    second = ground(store, Kind.payment_account, says="the money goes to another", against=True, contradicts=first)
    found = page(store)
    one, other = found.evidence
    assert (one.contradicted_by, one.ground.capture, one.ground.strength) == ((second,), 1, Strength.strong)
    assert other.ground.against and found.new_since == (second,), "what came after the judgement is said to have"
    assert found.standing.status == SHOWN, "only a person's judgement moves it"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"says": " "}, "in a sentence"),
        ({"person_named": ""}, "to whom it points"),
        ({"source": ""}, "evidence cites something"),
        ({"capture": 999}, "no capture 999"),
        ({"exhibit": 999}, "no exhibit row 999"),
        ({"contradicts": 999}, "no evidence 999"),
    ],
)
def test_evidence_that_says_or_cites_nothing_is_refused(store: Store, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(TouchstoneError, match=said):
        ground(store, **wrong)
    assert page(store).evidence == ()


def test_rows_are_added_and_never_changed_and_joining_is_in_the_log_as_a_combination(store: Store) -> None:
    def rows() -> list[Any]:
        with store.database.reading() as c:
            return [tuple(r) for r in c.execute(select(t.attribution).order_by(t.attribution.c.id))]

    number = ground(store)
    before = rows()
    [event] = [e for e in store.log() if e.body["purpose"] == "attribution"]
    assert event.body["verb"] == Verb.combination and event.body["subjects"] == {"attribution": "1", "seller": "1"}
    assert TRADER not in json.dumps([e.body for e in store.log()]), "the log holds row numbers and no names"
    store.withdraw_ground(number, actor="officer", authority="demo", why="wrong man")
    assert rows()[: len(before)] == before and len(rows()) == len(before) + 1
    with pytest.raises(TouchstoneError, match="withdrawn before"):
        store.withdraw_ground(number, actor="officer", authority="demo", why="again")
    assert store.verify() == []


def test_no_name_and_no_number_of_anybody_comes_into_the_log_by_any_of_the_commands(store: Store, home: Home) -> None:
    def run(*words: str) -> None:
        done = CliRunner().invoke(app, [*words, "--by", "officer", "--home", str(home.folder)])
        assert done.exit_code == 0, (done.output, done.exception)

    store.open_case(Case("C/1", "demo", "a case"), actor="officer")
    store.exhibit("C/1", SubjectKind.seller, 1, initials="AB", description="the account", actor="officer")
    place = a_place(store)
    says = f"07700 900142 is registered to {TRADER}"
    run("seller", "attribute", "1", "--kind", "subscriber_check", "--says", says, "--person", TRADER, "--exhibit", "C/1/AB1")
    run("seller", "attribute", "1", "--kind", "admission", "--says", says, "--person", TRADER, "--source", "interview of 2026-11-20")
    run("judge", "account", "1", "yes", "--reason", says)
    run("seller", "attribute", "1", "--withdraw", f"not {says}")
    visit = ("--basis", "visit", "--source", "visit of 2026-11-20", "--mark", "phone=07700 900142", "--note", says)
    run("premises", "occupant", "add", str(place), "hidden", TRADER, *visit)
    run("premises", "occupant", "withdraw", "1", "--reason", f"not {says}")
    log = json.dumps([e.body for e in store.log()])
    assert all(word in log for word in ("attribution withdrawn", "occupant withdrawn", "judge account", "seller attribute"))
    assert not [word for word in ("Trader", "900142", "registered") if word in log]


def test_what_evidence_cites_is_not_erased_until_it_is_withdrawn(store: Store) -> None:
    number = ground(store, capture=1, source="")
    with pytest.raises(TouchstoneError, match="under hold of evidence 1 of who runs an account"):
        store.erase(1, actor="officer", reason="a request")
    store.withdraw_ground(number, actor="officer", authority="demo", why="wrong man")
    store.erase(1, actor="officer", reason="a request")


def test_the_commands(store: Store, home: Home) -> None:
    def run(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, [*words, "--by", "officer", "--home", str(home.folder)])
        assert (done.exit_code == 0) == (status == 0), done.output
        return done.output if status == 0 else str(done.exception)

    assert json.loads(run("seller", "attribution", "1", "--json"))["standing"]["status"] == NOT_SHOWN
    assert "not shown" in run("seller", "attribution", "1")
    assert "never evidence" in run("judge", "account", "1", "yes", "--reason", "alike", status=2)
    cite = ("--person", TRADER, "--strength", "strong", "--source", "reply CD/118")
    run("seller", "attribute", "1", "--kind", "subscriber_check", "--says", "registered to him", *cite)
    run("judge", "account", "1", "yes", "--reason", "the subscriber is the payee", "--rests-on", "1")
    shown = json.loads(run("seller", "attribution", "1", "--json"))
    assert shown["standing"]["status"] == SHOWN and shown["standing"]["rests_on"] == [1] and shown["evidence"][0]["counts"]
    assert "shown" in run("seller", "attribution", "1")
    run("seller", "attribute", "1", "--withdraw", "another man")
    assert json.loads(run("seller", "attribution", "1", "--json"))["standing"]["status"] == NOT_SHOWN
    assert "no exhibit" in run(
        "seller", "attribute", "1", "--kind", "admission", "--says", "x", "--person", "y", "--exhibit", "C/AB1", status=2
    )
    assert "there is no seller 99" in run("seller", "attribution", "99", status=2)
    assert "no number" in run("judge", "account", "lux", "yes", "--reason", "x", status=2)
