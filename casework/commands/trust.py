"""Keys and signed heads: `key …`, `log sign`, `log heads`; and `selftest`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework import heads, keys
from casework.commands.common import By, Folder, Json, opened, person, print_json, say, table
from store.errors import TouchstoneError
from store.trust import Key

app = typer.Typer(no_args_is_help=True, help="The keys by which packs and the log's head are signed.")

PUBLISH = "Publish the fingerprint where others can find it without you (docs/signatures.md), and keep a copy of the key file under lock."


def register(root: typer.Typer, log: typer.Typer) -> None:
    root.command(rich_help_panel="Begin")(selftest)
    log.command("sign")(log_sign)
    log.command("heads")(log_heads)


@app.command("new")
def key_new(
    rotate: Annotated[str, typer.Option("--rotate", help="Why the key that is there ends: a new one takes its place.")] = "",
    by: By = "",
    home: Folder = None,
) -> None:
    """Make an Ed25519 key in the file that configs/touchstone.yml names, readable by you alone, and record its public part.

    A passphrase in the environment variable TOUCHSTONE_KEY_PASSPHRASE locks it. With --rotate the old file is renamed, and what it signed stays checkable.

    Example: touchstone key new --by a.officer

    Example: touchstone key new --rotate "yearly change" --by a.officer
    """
    with opened(home) as (folder, store):
        key, path, old = keys.new(store, folder, person(store, folder, by), rotate=rotate.strip())
    say(f"Key: {path}\nFingerprint: {key.fingerprint}\n{PUBLISH}")
    if old:
        say(f"The old key now lies at {old} and signs no more here. Destroy it once you are sure of the new one.")


@app.command("show")
def key_show(
    fingerprint: Annotated[str, typer.Argument(help="Of which key (default: the one that signs now).")] = "",
    pem: Annotated[bool, typer.Option("--pem", help="Only the public key, in PEM.")] = False,
    json: Json = False,
    home: Folder = None,
) -> None:
    """The fingerprint and the public key: SHA-256 of its DER, as `openssl pkey -pubin -in KEY -outform DER | sha256sum` gives it.

    Example: touchstone key show
    """
    with opened(home) as (_folder, store):
        found = store.signing_keys()
    if fingerprint:
        wanted = [key for key in found if key.fingerprint == keys.plain_fingerprint(fingerprint)]
    else:
        wanted = [key for key in found if key.until is None][-1:]
    if not wanted:
        raise TouchstoneError("no such key is known here; `touchstone key list` shows what is, `touchstone key new` makes one")
    [key] = wanted
    if json:
        print_json(key)
    elif pem:
        typer.echo(key.public_pem, nl=False)
    else:
        say(f"Fingerprint: {key.fingerprint}\n{_life(key)}\n{key.public_pem}".rstrip())


@app.command("list")
def key_list(json: Json = False, home: Folder = None) -> None:
    """Every key that ever signed here, and from when until when.

    Example: touchstone key list
    """
    with opened(home) as (_folder, store):
        found = store.signing_keys()
    if json:
        print_json(found)
        return
    rows = [(k.fingerprint, f"{k.since:%Y-%m-%d %H:%M}", f"{k.until:%Y-%m-%d %H:%M}" if k.until else "signs", k.reason) for k in found]
    table("Keys", ("fingerprint", "since (UTC)", "until", "why it ended"), rows, "No key yet: `touchstone key new`.")


@app.command("end")
def key_end(
    fingerprint: Annotated[str, typer.Argument(help="Which key.")],
    why: Annotated[str, typer.Option("--why", help="Why it signs no more: lost, or others may have read it.")],
    by: By = "",
    home: Folder = None,
) -> None:
    """Record that a key signs no more: one that was lost, or that others may have read. `key new --rotate` does this where the file is there.

    Example: touchstone key end 3f2a… --why "laptop lost on the train" --by a.officer
    """
    with opened(home) as (folder, store):
        plain = keys.plain_fingerprint(fingerprint)
        store.end_key(plain, actor=person(store, folder, by), authority=folder.settings.authority.code, reason=why)
    say(f"The key {plain} signs no more. Say so where its fingerprint was published, with the day from which it is not to be relied on.")


def _life(key: Key) -> str:
    until = f" until {key.until:%Y-%m-%d %H:%M} UTC: {key.reason}" if key.until else ""
    return f"Signs since {key.since:%Y-%m-%d %H:%M} UTC{until}"


def log_sign(by: By = "", json: Json = False, home: Folder = None) -> None:
    """Sign the log's head as it is now, and have it stamped where an authority is configured. `schedule run` does so once a day.

    Example: touchstone log sign --by a.officer
    """
    with opened(home) as (folder, store):
        head = heads.sign(store, folder, person(store, folder, by))
    if json:
        print_json(heads.shown(head))
        return
    say(f"Signed: event {head.seq}, digest {head.chain}\nKey: {head.fingerprint}")
    say(
        f"Stamped by the authority at {head.stamped_at:%Y-%m-%d %H:%M:%S} UTC." if head.stamped_at else f"No trusted time: {head.no_stamp}."
    )


def log_heads(
    export: Annotated[Path | None, typer.Option("--export", help="Write them to this new file, to be kept by somebody else.")] = None,
    json: Json = False,
    home: Folder = None,
) -> None:
    """The signed heads of the log. A copy that somebody else keeps is what finds out an administrator who rewrites the log and has the key.

    Example: touchstone log heads --export heads-2026-11.jsonl
    """
    with opened(home) as (_folder, store):
        found, written = store.signed_heads(), heads.lines(store) if export else []
    if export:
        try:
            with export.open("x", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in written)
        except OSError as error:
            raise TouchstoneError(f"{export}: it cannot be written ({error.strerror}); a file that is there is not written over") from None
        say(f"{len(written)} signed heads written to {export}. Check a log against it: touchstone log verify --heads {export}")
    elif json:
        print_json([heads.shown(head) for head in found])
    else:
        rows = [(h.seq, f"{h.at:%Y-%m-%d %H:%M}", h.chain[:16] + "…", h.fingerprint[:16] + "…", f"{h.stamped_at:%Y-%m-%d %H:%M:%S}" if h.stamped_at else f"none: {h.no_stamp}") for h in found]  # fmt: skip
        table(
            "Signed heads",
            ("event", "signed (UTC)", "digest", "key", "trusted time"),
            rows,
            "No head was signed yet: `touchstone log sign`.",
        )


def selftest(json: Json = False) -> None:
    """Run the self-test that each pack's validation record holds: a small battery over the installed software. Exit status 1 where a check fails.

    Example: touchstone selftest
    """
    from casework import selftest as battery

    checks = battery.run()
    if json:
        print_json(battery.as_rows(checks))
    else:
        for check in checks:
            say(f"{'ok    ' if check.passed else 'FAILED'} {check.name}: {check.about}")
            if not check.passed:
                say(f"       expected {check.expected!r}\n       seen     {check.seen!r}")
    if not all(check.passed for check in checks):
        raise typer.Exit(1)
