"""How the pages of a pack put things: times, amounts, strengths, what a code of ours means. No rows are read here."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from detectors import same_place
from store.database import numbers_in
from store.findings import KeptFinding
from store.words.records import Capture, CaptureKind, SubjectKind

_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
KINDS = {
    CaptureKind.page: "page as the server sent it",
    CaptureKind.image: "picture",
    CaptureKind.rendered: "document as a browser rendered it",
    CaptureKind.network: "answer fetched by the browser",
    CaptureKind.robots: "robots.txt",
    CaptureKind.screenshot: "screenshot of a rendered document",
    CaptureKind.handed_in: "handed in",
}
LEVELS = {"priority": "priority: queued first", "review": "review: queued", "note": "note: recorded only", "none": "none: nothing to say"}


BY_BROWSER = (CaptureKind.rendered, CaptureKind.network)


def connection(c: Capture) -> str:
    """HTTP version, what the name led to and the certificate, as far as they are known: a browser does not tell the first two of a document."""
    said = [c.http_version] if c.http_version else ["HTTP version unknown"] if c.kind in BY_BROWSER else []
    said += [f"its name led to {', '.join(c.dns_answer)}"] if c.dns_answer else []
    said += ["what its name led to is unknown (a browser does not tell)"] if c.kind in BY_BROWSER and not c.dns_answer else []
    said += ["no certificate, since it was asked for by plain HTTP"] if c.url_final.startswith("http://") and said else []
    if c.certificate:
        chain = (
            f" (the first of {len(c.certificate_chain)} that the server showed)"
            if c.certificate_chain
            else " (which others the server showed is unknown)"
        )
        said.append(f"certificate SHA-256 {c.certificate}{chain}" if c.certificate != "unknown" else "certificate unknown")
    return "; ".join(said)


def shown_time(moment: datetime | str | None) -> str:
    """22 November 2026, 19:32:07 UTC."""
    if moment is None:
        return "not recorded"
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return f"{moment.day} {moment:%B %Y, %H:%M:%S} UTC"


def money(minor: int | None, currency: str | None) -> str:
    """£39.00; "" where there is no amount."""
    if minor is None or not currency:
        return ""
    amount = f"{Decimal(minor) / 100:,.2f}"
    return f"{_SYMBOLS[currency]}{amount}" if currency in _SYMBOLS else f"{amount} {currency}"


LEADS = frozenset({same_place.REASON})
QUESTIONS = {
    SubjectKind.listing: "does the listing merit action?",
    SubjectKind.flag: "does the flag merit action?",
    SubjectKind.link: "do the reasons join these two?",
    SubjectKind.account: "is it shown who runs the account?",
}
_WEIGHTS = "Weights do not add up: those for are combined as 1 − (1 − w₁)(1 − w₂)…"
_BESIDE = "“Beside” marks what weighs nothing: the other account's side of the reason before it, or how a thing is known."
COMBINED = {
    "premises": f"{_WEIGHTS}, and the outcome is multiplied by (1 − w) for each against. {_BESIDE}",
    "network": f"{_WEIGHTS} {_BESIDE}",
}
UNWEIGHED = "none: this method looks for no contradictions, and weighs nothing against a link"
NONE_FOUND = "none of the contradictions that this method looks for was found"


def counted(number: int, what: str) -> str:
    """3 captures."""
    return f"{number} {what}{'s' if number != 1 else ''}"


def few(ids: str) -> str:
    """The numbers of an event, `1-3,7`, as they are where they are few; else how many: the log has them whole."""
    return ids.replace(",", ", ") if len(ids) <= 24 else f"({len(numbers_in(ids))} of them)"


def header(c: Capture, name: str) -> str:
    """A header of ours of a capture; "" where it has none."""
    return next((value for header, value in c.response_headers if header == name), "")


def called(code: str) -> str:
    """A code of ours as words."""
    return code.replace("_", " ")


def strength(f: KeptFinding) -> str:
    """How strong a finding is, and on which scale."""
    if f.method_name == "text_model":
        return f"probability {f.finding.score:.2f}, were copies as many as ordinary listings; its model card says where it ranks worse than chance"
    return f"strength {f.finding.score:.2f} of 1"


def scale(policy: Mapping[str, Any]) -> str:
    """What a score is held against: the levels, how many ordinary listings reach each, and the most that each group gives."""
    levels, rates, groups = (policy.get(name) or {} for name in ("levels", "false_positive_rates", "groups"))
    if not {"note", "review", "priority"} <= set(levels):
        return ""
    said = "; ".join(
        f"{name} from {float(levels[name]):g} points"
        + (f" (aimed at {float(rates[name]):.1%} of ordinary listings)" if name in rates else "")
        for name in ("priority", "review", "note")
    )
    most = "; ".join(f"{row['title']} {float(row['cap']):g}" for _, row in sorted(groups.items()))
    least, counted_from = policy.get("priority_groups"), policy.get("counts_from")
    two = (
        f" Priority takes {least} groups of reasons besides, each with {float(counted_from):g} points or more."
        if least and counted_from
        else ""
    )
    groups_give = f"A group of reasons gives at most: {most}. " if most else ""
    rule = "Of several findings of one reason the strongest counts whole, the next half, and so on; then a group that comes to more than its most is scaled down in proportion, so that each of its findings shows fewer points than its weight."
    return f"{said}.{two} {groups_give}{rule}"


def by_hand(policy: Mapping[str, Any], reasons: Iterable[str]) -> str:
    """Which of these reasons have weights that were set by hand; "" where none has."""
    known = policy.get("reasons") or {}
    found = sorted({called(reason) for reason in reasons if (known.get(reason) or {"fitted": 0}).get("fitted", 0) is None})
    return f"Set by hand, and not fitted to labelled adverts, are the weights of: {', '.join(found)}." if found else ""


def at_levels(counts: Mapping[str, int]) -> str:
    """Of how many listings a run of flags made what; "" where it does not say."""
    levels = [(name, counts.get(f"level_{name}")) for name in ("priority", "review", "note", "none")]
    if not counts.get("listings") or any(n is None for _, n in levels):
        return ""
    return (
        f"Of the {counts['listings']:,} listings that the same run scored, "
        + ", ".join(f"{n:,} came to {name}" for name, n in levels)
        + "."
    )


def words_of(page: str) -> str:
    """A page's words, for finding what is quoted of it: as written and without its tags, entities and escapes resolved, blanks as one."""
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), page)
    return " ".join(f"{html.unescape(plain)} {html.unescape(re.sub(r'<[^>]*>', ' ', plain))}".split())
