"""What a scan made of the real input, joined in memory to what is known of each row. Nothing of it is written anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from store.config import Home
from store.findings import KeptExamination
from store.listings import Summary
from store.store import Store
from store.words.records import Examined, Flag, SubjectKind
from tests.real.adverts import Advert

LEVELS = ("priority", "review", "note", "none", "")
FLAGGED = ("priority", "review")
PURPOSE = "demonstration with real input"


@dataclass(frozen=True, slots=True)
class Seen:
    """A listing with what machines said of it, and its row where it is an advert."""

    summary: Summary
    flag: Flag | None
    examinations: tuple[KeptExamination, ...]
    advert: Advert | None

    @property
    def source(self) -> str:
        return self.summary.listing.source

    @property
    def label(self) -> str:
        return self.advert.label if self.advert else "ordinary"

    @property
    def level(self) -> str:
        return str(self.flag.level) if self.flag else ""


def read_all(folder: Path, adverts: Sequence[Advert]) -> list[Seen]:
    """Every listing of a working folder."""
    known = {advert.ref: advert for advert in adverts}
    with Store.open(Home(folder)) as store:
        return list(_seen(store, known))


def _seen(store: Store, known: Mapping[str, Advert]) -> Iterator[Seen]:
    after = 0
    with store.acting("system", purpose=PURPOSE) as reader:
        while page := reader.summaries(after=after, limit=500):
            subjects = reader.subjects_of([row.listing.id or 0 for row in page])
            said: dict[tuple[SubjectKind, int], list[KeptExamination]] = {}
            for examination in reader.examinations_of(sorted({subject for each in subjects.values() for subject in each})):
                said.setdefault((examination.subject_kind, examination.subject), []).append(examination)
            for row in page:
                number = row.listing.id or 0
                advert = known.get(row.listing.ref) if row.listing.source == "adverts" else None
                examinations = (
                    e for subject in subjects.get(number, ()) for e in said.get(subject, ())
                )  # listings of the same words share a snapshot
                yield Seen(row, reader.flag(number), tuple(examinations), advert)
            after = page[-1].listing.id or 0


def same_sample(seen: Sequence[Seen]) -> bool:
    """Whether the adverts of a working folder are the ones they were joined to: another sample has the same numbers for other rows."""
    adverts = [each for each in seen if each.source == "adverts"]
    return bool(adverts) and all(each.advert is not None and each.advert.title == each.summary.snapshot.title for each in adverts)


def levels(seen: Sequence[Seen]) -> list[tuple[str, str, str, int, Counter[str]]]:
    """(source, label, where the row was collected, listings, listings by level)."""
    groups: dict[tuple[str, str, str], Counter[str]] = {}
    for each in seen:
        key = (each.source, each.label if each.advert else "no designer goods", each.advert.origin if each.advert else "saved page")
        groups.setdefault(key, Counter())[each.level] += 1
    return [(*key, sum(counts.values()), counts) for key, counts in sorted(groups.items())]


def reasons(seen: Sequence[Seen]) -> Counter[tuple[str, str]]:
    """How many listings of each label a reason gave points to: (reason, label)."""
    return Counter(
        (reason, each.label) for each in seen if each.flag for reason in {c.reason for c in each.flag.contributions if c.points > 0}
    )


def examined(seen: Sequence[Seen]) -> Counter[tuple[str, str, str]]:
    """(detector, outcome, why it was not possible, without the particulars) → how many."""
    return Counter(
        (e.method_name, str(e.outcome), "" if e.outcome is Examined.done else e.detail.partition(":")[0])
        for each in seen
        for e in each.examinations
    )


def missed(seen: Sequence[Seen]) -> list[Seen]:
    """Suspicious adverts that are in nobody's queue."""
    return [each for each in seen if each.label == "suspicious" and each.level not in FLAGGED]


def flagged(seen: Sequence[Seen]) -> list[Seen]:
    return [each for each in seen if each.level in FLAGGED]
