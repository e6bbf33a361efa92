"""What keeping a capture costs: bytes to the archive and disk, the row, its location and its event, beside warcio alone.

What a user would pick instead is warcio writing the same records to one file, flushed to disk after each as ours are, with no
database and no log. Both run in turns in one process; read the ratio, not the seconds.

    python benchmarks/keep.py [--pages 400] [--size 20000]
"""

from __future__ import annotations

import argparse
import io
import os
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from store.store import Store
from store.words.records import Actor, Authority, Capture, CaptureKind


def pages(count: int, size: int) -> list[bytes]:
    noise = random.Random(1)
    words = [bytes(noise.choices(b"abcdefghijklmnopqrstuvwxyz", k=noise.randint(2, 9))) for _ in range(4000)]
    return [b" ".join(noise.choices(words, k=size // 7)) for _ in range(count)]


def ours(bodies: list[bytes], folder: Path) -> float:
    store = Store(f"sqlite:///{folder}/t.db", folder / "archive")
    store.migrate()
    store.keep_authority(Authority("bench", "Benchmark"))
    store.keep_actor(Actor("system", "bench", "Touchstone", "system", is_person=False))
    run = store.begin_run("crawl", actor="system", authority="bench", code_version="bench", config_digest="0" * 64, source="bench")
    began = time.perf_counter()
    with store.archive.writer(run.id) as writer:
        for n, body in enumerate(bodies):
            now, url = datetime.now(UTC), f"http://127.0.0.1/item/{n}"
            headers = (("Content-Type", "text/html"),)
            store.keep(
                writer,
                Capture(None, run.id, "bench", CaptureKind.page, "GET", url, url, (), 200, headers, headers, "", 0, now, now),
                body,
                actor="system",
                purpose="market_sweep",
            )
    took = time.perf_counter() - began
    store.close()
    return took


def warcio_alone(bodies: list[bytes], folder: Path) -> float:
    began = time.perf_counter()
    with (folder / "alone.warc.gz").open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for n, body in enumerate(bodies):
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(f"http://127.0.0.1/item/{n}", "response", payload=io.BytesIO(body), http_headers=headers)
            )
            file.flush()
            os.fsync(file.fileno())
    return time.perf_counter() - began


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=400)
    options.add_argument("--size", type=int, default=20_000)
    given = options.parse_args()
    bodies = pages(given.pages, given.size)
    rounds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
            rounds.append((ours(bodies, Path(a)), warcio_alone(bodies, Path(b))))
    mine, alone = min(r[0] for r in rounds), min(r[1] for r in rounds)
    print(
        f"{given.pages} pages of {given.size} bytes, best of 3: kept {given.pages / mine:.0f} a second, warcio alone {given.pages / alone:.0f} a second, ratio {alone / mine:.2f}"
    )


if __name__ == "__main__":
    main()
