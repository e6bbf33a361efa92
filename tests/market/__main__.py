"""`python -m tests.market`: serves the market until Ctrl-C, or until its parent ends it."""

import argparse
import signal
import threading
from pathlib import Path

from tests.market import start_market


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.market", description=__doc__)
    parser.add_argument("--ports", type=int, nargs=3, default=(8601, 8602, 8603), metavar=("SHOP", "CLASSIFIEDS", "STOREFRONT"))
    parser.add_argument("--write-sources", type=Path, metavar="DIR", help="write the crawler's YAML files there")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    shop, classifieds, storefront = options.ports
    with start_market((shop, classifieds, storefront)) as market:
        if options.write_sources:
            market.write_sources(options.write_sources)
        for name, site in market.sources.items():
            print(f"{name:12} {site.url}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
