"""Networks of sellers who may be one operator: a view of links and of what people said, made anew each time and stored nowhere.

1. Sellers whose tie is strong enough (`join`, and not by content alone) are connected; so are those that a person joined.
2. Within each component the communities are sought by modularity (Louvain: V. D. Blondel et al., Fast unfolding of communities in large
   networks, J. Stat. Mech. P10008, 2008; networkx), over all that its sellers share, the weak ties too: where two groups, each well knit, hang
   together by one thread, the thread is cut, since it is more often a number that changed hands than one operator. `resolution` is well
   below 1, so that a chain of accounts, each joined to the next by one contact, stays one network. A component is judged by itself: what
   happens elsewhere changes nothing in it.
3. A person's word goes before: joined sellers are one node throughout; those kept apart are cut where the least holds them together (the
   minimum cut). Where joins lead to each other and would hold together two that were kept apart, keeping apart prevails, and the joins count
   in the order of their sellers.

The same in whatever order anything came: nodes are ordered by source and handle, the seed is fixed, and all weights are whole numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from premises.network.ties import Pair

SEED = 7
Names = Mapping[int, tuple[str, str]]  # seller → (source, handle)


def ordered(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)


def communities(
    names: Names, joined: Collection[Pair], knit: Mapping[Pair, int], one: Collection[Pair], two: Collection[Pair], resolution: float
) -> list[list[int]]:
    """The sellers of `names` in networks, each in order of source and handle, and so are the networks.

    `joined` are the pairs whose tie joins, `knit` what every tie weighs, `one` and `two` the pairs that people joined and kept apart.
    """
    apart = {ordered(*pair) for pair in two}
    node = _together(names, one, apart)
    kept_apart = {pair for a, b in apart if a in node and b in node and (pair := ordered(node[a], node[b])) and pair[0] != pair[1]}
    strong = {ordered(node[a], node[b]) for a, b in joined if node[a] != node[b]} - kept_apart
    weights: dict[Pair, int] = defaultdict(int)
    for (a, b), weight in knit.items():
        if node[a] != node[b]:
            weights[ordered(node[a], node[b])] += weight
    members: dict[int, list[int]] = defaultdict(list)
    for seller in sorted(names, key=names.__getitem__):
        members[node[seller]].append(seller)
    found: list[list[int]] = []
    components = list(_components(list(members), strong))
    whose = {node: at for at, component in enumerate(components) for node in component}
    edges: dict[int, list[Pair]] = defaultdict(list)
    within: dict[int, dict[Pair, int]] = defaultdict(dict)
    for pair in strong:
        edges[whose[pair[0]]].append(pair)
    for pair, weight in weights.items():
        if whose[pair[0]] == whose[pair[1]]:
            within[whose[pair[0]]][pair] = weight
    for at, component in enumerate(components):
        for community in _modular(component, edges[at], within[at], resolution):
            for part in _cut(community, edges[at], within[at], kept_apart):
                found.append(sorted((seller for each in part for seller in members[each]), key=names.__getitem__))
    return sorted(found, key=lambda part: names[part[0]])


def _together(names: Names, one: Collection[Pair], apart: Collection[Pair]) -> dict[int, int]:
    """seller → the first by name of those that people joined it with, one join after the other, none that would join two kept apart."""
    group = {seller: [seller] for seller in names}

    def key(pair: Pair) -> list[tuple[str, str]]:
        return sorted(names[each] for each in pair)

    for a, b in sorted((pair for pair in one if pair[0] in names and pair[1] in names), key=key):
        if group[a] is not group[b] and not any(ordered(x, y) in apart for x in group[a] for y in group[b]):
            both = sorted(group[a] + group[b], key=names.__getitem__)
            for each in both:
                group[each] = both
    return {seller: with_it[0] for seller, with_it in group.items()}


def _graph(nodes: Sequence[int], edges: Iterable[Pair], weights: Mapping[Pair, int] | None = None) -> Any:
    """A graph whose nodes and edges are in the order of `nodes`, which is that of names: Louvain goes by it."""
    import networkx

    place = {node: at for at, node in enumerate(nodes)}
    inside = [sorted(pair, key=place.__getitem__) for pair in edges if pair[0] in place and pair[1] in place]
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(nodes)))
    for a, b in sorted(inside, key=lambda pair: (place[pair[0]], place[pair[1]])):
        graph.add_edge(place[a], place[b], weight=weights[ordered(a, b)] if weights else 1)
    return graph


def _components(nodes: Sequence[int], edges: Iterable[Pair]) -> Iterator[list[int]]:
    """Connected parts, the nodes of each in the order of `nodes`."""
    near: dict[int, list[int]] = defaultdict(list)
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    place = {node: at for at, node in enumerate(nodes)}
    seen: set[int] = set()
    for start in nodes:
        if start not in seen:
            seen.add(start)
            part = [start]
            for node in part:  # it grows as it is gone through
                new = [x for x in dict.fromkeys(near[node]) if x in place and x not in seen]
                seen.update(new)
                part += new
            yield sorted(part, key=place.__getitem__)


def _modular(component: Sequence[int], strong: Collection[Pair], weights: Mapping[Pair, int], resolution: float) -> Iterator[list[int]]:
    """A component's communities by all that its nodes share; each is still connected by strong ties."""
    if len(component) < 3 or resolution == 0:
        yield list(component)
        return
    import networkx

    graph = _graph(component, weights, weights)
    for part in sorted(map(sorted, networkx.community.louvain_communities(graph, weight="weight", resolution=resolution, seed=SEED))):
        yield from _components([component[at] for at in part], strong)


def _cut(part: Sequence[int], strong: Collection[Pair], weights: Mapping[Pair, int], apart: Collection[Pair]) -> Iterator[list[int]]:
    """The part, cut until none that are kept apart are in one piece."""
    place = {node: at for at, node in enumerate(part)}
    against = sorted(tuple(sorted((place[a], place[b]))) for a, b in apart if a in place and b in place)
    if not against:
        yield list(part)
        return
    import networkx

    graph = _graph(part, strong, {pair: max(1, weights.get(pair, 0)) for pair in strong})
    networkx.set_edge_attributes(graph, networkx.get_edge_attributes(graph, "weight"), "capacity")
    # the side that the flow's source still reaches is the same for every greatest flow, so that the cut is one and the same
    _, (one, _two) = networkx.minimum_cut(graph, *against[0])
    for side in (sorted(one), sorted(set(range(len(part))) - one)):
        for piece in _components([part[at] for at in side], strong):
            yield from _cut(piece, strong, weights, apart)
