"""What pictures cost, side by side with what a user would pick instead, in one run: read the ratios, not the seconds.

1. Fingerprints: all hashes in eight ways of the pictures inside a picture, beside `imagehash.phash` of the whole alone; each with opening the
   file. Features and the descriptor are reported apart.
2. Searching: every hash within a radius among a million, through our store's index, beside a loop over imagehash and faiss called directly.
3. Growing: ten thousand images added to an index of a million, beside making the index again.

    python benchmarks/images.py [--rows 1000000] [--photos DIR]
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import imagehash
import numpy as np
from PIL import Image

from detectors.pictures import descriptor, frames, hashes, prints
from detectors.pictures.opening import opened
from store import tables as t
from store.database import add_all
from store.nearest import Nearest, index_folder
from store.store import Store
from store.words.records import Actor, Authority

VERSION = "bench"
RADIUS = 31


def best(work: Callable[[], Any], rounds: int = 3) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


# -- fingerprints --------------------------------------------------------------------------------------------------------
def drawn(count: int) -> list[bytes]:
    """Pictures of a phone's make: noise at several scales, 1200 by 1600, JPEG."""
    out, random = [], np.random.default_rng(1)
    for _ in range(count):
        whole = np.zeros((1600, 1200, 3))
        for cells in (8, 40, 200):
            small = Image.fromarray(random.integers(0, 255, (cells, cells * 3 // 4, 3), dtype=np.uint8))
            whole += np.asarray(small.resize((1200, 1600), Image.Resampling.BICUBIC)) / 3
        buffer = io.BytesIO()
        Image.fromarray(whole.astype("uint8")).save(buffer, "JPEG", quality=88)
        out.append(buffer.getvalue())
    return out


def phash_alone(files: list[bytes]) -> None:
    for data in files:
        with Image.open(io.BytesIO(data)) as image:
            imagehash.phash(image)


def our_hashes(files: list[bytes]) -> None:
    for data in files:
        grey = opened(data, longest=prints.LONGEST).convert("L")
        for box in frames.inner(np.asarray(grey)):
            hashes.hashes(np.asarray(grey if box == frames.WHOLE else grey.crop(box.pixels(*grey.size))))


def everything(files: list[bytes]) -> None:
    for data in files:
        prints.views(opened(data, longest=prints.LONGEST))


# -- the index -----------------------------------------------------------------------------------------------------------
def filled(store: Store, rows: int, capture: int, start: int = 0) -> np.ndarray[Any, Any]:
    """Images with random fingerprints in the store's own tables; their PDQ hashes."""
    random = np.random.default_rng(start + 1)
    vector = base64.b64encode(random.integers(-127, 128, 1024, np.int8).tobytes()).decode()
    every = random.integers(0, 256, (rows, 32), np.uint8)
    for at in range(0, rows, 20_000):
        part = every[at : at + 20_000]
        names = [hashlib.sha256(bits.tobytes()).hexdigest() for bits in part]
        with store.database.writing() as c:
            add_all(c, t.image, [{"sha256": n, "mime": "image/jpeg", "length": 1, "capture": capture, "problem": ""} for n in names])
            for algorithm in ("pdq", "phash", "vlad"):
                values = (
                    (vector for _ in names)
                    if algorithm == "vlad"
                    else (bits.tobytes().hex()[: 64 if algorithm == "pdq" else 16] * 8 for bits in part)
                )
                one = {"algorithm": algorithm, "version": VERSION, "quality": 100.0}
                add_all(c, t.fingerprint, [{"image_sha256": n, "value": value, **one} for n, value in zip(names, values, strict=True)])
    return every


def naive(every: list[imagehash.ImageHash], query: imagehash.ImageHash) -> int:
    return sum(other - query <= RADIUS for other in every)


def index_figures(rows: int, folder: Path) -> None:
    store = Store(f"sqlite:///{folder}/t.db", folder / "archive")
    store.migrate()
    store.keep_authority(Authority("bench", "Benchmark"))
    store.keep_actor(Actor("system", "bench", "Touchstone", "system", is_person=False))
    capture = _capture(store)
    print(f"filling the store with {rows:,} images …", flush=True)
    every = filled(store, rows, capture)
    index = Nearest(store.database, index_folder(folder / "archive"), VERSION)
    making = best(index.rebuild, 1)
    queries = every[:: rows // 64][:64] ^ np.packbits(np.random.default_rng(3).random((64, 256)) < 0.05, axis=1)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(every)
    index.within("pdq", queries[:1], RADIUS)  # the first search reads the files
    ours, direct = best(lambda: index.within("pdq", queries, RADIUS)), best(lambda: flat.range_search(queries, RADIUS + 1))
    some = [imagehash.ImageHash(np.unpackbits(bits).reshape(16, 16).astype(bool)) for bits in every[:20_000]]
    loop = best(lambda: naive(some, some[7]), 1) * rows / len(some)
    print(
        f"search of {rows:,} × 256 bits within {RADIUS}: {ours / 64 * 1000:.2f} ms a query of 64; {loop / (ours / 64):,.0f} × a loop over imagehash"
    )
    print(f"  (the loop timed on 20,000); {direct / ours:.2f} of faiss called directly")
    adding = []
    for more in range(5):
        filled(store, 10_000, capture, rows + 10_000 * more)
        adding.append(best(index.grow, 1))
    print(
        f"making the index {making:.1f} s; adding 10,000 images, five times: {', '.join(f'{each / making:.2%}' for each in sorted(adding))} of it"
    )
    store.close()


def _capture(store: Store) -> int:
    from datetime import UTC, datetime

    from store.words.records import Capture, CaptureKind

    run = store.begin_run("crawl", actor="system", authority="bench", code_version="bench", config_digest="0" * 64, source="bench")
    with store.archive.writer(run.id) as writer:
        now = datetime.now(UTC)
        kept = store.keep(
            writer, Capture(None, run.id, "bench", CaptureKind.image, "GET", "urn:x", "urn:x", (), 200, (), (), "", 0, now, now), b"x",
            actor="system", purpose="market_sweep",
        )  # fmt: skip
    return kept.id or 0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--photos", type=Path, help="a folder of photographs, instead of drawn ones")
    given = options.parse_args()
    files = [p.read_bytes() for p in sorted(given.photos.rglob("*.jpg"))[:60]] if given.photos else drawn(20)
    everything(files[:1])
    descriptor.shipped()
    alone, ours, whole = best(lambda: phash_alone(files)), best(lambda: our_hashes(files)), best(lambda: everything(files))
    n = len(files)
    print(f"{n} files: imagehash.phash alone {n / alone:.0f} a second; all hashes in eight ways {n / ours:.0f}, ratio {alone / ours:.2f}")
    print(f"  with features and descriptor {n / whole:.1f} a second, {1000 * (whole - ours) / n:.1f} ms more a picture")
    with tempfile.TemporaryDirectory() as folder:
        index_figures(given.rows, Path(folder))


if __name__ == "__main__":
    main()
