"""Reads a listing as a whole and says how much its words are like those of listings of copies, where no rule knows a word for it.

A small language model, fitted on labelled listings with whole sources held out: the title and the description are read apart, names of
brands masked, and the part that is more like a copy's counts. So a description that is missing is nothing read, and weighs nothing; one
that sounds honest clears nothing. It is an opinion of a machine about wording, weak where a title is all there is: docs/accuracy.md says how
weak. The words named are those whose leaving out changes the score most. Price and brand are other detectors' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detectors.brands import Brands
from detectors.contract import Context, Examined, not_possible
from detectors.reading import encoder
from detectors.reading.words import MASK, Word, passages, said, telling, unreadable
from store.words.records import Examined as Outcome
from store.words.records import Finding, Pointer, Snapshot, SubjectKind

VERSION = "3"
SUBJECT = SubjectKind.snapshot
NEEDS = frozenset({"brands"})
LIBRARIES = ("onnxruntime",)
PART = 6  # words that are left out together, of a passage with more than two such parts
MOST_NAMED = 4
CALLED = {"title": "title", "text": "description"}


@dataclass(frozen=True, slots=True)
class Settings:
    """`at_least`: the probability from which there is a finding, were copies as many as ordinary listings. `least_words`: how many a title or
    description must have besides the brand's name to be judged by its wording: "Gucci bag" is everybody's. `folder`: a model in place of the
    shipped one, with the SHA-256 of its weights, so that the method names them; `label`: what a classifier of transformers calls a
    suspicious listing."""

    at_least: float = 0.7
    least_words: int = 3
    folder: str = ""
    sha256: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.at_least < 1:
            raise ValueError("at_least lies between 0 and 1")
        if bool(self.folder) != bool(self.sha256):
            raise ValueError("folder and sha256 go together: the method must say which weights it means")


def models() -> dict[str, str]:
    return dict(encoder.models())


def examine(batch: Sequence[Snapshot], context: Context) -> Iterable[Examined]:
    settings: Settings = context.settings
    reader = encoder.reader(settings.folder, settings.sha256, settings.label)
    for snapshot in batch:
        yield _examined(snapshot, reader, context.brands, settings)


def read(snapshot: Snapshot, brands: Brands | None, least_words: int) -> tuple[list[tuple[Word, ...]], str]:
    """The passages that are judged by their wording; where there are none, why. With `brands` None no brand is masked."""
    why = unreadable(snapshot)
    if why:
        return [], why
    every = [passage for passage in passages(snapshot, brands) if telling(passage) >= least_words]
    return every, "" if every else f"fewer than {least_words} words besides the brand: too few to judge the wording by"


def _examined(snapshot: Snapshot, reader: encoder.Reader, brands: Brands | None, settings: Settings) -> Examined:
    every, why = read(snapshot, brands if reader.masks else None, settings.least_words)
    if why:
        return not_possible(snapshot.id, why)
    most, passage = max(zip(reader.log_odds([said(passage) for passage in every]), every, strict=True), key=lambda each: each[0])
    probability = reader.probability(most)
    findings: tuple[Finding, ...] = ()
    if probability >= settings.at_least:
        findings = (_finding(snapshot, passage, most, probability, reader),)
    # the processor stands with the examination: another may round otherwise (encoder.TOLERANCE)
    return Examined(snapshot.id or 0, Outcome.done, findings, f"{probability:.3f} on {encoder.processor()}")


def _moved(passage: Sequence[Word], whole: float, reader: encoder.Reader) -> list[tuple[float, int]]:
    """By how much leaving out each word lowers the log-odds, greatest first; a brand's name is masked and is not named. Of a long passage only the words of those parts are tried that
    lower it most when they are left out whole: some twenty runs in place of sixty."""
    tried = [place for place, word in enumerate(passage) if word.said != MASK and any(char.isalnum() for char in word.said)]
    if len(tried) < 2:
        return []
    if len(tried) > 2 * PART:
        parts = [tried[at : at + PART] for at in range(0, len(tried), PART)]
        rests = reader.log_odds([said(passage, part) for part in parts])
        best = sorted(zip(rests, parts, strict=True), key=lambda each: each[0])[:2]
        tried = [place for _, part in best for place in part]
    rests = reader.log_odds([said(passage, (place,)) for place in tried])
    return sorted(((whole - rest, place) for rest, place in zip(rests, tried, strict=True)), reverse=True)


def _finding(snapshot: Snapshot, passage: Sequence[Word], whole: float, probability: float, reader: encoder.Reader) -> Finding:
    moved = _moved(passage, whole, reader)
    named = sorted(place for weight, place in moved[:MOST_NAMED] if weight > 0)
    weights = {place: weight for weight, place in moved}
    detail = {"probability": round(probability, 3), "processor": encoder.processor()}
    pointers = []
    for place in named:
        word = passage[place]
        raw = str(getattr(snapshot, word.field))[word.start : word.end]
        pointers.append(Pointer(word.field, word.start, word.end, raw, detail={**detail, "moved": round(weights[place], 2)}))
    quoted = ", ".join(dict.fromkeys(f"“{pointer.raw[:60]}”" for pointer in pointers))
    what = f"what moved it most: {quoted}" if quoted else "no word of it by itself"
    sentence = f"The {CALLED[passage[0].field]} is worded like those of listings of copies; {what}. A machine's opinion of the wording, weak by itself."
    if not pointers:
        pointers.append(Pointer(passage[0].field, passage[0].start, passage[-1].end, detail=detail))
    return Finding("text_model", round(probability, 3), sentence, pointers=tuple(pointers))
