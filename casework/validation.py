"""The validation record of a pack: what made it, on what, whether it did its self-test, and which faults are known of it.

The courts' presumption that a computer was working properly is under review in England and Wales, and a pack does not rely on it. The record is no
validation by anybody else, and no claim of compliance with a standard or code (docs/limits.md).
"""

from __future__ import annotations

import hashlib
import platform
import re
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from casework import selftest
from crawler.clock import measure
from store.config import Home, defaults_folder
from store.errors import TouchstoneError
from store.strict import FieldError, load
from store.version import source_digest, version

WARNING = "THE SOFTWARE'S SELF-TEST FAILED WHEN THIS PACK WAS MADE"


@dataclass(frozen=True, slots=True)
class Fault:
    """A known fault: in which version it came, in which it was mended (None: not yet), and what it may do to evidence."""

    id: str
    since: str
    what: str
    effect: str
    fixed_in: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"KF-\d{3}", self.id):
            raise FieldError("id", f"'{self.id}' is no number of a fault such as KF-001")
        for name, value in (("since", self.since), ("fixed_in", self.fixed_in)):
            if value is not None and not re.fullmatch(r"\d+(\.\d+)*", value):
                raise FieldError(name, f"'{value}' is no version such as 0.1.0")
        if self.fixed_in is not None and _order(self.fixed_in) <= _order(self.since):
            raise FieldError("fixed_in", f"'{self.fixed_in}' is not after {self.since}, in which the fault came")
        for name, words in (("what", self.what), ("effect", self.effect)):
            if not words.strip():
                raise FieldError(name, "say it in a sentence")

    def is_in(self, running: str) -> bool:
        """Whether that version has the fault."""
        return _order(self.since) <= _order(running) and (self.fixed_in is None or _order(running) < _order(self.fixed_in))


@dataclass(frozen=True, slots=True)
class Faults:
    """What configs/known-faults.yml says."""

    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        numbers = [fault.id for fault in self.faults]
        if twice := next((n for n in numbers if numbers.count(n) > 1), None):
            raise FieldError("faults", f"{twice} stands twice; a number is never used again")


def _order(version_text: str) -> tuple[int, ...]:
    """A version as it is compared: its leading numbers (`0.1.0+local` and `0.1.0rc1` are 0.1.0)."""
    found = re.match(r"\d+(\.\d+)*", version_text)
    parts = [int(part) for part in found[0].split(".")] if found else []
    return tuple(parts + [0] * (4 - len(parts)))


def known_faults(path: Path | None = None) -> list[Fault]:
    """The faults that are known of this software. Raises ConfigError. They are the project's to state: a working folder has no file of its own."""
    return list(load(path or defaults_folder() / "known-faults.yml", Faults).faults)


def record(home: Home) -> dict[str, Any]:
    """The whole record, as JSON values. It asks the configured time server, if any, and nobody else. Never raises for what it finds: it says so."""
    checks = selftest.run()
    try:
        faults: list[dict[str, Any]] = [
            {
                "id": f.id,
                "since": f.since,
                "fixed_in": f.fixed_in,
                "what": f.what,
                "effect": f.effect,
                "in_this_version": f.is_in(version()),
            }
            for f in known_faults()
        ]
        unread = ""
    except TouchstoneError as error:
        faults, unread = [], str(error).replace(f"{defaults_folder()}/", "")  # nothing in a pack says where we lie
    return {
        "format": "touchstone-validation/1",
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "self_test": {"passed": all(check.passed for check in checks), "checks": selftest.as_rows(checks)},
        "software": {"name": "touchstone-scanner", "version": version(), "source_sha256": source_digest()},
        "machine": {
            "python": f"{platform.python_implementation()} {platform.python_version()}", "platform": platform.platform(),
            "processor": platform.machine(), "openssl": _openssl(), "sqlite": sqlite3.sqlite_version, "byte_order": sys.byteorder,
        },
        "dependencies": dependencies(),
        "known_faults": faults,
        "known_faults_unread": unread,
        "clock": measure(home.settings.clock.server),
    }  # fmt: skip


def _openssl() -> str:
    """The library that signs."""
    from cryptography.hazmat.backends.openssl.backend import backend

    return str(backend.openssl_version_text())


def dependencies() -> dict[str, Any]:
    """The installed versions of what the project pins, against its pins: the digest of constraints.txt, and where the two differ."""
    path = constraints_file()
    if path is None:
        return {
            "constraints_sha256": None,
            "installed": {},
            "differ": [],
            "note": "constraints.txt is not there: what was meant cannot be compared",
        }
    data = path.read_bytes()
    pinned = dict(line.split("==", 1) for line in data.decode().split() if "==" in line)
    here = {_plain(d.metadata["Name"]): d.version for d in metadata.distributions() if d.metadata["Name"]}
    installed = {name: here[_plain(name)] for name in sorted(pinned, key=str.lower) if _plain(name) in here}
    needed = _needed()
    of_the_pin = {name: v if "+" in pinned[name] else v.partition("+")[0] for name, v in installed.items()}  # PEP 440: 2.13.0+cpu is 2.13.0
    return {
        "constraints_sha256": hashlib.sha256(data).hexdigest(),
        "installed": installed,
        "differ": [{"name": n, "pinned": pinned[n], "installed": v} for n, v in installed.items() if of_the_pin[n] != pinned[n]]
        + [{"name": n, "pinned": v, "installed": None} for n, v in pinned.items() if _plain(n) in needed - here.keys()],
        "note": "",
    }


def constraints_file() -> Path | None:
    """constraints.txt: beside the code in an installed wheel, at the top of a clone."""
    here = Path(__file__).resolve().parent
    return next((path for path in (here / "constraints.txt", here.parent / "constraints.txt") if path.is_file()), None)


def _needed() -> set[str]:
    """What the software cannot run without, extras apart."""
    try:
        wanted = metadata.requires("touchstone-scanner") or []
    except metadata.PackageNotFoundError:
        return set()
    return {_plain(re.split(r"[^\w.-]", each, maxsplit=1)[0]) for each in wanted if "extra ==" not in each}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def warnings(found: Mapping[str, Any]) -> list[str]:
    """What a reader of the pack must not miss, in sentences; [] where nothing is wrong."""
    failed = [check["name"] for check in found["self_test"]["checks"] if not check["passed"]]
    said = (
        [f"{WARNING}: {', '.join(failed)}. Do not rely on what the pack says before somebody has found out why."]
        if not found["self_test"]["passed"]
        else []
    )
    if found["dependencies"]["differ"]:
        names = ", ".join(each["name"] for each in found["dependencies"]["differ"])
        said.append(f"The software ran with other libraries than it was tested with: {names}.")
    if found["known_faults_unread"]:
        said.append(f"The list of known faults could not be read: {found['known_faults_unread']}")
    return said
