"""tokens of programs"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('api_token',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('account', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('scopes_json', sa.Text(), nullable=False),
    sa.Column('until', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.actor'], name=op.f('fk_api_token_account_account')),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_api_token_actor_actor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_api_token_token_digest')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_token_account'), ['account'], unique=False)

    op.create_table('api_token_end',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('token', number, nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_api_token_end_actor_actor')),
    sa.ForeignKeyConstraint(['token'], ['api_token.id'], name=op.f('fk_api_token_end_token_api_token')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token_end')),
    sa.UniqueConstraint('token', name=op.f('uq_api_token_end_token')),
    sqlite_autoincrement=True
    )
