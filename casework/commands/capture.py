"""Capturing one page."""

from __future__ import annotations

from typing import Annotated

import typer

from casework.capture import capture as capture_page
from casework.commands.common import EXIT, By, Folder, Json, Why, opened, person, print_json, say, show, table


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Passes")(capture)


def capture(
    url: Annotated[str, typer.Argument(help="The page's address.")],
    operation: Annotated[
        str | None, typer.Option(help="The operation it is for: a capture_once, a test_purchase or a watch on this page.")
    ] = None,
    kind: Annotated[str, typer.Option(help="shop, marketplace, classifieds or social, where no source's YAML says so.")] = "marketplace",
    reason: Annotated[str, typer.Option(help="Why a person's own page is looked at once more, where that is asked for. Recorded.")] = "",
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Archive one page now, with a full-page screenshot where Chromium is there; its listing is read and its pictures kept.

    Example: touchstone capture https://market.example/item/114 --why "complaint 2026/88" --by a.officer
    """
    with opened(home) as (folder, store):
        done = capture_page(store, folder, url, actor=person(store, folder, by), why=why, reason=reason, operation=operation, kind=kind)
    if json:
        print_json(
            {
                "outcome": done.result.outcome,
                "message": done.result.message,
                "run": done.run,
                "captures": done.captures,
                "listings": done.listings,
            }
        )
    else:
        show("capture", done.result)
        rows = [(c.id, c.kind, c.status, c.body_length, c.body_digest, c.url_final) for c in done.captures]
        table("Kept", ("capture", "kind", "status", "bytes", "sha256", "address"), rows, "Nothing was kept.")
        for source, ref, title in done.listings:
            say(f"Listing {source} {ref}: {title}")
    if EXIT[done.result.outcome]:
        raise typer.Exit(EXIT[done.result.outcome])
