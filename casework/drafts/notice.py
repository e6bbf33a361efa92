"""Drafts of notices to the operators of websites, for an officer to enter or to send: what a form asks for is in configs/notices, a file a form.

Nothing is sent. A value that is longer than its field takes is shown whole, with by how much it is too long: what to leave out is for a person.
A layout that nobody could look up is said to be unconfirmed wherever it is printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from casework.documents import Block, Document, Heading, Paragraph, Signature, Table
from casework.drafts.facts import at
from casework.drafts.keeping import Made
from casework.drafts.settings import DraftSettings
from store.config import Home, load
from store.errors import TouchstoneError
from store.listings import Summary
from store.store import Acting, Store
from store.strict import FieldError, near
from store.words.casefile import EntryKind, Offence
from store.words.drafts import DraftKind
from store.words.records import Exhibit, SubjectKind

# What a field may be filled with, by the word of its `from:`; everything else is for a person to write.
VALUES = {
    "authority": "the authority's name", "jurisdiction": "the authority's jurisdiction", "officer": "the officer's name, where it is known", "case": "the reference of the case",
    "listing_url": "the address of the listing", "listing_ref": "the reference that the website gave the listing", "captured": "when the listing was first captured",
    "law": "what `law:` of the form says", "marks": "registered trade marks of the case's offences", "person": "nothing: a person writes it",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `max` is the most characters it takes, None where no published source says so; `from_` a word of VALUES."""

    name: str
    required: bool = False
    max: int | None = None
    takes: str = "person"
    note: str = ""

    def __post_init__(self) -> None:
        if self.takes not in VALUES:
            raise FieldError("takes", f"'{self.takes}' is none of {', '.join(VALUES)}{near(self.takes, VALUES)}")
        if self.max is not None and self.max < 1:
            raise FieldError("max", f"{self.max} is no number of characters")


@dataclass(frozen=True, slots=True)
class Form:
    """What one route asks for: configs/notices/NAME.yml. `confirmed` False: the layout is from memory, or could not be looked up.

    `hosts` are the websites whose listings it is for, () for any. `each` are asked once for each listing.
    """

    title: str
    to: str
    route: str
    law: str
    fields: tuple[Field, ...]
    each: tuple[Field, ...]
    sources: tuple[str, ...] = ()
    confirmed: bool = False
    hosts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.confirmed and not self.sources:
            raise FieldError("confirmed", "a layout is confirmed by a published source: name it in `sources`")
        if unsourced := [f.name for f in (*self.fields, *self.each) if f.max is not None and not self.sources]:
            raise FieldError("fields", f"'{unsourced[0]}' has a limit, and the form names no source for it")
        if any(f.takes.startswith("listing") or f.takes == "captured" for f in self.fields):
            raise FieldError("fields", "what is of one listing stands under `each`")

    def is_for(self, url: str) -> bool:
        host = (urlsplit(url).hostname or "").lower()
        return not self.hosts or any(host == each or host.endswith(f".{each}") for each in self.hosts)


def forms(home: Home) -> dict[str, Form]:
    """The forms that are configured, by the names of their files."""
    return {path.stem: load(path, Form) for path in home.configs("notices")}


def notice(store: Store, reader: Acting, home: Home, settings: DraftSettings, case: str, name: str) -> Made:
    """The draft of a notice by the form `name` about the case's listings that it is for. Raises TouchstoneError."""
    one, known = store.case(case), forms(home)
    if name not in known:
        raise TouchstoneError(f"there is no notice '{name}'; there are: {', '.join(known) or 'none'}{near(name, known)}")
    form = known[name]
    exhibits = [e for e in reader.exhibits(case) if e.subject_kind is SubjectKind.listing and not e.withdrawn]
    found = {s.listing.id: s for s in (reader.summaries(numbers=[e.subject for e in exhibits]) if exhibits else [])}
    listings = [(e, found[e.subject]) for e in exhibits if e.subject in found and form.is_for(found[e.subject].listing.url)]
    if not listings:
        raise TouchstoneError(
            f"case '{case}' has no exhibit of a listing on {', '.join(form.hosts) or 'any website'}: the notice would be about nothing"
        )
    common = {
        "authority": home.settings.authority.name, "jurisdiction": one.jurisdiction or home.settings.authority.jurisdiction, "case": case, "law": form.law,
        "officer": reader.actor.name if reader.actor.name != reader.actor.id else "", "marks": _marks(reader, case),
    }  # fmt: skip
    document = Document(form.title, list(_blocks(form, common, listings)), marking=settings.marking, reference=f"{case}: notice, {name}")
    notes = [
        f"It was not sent. The route: {form.route}",
        "Say in your own words why the listing is against the law; what the program thinks of it is no reason to give.",
        "Whoever runs the website may show a notice to the seller: think what it gives away while an investigation goes on.",
        *form.notes,
    ]
    if not form.confirmed:
        notes.append("LAYOUT UNCONFIRMED: fields and limits were not found in a published source; look at the form itself.")
    stem = f"notice-{name}"
    return Made(DraftKind.notice, case, stem, {stem: document}, about=name, notes=notes)


def _marks(reader: Acting, case: str) -> str:
    """The registered marks of the case's offences, as far as they are recorded."""
    rows = [row.what for row in reader.case_entries(case, EntryKind.offence) if isinstance(row.what, Offence)]
    return "; ".join(dict.fromkeys(mark for o in rows if (mark := _mark(o))))


def _mark(o: Offence) -> str:
    registered = f"{o.office} {o.number}".strip()
    said = (o.mark, registered, f"classes {', '.join(map(str, o.classes))}" if o.classes else "", f"owner {o.owner}" if o.owner else "")
    return ", ".join(filter(None, said))


def _blocks(form: Form, common: Mapping[str, str], listings: Sequence[tuple[Exhibit, Summary]]) -> Iterator[Block]:
    yield Paragraph(f"To: {form.to}")
    if not form.confirmed:
        yield Paragraph("Layout unconfirmed: fields and limits were not found in a published source.", strong=True)
    yield _table(form.fields, common, "Asked once")
    for exhibit, summary in listings:
        own = {
            **common, "listing_url": summary.listing.url, "listing_ref": summary.listing.ref, "captured": at(summary.first_seen),
        }  # fmt: skip
        yield Heading(f"Listing {exhibit.number}", 1)
        yield _table(form.each, own, f"For this listing (exhibit {exhibit.number})")
    yield Paragraph("Grounds and limits: " + ("; ".join(form.sources) or "none published"), small=True)
    yield Signature(["Name and office", "Date"])


def _table(fields: Sequence[Field], values: Mapping[str, str], caption: str) -> Table:
    rows = []
    for field in fields:
        value = values.get(field.takes, "") or None
        asked = f"{field.name}{' (required)' if field.required else ''}" + (f"\n{field.note}" if field.note else "")
        rows.append((asked, value, _limit(field, value)))
    return Table(["Field", "To enter", "Limit"], rows, [2, 4.4, 1.6], caption)


def _limit(field: Field, value: str | None) -> str:
    if field.max is None:
        return "not published"
    over = len(value or "") - field.max
    return f"{field.max} characters" + (f": TOO LONG by {over}" if over > 0 else "")
