"""people join sellers or keep them apart; a linker says up to where it has looked"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('pair_statement',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('seller', number, nullable=False),
    sa.Column('other', number, nullable=False),
    sa.Column('says', sa.String(length=4), nullable=False),
    sa.Column('withdraws', number, nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_pair_statement_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_pair_statement_authority_authority')),
    sa.ForeignKeyConstraint(['other'], ['seller.id'], name=op.f('fk_pair_statement_other_seller')),
    sa.ForeignKeyConstraint(['seller'], ['seller.id'], name=op.f('fk_pair_statement_seller_seller')),
    sa.ForeignKeyConstraint(['withdraws'], ['pair_statement.id'], name=op.f('fk_pair_statement_withdraws_pair_statement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pair_statement')),
    sa.UniqueConstraint('withdraws', name=op.f('uq_pair_statement_withdraws')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_pair_statement_other', 'pair_statement', ['other'], unique=False)
    op.create_index('ix_pair_statement_seller', 'pair_statement', ['seller'], unique=False)
    op.create_table('link_reach',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('method', number, nullable=False),
    sa.Column('reach_json', sa.Text(), nullable=False),
    sa.Column('run', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['method'], ['method.id'], name=op.f('fk_link_reach_method_method')),
    sa.ForeignKeyConstraint(['run'], ['run.id'], name=op.f('fk_link_reach_run_run')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_link_reach')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_link_reach_method', 'link_reach', ['method'], unique=False)
