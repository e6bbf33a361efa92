"""Many invented listings written straight into the tables, for tests and benchmarks of what is found among them; filling the shelf is the caller's.

The same for the same seed, however many: words as uneven as a language's, a word that half of the listings have ("bag"), one in a hundred
("middling"), and one that twenty have whatever their number ("scarcely").
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import Table, func, select

from store import tables as t
from store.store import Store
from store.words.records import digest_of

BRANDS = [f"{head}{tail}" for head in ("Ald", "Bre", "Cor", "Dun", "Els", "Fam") for tail in ("ano", "elle", "ine", "ucci", "oro")]
SOURCES = [f"market{n}" for n in range(8)]
REASONS = [f"reason_{n}" for n in range(20)]
PLACES = ["M32 0TH", "LS1 4AP", "SW1A 1AA", "B1 1BB", "CF10 1EP", "", "", "Leeds", "Manchester", "N1"]
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS, CARDS, AT_ONCE = 360 * 86_400, 20, 10_000  # over which they were seen; listings of one page; rows of one statement
SCARCE = 20
_VOCABULARY = [f"{a}{b}{c}" for a in ("ka", "lo", "mi", "ne", "pu", "ra", "so", "ti") for b in ("bar", "den", "fil", "gon", "hul", "jor", "kem") for c in
               (f"{x}{y}" for x in "bcdfghjklmnprstvwz" for y in ("a", "e", "i", "o", "u", "an", "el", "or", "it", "um"))]  # fmt: skip
_UNEVEN = list(accumulate(1 / (n + 20) for n in range(len(_VOCABULARY))))


def middle_words() -> list[str]:
    """Words of the vocabulary that are neither frequent nor rare, each in about one listing of fifty."""
    return _VOCABULARY[300:400]


def crowd(store: Store, number: int, *, seed: int = 1) -> None:
    """Add so many listings, each read once, some flagged and some of these judged."""
    draw = random.Random(seed)
    run = store.begin_run("crawl", actor="system", authority="demo", code_version="crowd", config_digest="0" * 64, source=SOURCES[0]).id
    scarce = set(draw.sample(range(number), min(SCARCE, number)))
    with store.database.writing() as c:
        first = {table.name: (c.execute(select(func.max(table.c.id))).scalar() or 0) + 1 for table in (t.capture, t.listing, t.seller)}
    sellers = max(3, number // 20)
    for start in range(0, number, AT_ONCE):
        rows: dict[Table, list[dict[str, Any]]] = {
            table: [] for table in (t.capture, t.seller, t.listing, t.snapshot, t.reading, t.flag, t.judgement)
        }
        for n in range(start, min(number, start + AT_ONCE)):
            _one(draw, n, number, sellers, run, first, n in scarce, rows)
        with store.database.writing() as c:
            for table, values in rows.items():
                if values:
                    c.execute(table.insert(), values)
    if store.database.engine.dialect.name == "postgresql":  # numbers were given by us: the next is beyond them
        with store.database.writing() as c:
            for table in (t.capture, t.seller, t.listing, t.snapshot, t.reading):
                c.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), func.max(table.c.id))))


def _one(
    draw: random.Random,
    n: int,
    number: int,
    sellers: int,
    run: str,
    first: dict[str, int],
    scarce: bool,
    rows: dict[Table, list[dict[str, Any]]],
) -> None:
    listing, capture, account = first["listing"] + n, first["capture"] + n // CARDS, n % sellers
    seen = YEAR + timedelta(seconds=(n // CARDS) * SECONDS // max(1, number // CARDS))
    source = SOURCES[account % len(SOURCES)]
    if n % CARDS == 0:
        same = dict.fromkeys(("redirects_json", "request_headers_json", "response_headers_json"), "[]")
        rows[t.capture].append({
            "id": capture, "run": run, "source": source, "kind": "page", "method": "GET", "url_requested": f"http://{source}.example/page/{n}",
            "url_final": f"http://{source}.example/page/{n}", **same, "status": 200, "body_digest": f"{n:064x}", "body_length": 1, "request_digest": "",
            "started_at": seen, "ended_at": seen, "record_id": f"urn:{n}",
        })  # fmt: skip
    if n < sellers:
        rows[t.seller].append(
            {
                "id": first["seller"] + n,
                "source": source,
                "handle": f"u{first['seller']}x{n}",
                "name": f"Stall {n}",
                "url": "",
                "added_at": YEAR,
            }
        )
    rows[t.listing].append(
        {"id": listing, "source": source, "ref": f"r{listing}", "url": f"http://{source}.example/{listing}", "added_at": YEAR}
    )
    brand, words = draw.choices(BRANDS, [1 / (k + 1) for k in range(len(BRANDS))])[0], draw.choices(_VOCABULARY, cum_weights=_UNEVEN, k=40)
    extra = [word for word, there in (("bag", draw.random() < 0.5), ("middling", draw.random() < 0.01), ("scarcely", scarce)) if there]
    title, said = " ".join((brand, *words[:6], *extra)), " ".join(words[6:])
    rows[t.snapshot].append({
        "id": listing, "digest": digest_of([listing, title, said]), "title": title, "text": said, "price_text": "", "price_minor": int(draw.lognormvariate(8.5, 1)),
        "currency": "GBP", "brand": brand if draw.random() < 0.8 else "", "category": "leather goods", "condition": "new", "seller": f"u{first['seller']}x{account}",
        "seller_name": f"Stall {account}", "place": draw.choice(PLACES), "added_at": YEAR,
    })  # fmt: skip
    rows[t.reading].append({
        "id": listing, "capture": capture, "parser": "hand", "parser_version": "crowd/1", "listing": listing, "snapshot": listing, "seller": first["seller"] + account,
        "images_json": "[]", "captured_at": seen, "run": run, "notes_json": "[]",
    })  # fmt: skip
    level = draw.choices(("", "note", "review", "priority"), (83, 10, 5, 2))[0]
    if not level:
        return
    reasons, digest = draw.sample(REASONS, draw.randint(1, 3)), digest_of([listing, level])
    score = round({"note": 1, "review": 4, "priority": 8}[level] + 4 * draw.random(), 2)
    said_why = json.dumps([{"reason": reason, "points": 1.0, "sentence": "why", "method": "0" * 64, "finding": 1} for reason in reasons])
    rows[t.flag].append({
        "listing": listing, "policy": "0" * 64, "findings_digest": digest, "level": level, "score": score, "contributions_json": said_why,
        "not_examined_json": "[]", "run": run, "at": seen,
    })  # fmt: skip
    if level != "note" and draw.random() < 0.2:
        rows[t.judgement].append({
            "subject_kind": "listing", "subject": listing, "verdict": draw.choice(("yes", "no")), "actor": "officer", "authority": "demo", "reason": "looked",
            "findings_digest": digest, "at": seen,
        })  # fmt: skip
