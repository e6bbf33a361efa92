"""Operations, sources, people and the log at the desk: what is shown, what is begun, what is refused."""

from __future__ import annotations

import csv
import io
import re
import socket
import time
from urllib.parse import quote

import pytest

from casework.desk import people
from casework.desk.settings import Role
from store.words.records import Actor, Authority, Outcome
from tests.casework.desk.conftest import PASSWORD, Served
from tests.casework.desk.test_today import OPERATION, begun, page, stated


def elsewhere(desk: Served, role: Role, name: str = "b.elsewhere") -> str:
    """An account of another authority over the same store."""
    desk.store.keep_authority(Authority("other", "Other Council", "England and Wales"))
    desk.store.keep_actor(Actor(name, "other", name, "officer"))
    desk.store.open_account(name, role, by="system")
    people.set_password(desk.store, name, PASSWORD, desk.app.state.desk.settings.sign_in, temporary=False, by="system")
    return name


# -- operations ----------------------------------------------------------------------------------------------------------------
def test_an_operation_is_begun_as_a_process_of_its_own_and_its_page_shows_how_it_went(own_desk: Served) -> None:
    stated(own_desk, "bags", OPERATION)
    officer = own_desk.as_role("officer")
    assert "Bags in Wexcombe" in officer.get("/operations").text
    after = officer.post("/operations/bags/run", {"reason": "complaint <1>"})
    assert after.url.path == "/operations/bags" and "Begun: Bags in Wexcombe." in after.text
    until = time.monotonic() + 240  # of other tests beside it
    while not (runs := own_desk.store.runs("operation", operation="bags")) or runs[0].ended_at is None:
        assert time.monotonic() < until, (own_desk.home.folder / "var/log/operation-bags.log").read_text()
        time.sleep(0.2)
    assert runs[0].actor == "a.officer" and runs[0].outcome is not Outcome.good  # the market is not served here
    said = page(own_desk, "officer", "/operations/bags")
    assert "a.officer" in said and "The newest runs" in said


def test_an_operation_that_may_not_run_or_runs_already_is_not_begun(own_desk: Served) -> None:
    stated(own_desk, "once", "title: One page\npurpose: capture_once\n")
    stated(own_desk, "bags", OPERATION)
    officer = own_desk.as_role("officer")
    refused = officer.post("/operations/once/run")
    assert refused.status_code == 409 and "may not run" in refused.text
    with own_desk.store.alone("operation bags"):
        refused = officer.post("/operations/bags/run")
        assert refused.status_code == 409 and "being worked on already" in refused.text
    assert own_desk.store.runs("operation") == []
    assert own_desk.as_role("reviewer").post("/operations/bags/run").status_code == 403
    assert "Run it now</button>" not in own_desk.as_role("reviewer").get("/operations/bags").text


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2ftouchstone", "bags.yml", "%2e%2e"])
def test_a_name_that_is_no_operation_is_no_file(desk: Served, name: str) -> None:
    assert desk.as_role("officer").get(f"/operations/{name}").status_code == 404


# -- sources -------------------------------------------------------------------------------------------------------------------
def test_the_sources_with_their_health(desk: Served) -> None:
    analyst = desk.as_role("analyst")
    assert "demo_shop" in analyst.get("/sources").text and analyst.get("/sources/nothing").status_code == 404
    one = page(desk, "analyst", "/sources/demo_shop")
    assert "how often each field was filled" in one and "100%" in one
    assert "Try it now" not in desk.as_role("officer").get("/sources/demo_shop").text
    assert desk.as_role("officer").get("/sources/new").status_code == 403


def test_a_source_that_cannot_be_read_does_not_hide_the_others(own_desk: Served) -> None:
    (own_desk.home.folder / "configs/sources/broken.yml").write_text("title: x\nkind: shop\nurll: y\n")
    said = page(own_desk, "analyst", "/sources")
    assert "broken.yml" in said and "demo_shop" in said


def inner_addresses() -> list[str]:
    hosts = (
        "127.0.0.1",
        "localhost",
        "[::1]",
        "169.254.169.254",
        "2130706433",
        "[::ffff:127.0.0.1]",
    )  # tests/crawler has the other spellings
    return [f"http://{host}:PORT/" for host in hosts]


@pytest.mark.parametrize("url", [*inner_addresses(), "file:///etc/passwd", "ftp://x.example/", "gopher://127.0.0.1:PORT/", "//127.0.0.1:PORT/", "http://", "javascript:alert(1)"])  # fmt: skip
def test_an_address_of_this_machine_or_its_network_is_not_asked(desk: Served, url: str) -> None:
    """The crawler's own rules, as the command line has them: no byte reaches the address."""
    with socket.create_server(("127.0.0.1", 0)) as there:
        there.settimeout(0.2)
        answer = desk.as_role("analyst").post(
            "/sources/new", {"url": url.replace("PORT", str(there.getsockname()[1])), "why": "a test"}, on="/sources/new"
        )
        assert answer.status_code == 400 and "There is a problem" in answer.text
        with pytest.raises(TimeoutError):
            there.accept()


def test_a_look_wants_a_reason(desk: Served) -> None:
    answer = desk.as_role("analyst").post("/sources/new", {"url": "https://shop.example/"}, on="/sources/new")
    assert answer.status_code == 400 and "Say why it is looked at" in answer.text


def test_a_site_is_looked_at_by_the_crawlers_own_code_and_shown(own_desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site of our own on this machine, which the command's --testing allows and the desk never does: that one gate is opened here."""
    from functools import partial

    import crawler.look
    from tests.market import start_market

    with start_market() as market:
        url = next(source for source in market.urls() if "shop" in source) if hasattr(market, "urls") else ""
        if not url:
            found = {path.stem: path.read_text() for path in (own_desk.home.folder / "configs/sources").glob("*.yml")}
            market.write_sources(own_desk.home.folder / "configs/sources")
            text = (own_desk.home.folder / "configs/sources/demo_shop.yml").read_text()
            assert found
            url = re.search(r"^url: ['\"]?([^'\"\s]+)", text, re.M)[1]  # type: ignore[index]
        monkeypatch.setattr(crawler.look, "draft_for", partial(crawler.look.draft_for, testing=True))
        before = own_desk.store.log_head()[0]
        answer = own_desk.as_role("analyst").post("/sources/new", {"url": url, "why": "complaint 9"}, on="/sources/new")
        assert answer.status_code == 200 and "What was seen" in answer.text and "legal:" in answer.text, answer.text[-3000:]
        [run] = own_desk.store.runs("look")
        assert run.actor == "a.analyst" and any(e.body["justification"] == "complaint 9" for e in own_desk.store.log(before))
        tried = own_desk.as_role("analyst").post("/sources/demo_shop/try", on="/sources/demo_shop")
        assert tried.status_code == 200 and "What came of it" in tried.text


# -- people --------------------------------------------------------------------------------------------------------------------
def test_an_account_is_opened_with_a_password_that_is_shown_once(own_desk: Served) -> None:
    administrator = own_desk.as_role("administrator")
    made = administrator.post("/people/new", {"name": "c.new", "full_name": "C. New (fictional)", "role": "officer"}, on="/people/new")
    found = re.search(r"<code>([a-z-]{12,})</code>", made.text)
    assert found and made.headers["cache-control"] == "no-store"
    assert found[1] not in administrator.get("/people/account?name=c.new").text
    assert own_desk.browser().sign_in("c.new", found[1]).url.path == "/password"
    assert {e.body["purpose"] for e in own_desk.store.log() if e.body["detail"].get("account") == "c.new"} >= {"account opened", "password"}


@pytest.mark.parametrize("given, why", [
    ({"name": "A.Officer", "role": "officer"}, "has an account"), ({"name": "x", "role": "officer"}, "2 to 80 letters"),
    ({"name": "c/../d", "role": "officer"}, "2 to 80 letters"), ({"name": "d.new", "role": "root"}, "Choose a role"), ({"name": "system", "role": "officer"}, "not a person"),
])  # fmt: skip
def test_an_account_that_cannot_be_is_refused_with_the_reason(desk: Served, given: dict[str, str], why: str) -> None:
    answer = desk.as_role("administrator").post("/people/new", given, on="/people/new")
    assert answer.status_code == 400 and why in answer.text


def test_roles_are_given_accounts_closed_and_locks_opened_by_somebody_else(own_desk: Served) -> None:
    administrator, officer = own_desk.as_role("administrator"), own_desk.as_role("officer")
    administrator.post("/people/role", {"name": "a.officer", "role": "reviewer"})
    assert own_desk.store.account("a.officer").role == "reviewer" and officer.get("/").url.path == "/sign-in"  # type: ignore[union-attr]
    assert administrator.post("/people/role", {"name": "a.administrator", "role": "supervisor"}).status_code == 400
    assert administrator.post("/people/role", {"name": "a.officer", "role": "root"}).status_code == 400
    administrator.post("/people/role", {"name": "a.officer", "role": ""})
    assert own_desk.browser().sign_in("a.officer").status_code == 403
    for _ in range(own_desk.app.state.desk.settings.sign_in.refusals):
        own_desk.browser().sign_in("a.analyst", "wrong wrong wrong")
    assert "waits after wrong passwords" in administrator.get("/people").text
    administrator.post("/people/unlock", {"name": "a.analyst"})
    assert own_desk.browser().sign_in("a.analyst").url.path == "/"
    assert [e.body["actor"] for e in own_desk.store.log() if e.body["purpose"] == "account unlocked"] == ["a.administrator"]
    assert own_desk.as_role("supervisor").post("/people/role", {"name": "a.analyst", "role": ""}).status_code == 403


def test_last_sign_ins_are_shown(desk: Served) -> None:
    desk.browser().sign_in("a.partner", "wrong wrong wrong")
    said = page(desk, "administrator", "/people/account?name=a.partner")
    assert "refused" in said and "127.0.0.1" in said


# -- the log -------------------------------------------------------------------------------------------------------------------
def test_the_log_is_searched_by_person_verb_day_and_row_in_pages(own_desk: Served) -> None:
    supervisor = own_desk.as_role("supervisor")
    with own_desk.store.acting("a.officer", purpose="a look of this test") as reader:
        reader.shown("seller", [1, 2, 3, 900])
    for query in ("actor=a.officer", "about=seller:3", "about=seller:900", "verb=consultation"):
        assert "a look of this test" in supervisor.get(f"/log?{query}").text, query
    for query in ("actor=a.partner", "about=seller:4", "verb=erasure", "case=none", "until=2020-01-01"):
        assert "a look of this test" not in supervisor.get(f"/log?{query}").text, query
    for query in ("about=x", "verb=steal", "since=yesterday", f"about={quote(chr(39))} OR 1=1 --"):
        assert supervisor.get(f"/log?{query}").status_code == 400
    first = supervisor.get("/log").text
    onwards = re.search(r'href="/log\?before=(\d+)"', first)
    assert onwards and "a look of this test" in first
    older = supervisor.get(f"/log?before={onwards[1]}").text
    numbers = [int(n) for n in re.findall(r'scope="row" class="govuk-table__header">(\d+)<', older)]
    assert numbers and max(numbers) < int(onwards[1]) and numbers == sorted(numbers, reverse=True)
    looks = [e.body for e in own_desk.store.log() if e.body["actor"] == "a.supervisor" and e.body["purpose"] == "log"]
    assert {"about": "seller:900"} in [body["detail"]["asked"] for body in looks], "to search the log is in the log"


def test_a_rare_word_does_not_walk_the_whole_log_for_one_page(own_desk: Served) -> None:
    code, end = own_desk.home.settings.authority.code, own_desk.store.log_head()[0]
    found, onwards = own_desk.store.log_before(authority=code, actor="nobody", span=10)
    assert found == [] and onwards == end - 9
    seen, at = 0, 0
    while True:
        page_, at = own_desk.store.log_before(at or None, authority=code, limit=7, span=10)
        seen += len(page_)
        if not at:
            break
    assert seen == end, "however it is paged, each event comes once"


def test_the_chain_is_checked(own_desk: Served) -> None:
    assert "The chain holds" in own_desk.as_role("supervisor").post("/log/verify", on="/log").text


def test_the_log_is_handed_out_for_a_reason_and_no_cell_is_a_formula(own_desk: Served) -> None:
    officer = own_desk.as_role("disclosure_officer")
    assert officer.post("/log/export", on="/log/export").status_code == 400
    with own_desk.store.acting("a.officer", purpose="=cmd|' /C calc'!A0", justification="+1") as reader:
        reader.shown("seller", [1])
    answer = officer.post("/log/export", {"why": "request of the defence", "actor": "a.officer"}, on="/log/export")
    assert (
        answer.headers["content-disposition"].startswith('attachment; filename="log-')
        and answer.headers["x-content-type-options"] == "nosniff"
    )
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert (
        rows
        and {row["actor"] for row in rows} == {"a.officer"}
        and rows[-1]["purpose"].startswith("'=cmd")
        and rows[-1]["justification"] == "'+1"
    )
    event = own_desk.store.log()[-1].body
    assert event["verb"] == "disclosure" and event["actor"] == "a.disclosure_officer" and event["justification"] == "request of the defence"
    assert own_desk.as_role("administrator").get("/log/export").status_code == 403


# -- between authorities -------------------------------------------------------------------------------------------------------
def test_another_authoritys_people_see_none_of_this_ones_accounts_operations_sources_and_log(own_desk: Served) -> None:
    stated(own_desk, "bags", OPERATION)
    begun(own_desk, source="demo_shop")
    other = own_desk.browser()
    other.sign_in(elsewhere(own_desk, Role.administrator))
    assert other.get("/people/account?name=a.officer").status_code == 404 and "a.officer" not in other.get("/people").text
    for path in ("/people/role", "/people/password", "/people/unlock"):
        assert other.post(path, {"name": "a.officer", "role": ""}).status_code == 404
    assert own_desk.store.account("a.officer").role == "officer"  # type: ignore[union-attr]
    for path in ("/operations/bags", "/sources/demo_shop"):
        assert other.get(path).status_code == 404
    assert other.post("/operations/bags/run").status_code == 404 and other.post("/sources/demo_shop/try").status_code == 404
    assert (
        "demo_shop" not in other.get("/").text
        and "demo_shop" not in other.get("/sources").text
        and "Bags" not in other.get("/operations").text
    )
    log = other.get("/log").text
    assert "b.elsewhere" in log and "a.officer" not in log and ">system<" not in log
    made = other.post("/people/new", {"name": "a.newcomer", "role": "officer"}, on="/people/new")
    assert made.status_code == 200 and own_desk.store.account("a.newcomer").authority == "other"  # type: ignore[union-attr]


def test_a_name_of_another_authoritys_person_is_not_opened(own_desk: Served) -> None:
    own_desk.store.keep_authority(Authority("other", "Other Council", "England and Wales"))
    own_desk.store.keep_actor(Actor("d.elsewhere", "other", "D.", "officer"))
    answer = own_desk.as_role("administrator").post("/people/new", {"name": "d.elsewhere", "role": "officer"}, on="/people/new")
    assert answer.status_code == 400 and "another authority" in answer.text


# -- tables handed out ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_listings_are_handed_out_for_a_reason_and_that_is_a_disclosure(own_desk: Served, kind: str) -> None:
    analyst = own_desk.as_role("analyst")
    assert analyst.post("/exports/listings", {"kind": kind}, on="/exports").status_code == 400
    assert analyst.post("/exports/listings", {"kind": "exe", "why": "x"}, on="/exports").status_code == 400
    assert analyst.post("/exports/listings", {"kind": kind, "why": "x", "source": "../x"}, on="/exports").status_code == 400
    answer = analyst.post("/exports/listings", {"kind": kind, "why": "the data team", "source": "demo_shop"}, on="/exports")
    assert re.fullmatch(rf'attachment; filename="listings-[\d-]+\.{kind}"', answer.headers["content-disposition"])
    if kind == "csv":
        rows = [row["source"] for row in csv.DictReader(io.StringIO(answer.text))]
    else:
        import openpyxl

        rows = [row[1] for row in openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(min_row=2, values_only=True)]
    assert rows and set(rows) == {"demo_shop"}
    event = next(e.body for e in reversed(own_desk.store.log()) if e.body["verb"] == "disclosure")
    assert event["actor"] == "a.analyst" and event["justification"] == "the data team" and event["detail"]["rows"] == len(rows)
    assert own_desk.as_role("partner").get("/exports").status_code == 403
