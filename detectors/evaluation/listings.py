"""Labelled listings to measure on and to train with: a CSV as rows, the snapshots they stand for, and splits that hold whole sources out.

A row split flatters: listings of one source share its wording, its layout and what it leaves out. So a fold holds one suspicious and one
ordinary source out together, and everything that is fitted is fitted on the others.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from store.errors import TouchstoneError
from store.words.money import parse_price
from store.words.records import Snapshot

COLUMNS = ("id", "title", "description", "price", "currency", "brand", "category", "source", "label")  # any cell may be empty
MORE = ("condition", "kind", "seller", "place", "split")  # what may be there too
SUSPICIOUS, ORDINARY = "suspicious", "ordinary"
MOST_CELL = 10_000_000  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """One listing of such a file. `label` is "suspicious", "ordinary" or "" (not known); `line` the file's."""

    id: str
    title: str = ""
    description: str = ""
    price: str = ""
    currency: str = ""
    brand: str = ""
    category: str = ""
    source: str = ""
    label: str = ""
    condition: str = ""
    kind: str = ""
    seller: str = ""
    place: str = ""
    split: str = ""
    line: int = 0

    @property
    def suspicious(self) -> bool:
        return self.label == SUSPICIOUS

    @property
    def key(self) -> str:
        """What tells it from every other row of its file."""
        return f"{self.source}\0{self.id}\0{self.line}"

    def snapshot(self, number: int) -> Snapshot:
        """The listing as a detector sees it, under that number. A price that cannot be read stays words."""
        said = f"{self.price} {self.currency}".strip() if self.price else ""
        read = parse_price(said)
        return Snapshot(
            self.title, self.description, said, read.amount_minor if read else None, read.currency if read else None, self.brand,
            self.category, self.condition, self.seller, place=self.place, id=number,
        )  # fmt: skip


def read(path: Path) -> list[Row]:
    """The rows of a CSV (or .csv.gz) in UTF-8 with a header. An id that is missing is the line's number.

    Raises TouchstoneError, naming the file and the line, where a column is missing or a label is neither of the two.
    """
    try:
        body = path.read_bytes()
        text = (gzip.decompress(body) if path.suffix == ".gz" else body).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise TouchstoneError(f"{path}: cannot be read as a CSV in UTF-8: {error}") from error
    before = csv.field_size_limit(MOST_CELL)  # of the whole process, in which other files are read with another
    try:
        return _rows(path, text)
    finally:
        csv.field_size_limit(before)


def _rows(path: Path, text: str) -> list[Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    for wanted in COLUMNS:
        if wanted not in names:
            near = difflib.get_close_matches(wanted, names, 1)
            raise TouchstoneError(f"{path}: line 1: there is no column '{wanted}'{f'; is it {near[0]!r}?' if near else ''}")
    reader.fieldnames = names
    rows = []
    try:
        for cells in reader:
            rows.append(_row(path, reader.line_num, cells))
    except csv.Error as error:
        raise TouchstoneError(f"{path}: line {reader.line_num}: {error}") from error
    return rows


def _row(path: Path, line: int, cells: Mapping[str, str | None]) -> Row:
    said = {name: (cells.get(name) or "").strip() for name in (*COLUMNS, *MORE)}
    said["label"] = said["label"].lower()
    if said["label"] not in ("", SUSPICIOUS, ORDINARY):
        raise TouchstoneError(f"{path}: line {line}: the label is '{said['label']}'; it is '{SUSPICIOUS}', '{ORDINARY}' or empty")
    return Row(**{**said, "id": said["id"] or f"line {line}"}, line=line)


@dataclass(frozen=True, slots=True)
class Fold:
    """Two sources held out together, and what is left to fit on: as many suspicious rows as ordinary ones, each source as much as it has."""

    suspicious: str
    ordinary: str
    train: tuple[Row, ...]
    test: tuple[Row, ...]


def pairs(rows: Sequence[Row], most: int = 4000, most_test: int = 4000, seed: int = 1) -> Iterator[Fold]:
    """Leave-one-pair-out: each suspicious source held out with each ordinary one, in order of their names.

    `most` rows are fitted on, balanced by label and within a label by source (rows of a small source are repeated by nobody: it gives
    what it has); up to `most_test` rows of the pair are reported on, all suspicious ones first. The same seed draws the same rows.
    """
    by: dict[str, dict[str, list[Row]]] = {SUSPICIOUS: defaultdict(list), ORDINARY: defaultdict(list)}
    for row in rows:
        if row.label:
            by[row.label][row.source].append(row)
    for suspicious in sorted(by[SUSPICIOUS]):
        for ordinary in sorted(by[ORDINARY]):
            left = [{name: own for name, own in by[SUSPICIOUS].items() if name != suspicious}]
            left.append({name: own for name, own in by[ORDINARY].items() if name != ordinary})
            if not all(left):
                continue
            fit = [balanced(sources, most // 2, seed) for sources in left]
            number = min(len(part) for part in fit)
            fit = [balanced(sources, number, seed) for sources in left]
            test = by[SUSPICIOUS][suspicious][:most_test]
            test = test + balanced({ordinary: by[ORDINARY][ordinary]}, most_test - len(test), seed)
            yield Fold(suspicious, ordinary, tuple(fit[0] + fit[1]), tuple(test))


def balanced(sources: Mapping[str, Sequence[Row]], most: int, seed: int = 1) -> list[Row]:
    """Up to `most` rows, as evenly over the sources as they have; drawn by a hash of their keys, so that no order matters."""
    queues = [sorted(own, key=lambda row: _drawn(row, seed)) for _, own in sorted(sources.items())]
    out: list[Row] = []
    at = 0
    while len(out) < most and any(at < len(queue) for queue in queues):
        out += [queue[at] for queue in queues if at < len(queue)][: most - len(out)]
        at += 1
    return out


def _drawn(row: Row, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{row.source}\0{row.id}".encode()).digest()


def parts(rows: Sequence[Row], of: Mapping[str, str] | None = None, number: int = 5, seed: int = 1) -> Iterator[Fold]:
    """`number` parts, each held out in its turn; `of` says whose a row is (by its key), and no owner is on both sides. Without it rows are
    split one by one, which flatters: use that only to show by how much.

    Owners are dealt out within each label in the order of a hash. Raises ValueError where a label has fewer owners than two.
    """
    labelled = [row for row in rows if row.label]
    owner = {row.key: of[row.key] if of else row.key for row in labelled}
    part: dict[str, int] = {}
    for label in (SUSPICIOUS, ORDINARY):
        own = sorted(
            {owner[row.key] for row in labelled if row.label == label}, key=lambda name: hashlib.sha256(f"{seed}\0{name}".encode()).digest()
        )
        if len(own) < 2:
            raise ValueError(f"{len(own)} owner of {label} rows cannot be held out and fitted on")
        for place, name in enumerate(own):
            part.setdefault(name, place % number)
    for held in sorted(set(part.values())):
        test = [row for row in labelled if part[owner[row.key]] == held]
        train = [row for row in labelled if part[owner[row.key]] != held]
        if len({row.label for row in train}) == 2 and test:
            yield Fold(f"part {held + 1}", f"part {held + 1}", tuple(train), tuple(test))


def halves(rows: Sequence[Row], source: str, seed: int = 2) -> tuple[list[Row], list[Row]]:
    """The ordinary rows of a source in two halves, by a hash of their keys: what may be learned from, and what may be reported on.

    The seed is not that of `pairs`: a half must not be what every fold draws last. Raises TouchstoneError where the source has none.
    """
    own = sorted((row for row in rows if row.source == source and row.label == ORDINARY), key=lambda row: (_drawn(row, seed), row.line))
    if not own:
        raise TouchstoneError(
            f"no ordinary row is of the source '{source}'; there are {', '.join(sorted({row.source for row in rows})) or 'none'}"
        )
    return own[: len(own) // 2], own[len(own) // 2 :]
