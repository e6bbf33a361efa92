"""The pass `reread`: kept bytes read again under the current parser, without the network. A better parser is no new version of a listing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any

from crawler.entrances import is_feed
from crawler.pages import decoded, page_of
from crawler.platforms import parser_version
from crawler.reading import read_page, role
from crawler.source import Source, find_sources
from store.config import Home, digest
from store.errors import TouchstoneError
from store.runs import PassResult
from store.store import SYSTEM, Acting, Store
from store.version import code_version
from store.words.records import Capture, CaptureKind, Outcome, Run

Progress = Callable[[str, Mapping[str, int]], None]
PAGE = 200
DOCUMENTS = (CaptureKind.page, CaptureKind.rendered, CaptureKind.handed_in)


def run(
    store: Store,
    home: Home,
    executor: Executor | None = None,
    *,
    sources: Iterable[str] | None = None,
    actor: str = SYSTEM,
    progress: Progress | None = None,
) -> PassResult:
    """Read every kept page of these sources (all, where none is named) under the current parser versions. Safe to run twice."""
    results = [(source.name, _reread(store, home, source, actor, progress)) for source in find_sources(home, sources)]
    counts = sum((each for _, each in results), Counter[str]())
    bad = [name for name, each in results if each["parse raised"]]
    message = f"the parser raised on pages of {', '.join(bad)}" if bad else ""
    lines = tuple(
        f"{name}: {'FAIL' if name in bad else 'done'}. pages {each['pages']}, readings {each['readings']}, pictures joined {each['pictures joined']}, "
        f"not understood {each['not understood']}, parser raised {each['parse raised']}, bytes gone {each['bytes gone']}"
        for name, each in results
    )
    return PassResult(Outcome.unmet if bad else Outcome.good, dict(counts), message, lines)


def _reread(store: Store, home: Home, source: Source, actor: str, progress: Progress | None) -> Counter[str]:
    config = digest(home, ["touchstone.yml", f"sources/{source.name}.yml"])
    run = store.begin_run(
        "reread",
        actor=actor,
        authority=home.settings.authority.code,
        code_version=code_version(),
        config_digest=config,
        source=source.name,
    )
    counts = Counter[str]()
    justification = f"reading the kept pages of {source.name} again as {parser_version(source)}"
    with store.acting(actor, purpose="reread", justification=justification, run=run.id) as reader:
        for capture in pages(reader, source):
            counts.update(_one(store, reader, source, capture, run))
            if progress and counts["pages"] % 20 == 0:
                progress(source.name, counts)
    outcome = Outcome.unmet if counts["parse raised"] else Outcome.good
    store.end_run(run.id, outcome, {key: value for key, value in sorted(counts.items()) if value})
    if progress:
        progress(source.name, counts)
    return counts


def behind(store: Store, source: Source, actor: str = SYSTEM) -> bool:
    """Whether reading again has something to do before histories are whole: pages that an earlier parser version read and this one has not."""
    with store.acting(actor, purpose="reread", justification=f"whether pages of {source.name} wait for {parser_version(source)}") as reader:
        return next(pages(reader, source, behind=parser_version(source)), None) is not None


def pages(reader: Acting, source: Source, behind: str | None = None) -> Iterator[Capture]:
    """The source's pages that hold listings, in order of capture: rendered documents where it is rendered. `behind` as in `captures_of`.

    Of other kinds only what a listing was read from: what was crawled before `render` was switched stays in its history, and other
    documents in a file that was handed in are frames and scripts. What was asked for to be pictured was not read then, and is not now
    (crawler/screenshots.py says why).
    """
    own = CaptureKind.rendered if source.render else CaptureKind.page
    of: dict[str, Any] = {"source": source.name, "kinds": DOCUMENTS, "except_by": "screenshot", "behind": behind, "limit": PAGE}
    after = 0
    while captures := reader.captures_of(after=after, **of):
        for capture in captures:
            assert capture.id is not None
            after = capture.id
            if capture.kind is not own and not reader.readings(capture=capture.id):
                continue
            if 200 <= capture.status < 300 and role(source, capture.url_requested, capture.url_final) != "list":
                yield capture


def _one(store: Store, reader: Acting, source: Source, capture: Capture, run: Run) -> Counter[str]:
    assert capture.id is not None
    try:
        body = decoded(capture, reader.payload(capture.id))
    except TouchstoneError:  # erased: there is nothing left to read
        return Counter({"bytes gone": 1})
    except ValueError as error:
        store.keep_unread(capture.id, parser_version(source), "body cannot be decoded", str(error), run.id)
        return Counter({"pages": 1, "not understood": 1})
    if is_feed(body):
        return Counter()
    read = read_page(store, source, capture, page_of(capture, body), run.id)
    counts = Counter[str]({"pages": 1}) + read.counts
    counts["pictures joined"] += sum(store.rejoin_images(reading) for reading, _ in read.readings)
    return counts
