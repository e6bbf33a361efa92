"""Alembic's entry point. New revisions: `python -m store.migrations.new "what changes"`."""

from alembic import context

from store.migrations import ours
from store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=ours,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
