"""A planted network of 1,000 sellers with one poisoned number: who is found to be one operator, beside what closure over contacts finds.

The settings of configs/network.yml were chosen on the worlds of seeds 100 to 119; those here are others.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from premises.network.communities import communities
from premises.network.linking import run as link_sellers
from premises.network.settings import CONTENT, NetworkSettings
from premises.network.ties import guarded, ties
from premises.network.view import networks
from store.config import defaults_folder, load
from store.network import Giving, Thing
from store.store import Store
from tests.premises.planted import Pairs, World, keep, pairs, planted

SETTINGS = load(defaults_folder() / "network.yml", NetworkSettings)
SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)


def found_in(world: World) -> Pairs:
    """By the rules alone, without a store."""
    things: dict[Thing, dict[int, Giving]] = {}
    for account, has in enumerate(world.has):
        for kind, number in has:
            thing = Thing(kind, str(number))
            things.setdefault(thing, {})[account] = Giving(account, thing, None)
    few: dict[Thing, Mapping[int, Giving]] = {t: who for t, who in things.items() if 2 <= len(who) <= SETTINGS.most}
    may = guarded(few, dict.fromkeys(few, few), SETTINGS)
    tied = ties(may, SETTINGS)
    joined = [p for p, tie in tied.items() if tie.score >= SETTINGS.join and any(s.kind not in CONTENT for s in tie.shared)]
    names = {account: ("stall", f"account{account:05d}") for account in range(len(world.operator))}
    return pairs(communities(names, joined, {p: tie.knit for p, tie in tied.items()}, [], [], SETTINGS.resolution))


def figures(found: Pairs, world: World) -> tuple[float, float]:
    """Pair precision, and pair recall of the pairs that anything of their operator's own connects."""
    shown = world.shown()
    return len(found & world.pairs()) / len(found), len(found & shown) / len(shown)


def test_operators_are_found_and_strangers_are_not_joined(capsys: pytest.CaptureFixture[str]) -> None:
    rows, right, said, met, there = [], 0, 0, 0, 0
    for seed in SEEDS:
        world = planted(seed)
        found, shown = found_in(world), world.shown()
        right, said = right + len(found & world.pairs()), said + len(found)
        met, there = met + len(found & shown), there + len(shown)
        rows.append((seed, *figures(found, world), *figures(world.naive(), world)))
    with capsys.disabled():
        print("\nplanted network, 1,000 sellers: seed, pair precision and recall; naive closure's")
        for seed, *four in rows:
            print(f"  {seed:3d}  {four[0]:.4f} {four[1]:.4f}   {four[2]:.4f} {four[3]:.4f}")
        print(f"  all  {right / said:.4f} {met / there:.4f}")
    assert right / said >= 0.99 and met / there >= 0.95
    assert all(row[1] >= 0.97 and row[2] >= 0.93 for row in rows), "no single world is far from the rest"
    assert all(row[3] < 0.1 for row in rows), "the worlds are such that closure joins them into one"


def test_the_store_and_the_pass_come_to_the_same(sqlite_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """The same world as rows of the store, linked by the pass and read by the view: the very pairs that the rules alone find."""
    world = planted(1)
    keep(sqlite_store, world)
    passed = sqlite_store.begin_run("link", actor="system", authority="demo", code_version="test", config_digest="0" * 64)
    link_sellers(sqlite_store, SETTINGS, passed.id, actor="system", purpose="link")
    with sqlite_store.acting("officer", purpose="test") as reader:
        handles = [[int(s.handle.removeprefix("account")) for s in each.sellers] for each in networks(reader, SETTINGS)]
    found = pairs(handles)
    with capsys.disabled():
        print("\n  by the store: {:.4f} {:.4f}".format(*figures(found, world)))
    assert found == found_in(world)
    combined = [event for event in sqlite_store.log() if event.body["verb"] == "combination"]
    assert combined and all(event.body["run"] == passed.id for event in combined), "each joining of two people's data is in the log"
