"""Alembic migrations, run from code: `upgrade(database)` brings any store to the newest revision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

    from store.database import Database


def upgrade(database: Database) -> None:
    """Bring the tables up to the newest revision. A store that is there already costs one query."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with database.reading() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    config = configuration()
    if current == ScriptDirectory.from_config(config).get_current_head():
        return
    from alembic import command

    with database.writing() as connection:
        if connection.dialect.name == "postgresql":  # two first starts at once: the second waits, and finds it done
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7390807)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def configuration() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
