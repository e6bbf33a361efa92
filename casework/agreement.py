"""How far two people agree who judged the same listings without knowing of each other: Cohen's κ with its interval, and where they differ.

κ = (p₀ − pₑ) / (1 − pₑ): how often they agree, beyond what two would who say yes, no and unsure as often as these and look at nothing (Cohen,
Educational and Psychological Measurement 1960). Its large-sample standard error is that of Fleiss, Cohen and Everitt (Psychological Bulletin
1969), which does not suppose that κ is 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from store.second import Pair
from store.words.records import Verdict

SAID = (Verdict.yes, Verdict.no, Verdict.unsure)
Z = 1.959963984540054  # of the standard normal distribution 2.5 % lie above
FEW = 30  # pairs below which a large-sample interval is said to be rough


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two columns of verdicts agree over `n` pairs. `table` counts them as {first: {second: number}}.

    `kappa` and `interval` (95 %, within −1 and 1) are None where they cannot be computed; `sentence` says why, or how they are to be read.
    """

    who: str
    n: int
    table: Mapping[str, Mapping[str, int]]
    agreed: float | None
    kappa: float | None
    interval: tuple[float, float] | None
    sentence: str


def agreement(who: str, said: Sequence[tuple[Verdict, Verdict]]) -> Agreement:
    """κ of pairs of verdicts (first's, second's)."""
    counts = Counter(said)
    table = {str(a): {str(b): counts[a, b] for b in SAID} for a in SAID}
    n = len(said)
    if not n:
        return Agreement(who, 0, table, None, None, None, "Not computable: no listing was judged by a second person yet.")
    p = [[counts[a, b] / n for b in SAID] for a in SAID]
    found = kappa(p, n)
    agreed = sum(p[i][i] for i in range(len(SAID)))
    if found is None:
        said_all = max(table, key=lambda verdict: sum(table[verdict].values()))
        why = f"Not computable: both said {said_all} of all {n}, so that agreeing by chance and agreeing cannot be told apart."
        return Agreement(who, n, table, agreed, None, None, why)
    value, error = found
    if agreed == 1:
        sentence = f"κ 1.00: they agreed on all {n}. Of that the formula knows no interval, so it is no proof that they always would."
        return Agreement(who, n, table, agreed, value, None, sentence)
    low, high = max(-1.0, value - Z * error), min(1.0, value + Z * error)
    sentence = f"κ {value:.2f} (95 % interval {low:.2f} to {high:.2f}) over {n} listings; they agreed on {agreed:.0%}."
    if n < FEW:
        sentence += f" Fewer than {FEW} listings: the interval is rough."
    return Agreement(who, n, table, agreed, value, (low, high), sentence)


def kappa(p: Sequence[Sequence[float]], n: int) -> tuple[float, float] | None:
    """(κ, its standard error) of a square table of proportions over n pairs; None where κ is undefined: all in one cell of the diagonal."""
    k = range(len(p))
    row, column = [sum(p[i]) for i in k], [sum(p[i][j] for i in k) for j in k]
    observed, chance = sum(p[i][i] for i in k), sum(row[i] * column[i] for i in k)
    if math.isclose(chance, 1.0):
        return None
    value = (observed - chance) / (1 - chance)
    a = sum(p[i][i] * (1 - (row[i] + column[i]) * (1 - value)) ** 2 for i in k)
    b = (1 - value) ** 2 * sum(p[i][j] * (column[i] + row[j]) ** 2 for i in k for j in k if i != j)
    c = (value - chance * (1 - value)) ** 2
    return value, math.sqrt(max(0.0, a + b - c)) / ((1 - chance) * math.sqrt(n))


def agreements(pairs: Sequence[Pair]) -> list[Agreement]:
    """Over all, first against second person; then of each two people, whoever of them was first, the one earlier by name as rows."""
    of: dict[tuple[str, str], list[tuple[Verdict, Verdict]]] = {}
    for pair in pairs:
        a, b = sorted((pair.first, pair.second), key=lambda j: j.actor)
        of.setdefault((a.actor, b.actor), []).append((a.verdict, b.verdict))
    every = agreement("all: first and second person", [(pair.first.verdict, pair.second.verdict) for pair in pairs])
    return [every, *(agreement(f"{a} and {b}", said) for (a, b), said in sorted(of.items()))]


def unlike(pairs: Sequence[Pair], *, settled: bool = False) -> list[Pair]:
    """Pairs that differ, for a third person to look at; those that one has judged only where asked for."""
    return [p for p in pairs if p.first.verdict is not p.second.verdict and (settled or not p.third)]
