"""drafts that people sign"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('draft',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('case_file', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('about', sa.String(length=120), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_draft_actor_actor')),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_draft_case_file_case_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_draft_case_file'), 'draft', ['case_file'], unique=False)
    op.create_table('draft_file',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('draft', number, nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('capture', number, nullable=False),
    sa.ForeignKeyConstraint(['capture'], ['capture.id'], name=op.f('fk_draft_file_capture_capture')),
    sa.ForeignKeyConstraint(['draft'], ['draft.id'], name=op.f('fk_draft_file_draft_draft')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft_file')),
    sa.UniqueConstraint('draft', 'name', name=op.f('uq_draft_file_draft_name')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_draft_file_capture'), 'draft_file', ['capture'], unique=False)
    op.create_index(op.f('ix_draft_file_draft'), 'draft_file', ['draft'], unique=False)

