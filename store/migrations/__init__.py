"""Alembic migrations, run from code: `upgrade(database)` brings any store to the newest revision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

    from store.database import Database


def upgrade(database: Database) -> None:
    """Bring the tables up to the newest revision. A store that is there already costs one query."""
    from sqlalchemy import inspect

    with database.reading() as connection:
        there = inspect(connection).has_table("alembic_version")
        if there and connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [newest()]:
            return
    from alembic import command  # takes a while to import: not at every start of a process

    config = configuration()
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":  # two first starts at once: the second waits, and finds it done
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7390807)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def newest() -> str:
    """The newest revision, by the names of the files: each begins with its revision's number."""
    return max(path.name for path in (Path(__file__).parent / "versions").glob("0*.py")).partition("_")[0]


def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    """Whether a table or an index stands in store/tables.py: what full text keeps of its own does not, and autogenerate would drop it."""
    return not (kind in ("table", "index") and name is not None and "_fts" in name)


def configuration() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
