"""`python -m tests.market`: serves the market until Ctrl-C, or until its parent ends it."""

import argparse
import signal
import threading
from contextlib import nullcontext
from pathlib import Path

from tests.market import start_market
from tests.market.awkward import start_group


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.market", description=__doc__)
    parser.add_argument("--ports", type=int, nargs=3, default=(8601, 8602, 8603), metavar=("SHOP", "CLASSIFIEDS", "STOREFRONT"))
    parser.add_argument("--write-sources", type=Path, metavar="DIR", help="write the crawler's YAML files there")
    parser.add_argument("--awkward", action="store_true", help="serve the awkward group too (docs/traits.md), on free ports")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    shop, classifieds, storefront = options.ports
    with start_market((shop, classifieds, storefront)) as market, start_group() if options.awkward else nullcontext() as group:
        served = {**market.sources, **(group.sites if group else {})}
        if options.write_sources:
            market.write_sources(options.write_sources)
            if group:
                group.write_sources(options.write_sources)
        for name, site in served.items():
            print(f"{name:12} {site.url}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
