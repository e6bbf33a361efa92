"""what an officer was given on a day"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('premises_given',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('officer', sa.String(length=80), nullable=False),
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('premises', number, nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['officer'], ['actor.id'], name=op.f('fk_premises_given_officer_actor')),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_premises_given_actor_actor')),
    sa.ForeignKeyConstraint(['premises'], ['premises.id'], name=op.f('fk_premises_given_premises_premises')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_premises_given')),
    sa.UniqueConstraint('officer', 'day', 'premises', name=op.f('uq_premises_given_officer_day_premises')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_premises_given_premises'), 'premises_given', ['premises'], unique=False)
