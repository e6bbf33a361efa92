"""The methods to run: of each detector the one that the configuration describes, and beside it the one in force.

A method is all that can change a detector's answer: version, settings, brands, currencies, libraries. The one that ships with the
project starts in force; any other starts in evaluation.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from detectors import contract
from detectors.brands import Brands, read_brands
from detectors.contract import Context, Detector
from detectors.prices import Currencies, read_currencies
from store.config import Home, defaults_folder, plain
from store.errors import TouchstoneError
from store.findings import shipped_status
from store.store import Store
from store.strict import load
from store.words.records import Method, Status, canonical, digest_of


@dataclass(frozen=True, slots=True)
class Task:
    """One method to run: a detector with its settings, the number of its row and its status."""

    detector: Detector
    number: int
    method: Method
    status: Status
    context: Context


def plan(store: Store, home: Home, actor: str, only: Collection[str] | None = None) -> tuple[list[Task], list[str]]:
    """The methods to run: of each detector the one that the files describe, and the one in force where that is
    another."""
    every = contract.discover()
    unknown = sorted(set(only or ()) - set(every))
    if unknown:
        raise TouchstoneError(f"there is no detector {', '.join(unknown)}; the detectors are {', '.join(every)}")
    file, shipped_file = home.file("detectors.yml"), defaults_folder() / "detectors.yml"
    settings = contract.read_settings(file, every.values())
    shipped = settings if file == shipped_file else contract.read_settings(shipped_file, every.values())
    versions = plain(defaults_folder() / "shipped.yml")
    files, shipped_files = home.configs("brands"), sorted((defaults_folder() / "brands").glob("*.yml"))
    brands = read_brands(files)
    shipped_brands = brands if files == shipped_files else read_brands(shipped_files)
    currencies, shipped_currencies = (read_currencies(each) for each in (home.file("currencies.yml"), defaults_folder() / "currencies.yml"))
    tasks: list[Task] = []
    lines: list[str] = []
    for detector in every.values():
        if only and detector.name not in only:
            continue
        if detector.missing:
            lines.append(f"NOT EXAMINED: {detector.missing}")
            continue
        method = method_of(detector, settings[detector.name], brands, settings["text_terms"], currencies)
        number = store.keep_method(method)
        as_shipped = versions.get(detector.name) == detector.version and method == method_of(
            detector, shipped[detector.name], shipped_brands, shipped["text_terms"], shipped_currencies
        )
        status = shipped_status(store, number, as_shipped, actor)
        tasks.append(
            Task(
                detector,
                number,
                method,
                status,
                Context(
                    settings[detector.name],
                    brands if "brands" in detector.needs else None,
                    terms=settings["text_terms"] if "terms" in detector.needs else None,
                    currencies=currencies if "prices" in detector.needs else None,
                ),
            )
        )
        lines.extend(_in_force(store, tasks))
    return tasks, lines


def method_of(detector: Detector, settings: Any, brands: Brands, terms: Any, currencies: Currencies) -> Method:
    """All that can change the detector's answer."""
    said: dict[str, Any] = {"settings": contract.plain_settings(settings), "libraries": dict(detector.libraries)}
    if "brands" in detector.needs:
        said["brands"] = brands.digest
    if "terms" in detector.needs:
        said["terms"] = digest_of(contract.plain_settings(terms))
    if "prices" in detector.needs:
        said["currencies"] = currencies.digest
    return Method("detector", detector.name, detector.version, said, detector.models)


def _in_force(store: Store, tasks: list[Task]) -> Iterator[str]:
    """Add the method in force beside the newest task, if it is another and can still be run; else a line that says why
    not."""
    task = tasks[-1]
    number = store.method_in_force("detector", task.detector.name)
    if number is None or number == task.number:
        return
    old = next(method for row, method, _ in store.methods("detector") if row == number)
    same = (
        {**old.settings, "settings": None} == {**task.method.settings, "settings": None}
        and old.version == task.method.version
        and old.models == task.method.models
    )
    name = task.detector.name
    if not same:
        yield (
            f"{name}: method {number} is in force but cannot be run any more (code, brands, currencies or libraries changed): "
            f"`touchstone method promote {task.number}`"
        )
        return
    yield (
        f"{name}: method {task.number} is in evaluation beside method {number}, which is in force: "
        f"`touchstone method promote {task.number}`"
    )
    tasks.append(
        replace(
            task,
            number=number,
            method=old,
            status=Status.in_force,
            context=replace(task.context, settings=_revived(task.detector, old)),
        )
    )


def _revived(detector: Detector, method: Method) -> Any:
    """A kept method's settings as the detector's own dataclass, by way of the strict reader (JSON is YAML)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.yml"
        path.write_bytes(canonical(method.settings["settings"]))
        return load(path, detector.settings)
