"""Sightings: what an officer saw, a partner sent or the public told, and files that somebody holds already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework import imports, sightings
from casework.commands.common import By, Folder, Json, Why, bar, opened, person, print_json, say, table
from casework.commands.listings import price_of, show_meetings
from store.words.records import Informant, Told

app = typer.Typer(no_args_is_help=True, help="What was seen, told or handed in, kept and examined like a listing of the web.")

ToldBy = Annotated[Told, typer.Option(help="By whom it comes.")]


@app.command("add")
def add(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Photos, screenshots, saved pages, MHTML, WACZ, WARC, HAR, PDF, video, a list of addresses.")
    ] = None,
    note: Annotated[str, typer.Option(help="What was seen or told, in words; nothing of who told it.")] = "",
    place: Annotated[str, typer.Option(help="Where: the stall or shop, street, postcode.")] = "",
    seen_at: Annotated[str, typer.Option(help="When, day first, London time: 25/11/2026 14:30.")] = "",
    title: Annotated[str, typer.Option(help="A title; default: the first line of the note.")] = "",
    price: Annotated[str, typer.Option(help="The price asked, as written: £45.")] = "",
    seller: Annotated[str, typer.Option(help="The seller's name, as shown or said.")] = "",
    phone: Annotated[str, typer.Option(help="The seller's phone.")] = "",
    brand: Annotated[str, typer.Option(help="The brand that the goods bear.")] = "",
    obtained: Annotated[
        str, typer.Option(help="How the files were obtained, and with what log-in if any. Compulsory for what somebody holds.")
    ] = "",
    source: Annotated[str | None, typer.Option(help="Read the pages in the files as this source's; 'schema_org': of any site.")] = None,
    url: Annotated[str, typer.Option(help="The address of a saved page that does not say its own.")] = "",
    told: ToldBy = Told.officer,
    informant_name: Annotated[str, typer.Option(help="Who told it: kept apart, shown only by `sighting informant`.")] = "",
    informant_contact: Annotated[str, typer.Option(help="How to reach who told it: kept apart.")] = "",
    informant_note: Annotated[str, typer.Option(help="What is to be known of who told it: kept apart.")] = "",
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Keep a sighting: what an officer saw, a partner sent, the public told, or a file that somebody holds.

    Example: touchstone sighting add stall.jpg --note "Belts with a lozenge mark" --place "Stall 12, Market Hall, Wexcombe" --seen-at "25/11/2026 14:30" --phone "07700 900123" --by a.officer

    Example: touchstone sighting add advert.mhtml --source my_marketplace --obtained "Saved by PC Example from a public page, no log-in" --by a.officer
    """
    said = sightings.Statement(told, note, title, place, seen_at, price, seller, phone, brand, obtained, url)
    told_by = Informant(0, informant_name, informant_contact, informant_note)
    informant = told_by if informant_name or informant_contact or informant_note else None
    with opened(home) as (folder, store), bar() as step:
        added = sightings.add(
            store, folder, said, files or [], by=person(store, folder, by), informant=informant, source_name=source,
            progress=lambda done, total: step("files", done, total),
        )  # fmt: skip
    if json:
        print_json({"sighting": added.sighting, "listings": added.listings, "counts": dict(added.counts), "warnings": added.warnings})
    else:
        say(f"Sighting {added.sighting.reference} is kept, as listing {added.sighting.reference} of {sightings.SOURCES[told]}.")
        if source:
            say(f"{added.listings} listings were read from the pages in it.")
        for name, number in sorted(added.counts.items()):
            say(f"  {name}: {number}")
        for warning in added.warnings:
            say(f"! {warning}")
        say("Next: touchstone detect, touchstone flag, touchstone link.")
    if added.counts["problems"]:
        raise typer.Exit(1)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The list: CSV or XLSX.")],
    columns: Annotated[str, typer.Option(help="The column map: a YAML file, or the name of one in configs/columns.")],
    told: Annotated[Told | None, typer.Option(help="By whom it comes, where not as the column map says.")] = None,
    obtained: Annotated[str, typer.Option(help="How the list was obtained.")] = "",
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Import a partner's list of complaints: each row a sighting. The same file again adds nothing; refused rows are listed.

    Example: touchstone sighting import november.xlsx --columns complaints --by a.officer
    """
    with opened(home) as (folder, store), bar() as step:
        done = imports.run(
            store, folder, file, imports.read_map(folder, columns), by=person(store, folder, by), told=told, obtained=obtained,
            progress=lambda number, total: step("rows", number, total),
        )  # fmt: skip
    if json:
        print_json(
            {"capture": done.capture, "counts": dict(done.counts), "refused": [{"row": row, "why": why} for row, why in done.refused]}
        )
    else:
        say(f"{file.name} is kept as capture {done.capture}.")
        for name, number in sorted(done.counts.items()):
            say(f"  {name}: {number}")
        table("Refused rows", ("row", "why"), done.refused, "No row was refused.")
    if done.refused:
        raise typer.Exit(1)


@app.command("list")
def list_(
    told: Annotated[Told | None, typer.Option(help="Only those that come by this side.")] = None,
    after: Annotated[int, typer.Option(help="Go on after this row number.")] = 0,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The sightings, in the order in which they were kept. Who told them is not shown.

    Example: touchstone sighting list --told public
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="sighting list", justification=why) as reader:
        found = reader.sightings(told=told, after=after, limit=limit)
        said = {s.listing.id: s for s in reader.summaries(numbers=[f.listing for f in found], limit=len(found))} if found else {}
    if json:
        print_json([{"sighting": each, "listing": said.get(each.listing)} for each in found])
        return
    rows = []
    for each in found:
        words = said[each.listing].snapshot if each.listing in said else None
        rows.append(
            (
                each.id,
                each.reference,
                each.told,
                each.seen_at_text,
                each.place,
                words.title[:60] if words else "",
                said[each.listing].level if words else "",
            )
        )
    table(
        "Sightings",
        ("row", "reference", "told by", "seen at", "place", "title", "level"),
        rows,
        "No sighting is kept yet: `touchstone sighting add`.",
    )


@app.command("show")
def show(reference: str, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """One sighting: its words, its files and what they say of themselves, the listings read from them, and where the same seller is met.

    Example: touchstone sighting show S-2026-0001
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="sighting show", justification=why) as reader:
        shown = sightings.shown(reader, reference)
    if json:
        print_json(shown)
        return
    each, s = shown["sighting"], shown["listing"].snapshot
    say(f"{each.reference}, by {each.told}: {s.title}  {price_of(s)}")
    say(f"seen at {each.seen_at_text or 'no time stated'} · {each.place or 'no place stated'} · seller {s.seller_name or 'not stated'}")
    say(f"recorded by {each.actor}, {each.added_at:%Y-%m-%d %H:%M} UTC")
    say(s.text)
    if each.obtained:
        say(f"How it was obtained, as stated: {each.obtained}")
    table(
        "Files",
        ("capture", "name", "kind", "bytes", "SHA-256 as handed in", "the file says (not believed)"),
        [
            (
                f["capture"],
                f["name"],
                f["kind"],
                f["length"],
                f["sha256"],
                "; ".join(f"{k} {v if not isinstance(v, list) else len(v)}" for k, v in f["claims"].items()),
            )
            for f in shown["files"]
        ],
        "Nothing was handed in with it.",
    )
    for address in [a for f in shown["files"] for a in f["claims"].get("addresses", [])]:
        say(f"pointer, not fetched: {address}   (`touchstone capture URL` fetches it)")
    read = [(r.listing.source, r.listing.ref, r.snapshot.title[:60], price_of(r.snapshot), r.level) for r in shown["read"]]
    table("Listings read from its files", ("source", "ref", "title", "price", "level"), read, "No listing was read from its files.")
    show_meetings(shown["same_seller"])


@app.command("informant")
def informant(
    reference: str,
    why: Annotated[str, typer.Option(help="Why you must know: compulsory, and in the log.")],
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Who told a sighting. Kept apart from everything else; each look is an event of its own in the log.

    Example: touchstone sighting informant S-2026-0002 --why "statement to be taken, TS-2026-014" --by a.officer
    """
    with (
        opened(home) as (folder, store),
        store.acting(person(store, folder, by), purpose="sighting informant", justification=why) as reader,
    ):
        found = reader.informant(reader.sighting(reference).id or 0)
    if json:
        print_json(found)
    elif found is None:
        say(f"Nobody is recorded as having told {reference}.")
    else:
        say(f"{found.name or 'no name'} · {found.contact or 'no contact'}\n{found.note}")
