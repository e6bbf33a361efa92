"""The engine and its transactions: SQLite in WAL with BEGIN IMMEDIATE, or PostgreSQL; one way to write for both."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, bindparam, create_engine, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

CHUNK = 500  # values in one statement
CACHE_KB = 16_000  # of SQLite's pages, a connection: of a large store the upper pages of all indexes, which the 2 MB that it takes by itself do not hold
BUSY_MS = 30_000  # how long a SQLite writer waits for another before "database is locked"
CHAIN_LOCK = 0x70C457  # advisory lock of PostgreSQL under which the audit log grows by one link at a time


class Busy(Exception):
    """Somebody else is writing."""


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…` (a bare `postgresql://` would ask for psycopg2)."""
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_MS / 1000})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we emit BEGIN ourselves, below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_MS}",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"cache_size=-{CACHE_KB}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that turns into a writer half-way fails at once when another wrote meanwhile; IMMEDIATE waits.
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


class Database:
    """Short transactions over one engine. One that is opened within another of the same thread is part of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._open = threading.local()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: on the disk when it ends, and so is all that joined it."""
        if (outer := getattr(self._open, "writing", None)) is not None:
            yield outer
            return
        with self.engine.connect() as connection, connection.begin():
            self._open.writing = connection
            try:
                yield connection
            finally:
                self._open.writing = self._open.head = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads; within one that writes it sees what that has written."""
        if (outer := getattr(self._open, "writing", None) or getattr(self._open, "reading", None)) is not None:
            yield outer
            return
        with self.engine.connect().execution_options(reads_only=True) as connection, connection.begin():
            self._open.reading = connection
            try:
                yield connection
            finally:
                self._open.reading = None

    def lock_chain(self, connection: Connection) -> None:
        """Hold the log until this transaction ends. On SQLite BEGIN IMMEDIATE already does."""
        if connection.dialect.name == "postgresql" and self.head is None:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})

    def freeze(self, connection: Connection, tables: Collection[str]) -> None:
        """Hold the log and these tables until this transaction ends: nobody else adds a row, and none is on its way. Raises Busy.

        On SQLite BEGIN IMMEDIATE already does. On PostgreSQL nothing is waited for while something is held, so that no two wait for each other.
        """
        if connection.dialect.name != "postgresql":
            return
        if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK}).scalar():
            raise Busy
        try:
            connection.exec_driver_sql(f"LOCK TABLE {', '.join(tables)} IN SHARE MODE NOWAIT")
        except OperationalError as error:
            raise Busy from error

    @contextmanager
    def as_of(self, rows: Mapping[str, str]) -> Iterator[None]:
        """Reading by this thread, until it ends, of only those rows of each table that a condition in SQL names: of one moment, whoever writes.

        Each of these tables is shadowed by a temporary view of its own name, which goes with the transaction. `beneath` reaches what it hides.
        """
        assert not (getattr(self._open, "writing", None) or getattr(self._open, "reading", None)), "within another transaction"
        options: dict[str, Any] = {"reads_only": True}
        if self.engine.dialect.name == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"
        with self.engine.connect().execution_options(**options) as connection, connection.begin() as whole:
            schema = "main"
            if connection.dialect.name == "postgresql":
                schema = str(connection.execute(text("SELECT current_schema()")).scalar_one())
            for name, condition in rows.items():
                connection.exec_driver_sql(f'CREATE TEMPORARY VIEW "{name}" AS SELECT * FROM "{schema}"."{name}" WHERE {condition}')  # noqa: S608 - our own names and numbers
            self._open.reading, self._open.beneath = connection, schema
            try:
                yield
            finally:
                self._open.reading = self._open.beneath = None
                whole.rollback()

    @property
    def beneath(self) -> dict[str, Any]:
        """Execution options of a statement that sees whole tables within `as_of`."""
        schema = getattr(self._open, "beneath", None)
        return {"schema_translate_map": {None: schema}} if schema else {}

    def moment(self, when: datetime) -> str:
        """A time as a literal of this database's SQL, to compare with a column of times."""
        utc = when.astimezone(UTC)
        return f"TIMESTAMPTZ '{utc.isoformat()}'" if self.engine.dialect.name == "postgresql" else f"'{utc:%Y-%m-%d %H:%M:%S.%f}'"

    @property
    def head(self) -> tuple[int, str] | None:
        """Number and digest of the log's newest event, where this transaction holds the log and has written it; else None."""
        return getattr(self._open, "head", None)

    @head.setter
    def head(self, newest: tuple[int, str]) -> None:
        if getattr(self._open, "writing", None) is not None:
            self._open.head = newest

    def scrub(self) -> str:
        """Leave nothing of what was erased in the database's own files; a sentence where that could not be done, or "".

        SQLite: freed places are overwritten as they are freed (`secure_delete`); here the write-ahead log is written back and cut, and the file is
        made anew, so that pages which were freed before stay nowhere either. PostgreSQL: dead rows are vacuumed; its own write-ahead log, replicas
        and backups are its administrator's.
        """
        try:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                if connection.dialect.name != "sqlite":
                    connection.exec_driver_sql("VACUUM")
                    return ""
                raw.execute("VACUUM")
                busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except Exception as error:  # a reader that stands in the way is no error of the erasure's
            return f"the database's files were not scrubbed: {error}; run `touchstone erase scrub` when nothing else runs"
        return "another process reads the database: run `touchstone erase scrub` when nothing else runs" if busy else ""

    def close(self) -> None:
        self.engine.dispose()


@lru_cache(maxsize=256)
def _insert(table: Table, dialect: str, once: bool = False, returning: bool = False) -> Any:
    """An INSERT, made once: building the statement anew costs more than running it."""
    if not once:
        return table.insert()
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table).on_conflict_do_nothing()
    return statement.returning(table.c.id) if returning else statement


@lru_cache(maxsize=256)
def _find(table: Table, names: tuple[str, ...]) -> Select[Any]:
    return select(table.c.id).where(*(table.c[name] == bindparam(name) for name in names))


def add(connection: Connection, table: Table, **values: Any) -> int:
    """Insert a row; its primary key."""
    key = connection.execute(_insert(table, connection.dialect.name), values).inserted_primary_key
    return int(key[0]) if key is not None and isinstance(key[0], int) else 0


def insert_once(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row unless one with its key is there; another writer doing the same at once is no error."""
    connection.execute(_insert(table, connection.dialect.name, once=True), values)


def add_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(table.insert(), list(rows))


def add_once(connection: Connection, table: Table, identity: Mapping[str, Any], **rest: Any) -> tuple[int, bool]:
    """The row with this identity, inserted unless it is there: (id, was it new). Safe against another writer's insert.

    A table whose last row here was a new one is not asked first: most often the next is new, too, and one statement does.
    """
    find = _find(table, tuple(identity))
    was_new = connection.info.setdefault("was new", {})
    if not was_new.get(table) and (found := connection.execute(find, identity).scalar()) is not None:
        return int(found), False
    statement = _insert(table, connection.dialect.name, once=True, returning=True)
    new = connection.execute(statement, {**identity, **rest}).scalar()
    was_new[table] = new is not None
    return (int(new), True) if new is not None else (int(connection.execute(find, identity).scalar_one()), False)


def chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    """Values in order, so many at a time as one statement takes."""
    ordered = sorted(values)
    return (ordered[at : at + CHUNK] for at in range(0, len(ordered), CHUNK))


def ranges(ids: Iterable[int]) -> str:
    """Row numbers in few characters: {1,2,3,7} → "1-3,7". Keeps an event that lists a whole pass small."""
    out: list[list[int]] = []
    for number in sorted(set(ids)):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def numbers_in(ids: str) -> set[int]:
    """`1-3,7`, as `ranges` writes it, as numbers."""
    parts = [part.partition("-") for part in ids.split(",") if part]
    return {number for first, _, last in parts for number in range(int(first), int(last or first) + 1)}
