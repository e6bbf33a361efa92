"""Pass: match. A CSV of addresses as text → a CSV of answers from one loaded register; every id is answered."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from premises.index import Index, Listed, listed
from premises.match import Answer, Matcher
from premises.registers import encoding_of
from premises.settings import link_settings
from store.config import Home
from store.errors import StopRun
from store.runs import PassResult
from store.store import Store
from store.words.cells import safe_cell
from store.words.records import Outcome

ASKED = ("id", "text")
ANSWERED = ("id", "rank", "premises_ref", "level", "score", "proposed", "reasons")
BATCH = 250
LONGEST = 1_000  # characters of a text that are read: an address is not longer
Progress = Callable[[int, int], None]


def run(
    store: Store, home: Home, file: Path, register: str, out: Path, *, actor: str, justification: str = "", progress: Progress | None = None
) -> PassResult:
    """Answer each row of `file` (columns id, text) from the newest snapshot of `register`, into `out`.

    Raises StopRun, before anything is written, where the file is at fault (the line is named); TouchstoneError where the register is
    not loaded. `out` is there whole or not at all.
    """
    asked = list(questions(file))
    if out.resolve() == file.resolve():
        raise StopRun(f"{out}: is the file of questions; name another for the answers")
    settings = link_settings(home)
    counts = {"texts": len(asked), "proposed": 0, "building": 0, "none": 0}
    half = out.with_name(out.name + ".part")
    with store.acting(actor, purpose="premises match", justification=justification) as reader:
        index = Index(listed(entry) for entry in reader.register_entries(register))

        def fetch(rows: Sequence[int]) -> Iterable[Listed]:
            return (listed(entry) for entry in reader.entries_numbered(rows))

        matcher = Matcher(index, fetch, settings.weights)
        try:
            with half.open("w", encoding="utf-8", newline="") as target:
                writer = csv.writer(target)
                writer.writerow(ANSWERED)
                remaining, done = iter(asked), 0
                while batch := list(islice(remaining, BATCH)):
                    for (key, _), answers in zip(batch, matcher.match([text[:LONGEST] for _, text in batch]), strict=True):
                        writer.writerows([safe_cell(cell) for cell in row] for row in rows_of(key, answers))
                        first = answers[0]
                        counts["proposed" if first.proposed else "none" if first.level == "none" else "building"] += 1
                    done += len(batch)
                    if progress:
                        progress(done, len(asked))
            half.replace(out)
        except BaseException:
            half.unlink(missing_ok=True)
            raise
    return PassResult(Outcome.good, counts, lines=_lines(counts, register, index.entries, out))


def questions(file: Path) -> Iterator[tuple[str, str]]:
    """The rows (id, text) of a CSV. Raises StopRun naming file and line: a missing column, no id, an id twice, a row that is no row."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise StopRun(f"{file}: cannot be read: {error.strerror}") from None
    rows = csv.DictReader(io.StringIO(raw.decode(encoding_of(file), errors="replace"), newline=""), strict=True)
    try:
        header = rows.fieldnames or ()
    except csv.Error as error:
        raise StopRun(f"{file}: line 1: not CSV: {error}") from None
    if missing := [name for name in ASKED if name not in header]:
        raise StopRun(f"{file}: has no column {', '.join(map(repr, missing))}; its columns are {', '.join(map(repr, header)) or 'none'}")
    seen: dict[str, int] = {}
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise StopRun(f"{file}: line {rows.reader.line_num}: not CSV: {error}") from None
        if row is None:
            return
        key, text = row["id"], row["text"]
        fault = (
            "more cells than columns; a text with a comma stands in quotation marks"
            if None in row
            else "fewer cells than columns"
            if key is None or text is None
            else "no id"
            if not key.strip()
            else f"the id '{key}' is line {seen[key]}'s"
            if key in seen
            else "characters that are in neither UTF-8 nor cp1252"
            if "\ufffd" in text or "\x00" in text
            else ""
        )
        if fault:
            raise StopRun(f"{file}: line {rows.line_num}: {fault}")
        seen[key] = rows.line_num
        yield key, text


def rows_of(key: str, answers: Sequence[Answer]) -> list[tuple[str | int, ...]]:
    return [
        (key, a.rank, a.reference, a.level, f"{a.score:.4f}", "yes" if a.proposed else "no", "; ".join(r.sentence for r in a.reasons))
        for a in answers
    ]


def _lines(counts: dict[str, int], register: str, entries: int, out: Path) -> tuple[str, ...]:
    return (
        f"{counts['texts']:,} texts held against the {entries:,} entries of '{register}': {out}",
        f"{counts['proposed']:,} led to a door that is proposed, {counts['building']:,} to a building or to more than one door, "
        f"{counts['none']:,} to none",
        "a proposed door is a lead: an officer confirms or refuses it",
    )
