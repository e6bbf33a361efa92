"""What the network of sellers costs, and how it fares where operators share less: the pass and the view on planted networks, beside networkx's
connected components over all raw edges, which is what a user would pick instead.

Read the ratio between the rows of one run, not the seconds.

    python benchmarks/network.py [--sellers 1000 10000] [--seed 1]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import networkx

from premises.network.linking import run as link_sellers
from premises.network.view import networks
from store.store import Store
from store.words.records import Actor, Authority
from tests.premises.planted import World, keep, planted
from tests.premises.test_network_planted import SETTINGS, figures, found_in


def raw_components(world: World) -> int:
    graph = networkx.Graph()
    for account, has in enumerate(world.has):
        graph.add_edges_from((account, token) for token in has)
    return networkx.number_connected_components(graph)


def measure(sellers: int, seed: int) -> None:
    world = planted(seed, sellers)
    with tempfile.TemporaryDirectory() as folder, Store(f"sqlite:///{folder}/t.db", Path(folder) / "archive") as store:
        store.migrate()
        store.keep_authority(Authority("demo", "Benchmark"))
        store.keep_actor(Actor("system", "demo", "Touchstone", "system", is_person=False))
        keep(store, world)
        runs = [store.begin_run("link", actor="system", authority="demo", code_version="x", config_digest="0" * 64).id for _ in range(2)]
        at = [time.perf_counter()]
        first = link_sellers(store, SETTINGS, runs[0], actor="system", purpose="link")[0]
        at.append(time.perf_counter())
        again = link_sellers(store, SETTINGS, runs[1], actor="system", purpose="link")[0]
        at.append(time.perf_counter())
        with store.acting("system", purpose="benchmark") as reader:
            found = sum(1 for _ in networks(reader, SETTINGS))
        at.append(time.perf_counter())
        found_in(world)
        at.append(time.perf_counter())
        parts = raw_components(world)
        at.append(time.perf_counter())
    took = [b - a for a, b in pairwise(at)]
    print(f"{sellers:,} sellers, seed {seed}")
    print(f"  pass from nothing        {took[0]:8.2f} s   {first['found']:,} links")
    print(f"  pass with nothing new    {took[1]:8.2f} s   {again['looked_at']:,} sellers looked at")
    print(f"  every network shown      {took[2]:8.2f} s   {found:,} networks")
    print(f"  the rules alone          {took[3]:8.2f} s   in memory, no store")
    print(f"  networkx, all raw edges  {took[4]:8.2f} s   {parts:,} components, one of them nearly everybody")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sellers", type=int, nargs="*", default=[1000, 10000])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for sellers in given.sellers:
        measure(sellers, given.seed)
    print("where so many operators use photographs on several accounts: pair precision, recall (1,000 sellers)")
    for share in (0.9, 0.75, 0.6):
        world = planted(given.seed, share_photographs=share)
        print("  {:.2f}  {:.4f} {:.4f}".format(share, *figures(found_in(world), world)))


if __name__ == "__main__":
    main()
