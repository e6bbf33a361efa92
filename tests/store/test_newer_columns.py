"""A store with rows is brought up to date without losing any: references keep their numbers, descriptions get the digest they are found by."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from store.listings import text_digest
from store.store import Store
from store.words.records import Reference, ReferenceKind
from tests.builders import as_of

LONG = "Beautiful piece bought for myself last year and hardly used since then,  with its dust bag and box\ud83d" + "…" * 5


def test_references_and_descriptions_of_an_older_store_are_kept_and_completed(store_url: str, tmp_path: Path) -> None:
    store = Store(store_url, tmp_path / "archive")
    words = LONG.encode("utf-8", "replace").decode()
    with as_of(store, "0005") as c:
        c.execute(
            text(
                "INSERT INTO reference (kind, authority, provenance, added_by, brand, category, condition, price_minor, currency, dated, added_at)"
                " VALUES ('price', 'demo', 'a shop', 'system', 'Gucci', 'bag', 'used', 62000, 'GBP', '2026-01-01', '2026-01-01 00:00:00.000000')"
            )
        )
        for number, said in enumerate((words, "short", words.upper())):
            c.execute(
                text(
                    "INSERT INTO snapshot (digest, title, text, price_text, brand, category, condition, seller, seller_name, place, added_at)"
                    " VALUES (:digest, 'x', :said, '', '', '', '', '', '', '', '2026-01-01 00:00:00.000000')"
                ),
                {"digest": f"{number:064}", "said": said},
            )
    store.migrate()
    [kept] = store.references()
    assert (kept.number, kept.price_minor, kept.line, kept.platform, kept.rows, kept.low_minor) == (1, 62000, "", "", None, None)
    summed = Reference(
        None,
        ReferenceKind.price,
        "demo",
        "learned",
        "system",
        "Gucci",
        price_minor=5,
        rows=20,
        sellers=8,
        low_minor=3,
        high_minor=9,
        platform="stall",
    )
    assert store.add_reference(summed) == 2
    found = store.references()[-1]
    assert (found.rows, found.sellers, found.low_minor, found.high_minor, found.platform) == (20, 8, 3, 9, "stall")
    with store.database.reading() as c:
        digests = list(c.execute(text("SELECT text_digest FROM snapshot ORDER BY id")).scalars())
    assert digests[1] == "" and digests[0] == digests[2] == text_digest(words) != ""
    store.close()
