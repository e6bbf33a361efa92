"""What configs/premises.yml and configs/registers/*.yml may say, and the linker's Method made of the former."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

from premises.registers import configured
from premises.vocabulary import words
from store.config import Home, load
from store.words.records import Method

LINKER_VERSION = (
    "5"  # of the rules in address, numbering, vocabulary, said, compare, evidence, who and link: raise it with any change of answer
)


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Weights are between 0 and 1 and add up as 1 − Π(1 − w): no number of weak reasons makes a certainty."""

    threshold: float
    most_buildings: int  # so many buildings may fit equally well before none is proposed
    read_in_picture: float = 1.0  # what a contact that a machine read in a picture counts of one in words
    weights: Mapping[str, float] = field(default_factory=dict)
    filed_under: Mapping[str, str] = field(default_factory=dict)  # kind of register → the kind of number that its references are
    most_companies: int = 5  # registered in one building: of more, it is an address that companies are given
    office_far_km: float = 30
    position_within_m: float = 30  # of a register's own position
    postcode_within_m: float = 150  # of one that is its postcode's
    camera_within_m: float = 200  # a picture's position that is vaguer says nothing
    mail_providers: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict, init=False)  # register → its kind, of configs/registers: no key of this file

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1 or self.most_buildings < 1:
            raise ValueError("threshold lies between 0 and 1, most_buildings is at least 1")
        if not 0 <= self.read_in_picture <= 1:
            raise ValueError("read_in_picture lies between 0 and 1: what a machine read is no stronger than what was written")
        if self.most_companies < 1 or min(self.office_far_km, self.position_within_m, self.postcode_within_m, self.camera_within_m) < 0:
            raise ValueError("most_companies is at least 1; no distance is less than 0")
        if unfiled := set(self.filed_under.values()) - {"company", "fhrs"}:
            raise ValueError(f"filed_under: a register's references are company or fhrs numbers, not {sorted(unfiled)}")
        missing = WEIGHTS - set(self.weights)
        unknown = set(self.weights) - WEIGHTS
        if missing or unknown:
            raise ValueError(f"weights: missing {sorted(missing)}, unknown {sorted(unknown)}")
        if any(not 0 <= weight < 1 for weight in self.weights.values()):
            raise ValueError("weights: each lies between 0 and 1, and is less than 1")

    def number_of(self, register: str) -> str:
        """The kind of number that a register's references are, "" where they are none; a register of no page is of the kind it is named."""
        return self.filed_under.get(self.kinds.get(register, register), "")

    def filed(self) -> dict[str, str]:
        """Register → the kind of number that its references are, of every register that has such."""
        return {name: number for name in sorted({*self.filed_under, *self.kinds}) if (number := self.number_of(name))}


WEIGHTS = words(
    "postcode postcode_near district postcode_differs number number_within number_perhaps unit unit_within unit_perhaps street street_alike "
    "building building_alike building_differs name name_alike town phone phone_elsewhere other_unit "
    "place collection domain_name handle_name fhrs_id company_office company_dissolved "
    "office_far occupant_mark related_mark vat_differs elsewhere position sighting sighted_contact sighted_place"
)


def link_settings(home: Home) -> LinkSettings:
    """The settings, with the kinds of the registers that the folder has. Raises ConfigError and StopRun for a page that is at fault."""
    settings = load(home.file("premises.yml"), LinkSettings)
    kinds = {path.stem: configured(home, path.stem)[0].kind for path in home.configs("registers")}
    object.__setattr__(settings, "kinds", kinds)  # frozen from here on
    return settings


def linker(settings: LinkSettings) -> Method:
    """The linker with all that can change its answer, the version of the fuzzy matcher among it; not what one folder calls its registers."""
    said = {key: value for key, value in asdict(settings).items() if key != "kinds"}
    return Method(
        "linker",
        "premises",
        LINKER_VERSION,
        {
            **said,
            "weights": dict(settings.weights),
            "filed_under": dict(settings.filed_under),
            "rapidfuzz": version("rapidfuzz"),
        },
    )
