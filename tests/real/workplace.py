"""A working folder over the real input: its sources with the ports they got, and the commands as a user types them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.market.server import Site
from tests.real.adverts import Advert, serve_adverts
from tests.real.pages import PAGES, serve_pages, write_source

ROOT = Path(__file__).resolve().parents[2]
REGISTER = "hmrc_eat_out_2020"
PREMISES = Path("data") / "premises" / f"{REGISTER}.csv.gz"

Said = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Workplace:
    """A working folder, and the sites that its sources name while they are being served."""

    folder: Path
    pages: Site
    adverts: Site

    def touchstone(self, *arguments: str, every: float = 0, say: Said | None = None) -> tuple[int, str, str]:
        """Run a command: exit status, output, errors. `say` hears every so many seconds how far the sites have been asked."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TOUCHSTONE_ACTOR": "a.demo-officer", "COLUMNS": "150"}
        command = [sys.executable, "-m", "casework.cli", *arguments]
        began = time.monotonic()
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(command, cwd=self.folder, stdout=said, stderr=errors, text=True, env=environment)
            while True:
                try:
                    status = process.wait(every or None)
                    break
                except subprocess.TimeoutExpired:
                    if say:
                        say(
                            f"  {time.monotonic() - began:4.0f} s: {len(self.pages.requests) + len(self.adverts.requests):,} requests answered"
                        )
            said.seek(0)
            errors.seek(0)
            return status, said.read(), errors.read()


@contextmanager
def workplace(folder: Path, shared: Path, adverts: Sequence[Advert]) -> Iterator[Workplace]:
    """A fresh working folder, laid out by `touchstone init`, whose five sources are being served until the block ends."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages, site = serve_pages(shared), serve_adverts(adverts)
    try:
        place = Workplace(folder, pages, site)
        status, _, errors = place.touchstone("init", str(folder))
        if status:
            raise RuntimeError(errors)
        sources = folder / "configs" / "sources"
        shutil.rmtree(sources)
        for name in PAGES:
            write_source(sources, name, pages)
        write_source(sources, "adverts", site, count=len(adverts))
        yield place
    finally:
        pages.close()
        site.close()
