"""links may say again what they said before: a link is new relative to its pair's newest row, no longer for ever"""

from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite copies the table: without the word said again the copy would lose AUTOINCREMENT, and could use a row number twice
    with op.batch_alter_table('link', schema=None, table_kwargs={'sqlite_autoincrement': True}) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_link_subject_kind_subject_object_kind_object_method_digest'), type_='unique')
        batch_op.create_index('ix_link_pair', ['subject_kind', 'subject', 'object_kind', 'object'], unique=False)
