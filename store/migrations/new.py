"""Write a new revision from the difference between the newest one and store/tables.py: `python -m store.migrations.new "what changes"`."""

import sys

from alembic import command

from store import migrations
from store.database import Database


def main(message: str) -> None:
    config = migrations.configuration()
    database = Database("sqlite://")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "change")
