"""What a detector is: one file of this room that says what it examines, what it needs and what it finds.

    \"\"\"What it looks for, and why.\"\"\"
    VERSION = "1"                       # raised whenever the same input may give another answer
    SUBJECT = SubjectKind.snapshot      # snapshot | picture | seller | listing
    NEEDS = frozenset({"brands"})       # of references, prices, other_pictures, brands, words, terms, flagged; left out: none

    @dataclass(frozen=True, slots=True)
    class Settings: ...                 # read strictly from configs/detectors.yml under the file's name; left out: none

    def examine(batch, context): ...    # yields one Examined for each member of the batch

Any module of this room with a `SUBJECT` is a detector; nothing registers it. It imports heavy libraries where it uses
them, reaches for no file, network or table, and sees of the store only `store.words`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, make_dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from store.errors import TouchstoneError
from store.words.records import Contact, Finding, Fingerprint, Listing, Picture, Pointer, Reference, Snapshot, SubjectKind
from store.words.records import Examined as Outcome

if TYPE_CHECKING:
    from detectors.brands import Brands
    from detectors.matches import Other
    from detectors.prices import Currencies

NEEDS = frozenset({"references", "prices", "other_pictures", "brands", "words", "terms", "flagged"})
GROWING = frozenset({SubjectKind.seller, SubjectKind.listing})  # what is read later makes them due again
SUBJECTS = (SubjectKind.snapshot, SubjectKind.picture, SubjectKind.seller, SubjectKind.listing)


@dataclass(frozen=True, slots=True)
class Examined:
    """What a detector says of one subject: findings, or that it was not possible and why. `failed` is the pass's word.

    `further` marks what a detector of pairs tells the other member of a pair, which it was not asked about. `contacts` are
    those that it read in a picture: they lead to the picture's seller.
    """

    subject: int
    outcome: Outcome = Outcome.done
    findings: tuple[Finding, ...] = ()
    detail: str = ""
    further: bool = False
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class NoSettings:
    """The settings of a detector that has none."""


def done(subject: int | None, findings: Iterable[Finding] = (), contacts: Iterable[Contact] = ()) -> Examined:
    return Examined(subject or 0, Outcome.done, tuple(findings), contacts=tuple(contacts))


def not_possible(subject: int | None, why: str) -> Examined:
    """Not examined, and why in words: never a weight for or against."""
    return Examined(subject or 0, Outcome.not_possible, (), why)


@dataclass(frozen=True, slots=True)
class ListingSubject:
    """A listing as a subject, with what it says as it stands."""

    id: int
    listing: Listing
    snapshot: Snapshot
    image_count: int
    upto: int = 0  # the newest reading that it was taken from


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a picture is: what a finding about it tells another seller's picture."""

    picture: int
    listing: int
    seller: int | None

    @classmethod
    def of(cls, picture: Picture) -> Owner:
        return cls(picture.id, picture.listing, picture.seller)

    def is_another(self, picture: Picture) -> bool:
        """Whether the picture is of another seller; where a seller is not known, of another listing."""
        if self.seller is not None and picture.seller is not None:
            return self.seller != picture.seller
        return self.listing != picture.listing


@dataclass(frozen=True, slots=True)
class Published:
    """The sources on which a snapshot was read, and the day of its first capture (YYYY-MM-DD); "" where it is not known."""

    sources: tuple[str, ...] = ()
    first: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What a detector may see besides its batch: just what it said it needs, read only, fit to be sent to another
    process.

    `words` are those of each picture's listing as it stands, by the listing's number; what is said because of them cites the snapshot.
    A detector that needs `flagged` is shown nothing but subjects of listings flagged for review or above. `terms` are the settings of `text_terms`. `matches` are the images that match each image, by digest, and `owners` whose pictures an
    image is. `seen` tells how far the reference log had been compared with a subject when it was examined before; a subject that
    is not in it is new. `problems` says why a picture has no fingerprints. With `prices` come the table of `currencies`, and where and when each
    snapshot was `published`, by its number.
    """

    settings: Any = None
    brands: Brands | None = None
    references: tuple[Reference, ...] = ()
    prices: tuple[Reference, ...] = ()
    matches: Mapping[str, tuple[Other, ...]] = field(default_factory=dict)
    owners: Mapping[str, tuple[Owner, ...]] = field(default_factory=dict)
    prints: Mapping[str, Mapping[str, Fingerprint]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[int, int] = field(default_factory=dict)
    words: Mapping[int, Snapshot] = field(default_factory=dict)
    terms: Any = None
    currencies: Currencies | None = None
    published: Mapping[int, Published] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Detector:
    """A detector file, read. `pairs` detectors compare subject by subject, so that their findings add up over
    examinations; of the others the newest examination of a subject replaces what an earlier one said."""

    name: str
    version: str
    subject: SubjectKind
    needs: frozenset[str]
    settings: type[Any]
    examine: Callable[[Sequence[Any], Context], Iterable[Examined]]
    about: str
    module: ModuleType

    @property
    def pairs(self) -> bool:
        return "other_pictures" in self.needs

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The fingerprints that it takes of pictures: `FINGERPRINTS`, `fingerprint_version()` and `fingerprint(sha256,
        bytes)`."""
        return tuple(getattr(self.module, "FINGERPRINTS", ()))

    @property
    def libraries(self) -> Mapping[str, str]:
        """Versions of the libraries that can change its answer, where it says which (`LIBRARIES`, names of
        distributions)."""
        from importlib.metadata import version

        return {name: version(name) for name in getattr(self.module, "LIBRARIES", ())}

    @property
    def models(self) -> Mapping[str, str]:
        """SHA-256 of each model file that its answer comes from, by file name, where it says which (`models()`)."""
        return dict(getattr(self.module, "models", dict)())

    @property
    def missing(self) -> str:
        """One sentence where a library that it needs is not installed, "" otherwise: it cannot run, and nothing is examined by it."""
        from importlib.metadata import PackageNotFoundError, version

        for name in getattr(self.module, "LIBRARIES", ()):
            try:
                version(name)
            except PackageNotFoundError:
                how = getattr(self.module, "HOW_TO_GET", {}).get(name, f"`pip install {name}`")
                return f"{self.name} cannot run: {name} is not installed; {how}"
        return ""


def detector_of(name: str) -> Detector:
    """The detector of that name. Raises TouchstoneError when the file is not what a detector must be."""
    module = importlib.import_module(f"detectors.{name}")
    problem = _problem(module)
    if problem:
        raise TouchstoneError(f"detectors/{name}.py is not a detector: {problem}")
    return Detector(
        name, str(module.VERSION), module.SUBJECT, _needs(module), getattr(module, "Settings", NoSettings),
        module.examine, (module.__doc__ or "").strip(), module,
    )  # fmt: skip


def _needs(module: ModuleType) -> frozenset[str]:
    return frozenset(getattr(module, "NEEDS", ()))


def _problem(module: ModuleType) -> str:
    if not (module.__doc__ or "").strip():
        return "it begins with no docstring that says what it looks for and why"
    missing = [word for word in ("VERSION", "SUBJECT", "examine") if not hasattr(module, word)]
    if missing:
        return f"it has no {', '.join(missing)}"
    if module.SUBJECT not in SUBJECTS:
        return f"its SUBJECT is none of {', '.join(SUBJECTS)}"
    if module.SUBJECT in GROWING and (compared := sorted(_needs(module) & {"prices", "references", "other_pictures", "words", "flagged"})):
        return f"a detector of {module.SUBJECT}s is examined again by what is read of them, and cannot need {', '.join(compared)} as well"
    unknown = sorted(_needs(module) - NEEDS)
    return f"it needs {', '.join(unknown)}, which nothing gives; what there is: {', '.join(sorted(NEEDS))}" if unknown else ""


def discover() -> dict[str, Detector]:
    """Every detector of this room by name, in order of name: the modules that have a `SUBJECT`."""
    import detectors

    names = sorted(info.name for info in pkgutil.iter_modules(detectors.__path__) if not info.name.startswith("_"))
    found = {}
    for name in names:
        try:
            module = importlib.import_module(f"detectors.{name}")
        except (SyntaxError, ImportError) as error:
            raise TouchstoneError(f"detectors/{name}.py cannot be read: {error}") from error
        if hasattr(module, "SUBJECT"):
            found[name] = detector_of(name)
    return found


def read_settings(path: Path, detectors: Iterable[Detector]) -> dict[str, Any]:
    """Each detector's Settings from the file, strictly; one that the file does not name has its own defaults."""
    from store.strict import load

    detectors = list(detectors)
    parts: list[Any] = []
    for detector in detectors:
        try:
            detector.settings()
        except TypeError:  # it has settings without a default: the file must name it
            parts.append((detector.name, detector.settings))
        else:
            parts.append((detector.name, detector.settings, field(default_factory=detector.settings)))
    parts.sort(key=len)
    made: Any = load(path, make_dataclass("Detectors", parts, frozen=True))
    return {detector.name: getattr(made, detector.name) for detector in detectors}


def examine(name: str, batch: Sequence[Any], context: Context) -> list[Examined]:
    """Examine a batch, in whatever process this runs. A batch that raises is gone through one by one: a bad member
    fails alone."""
    detector = detector_of(name)
    try:
        return _complete(detector, batch, list(detector.examine(batch, context)))
    except Exception as error:
        if len(batch) == 1:
            return [failure(batch[0].id, error)]
    return [examined for member in batch for examined in examine(name, [member], context)]


def failure(subject: int, error: BaseException | str) -> Examined:
    said = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return Examined(subject, Outcome.failed, (), said[:2000])


def _complete(detector: Detector, batch: Sequence[Any], said: list[Examined]) -> list[Examined]:
    """A detector that passes over a member, or speaks of a stranger, is wrong: silence must not read as "nothing
    found"."""
    own = sorted(examined.subject for examined in said if not examined.further)
    if own != sorted(member.id for member in batch):
        raise ValueError(f"the detector {detector.name} did not say one thing of each of {len(batch)} subjects")
    if len(own) != len(said) and not detector.pairs:
        raise ValueError(f"the detector {detector.name} spoke of subjects that it was not asked about")
    return said


def storable(examined: Examined) -> Examined:
    """The same, with what no database takes (lone surrogates, NUL) replaced by U+FFFD."""
    findings = tuple(replace(f, sentence=_text(f.sentence), pointers=tuple(_pointer(p) for p in f.pointers)) for f in examined.findings)
    contacts = tuple(replace(c, value=_text(c.value), raw=_text(c.raw)) for c in examined.contacts)
    return replace(examined, findings=findings, detail=_text(examined.detail), contacts=contacts)


def _pointer(pointer: Pointer) -> Pointer:
    detail = {_text(k): _text(v) if isinstance(v, str) else v for k, v in pointer.detail.items()}
    return replace(pointer, raw=_text(pointer.raw), detail=detail)


def _text(value: str) -> str:
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "�")


def plain_settings(settings: Any) -> dict[str, Any]:
    """Settings as plain JSON values, for the Method that they are part of."""
    import json

    from store.words.records import canonical

    return dict(json.loads(canonical(asdict(settings))))
