"""One seller's network, all networks, and the path between two nodes: views, made anew each time from what is kept.

Nodes are sellers and what they share; an edge says that a seller has a thing, by which method, how sure, on which capture, or that a person
joined two sellers. What joins is a Link in force that nobody refused, so that nobody's data are brought together here that the pass has not
brought together in the log; how well its sellers are knit, and the sentences, follow from what they have now.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from premises.network.communities import communities
from premises.network.linking import that_may_link
from premises.network.settings import CONTENT, NetworkSettings
from premises.network.ties import KIND_OF, Pair, Things, Tie, ties
from store.errors import TouchstoneError
from store.network import LINKED, Giving, Said, Thing
from store.store import Acting
from store.words.records import Link, Premises, Seller

PAGE = 500
JOINED = 0.99  # how strong a person's joining is on a path; nothing that a machine found comes near it


@dataclass(frozen=True, slots=True)
class Edge:
    """A seller has a thing (or `thing` is "seller:N", joined by a person). `score` is between 0 and 1, `why` a sentence."""

    seller: int
    thing: str
    kind: str
    method: str
    score: float
    capture: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Bond:
    """Why two sellers hang together: their link, its score and status, and the sentences of it."""

    seller: int
    other: int
    link: int | None
    score: float
    status: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """Sellers who may be one operator, in order of source and handle: a lead, never a finding about persons."""

    sellers: tuple[Seller, ...]
    bonds: tuple[Bond, ...]
    edges: tuple[Edge, ...]
    said: tuple[Said, ...]  # what people said of pairs in it, or of one in it and one that was kept out

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(seller.id or 0 for seller in self.sellers)


@dataclass(frozen=True, slots=True)
class Path:
    """The strongest path: its nodes ("seller:12", "phone:+447700900123"), a sentence for each step, and the product of its steps."""

    nodes: tuple[str, ...]
    sentences: tuple[str, ...]
    strength: float


@dataclass(frozen=True, slots=True)
class _Component:
    """All sellers that links or people's word lead to from some, and what they share. `loose` are links that are too weak to join."""

    names: Mapping[int, tuple[str, str]]
    sellers: Mapping[int, Seller]
    links: Mapping[Pair, Link]
    joined: frozenset[Pair]
    said: tuple[Said, ...]
    things: Things
    ties: Mapping[Pair, Tie]

    def communities(self, settings: NetworkSettings) -> list[list[int]]:
        one = [(s.seller, s.other) for s in self.said if s.one]
        two = [(s.seller, s.other) for s in self.said if not s.one]
        knit = {pair: tie.knit for pair, tie in self.ties.items()}
        for pair in self.joined:
            knit.setdefault(pair, round(-1000 * math.log(1.0 - min(self.links[pair].score, JOINED))))  # its things are gone meanwhile
        return communities(self.names, self.joined, knit, one, two, settings.resolution)


def joins(link: Link, settings: NetworkSettings) -> bool:
    """Whether a link brings two sellers into one network: strong, in force, and not by what anybody can copy alone."""
    codes = {reason.code.removeprefix("same_") for reason in link.reasons if reason.weight}
    return link.status in LINKED and link.score >= settings.join and bool(codes - CONTENT)


def network(reader: Acting, seller: int, settings: NetworkSettings) -> Network:
    """The network that a seller is in: alone where nothing joins it to anybody. Raises TouchstoneError for an unknown seller."""
    component = _component(reader, [_known(reader, seller)], settings)
    mine = next(part for part in component.communities(settings) if seller in part)
    return _network(component, mine, settings, _premises(reader, component))


def networks(reader: Acting, settings: NetworkSettings) -> Iterator[Network]:
    """Every network of two sellers or more, in order of its oldest seller; what hangs together with a page of sellers is in memory at a time."""
    done: set[int] = set()
    after = 0
    while page := reader.linked_sellers(after, PAGE):
        after = page[-1]
        if start := [seller for seller in page if seller not in done]:
            component = _component(reader, start, settings)
            done |= set(component.names)
            places = _premises(reader, component)
            parts = [part for part in component.communities(settings) if len(part) > 1]
            yield from (_network(component, part, settings, places) for part in sorted(parts, key=min))


def path(reader: Acting, start: str, end: str, settings: NetworkSettings) -> Path:
    """The strongest path between two nodes, whatever networks they are in, over everything that may link; what a person kept apart is no edge.

    A node is a seller's number, or KIND:VALUE ("phone:+447700900123", "premises:4"). Raises TouchstoneError where there is no such
    node or no path.
    """
    import networkx

    first, last = _node(start), _node(end)
    sellers = [_known(reader, number) for kind, number in (first, last) if kind == "seller"]
    if not sellers:
        raise TouchstoneError("one end of a path at least is a seller, by number")
    component = _component(reader, sellers, settings, loose=True)
    graph: Any = networkx.Graph()
    for edge in _edges(component, list(component.names), _premises(reader, component)):
        graph.add_edge(f"seller:{edge.seller}", edge.thing, cost=-math.log(edge.score), edge=edge)
    a, b = (f"{kind}:{value}" for kind, value in (first, last))
    if a not in graph or b not in graph or not networkx.has_path(graph, a, b):
        raise TouchstoneError(f"nothing that may link leads from {a} to {b}")
    nodes = networkx.shortest_path(graph, a, b, weight="cost")
    steps: list[Edge] = [graph.edges[pair]["edge"] for pair in pairwise(nodes)]
    return Path(tuple(nodes), tuple(step.why for step in steps), math.prod(step.score for step in steps))


def _node(said: str) -> tuple[str, Any]:
    kind, colon, value = said.strip().partition(":")
    if not colon:
        kind, value = "seller", kind
    if kind == "seller":
        if not value.isdecimal() or len(value) > 15:
            raise TouchstoneError(f"'{said}' is no node: a seller's number, or KIND:VALUE such as phone:+447700900123")
        return kind, int(value)
    return kind, value


def _known(reader: Acting, number: int) -> int:
    if not reader.sellers([number]):
        raise TouchstoneError(f"there is no seller {number}")
    return number


# -- what there is ---------------------------------------------------------------------------------------------------------


def _component(reader: Acting, start: Collection[int], settings: NetworkSettings, loose: bool = False) -> _Component:
    """All that hangs together with these sellers, found page by page; by links that are too weak to join too, where `loose`."""
    links: dict[Pair, Link] = {}
    said: dict[Pair, Said] = {}
    known, fresh = set(start), set(start)
    while fresh:
        new: set[int] = set()
        for one in reader.said_of(fresh):
            said[one.seller, one.other] = one
            new |= {one.seller, one.other} if one.one else set()
        for link in reader.seller_links(fresh):
            pair = (link.subject, link.object)
            if joins(link, settings) or (loose and link.status in LINKED):
                links[pair] = link
                new |= set(pair)
        fresh = new - known
        known |= fresh
    rows = {seller.id or 0: seller for part in _parts(known) for seller in reader.sellers(part)}
    things: dict[Thing, Mapping[int, Giving]] = {}
    for part in _parts(known) if len(known) > 1 or loose else ():
        things |= that_may_link(reader, part, settings)
    inside = {thing: {s: g for s, g in who.items() if s in known} for thing, who in things.items()}
    tied = {pair: tie for pair, tie in ties(things, settings).items() if pair[0] in known and pair[1] in known}
    joined = frozenset(pair for pair, link in links.items() if joins(link, settings))
    names = {number: (seller.source, seller.handle) for number, seller in rows.items()}
    return _Component(names, rows, links, joined, tuple(said[pair] for pair in sorted(said)), inside, tied)


def _parts(numbers: Collection[int]) -> Iterator[list[int]]:
    every = sorted(numbers)
    return (every[at : at + PAGE] for at in range(0, len(every), PAGE))


def _premises(reader: Acting, component: _Component) -> dict[str, str]:
    numbers = [int(thing.value) for thing in component.things if thing.kind == "premises"]
    found: list[Premises] = reader.premises(numbers) if numbers else []
    return {str(one.id): one.label for one in found}


def _network(component: _Component, sellers: Collection[int], settings: NetworkSettings, premises: Mapping[str, str]) -> Network:
    inside = set(sellers)
    bonds = [_bond(component, pair) for pair in sorted(component.links) if set(pair) <= inside]
    edges = tuple(_edges(component, sellers, premises))
    said = tuple(one for one in component.said if {one.seller, one.other} & inside)
    return Network(tuple(component.sellers[number] for number in sellers), tuple(bonds), edges, said)


def _bond(component: _Component, pair: Pair) -> Bond:
    link = component.links[pair]
    return Bond(*pair, link.id, link.score, link.status, tuple(r.sentence for r in link.reasons if r.weight))


def _edges(component: _Component, sellers: Collection[int], premises: Mapping[str, str]) -> Iterator[Edge]:
    """What at least two of these sellers have, and whom people joined; in order."""
    inside = set(sellers)
    apart = {(one.seller, one.other) for one in component.said if not one.one}
    counted: dict[Thing, dict[int, float]] = defaultdict(dict)
    for pair, tie in component.ties.items():
        for each in tie.shared if set(pair) <= inside and pair not in apart else ():
            for one in (each.here, each.there):
                counted[each.here.thing][one.seller] = max(counted[each.here.thing].get(one.seller, 0.0), math.sqrt(each.weight))
    for thing in sorted(counted):
        for seller, score in sorted(counted[thing].items()):
            one = component.things[thing][seller]
            yield Edge(
                seller, f"{thing.kind}:{thing.value}", thing.kind, method_of(one), round(score, 6), one.capture, sentence(one, premises)
            )
    for said in component.said:
        if said.one and {said.seller, said.other} <= inside:
            why = f"{said.actor} joined sellers {said.seller} and {said.other} on {said.at:%Y-%m-%d} ({said.source}): {said.reason}"
            yield Edge(said.seller, f"seller:{said.other}", "joined", said.source, JOINED, None, why)


def method_of(one: Giving) -> str:
    """How it is known: in the page's words, by which detector's or reader's method, by which link."""
    if one.link is not None:
        return f"link {one.link}"
    if one.method is not None:
        return f"method {one.method}"
    looked = {"picture": "image_match" if one.copies else "sha256", "place": "same_place", "text": "same words"}
    return looked.get(one.thing.kind, "in words")


def sentence(one: Giving, premises: Mapping[str, str] | None = None) -> str:
    """ "seller 12 gives the phone +447700900123 in capture 7"."""
    kind, value = one.thing
    where = f" in capture {one.capture}" if one.capture is not None else ""
    if kind == "picture":
        said = f"shows picture {one.picture}, the photograph {value[:12]}" + (" or a copy of it" if one.copies else "")
    elif kind == "place":
        said = f"shows picture {one.picture}, which seems to be taken in the place {value[:12]}"
    elif kind == "text":
        said = f"has the description {value[:12]}, word for word"
    elif kind == "premises":
        said = f"leads to {(premises or {}).get(value, 'premises ' + value)} (premises {value}) by link {one.link}"
    else:
        word = f"{kind} handle" if KIND_OF.get(kind) == "handle" else {"vat": "VAT number", "company": "company number"}.get(kind, kind)
        said = f"gives the {word} {value}"
    read = f", as a machine read it in picture {one.picture} (method {one.method})" if one.method is not None else ""
    return f"seller {one.seller} {said}{where}{read}"
