"""How many wrong VAT numbers are in the right form: what "format checked" is worth, counted and not timed.

Two populations. Made-up numbers: nine digits drawn evenly from 000000001 to 999999999; a number that was never given out is meant, and
of the 999,999,999 those given out are so few that all are counted as wrong. Mistyped numbers: numbers in the right form (the old series
and the new one, half each, first seven digits drawn evenly from 1000000 to 9999999), and every number that one slip makes of each: one
digit changed (81), two neighbours changed over, a digit and the next but one changed over, a pair of equal digits become another pair.
Each is counted for the residues 0; 0 and 42; 0, 42 and 55, the last being what `store.words.identifiers.vat_number` accepts.

    python benchmarks/identifiers.py [--numbers 20000] [--made-up 2000000] [--seed 6]
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections import Counter
from collections.abc import Iterator

from store.words.identifiers import NEW_SERIES, OLD_SERIES, residue, vat_number

RESIDUES = ((0,), (0, 42), (0, 42, 55))


def slips(number: str) -> Iterator[tuple[str, str]]:
    """(kind of slip, wrong number): each once."""
    for i, digit in enumerate(number):
        for other in "0123456789".replace(digit, ""):
            yield "one digit changed", number[:i] + other + number[i + 1 :]
    for i, (a, b) in enumerate(itertools.pairwise(number)):
        if a != b:
            yield "neighbours changed over", number[:i] + b + a + number[i + 2 :]
        else:
            yield from (("a pair become another", number[:i] + c * 2 + number[i + 2 :]) for c in "0123456789".replace(a, ""))
    for i, (a, b) in enumerate(zip(number, number[2:], strict=False)):
        if a != b:
            yield "one and the next but one", number[:i] + b + number[i + 1] + a + number[i + 3 :]


def right(drawn: random.Random, series: int) -> str:
    """A number in the right form whose residue is `series`, 0 or 42."""
    while True:
        head = f"{drawn.randrange(10**6, 10**7)}"
        check = (series - residue(head + "00")) % 97
        number = f"{head}{check:02}"
        if residue(number) == series:
            return number


def passes(number: str, residues: tuple[int, ...]) -> bool:
    """As `vat_number` judges, for other sets of residues: those of the new series from 100 0000 xx on only."""
    accepted = set(residues) if int(number[:3]) >= 100 else set(residues) & OLD_SERIES
    return int(number) > 0 and residue(number) in accepted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, default=20_000)
    parser.add_argument("--made-up", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()
    drawn = random.Random(options.seed)
    tried: Counter[str] = Counter()
    passed: Counter[tuple[str, tuple[int, ...]]] = Counter()

    def count(kind: str, number: str) -> None:
        tried[kind] += 1
        for residues in RESIDUES:
            passed[kind, residues] += passes(number, residues)

    for n in range(options.made_up):
        number = f"{drawn.randrange(1, 10**9):09}"
        count("made up", number)
        assert n % 100 or passes(number, (0, *sorted(NEW_SERIES))) == (vat_number(number) is not None)
    for n in range(options.numbers):
        for kind, wrong in slips(right(drawn, 42 if n % 2 else 0)):
            count(kind, wrong)
    print(f"{'wrong numbers':28}{'tried':>12}" + "".join(f"{'residues ' + ', '.join(map(str, r)):>22}" for r in RESIDUES))
    for kind in tried:
        print(f"{kind:28}{tried[kind]:12,}" + "".join(f"{passed[kind, r] / tried[kind]:22.4%}" for r in RESIDUES))


if __name__ == "__main__":
    main()
