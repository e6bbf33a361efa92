"""The network of sellers: what joins, what never does, what people say goes before, and that no order of anything matters."""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from casework.cli import app
from casework.commands.common import plain
from premises.network import drawing, linking, view
from premises.network.communities import communities
from premises.network.settings import NetworkSettings
from store.config import Home, defaults_folder, load
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Actor, Authority, SubjectKind, Verdict
from tests.builders import Builder
from tests.premises.planted import World, keep

SETTINGS = load(defaults_folder() / "network.yml", NetworkSettings)
OFFICER = {"actor": "officer", "authority": "demo", "reason": "a parcel"}


def pass_over(store: Store, *, everything: bool = False) -> Counter[str]:
    run = store.begin_run("link", actor="system", authority="demo", code_version="test", config_digest="0" * 64)
    return linking.run(store, SETTINGS, run.id, actor="system", purpose="link", everything=everything)[0]


def in_groups(store: Store) -> list[list[str]]:
    with store.acting("officer", purpose="test") as reader:
        return sorted(sorted(s.handle for s in one.sellers) for one in view.networks(reader, SETTINGS))


def state(store: Store) -> str:
    """All that a view shows of every seller, as JSON."""
    with store.acting("officer", purpose="test") as reader:
        every = [seller.id or 0 for seller in reader.sellers(limit=10_000)]
        shown = (
            [view.network(reader, number, SETTINGS) for number in every],
            list(view.networks(reader, SETTINGS)),
            reader.seller_links(every),
        )
    return json.dumps(plain(list(shown)), sort_keys=True)


def accounts(store: Store, *texts: str) -> None:
    build = Builder(store)
    for at, text in enumerate(texts, 1):
        build.listing(f"l{at}", title="Bag", text=text, seller=f"s{at}")
    build.close()


# -- the hub guard ---------------------------------------------------------------------------------------------------------


def test_a_number_that_leads_to_many_otherwise_unconnected_accounts_links_nobody(sqlite_store: Store) -> None:
    accounts(sqlite_store, *["call 07700 900123"] * (SETTINGS.hub + 1))
    assert pass_over(sqlite_store)["found"] == 0 and in_groups(sqlite_store) == []


def test_a_number_of_as_many_accounts_that_share_something_else_too_is_their_own(sqlite_store: Store) -> None:
    accounts(sqlite_store, *["call 07700 900123 or mail bags@post.example", "call 07700 900123 or mail bags@post.example"] * 3)
    pass_over(sqlite_store)
    assert in_groups(sqlite_store) == [[f"s{n}" for n in range(1, 7)]]


def test_one_poisoned_number_joins_no_two_networks(sqlite_store: Store) -> None:
    own = [f"call 07700 900{n // 2:03d}" for n in range(40)]
    accounts(sqlite_store, *(text + " or 0808 157 0000" for text in own))
    pass_over(sqlite_store)
    assert sorted(map(len, in_groups(sqlite_store))) == [2] * 20


def test_a_hub_that_grows_parts_whom_it_held_together(sqlite_store: Store) -> None:
    """The pass that looks only at what is new sees the old pair again, because what they share is no longer theirs alone."""
    accounts(sqlite_store, "call 07700 900123", "call 07700 900123")
    pass_over(sqlite_store)
    assert in_groups(sqlite_store) == [["s1", "s2"]]
    build = Builder(sqlite_store)
    for n in range(3, 12):
        build.listing(f"l{n}", title="Bag", text="call 07700 900123", seller=f"s{n}")
    build.close()
    counts = pass_over(sqlite_store)
    assert counts["no_longer_found"] == 1 and in_groups(sqlite_store) == []


def test_words_that_are_the_same_join_nobody(sqlite_store: Store) -> None:
    template = "A bag of leather with its box and its card, as good as new, posted on the next day by a signed service."
    accounts(sqlite_store, template, template)
    pass_over(sqlite_store)
    assert in_groups(sqlite_store) == []


def test_a_pass_looks_only_at_those_whose_ties_may_have_changed(sqlite_store: Store) -> None:
    accounts(sqlite_store, *(f"call 07700 900{n:03d}" for n in range(30)))
    assert pass_over(sqlite_store)["looked_at"] == 30
    build = Builder(sqlite_store)
    build.listing("x", title="Bag", text="call 07700 900007", seller="new")
    build.close()
    assert pass_over(sqlite_store)["looked_at"] == 2 and pass_over(sqlite_store)["looked_at"] == 0
    assert in_groups(sqlite_store) == [["new", "s8"]]


# -- what people say -------------------------------------------------------------------------------------------------------


def test_a_person_joins_and_withdraws_and_the_log_says_so(store: Store) -> None:
    accounts(store, "call 07700 900001", "call 07700 900002")
    pass_over(store)
    before = state(store)
    number = store.say_pair(2, 1, True, **OFFICER)
    assert in_groups(store) == [["s1", "s2"]]
    event = store.log()[-2 if store.log()[-1].body["verb"] == "consultation" else -1].body
    assert (event["verb"], event["subjects"], event["detail"]["pair_statement"]) == ("combination", {"seller": "1-2"}, number)
    with pytest.raises(TouchstoneError, match="joined already, by officer"):
        store.say_pair(1, 2, True, **OFFICER)
    store.withdraw_pair(1, 2, **OFFICER)
    assert state(store) == before and not store.verify()
    with pytest.raises(TouchstoneError, match="nobody has joined"):
        store.withdraw_pair(1, 2, **OFFICER)


@pytest.mark.parametrize("change, says", [({"reason": " "}, "needs its reason"), ({"actor": "system"}, "not a person")])
def test_joining_needs_a_person_and_a_reason(sqlite_store: Store, change: dict[str, str], says: str) -> None:
    accounts(sqlite_store, "a", "b")
    with pytest.raises(TouchstoneError, match=says):
        sqlite_store.say_pair(1, 2, True, **{**OFFICER, **change})
    with pytest.raises(TouchstoneError, match="there is no seller 9"):
        sqlite_store.say_pair(1, 9, True, **OFFICER)
    with pytest.raises(TouchstoneError, match="named twice"):
        sqlite_store.say_pair(1, 1, True, **OFFICER)


def test_those_kept_apart_are_in_no_network_together_whatever_leads_from_one_to_the_other(sqlite_store: Store) -> None:
    well_knit = "call 07700 900002 or mail bags@post.example"
    accounts(sqlite_store, "call 07700 900001", f"call 07700 900001. {well_knit}", well_knit, well_knit)
    pass_over(sqlite_store)
    assert in_groups(sqlite_store) == [["s1", "s2", "s3", "s4"]]
    before = state(sqlite_store)
    sqlite_store.say_pair(1, 4, False, **OFFICER)
    assert in_groups(sqlite_store) == [["s2", "s3", "s4"]], "cut where the least holds them together"
    sqlite_store.withdraw_pair(1, 4, **OFFICER)
    assert state(sqlite_store) == before


def test_a_refused_link_keeps_apart_and_unsure_takes_that_back(sqlite_store: Store) -> None:
    accounts(sqlite_store, "call 07700 900001", "call 07700 900001")
    pass_over(sqlite_store)
    for verdict, groups in ((Verdict.no, []), (Verdict.unsure, [["s1", "s2"]]), (Verdict.yes, [["s1", "s2"]])):
        sqlite_store.judge(SubjectKind.link, 1, verdict, actor="officer", authority="demo", reason="seen")
        assert in_groups(sqlite_store) == groups, verdict


# -- no order matters ------------------------------------------------------------------------------------------------------

NODES = 12
EDGES = st.dictionaries(
    st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda p: p[0] < p[1]), st.integers(50, 3000), max_size=30
)
PAIRS = st.sets(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda p: p[0] < p[1]), max_size=4)


@given(EDGES, PAIRS, PAIRS, st.permutations(range(NODES)), st.randoms(use_true_random=False))
def test_communities_are_the_same_in_any_order_of_arrival(
    knit: dict[tuple[int, int], int], one: set[tuple[int, int]], two: set[tuple[int, int]], numbered: list[int], shuffled: random.Random
) -> None:
    joined = [pair for pair, weight in knit.items() if weight > 1200]

    def by_name(number: list[int], mix: bool) -> list[list[str]]:
        def again(pairs: Any) -> list[tuple[int, int]]:
            out = [tuple(sorted((number[a], number[b]))) for a, b in pairs]
            if mix:
                shuffled.shuffle(out)
            return out

        names = {number[n]: ("stall", f"account{n:02d}") for n in range(NODES)}
        weights = {tuple(sorted((number[a], number[b]))): w for (a, b), w in knit.items()}
        found = communities(names, again(joined), weights, again(one), again(two), 0.3)  # type: ignore[arg-type]
        return [[names[n][1] for n in part] for part in found]

    first = by_name(list(range(NODES)), False)
    assert first == by_name(list(numbered), True)
    whose = {int(name[-2:]): at for at, part in enumerate(first) for name in part}
    assert sorted(whose) == list(range(NODES)), "everybody is in one network and no more"
    assert all(whose[a] != whose[b] for a, b in two), "those kept apart are apart"
    assert two or all(whose[a] == whose[b] for a, b in one), "those joined are together"


@contextmanager
def fresh() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder, Store(f"sqlite:///{folder}/t.db", Path(folder) / "archive") as store:
        store.migrate()
        store.keep_authority(Authority("demo", "Demonstration Council"))
        store.keep_actor(Actor("system", "demo", "Touchstone", "system", is_person=False))
        store.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
        yield store


TOKEN = st.tuples(st.sampled_from(["phone", "email", "picture", "picture", "text", "domain"]), st.integers(1, 3))
HAVING = st.lists(st.sets(TOKEN, min_size=1, max_size=4), min_size=4, max_size=14)
SLOW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(HAVING, st.randoms(use_true_random=False))
def test_bit_by_bit_comes_to_what_from_nothing_does_in_any_order(having: list[set[tuple[str, int]]], shuffled: random.Random) -> None:
    world = World(operator=list(range(len(having))), has=[{*has, ("text", 100 + n)} for n, has in enumerate(having)])
    order = list(range(len(having)))
    with fresh() as whole, fresh() as piecemeal, fresh() as otherwise:
        keep(whole, world, order)
        pass_over(whole)
        for start in range(0, len(order), 3):
            keep(piecemeal, world, order[start : start + 3])
            pass_over(piecemeal)
        shuffled.shuffle(order)
        keep(otherwise, world, order)
        pass_over(otherwise)

        def links(store: Store) -> list[Any]:
            with store.acting("officer", purpose="test") as reader:
                every = reader.seller_links([s.id or 0 for s in reader.sellers()])
                return sorted((x.subject, x.object, round(x.score, 6), x.status) for x in every if x.level != "none")

        assert links(whole) == links(piecemeal)
        assert in_groups(whole) == in_groups(piecemeal) == in_groups(otherwise)
        before = links(piecemeal)
        pass_over(piecemeal, everything=True)
        assert links(piecemeal) == before, "looking at everything again finds nothing else"


SAYING = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6), st.booleans()).filter(lambda s: s[0] < s[1]), max_size=6)


@SLOW
@given(SAYING, st.randoms(use_true_random=False))
def test_merge_then_unmerge_is_identity_and_the_order_of_merges_does_not_matter(
    sayings: list[tuple[int, int, bool]], shuffled: random.Random
) -> None:
    once = list({(a, b): (a, b, one) for a, b, one in sayings}.values())
    with fresh() as store:
        accounts(
            store,
            "call 07700 900001",
            "call 07700 900001 or 07700 900002",
            "call 07700 900002",
            "call 07700 900004",
            "call 07700 900004",
            "-",
        )
        pass_over(store)
        states = [state(store)]
        for a, b, one in once:
            store.say_pair(a, b, one, **OFFICER)
            states.append(state(store))
        said = in_groups(store)
        for (a, b, one), before in zip(reversed(once), reversed(states[:-1]), strict=True):
            store.withdraw_pair(a, b, **OFFICER)
            assert state(store) == before, "a withdrawal gives back exactly what was"
            store.say_pair(a, b, not one, **OFFICER)
            store.withdraw_pair(a, b, **OFFICER)
            assert state(store) == before
        shuffled.shuffle(once)
        for a, b, one in once:
            store.say_pair(a, b, one, **OFFICER)
        assert in_groups(store) == said
        assert not store.verify()


# -- what is shown ---------------------------------------------------------------------------------------------------------


def test_the_path_is_told_in_sentences_each_with_its_capture(sqlite_store: Store) -> None:
    accounts(
        sqlite_store, "call 07700 900001", "call 07700 900001 or mail bags@post.example", "mail bags@post.example", "call 07700 900009"
    )
    pass_over(sqlite_store)
    with sqlite_store.acting("officer", purpose="test") as reader:
        way = view.path(reader, "1", "3", SETTINGS)
        assert way.nodes == ("seller:1", "phone:+447700900001", "seller:2", "email:bags@post.example", "seller:3")
        assert way.sentences == (
            "seller 1 gives the phone +447700900001 in capture 1",
            "seller 2 gives the phone +447700900001 in capture 2",
            "seller 2 gives the email bags@post.example in capture 2",
            "seller 3 gives the email bags@post.example in capture 3",
        )
        assert way.strength == pytest.approx(0.75 * 0.8, rel=1e-5)
        assert view.path(reader, "1", "email:bags@post.example", SETTINGS).nodes == way.nodes[:-1]
        for end, says in (("4", "nothing that may link leads"), ("99", "there is no seller 99"), ("x", "is no node")):
            with pytest.raises(TouchstoneError, match=says):
                view.path(reader, "1", end, SETTINGS)


def test_showing_a_network_is_a_consultation_of_all_its_sellers(sqlite_store: Store) -> None:
    accounts(sqlite_store, "call 07700 900001", "call 07700 900001", "call 07700 900001", "-")
    pass_over(sqlite_store)
    with sqlite_store.acting("officer", purpose="test") as reader:
        view.network(reader, 2, SETTINGS)
    event = sqlite_store.log()[-1].body
    assert event["verb"] == "consultation" and event["subjects"]["seller"] == "1-3"


def test_the_drawing_is_the_same_each_time_and_no_name_breaks_out_of_it(sqlite_store: Store) -> None:
    build = Builder(sqlite_store)
    for n in range(14):
        words = f"call 07700 900{n // 2:03d} or 07700 9001{(n + 1) // 2:02d}"
        build.listing(f"l{n}", title="Bag", text=words, seller=f"s{n}", seller_name="<script>\x00&'\"" if n == 0 else f"Stall {n}")
    build.close()
    pass_over(sqlite_store)
    loose = replace(SETTINGS, resolution=0.0)
    with sqlite_store.acting("officer", purpose="test") as reader:
        shown = view.network(reader, 1, loose)
        assert drawing.svg(shown) == drawing.svg(view.network(reader, 1, loose))
    root = ElementTree.fromstring(drawing.svg(shown))
    assert len(shown.sellers) == 14 and len(root.findall(".//{*}circle")) == 14 and not root.findall(".//{*}script")
    assert len(ElementTree.fromstring(drawing.graphml(shown)).findall(".//{*}edge")) == len(shown.edges)


def test_the_commands_show_join_and_withdraw(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/touchstone.yml").write_bytes((defaults_folder() / "touchstone.yml").read_bytes())
    home = Home(tmp_path)
    with Store.open(home) as store:
        accounts(store, "call 07700 900001", "call 07700 900001", "-")
        authority = home.settings.authority.code
        run = store.begin_run("link", actor="system", authority=authority, code_version="test", config_digest="0" * 64)
        linking.run(store, SETTINGS, run.id, actor="system", purpose="link")

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, ["seller", *words, "--by", "officer", "--home", str(tmp_path)])
        assert done.exit_code == 0, done.output
        return done.stdout

    first = said("network", "1", "--json")
    assert [s["id"] for s in json.loads(first)["network"]["sellers"]] == [1, 2]
    assert json.loads(said("network", "--json"))[0]["bonds"][0]["why"] == ["both accounts give the phone +447700900001"]
    assert "seller 1 gives the phone +447700900001 in capture 1; seller 2 gives" in said("network", "1", "--to", "2")
    said("network", "1", "--svg", str(tmp_path / "n.svg"), "--csv", str(tmp_path / "n.csv"), "--graphml", str(tmp_path / "n.graphml"))
    assert (tmp_path / "n.csv").read_text().splitlines()[1].startswith("1,phone:+447700900001,phone,in words,")
    said("join", "2", "3", "--why", "one parcel")
    assert [s["id"] for s in json.loads(said("network", "3", "--json"))["network"]["sellers"]] == [1, 2, 3]
    said("withdraw", "2", "3", "--why", "a mistake")
    assert said("network", "1", "--json") == first
