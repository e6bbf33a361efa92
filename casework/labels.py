"""Exhibit labels as a PDF: one for each exhibit, eight to a sheet of A4, to be signed by hand.

The words are those of the Criminal Procedure Rules' signed label as HSE's guidance gives it: "Exhibit AB1, referred to in the statement of [full name]
dated [date]". A name or a date that is not known is a line to be completed by hand, never made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from casework import pdf
from casework.exhibits import counted, custody_of
from casework.export import render
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.casefile import Thing
from store.words.records import Case, Exhibit

A_SHEET = 8
SIGNATURES = 3  # lines: the one who produces it, and those who take it over


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one label. `name` and `dated` are None where they are to be completed by hand; `bag` is the one that it is sealed in now."""

    exhibit: Exhibit
    name: str | None
    dated: str | None
    bag: str
    said: str
    found: str


def labels_of(store: Store, reader: Acting, case: Case, wanted: Sequence[str], names: Mapping[str, str], dated: str) -> list[Label]:
    """The labels of these exhibits of a case, of all that are not withdrawn where none is named. `names` are full names by initials.

    Raises TouchstoneError for an exhibit that is not there or was withdrawn, and initials that nobody has.
    """
    exhibits = reader.exhibits(case.reference)
    known = {e.number: e for e in exhibits}
    for number in wanted:
        if number not in known:
            raise TouchstoneError(f"case {case.reference} has no exhibit {number}")
        if known[number].withdrawn:
            raise TouchstoneError(f"exhibit {number} was withdrawn ({known[number].withdrawn}): it keeps its number, and needs no label")
    officers = store.exhibit_initials(case.reference)
    if unknown := [letters for letters in names if letters not in officers]:
        raise TouchstoneError(
            f"nobody's exhibits in case {case.reference} are numbered {unknown[0]}; there are {', '.join(officers) or 'none'}"
        )
    full = {officer: names[letters] for letters, officer in officers.items() if letters in names}
    chosen = [known[number] for number in wanted] if wanted else [e for e in exhibits if not e.withdrawn]
    made = []
    for chain in custody_of(reader, chosen, case.reference):
        what = chain.thing.what if chain.thing is not None else None
        found = f"{what.found_at}, {chain.thing.when}" if isinstance(what, Thing) and what.physical and chain.thing is not None else ""
        name = full.get(chain.exhibit.producer) or _full_name(store, chain.exhibit.producer)
        said = counted(what) if found and isinstance(what, Thing) else chain.exhibit.description
        made.append(Label(chain.exhibit, name, dated or None, chain.now.bag if chain.now else "", said, found))
    return made


def _full_name(store: Store, officer: str) -> str | None:
    """The officer's name, where the store has one beside what the log calls them."""
    name = store.actor(officer).name
    return name if name != officer else None


def write_labels(
    store: Store, reader: Acting, home: Home, case: Case, to: Path, *, wanted: Sequence[str] = (), names: Mapping[str, str] | None = None, dated: str = ""
) -> int:  # fmt: skip
    """Write the labels into a new PDF; how many. It is a disclosure in the log. Raises TouchstoneError."""
    if missing := pdf.missing_parts():
        raise TouchstoneError(f"labels are a PDF, and none can be made: {missing}")
    if to.exists():
        raise TouchstoneError(
            f"{to} exists already; give another with `--out`, since labels that somebody may have signed are not overwritten"
        )
    labels = labels_of(store, reader, case, wanted, names or {}, dated)
    if not labels:
        raise TouchstoneError(f"case {case.reference} has no exhibit to label; `touchstone case add` makes one")
    body = pdf.make_pdf(labels_text(home, case, labels), lambda _: None, b"touchstone-labels")
    reader.disclose(f"exhibit labels of case {case.reference}", {"labels": len(labels)})
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(body)
    return len(labels)


def labels_text(home: Home, case: Case, labels: Sequence[Label]) -> str:
    """The HTML that the PDF is made of."""
    sheets = [labels[at : at + A_SHEET] for at in range(0, len(labels), A_SHEET)]
    context = {"case": case, "authority": home.settings.authority, "sheets": sheets, "lines": range(SIGNATURES)}
    return render.sheet_text("labels.html", context)
