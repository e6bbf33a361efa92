"""The part of the pass that links sellers with sellers. It looks again only at those whose ties may have changed since the last whole pass by
the same method, and comes to what it would come to from nothing: a pair's tie follows from the things that both have and from who else has
them, and whoever has a thing that somebody newly has is looked at again (`Acting.touched`). Where a method's standing or a reference changed,
everything may have, and all sellers are gone through in pages.

Two writers at once (PostgreSQL): a row whose transaction ends after a later-numbered one was seen is met at the next change of a neighbour,
or by a pass over everything, which `everything` asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from premises.network.settings import NETWORK_VERSION, NetworkSettings, is_shipped, network_linker
from premises.network.ties import KIND_OF, Shared, Tie, by_thing, guarded, in_doubt, ties
from store.findings import shipped_status
from store.network import Giving, Reach, Thing
from store.places import Pair, pair_of
from store.store import Acting, Store
from store.words.records import Link, LinkReason, Status, SubjectKind

PAGE = 200  # sellers that are looked at together


def run(
    store: Store, settings: NetworkSettings, run: str, *, actor: str, purpose: str, everything: bool = False
) -> tuple[Counter[str], int, Status]:
    """Link sellers with sellers; (counts, the method's number, its status). Counts: looked_at, found (links of those), new, no_longer_found."""
    method = network_linker(settings)
    number = store.keep_method(method)
    status = shipped_status(store, number, is_shipped(method), actor)
    now, before = store.reach_now(), store.reach_of(number)
    counts: Counter[str] = Counter()
    with store.acting(actor, purpose=purpose, justification="linking sellers with sellers", run=run) as reader:
        whole = everything or before is None or before.settled != now.settled
        for page in _everybody(reader) if whole or before is None else _pages(_due(reader, before, settings)):
            links = list(links_of(reader, page, settings, method.digest))
            counts["looked_at"] += len(page)
            counts["found"] += len(links)
            counts["new"] += store.keep_links(links, number, run, actor=actor, purpose=purpose)
            found: set[Pair] = {pair_of(link) for link in links}
            counts["no_longer_found"] += store.keep_parted(page, found, number, run, actor=actor, purpose=purpose)
    if now != before:
        store.keep_reach(number, now, run)  # only now: a pass that broke off half-way has not looked at everything
    return counts, number, status


def lines(counts: Mapping[str, int], status: Status, method: int) -> tuple[str, ...]:
    """What a pass says of it to people."""
    said = f"{counts['looked_at']:,} sellers whose ties may have changed looked at again: {counts['found']:,} links between sellers, {counts['new']:,} new"
    waits = f"; they join nobody until it is in force: `touchstone method promote {method}`" if status is not Status.in_force else ""
    return (f"{said} (network version {NETWORK_VERSION}, status: {status}{waits})",)


def _everybody(reader: Acting) -> Iterator[list[int]]:
    after = 0
    while page := [seller.id or 0 for seller in reader.sellers(after=after, limit=PAGE)]:
        yield page
        after = page[-1]


def _pages(sellers: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(sellers)
    return (ordered[at : at + PAGE] for at in range(0, len(ordered), PAGE))


def _due(reader: Acting, before: Reach, settings: NetworkSettings) -> set[int]:
    """Those whose things changed, and those for whose things in doubt the groups of the holders may have."""
    due = reader.touched(before, settings.most)
    further: set[int] = set()
    for page in _pages(due):
        held = things_of(reader, page, settings)
        further |= {seller for thing in in_doubt(held, settings) for seller in held[thing]}
    return due | further


def things_of(reader: Acting, sellers: Collection[int], settings: NetworkSettings) -> dict[Thing, Mapping[int, Giving]]:
    """What these sellers share with anybody, with all who have it; without what more than `most` have. Not yet guarded."""
    own = by_thing(reader.givings(sellers, settings.most))
    held = by_thing([one for who in reader.holders(list(own), settings.most).values() for one in who])
    seen = {thing: who for thing, who in own.items() if thing.kind in ("picture", "place")}
    return {thing: who for thing, who in {**held, **seen}.items() if len(who) >= 2}


def that_may_link(reader: Acting, sellers: Collection[int], settings: NetworkSettings) -> dict[Thing, Mapping[int, Giving]]:
    """What these sellers share with anybody and the hub guard lets through."""
    held = things_of(reader, sellers, settings)
    doubtful = in_doubt(held, settings)
    theirs: dict[Thing, Mapping[int, Giving]] = {}
    for page in _pages({seller for thing in doubtful for seller in held[thing]}):
        theirs |= things_of(reader, page, settings)
    having: dict[int, list[Thing]] = {}
    for thing, who in theirs.items():
        for seller in who:
            having.setdefault(seller, []).append(thing)
    beside = {thing: {other: theirs[other] for seller in held[thing] for other in having.get(seller, ())} for thing in sorted(doubtful)}
    return guarded(held, beside, settings)


def links_of(reader: Acting, sellers: Collection[int], settings: NetworkSettings, method: str) -> Iterator[Link]:
    """Links of these sellers with sellers of a higher number: each pair is told once, from its older side."""
    of = set(sellers)
    for (a, b), tie in ties(that_may_link(reader, of, settings), settings, of).items():
        if tie.score >= settings.threshold:
            yield Link(None, SubjectKind.seller, a, SubjectKind.seller, b, method, tie.score, "seller", tuple(_reasons(tie)))


def _reasons(tie: Tie) -> Iterable[LinkReason]:
    """Each thing twice, once cited on either side: the first bears its weight."""
    for each in tie.shared:
        code = f"same_{each.kind}"
        here, there = says(each)
        yield LinkReason(code, each.weight, here, each.here.capture, picture=each.here.picture)
        yield LinkReason(code, 0.0, there, each.there.capture, picture=each.there.picture)


def says(each: Shared) -> tuple[str, str]:
    """What is shared in words, and what the other account has of it."""
    here, there, kind = each.here, each.there, each.here.thing.kind
    if kind == "picture":
        same = "what image_match takes for the same photograph (the files may differ)" if here.copies else "the very same picture file"
        told = f": picture {here.picture}" if here.picture is not None else f": {here.thing.value[:12]}"
        return (
            f"both accounts use {same}{told}",
            f"the other account's is {f'picture {there.picture}' if there.picture is not None else 'here'}",
        )
    if kind == "place":
        return (
            f"both accounts have a picture that seems to be taken in the same place: picture {here.picture}",
            f"the other account's is picture {there.picture}",
        )
    if kind == "text":
        return "both accounts have a description that is the same word for word", "the other account's is here"
    if kind == "premises":
        return (
            f"both accounts lead to the same unit, premises {here.thing.value} (link {here.link})",
            f"the other account leads there by link {there.link}",
        )
    word = "handle" if KIND_OF.get(kind) == "handle" else kind
    read = "; at least one of the two was read by machine in a picture, which is weaker than words" if _read(here) or _read(there) else ""
    return (
        f"both accounts give the {word} {here.thing.value}{_read(here)}{read}",
        f"the other account gives the {word} {here.thing.value} here{_read(there)}",
    )


def _read(one: Giving) -> str:
    return f", read by machine in picture {one.picture} (method {one.method})" if one.method is not None else ""
