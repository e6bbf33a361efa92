"""`tips serve`: the public tip page, in a process of its own and apart from the desk."""

from __future__ import annotations

from typing import Annotated

import typer

from casework.commands.common import Folder, home_of, say

app = typer.Typer(no_args_is_help=True, help="The public tip page, where people say what they saw.")
PORT = 8101


@app.callback()
def _noun() -> None:
    """A noun of one verb keeps its verb."""


@app.command("serve")
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; the public reaches it through your reverse proxy.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = PORT,
    root_path: Annotated[str, typer.Option(help="The prefix under which a reverse proxy shows it, such as /tell-trading-standards.")] = "",
    home: Folder = None,
) -> None:
    """Show the public tip page until it is stopped (Ctrl-C). Nothing of the desk is behind it. It is closed as shipped: docs/public-tips.md.

    Example: touchstone tips serve --port 8101
    """
    import uvicorn

    from casework.desk.settings import read_desk
    from casework.desk.tip_page import create_tip_page

    folder = home_of(home)
    settings = read_desk(folder)
    page = create_tip_page(folder, hosts=() if host in ("0.0.0.0", "::") else (host,))  # noqa: S104 - compared, not listened on
    if blanks := settings.public_tips.blanks:
        say(f"The privacy notice has blanks, and is a draft: fill in {', '.join(blanks)} under `public_tips:` in configs/desk.yml.")
    config = uvicorn.Config(
        page, host=host, port=port, root_path=root_path.rstrip("/"), log_level="warning", access_log=False, server_header=False,
        proxy_headers=bool(settings.proxies), forwarded_allow_ips=list(settings.proxies) or None, limit_concurrency=200, timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with config.bind_socket() as socket:
        shown = f"[{host}]" if ":" in host else host
        say(f"The public tip page is at http://{shown}:{socket.getsockname()[1]}{config.root_path}/tell-us (stop it with Ctrl-C).")
        server.run(sockets=[socket])
