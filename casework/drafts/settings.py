"""What configs/drafts.yml says, and where a draft of English procedure may be made."""

from __future__ import annotations

from dataclasses import dataclass

from store.config import Home, load
from store.errors import TouchstoneError

LAW_OF = "England and Wales"


@dataclass(frozen=True, slots=True)
class BrandRequest:
    """The questions for the brand's witness, in their order, and how many pairs of pictures a request has at most."""

    questions: tuple[str, ...]
    most_pairs: int = 12

    def __post_init__(self) -> None:
        if not self.questions:
            raise ValueError("questions: a request asks something")
        if not 1 <= self.most_pairs <= 100:
            raise ValueError(f"most_pairs: {self.most_pairs} is not between 1 and 100")


@dataclass(frozen=True, slots=True)
class DraftSettings:
    """What all drafts share. `marking` is the Government Security Classification that is printed on each page, "" for none."""

    brand_request: BrandRequest
    marking: str = ""


def read_settings(home: Home) -> DraftSettings:
    return load(home.file("drafts.yml"), DraftSettings)


def lawful(jurisdiction: str, what: str) -> None:
    """Raise TouchstoneError where the law that a draft follows is not that of the case."""
    if jurisdiction != LAW_OF:
        raise TouchstoneError(f"{what} is of the law of {LAW_OF}; the case is of {jurisdiction}, for which no draft is configured")
