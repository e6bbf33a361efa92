"""Links between rows: what is new, what counts, what a person said, and what is no longer found; on both databases."""

from __future__ import annotations

import pytest

from store.places import GONE, pair_of
from store.store import Store
from store.words.records import Link, LinkReason, Method, Status, SubjectKind, Verdict
from tests.builders import Builder, as_of


class Linker:
    """A linker in force, and links of seller 1 kept by it."""

    def __init__(self, store: Store) -> None:
        self.store, self.run = store, Builder(store).run.id
        self.method = self.new_method("1", Status.in_force)

    def new_method(self, version: str, status: Status | None = None) -> int:
        number = self.store.keep_method(Method("linker", "premises", version))
        if status:
            self.store.set_method_status(number, status, "system", "test")
        return number

    def keep(self, score: float, *, entry: int = 1, capture: int = 1, to: int = 2, method: int | None = None) -> int:
        link = link_to(to, score, LinkReason("phone", score, "the phone is the register's", capture, entry))
        return self.store.keep_links([link], method or self.method, self.run, actor="system", purpose="link")

    def gone(self, *found: Link) -> int:
        return self.store.keep_no_longer_found({pair_of(x) for x in found}, self.method, self.run, actor="system", purpose="link")

    def links(self) -> list[Link]:
        with self.store.acting("officer", purpose="test") as reader:
            return reader.links()

    def judge(self, link: Link, verdict: Verdict) -> None:
        assert link.id is not None
        self.store.judge(SubjectKind.link, link.id, verdict, actor="officer", authority="demo", reason="seen")


def link_to(premises: int, score: float, *reasons: LinkReason) -> Link:
    return Link(None, SubjectKind.seller, 1, SubjectKind.premises, premises, "", score, "unit", reasons)


@pytest.fixture
def linker(store: Store) -> Linker:
    return Linker(store)


def test_a_link_that_cites_other_rows_for_the_same_words_is_not_new(linker: Linker) -> None:
    assert linker.keep(0.9, entry=1, capture=1) == 1
    assert linker.keep(0.9, entry=7, capture=8) == 0
    assert [x.reasons[0].entry for x in linker.links()] == [1]


def test_a_row_of_the_digest_of_before_says_the_same_all_the_same(linker: Linker) -> None:
    """Revision 0001's digests were over row numbers: the first pass after it must not write every link again."""
    from sqlalchemy import text

    linker.keep(0.9)
    with linker.store.database.writing() as c:
        c.execute(text("UPDATE link SET digest = 'old'"))
    assert linker.keep(0.9, entry=7) == 0


@pytest.mark.parametrize(("verdict", "status"), [(Verdict.yes, "confirmed"), (Verdict.no, "refused"), (Verdict.unsure, "proposed")])
def test_a_judgement_is_of_the_pair_and_outlives_its_row(linker: Linker, verdict: Verdict, status: str) -> None:
    linker.keep(0.9)
    [first] = linker.links()
    linker.judge(first, verdict)
    assert linker.keep(0.8) == 1
    [now] = linker.links()
    assert (now.score, now.status) == (0.8, status) and now.id != first.id
    with linker.store.acting("officer", purpose="test") as reader:
        assert reader.link(first.id or 0).status == reader.link(now.id or 0).status == status


def test_the_newest_judgement_decides_whichever_row_it_was_of(linker: Linker) -> None:
    linker.keep(0.9)
    [first] = linker.links()
    linker.keep(0.8)
    [second] = linker.links()
    linker.judge(second, Verdict.yes)
    linker.judge(first, Verdict.no)
    assert linker.links()[0].status == "refused"
    linker.keep(0.9, to=3)
    assert {x.object: x.status for x in linker.links()} == {2: "refused", 3: "proposed"}, "another pair is another question"


def test_what_is_said_again_after_something_else_is_new_again(linker: Linker) -> None:
    assert [linker.keep(score) for score in (0.9, 0.5, 0.9, 0.9)] == [1, 1, 1, 0]
    assert [x.score for x in linker.links()] == [0.9]


def test_only_the_method_in_force_counts_and_a_pair_counts_once(linker: Linker) -> None:
    linker.keep(0.9)
    other = linker.new_method("2", Status.evaluation)
    linker.keep(0.7, method=other)
    linker.keep(0.7, method=other, to=3)
    assert [(x.object, x.score) for x in linker.links()] == [(2, 0.9)]
    linker.store.set_method_status(other, Status.in_force, "system", "measured")
    assert [(x.object, x.score) for x in linker.links()] == [(2, 0.7), (3, 0.7)]
    linker.store.set_method_status(other, Status.retired, "system", "withdrawn")
    assert linker.links() == []


def test_what_a_person_judged_stays_in_sight_when_another_method_comes_in_force(linker: Linker) -> None:
    linker.keep(0.9)
    linker.keep(0.6, to=3)
    linker.judge(linker.links()[0], Verdict.yes)
    linker.new_method("2", Status.in_force)
    assert [(x.object, x.score, x.status) for x in linker.links()] == [(2, 0.9, "confirmed")]
    with linker.store.acting("officer", purpose="test") as reader:
        assert [x.object for x in reader.links(numbers=[1, 2])] == [2, 3], "a row asked for by its number is shown whatever its method"


def test_what_is_no_longer_found_says_so_once_and_may_be_found_again(linker: Linker) -> None:
    linker.keep(0.9)
    linker.keep(0.6, to=3)
    still = link_to(3, 0.6)
    assert linker.gone(still) == 1 and linker.gone(still) == 0
    there, lapsed = linker.links()
    assert (there.object, there.status) == (3, "proposed")
    assert (lapsed.object, lapsed.score, lapsed.level, lapsed.status) == (2, 0.0, "none", GONE)
    assert [r.sentence for r in lapsed.reasons] == ["no longer found"]
    assert linker.keep(0.9) == 1
    assert [(x.object, x.status) for x in linker.links()] == [(2, "proposed"), (3, "proposed")]
    assert not linker.store.verify()


def test_a_confirmed_pair_is_never_said_to_be_lost_and_a_refused_one_stays_refused(linker: Linker) -> None:
    for to in (2, 3, 4):
        linker.keep(0.9, to=to)
    for link, verdict in zip(linker.links(), (Verdict.yes, Verdict.no, Verdict.unsure), strict=True):
        linker.judge(link, verdict)
    assert linker.gone() == 2
    assert {x.object: (x.status, x.level) for x in linker.links()} == {2: ("confirmed", "unit"), 3: ("refused", "none"), 4: (GONE, "none")}


def test_many_are_looked_through_in_pages(linker: Linker) -> None:
    links = [link_to(n, 0.9) for n in range(2, 1503)]
    linker.store.keep_links(links, linker.method, linker.run, actor="system", purpose="link")
    assert linker.gone(*links[::3]) == 1000 and linker.gone(*links[::3]) == 0


def test_a_store_of_the_first_revision_keeps_its_links_and_numbers_them_on(store_url: str, tmp_path: object) -> None:
    """0002 on a store with rows; on SQLite the table is copied, and a row number must still never be used twice."""
    from pathlib import Path

    from sqlalchemy import text

    store = Store(store_url, Path(str(tmp_path)) / "archive")
    with as_of(store, "0001") as c:
        c.execute(
            text(
                "INSERT INTO run (id, pass_name, actor, authority, code_version, config_digest, started_at)"
                " VALUES ('r', 'link', 'system', 'demo', '', '', '2026-01-01')"
            )
        )
        c.execute(
            text(
                "INSERT INTO method (digest, kind, name, version, settings_json, models_json, added_at)"
                " VALUES ('d', 'linker', 'premises', '1', '{}', '{}', '2026-01-01')"
            )
        )
        for n in (1, 2):
            c.execute(
                text(
                    "INSERT INTO link (subject_kind, subject, object_kind, object, method, digest, score, level, reasons_json, run, at)"
                    f" VALUES ('seller', 1, 'premises', {n}, 1, 'd', 0.9, 'unit', '[]', 'r', '2026-01-01 00:00:00.000000')"
                )
            )
    store.migrate()
    with store.acting("system", purpose="test") as reader:
        assert [(x.id, x.object) for x in reader.links()] == [(1, 1), (2, 2)]
    with store.database.writing() as c:
        c.execute(text("DELETE FROM link WHERE id = 2"))
    assert store.keep_links([link_to(9, 0.5)], 1, "r", actor="system", purpose="link") == 1
    with store.acting("system", purpose="test") as reader:
        assert [x.id for x in reader.links()] == [1, 3]
    store.close()
