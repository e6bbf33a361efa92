"""who is at a premises, and who runs an account"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('attribution',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('seller', number, nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('says', sa.Text(), nullable=False),
    sa.Column('person', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('strength', sa.String(length=8), nullable=False),
    sa.Column('against', sa.Boolean(), nullable=False),
    sa.Column('capture', number, nullable=True),
    sa.Column('exhibit', number, nullable=True),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('contradicts', number, nullable=True),
    sa.Column('withdraws', number, nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_attribution_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_attribution_authority_authority')),
    sa.ForeignKeyConstraint(['capture'], ['capture.id'], name=op.f('fk_attribution_capture_capture')),
    sa.ForeignKeyConstraint(['contradicts'], ['attribution.id'], name=op.f('fk_attribution_contradicts_attribution')),
    sa.ForeignKeyConstraint(['exhibit'], ['exhibit.id'], name=op.f('fk_attribution_exhibit_exhibit')),
    sa.ForeignKeyConstraint(['seller'], ['seller.id'], name=op.f('fk_attribution_seller_seller')),
    sa.ForeignKeyConstraint(['withdraws'], ['attribution.id'], name=op.f('fk_attribution_withdraws_attribution')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attribution')),
    sa.UniqueConstraint('withdraws', name=op.f('uq_attribution_withdraws')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('attribution', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attribution_capture'), ['capture'], unique=False)
        batch_op.create_index(batch_op.f('ix_attribution_exhibit'), ['exhibit'], unique=False)
        batch_op.create_index(batch_op.f('ix_attribution_seller'), ['seller'], unique=False)

    op.create_table('occupant',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('premises', number, nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('since', sa.String(length=10), nullable=False),
    sa.Column('until', sa.String(length=10), nullable=False),
    sa.Column('basis', sa.String(length=10), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('capture', number, nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('withdraws', number, nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_occupant_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_occupant_authority_authority')),
    sa.ForeignKeyConstraint(['capture'], ['capture.id'], name=op.f('fk_occupant_capture_capture')),
    sa.ForeignKeyConstraint(['premises'], ['premises.id'], name=op.f('fk_occupant_premises_premises')),
    sa.ForeignKeyConstraint(['withdraws'], ['occupant.id'], name=op.f('fk_occupant_withdraws_occupant')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_occupant')),
    sa.UniqueConstraint('withdraws', name=op.f('uq_occupant_withdraws')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('occupant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_occupant_capture'), ['capture'], unique=False)
        batch_op.create_index(batch_op.f('ix_occupant_premises'), ['premises'], unique=False)

    op.create_table('attribution_ground',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('judgement', number, nullable=False),
    sa.Column('attribution', number, nullable=False),
    sa.ForeignKeyConstraint(['attribution'], ['attribution.id'], name=op.f('fk_attribution_ground_attribution_attribution')),
    sa.ForeignKeyConstraint(['judgement'], ['judgement.id'], name=op.f('fk_attribution_ground_judgement_judgement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attribution_ground')),
    sa.UniqueConstraint('judgement', 'attribution', name=op.f('uq_attribution_ground_judgement_attribution')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('attribution_ground', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attribution_ground_attribution'), ['attribution'], unique=False)
        batch_op.create_index(batch_op.f('ix_attribution_ground_judgement'), ['judgement'], unique=False)

    op.create_table('occupant_mark',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('occupant', number, nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('value', sa.String(length=300), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['occupant'], ['occupant.id'], name=op.f('fk_occupant_mark_occupant_occupant')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_occupant_mark')),
    sa.UniqueConstraint('occupant', 'kind', 'value', name=op.f('uq_occupant_mark_occupant_kind_value')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('occupant_mark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_occupant_mark_occupant'), ['occupant'], unique=False)
        batch_op.create_index('ix_occupant_mark_value', ['kind', 'value'], unique=False)

