"""The network of an account: who may be one operator with it, what holds them together, the path to another, and what people say of two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from starlette.responses import JSONResponse, Response

from casework.desk import small
from casework.desk.pages.sellers import Number, Said, known
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed, number_of
from casework.sightings import account_may_be_seen
from premises.network import drawing, hubs, view
from premises.network.settings import network_settings
from premises.network.view import Network, Path
from store.errors import TouchstoneError
from store.store import Acting

router = APIRouter()
Viewer = Annotated[Visit, allowed(Action.seller_view)]
Editor = Annotated[Visit, allowed(Action.network_edit)]
SMALL = 200
ALONE = "default-src 'none'; img-src data:; style-src 'none'; sandbox"


@router.get("/sellers/{number}/network")
def network(visit: Viewer, number: Number, to: Annotated[str, Query(max_length=300)] = "") -> Response:
    with visit.reading("seller network") as reader:
        return _page(visit, reader, number, to)


@router.get("/sellers/{number}/network.json")
def data(visit: Viewer, number: Number) -> Response:
    """The nodes and edges of the graph. Every text in it is data: the page puts it into the document as text."""
    with visit.reading("seller network") as reader:
        known(visit, reader, number)
        found = _network(visit, reader, number)
        own = _pictures(visit, reader, found)
    nodes = [{"id": f"seller:{s.id}", "kind": "seller", "label": s.name or s.handle, "source": s.source, "seller": s.id, "here": s.id == number} for s in found.sellers]  # fmt: skip
    things = {edge.thing: edge for edge in found.edges if not edge.thing.startswith("seller:")}
    for thing, edge in things.items():
        label = thing.partition(":")[2] if edge.kind not in ("picture", "place", "text") else {"picture": "picture", "place": "place", "text": "same words"}[edge.kind]  # fmt: skip
        nodes.append({"id": thing, "kind": edge.kind, "label": label, **({"picture": own[thing]} if thing in own else {})})
    edges = [{"id": f"e{place}", "source": f"seller:{edge.seller}", "target": edge.thing, **asdict(edge)} for place, edge in enumerate(found.edges)]  # fmt: skip
    return JSONResponse({"nodes": nodes, "edges": edges})


@router.get("/sellers/{number}/network.svg")
def picture(visit: Viewer, number: Number) -> Response:
    """The same as a drawing, for whom no script runs; what sellers share in pictures is shown as pictures."""
    with visit.reading("seller network") as reader:
        known(visit, reader, number)
        found = _network(visit, reader, number)
        own = _pictures(visit, reader, found)
    drawn = drawing.svg(found, dict(_small(visit, own)))
    return Response(drawn, media_type="image/svg+xml", headers={"Content-Security-Policy": ALONE})


@router.post("/sellers/{number}/pair")
def pair(visit: Editor, number: Number, other: Annotated[str, Form(max_length=12)] = "", says: Annotated[str, Form(max_length=20)] = "", why: Said = "") -> Response:  # fmt: skip
    """Say of two accounts that they are one operator's, that they are not, or take back what was last said."""
    try:
        if not (two := number_of(other)):
            raise TouchstoneError("Name the other account by its number.")
        with visit.reading("seller network") as reader:
            for each in (number, two):
                known(visit, reader, each)
        said: dict[str, Any] = {"actor": visit.actor, "authority": visit.authority, "reason": why}
        if says == "withdraw":
            visit.store.withdraw_pair(number, two, **said)
            done = "What was last said of the two accounts is taken back; what stood before it stands again."
        elif says in ("one", "two"):
            visit.store.say_pair(number, two, says == "one", **said)
            done = "The two accounts are joined: one operator's, as you say." if says == "one" else "The two accounts are kept apart: whatever they share, they are in no network together."  # fmt: skip
        else:
            raise TouchstoneError("Say whether they are one operator's, are not, or that you take back what was said.")
    except TouchstoneError as error:
        with visit.reading("seller network") as reader:
            return _page(visit, reader, number, "", error=_plain(error), other=other, why=why)
    return visit.go(f"/sellers/{number}/network", done)


def _plain(error: TouchstoneError) -> str:
    """Without the name of an option of the command line."""
    said = str(error).replace(" (--why)", "")
    return said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")


def _page(visit: Visit, reader: Acting, number: int, to: str, error: str = "", other: str = "", why: str = "") -> Response:
    one = known(visit, reader, number)
    settings = network_settings(visit.home)
    found = _network(visit, reader, number)
    way, no_way = None, ""
    if to.strip():
        try:
            if (end := to.strip()).isdecimal():
                known(visit, reader, number_of(end))
            way = view.path(reader, str(number), end, settings)
        except TouchstoneError as problem:
            no_way = _plain(problem)
        if way is not None and not _may_see(visit, reader, way.nodes):
            way, no_way = None, f"Nothing that you may see leads from seller {number} to {to.strip()}."
    return visit.page(
        "sellers/network.html", 400 if error else 200, seller=one, network=found, names={s.id: s for s in found.sellers}, error=error, to=to.strip(), way=way,
        steps=_steps(visit, reader, way), no_way=no_way, hubs=hubs.hubs(reader, number, settings), settings=settings, other=other, why=why, pictures=_pictures(visit, reader, found),
    )  # fmt: skip


def _network(visit: Visit, reader: Acting, number: int) -> Network:
    """The network as this person may see it: without accounts of sightings that they may not."""
    found = view.network(reader, number, network_settings(visit.home))
    seen = {s.id for s in found.sellers if account_may_be_seen(reader, s, visit.sightings)}
    if len(seen) == len(found.sellers):
        return found
    return replace(
        found,
        sellers=tuple(s for s in found.sellers if s.id in seen),
        bonds=tuple(bond for bond in found.bonds if {bond.seller, bond.other} <= seen),
        edges=tuple(e for e in found.edges if e.seller in seen and (not e.thing.startswith("seller:") or int(e.thing[7:]) in seen)),
        said=tuple(said for said in found.said if {said.seller, said.other} <= seen),
    )


def _may_see(visit: Visit, reader: Acting, nodes: tuple[str, ...]) -> bool:
    numbers = [int(node[7:]) for node in nodes if node.startswith("seller:")]
    return all(account_may_be_seen(reader, each, visit.sightings) for each in reader.sellers(numbers))


def _steps(visit: Visit, reader: Acting, way: Path | None) -> list[tuple[str, str]]:
    """Each step of a path in words, with the digest of the picture that it goes by ("" for none, or one that this person may not see)."""
    if way is None:
        return []
    by = [next((node for node in pair if node.startswith(("picture:", "place:"))), "").partition(":")[2] for pair in pairwise(way.nodes)]
    kept = reader.images([sha256 for sha256 in by if sha256])
    may = {sha256 for sha256 in kept if visit.store.picture_may_be_seen(sha256, visit.sightings)}
    return [(sentence, sha256 if sha256 in may else "") for sentence, sha256 in zip(way.sentences, by, strict=True)]


def _pictures(visit: Visit, reader: Acting, found: Network) -> dict[str, str]:
    """Of each node that is a class of pictures the digest of one in it that this person may see."""
    digests = {edge.thing: edge.thing.partition(":")[2] for edge in found.edges if edge.kind in ("picture", "place")}
    kept = reader.images(list(digests.values())) if digests else {}
    return {thing: sha256 for thing, sha256 in digests.items() if sha256 in kept and visit.store.picture_may_be_seen(sha256, visit.sightings)}  # fmt: skip


def _small(visit: Visit, own: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    for thing, sha256 in own.items():
        try:
            yield thing, small.picture(visit.desk.small, visit.store, sha256, SMALL)
        except TouchstoneError:  # erased, or no picture: the node keeps its name
            continue
