"""keys and signed heads of the log"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('signing_key',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('word', sa.String(length=8), nullable=False),
    sa.Column('public_pem', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_signing_key_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_signing_key_authority_authority')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signing_key')),
    sa.UniqueConstraint('fingerprint', 'word', name=op.f('uq_signing_key_fingerprint_word')),
    sqlite_autoincrement=True
    )
    op.create_table('signed_head',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('seq', number, nullable=False),
    sa.Column('statement', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('signature', sa.String(length=128), nullable=False),
    sa.Column('stamp', sa.Text(), nullable=False),
    sa.Column('stamp_chain', sa.Text(), nullable=False),
    sa.Column('stamped_at', store.tables.Utc(timezone=True), nullable=True),
    sa.Column('no_stamp', sa.Text(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_signed_head_actor_actor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signed_head')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_signed_head_seq'), 'signed_head', ['seq'], unique=False)
