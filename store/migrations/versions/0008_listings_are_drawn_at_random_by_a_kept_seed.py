"""listings are drawn at random by a kept seed"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('sample_seed',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('seed', sa.String(length=64), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sample_seed')),
    sqlite_autoincrement=True
    )
    op.create_table('sample',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('listing', number, nullable=False),
    sa.Column('sample_seed', number, nullable=False),
    sa.Column('ticket', sa.String(length=16), nullable=False),
    sa.Column('run', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['listing'], ['listing.id'], name=op.f('fk_sample_listing_listing')),
    sa.ForeignKeyConstraint(['run'], ['run.id'], name=op.f('fk_sample_run_run')),
    sa.ForeignKeyConstraint(['sample_seed'], ['sample_seed.id'], name=op.f('fk_sample_sample_seed_sample_seed')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sample')),
    sa.UniqueConstraint('listing', name=op.f('uq_sample_listing')),
    sqlite_autoincrement=True
    )
