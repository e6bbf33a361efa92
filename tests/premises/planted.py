"""Planted networks: sellers whose operators are known, with what they share and with what only seems to say something.

Operators of 1 to 12 accounts, many small and few large: some draw on a pool of contacts, some have one main number, some are chains in which
each account shares one contact with the next. Nine in ten use photographs of their own on several accounts. Among them, drawn by operator and
without regard to who is who: couriers' numbers (8 to 60 customers each), wholesalers' photographs and words (4 to 80), a template's words
(5 to 100 accounts), a platform's domains, numbers that changed hands (2 in 1,000 accounts), and one number put into 200 in 1,000 adverts.
Nothing here knows of hubs, thresholds or weights.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from store.store import Store
from store.words.records import Image, Parsed, Snapshot
from tests.builders import Builder

CONTACTS = {"phone": 45, "email": 15, "instagram": 12, "telegram": 6, "snapchat": 8, "payment": 14}
# Ofcom's numbers for drama, by the prefix before the last three digits
DRAMA = ("07700 900", "01632 960", "0306 999 0", "020 7946 0", "028 9649 6", "029 2018 0", "0909 879 0", "0191 498 0",
         "0113 496 0", "0114 496 0", "0115 496 0", "0116 496 0", "0117 496 0", "0118 496 0", "0121 496 0", "0131 496 0")  # fmt: skip
Token = tuple[str, int]
Pairs = set[tuple[int, int]]


@dataclass
class World:
    """`operator` of each account; what each account `has`; which of that is its operator's `own` contact."""

    operator: list[int] = field(default_factory=list)
    has: list[set[Token]] = field(default_factory=list)
    own: list[set[Token]] = field(default_factory=list)

    def pairs(self) -> Pairs:
        """All pairs of accounts of one operator."""
        return pairs(_grouped(enumerate(self.operator)))

    def shown(self) -> Pairs:
        """Those of them that some chain of their operator's own contacts connects: the rest nobody could find."""
        by: dict[Token, list[int]] = defaultdict(list)
        for account, own in enumerate(self.own):
            for token in own:
                by[token].append(account)
        return self.pairs() & pairs(closure(len(self.operator), by.values()))

    def naive(self) -> Pairs:
        """The transitive closure over every contact in common."""
        by: dict[Token, list[int]] = defaultdict(list)
        for account, has in enumerate(self.has):
            for token in has:
                if token[0] in CONTACTS:
                    by[token].append(account)
        return pairs(closure(len(self.operator), by.values()))


def pairs(groups: Iterable[Collection[int]]) -> Pairs:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def _grouped(items: Iterable[tuple[int, int]]) -> list[list[int]]:
    out: dict[int, list[int]] = defaultdict(list)
    for account, group in items:
        out[group].append(account)
    return list(out.values())


def closure(accounts: int, groups: Iterable[Collection[int]]) -> list[list[int]]:
    import networkx

    graph = networkx.Graph()
    graph.add_nodes_from(range(accounts))
    for group in groups:
        first, *rest = group
        graph.add_edges_from((first, other) for other in rest)
    return [sorted(part) for part in networkx.connected_components(graph)]


def planted(seed: int, accounts: int = 1000, *, share_photographs: float = 0.9) -> World:
    draw = random.Random(seed)
    world, operators = World(), []
    counter = iter(range(1, 10**9))

    def new(kind: str = "") -> Token:
        return (kind or draw.choices(list(CONTACTS), list(CONTACTS.values()))[0], next(counter))

    def many(low: int, high: int) -> int:
        return min(high, int(low * draw.paretovariate(1.1)))

    while len(world.operator) < accounts:
        size = draw.choices(range(1, 13), [12 / n for n in range(1, 13)])[0] if draw.random() < 0.6 else 1
        size = min(size, accounts - len(world.operator))
        members = list(range(len(world.operator), len(world.operator) + size))
        own = _contacts(draw, size, new)
        photographs = [new("picture") for _ in range(draw.randint(4, 20))] if draw.random() < share_photographs else []
        words = new("text") if draw.random() < 0.4 else None
        shop = new("domain") if draw.random() < 0.15 else None
        for contacts in own:
            has = set(contacts)
            shown = photographs or [new("picture") for _ in range(8)]
            has.update(draw.sample(shown, draw.randint(1, min(8, len(shown)))))
            has.add(words if words and draw.random() < 0.6 else new("text"))
            if shop and draw.random() < 0.7:
                has.add(shop)
            world.operator.append(len(operators))
            world.own.append(contacts)
            world.has.append(has)
        operators.append(members)
    for _ in range(accounts // 100):
        courier = new("phone")
        for members in draw.sample(operators, min(len(operators), many(8, 60))):
            for account in members:
                if draw.random() < 0.7:
                    world.has[account].add(courier)
    for _ in range(accounts // 125):
        stock, words = [new("picture") for _ in range(draw.randint(4, 12))], new("text")
        for members in draw.sample(operators, min(len(operators), many(4, 80))):
            for account in members:
                world.has[account].update(draw.sample(stock, draw.randint(1, 4)))
                if draw.random() < 0.3:
                    world.has[account].add(words)
    for kind, low, high, often in (("text", 5, 100, 170), ("domain", 4, 150, 200)):
        for _ in range(accounts // often):
            everybodys = new(kind)
            for account in draw.sample(range(accounts), min(accounts, many(low, high))):
                world.has[account].add(everybodys)
    for _ in range(accounts // 500):
        before, after = draw.sample(range(accounts), 2)
        moved = draw.choice(sorted(world.own[before]) or [new("phone")])
        world.has[before].add(moved)
        world.has[after].add(moved)
    poison = new("phone")
    for account in draw.sample(range(accounts), accounts // 5):
        world.has[account].add(poison)
    return world


def _contacts(draw: random.Random, size: int, new: object) -> list[set[Token]]:
    """The contacts of each of an operator's accounts."""
    assert callable(new)
    own: list[set[Token]] = [set() for _ in range(size)]
    style = draw.choice(("pool", "pool", "main", "chain"))
    if style == "pool":
        pool = [new() for _ in range(draw.randint(1, 2 + size // 3))]
        for each in own:
            each.update(draw.sample(pool, min(len(pool), draw.randint(1, 3))))
    elif style == "main":
        main = new("phone")
        for each in own:
            each.update([main] if draw.random() < 0.85 else [])
            each.update([new()] if draw.random() < 0.6 else [])
    else:
        for each in own:
            each.add(new())
        for one, other in pairwise(own):
            link = draw.choice(sorted(one)) if draw.random() < 0.3 else new()
            one.add(link)
            other.add(link)
    return own


def written(token: Token) -> str:
    """A contact as an advert writes it; each number another contact. Phones are Ofcom's for drama."""
    kind, number = token
    if kind == "phone":
        return f"call {DRAMA[number % len(DRAMA)]}{number // len(DRAMA) % 1000:03d}"
    return {
        "email": f"mail box{number}@post.example", "instagram": f"instagram: @bags{number}", "telegram": f"telegram: @bags{number}",
        "snapchat": f"snapchat: @bags{number}", "payment": f"paypal.me/bags{number}", "domain": f"www.shop{number}.example",
    }[kind]  # fmt: skip


def keep(store: Store, world: World, order: Iterable[int] | None = None, source: str = "stall") -> None:
    """Keep the accounts' adverts in that order, by the store's own writes: fifty on a page, each with its words and its pictures.

    The contacts of an account stand in its titles and are found there as in any other advert. Account 12 has the handle "account00012".
    """
    build = Builder(store, source)
    wanted = list(order if order is not None else range(len(world.operator)))
    # phones are numbered anew: there are only so many for drama
    number = {token: at for at, token in enumerate(sorted({t for has in world.has for t in has if t[0] == "phone"}))}
    assert len(number) <= 1000 * len(DRAMA), "there are no more phones for drama"
    for start in range(0, len(wanted), 50):
        page = build.capture(f"http://stall.example/page/{start}", f"<h1>{start}</h1>".encode())
        assert page.id is not None
        parsed, shown = [], []
        for account in wanted[start : start + 50]:
            tokens = sorted(world.has[account])
            contacts = [written(("phone", number[t]) if t[0] == "phone" else t) for t in tokens if t[0] not in ("picture", "text")]
            texts = [t for t in tokens if t[0] == "text"]
            pictures = [t for t in tokens if t[0] == "picture"]
            for at, text in enumerate(texts):
                words = Snapshot(
                    title=f"Bag {account}. " + ". ".join(contacts if at == 0 else ()),
                    text=f"Description number {text[1]}: " + "a bag of leather, as good as new, with its box and its card, " * 2,
                    seller=f"account{account:05d}",
                )
                urls = tuple(f"http://stall.example/{n}.jpg" for _, n in pictures) if at == 0 else ()
                parsed.append(Parsed(f"{account}-{at}", f"http://stall.example/item/{account}/{at}", words, urls))
                shown.append(pictures if at == 0 else [])
        with store.database.writing():
            readings = store.keep_readings(page, "hand", "hand/1", parsed, build.run.id)
            for reading, pictures in zip(readings, shown, strict=True):
                for position, (_, n) in enumerate(pictures):
                    digest = hashlib.sha256(str(n).encode()).hexdigest()
                    store.keep_image(Image(None, digest, "image/jpeg", 320, 240, 1, page.id))
                    assert reading.id is not None
                    store.join_image(reading.id, position, digest, page.id)
    build.close()
