"""Prices as published, read into minor units and an ISO 4217 code; the words stay beside the figure.

Sources: ISO 4217 (codes and exponents, amendment list 177). Own reading rather than price-parser's, which gives symbols
in the place of codes and neither ranges nor "from".
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Kind = Literal["exact", "from", "range", "free"]
Vat = Literal["", "inc", "ex"]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CODES = _set(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG "
    "QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD "
    "TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
_EXPONENTS = {
    **dict.fromkeys(_set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"), 0),
    **dict.fromkeys(_set("BHD IQD JOD KWD LYD OMR TND"), 3),
}
# Codes that are also words: "45 TOP quality" is no price in pa'anga. Taken only where nothing else stands there.
_WORDLIKE = _set("ALL TOP TRY CUP PEN BOB MAD COP GEL MOP LAK SOS BAM PAB RON SAR")
_DOLLARS = _set("USD AUD CAD NZD HKD SGD BBD BMD BND BSD BZD FJD GYD JMD KYD LRD NAD SBD SRD TTD TWD XCD ARS CLP COP MXN UYU DOP")
# A mark that several currencies share: (the usual reading, those that a default may choose instead).
_SHARED: dict[str, tuple[str | None, frozenset[str]]] = {
    "$": ("USD", _DOLLARS),
    "dollar": ("USD", _DOLLARS),
    "£": ("GBP", _set("GIP FKP SHP EGP LBP SYP SSP SDG")),
    "pound": ("GBP", _set("GIP FKP SHP EGP")),
    "¥": ("JPY", _set("CNY")),
    "kr": (None, _set("SEK NOK DKK ISK")),
    "rs": (None, _set("INR PKR LKR NPR MUR SCR")),
}
_MARKS = {
    "us$": "USD",
    "u$s": "USD",
    "a$": "AUD",
    "au$": "AUD",
    "c$": "CAD",
    "ca$": "CAD",
    "nz$": "NZD",
    "hk$": "HKD",
    "s$": "SGD",
    "r$": "BRL",
    "nt$": "TWD",
    "mx$": "MXN",
    "€": "EUR",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₩": "KRW",
    "₫": "VND",
    "₴": "UAH",
    "₪": "ILS",
    "₦": "NGN",
    "₱": "PHP",
    "฿": "THB",
    "₸": "KZT",
    "₾": "GEL",
    "₼": "AZN",
    "₡": "CRC",
    "₲": "PYG",
    "₵": "GHS",
    "₭": "LAK",
    "₮": "MNT",
    "元": "CNY",
    "円": "JPY",
    "zł": "PLN",
    "zl": "PLN",
    "kč": "CZK",
    "kc": "CZK",
    "ft": "HUF",
    "лв": "BGN",
    "руб": "RUB",
    "euro": "EUR",
    "euros": "EUR",
    "quid": "GBP",
    "squid": "GBP",
    "sterling": "GBP",
    "rmb": "CNY",
    "yuan": "CNY",
    "yen": "JPY",
    "zloty": "PLN",
    "rupees": "INR",
    "lira": "TRY",
    "fr.": "CHF",
    "sfr": "CHF",
    "dirhams": "AED",
    "dhs": "AED",
    "usdt": "USD",
    "dollars": "dollar",
    "bucks": "dollar",
    "pounds": "pound",
    "pounds sterling": "pound",
}
_ALIASES = {"rs.": "rs", "₨": "rs", "kr.": "kr", ",-": ""}

# A space parts thousands only before three digits: "2 12.99" is two numbers.
_NUMBER = r"\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d{1,2}(?!\d))?|\d+(?:[.,']\d+)*"
_MARK = "|".join(sorted(map(re.escape, [*_MARKS, *_ALIASES, *_SHARED, *(c.lower() for c in _CODES)]), key=len, reverse=True))
# A mark must not be part of a longer word ("45 eurovision"), but a digit may touch it ("45eur"). What touches the next
# number belongs to that one ("2 £12.99").
_PRICE = re.compile(
    rf"(?:(?<![a-zà-ž])(?P<before>{_MARK})[ :]{{0,2}})?(?P<number>{_NUMBER})(?P<kilo>k(?![a-z]))?"
    rf"(?:[.,]?[-–]{{1,2}}(?=\s|$|[€a-z]))?(?: ?(?P<after>p(?:ence)?|{_MARK})(?![a-zà-ž0-9]))?",
)
_FREE = re.compile(
    r"\W*(?:(?:it'?s |totally |completely |price:? )?(?:for )?free(?:bie)?|free (?:of charge|item)"
    r"|free to (?:collect(?:or)?|a? ?good home)|gratis|gratuit|kostenlos|zu verschenken|giveaway|no charge)\W*"
)
_FROM = re.compile(r"(?:\bfrom|\bstart(?:ing|s)?(?: (?:at|from))?|\bas low as|\bab|\b[àa] partir de|\bdesde|\bvanaf|\bfra)\W*$")
_FROM_AFTER = re.compile(r"\s*(?:\+(?!\s*\S)|and up\b|upwards\b|onwards\b|or more\b)")
_TO = re.compile(r"\s*(?:-|–|—|to|through|bis|à|up to|and|until)\s*")
_POSTAGE = re.compile(r"\s*(?:for )?(?:postage|delivery|shipping|p ?& ?p|versand|%)")  # after a figure: not the price
_NOW = re.compile(
    r"(?:\bnow|\bsale(?: price)?|\breduced to|\b(?:current|special|our|offer|deal|final) price(?: is)?|\byou pay|\bjetzt|\bmaintenant)\W*$"
)
_WAS = re.compile(
    r"(?:\bwas|\brrp|\bmsrp|\buvp|\bstatt|\bbefore|\binstead of|\bretails?(?: at| for| price)?|\bvorher"
    r"|\b(?:original|regular|old|list|recommended retail|retail|usual|previous|high street) price(?: was)?)\W*$"
)
# Beside a figure that is a part of the price: an instalment, or so much a month or a kilo. Taken only where nothing else is stated.
_PART_BEFORE = re.compile(
    r"(?:\b\d+ ?x|\b(?:payments?|instal?ments?) of|(?<!free )(?<!inc )(?<!incl )\b(?:postage|delivery|shipping|p ?& ?p)(?: is| costs?)?:)\W*$"
)
_PART_AFTER = re.compile(r"\s*(?:/|per|a|pro) ?(?:(?:calendar )?month|pcm|mo\b|week|wk\b|monat|kg|g\b|100 ?(?:g|ml)|ml|litre|l\b|m²|sq)")
_ON_REQUEST = re.compile(
    r"\bpo[ar]\b|\bp\.o\.[ar]\b|\b(?:call|ring|phone|ask|contact|enquire|inquire|e-?mail|message|dm|pm|inbox|text|whats ?app|log ?in|sign in)\b"
    r".{0,30}\b(?:price|pricing|quote|prices)\b|\bprice (?:on|upon|by) (?:application|request|enquiry|inquiry|asking)\b|\brequest (?:a |the )?(?:price|quote)\b"
    r"|\bcontact (?:us|seller|vendor)\b|\bpreis auf anfrage\b|\bprix sur demande\b|\bask(?: me| us)?(?: for)? price\b"
)
_TAX = r"(?:vat|v\.a\.t\.?|tax(?:es)?|mwst\.?|ust\.?|btw|iva|tva|gst)"
_VAT = re.compile(
    rf"(?:(?P<inc>inc(?:l(?:\.|uding|usive(?: of)?|udes)?)?\.?|with|inkl\.?|incl|ttc|toutes taxes)"
    rf"|(?P<ex>ex(?:c(?:l(?:\.|uding|usive(?: of)?|udes)?)?)?\.?|\+|plus|without|before|zzgl\.?|exkl\.?|net of|ohne|hors)) ?(?:of )?{_TAX}(?![a-z])"
    rf"|{_TAX} ?(?:(?P<inc_after>incl?(?:uded|usive|\.)?|included)|(?P<ex_after>excl?(?:uded|usive|\.)?|extra|to be added))(?![a-z])"
    r"|(?<![a-z])(?:(?P<inc_word>ttc)|(?P<ex_word>ht))(?![a-z])"
)
# What may stand beside a number that carries no currency, for it to be read as a price at all.
_PLAIN = re.compile(
    r"(?:price|from|now|only|just|each|ea|ono|obo|or (?:near(?:est)?|best) offer|per item|pp|inc|incl|including|p&p|"
    r"postage|approx|around|about|sale|was|starting at|firm|cash|delivered|collected|to|k|[\s:;,.!()/~*=+-])*"
)
_NO_AMOUNT = re.compile(r"0\d|\d{8}")
# eBay writes "US $12.99" and "C $20"; one letter before "$" is taken only where it can be no word ("a $20 bag").
_PARTED = re.compile(r"(?<![a-z])(us|au|ca|nz|hk|nt|mx|c|r) \$")
_NO_PRICE = re.compile(r"\de[+-]?\d")  # 1e+30 is a program's number, not a price
_NEGATIVE = re.compile(r"[-−](?=[\d£$€])")  # a discount or a refund; a dash with a space after it is only a dash
_MAX_LENGTH = 500  # a price is short; a page handed in by mistake is not read to its end
_CEILING = 10**15  # minor units; beyond is a phone or an identifier, not a price (and more than a database integer is safe with)


@dataclass(frozen=True, slots=True)
class Price:
    """A price as read. `amount_minor` is in minor units of `currency` (hundredths where None), and 0 only if "free".

    `vat`: whether the words say that tax is included; `was`: the span of the words that states an old or recommended price.
    """

    amount_minor: int
    currency: str | None
    text: str
    kind: Kind
    vat: Vat = ""
    was: str = ""


def parse_price(text: str, default_currency: str | None = None) -> Price | None:
    """The price that `text` (a price field, not a description) states; None where it states none: no price is never 0.

    A range gives its lowest figure above zero; "was £50 now £30" gives 30, "£100 ex VAT (£120 inc VAT)" what a consumer pays; else
    the first figure counts that is no postage, instalment or old price. `default_currency` (ISO 4217) is used where no currency is written, and decides "$", "¥", "£", "kr" and "Rs"
    where it is one of theirs. A number without any currency counts only where nothing else stands beside it. "1.250"
    and "1,250" are thousands unless the currency has three decimals. Never raises.
    """
    read = unicodedata.normalize("NFKC", text[:_MAX_LENGTH]).replace("’", "'").lower()
    read = re.sub(r"\s+", " ", "".join(c for c in read if unicodedata.category(c) != "Cf")).strip()
    read = _PARTED.sub(r"\1$", read)
    if not read:
        return None
    default = default_currency.upper() if default_currency else None
    if _FREE.fullmatch(read):
        return Price(0, default, text, "free")
    found = [m for m in _PRICE.finditer(read) if not _POSTAGE.match(read, m.end())]
    if _NO_PRICE.search(read) or (len(found) == 1 and _NEGATIVE.match(read)):
        return None
    marked = [m for m in found if _mark_of(m, read)]
    if marked:
        return _of_marked(read, text, marked, found, default)
    if len(found) == 2 and not _TO.fullmatch(read[found[0].end() : found[1].start()]):
        return None
    # A leading zero or eight digits and more are a phone or an item number, not a price without its currency.
    if 1 <= len(found) <= 2 and not any(_NO_AMOUNT.match(m["number"]) for m in found):
        return _of_marked(read, text, found, found, default) if _PLAIN.fullmatch(_PRICE.sub(" ", read)) else None
    return None


def _of_marked(read: str, text: str, marked: list[re.Match[str]], found: list[re.Match[str]], default: str | None) -> Price | None:
    old = [m for m in marked if _WAS.search(read[: m.start()])]
    now = [m for m in marked if _NOW.search(read[: m.start()])]
    if now and not old and marked.index(now[0]) == 1:
        old = marked[:1]  # "£50 now £30"
    part = [m for m in marked if _PART_BEFORE.search(read[: m.start()]) or _PART_AFTER.match(read, m.end())]
    asked = [m for m in marked if m not in old and m not in part] or [m for m in marked if m not in old] or marked
    taxed = _taxes(read, found)
    asked = [m for m in asked if taxed[m.start()] == "inc"] or [m for m in asked if taxed[m.start()] != "ex"] or asked
    chosen = next((m for m in asked if m in now), asked[0])
    mark = _mark_of(chosen, read)
    kind: Kind = "exact"
    numbers = [chosen]
    at = found.index(chosen)
    # "£20 - £30", "20-30 €", "£20-30": one bound may lack the mark
    for one, other in ((at - 1, at), (at, at + 1)):
        if one >= 0 and other < len(found) and _TO.fullmatch(read[found[one].end() : found[other].start()]):
            kind, numbers = "range", [found[one], found[other]]
            break
    currency = _currency(mark, default)
    amounts = [a for m in numbers if (a := _minor(m, mark, currency)) is not None]
    if not amounts:
        return None
    amount = min([a for a in amounts if a] or [0])
    first, last = min(m.start() for m in numbers), max(m.end() for m in numbers)
    if kind == "exact" and (_FROM.search(read[:first]) or _FROM_AFTER.match(read[last:])):
        kind = "from"
    was = next((read[m.start() : m.end()] for m in old if m is not chosen), "")
    return Price(amount, currency, text, kind if amount else "free", taxed[chosen.start()], was)


def _taxes(read: str, found: list[re.Match[str]]) -> dict[int, Vat]:
    """What is said of tax beside each figure, by the figure's start: after it, or before it where the first figure has it before."""
    spans: list[tuple[int, int, Vat]] = [(m.start(), m.end(), _vat_of(m)) for m in _VAT.finditer(read)]
    said: dict[int, Vat] = {}
    before = bool(spans) and spans[0][1] <= found[0].start()
    for index, m in enumerate(found):
        floor = found[index - 1].end() if index else 0
        ceiling = found[index + 1].start() if index + 1 < len(found) else len(read)
        ahead: list[Vat] = [vat for start, end, vat in spans if floor <= start and end <= m.start()]
        behind: list[Vat] = [vat for start, end, vat in spans if m.end() <= start and end <= ceiling]
        said[m.start()] = next(iter((ahead[-1:] or behind[:1]) if before else behind[:1]), "")
    for one, other in itertools.pairwise(found):  # both ends of a range
        if not said[one.start()] and _TO.fullmatch(read[one.end() : other.start()]):
            said[one.start()] = said[other.start()]
    return said


def vat_in(text: str) -> Vat:
    """Whether words beside a price say that tax is included: "inc. VAT", "tax excluded"; "" where they say nothing of it."""
    found = _VAT.search(" ".join(text[:_MAX_LENGTH].lower().split()))
    return _vat_of(found) if found else ""


def _vat_of(found: re.Match[str]) -> Vat:
    return "inc" if found["inc"] or found["inc_after"] or found["inc_word"] else "ex"


def on_request(text: str) -> bool:
    """Whether the words of a price field say that the price is told on request: "POA", "call for price"."""
    return bool(_ON_REQUEST.search(" ".join(text[:_MAX_LENGTH].lower().split())))


def _mark_of(match: re.Match[str], read: str) -> str | None:
    """The currency mark beside a number, lower case; None where there is none or only a word that looks like a code."""
    for mark in (match["before"], match["after"]):
        if mark is None or _ALIASES.get(mark) == "":
            continue
        if mark.upper() in _WORDLIKE and match.span() != (0, len(read)):
            continue
        return mark
    return None


def _currency(mark: str | None, default: str | None) -> str | None:
    if mark is None:
        return default
    if mark in ("p", "pence"):
        return "GBP"
    mark = _ALIASES.get(mark, mark)
    mark = _MARKS.get(mark, mark)
    if mark in _SHARED:
        usual, others = _SHARED[mark]
        return default if default in others else usual
    return mark.upper()


def _minor(match: re.Match[str], mark: str | None, currency: str | None) -> int | None:
    """A number in minor units of `currency`, halves up; None where malformed ("20.5.3") or higher than any price."""
    pence = mark in ("p", "pence")  # "£1.50p" has its mark before; "50p" has not
    exponent = 0 if pence else exponent_of(currency)
    value = _decimal(match["number"], exponent_of(currency))
    if value is None or value >= _CEILING:
        return None
    minor = int((value * (1000 if match["kilo"] else 1) * 10**exponent).quantize(Decimal(1), ROUND_HALF_UP))
    return minor if minor < _CEILING else None


def _decimal(number: str, exponent: int) -> Decimal | None:
    """Decimal point or comma, thousands by point, comma, space or apostrophe, told apart by place and count."""
    separators = re.findall(r"[.,' ]", number)
    groups = re.split(r"[.,' ]", number)
    if not separators:
        return Decimal(number)
    last = separators[-1]
    # Groups of two between are Indian: "1,25,000"
    thousands = len(groups[0]) <= 3 and len(groups[-1]) == 3 and all(len(g) in (2, 3) for g in groups[1:-1])
    if len(separators) == 1 and last in ".,":
        # Three digits after the only sign are thousands, unless the currency has three decimals or 0 stands before.
        thousands = thousands and groups[0].strip("0") != "" and not (exponent == 3 and last == ".")
    elif len(set(separators)) == 1:
        if not thousands:
            return None
    else:
        whole = groups[:-1]
        if separators.count(last) > 1 or any(len(g) not in (2, 3) for g in whole[1:]) or len(whole[0]) > 3:
            return None
        thousands = False
    return Decimal("".join(groups) if thousands else "".join(groups[:-1]) + "." + groups[-1])


def exponent_of(currency: str | None) -> int:
    """Decimal places of a currency by ISO 4217: 0 for JPY, 3 for KWD, 2 for most and where it is unknown."""
    return _EXPONENTS.get(currency or "", 2)


def decimal_price(amount_minor: int, currency: str | None) -> str:
    """An amount in minor units as a plain decimal for files: 125000 GBP → "1250.00"."""
    exponent = exponent_of(currency)
    return f"{Decimal(amount_minor).scaleb(-exponent):.{exponent}f}"


def format_price(amount_minor: int, currency: str | None) -> str:
    """An amount in minor units for people to read: "£1,250.00", "JPY 1,250", "US$9.99"; bare where it has none."""
    amount = f"{Decimal(decimal_price(amount_minor, currency)):,}"
    sign, amount = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    mark = {"GBP": "£", "EUR": "€", "USD": "US$", None: ""}.get(currency, f"{currency} ")
    return f"{sign}{mark}{amount}"
