"""How well words in pictures are read: known words written into photographs that have none, then looked for by the detector itself.

What is counted is what an officer would be shown: a phone counts as found when its normal form is among the contacts, a
handle when platform and name are right to the letter. Photographs without any overlay tell what is found where nothing was
written; labels and prints that they show are read too, so that brands found there are no errors and are not counted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors import ocr, picture_words
from detectors.brands import Brands
from detectors.contract import Context, Examined
from detectors.evaluation.figures import interval
from detectors.evaluation.overlays import Overlaid, Parameters, Written, overlaid, plain
from store.words.records import Image, Picture, Snapshot

REACHING = ("phone", "whatsapp", "email", "telegram", "instagram", "snapchat", "payment")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the 95 % interval of Wilson (1927)."""

    found: int
    of: int

    def plain(self) -> dict[str, float | int]:
        low, high = interval(self.found, self.of)
        return {"found": self.found, "of": self.of, "rate": round(self.found / self.of, 4) if self.of else 0.0, "low": low, "high": high}


def measure(
    photos: Sequence[Path], settings: picture_words.Settings, brands: Brands, terms: Any, *, overlays: int = 100, without: int = 100,
    parameters: Parameters | None = None, progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Recall by kind, surface, angle and size of what was written; what was found that nobody wrote; seconds an image, one process.

    Words are written into the first `overlays` photos, the next `without` are left as they are. Raises ValueError where there are fewer.
    """
    if len(photos) < overlays + without:
        raise ValueError(f"there are {len(photos)} photos, and {overlays} with and {without} without words are asked for")
    parameters = parameters or Parameters()
    context = Context(settings, brands, terms=terms)
    found: dict[str, Counter[str]] = {"kind": Counter(), "surface": Counter(), "angle": Counter(), "size": Counter()}
    of: dict[str, Counter[str]] = {name: Counter() for name in found}
    false: Counter[str] = Counter()
    spent, misses = 0.0, []
    for number, photo in enumerate(photos[: overlays + without]):
        made = overlaid(photo, number, parameters) if number < overlays else None
        data = made.data if made else plain(photo, number, parameters)
        began = time.process_time()
        examined = _examine(data, context)
        spent += time.process_time() - began
        _false(examined, made, false)
        for one in made.written if made else ():
            hit = _found(one, examined)
            for name, key in _keys(one):
                of[name][key] += 1
                found[name][key] += hit
            if not hit:
                misses.append({"photo": photo.name, "text": one.text, "surface": one.surface, "size": one.size, "angle": one.angle})
        if progress:
            progress(number + 1, overlays + without)
    return {
        "overlays": overlays, "without": without, "parameters": _shown(parameters), "engine": ocr.version(), "models": ocr.models(),
        "recall": _shares(found["kind"], of["kind"]),
        "phones_by": {name: _shares(found[name], of[name]) for name in ("surface", "angle", "size")},
        "false": {name: false[name] for name in ("contacts_without", "grades_without", "wrong_contacts_beside_overlays")},
        "cpu_seconds_per_image": round(spent / (overlays + without), 3), "misses": misses,
    }  # fmt: skip


def _examine(data: bytes, context: Context) -> Examined:
    from dataclasses import replace

    prints = {one.algorithm: one for one in picture_words.fingerprint("x", data)}
    picture = Picture(1, Image(1, "x", "image/jpeg", None, None, len(data), 1), 1, "evaluation", None)
    [examined] = picture_words.examine([picture], replace(context, prints={"x": prints}, words={1: Snapshot(brand="Gucci", id=1)}))
    return examined


def _found(one: Written, examined: Examined) -> bool:
    reasons = {finding.reason for finding in examined.findings}
    given = {f"{contact.kind}:{contact.value}" for contact in examined.contacts}
    if one.kind == "phone":
        return bool({f"phone:{one.value}", f"whatsapp:{one.value}"} & given)
    if one.kind == "handle":
        return one.value in given
    if one.kind == "price":
        return any(f.reason == "picture_price" and one.value in f.sentence for f in examined.findings)
    if one.kind == "brand":
        return any(f.reason == "picture_brand" and one.value in f.sentence for f in examined.findings)
    return one.value in reasons


def _false(examined: Examined, made: Overlaid | None, false: Counter[str]) -> None:
    """Contacts and grades that nobody wrote."""
    written = {one.value for one in made.written} if made else set()
    contacts = [c for c in examined.contacts if c.kind in REACHING and c.value not in written and f"{c.kind}:{c.value}" not in written]
    if made:
        false["wrong_contacts_beside_overlays"] += len(contacts)
        return
    false["contacts_without"] += len(contacts)
    context = ("picture_contact", "picture_address", "picture_brand", "picture_price", "brand_only_in_picture")
    false["grades_without"] += sum(finding.reason not in context for finding in examined.findings)


def _keys(one: Written) -> list[tuple[str, str]]:
    keys = [("kind", one.kind)]
    if one.kind == "phone":
        size = f"{one.size // 9 * 9}-{one.size // 9 * 9 + 8} px"
        keys += [("surface", one.surface), ("angle", f"{one.angle}°"), ("size", size)]
    return keys


def _shares(found: Mapping[str, int], of: Mapping[str, int]) -> dict[str, dict[str, float | int]]:
    return {key: Share(found[key], of[key]).plain() for key in sorted(of)}


def _shown(parameters: Parameters) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(parameters), "fonts": [Path(font).name for font in parameters.fonts]}
