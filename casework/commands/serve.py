"""`serve` shows the desk; `account` says who may sign in there."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, home_of, opened, person, print_json, say, table
from casework.desk.settings import Role, read_desk
from store.accounts import SignIn
from store.errors import TouchstoneError

app = typer.Typer(no_args_is_help=True, help="Who may sign in at the desk, and in which role.")
PORT = 8100


def register(main: typer.Typer) -> None:
    main.command(rich_help_panel="Judging")(serve)


def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than this machine reach it only where it is not 127.0.0.1.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = PORT,
    root_path: Annotated[str, typer.Option(help="The prefix under which a reverse proxy shows it, such as /touchstone.")] = "",
    certificate: Annotated[Path | None, typer.Option(help="PEM: speak TLS by itself, without a proxy.", exists=True)] = None,
    key: Annotated[Path | None, typer.Option(help="PEM: the certificate's key.", exists=True)] = None,
    home: Folder = None,
) -> None:
    """Show the desk, where officers and investigators work, until it is stopped (Ctrl-C).

    Example: touchstone account add a.officer --role officer
    Example: touchstone serve
    Example: touchstone serve --host 0.0.0.0 --certificate desk.pem --key desk.key
    """
    import uvicorn

    from casework.desk.app import create_app

    folder = home_of(home)
    settings = read_desk(folder)
    with opened(home) as (_, store):
        if not store.accounts():
            say("Nobody has an account yet: `touchstone account add NAME --role supervisor`, and others after it.")
    if host not in ("127.0.0.1", "::1", "localhost") and certificate is None and not settings.proxies:
        say(
            "What is sent to and from this address can be read on the way: put a reverse proxy with TLS before it (`proxies:` in configs/desk.yml), or give --certificate and --key."
        )
    desk = create_app(folder, hosts=() if host in ("0.0.0.0", "::") else (host,))  # noqa: S104 - compared, not listened on
    config = uvicorn.Config(
        desk, host=host, port=port, root_path=root_path.rstrip("/"), log_level="warning", server_header=False, date_header=True,
        proxy_headers=bool(settings.proxies), forwarded_allow_ips=list(settings.proxies) or None,
        ssl_certfile=certificate, ssl_keyfile=key, timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with config.bind_socket() as socket:
        socket.listen(config.backlog)  # who is told the address is answered there
        shown = f"[{host}]" if ":" in host else host
        say(
            f"The desk is at {'https' if certificate else 'http'}://{shown}:{socket.getsockname()[1]}{config.root_path}/ (stop it with Ctrl-C)."
        )
        server.run(sockets=[socket])


@app.command("add")
def account_add(
    name: Annotated[str, typer.Argument(help="As the log shall have it, such as a.officer.")],
    role: Annotated[Role, typer.Option(help="What they may do: configs/desk.yml.")],
    full_name: Annotated[str, typer.Option("--full-name", help="As their colleagues know them.")] = "",
    no_password: Annotated[bool, typer.Option("--no-password", help="Their identity provider lets them in.")] = False,
    by: By = "",
    home: Folder = None,
) -> None:
    """Let a person sign in. A first password is made and shown once; they choose their own when they first sign in.

    Example: touchstone account add a.officer --role officer --full-name "A. Officer"
    """
    from casework.desk import people

    with opened(home) as (folder, store):
        rules, who = read_desk(folder).sign_in, person(store, folder, by)
        people.open_account(store, name, full_name or name, role, authority=folder.settings.authority.code, by=who)
        say(f"{name} may sign in as {role}.")
        if not no_password:
            say(f"First password, shown this once: {people.renew(store, name, rules, by=who)}")


@app.command("list")
def account_list(json: Json = False, home: Folder = None) -> None:
    """Who may sign in, in which role, and when they last did.

    Example: touchstone account list
    """
    with opened(home) as (_, store):
        accounts = [(a, next((at for says, _, at in store.sign_ins(a.actor) if says is SignIn.good), None)) for a in store.accounts()]
    if json:
        print_json(
            [{"name": a.actor, "full_name": a.name, "role": a.role, "opened_at": a.opened_at, "last_sign_in": at} for a, at in accounts]
        )
        return
    rows = [(a.actor, a.name, a.role or "closed", f"{at:%Y-%m-%d %H:%M} UTC" if at else "never") for a, at in accounts]
    table(
        "Accounts",
        ("name", "full name", "role", "last sign-in"),
        rows,
        "Nobody has an account: `touchstone account add NAME --role supervisor`.",
    )


@app.command("role")
def account_role(name: str, role: Role, by: By = "", home: Folder = None) -> None:
    """Give somebody another role, or open a closed account again; they sign in anew.

    Example: touchstone account role a.officer supervisor
    """
    with opened(home) as (folder, store):
        store.give_role(name, role, by=person(store, folder, by))
    say(f"{name} is {role} now.")


@app.command("close")
def account_close(name: str, by: By = "", home: Folder = None) -> None:
    """Let somebody in no more. What they did stays theirs in the log.

    Example: touchstone account close a.officer
    """
    with opened(home) as (folder, store):
        store.give_role(name, "", by=person(store, folder, by))
    say(f"{name}'s account is closed, and they are signed out.")


@app.command("password")
def account_password(
    name: str,
    ask: Annotated[
        bool, typer.Option("--ask", help="Type it in instead of having one made; from standard input where that is no terminal.")
    ] = False,
    by: By = "",
    home: Folder = None,
) -> None:
    """Set a new password for somebody, who is signed out and chooses their own at the next sign-in.

    Example: touchstone account password a.officer
    """
    from casework.desk import people

    with opened(home) as (folder, store):
        rules, who = read_desk(folder).sign_in, person(store, folder, by)
        if ask:
            people.set_password(store, name, _typed(), rules, temporary=False, by=who)
            store.note_sign_in(name, SignIn.unlocked, by=who)
            say(f"{name}'s password is set.")
        else:
            say(f"{name}'s new password, shown this once: {people.renew(store, name, rules, by=who)}")


@app.command("unlock")
def account_unlock(name: str, by: By = "", home: Folder = None) -> None:
    """Let somebody try again at once, after too many wrong passwords.

    Example: touchstone account unlock a.officer
    """
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        if store.account(name) is None:
            raise TouchstoneError(f"'{name}' has no account; `touchstone account list` shows who has")
        store.note_sign_in(name, SignIn.unlocked, by=who)
    say(f"{name} may try again.")


def _typed() -> str:
    return getpass.getpass("New password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
