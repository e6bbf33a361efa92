"""a case as it stood at an event of the log"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('case_seal',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('case_file', sa.String(length=80), nullable=False),
    sa.Column('event', number, nullable=False),
    sa.Column('watermarks_json', sa.Text(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_case_seal_actor_actor')),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_case_seal_case_file_case_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_seal')),
    sa.UniqueConstraint('event', name=op.f('uq_case_seal_event')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_case_seal_case_file'), 'case_seal', ['case_file'], unique=False)
