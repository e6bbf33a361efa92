"""The command `touchstone`: passes first, then a noun and a verb. Exit status: 0 good, 1 expectations unmet, 2 could not run."""

from __future__ import annotations

import logging
import os
import sys

import typer

# before NumPy is loaded, here or in a worker: a pass has processes of its own, and threads that wait for one another cost four times the work
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from casework.commands import (
    capture,
    cases,
    data,
    digest,
    disclosure,
    drafts,
    evaluate,
    followup,
    history,
    home,
    intel,
    learning,
    listings,
    log,
    match,
    methods,
    money,
    network,
    notes,
    occupants,
    operations,
    pack,
    passes,
    pictures,
    places,
    queue,
    ranking,
    reading,
    refer,
    references,
    registers,
    schedule,
    serve,
    sightings,
    sources,
    tips,
    trust,
)
from casework.commands.common import err
from store.errors import TouchstoneError

app = typer.Typer(
    name="touchstone",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Finds the listings of likely fake designer goods that merit an officer's look.\n\n"
    "Machines give opinions with reasons; people judge; nothing is ever sent.\n\n"
    "[bold]Begin with[/]\n\n  touchstone init work && cd work\n\n  touchstone scan\n\n  touchstone queue list",
)
passes.register(app)
capture.register(app)
home.register(app)
serve.register(app)
app.add_typer(serve.app, name="account")
app.add_typer(tips.app, name="tips")
app.add_typer(sources.app, name="source")
app.add_typer(listings.listings, name="listing")
app.add_typer(listings.sellers, name="seller")
ranking.register(listings.sellers)
app.add_typer(queue.queue, name="queue")
app.add_typer(notes.note, name="note")
listings.register(app)
learning.register(app)
history.register(listings.listings)
occupants.register(listings.sellers)
places.premises.add_typer(occupants.app, name="occupant")
network.register(listings.sellers)
app.add_typer(operations.app, name="operation")
app.add_typer(schedule.app, name="schedule")
app.add_typer(digest.app, name="digest")
app.add_typer(sightings.app, name="sighting")
app.add_typer(references.app, name="reference")
app.add_typer(registers.app, name="register")
app.add_typer(places.premises, name="premises")
followup.register(places.premises)
app.add_typer(followup.app, name="followup")
app.add_typer(followup.purchase, name="purchase")
match.register(places.premises)
money.register_case(cases.app)
app.add_typer(cases.app, name="case")
pack.register(cases.app)
app.add_typer(drafts.app, name="draft")
money.register(app)
app.add_typer(intel.app, name="intel")
app.add_typer(refer.app, name="refer")
app.add_typer(disclosure.app, name="disclosure")
app.add_typer(methods.app, name="method")
app.add_typer(evaluate.app, name="evaluate")
reading.register(pictures.train)
app.add_typer(pictures.train, name="train")
app.add_typer(pictures.index, name="index")
data.register(app)
app.add_typer(log.app, name="log")
app.add_typer(trust.app, name="key")
trust.register(app, log.app)


def main() -> None:
    """Run a command; an error of ours is one clear sentence and exit status 2, never a traceback."""
    _quiet()
    try:
        app()
    except TouchstoneError as error:
        err.print(f"[red]touchstone:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(2)


def _quiet() -> None:
    """Structured logs go to standard error, warnings and worse only: a command's output is its answer."""
    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )


if __name__ == "__main__":
    main()
