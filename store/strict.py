"""The strict YAML reader: a file becomes a frozen dataclass, or one sentence says at which line it does not and why.

A key that is passed over in silence is a setting that somebody believes in. Scalars are read as YAML 1.2's core schema does
(only true and false are booleans, dates stay text), and where a field is text, `no`, `501` and `0161` are what was written:
YAML 1.1 would make False, a number and 113 of them.
"""

from __future__ import annotations

import contextlib
import difflib
import enum
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

import yaml

from store.errors import TouchstoneError

T = TypeVar("T")


class FieldError(ValueError):
    """A dataclass refuses what one of its fields holds: the complaint then names that field's own line."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class ConfigError(TouchstoneError):
    """A configuration file is not as it must be; begins with the file and the line."""


def load(path: Path, into: type[T]) -> T:
    """The file as an `into`, a dataclass as a rule. Raises ConfigError."""
    return typing.cast(T, _Reader(path).value(_compose(path), into, ""))


def plain(path: Path) -> Any:
    """The file as plain lists, dicts and scalars. Raises ConfigError."""
    return load(path, Any)


_CORE = (
    ("null", re.compile(r"~|null|Null|NULL|")),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("int", re.compile(r"[-+]?(0|[1-9][0-9]*)")),
    ("float", re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")),
)


def _kind(node: yaml.ScalarNode) -> str:
    if node.style in ("'", '"', "|", ">"):
        return "text"
    return next((kind for kind, form in _CORE if form.fullmatch(node.value)), "text")


def _compose(path: Path) -> yaml.Node:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: this is a folder, not a file") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: this is not UTF-8 text") from None
    for number, row in enumerate(text.splitlines(), 1):
        if "\t" in row[: len(row) - len(row.lstrip())] and row.strip():
            raise ConfigError(f"{path}:{number}: a tab in the indentation; YAML is indented with spaces")
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(str(part) for part in (error.context, error.problem) if part)
        raise ConfigError(f"{path}:{mark.line + 1 if mark else 1}: not YAML: {problem.replace(chr(92) + 't', 'tab')}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path}:1: not YAML: {' '.join(str(error).split())}") from None
    if node is None or (isinstance(node, yaml.ScalarNode) and _kind(node) == "null"):
        raise ConfigError(f"{path}:1: the file is empty")
    return node


def _composed(text: str) -> yaml.Node | None:
    """By libyaml where PyYAML was built with it, which is ten times as fast; what it refuses is refused by PyYAML's own, which says where."""
    with contextlib.suppress(yaml.YAMLError, AttributeError):
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    return yaml.compose(text, Loader=yaml.SafeLoader)


_NAMES = {"text": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "nothing"}


class _Reader:
    """Walks the nodes of one file along the types: each node still knows its line, which values have forgotten."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.within: list[yaml.Node] = []

    def fail(self, node: yaml.Node, where: str, problem: str) -> ConfigError:
        return ConfigError(f"{self.path}:{node.start_mark.line + 1}: {where + ': ' if where else ''}{problem}")

    def expected(self, node: yaml.Node, where: str, what: str, hint: str = "") -> ConfigError:
        if isinstance(node, yaml.ScalarNode):
            found = "nothing" if _kind(node) == "null" else f"'{node.value[:60]}'"
        else:
            found = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
        return self.fail(node, where, f"expected {what}, found {found}{hint}")

    def value(self, node: yaml.Node, into: Any, where: str) -> Any:
        if any(node is outer for outer in self.within):
            raise self.fail(node, where, "an alias that holds itself")
        self.within.append(node)
        try:
            return self._value(node, into, where)
        finally:
            self.within.pop()

    def _value(self, node: yaml.Node, into: Any, where: str) -> Any:
        origin, args = typing.get_origin(into), typing.get_args(into)
        if into is Any or into is object:
            return self.anything(node, where)
        if origin in (Union, types.UnionType):
            return self.either(node, args, where)
        if origin is Literal:
            return self.chosen(node, {str(arg): arg for arg in args}, where)
        if isinstance(into, type) and issubclass(into, enum.Enum):
            return self.chosen(node, {str(member.value): member for member in into}, where)
        if is_dataclass(into):
            return self.record(node, into, where)
        if (origin or into) in (tuple, list, Sequence, frozenset, set):
            return self.sequence(node, origin or into, args, where)
        if (origin or into) in (dict, Mapping):
            return self.mapping(node, args[1] if args else Any, where)
        return self.scalar(node, into, where)

    def scalar(self, node: yaml.Node, into: Any, where: str) -> Any:
        kind = _kind(node) if isinstance(node, yaml.ScalarNode) else ""
        if into in (str, Path) and kind not in ("", "null"):
            return into(node.value)
        if into is bool and kind == "bool":
            return node.value.lower() == "true"
        if (into is int and kind == "int") or (into is float and kind in ("int", "float")):
            return into(node.value)
        what = {str: "text", Path: "a path", int: "a whole number", float: "a number", bool: "true or false", type(None): "nothing"}
        if into is type(None) and kind == "null":
            return None
        if into not in what:
            raise TypeError(f"the configuration reader does not know the type {into!r} of {where}")
        raise self.expected(node, where, what[into])

    def anything(self, node: yaml.Node, where: str) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, Any, where)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, Any, f"{where}[{index}]") for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        kind = {"null": type(None), "bool": bool, "int": int, "float": float, "text": str}[_kind(node)]
        return self.scalar(node, kind, where)

    def mapping(self, node: yaml.Node, inner: Any, where: str) -> dict[str, Any]:
        return {key: self.value(item, inner, f"{where}.{key}" if where else key) for key, _, item in self.pairs(node, where)}

    def either(self, node: yaml.Node, options: tuple[Any, ...], where: str) -> Any:
        if isinstance(node, yaml.ScalarNode) and _kind(node) == "null":
            if type(None) in options:
                return None
            raise self.expected(node, where, "a value")
        # the exact kind first: of `int | str` 5 is a number, and of `str | tuple[str, ...]` a list is a list
        first = {"bool": bool, "int": int, "float": float}.get(_kind(node)) if isinstance(node, yaml.ScalarNode) else None
        problems: list[ConfigError] = []
        for option in sorted((o for o in options if o is not type(None)), key=lambda o: o is not first):
            try:
                return self._value(node, option, where)
            except ConfigError as error:
                problems.append(error)
        # with one real option its own complaint is the right one; of several the deepest saw most
        raise max(problems, key=lambda error: int(str(error).removeprefix(f"{self.path}:").partition(":")[0]))

    def chosen(self, node: yaml.Node, members: dict[str, Any], where: str) -> Any:
        if not isinstance(node, yaml.ScalarNode) or node.value not in members:
            hint = near(node.value if isinstance(node, yaml.ScalarNode) else "", members)
            raise self.expected(node, where, f"one of {', '.join(members)}", hint)
        return members[node.value]

    def sequence(self, node: yaml.Node, kind: Any, args: tuple[Any, ...], where: str) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            raise self.expected(node, where, "a list")
        if kind is tuple and args and args[-1] is not Ellipsis:
            if len(node.value) != len(args):
                raise self.fail(node, where, f"expected {len(args)} entries, found {len(node.value)}")
            inner = args
        else:
            inner = (args[0] if args else Any,) * len(node.value)
        items = [self.value(item, one, f"{where}[{index}]") for index, (item, one) in enumerate(zip(node.value, inner, strict=True))]
        return items if kind is list else frozenset(items) if kind in (set, frozenset) else tuple(items)

    def pairs(self, node: yaml.Node, where: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
        """The keys of a mapping as written, with their nodes; none twice (YAML says they must differ, PyYAML takes the last)."""
        if not isinstance(node, yaml.MappingNode):
            raise self.expected(node, where, "a mapping of keys to values")
        found: dict[str, tuple[str, yaml.Node, yaml.Node]] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.fail(key, where, "a key must be a word")
            if key.value in found:
                first = found[key.value][1].start_mark.line + 1
                raise self.fail(key, where, f"the key '{key.value}' is here twice; the first is in line {first}")
            found[key.value] = (key.value, key, item)
        return list(found.values())

    def record(self, node: yaml.Node, into: Any, where: str) -> Any:
        """A dataclass. A field whose YAML key cannot be its name says so in `metadata={'key': 'from'}`."""
        known: dict[str, Field[Any]] = {one.metadata.get("key", one.name): one for one in fields(into) if one.init}
        hints = typing.get_type_hints(into)
        given: dict[str, Any] = {}
        at: dict[str, yaml.Node] = {}
        for key, key_node, item in self.pairs(node, where):
            if key not in known:
                hint = near(key, known) or f"; the keys here are {', '.join(known)}"
                raise self.fail(key_node, where, f"unknown key '{key}'{hint}")
            at[known[key].name] = key_node
            given[known[key].name] = self.value(item, hints[known[key].name], f"{where}.{key}" if where else key)
        for key, one in known.items():
            if one.name not in given and one.default is MISSING and one.default_factory is MISSING:
                raise self.fail(node, where, f"missing key '{key}'")
        try:
            return into(**given)
        except FieldError as error:
            raise self.fail(at.get(error.field, node), where, str(error)) from None
        except ValueError as error:
            raise self.fail(node, where, str(error)) from None


def near(word: str, known: typing.Iterable[str]) -> str:
    """The end of a complaint about a name that is not known: the nearest that is, in whatever case; "" where none is near."""
    names = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), list(names), n=1)
    return f"; did you mean '{names[found[0]]}'?" if found else ""
