"""A process of ours that does one thing with a reactor, which cannot be started twice, and says what came of it in lines of JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from store.errors import TouchstoneError


def end_with(parent: int, how: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent ends; sent at once where the parent has ended already, before it was told to.

    On Linux only.
    """
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, how)
        if os.getppid() != parent:
            os.kill(os.getpid(), how)


def run_alone(
    module: str, arguments: Sequence[str], heard: Callable[[dict[str, Any]], None], environment: Mapping[str, str | None] | None = None
) -> None:
    """Run `python -m module` and give each line of JSON to `heard`. `environment` replaces variables of ours; None takes one away.

    Raises TouchstoneError where it dies without a word.
    """
    given = {name: value for name, value in {**os.environ, **(environment or {})}.items() if value is not None}
    said = False
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-m", module, *arguments, f"--parent={os.getpid()}"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=Path(__file__).resolve().parent.parent,
            env=given,
        )
        assert process.stdout is not None
        with process.stdout:
            for row in process.stdout:
                said = True
                heard(json.loads(row))
        status = process.wait()
        errors.seek(0)
        last = (errors.read().strip().splitlines() or [""])[-1]
    if not said or status not in (0, 1, 2):
        raise TouchstoneError(f"the process of {module} ended with status {status}: {last[:300]}")
