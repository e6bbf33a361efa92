"""Two registers against one another: Touchstone's matcher beside uk-address-matcher called directly, in one run, on the same pairs.

    python benchmarks/addresses.py [FHRS.parquet COMPANIES.parquet] [--pairs PAIRS.csv] [--sample SAMPLE.csv]

Both files have the columns unique_id, address_concat and postcode (the sample data of uk_address_matcher has them). Wants the extra
`premises`. A rate is rows of the first file answered a second; the machine is shared, so that the ratio is the figure, not the rate.
Each is timed once in turn, in this process, DuckDB with as many threads as it chooses and Touchstone with one.
"""

from __future__ import annotations

import argparse
import csv
import random
import time
from collections import Counter
from pathlib import Path

try:
    import duckdb
    from uk_address_matcher import AddressMatcher, __version__
except ImportError:
    print("benchmarks/addresses.py wants the extra `premises`: pip install 'touchstone-scanner[premises]'; left out")
    raise SystemExit(0) from None

from premises.address import parse_address
from premises.index import Index, Listed, listed
from premises.match import Answer, Matcher
from premises.settings import LinkSettings
from store.config import defaults_folder, load
from store.words.records import RegisterEntry

SEED = 20261126
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "premises"  # where it is present; not part of the project
BATCH = 250
Row = tuple[str, str, str]


def rows_of(path: Path) -> list[Row]:
    found = duckdb.sql(f"select unique_id, address_concat, postcode from '{path}' order by unique_id").fetchall()
    return [(key, " ".join(words.split()), code or "") for key, words, code in found]


def ours(asked: list[Row], register: list[Row]) -> tuple[list[list[Answer]], float, float]:
    """Answers, seconds to read and index the register, seconds to answer."""
    weights = load(defaults_folder() / "premises.yml", LinkSettings).weights
    begun = time.perf_counter()
    entries: dict[int, Listed] = {}
    for n, (key, words, code) in enumerate(register, 1):
        address = parse_address(words, code, "")
        entries[n] = listed(RegisterEntry("bench", key, "", words, address.postcode, address.parts(), row=n, id=n))
    matcher = Matcher(Index(entries.values()), lambda rows: [entries[row] for row in rows], weights, keep=len(entries) + 1)
    loaded = time.perf_counter()
    texts = [f"{words}, {code}" for _, words, code in asked]
    answers = [one for i in range(0, len(texts), BATCH) for one in matcher.match(texts[i : i + BATCH])]
    return answers, loaded - begun, time.perf_counter() - loaded


def theirs(asked: list[Row], register: list[Row]) -> tuple[dict[str, tuple[str, float]], float]:
    """uk-address-matcher's match and its weight by id, and seconds. It reads and answers in one call: there is no loading to leave out."""
    con = duckdb.connect()
    for name, rows in (("asked", asked), ("register", register)):
        con.execute(f"create table {name} (unique_id varchar, address_concat varchar, postcode varchar)")
        con.executemany(f"insert into {name} values (?, ?, ?)", rows)
    begun = time.perf_counter()
    matcher = AddressMatcher(canonical_addresses=con.table("register"), addresses_to_match=con.table("asked"), con=con, show_progress="off")
    found = matcher.match().matches().df()
    took = time.perf_counter() - begun
    exact = 100.0  # an exact match has no weight
    return {
        r.unique_id: (r.resolved_canonical_id, exact if r.match_weight != r.match_weight else r.match_weight)
        for r in found.itertuples()
        if isinstance(r.resolved_canonical_id, str)
    }, took


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("asked", nargs="?", default=REAL / "fhrs_addresses_sample.parquet", type=Path)
    ask.add_argument("register", nargs="?", default=REAL / "companies_house_addresess_postcode_overlap.parquet", type=Path)
    ask.add_argument("--pairs", type=Path, help="write every answer of both, side by side")
    ask.add_argument("--sample", type=Path, help="write 100 links and 50 refusals drawn by seed, to be judged by eye")
    ask.add_argument("--seed", type=int, default=SEED, help="of the sample")
    given = ask.parse_args()
    if absent := [str(path) for path in (given.asked, given.register) if not path.is_file()]:
        print(f"not there: {', '.join(absent)}; name two files of your own. Nothing was measured.")
        return
    asked, register = rows_of(given.asked), rows_of(given.register)
    print(f"{len(asked):,} addresses against {len(register):,}; uk-address-matcher {__version__}, sample's seed {given.seed}", flush=True)
    answers, loading, answering = ours(asked, register)
    print(
        f"Touchstone: {len(asked) / answering:,.0f} a second; loading of {loading:.1f} s included: {len(asked) / (loading + answering):,.0f}",
        flush=True,
    )
    matched, took = theirs(asked, register)
    print(f"uk-address-matcher called directly: {len(asked) / took:,.0f} a second, its loading included")
    print(f"ratio: {took / answering:.2f} without our loading, {took / (loading + answering):.2f} with it")
    words = {key: f"{line}, {code}" for key, line, code in register}
    _compared(asked, answers, matched)
    if given.pairs:
        _write(given.pairs, [_row(row, one, matched, words) for row, one in zip(asked, answers, strict=True)])
    if given.sample:
        draw = random.Random(given.seed)
        links = [(row, one) for row, one in zip(asked, answers, strict=True) if one[0].level != "none"]
        refusals = [(row, one) for row, one in zip(asked, answers, strict=True) if one[0].level == "none"]
        chosen = draw.sample(links, min(100, len(links))) + draw.sample(refusals, min(50, len(refusals)))
        _write(given.sample, [_row(row, one, matched, words) for row, one in chosen])


def _compared(asked: list[Row], answers: list[list[Answer]], matched: dict[str, tuple[str, float]]) -> None:
    levels = Counter("proposed" if one[0].proposed else one[0].level if one[0].level == "none" else "not proposed" for one in answers)
    print(
        f"Touchstone: {levels['proposed']:,} proposed, {levels['not proposed']:,} to a building or more than one door, {levels['none']:,} none"
    )
    for least in (-100, 0, 10, 20):
        print(f"uk-address-matcher, weight {least} and more: {sum(w >= least for _, w in matched.values()):,}")
    agree: Counter[str] = Counter()
    for (key, _, _), one in zip(asked, answers, strict=True):
        their, weight = matched.get(key, ("", -999.0))
        ours_says = "proposed" if one[0].proposed else "none" if one[0].level == "none" else "not proposed"
        says = "no answer" if weight < 0 else "the same" if their in {a.reference for a in one} else "another"
        agree[f"{ours_says}, theirs (weight 0 and more): {says}"] += 1
    for what, n in sorted(agree.items()):
        print(f"  {what}: {n:,}")


def _row(row: Row, one: list[Answer], matched: dict[str, tuple[str, float]], words: dict[str, str]) -> list[object]:
    first, (their, weight) = one[0], matched.get(row[0], ("", 0.0))
    why = "; ".join(r.sentence for r in first.reasons)
    return [
        row[0],
        f"{row[1]}, {row[2]}",
        first.level,
        first.proposed,
        words.get(first.reference, ""),
        why,
        words.get(their, ""),
        round(weight, 1),
    ]


def _write(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "asked", "level", "proposed", "ours", "why", "theirs", "weight"], *rows])


if __name__ == "__main__":
    main()
