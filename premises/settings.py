"""What configs/premises.yml and configs/registers/*.yml may say, and the linker's Method made of the former."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

from premises.vocabulary import words
from store.config import Home, load
from store.words.records import Method

LINKER_VERSION = "4"  # of the rules in address, numbering, vocabulary, said, compare and link: raise it with any change of answer


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Weights are between 0 and 1 and add up as 1 − Π(1 − w): no number of weak reasons makes a certainty."""

    threshold: float
    hub: int  # a contact of more sellers than this links nobody: it is a platform's or a courier's
    most_buildings: int  # so many buildings may fit equally well before none is proposed
    read_in_picture: float = 1.0  # what a contact that a machine read in a picture counts of one in words
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1 or self.hub < 2 or self.most_buildings < 1:
            raise ValueError("threshold lies between 0 and 1, hub is at least 2, most_buildings at least 1")
        if not 0 <= self.read_in_picture <= 1:
            raise ValueError("read_in_picture lies between 0 and 1: what a machine read is no stronger than what was written")
        missing = WEIGHTS - set(self.weights)
        unknown = set(self.weights) - WEIGHTS
        if missing or unknown:
            raise ValueError(f"weights: missing {sorted(missing)}, unknown {sorted(unknown)}")
        if any(not 0 <= weight < 1 for weight in self.weights.values()):
            raise ValueError("weights: each lies between 0 and 1, and is less than 1")


WEIGHTS = words(
    "postcode postcode_near district postcode_differs number number_within number_perhaps unit unit_within unit_perhaps street street_alike "
    "building building_alike building_differs name name_alike town phone phone_elsewhere other_unit same_phone same_email "
    "same_handle same_payment same_picture same_place"
)


def link_settings(home: Home) -> LinkSettings:
    return load(home.file("premises.yml"), LinkSettings)


def linker(settings: LinkSettings) -> Method:
    """The linker with all that can change its answer, the version of the fuzzy matcher among it."""
    return Method(
        "linker", "premises", LINKER_VERSION, {**asdict(settings), "weights": dict(settings.weights), "rapidfuzz": version("rapidfuzz")}
    )
