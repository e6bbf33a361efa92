"""`scrapy crawl SOURCE`: the same code as `touchstone crawl`, so that it keeps, counts and exits 1 where Scrapy's own exits 0."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from store.config import Home


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "<source>"

    def short_desc(self) -> str:
        return "Crawl a source, by its name, into the working folder (TOUCHSTONE_HOME, or the nearest with configs/touchstone.yml)"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.unit import EXIT, crawl
        from store.errors import TouchstoneError

        if len(args) != 1:
            raise UsageError
        folder = os.environ.get("TOUCHSTONE_HOME")
        try:
            result = crawl(Home(Path(folder)) if folder else Home.find(), args[0])
        except TouchstoneError as error:
            sys.stderr.write(f"{error}\n")
            self.exitcode = 2
            return
        sys.stdout.write("\n".join(result.lines) + "\n")
        self.exitcode = EXIT[result.outcome]
