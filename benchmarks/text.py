"""What reading words costs, beside what a user would pick instead.

1. The text model on listings of real lengths, on two cores, beside a `transformers` pipeline in torch fp32 over a network of the same
   shape: at the pipeline's default batch size of 1, and at the best of several, sorted by length and padded only within a batch.
2. The rules beside the text model.
3. `detect` and `flag` over listings in a store: the cost of a listing at two sizes, in seconds and in processor time, which a busy machine
   disturbs less. Without the text model, whose cost a listing is the same at any size and would hide what grows; `--with-model` adds it.

    python benchmarks/text.py [--rows 10000] [--more 100000] [--weights model.safetensors]

`--weights` are the fp32 weights that `touchstone train text` leaves beside what it serves; without, the pipeline's are random, which takes as
long. The pipeline wants the extra `train`; without it part 1 gives our own rate alone.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from detectors import contract
from detectors.brands import Brands, read_brands
from detectors.contract import Context
from detectors.reading.augment import phrases
from detectors.reading.encoder import FOLDER, VOCABULARY
from store.config import defaults_folder
from store.store import Store
from store.words.records import Capture, CaptureKind, Parsed, Snapshot

CORES = 2
SIZES = (1, 8, 32, 128)


def listings(number: int, seed: int = 1) -> list[Snapshot]:
    """Invented listings as long as real ones: titles of 2 to 12 words; half have a description of 5 to 60 words."""
    chance, said, out = random.Random(seed), phrases(), []
    for at in range(number):
        goods = chance.choice(said.goods)
        title = [goods.brand, chance.choice(goods.models), *chance.sample(said.details, chance.randrange(4)), f"ref {at}"]
        text = ". ".join(chance.sample(said.plain, chance.randrange(2, 14))) if chance.random() < 0.5 else ""
        out.append(Snapshot(" ".join(title), text, id=at + 1))
    return out


def work(name: str, batch: Sequence[Snapshot]) -> int:
    settings, brands = configured()
    said = contract.examine(name, batch, Context(settings[name], brands))
    assert all(each.outcome != "failed" for each in said), [each.detail for each in said if each.outcome == "failed"][:1]
    return len(said)


@cache
def configured() -> tuple[dict[str, Any], Brands]:
    defaults = defaults_folder()
    settings = contract.read_settings(defaults / "detectors.yml", contract.discover().values())
    return settings, read_brands(sorted((defaults / "brands").glob("*.yml")))


def rate(name: str, every: Sequence[Snapshot], rounds: int = 3) -> float:
    """Listings a second of one detector over two processes."""
    parts = [every[at : at + 50] for at in range(0, len(every), 50)]
    with ProcessPoolExecutor(CORES) as pool:
        list(pool.map(work, [name] * 8, [part[:5] for part in parts[:8]]))  # processes and models are there
        return len(every) / min(timed(lambda: list(pool.map(work, [name] * len(parts), parts))) for _ in range(rounds))


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def pipeline_rates(texts: Sequence[str], weights: Path | None) -> dict[int, float]:
    """Listings a second of the pipeline at each batch size; {} where torch or transformers is not installed."""
    try:
        import torch
        import transformers
    except ImportError:
        return {}
    torch.set_num_threads(CORES)
    config = transformers.BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, num_labels=1, attn_implementation="sdpa"
    )
    model: Any = transformers.BertForSequenceClassification(config).eval()
    if weights:
        from safetensors.torch import load_file

        own = load_file(str(weights))
        body = {name.replace("layers.", "encoder.layer."): value for name, value in own.items() if not name.startswith("head")}
        missing = model.bert.load_state_dict(body, strict=False)
        assert not missing.unexpected_keys and all(name.startswith("pooler") for name in missing.missing_keys), missing
    tokenizer = transformers.BertTokenizerFast(str(FOLDER / VOCABULARY))
    classify = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer, device=-1)
    out = {}
    for size in SIZES:
        ordered = list(texts) if size == 1 else sorted(texts, key=len)
        classify(ordered[:32], batch_size=size, truncation=True, max_length=64)
        out[size] = len(texts) / min(
            timed(lambda s=size, o=ordered: classify(o, batch_size=s, truncation=True, max_length=64)) for _ in range(2)
        )  # type: ignore[misc]
    return out


def passes(every: Sequence[Snapshot], only: Sequence[str]) -> tuple[float, float, float]:
    """Seconds that `detect` (these detectors) and `flag` take over a new store that holds these listings, two processes, and their
    processor time."""
    from casework import flags
    from detectors import run
    from store.config import Home
    from store.executors import PoolExecutor
    from store.store import Store

    with tempfile.TemporaryDirectory() as folder:
        home, pool = Home(Path(folder)), PoolExecutor(CORES)
        home.path("var").mkdir()
        with Store.open(home) as store:
            filled(store, home.settings.authority.code, every)
            before = _processor()
            detecting = timed(lambda: run.run(store, home, pool, only=only))
            flagging = timed(lambda: flags.run(store, home, pool))
            with store.acting("system", purpose="report") as reader:
                assert len(list(reader.summaries(limit=10))) == 10
        pool.shutdown()  # its processes count once they have ended
    return detecting, flagging, _processor() - before


def _processor() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def filled(store: Store, authority: str, every: Sequence[Snapshot]) -> None:
    """One page that holds all the listings, read once."""
    now = datetime.now(UTC)
    kept = store.begin_run("crawl", actor="system", authority=authority, code_version="bench", config_digest="0" * 64, source="bench")
    with store.archive.writer(kept.id) as writer:
        page = Capture(None, kept.id, "bench", CaptureKind.page, "GET", "urn:x", "urn:x", (), 200, (), (), "", 0, now, now)
        capture = store.keep(writer, page, b"x", actor="system", purpose="market_sweep")
    parsed = [Parsed(str(number), f"urn:x:{number}", snapshot) for number, snapshot in enumerate(every)]
    for at in range(0, len(parsed), 1000):
        store.keep_readings(capture, "bench", "bench/1", parsed[at : at + 1000], kept.id)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--more", type=int, default=0, help="a second size of the store, such as 100000")
    options.add_argument("--sample", type=int, default=1000, help="listings that parts 1 and 2 read")
    options.add_argument("--weights", type=Path)
    options.add_argument("--with-model", action="store_true", help="part 3 with the text model too")
    given = options.parse_args()
    every = listings(given.sample)
    ours = rate("text_model", every)
    print(f"text model: {ours:.0f} listings a second on {CORES} cores")
    theirs = pipeline_rates([f"{s.title}. {s.text}" if s.text else s.title for s in every], given.weights)
    if theirs:
        best = max(theirs, key=lambda size: theirs[size])
        print(
            f"  pipeline, torch fp32: {theirs[1]:.0f} at batch 1, {theirs[best]:.0f} at batch {best}: {ours / theirs[1]:.2f} × and {ours / theirs[best]:.2f} ×"
        )
    rules = rate("text_terms", every)
    print(f"rules: {rules:.0f} listings a second, {rules / ours:.1f} × the text model")
    only = ("text_terms", "many_brands", "seller_stock", "new_account", *(["text_model"] if given.with_model else []))
    costs = []
    for rows in filter(None, (given.rows, given.more)):
        detecting, flagging, processor = passes(listings(rows), only)
        costs.append(((detecting + flagging) / rows, processor / rows))
        each, own = (1000 * cost for cost in costs[-1])
        print(
            f"{rows:,} listings: detect {detecting:.1f} s, flag {flagging:.1f} s, {each:.2f} ms a listing; {own:.2f} ms of a processor",
            flush=True,
        )
    if len(costs) > 1:
        seconds, processor = (costs[1][at] / costs[0][at] for at in (0, 1))
        print(f"  cost of a listing at the greater size over the smaller: {seconds:.2f} in seconds, {processor:.2f} in processor time")


if __name__ == "__main__":
    main()
