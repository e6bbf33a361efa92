"""Listings, sellers, the queue, and judging."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from casework import attribution, extract, judgements, second
from casework import queue as officers_queue
from casework.advert import beside_words
from casework.commands.common import By, Folder, Json, Why, opened, person, plain, print_json, say, table
from casework.flags import meaning
from casework.spreadsheets import write_csv
from store.config import Home
from store.errors import TouchstoneError
from store.meetings import Meeting, Meetings
from store.search import Order, Query
from store.store import Store
from store.words.money import format_price, parse_price
from store.words.records import Level, Snapshot, SubjectKind, Verdict

listings = typer.Typer(no_args_is_help=True, help="What was advertised.")
sellers = typer.Typer(no_args_is_help=True, help="The accounts behind the listings.")

DAY = ["%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Judging")(judge)


def price_of(s: Snapshot) -> str:
    return format_price(s.price_minor, s.currency) if s.price_minor is not None and s.currency else s.price_text


@listings.command("list")
def listing_list(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
    after: Annotated[int, typer.Option(help="Go on after this row number.")] = 0,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Listings as they last read."""
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="listing list", justification=why) as reader:
        rows = reader.summaries(source=source, limit=limit, after=after)
    if json:
        print_json(rows)
        return
    shown = [
        (
            r.listing.id,
            r.listing.source,
            r.listing.ref,
            r.snapshot.title[:60],
            price_of(r.snapshot),
            r.snapshot.seller_name or r.snapshot.seller,
            r.level,
        )
        for r in rows
    ]
    table(
        "Listings",
        ("row", "source", "ref", "title", "price", "seller", "level"),
        shown,
        "No listing is kept yet: `touchstone crawl` brings them.",
    )


@listings.command("find")
def listing_find(
    words: Annotated[
        list[str] | None, typer.Argument(help="Each must be in the listing: title, text, brand, seller, place, reference.")
    ] = None,
    brand: Annotated[list[str] | None, typer.Option(help="Of this brand, as its page says. Of several, any; so of each filter.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="On this source.")] = None,
    level: Annotated[list[Level] | None, typer.Option(help="Flagged at this level.")] = None,
    reason: Annotated[list[str] | None, typer.Option(help="With this reason code in its newest flag.")] = None,
    seller: Annotated[list[int] | None, typer.Option(help="Of the seller with this row number.")] = None,
    area: Annotated[
        list[str] | None, typer.Option(help="In this postcode district (M32) or local authority (E08000009), as its page says.")
    ] = None,
    judged: Annotated[bool | None, typer.Option("--judged/--unjudged", help="Judged on the findings it now has, or not.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=DAY, help="Last seen on this day (UTC) or later.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=DAY, help="Last seen before this day (UTC).")] = None,
    low: Annotated[str | None, typer.Option(help="Priced at this or more, as 12.50.")] = None,
    high: Annotated[str | None, typer.Option(help="Priced at this or less.")] = None,
    currency: Annotated[str, typer.Option(help="Of the prices.")] = "GBP",
    urgent: Annotated[bool, typer.Option("--urgent", help="Only those that wait for you to judge, priority first, then by score.")] = False,
    after: Annotated[str, typer.Option(help="Go on where the page before said.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many, up to 200.")] = 50,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Find listings by words and filters, those seen last first; how many there are of each source, brand, level, area and reason.

    Example: touchstone listing find gucci bag --source my_marketplace --level review --by a.officer
    Example: touchstone listing find --brand prada --area M32 --low 20 --high 150 --urgent --by a.officer
    """
    query = Query(
        " ".join(words or ()), tuple(source or ()), tuple(brand or ()), tuple(level or ()), tuple(reason or ()), tuple(seller or ()), tuple(area or ()), judged,
        since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC), _minor(low, currency), _minor(high, currency), currency,
        Order.urgent if urgent else Order.newest,
    )  # fmt: skip
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="listing find", justification=why) as reader:
        page = reader.find(query, after=after, limit=limit)
        left_out = reader.left_out().sentence() if urgent else ""
    if json:
        print_json(page)
        return
    shown = [
        (f"{r.last_seen:%Y-%m-%d %H:%M} UTC", r.listing.source, r.listing.ref, r.snapshot.title[:60], price_of(r.snapshot), r.snapshot.seller_name or r.snapshot.seller, r.level)
        for r in page.rows
    ]  # fmt: skip
    table("Listings", ("last seen", "source", "ref", "title", "price", "seller", "level"), shown, "Nothing is found.")
    if page.rows:
        say(f"More than {page.total} are found; of the first {page.total}:" if page.more else f"{page.total} are found:")
    for facet, values in page.facets.items():
        if values:
            say(f"  {facet}: " + ", ".join(f"{value} ({n})" for value, n in values))
    if left_out:
        say(f"{left_out} They are counted here, and shown by: touchstone queue list --waits cleared|skipped|taken")
    if page.next:
        say(f"There are more: --after {page.next}")


def _minor(price: str | None, currency: str) -> int | None:
    if price is None:
        return None
    found = parse_price(price, currency)
    if found is None or found.amount_minor is None or found.currency != currency:
        raise TouchstoneError(f"'{price}' is no price in {currency}; write 12.50")
    return found.amount_minor


@listings.command("show")
def listing_show(source: str, ref: str, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """One listing: its words, what its page says beside them, every reason with its points, and what was not examined.

    Example: touchstone listing show my_marketplace 12345
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="listing show", justification=why) as reader:
        shown = officers_queue.card(reader, reader.listing(source, ref), second=True)
        meetings = reader.same_seller(listing=shown.summary.listing.id)
    if json:
        print_json({**plain(shown), "same_seller": meetings, "same_seller_left_out": meetings.left_out})
        return
    s = shown.summary.snapshot
    say(f"{s.title}  {price_of(s)}")
    say(
        f"{shown.summary.listing.url}\nseller {s.seller_name or s.seller or 'not stated'} · {s.place or 'no place stated'} · {shown.summary.image_count} pictures",
    )
    if beside := beside_words(shown.summary.details):
        say(beside)
    say(s.text)
    if shown.flag is None:
        say("Not weighed yet: `touchstone flag`.")
    else:
        table(
            f"Level {shown.flag.level}, score {shown.flag.score:.2f}: an opinion, not a verdict",
            ("points", "reason", ""),
            [(f"{c.points:+.2f}", c.reason, c.sentence) for c in shown.flag.contributions],
            f"Level {shown.flag.level}: no finding counts.",
        )
        if said := meaning(store, shown.flag):
            shares = ", ".join(f"{said.probability(shown.flag.score, p):.0%} where {p:.0%} are" for p in (0.01, 0.05, 0.2))
            say(f"Of listings with this score so many are suspicious: {shares} (fitted on {said.data}).")
        for missing in shown.flag.not_examined:
            say(f"not examined: {missing}")
    table(
        "Judgements",
        ("when", "who", "says", "reason"),
        [(f"{j.at:%Y-%m-%d %H:%M} UTC", j.actor, j.verdict, j.reason) for j in shown.judgements],
        f"{officers_queue.SECOND_PERSON} `touchstone judge {source} {ref} VERDICT --second`"
        if shown.second
        else "Nobody has judged it yet.",
    )
    show_meetings(meetings)


def show_meetings(found: Meetings) -> None:
    """Listings of the web and sightings that lead to the same seller, and why."""
    rows = [
        (
            m.summary.listing.source,
            m.summary.listing.ref,
            m.summary.snapshot.title[:60],
            price_of(m.summary.snapshot),
            m.summary.level,
            _whys(m),
        )
        for m in found
    ]
    title = "The same seller, by account, contact or picture (a lead, not an identity)"
    table(title, ("source", "ref", "title", "price", "level", "why"), rows, "Nothing else in the store leads to the same seller.")
    if found.left_out:
        say(f"{found.left_out} more lead to the same seller and are not shown; those shown are the sightings and shared contacts first.")


def _whys(meeting: Meeting) -> str:
    return "; ".join(f"same {what} {value[:40]}" + (f" (capture {capture})" if capture else "") for what, value, capture in meeting.why)


@listings.command("export")
def listing_export(
    csv_file: Annotated[Path, typer.Option("--csv", help="The file to write.")],
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """Write the listings to a CSV file; the export is in the log as a disclosure.

    Example: touchstone listing export --csv listings.csv
    """
    csv_file.parent.mkdir(parents=True, exist_ok=True)
    with (
        opened(home) as (folder, store),
        store.acting(person(store, folder, by), purpose="listing export", justification=why) as reader,
    ):
        written = write_csv(csv_file, extract.LISTING_COLUMNS, extract.listings(reader, source))
        reader.disclose("file", {"rows": written, "format": "csv"})
    say(f"{written} listings written to {csv_file}.")


@sellers.command("show")
def seller_show(
    number: Annotated[int, typer.Argument(help="The seller's row number.")],
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """A seller: listings, contacts, and the proposed links with their reasons."""
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="seller show", justification=why) as reader:
        found = reader.sellers([number])
        rows, contacts = reader.seller_listings(number), reader.contacts(seller=number)
        links = reader.links(subject=(SubjectKind.seller, number))
        meetings = reader.same_seller(seller=number)
    if not found:
        say(f"There is no seller {number}.")
        raise typer.Exit(2)
    if json:
        print_json(
            {
                "seller": found[0], "listings": rows, "contacts": contacts, "links": links, "same_seller": meetings,
                "same_seller_left_out": meetings.left_out,
            }
        )  # fmt: skip
        return
    say(f"{found[0].name or found[0].handle} on {found[0].source}")
    table(
        "Listings",
        ("source", "ref", "title", "price", "level"),
        [(r.listing.source, r.listing.ref, r.snapshot.title[:60], price_of(r.snapshot), r.level) for r in rows],
        "No listing.",
    )
    table(
        "Contacts",
        ("kind", "value", "as written", "first capture"),
        [(c.kind, c.value, c.raw, capture) for c, capture in contacts],
        "No contact was found in what it says.",
    )
    table(
        "Links (proposed until a person judges)",
        ("link", "to", "level", "score", "status", "reasons"),
        [
            (x.id, f"{x.object_kind} {x.object}", x.level, f"{x.score:.2f}", x.status, "; ".join(r.sentence for r in x.reasons))
            for x in links
        ],
        "No link.",
    )
    show_meetings(meetings)


def judge(
    source: Annotated[str, typer.Argument(help="The source, or 'link' to judge a proposed link, or 'account' who runs one.")],
    ref: Annotated[str, typer.Argument(help="The source's reference of the listing, or the link's or the seller's number.")],
    verdict: Annotated[Verdict, typer.Argument(help="yes: merits action; no; unsure; undone: of a listing, what you said is taken back.")],
    reason: Annotated[str, typer.Option(help="Why, in your words; with --code what the code does not say.")] = "",
    code: Annotated[str, typer.Option(help="Of a listing: the reason's code in configs/judging.yml.")] = "",
    as_second: Annotated[bool, typer.Option("--second", help="As the second person, of what `touchstone queue second` shows.")] = False,
    add_pictures: Annotated[
        bool, typer.Option("--add-pictures", help="With yes: add its pictures to the reference log, as suspected.")
    ] = False,
    brand: Annotated[str, typer.Option(help="With --add-pictures: the brand, where the listing does not name it.")] = "",
    rests_on: Annotated[
        list[int] | None, typer.Option(help="Of an account: the evidence that a yes rests on (default: all that counts).")
    ] = None,
    by: By = "",
    home: Folder = None,
) -> None:
    """Say yes, no or unsure of a listing, a proposed link, or of who runs an account (yes: shown, no: disputed). A later judgement supersedes an earlier one; none is deleted.

    Pictures that your yes added to the reference log are removed from it when you no longer say yes.

    Example: touchstone judge my_marketplace 12345 yes --reason "stitching and logo wrong" --by a.officer
    Example: touchstone judge my_marketplace 12345 no --code unbranded --by a.officer
    Example: touchstone judge link 7 no --reason "other unit" --by a.officer
    Example: touchstone judge account 12 yes --reason "subscriber and payee are the same man" --rests-on 3 --rests-on 4
    """
    if source in ("link", "account") and (add_pictures or brand):
        raise TouchstoneError("a link or an account has no pictures to add")
    if source in ("link", "account") and (code or as_second or verdict is Verdict.undone):
        raise TouchstoneError(
            "codes, second persons and taking back are for listings; of a link or an account the next judgement supersedes"
        )
    if as_second and add_pictures:
        raise TouchstoneError("a second person's judgement adds no pictures: the first's may have")
    if source != "account" and rests_on:
        raise TouchstoneError("--rests-on names evidence of who runs an account")
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        if source == "account":
            judged = judgements.Judged(attribution.judge(store, folder, _row(ref), verdict, reason, who, tuple(rests_on or ())))
        elif source == "link":
            judged = judgements.Judged(judgements.judge_link(store, folder, _row(ref), verdict, reason, who))
        elif as_second:
            judged = _second(store, folder, source, ref, verdict, reason, who, code)
        else:
            judged = judgements.judge_listing(
                store, folder, source, ref, verdict, reason, who, add_pictures=add_pictures, brand=brand, code=code
            )
    done = judged.judgement
    say(
        f"Judgement {done.id}: {done.verdict} by {done.actor}."
        + (f" It supersedes judgement {done.supersedes}." if done.supersedes else "")
    )
    if add_pictures:
        say(f"{len(judged.added)} pictures added to the reference log as suspected" + _numbers(judged.added))
    if judged.removed:
        say(f"{len(judged.removed)} entries of the reference log removed with it" + _numbers(judged.removed))
    for why in judged.left_out:
        say(f"not added: {why}")


def _second(store: Store, home: Home, source: str, ref: str, verdict: Verdict, reason: str, who: str, code: str) -> judgements.Judged:
    with store.acting(who, purpose="second review") as reader:
        due = reader.second_due(1, listings=[reader.listing(source, ref).listing.id or 0])
    if not due:
        raise TouchstoneError(f"listing {source} {ref} does not wait for you as a second person; touchstone queue second lists what does")
    judged, first = second.judge_second(store, home, due[0], verdict, reason, who, code=code)
    say(f"The first, {first.actor}, said {first.verdict}: {first.reason}")
    return judged


def _row(text: str) -> int:
    if not text.isdigit():
        raise TouchstoneError(f"'{text}' is no number of a link or a seller")
    return int(text)


def _numbers(entries: Sequence[int]) -> str:
    return f", by entries {', '.join(map(str, entries))}." if entries else "."
