"""Looks at what an account offers as a whole: a trader's stock of copies, or one person's wardrobe.

Copies of unlike things sell at a few round prices, since the price follows the supplier and not the goods; genuine ones do not. Several
brands in sizes that no one person wears are stock. Several brands in one size, or a wardrobe that its owner says is being cleared out,
speak for the seller: that is recorded too, shown with the rest, and kept for disclosure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from detectors.branded import LETTERS, NO_LISTING, NOT_ONE_PERSON, ONE_PERSON, Branded, branded, cite, of_how_many, spans
from detectors.contract import Context, Examined, done, not_possible
from store.words.money import format_price
from store.words.records import Direction, Finding, SellerSubject, SubjectKind
from store.words.text import normalise

VERSION = "1"
SUBJECT = SubjectKind.seller
NEEDS = frozenset({"brands"})


@dataclass(frozen=True, slots=True)
class Settings:
    clear_out: tuple[str, ...]  # regular expressions on normalised words
    few_prices: int = 3  # so many different prices at most
    priced: int = 10  # over so many branded listings at least
    kinds: int = 3  # of so many brands and categories at least: one thing in many colours has one price
    sized: int = 8  # branded listings that state a size, for sizes to tell of stock
    brands: int = 3  # so many brands
    wardrobe: int = 4  # branded listings that state a size, for sizes to tell of one person
    most: int = 60  # listings of an account that can be one person's wardrobe

    def __post_init__(self) -> None:
        for pattern in self.clear_out:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"clear_out: '{pattern}' is not a regular expression ({error})") from None


def examine(batch: Sequence[SellerSubject], context: Context) -> Iterable[Examined]:
    assert context.brands is not None
    for subject in batch:
        if not subject.offers:
            yield not_possible(subject.id, NO_LISTING)
        else:
            yield done(subject.id, _findings(subject, branded(subject, context.brands), context.settings))


def _findings(subject: SellerSubject, goods: Sequence[Branded], settings: Settings) -> Iterator[Finding]:
    yield from _few_prices(subject, goods, settings)
    sized = [one for one in goods if one.size]
    brands = sorted({brand for one in sized for brand in one.brands})
    apart = spans(sized)
    many = [scale for scale, (span, count) in sorted(apart.items()) if span >= NOT_ONE_PERSON[scale] and count >= 4]
    if many and len(sized) >= settings.sized and len(brands) >= settings.brands:
        worn = [one for one in sized if one.size and one.size[0] == many[0]]
        sentence = (
            f"The account offers {len(brands)} brands ({', '.join(brands[:5])}) in sizes that one person does not wear: "
            f"{apart[many[0]][1]} sizes, {_range(worn)}, {of_how_many(subject)}."
        )
        yield Finding("many_sizes", 1.0, sentence, pointers=cite(one.offer for one in worn))
        return
    small = len(subject.offers) + subject.left_out <= settings.most
    fits = bool(apart) and all(span <= ONE_PERSON[scale] for scale, (span, _) in apart.items())
    if small and fits and len(sized) >= settings.wardrobe and len(brands) > 1:
        sentence = (
            f"The account's {len(sized)} branded things that state a size ({', '.join(brands[:5])}) fit one person, as a wardrobe does."
        )
        yield Finding("one_size", 1.0, sentence, Direction.exculpatory, cite(one.offer for one in sized))
    said = [o for o in subject.offers if _says(f"{o.snapshot.title} {o.snapshot.text[:2000]}", settings.clear_out)] if small else []
    if said:
        count = "One listing says" if len(said) == 1 else f"{len(said)} listings say"
        sentence = f"{count} that a private wardrobe is being cleared out, and the account offers {len(subject.offers)} things in all."
        yield Finding("clear_out", 1.0, sentence, Direction.exculpatory, cite(said))


def _few_prices(subject: SellerSubject, goods: Sequence[Branded], settings: Settings) -> Iterator[Finding]:
    priced = [one for one in goods if (one.offer.snapshot.price_minor or 0) > 0 and one.offer.snapshot.currency]
    currencies = Counter(str(w.offer.snapshot.currency) for w in priced)
    if not currencies:
        return
    currency = min(currencies, key=lambda code: (-currencies[code], code))
    own = [w for w in priced if w.offer.snapshot.currency == currency]
    prices = sorted({w.offer.snapshot.price_minor or 0 for w in own})
    kinds = {(w.brands[0], w.category) for w in own}
    if len(own) >= settings.priced and len(prices) <= settings.few_prices and len(kinds) >= settings.kinds:
        asked = ", ".join(format_price(price, currency) for price in prices)
        sentence = (
            f"The account asks {len(prices)} price{'s' if len(prices) > 1 else ''} ({asked}) for {len(own)} branded things of {len(kinds)} "
            f"brands and kinds, {of_how_many(subject)}."
        )
        yield Finding("few_prices", 1.0, sentence, pointers=cite(one.offer for one in own))


def _says(words: str, patterns: Sequence[str]) -> bool:
    text = normalise(words).text
    return any(re.search(pattern, text) for pattern in patterns)


def _range(goods: Sequence[Branded]) -> str:
    scale, values = goods[0].size[0] if goods[0].size else "", sorted(one.size[1] for one in goods if one.size)
    if scale == "letter":
        return f"{LETTERS[int(values[0])].upper()} to {LETTERS[int(values[-1])].upper()}"
    return f"{values[0]:g} to {values[-1]:g}"
