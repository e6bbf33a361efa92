"""what was done about a place or a seller"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('follow_up',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('step', sa.String(length=12), server_default='', nullable=False),
    sa.Column('purchase', number, nullable=True),
    sa.Column('premises', number, nullable=True),
    sa.Column('seller', number, nullable=True),
    sa.Column('case_file', sa.String(length=80), nullable=True),
    sa.Column('operation', sa.String(length=80), nullable=True),
    sa.Column('happened_at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('whole_day', sa.Boolean(), nullable=False),
    sa.Column('body_json', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('supersedes', number, nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_follow_up_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_follow_up_authority_authority')),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_follow_up_case_file_case_file')),
    sa.ForeignKeyConstraint(['premises'], ['premises.id'], name=op.f('fk_follow_up_premises_premises')),
    sa.ForeignKeyConstraint(['purchase'], ['follow_up.id'], name=op.f('fk_follow_up_purchase_follow_up')),
    sa.ForeignKeyConstraint(['seller'], ['seller.id'], name=op.f('fk_follow_up_seller_seller')),
    sa.ForeignKeyConstraint(['supersedes'], ['follow_up.id'], name=op.f('fk_follow_up_supersedes_follow_up')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follow_up')),
    sa.UniqueConstraint('supersedes', name=op.f('uq_follow_up_supersedes')),
    sqlite_autoincrement=True
    )
    for column in ('case_file', 'premises', 'purchase', 'seller'):
        op.create_index(op.f(f'ix_follow_up_{column}'), 'follow_up', [column], unique=False)
    op.create_table('follow_up_capture',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('follow_up', number, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('capture', number, nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('taken_at', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['capture'], ['capture.id'], name=op.f('fk_follow_up_capture_capture_capture')),
    sa.ForeignKeyConstraint(['follow_up'], ['follow_up.id'], name=op.f('fk_follow_up_capture_follow_up_follow_up')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follow_up_capture')),
    sa.UniqueConstraint('follow_up', 'position', name=op.f('uq_follow_up_capture_follow_up_position')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_follow_up_capture_capture'), 'follow_up_capture', ['capture'], unique=False)
    op.create_index(op.f('ix_follow_up_capture_follow_up'), 'follow_up_capture', ['follow_up'], unique=False)
    op.create_table('bag',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('follow_up', number, nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['follow_up'], ['follow_up.id'], name=op.f('fk_bag_follow_up_follow_up')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bag')),
    sa.UniqueConstraint('number', name=op.f('uq_bag_number')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_bag_follow_up'), 'bag', ['follow_up'], unique=False)
