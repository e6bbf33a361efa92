"""who may sign in at the desk"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('account',
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('opened_by', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_account_actor_actor')),
    sa.ForeignKeyConstraint(['opened_by'], ['actor.id'], name=op.f('fk_account_opened_by_actor')),
    sa.PrimaryKeyConstraint('actor', name=op.f('pk_account')),
    sqlite_autoincrement=False
    )
    op.create_table('account_role',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('account', sa.String(length=80), nullable=False),
    sa.Column('role', sa.String(length=40), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.actor'], name=op.f('fk_account_role_account_account')),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_account_role_actor_actor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_role')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('account_role', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_role_account'), ['account'], unique=False)

    op.create_table('account_secret',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('account', sa.String(length=80), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('temporary', sa.Boolean(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.actor'], name=op.f('fk_account_secret_account_account')),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_account_secret_actor_actor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_secret')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('account_secret', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_secret_account'), ['account'], unique=False)

    op.create_table('desk_session',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('account', sa.String(length=80), nullable=False),
    sa.Column('until', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.actor'], name=op.f('fk_desk_session_account_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_session')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_desk_session_token_digest')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('desk_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_desk_session_account'), ['account'], unique=False)

    op.create_table('sign_in',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('account', sa.String(length=80), nullable=False),
    sa.Column('says', sa.String(length=10), nullable=False),
    sa.Column('address', sa.String(length=45), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.actor'], name=op.f('fk_sign_in_account_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.create_index('ix_sign_in_account_at', ['account', 'at'], unique=False)

    op.create_table('desk_session_word',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('session', number, nullable=False),
    sa.Column('says', sa.String(length=10), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['session'], ['desk_session.id'], name=op.f('fk_desk_session_word_session_desk_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_session_word')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('desk_session_word', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_desk_session_word_session'), ['session'], unique=False)

