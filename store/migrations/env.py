"""Alembic's entry point. New revisions: `python -m store.migrations.new "what changes"`."""

from alembic import context

from store.tables import metadata


def _ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    # FTS5 keeps shadow tables of its own, which autogenerate would drop
    return not (kind == "table" and name is not None and "_fts" in name)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=_ours,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
