"""Ways to reach a seller, found in text however written, in one normal form so that two listings can be joined.

Sources: ITU E.164 through `phonenumbers`; Ofcom's "Telephone numbers for use in TV and radio drama programmes", which
are never given out and so are what our tests and demonstration use.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from store.words.text import Normalised, normalise

KINDS = ("phone", "email", "whatsapp", "telegram", "instagram", "snapchat", "payment", "url", "domain")


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact in a text: `value` is its normal form, `text[start:end] == raw` of the text as published."""

    kind: str
    value: str
    raw: str
    start: int
    end: int


def find_contacts(text: str) -> list[Contact]:
    """Contacts in raw text, by place. A span is read once, most telling kind first (a wa.me link is no url).

    Values: phone and whatsapp E.164 ("+447700900123"; or "chat/CODE", "message/CODE"), email and handles in lower case
    without "@", telegram "name" or "+invite", payment "paypal:name" (also revolut, cashapp, monzo), domain
    "shop.example", url "host/path" without scheme and "www.". Look-alike letters are folded first. Never raises.
    """
    read = normalise(text)
    taken: list[tuple[int, int]] = []
    found: list[Contact] = []
    for search in (_links, _emails, _handles, _addresses, _phones):
        fresh: list[tuple[int, int]] = []
        for kind, value, start, end in sorted(search(read), key=lambda hit: (hit[2], -hit[3])):
            if (fresh and fresh[-1][1] > start) or _overlaps((start, end), taken):
                continue
            fresh.append((start, end))
            raw_start, raw_end = read.raw_span(start, end)
            found.append(Contact(kind, value, text[raw_start:raw_end], raw_start, raw_end))
        taken = sorted([*taken, *fresh])
    return sorted(found, key=lambda contact: (contact.start, contact.end, contact.kind))


def normalise_contact(kind: str, raw: str) -> str | None:
    """The normal form of one contact whose kind is known (a field of a page, of a register); None where it is not one.

    Raises ValueError for a kind that is not in KINDS.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of contact {kind!r}; known are {', '.join(KINDS)}")
    raw = raw.strip()
    by_kind = {contact.kind: contact.value for contact in reversed(find_contacts(raw))}
    if kind in by_kind:
        return by_kind[kind]
    if kind in ("instagram", "snapchat", "telegram"):
        handle = re.fullmatch(r"@?([a-z0-9](?:[a-z0-9_.\-]{0,28}[a-z0-9_])?)", normalise(raw).text)
        return handle[1] if handle else None
    # a number stands for its WhatsApp account, a bare domain for its first page
    return by_kind.get({"whatsapp": "phone", "url": "domain"}.get(kind, ""))


_Hit = tuple[str, str, int, int]


def _overlaps(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    at = bisect_left(taken, (span[1], -1))  # spans taken do not overlap, so the one before is the only rival
    return at > 0 and taken[at - 1][1] > span[0]


# Links and handles: (kind, pattern with one group, how the group becomes the value). On folded text: all lower case.

_HEAD = r"(?<![a-z0-9@.\-/])(?:https?://)?(?:www\.|m\.)?"
_NAME = r"([a-z0-9](?:[a-z0-9_.]{0,28}[a-z0-9_])?)"
_SAYS = r"(?: ?(?:is|handle|username|user|account|name|id|acc|tag))?"
# "ig: name", "insta @name", "snap - @name"; a bare word after it is no handle, nor is "snap-hook".
_AT = rf"{_SAYS}(?: ?[:;=]+>? ?@?| -+>? ?@?| ?->? ?@| ?-> ?| ?@)"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _plain(value: str) -> str:
    return value.rstrip("._")


def _international(digits: str) -> str:
    return _e164("+" + digits) or "+" + digits


_Rule = tuple[str, re.Pattern[str], Callable[[str], str]]
_LINKS: tuple[_Rule, ...] = tuple(
    (kind, re.compile(source), value_of)
    for kind, source, value_of in (
        ("whatsapp", _HEAD + r"(?:wa\.me|whatsapp\.com)/(message/[a-z0-9]{6,20})", str),
        ("whatsapp", _HEAD + r"wa\.me/\+?([0-9]{7,15})(?![0-9])", _international),
        ("whatsapp", _HEAD + r"(?:(?:api|web)\.whatsapp\.com/)?send/?\?phone=\+?([0-9]{7,15})", _international),
        ("whatsapp", _HEAD + r"(chat)\.whatsapp\.com/(?:invite/)?[a-z0-9]{10,30}", str),
        ("telegram", _HEAD + r"(?:t|telegram)\.(?:me|dog)/(?:joinchat/|s/)?(\+?[a-z0-9_\-]{3,64})", _plain),
        (
            "instagram",
            _HEAD + rf"(?:instagram\.com|instagr\.am|ig\.me/m)/(?!(?:p|reels?|explore|tv)/)@?{_NAME}",
            _plain,
        ),
        ("snapchat", _HEAD + r"snapchat\.com/(?:add|t|u)/@?([a-z0-9][a-z0-9_.\-]{2,29})", _plain),
        ("payment", _HEAD + r"(?:paypal\.me|paypal\.com/paypalme)/([a-z0-9]{1,30})", "paypal:{}".format),
        ("payment", _HEAD + r"revolut\.me/([a-z0-9]{2,30})", "revolut:{}".format),
        ("payment", _HEAD + r"cash\.app/[£$]?([a-z0-9_]{1,30})", "cashapp:{}".format),
        ("payment", _HEAD + r"monzo\.me/([a-z0-9]{2,40})", "monzo:{}".format),
    )
)
_HANDLES: tuple[_Rule, ...] = tuple(
    (kind, re.compile(rf"(?<![a-z0-9]){source}(?![a-z0-9_@])"), value_of)
    for kind, source, value_of in (
        ("telegram", rf"(?:telegram|telegr|tele|tg){_AT}([a-z][a-z0-9_]{{3,31}})", _plain),
        ("instagram", rf"(?:instagram|insta|ig|inst){_AT}{_NAME}", _plain),
        ("snapchat", rf"(?:snapchat|snap|sc){_AT}([a-z][a-z0-9_.\-]{{1,13}}[a-z0-9])", _plain),
        ("payment", rf"(?:revolut|rev ?tag)(?: ?tag)?{_AT}([a-z0-9]{{3,20}})", "revolut:{}".format),
        ("payment", r"cash ?app(?: ?tag)?(?: ?[:\-])? ?[£$]([a-z][a-z0-9_]{0,19})", "cashapp:{}".format),
        ("payment", rf"paypal{_SAYS} ?@([a-z0-9]{{3,20}})", "paypal:{}".format),
    )
)
# "ig: available": what follows the colon is an ordinary word far more often than anybody's name.
_NO_HANDLES = _set(
    "www http https com me us on for and the my page below above available please dm message phone whatsapp in or dms "
    "facebook instagram insta snapchat telegram not only yes no is at bio see link back shot chat add follow find ask "
    "pm inbox text call new same"
)


def _links(read: Normalised) -> Iterator[_Hit]:
    yield from _named(read, _LINKS)


def _handles(read: Normalised) -> Iterator[_Hit]:
    yield from (hit for hit in _named(read, _HANDLES) if hit[1].split(":")[-1] not in _NO_HANDLES)


def _named(read: Normalised, rules: tuple[_Rule, ...]) -> Iterator[_Hit]:
    for kind, pattern, value_of in rules:
        for match in pattern.finditer(read.text):
            value = value_of(match[1])
            if value.startswith(("chat", "message/", "+")) and not value[1:].isdigit():
                # invitation codes tell capitals apart: taken from the words as published
                code = read.raw_text(match.start(), match.end()).rsplit("/", 1)[-1]
                value = code if kind == "telegram" else f"{value.split('/')[0]}/{code}"
            if value:
                yield kind, value, match.start(), match.end()


# E-mail

_EMAIL = re.compile(r"(?<![a-z0-9._%+\-])([a-z0-9][a-z0-9._%+\-]{0,63})@((?:[a-z0-9\-]{1,63}\.){1,5}[a-z]{2,24})(?![a-z0-9\-])")
_HIDDEN_EMAIL = re.compile(
    r"(?<![a-z0-9._%+\-])([a-z0-9][a-z0-9._%+\-]{1,63})(?: ?[\(\[\{<] ?at ?[\)\]\}>] ?| at )"
    r"([a-z0-9\-]{2,63})(?: ?[\(\[\{<] ?dot ?[\)\]\}>] ?| dot |\.)"
    r"(co(?: ?dot ?|\.)uk|com|net|org|uk|me|ru|de|fr)(?![a-z0-9])"
)
_PROVIDERS = _set("gmail googlemail hotmail outlook live yahoo ymail icloud aol protonmail proton gmx btinternet mail sky")


def _emails(read: Normalised) -> Iterator[_Hit]:
    for match in _EMAIL.finditer(read.text):
        yield "email", f"{match[1].rstrip('.')}@{match[2]}", match.start(), match.end()
    for match in _HIDDEN_EMAIL.finditer(read.text):
        if " at " in match[0] and match[2] not in _PROVIDERS:
            continue  # "meet at tesco.com collection point"
        yield "email", f"{match[1]}@{match[2]}.{re.sub(r' ?dot ?', '.', match[3])}", match.start(), match.end()


# Addresses on the web

_URL = re.compile(
    r"(?<![a-z0-9])https?://(?:[^\s/@<>\"]{1,99}@)?((?:[a-z0-9_\-]{1,63}\.){1,8}[a-z]{2,24})(?::\d{1,5})?"
    r"([/?#][^\s<>\"]{0,500})?"
)
# Without a scheme only what is rarely an ordinary word after a missing space ("collection.only" is none).
_TLD = r"co\.uk|org\.uk|me\.uk|com|net|org|uk|eu|biz|info|ru|cn|com\.cn|cc|xyz|io|ie|de|fr|hk|tk|shop|store|vip"
_BARE = re.compile(
    rf"(?<![a-z0-9@.\-/_])((?:[a-z0-9\-]{{1,63}}\.){{1,4}}(?:{_TLD}))(?![a-z0-9\-]|\.[a-z])(?::\d{{1,5}})?"
    r"(/[^\s<>\"]{0,500})?"
)
_WWW = re.compile(r"(?<![a-z0-9@.\-/_])www\.((?:[a-z0-9\-]{1,63}\.){1,4}[a-z]{2,24})(?![a-z0-9\-])(/[^\s<>\"]{0,500})?")


def _addresses(read: Normalised) -> Iterator[_Hit]:
    reach = 0
    hits = [m for pattern in (_URL, _WWW, _BARE) for m in pattern.finditer(read.text)]
    for match in sorted(hits, key=lambda m: (m.start(), -m.end())):
        if match.start() < reach:
            continue
        reach = match.end()
        host = match[1].removeprefix("www.")
        # paths tell capitals apart: as published, percent-encoding undone once
        path = unquote(read.raw_text(*match.span(2)), errors="replace").rstrip("/.,;:!?)'\"") if match[2] else ""
        end = match.end() if path or not match[2] else match.start(2)
        yield ("url", host + path, match.start(), end) if path else ("domain", host, match.start(), end)


# Phones

_WORDS = {
    "zero": "0",
    "nought": "0",
    "oh": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}
_TOKEN = re.compile(
    r"\+|[0-9]|(?<=[0-9])[oil]{1,3}(?=[0-9])|(?<![a-z0-9])o{1,3}(?=[0-9])|(?<=[0-9])o{1,3}(?![a-z])|(?<![a-z0-9])o(?![a-z])"
    rf"|(?<![a-z])(?:(?:double|triple) )?(?:{'|'.join(_WORDS)})(?![a-z])|(?<![a-z])(?:double|triple) [0-9o](?![a-z0-9])"
)
_GAP = re.compile(r"(?:\(0\))?[ .\-()/*_,~|:]{0,4}")
_LONGEST_RUN = 60  # digits; a longer run is no phone book, and reading each start of it would cost without end


def _phones(read: Normalised) -> Iterator[_Hit]:
    text = read.text
    run: list[tuple[str, int, int]] = []
    for match in _TOKEN.finditer(text):
        if match[0] == "+" or (run and not _GAP.fullmatch(text[run[-1][2] : match.start()])):
            yield from _in_run(run, text)
            run = []
        run.extend((digit, match.start(), match.end()) for digit in _digits(match[0]))
    yield from _in_run(run, text)


def _digits(written: str) -> str:
    times, _, word = written.rpartition(" ")
    digits = _WORDS.get(word) or word.translate(str.maketrans("oil", "011"))
    return digits * {"": 1, "double": 2, "triple": 3}[times]


def _in_run(run: list[tuple[str, int, int]], text: str) -> Iterator[_Hit]:
    """Phones in a run of digits: from each place where one may begin, longest first, ending where a group ends."""
    digits = "".join(digit for digit, _, _ in run[:_LONGEST_RUN])
    i = 0
    while i + 10 <= len(digits):
        if not _may_begin(run, i, digits, text):
            i += 1
            continue
        for size in (16, 15, 14, 13, 12, 11, 10) if digits[i] == "+" else (14, 13, 12, 11, 10):
            if i + size > len(digits) or (i + size < len(run) and run[i + size][1] == run[i + size - 1][2]):
                continue
            number = _e164(digits[i : i + size])
            if number:
                yield "phone", number, run[i][1], run[i + size - 1][2]
                i += size - 1
                break
        i += 1


def _may_begin(run: list[tuple[str, int, int]], i: int, digits: str, text: str) -> bool:
    start = run[i][1]
    if i and (run[i - 1][2] == start or run[i - 1][1] == start):
        return False  # inside a group, or inside "double zero"
    if start and text[start - 1] in "£$€#":
        return False
    return digits[i] == "+" or (digits[i] == "0" and digits[i + 1] in "0123789") or digits.startswith("447", i)


# Ofcom's drama numbers, as national numbers: not given out, so that phonenumbers calls some of them invalid.
_DRAMA = re.compile(r"(?:7700900|1632960|8081570|3069990|2079460|2896496|2920180|9098790|1914980|1(?:1[3-8]|21|31|41|51|61)4960)\d{3}")


@lru_cache(maxsize=4096)
def _e164(digits: str) -> str | None:
    """A number in E.164 where it is one: with "+", with 00, with the trunk 0 (then British), or with a bare 44."""
    import phonenumbers

    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("44"):
        digits = "+" + digits
    if digits.startswith("+440"):
        digits = "+44" + digits[4:]  # "+44 (0)7700 …"
    national = digits[3:] if digits.startswith("+44") else digits[1:] if digits.startswith("0") else ""
    if _DRAMA.fullmatch(national):
        return "+44" + national
    try:
        number = phonenumbers.parse(digits, "GB")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
