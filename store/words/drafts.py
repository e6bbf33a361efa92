"""Drafts: documents that the software made for people to complete and sign, each kept with its bytes as generated material (CPIA 1996)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class DraftKind(enum.StrEnum):
    statement = "statement"  # a witness statement under s.9 Criminal Justice Act 1967
    exhibit_list = "exhibit_list"
    continuity = "continuity"
    brand_request = "brand_request"
    notice = "notice"


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file of a draft: what it is called in its folder, and the capture that keeps its bytes."""

    name: str
    capture: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it was made. A later one of other content is a draft of its own; both are kept."""

    id: int
    case: str
    kind: DraftKind
    about: str  # whose statement, which platform or brand, in ids and names of configuration; "" where the kind says all
    files: tuple[DraftFile, ...]
    actor: str
    at: datetime
