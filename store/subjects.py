"""Everything that is held about a person: looked for in each column of store/personal.py, and what hangs on what was found.

It finds rows that *may* be about somebody; whether they are, and what of it may be shown, is for a person to decide (DPA 2018 s.45). Whoever told of
somebody is named by number only. Bytes in the archive are searched where asked for; a drawing, a photograph and handwriting are not read.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, or_, select

from store import audit
from store import tables as t
from store.database import Database, add, chunks
from store.errors import TouchstoneError
from store.personal import HELD, Held, of
from store.reader import Reader
from store.words.contacts import normalise_contact
from store.words.purposes import subject_of
from store.words.records import SubjectCategory, Verb

PAGE = 2000
LONGEST = 400  # characters of a value that are shown
NEAR = 2  # words that may stand between the parts of a name
KINDS = ("name", "phone", "email", "handle", "postcode")


@dataclass(frozen=True, slots=True)
class Match:
    """A row that may be about the person. `by` says which words of the search stand in it, "" for one that only hangs on such a row (`via`).

    `values` are the columns that matched; of who told somebody nothing is given. `opinion` is an assessment, no fact (s.38).
    """

    kind: str
    number: int
    what: str
    by: tuple[str, ...] = ()
    via: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    opinion: bool = False
    third_party: bool = False
    category: str = "unknown"
    sensitive: bool = False
    at: datetime | None = None
    retention_until: datetime | None = None


def folded(text: str) -> str:
    """Without case, accents and width: as two spellings of a name are compared."""
    bare = unicodedata.normalize("NFKD", text)
    return "".join(c for c in bare if not unicodedata.combining(c)).casefold()


def matcher(kind: str, said: str) -> Callable[[str], bool]:
    """Whether a text holds this name, phone, e-mail address, handle or postcode. Raises TouchstoneError for what is none."""
    if kind == "name":
        parts = re.findall(r"\w+", folded(said))
        if not parts or max(map(len, parts)) < 2:
            raise TouchstoneError(f"'{said}' is no name to look for")
        return lambda text: _near(re.findall(r"\w+", folded(text)), parts)
    if kind == "phone":
        normal = normalise_contact("phone", said)
        digits = re.sub(r"\D", "", normal or "")
        if len(digits) < 7:
            raise TouchstoneError(f"'{said}' is no phone number that could be looked for")
        wanted = digits[2:] if digits.startswith("44") else digits  # as 0…, +44… and 0044… all end
        return lambda text: wanted in re.sub(r"\D", "", text)
    if kind in ("email", "handle"):
        wanted = folded(said.strip().lstrip("@"))
        if len(wanted) < 2:
            raise TouchstoneError(f"'{said}' is no {kind} to look for")
        pattern = re.compile(rf"(?<![\w]){re.escape(wanted)}(?![\w])")
        return lambda text: pattern.search(folded(text)) is not None
    if kind == "postcode":
        wanted = re.sub(r"\W", "", said).upper()
        if len(wanted) < 5:
            raise TouchstoneError(f"'{said}' is no whole postcode")
        return lambda text: wanted in re.sub(r"\W", "", text).upper()
    raise TouchstoneError(f"'{kind}' is nothing that is looked for; there are {', '.join(KINDS)}")


def _near(words: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether all parts stand within a few words of one another, in any order."""
    if len(parts) == 1:
        return parts[0] in words
    width, wanted = len(parts) + NEAR, set(parts)
    places = [n for n, word in enumerate(words) if word in wanted]
    return any(wanted <= set(words[start : start + width]) for start in places)


class SubjectWrites:
    database: Database

    def mark_person(self, about: str, number: int, *, category: SubjectCategory | None, sensitive: bool, actor: str, why: str = "") -> int:
        """Say of which category the data subject of a row is (s.38(3)), and whether it holds sensitive data (s.35(8)). Raises TouchstoneError."""
        held = of(about)
        if held is None or "id" not in t.metadata.tables[about].c:
            raise TouchstoneError(f"'{about}' holds nothing about people; there are {', '.join(h.table for h in HELD)}")
        table = t.metadata.tables[about]
        with self.database.writing() as c:
            self.database.lock_chain(c)
            if not c.execute(select(t.actor.c.is_person).where(t.actor.c.id == actor)).scalar():
                raise TouchstoneError(f"'{actor}' is not a person known to this store: categories are for people to say")
            if c.execute(select(table.c.id).where(table.c.id == number)).first() is None:
                raise TouchstoneError(f"there is no {about} {number} in this store")
            said = {"category": str(category or ""), "sensitive": sensitive}
            new = add(c, t.person_mark, about=about, row=number, **said, actor=actor, at=datetime.now(UTC))
            audit.append(
                self.database, c, Verb.alteration, actor=actor, purpose="category of data subject", justification=why, subjects={about: [number]},
                detail={"person_mark": new, **said},
            )  # fmt: skip
        return new


class SubjectReads(Reader):
    def held_about(self, *, names: Sequence[str] = (), phones: Sequence[str] = (), emails: Sequence[str] = (), handles: Sequence[str] = (), postcodes: Sequence[str] = ()) -> list[Match]:  # fmt: skip
        """Rows in which one of these words stands, then those that hang on them, kind by kind. Goes through every row. Raises TouchstoneError."""
        asked = zip(KINDS, (names, phones, emails, handles, postcodes), strict=True)
        tests = [(f"{kind} {said}", matcher(kind, said)) for kind, some in asked for said in some]
        if not tests:
            raise TouchstoneError("say whom to look for: a name, a phone number, an e-mail address, a handle or a postcode")
        found: dict[tuple[str, int], Match] = {}
        with self.store.database.reading() as c:
            for held in HELD:
                for match in _direct(c, held, tests):
                    found[held.table, match.number] = match
            for (kind, number), via in _connected(c, found).items():
                if (kind, number) not in found:
                    found[kind, number] = Match(kind, number, _held(kind).what, via=via)
            out = _filled(c, found)
        for kind in {match.kind for match in out}:
            self.shown(kind, (match.number for match in out if match.kind == kind))
        return out

    def person_marks(self, about: str) -> dict[int, tuple[str, bool]]:
        """(category, sensitive) that people gave rows of a kind, the newest of each row."""
        with self.store.database.reading() as c:
            found = _marks(c, about)
        self.shown(about, found)
        return found


def _held(kind: str) -> Held:
    held = of(kind)
    assert held is not None, kind
    return held


def _direct(c: Connection, held: Held, tests: Sequence[tuple[str, Callable[[str], bool]]]) -> Iterable[Match]:
    table, after = t.metadata.tables[held.table], 0
    columns = [table.c[name] for name in held.columns]
    while page := c.execute(select(table.c.id, *columns).where(table.c.id > after).order_by(table.c.id).limit(PAGE)).all():
        after = page[-1].id
        for row in page:
            hits: dict[str, list[str]] = defaultdict(list)
            for name, value in zip(held.columns, row[1:], strict=True):
                for said, test in tests if value else ():
                    if test(value):
                        hits[name].append(said)
            if hits:
                by = tuple(dict.fromkeys(said for some in hits.values() for said in some))
                values = {} if held.third_party else {name: str(row._mapping[name])[:LONGEST] for name in hits}
                yield Match(held.table, row.id, held.what, by, values=values)


def _connected(c: Connection, found: Mapping[tuple[str, int], Match]) -> dict[tuple[str, int], str]:
    """What hangs on matches: of a contact the adverts and accounts that give it, of these what was found, said and done."""
    direct: dict[str, set[int]] = defaultdict(set)
    for kind, number in found:
        direct[kind].add(number)
    via: dict[tuple[str, int], str] = {}

    def note(kind: str, numbers: Iterable[int | None], why: str) -> None:
        for number in numbers:
            if number is not None:
                via.setdefault((kind, number), why)

    w, p, r, j = t.listing_contact.c, t.picture_contact.c, t.reading.c, t.picture.c
    contacts, listings, sellers = direct["contact"], set(direct["listing"]), set(direct["seller"])
    links = [(w, direct["listing_contact"]), (p, direct["picture_contact"])]
    contacts |= {
        n
        for columns, some in links
        for part in chunks(some)
        for n in c.execute(select(columns.contact).where(columns.id.in_(part))).scalars()
    }
    for part in chunks(contacts):
        listings |= set(c.execute(select(w.listing).where(w.contact.in_(part))).scalars())
        listings |= set(c.execute(select(j.listing).join(t.picture_contact, p.picture == j.id).where(p.contact.in_(part))).scalars())
    for part in chunks(direct["snapshot"]):
        listings |= set(c.execute(select(r.listing).where(r.snapshot.in_(part))).scalars())
    for part in chunks(direct["reading"]):
        listings |= set(c.execute(select(r.listing).where(r.id.in_(part))).scalars())
    for part in chunks(listings):
        sellers |= {n for n in c.execute(select(r.seller).where(r.listing.in_(part))).scalars() if n is not None}
    note("contact", contacts, "a contact that was found")
    note("listing", listings, "an advert that gives or says it")
    note("seller", sellers, "an account that shows it")
    for part in chunks(sellers):
        _of(c, note, "seller", part)
        note(
            "attribution",
            c.execute(select(t.attribution.c.id).where(t.attribution.c.seller.in_(part))).scalars(),
            "of an account that was found",
        )
        pair = t.pair_statement.c
        note(
            "pair_statement",
            c.execute(select(pair.id).where(or_(pair.seller.in_(part), pair.other.in_(part)))).scalars(),
            "of an account that was found",
        )
        note(
            "follow_up", c.execute(select(t.follow_up.c.id).where(t.follow_up.c.seller.in_(part))).scalars(), "of an account that was found"
        )
        on = t.case_entry_on.c
        note(
            "case_entry",
            c.execute(select(on.case_entry).where(on.subject_kind == "seller", on.subject.in_(part))).scalars(),
            "of an account that was found",
        )
        pages = [
            subject_of(url) for url in c.execute(select(t.seller.c.url).where(t.seller.c.id.in_(part), t.seller.c.url != "")).scalars()
        ]
        note(
            "subject_view",
            c.execute(select(t.subject_view.c.id).where(t.subject_view.c.subject.in_(pages))).scalars(),
            "of an account that was found",
        )
    for part in chunks(listings):
        _of(c, note, "listing", part)
        note("flag", c.execute(select(t.flag.c.id).where(t.flag.c.listing.in_(part))).scalars(), "of an advert that was found")
        for row in c.execute(select(r.id, r.snapshot, r.capture).where(r.listing.in_(part))):
            note("reading", [row.id], "of an advert that was found")
            note("snapshot", [row.snapshot], "of an advert that was found")
            note("capture", [row.capture], "of an advert that was found")
        note("sighting", c.execute(select(t.sighting.c.id).where(t.sighting.c.listing.in_(part))).scalars(), "of an advert that was found")
    snapshots = {number for kind, number in via if kind == "snapshot"}
    for part in chunks(snapshots):
        _of(c, note, "snapshot", part)
    for part in chunks(direct["occupant_mark"]):
        known = select(t.occupant_mark.c.occupant).where(t.occupant_mark.c.id.in_(part))
        note("occupant", c.execute(known).scalars(), "somebody at a place who is known by it")
    return via


def _of(c: Connection, note: Callable[[str, Iterable[int | None], str], None], kind: str, numbers: Sequence[int]) -> None:
    """Opinions, judgements and exhibits about these subjects."""
    why = f"of {'an account' if kind == 'seller' else 'an advert'} that was found"
    e, f, k, g, x = t.examination.c, t.finding.c, t.link.c, t.judgement.c, t.exhibit.c
    examined = select(e.id).where(e.subject_kind == kind, e.subject.in_(numbers))
    note("finding", c.execute(select(f.id).where(f.examination.in_(examined))).scalars(), why)
    ends = or_((k.subject_kind == kind) & k.subject.in_(numbers), (k.object_kind == kind) & k.object.in_(numbers))
    links = list(c.execute(select(k.id).where(ends)).scalars())
    note("link", links, why)
    kinds = [kind, "account"] if kind == "seller" else [kind]
    judged = or_(g.subject_kind.in_(kinds) & g.subject.in_(numbers), (g.subject_kind == "link") & g.subject.in_(links))
    note("judgement", c.execute(select(g.id).where(judged)).scalars(), why)
    n = t.note.c
    noted = or_((n.subject_kind == kind) & n.subject.in_(numbers), (n.subject_kind == "link") & n.subject.in_(links))
    note("note", c.execute(select(n.id).where(noted)).scalars(), why)
    if kind == "seller":
        note("clearance", c.execute(select(t.clearance.c.id).where(t.clearance.c.seller.in_(numbers))).scalars(), why)
    note("exhibit", c.execute(select(x.id).where(x.subject_kind == kind, x.subject.in_(numbers))).scalars(), why)


def _marks(c: Connection, about: str) -> dict[int, tuple[str, bool]]:
    m = t.person_mark.c
    return {r.row: (r.category, r.sensitive) for r in c.execute(select(t.person_mark).where(m.about == about).order_by(m.id))}


def _filled(c: Connection, found: Mapping[tuple[str, int], Match]) -> list[Match]:
    """Each with its category, its date and until when it is kept; in order of kind and number, matches before what hangs on them."""
    out = []
    for held in HELD:
        table, marks = t.metadata.tables[held.table], _marks(c, held.table)
        numbers = sorted(number for kind, number in found if kind == held.table)
        own = [name for name in ("subject_category", "retention_until", held.at) if name and name in table.c]
        rows = {
            r["id"]: r
            for part in chunks(numbers)
            for r in c.execute(select(table.c.id, *(table.c[n] for n in own)).where(table.c.id.in_(part))).mappings()
        }
        for number in numbers:
            row, (category, sensitive) = rows[number], marks.get(number, ("", False))
            out.append(
                replace(
                    found[held.table, number], opinion=held.opinion, third_party=held.third_party, category=category or row.get("subject_category", "unknown"),
                    sensitive=sensitive, at=row.get(held.at) if held.at else None, retention_until=row.get("retention_until"),
                )
            )  # fmt: skip
    return sorted(out, key=lambda m: not m.by)
