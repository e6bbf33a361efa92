"""The strict reader: whatever is wrong with a file is one sentence with its line; and the working folder."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from store.config import ConfigError, Executor, Home, RetentionDays, Settings, defaults_folder, digest, load, plain
from store.errors import SkipRecord, StopRun, TouchstoneError


class Colour(enum.StrEnum):
    red = "red"
    green = "green"


@dataclass(frozen=True, slots=True)
class Expect:
    listings: int
    ratio: float = 0.5

    def __post_init__(self) -> None:
        if self.listings < 0:
            raise ValueError("listings cannot be negative")


@dataclass(frozen=True, slots=True)
class Source:
    platform: str
    start_urls: tuple[str, ...] = ()
    render: bool = False
    delay: float = 1.0
    folder: Path = Path("x")
    expect: Expect | None = None
    cards: dict[str, str] = field(default_factory=dict)
    steps: tuple[Expect, ...] = ()
    pair: tuple[int, str] = (0, "")
    colour: Colour = Colour.red
    mode: Literal["fast", "slow"] = "slow"
    either: str | tuple[str, ...] = ""
    number: int | str = 0
    nested: Mapping[str, dict[str, Expect]] = field(default_factory=dict)
    anything: Any = None
    from_: str = field(default="", metadata={"key": "from"})


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "x.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_type(tmp_path: Path) -> None:
    text = """
        platform: no
        start_urls: [https://h/, 0161, 501]
        render: true
        delay: 2
        folder: var/x
        expect: {listings: 3, ratio: 1e-1}
        cards: {title: h1, 1: "2"}
        steps:
          - listings: 1
          - listings: 2
        pair: [7, seven]
        colour: green
        mode: fast
        either: [a, b]
        number: 5
        nested: {a: {b: {listings: 4}}}
        anything: {when: 2026-11-22, yes: no, n: 010, i: 10, f: 1.5, t: true, x: null, l: [1, {a: b}], s: "5", h: 12:30}
        from: here
    """
    assert load(written(tmp_path, text), Source) == Source(
        platform="no",
        start_urls=("https://h/", "0161", "501"),
        render=True,
        delay=2.0,
        folder=Path("var/x"),
        expect=Expect(3, 0.1),
        cards={"title": "h1", "1": "2"},
        steps=(Expect(1), Expect(2)),
        pair=(7, "seven"),
        colour=Colour.green,
        mode="fast",
        either=("a", "b"),
        number=5,
        nested={"a": {"b": Expect(4)}},
        anything={
            "when": "2026-11-22",
            "yes": "no",
            "n": "010",
            "i": 10,
            "f": 1.5,
            "t": True,
            "x": None,
            "l": [1, {"a": "b"}],
            "s": "5",
            "h": "12:30",
        },
        from_="here",
    )
    assert load(written(tmp_path, "platform: a\neither: b\nexpect: null\nnumber: x"), Source) == Source(
        platform="a", either="b", number="x"
    )
    shared = load(written(tmp_path, "platform: a\nnested: {a: {b: &one {listings: 4}, c: *one}}"), Source)
    assert shared.nested["a"]["b"] == shared.nested["a"]["c"] == Expect(4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start_urls: []\n\nplatfrom: x", ":3: unknown key 'platfrom'; did you mean 'platform'?"),
        ("platform: x\nexpect:\n  listngs: 3", ":3: expect: unknown key 'listngs'; did you mean 'listings'?"),
        ("platform: x\nzzzz: 3", ":2: unknown key 'zzzz'; the keys here are platform, start_urls,"),
        ("platform: x\nnested:\n  a:\n    b: {listings: 1, ration: 2}", ":4: nested.a.b: unknown key 'ration'; did you mean 'ratio'?"),
        ("platform: x\n<<: {delay: 2}", ":2: unknown key '<<'"),
        ("delay: 2", ":1: missing key 'platform'"),
        ("platform: x\nsteps:\n- listings: 1\n- ratio: 1", ":4: steps[1]: missing key 'listings'"),
        ("platform: x\ndelay: fast", ":2: delay: expected a number, found 'fast'"),
        ("platform: x\nrender: yes", ":2: render: expected true or false, found 'yes'"),
        ("platform: x\nrender: 'true'", ":2: render: expected true or false, found 'true'"),
        ("platform: x\nexpect:\n  listings: 1.0", ":3: expect.listings: expected a whole number, found '1.0'"),
        ("platform: x\nexpect:\n  listings: '1'", ":3: expect.listings: expected a whole number, found '1'"),
        ("platform: x\nexpect:\n  listings: 010", ":3: expect.listings: expected a whole number, found '010'"),
        ("platform: x\nexpect:\n  listings: true", ":3: expect.listings: expected a whole number, found 'true'"),
        ("platform: x\ndelay: .nan", ":2: delay: expected a number, found '.nan'"),
        ("platform:\n", ":1: platform: expected text, found nothing"),
        ("platform: [x]", ":1: platform: expected text, found a list"),
        ("platform: {x: y}", ":1: platform: expected text, found a mapping"),
        ("platform: x\nstart_urls: https://h/", ":2: start_urls: expected a list, found 'https://h/'"),
        ("platform: x\nstart_urls:\n- a\n-", ":4: start_urls[1]: expected text, found nothing"),
        ("platform: x\npair: [1]", ":2: pair: expected 2 entries, found 1"),
        ("platform: x\npair: [a, b]", ":2: pair[0]: expected a whole number, found 'a'"),
        ("platform: x\ncolour: gren", ":2: colour: expected one of red, green, found 'gren'; did you mean 'green'?"),
        ("platform: x\nmode: medium", ":2: mode: expected one of fast, slow"),
        ("platform: x\neither: {a: b}", ":2: either: expected"),
        ("platform: x\neither: null", ":2: either: expected a value, found nothing"),
        ("platform: x\nexpect: {listings: -1}", ":2: expect: listings cannot be negative"),
        ("platform: x\nplatform: y", ":2: the key 'platform' is here twice; the first is in line 1"),
        ("platform: x\nanything: {a: 1, a: 2}", ":2: anything: the key 'a' is here twice"),
        ("platform: x\nanything: {[a]: 1}", ":2: anything: a key must be a word"),
        ("platform: x\nanything: &a [*a]", ":2: anything[0]: an alias that holds itself"),
        ("- a\n- b", ":1: expected a mapping of keys to values, found a list"),
        ("just words", ":1: expected a mapping of keys to values, found 'just words'"),
        ("platform: x\n  delay: 2", ":2: not YAML: mapping values are not allowed here"),
        ("platform: [x\ndelay: 2", ":2: not YAML:"),
        ("platform: 'x", ":1: not YAML:"),
        ("platform: *nowhere", ":1: not YAML: found undefined alias"),
        ("platform: x\n---\nplatform: y", ":2: not YAML: expected a single document in the stream, but found another document"),
        ("platform: x\nexpect:\n\tlistings: 1", ":3: a tab in the indentation"),
        ("platform: x\ndelay:\t2\nmode:\t[", ":2: not YAML: while scanning for the next token, found character 'tab'"),
        ("", ":1: the file is empty"),
        ("# only a comment\n\n", ":1: the file is empty"),
        ("---\n", ":1: the file is empty"),
        (b"platform: x\ndelay: \xff", ":2: this is not UTF-8 text"),
        (b"platform: x\x00", ":1: not YAML"),
        ("[" * 3000, ":1: not YAML"),
    ],
)
def test_each_fault_is_named_with_its_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path, Source)
    assert str(caught.value).startswith(f"{path}{message}"), str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "none.yml", Source)
    with pytest.raises(ConfigError, match="a folder"):
        load(tmp_path, Source)


def test_errors_have_one_root() -> None:
    assert all(issubclass(one, TouchstoneError) for one in (ConfigError, SkipRecord, StopRun))


def test_the_shipped_settings_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOUCHSTONE_STORE", raising=False)
    shipped = load(defaults_folder() / "touchstone.yml", Settings)
    assert shipped == Settings(authority=shipped.authority, user_agent=shipped.user_agent)
    assert (shipped.batch, shipped.retention_days) == (200, RetentionDays(90))


MINIMAL = "authority: {code: a, name: A}\nuser_agent: touchstone (a@example.org)\n"


def home(folder: Path, more: str = "") -> Home:
    (folder / "configs").mkdir(exist_ok=True)
    (folder / "configs" / "touchstone.yml").write_text(MINIMAL + more)
    return Home(folder)


def test_a_home_is_found_upwards_and_paths_are_seen_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOUCHSTONE_STORE", raising=False)
    home(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    found = Home.find(tmp_path / "a" / "b")
    assert found.folder == tmp_path.resolve()
    assert found.settings.archive == found.folder / "var/archive" and found.path("var/x") == found.folder / "var/x"
    assert found.settings.store == f"sqlite:///{found.folder}/var/touchstone.db"
    assert found.settings.executor is Executor.inline and found.settings.authority.jurisdiction == "England and Wales"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:////abs/x.db", "postgresql+psycopg://u:p@h/x"])
def test_the_environment_gives_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("TOUCHSTONE_STORE", url)
    assert home(tmp_path, "store: sqlite:///other.db").settings.store == url


def test_a_wrong_address_in_the_environment_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_STORE", "postgres://u:secret@h/x")
    with pytest.raises(ConfigError, match=r"TOUCHSTONE_STORE: store: write postgresql\+psycopg://") as caught:
        _ = home(tmp_path).settings
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_agent: Mozilla/5.0\nauthority: {code: a, name: A}", ":1: user_agent: name a contact"),
        (MINIMAL + "retention_days: {unflagged: 0}", ":3: retention_days: a retention of less than one day"),
        (MINIMAL + "retention_days: {unflaged: 9}", ":3: retention_days: unknown key 'unflaged'; did you mean 'unflagged'?"),
        (MINIMAL + "executor: cluster", ":3: executor: expected one of inline, processes, dask, found 'cluster'"),
        (MINIMAL + "batch: 0", ":1: workers and batch are at least 1"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, message: str) -> None:
    home(tmp_path)
    path = tmp_path / "configs" / "touchstone.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        _ = Home(tmp_path).settings
    assert str(caught.value).startswith(f"{path}{message}"), str(caught.value)


def test_what_a_folder_lacks_is_taken_from_the_shipped_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "shipped"
    for name in ("sources/b.yml", "sources/a.yml", "brands/z.yml", "flags.yml"):
        (shipped / name).parent.mkdir(parents=True, exist_ok=True)
        (shipped / name).write_text("a: 1")
    monkeypatch.setattr("store.config.defaults_folder", lambda: shipped)
    work = tmp_path / "work"
    work.mkdir()
    here = home(work)
    assert here.file("flags.yml") == shipped / "flags.yml"
    assert [p.name for p in here.configs("sources")] == ["a.yml", "b.yml"] and here.configs("registers") == []
    (work / "configs" / "sources").mkdir()
    (work / "configs" / "sources" / "own.yml").write_text("a: 2")
    (work / "configs" / "flags.yml").write_text("a: 2")
    assert here.file("flags.yml") == work / "configs" / "flags.yml"
    assert [p.name for p in here.configs("sources")] == ["own.yml"] and [p.name for p in here.configs("brands")] == ["z.yml"]
    (work / "configs" / "sources" / "other.yaml").write_text("a: 2")
    with pytest.raises(ConfigError, match=r"other\.yaml: rename it to other\.yml"):
        here.configs("sources")
    with pytest.raises(ConfigError, match="no configs of kind 'source'"):
        here.configs("source")
    assert Home.find(tmp_path / "work" / "configs").folder == work.resolve()


def test_the_digest_is_of_what_the_files_say(tmp_path: Path) -> None:
    here = home(tmp_path)
    for name, text in {"flags.yml": "a: 1\nb: [1, 2]", "sources/x.yml": "p: 1"}.items():
        (tmp_path / "configs" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "configs" / name).write_text(text)
    names = ["flags.yml", "sources"]
    first = digest(here, names)
    (tmp_path / "configs" / "flags.yml").write_text("# why\nb:\n- 1\n- 2\na: 1\n")
    assert digest(here, reversed(names)) == first and len(first) == 64
    (tmp_path / "configs" / "flags.yml").write_text("a: '1'\nb: [1, 2]")
    assert digest(here, names) != first
    (tmp_path / "configs" / "flags.yml").write_text("a: 1\nb: [1, 2]")
    (tmp_path / "configs" / "sources" / "y.yml").write_text("p: 1")
    assert digest(here, names) != first
    assert plain(tmp_path / "configs" / "flags.yml") == {"a": 1, "b": [1, 2]}
    with pytest.raises(ConfigError, match="no such file"):
        digest(here, ["nothing.yml"])
