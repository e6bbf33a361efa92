"""Pass: link. Each seller, and each listing without one, against the registers' premises and against other sellers.

It looks at everything each time, since a new register or a new advert may change what is known of an old seller. What it
finds again is not kept again, so that it can be run twice; what it found before and does not find now is said to be no longer
found. Only the links of the method in force count: a changed premises.yml is recorded beside it, in evaluation, until promoted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from itertools import chain

from premises import evidence, link
from premises.known import known
from premises.network import linking
from premises.network.settings import network_settings
from premises.settings import LINKER_VERSION, LinkSettings, link_settings, linker
from store.config import Home, defaults_folder, digest, load
from store.findings import shipped_status
from store.places import Pair, pair_of
from store.runs import PassResult
from store.store import Acting, Store
from store.version import code_version
from store.words.records import Link, Method, Outcome, Status

PURPOSE = "link"
BATCH = 200
Progress = Callable[[int, int], None]


def run(
    store: Store, home: Home, executor: Executor | None = None, *, actor: str = "system", progress: Progress | None = None
) -> PassResult:
    """Propose links; how many were new. `executor` is not used yet: one core links some hundred sellers a second."""
    settings = link_settings(home)
    method = linker(settings)
    number = store.keep_method(method)
    status = shipped_status(store, number, _is_shipped(method), actor)
    started = store.begin_run(
        "link",
        actor=actor,
        authority=home.settings.authority.code,
        code_version=code_version(),
        config_digest=digest(home, ["premises.yml", "network.yml", "registers"]),
    )
    counts: Counter[str] = Counter()
    try:
        with store.acting(actor, purpose=PURPOSE, justification="linking sellers to premises", run=started.id) as reader:
            total = store.counts()["sellers"]
            found: set[Pair] = set()
            for batch in _batches(_links(reader, settings, method.digest, counts, progress, total)):
                counts["new"] += store.keep_links(batch, number, started.id, actor=actor, purpose=PURPOSE)
                found.update(pair_of(one) for one in batch)
        # only now: a pass that broke off half-way does not know what it would have found
        counts["no_longer_found"] = store.keep_no_longer_found(found, number, started.id, actor=actor, purpose=PURPOSE)
        between, networker, standing = linking.run(store, network_settings(home), started.id, actor=actor, purpose=PURPOSE)
        counts["seller_to_seller"] = between["found"]
        counts["new"] += between["new"]
        counts["no_longer_found"] += between["no_longer_found"]
    except BaseException as error:
        store.end_run(started.id, Outcome.failed, dict(counts), str(error)[:500])
        raise
    store.end_run(started.id, Outcome.good, dict(counts))
    return PassResult(Outcome.good, dict(counts), lines=(*_lines(counts, status, number), *linking.lines(between, standing, networker)))


def _is_shipped(method: Method) -> bool:
    """Whether these are the settings that we ship and have measured; any other set starts in evaluation."""
    return linker(load(defaults_folder() / "premises.yml", LinkSettings)).digest == method.digest


def _links(
    reader: Acting, settings: LinkSettings, method: str, counts: Counter[str], progress: Progress | None, total: int
) -> Iterator[Link]:
    for done, each in enumerate(chain(evidence.of_sellers(reader), evidence.of_listings(reader)), 1):
        counts["examined"] += 1
        counts["with_an_address"] += bool(each.said)
        found = []
        if each.leads:
            found = link.propose(each, known(reader, each, link.candidates(reader, each), settings), settings, method)
        for one in found:
            counts[f"to_{one.level}"] += 1
        counts["without_a_link"] += not found
        yield from found
        if progress:
            progress(done, max(done, total))


def _batches(links: Iterable[Link]) -> Iterator[list[Link]]:
    batch: list[Link] = []
    for one in links:
        batch.append(one)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    yield batch


def _lines(counts: Counter[str], status: Status, method: int) -> tuple[str, ...]:
    return (
        f"{counts['examined']:,} sellers and listings looked at, {counts['with_an_address']:,} of them say where they are",
        f"{counts['to_unit']:,} links to a unit, {counts['to_building']:,} to a building only; {counts['new']:,} are new, those between sellers among them",
        f"{counts['without_a_link']:,} without any premises proposed; {counts['no_longer_found']:,} earlier links are no longer found",
        f"linker version {LINKER_VERSION}, status: {status}"
        + (
            ""
            if status is Status.in_force
            else f"; its links are shown and ranked once it is in force: `touchstone method promote {method}`"
        ),
        "proposed links are leads: an officer confirms or refuses each",
    )
