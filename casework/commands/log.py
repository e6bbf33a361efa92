"""The audit log: show it, export it, verify it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework import logbook
from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.heads import Checked
from store.words.records import Verb

app = typer.Typer(no_args_is_help=True, help="Who did what to which rows, and why: a hash chain.")


@app.command("show")
def log_show(limit: Annotated[int, typer.Option(help="The newest so many.")] = 20, json: Json = False, home: Folder = None) -> None:
    """The newest events."""
    with opened(home) as (_folder, store):
        seq, _ = store.log_head()
        rows = store.log(after=max(0, seq - limit))
    if json:
        print_json([{"seq": e.seq, "event": dict(e.body), "chain": e.chain} for e in rows])
        return
    shown = [
        (
            e.seq,
            e.body["at"][:19].replace("T", " "),
            e.body["verb"],
            e.body["actor"],
            e.body["purpose"],
            "; ".join(f"{k} {v}" for k, v in e.body["subjects"].items())[:60],
        )
        for e in rows
    ]
    table("Log", ("event", "at (UTC)", "verb", "actor", "purpose", "rows"), shown, "The log is empty.")


@app.command("export")
def log_export(
    to: Annotated[Path, typer.Option("--out", help="The file to write: .csv, to be read, or .jsonl, whose chain verify.py checks.")],
    case: Annotated[str, typer.Option(help="Only this case's events.")] = "",
    actor: Annotated[str, typer.Option(help="Only what this person or system did.")] = "",
    verb: Annotated[list[Verb] | None, typer.Option(help="Only this verb; more than once for several.")] = None,
    since: Annotated[str, typer.Option(help="From this day on, as 2026-11-26.")] = "",
    until: Annotated[str, typer.Option(help="Up to this day, included.")] = "",
    about: Annotated[str, typer.Option(help="Only events that name this row, such as seller:7.")] = "",
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """Write the log, or what is asked for of it. In lines of JSON the rest stands as digests, so that the whole chain can be checked by others:

    python3 -I verify.py --log log.jsonl --head DIGEST

    Example: touchstone log export --out log.jsonl --case TS-2026-014 --by a.officer --why "request of the defence"
    """
    chosen = logbook.Choice(
        case,
        actor,
        tuple(verb or ()),
        logbook.day(since, "--since"),
        logbook.day(until, "--until"),
        logbook.subject(about) if about else None,
    )
    with (
        opened(home) as (folder, store),
        store.acting(person(store, folder, by), purpose="log export", justification=why, case=case or None) as reader,
    ):
        taken, seq, head = logbook.write(store, to, chosen)
        reader.disclose(f"export of the log, {to.suffix[1:]}", {"events": taken, "upto": seq})
    say(f"{taken} of {seq} events written to {to}.\nHead of the log at event {seq}: {head}")


@app.command("verify")
def log_verify(
    key: Annotated[
        list[str] | None, typer.Option("--key", help="The fingerprint of a key that signs heads, as published elsewhere; also several.")
    ] = None,
    kept: Annotated[
        Path | None, typer.Option("--heads", help="Signed heads that somebody kept (`log heads --export`): hold this log against them.")
    ] = None,
    home: Folder = None,
) -> None:
    """Walk the chain and the archive, and hold each signed head against the chain; exit status 1 where anything does not hold.

    Without --key a head is held against the key beside it, which whoever rewrote the database may have put there.

    Example: touchstone log verify --key 3f2a… --heads heads-2026-11.jsonl
    """
    from casework import heads, keys, stamps

    wanted = [keys.plain_fingerprint(each) for each in key or []]
    with opened(home) as (folder, store):
        problems, (seq, head) = store.verify(), store.log_head()
        authority = folder.settings.time_stamping
        certificates = stamps.read_certificates(folder.path(authority.certificates.expanduser())) if authority else None
        checks = [("here", heads.check(heads.lines(store), store.chain_at, wanted, certificates))]
        if kept:
            checks.append((f"in {kept}", heads.check(heads.read_file(kept), store.chain_at, wanted, certificates)))
    for where, done in checks:
        problems += [problem if where == "here" else f"{where}: {problem}" for problem in done.problems]
    for problem in problems:
        say(problem)
    for where, done in checks:
        say(_of_heads(where, done, bool(wanted), certificates is not None))
    if problems:
        raise typer.Exit(1)
    say(f"{seq} events, an unbroken chain; the archive holds. Head {head}")


def _of_heads(where: str, done: Checked, named: bool, trusted: bool) -> str:
    if not done.heads:
        return f"No signed heads {where}: nobody but the database vouches for the chain."
    by = "the key given" if named else "the keys beside them, held against no fingerprint (--key)"
    others = (
        f" {len(done.others)} other keys signed some, which were not checked by fingerprint: {', '.join(done.others)}."
        if done.others
        else ""
    )
    by_whom = "by the authority configured" if trusted else "by certificates that stand beside them, of nobody known here"
    stamped = f" {done.stamped} are stamped {by_whom}." if done.stamped else " None is stamped: no trusted time."
    return f"{done.heads} signed heads {where}, {done.signed} by {by}, the last on {done.last[:10] or 'no day'}.{others}{stamped}"
