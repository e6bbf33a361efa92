"""A command of ours in a process of its own, begun by a page that does not wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence

from store.config import Home


def start(home: Home, arguments: Sequence[str], name: str) -> subprocess.Popen[bytes]:
    """Run `touchstone ARGUMENTS` over a working folder. What it says is kept in var/log/NAME.log, written anew; its rows tell how it went.

    It goes on when whoever began it ends: a desk that is restarted breaks no run off.
    """
    log = home.path("var/log") / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, arguments as a list
            [sys.executable, "-m", "casework.cli", *arguments, "--home", str(home.folder.resolve())],
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )  # fmt: skip
    threading.Thread(target=process.wait, daemon=True, name=f"waits for {name}").start()
    return process
