"""What is held about a person, as a report for the data protection officer: found by the software, decided by a person, sent by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casework.documents import Document, Fields, Heading, Paragraph, Signature, Table
from store.personal import HELD
from store.subjects import Match

NATURE = {True: "opinion", False: "fact as recorded"}


def report(asked: Sequence[str], matches: Sequence[Match], *, by: str, authority: str, at: datetime) -> Document:
    """The report of one search. Exemptions and what is given out are blanks: whether a row is about the person at all is for a person to say."""
    blocks: list[object] = [
        Paragraph(
            "Draft for the data protection officer. Rows in which the words of the search stand, and rows that hang on them. Namesakes, second "
            "owners of a phone and other people on the same page are among them. Nothing has been sent to anybody."
        ),
        Fields([
            ("Searched for", "; ".join(asked)), ("By", by), ("At", f"{at:%Y-%m-%d %H:%M} UTC"), ("Held by", authority),
            ("Identity of who asks, checked how and by whom", None), ("Reference of the request", None), ("To be answered by", None),
        ]),
        Paragraph(
            "Data Protection Act 2018 s.45 gives a data subject access under Part 3, and s.45(4) lets it be restricted, wholly or partly, where that is "
            "necessary and proportionate: not to obstruct an inquiry, not to prejudice detection or prosecution, or to protect the rights of others. "
            "Each restriction is a person's decision, recorded with its reasons (s.45(7)). The section numbers are to be checked by the authority's lawyer.",
            small=True,
        ),
    ]  # fmt: skip
    for held in HELD:
        rows = [m for m in matches if m.kind == held.table]
        if not rows:
            continue
        blocks.append(Heading(f"{held.what[:1].upper()}{held.what[1:]} ({len(rows)})", 2))
        if held.third_party:
            blocks.append(Paragraph("Somebody who told the authority: named by number only. Third-party data and a possible exemption: decide before looking.", strong=True))  # fmt: skip
        blocks.append(
            Table(
                ["No", "Why it is here, and what matched", "Category; nature", "From; kept until", "Give out? Exemption"],
                [[str(m.number), _why(m), _category(m), _dates(m), None] for m in rows],
                widths=[7, 45, 16, 16, 16],
            )
        )  # fmt: skip
    if not matches:
        blocks.append(Paragraph("Nothing was found."))
    blocks += [
        Heading("What was not looked through", 2),
        Paragraph(
            "The bytes in the archive (pages, pictures, files that were handed in): what was read from them is above. Packs and files that were exported. "
            "Backups. Words in photographs and handwriting."
        ),
        Heading("Decision", 2),
        Fields([("Given out", None), ("Restricted, and why", None), ("Told to the data subject", None)]),
        Signature(["Data protection officer", "Date"]),
    ]  # fmt: skip
    return Document("What is held about a person", blocks, marking="OFFICIAL-SENSITIVE", draft=True)  # type: ignore[arg-type]


def _why(m: Match) -> str:
    said = "; ".join(f"{name}: {_short(value)}" for name, value in m.values.items())
    return f"{', '.join(m.by) or m.via}" + (f"\n{said}" if said else "\nwithheld" if m.third_party else "")


def _category(m: Match) -> str:
    return f"{m.category}{', sensitive' if m.sensitive else ''}; {NATURE[m.opinion]}"


def _dates(m: Match) -> str:
    return (f"{m.at:%Y-%m-%d}" if m.at else "–") + (f"; until {m.retention_until:%Y-%m-%d}" if m.retention_until else "")


def _short(value: str) -> str:
    said = " ".join(value.split())
    return said if len(said) <= 160 else said[:159] + "…"
