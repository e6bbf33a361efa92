"""`touchstone seller network`, `join`, `part` and `withdraw`: who may be one operator, why, and what people say of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.spreadsheets import write_csv
from store.errors import TouchstoneError

if TYPE_CHECKING:
    from premises.network.view import Network
    from premises.network.view import Path as Way

LEAD = "A lead, not an identity: nobody is shown to run these accounts."
Seller = Annotated[int, typer.Argument(help="The seller's row number.")]
Reason = Annotated[str, typer.Option("--why", help="The reason: it is kept with the row and will be read in court.")]


def register(sellers: typer.Typer) -> None:
    sellers.command("network")(network)
    sellers.command("join")(join)
    sellers.command("part")(part)
    sellers.command("withdraw")(withdraw)


def network(
    number: Annotated[int | None, typer.Argument(help="The seller's row number; none: every network.")] = None,
    to: Annotated[str, typer.Option(help="Show the strongest path to this node: a seller's number, or KIND:VALUE.")] = "",
    svg: Annotated[Path | None, typer.Option(help="Draw it into this file.")] = None,
    graphml: Annotated[Path | None, typer.Option(help="Write its nodes and edges as GraphML.")] = None,
    as_csv: Annotated[Path | None, typer.Option("--csv", help="Write its edges as CSV.")] = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The accounts that may be one operator's with this one, what holds them together, and the path from one to another in sentences.

    Example: touchstone seller network 12 --to 31

    Example: touchstone seller network 12 --svg network.svg --why "complaint 4711"
    """
    from premises.network import drawing, view
    from premises.network.settings import network_settings

    if number is None and (to or svg or graphml or as_csv):
        raise TouchstoneError("a path, a drawing or a file is of one seller's network: name its number")
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="seller network", justification=why) as reader:
        settings = network_settings(folder)
        if number is None:
            _every(list(view.networks(reader, settings)), json)
            return
        found = view.network(reader, number, settings)
        way = view.path(reader, str(number), to, settings) if to else None
        for file, write in ((svg, drawing.svg), (graphml, drawing.graphml)):
            if file is not None:
                file.write_text(write(found), encoding="utf-8")
        if as_csv is not None:
            _csv(found, as_csv)
        if files := [str(each.name) for each in (svg, graphml, as_csv) if each is not None]:
            reader.disclose("a file of this officer's", {"files": files, "seller": number})
    if json:
        print_json({"network": found, "path": way} if way else {"network": found})
        return
    _show(found, number)
    if way:
        _path(way)


def _every(found: list[Network], json: bool) -> None:
    if json:
        print_json(found)
        return
    rows = [(one.numbers[0], len(one.sellers), len(one.bonds), ", ".join(map(str, one.numbers[:12]))) for one in found]
    table("Networks", ("first seller", "accounts", "links", "sellers"), rows, "No two sellers are joined: `touchstone link` looks.")
    say(LEAD)


def _show(found: Network, number: int) -> None:
    table(
        f"The network of seller {number}",
        ("row", "source", "account", "name"),
        [(s.id, s.source, s.handle, s.name) for s in found.sellers],
        "",
    )
    for bond in found.bonds:
        say(f"sellers {bond.seller} and {bond.other}: link {bond.link}, {bond.score:.2f}, {bond.status}")
        for sentence in bond.why:
            say(f"  {sentence}")
    for one in found.said:
        word = "joined" if one.one else "kept apart"
        say(f"sellers {one.seller} and {one.other} {word} by {one.actor} on {one.at:%Y-%m-%d} ({one.source}): {one.reason}")
    say(LEAD if len(found.sellers) > 1 else "Nothing joins this account to another.")


def _path(way: Way) -> None:
    say(f"From {way.nodes[0]} to {way.nodes[-1]}, strength {way.strength:.2f}:")
    say("; ".join(way.sentences) + ".")


def _csv(found: Network, file: Path) -> None:
    rows = ((e.seller, e.thing, e.kind, e.method, e.score, e.capture, e.why) for e in found.edges)
    write_csv(file, ("seller", "node", "kind", "method", "score", "capture", "why"), rows)


def join(seller: Seller, other: Seller, why: Reason, by: By = "", home: Folder = None) -> None:
    """Join two sellers as one operator's. A row that says who and why; the accounts stay two, and `withdraw` undoes it without a trace in the view.

    Example: touchstone seller join 12 31 --why "one parcel held both names, exhibit AB4" --by a.officer
    """
    with opened(home) as (folder, store):
        actor = person(store, folder, by)
        number = store.say_pair(seller, other, True, actor=actor, authority=folder.settings.authority.code, reason=why)
    say(f"Sellers {seller} and {other} are joined (statement {number}). `touchstone seller withdraw {seller} {other}` takes it back.")


def part(seller: Seller, other: Seller, why: Reason, by: By = "", home: Folder = None) -> None:
    """Keep two sellers apart: whatever they share, they are in no network together.

    Example: touchstone seller part 12 31 --why "two shops that share a courier" --by a.officer
    """
    with opened(home) as (folder, store):
        actor = person(store, folder, by)
        number = store.say_pair(seller, other, False, actor=actor, authority=folder.settings.authority.code, reason=why)
    say(f"Sellers {seller} and {other} are kept apart (statement {number}). `touchstone seller withdraw {seller} {other}` takes it back.")


def withdraw(seller: Seller, other: Seller, why: Reason, by: By = "", home: Folder = None) -> None:
    """Take back what was last said of two sellers: the network is then exactly what it was before.

    Example: touchstone seller withdraw 12 31 --why "the parcel was another's" --by a.officer
    """
    with opened(home) as (folder, store):
        actor = person(store, folder, by)
        number = store.withdraw_pair(seller, other, actor=actor, authority=folder.settings.authority.code, reason=why)
    say(f"Statement {number} of sellers {seller} and {other} is withdrawn; what stood before it stands again.")
