"""The house rules that a machine can hold: imports go one way, pages quote the real files, names agree, nothing points at an index."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("casework", "crawler", "detectors", "premises", "store")
FENCE = re.compile(r"```(?:python|yaml)\n# ([\w./-]+)\n(.*?)```", re.S)


def tracked(*patterns: str) -> list[Path]:
    """Files of the project, as git has them where there is a git, by suffix otherwise."""
    return sorted(
        p
        for pattern in patterns
        for p in ROOT.glob(pattern)
        if not set(p.relative_to(ROOT).parts) & {".venv", "var", "dist", ".git", "build"}
    )


def test_imports_go_one_way() -> None:
    done = subprocess.run([Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_dependency_owns_a_package_named_like_ours() -> None:
    owners = metadata.packages_distributions()
    taken = {room: set(owners.get(room, [])) - {"touchstone-scanner"} for room in ROOMS}
    assert not any(taken.values()), taken


@pytest.mark.parametrize("page", ["add-a-source.md", "add-a-detector.md", "add-a-register.md"])
def test_each_page_quotes_the_real_file(page: str) -> None:
    quotations = FENCE.findall((ROOT / "docs" / page).read_text())
    assert quotations, f"{page} quotes no file"
    for path, quoted in quotations:
        real = (ROOT / path).read_text()
        assert quoted.strip() in real.replace(f"# {path}\n", ""), f"{page} quotes {path} as it is not"


def test_every_command_has_help_and_stands_in_the_docs() -> None:
    import typer

    from casework.cli import app

    page = (ROOT / "docs" / "commands.md").read_text()

    def walk(command: object, name: str) -> list[tuple[str, str]]:
        children = getattr(command, "commands", None)
        if children:
            return [each for child, inner in children.items() for each in walk(inner, f"{name} {child}")]
        return [(name, getattr(command, "help", "") or "")]

    def reading(command: object, name: str) -> list[str]:
        children = getattr(command, "commands", None)
        if children:
            return [each for child, inner in children.items() for each in reading(inner, child)]
        has = any("--json" in parameter.opts for parameter in getattr(command, "params", []))
        return [name] if name in ("list", "show", "history", "rank", "status", "doctor") and not has else []

    assert reading(typer.main.get_command(app), "") == [], "a command that lists or shows has --json"
    commands = walk(typer.main.get_command(app), "touchstone")
    assert len(commands) > 25
    for name, text in commands:
        assert text.strip(), f"{name} has no help"
        line = f"`{name}`"
        assert line in page, f"docs/commands.md does not mention {line}"


def test_every_detector_and_register_stands_in_the_docs_and_the_configuration() -> None:
    page = (ROOT / "docs" / "commands.md").read_text() + (ROOT / "docs" / "detectors.md").read_text()
    from detectors.contract import discover

    settings = yaml.safe_load((ROOT / "configs" / "detectors.yml").read_text())
    for name in discover():
        assert f"`{name}`" in page, f"detector {name} is not in the docs"
        assert name in settings, f"detector {name} has no section in configs/detectors.yml"
        assert (ROOT / "tests" / "detectors" / f"{name}.yml").exists(), f"detector {name} has no examples"


def test_each_shipped_detector_is_vouched_for_at_its_version() -> None:
    """configs/shipped.yml says which detectors start in force; raising a VERSION without measuring puts one in evaluation."""
    from detectors.contract import discover

    assert yaml.safe_load((ROOT / "configs" / "shipped.yml").read_text()) == {name: d.version for name, d in discover().items()}


def test_the_constraints_pin_every_dependency_and_hold_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!-]+", line) for line in lines)
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines}
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [d for extra in project["optional-dependencies"].values() for d in extra]
    for each in wanted:
        name = re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", each)[0]).lower()  # type: ignore[index]
        assert name in pinned, f"{name} is not pinned in constraints.txt"


def test_py_wacz_is_in_no_extra() -> None:
    """It is AGPL through surt: the tests may run it from an environment of its own, our users never get it."""
    text = (ROOT / "pyproject.toml").read_text().lower() + (ROOT / "constraints.txt").read_text().lower()
    assert not re.search(r"\b(wacz|surt)\b", text)


def test_nothing_in_the_project_points_at_a_package_index_or_at_a_machine() -> None:
    shipped = tracked("**/*.py", "**/*.md", "**/*.yml", "**/*.toml", "**/*.txt", "**/*.sh", "Makefile", ".ci/run")
    bad = re.compile(r"(--(extra-)?index-url|https?://[\w.-]*(pypi|pythonhosted|npmjs|deb\.debian)[\w.-]*|/(?:ro" + r"ot|wo" + r"rk)/)")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in shipped
        if path != Path(__file__)
        for match in bad.finditer(path.read_text("utf-8", "replace"))
    ]
    assert not found, found


def test_configuration_and_tests_name_no_file_twice_over_a_room() -> None:
    """No file at the top may shadow a room."""
    assert not [p for room in ROOMS for p in (ROOT / f"{room}.py", ROOT / "tests" / f"{room}.py") if p.exists()]
