"""registers say more than an address

What a register says beyond name, address and phone is kept with the entry; a load marks its beginning and its end; UPRNs have
positions. The indexes that links are sought by hold the edition too, since each month brings the same shops again.
"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('register_mark',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('register_snapshot', number, nullable=False),
    sa.Column('word', sa.String(length=8), nullable=False),
    sa.Column('run', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['register_snapshot'], ['register_snapshot.id'], name=op.f('fk_register_mark_register_snapshot_register_snapshot')),
    sa.ForeignKeyConstraint(['run'], ['run.id'], name=op.f('fk_register_mark_run_run')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_register_mark')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_register_mark_register_snapshot', 'register_mark', ['register_snapshot'])
    op.create_table('uprn_position',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('uprn', sa.String(length=12), nullable=False),
    sa.Column('lat', sa.Float(), nullable=False),
    sa.Column('lon', sa.Float(), nullable=False),
    sa.Column('register_snapshot', number, nullable=False),
    sa.ForeignKeyConstraint(['register_snapshot'], ['register_snapshot.id'], name=op.f('fk_uprn_position_register_snapshot_register_snapshot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_uprn_position')),
    sa.UniqueConstraint('uprn', 'register_snapshot', name=op.f('uq_uprn_position_uprn_register_snapshot')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_uprn_position_register_snapshot', 'uprn_position', ['register_snapshot'])
    op.add_column('register_entry', sa.Column('details_json', sa.Text(), server_default='{}', nullable=False))
    for by in ('postcode', 'name_key', 'phone'):
        op.create_index(f'ix_register_entry_{by}_snapshot', 'register_entry', [by, 'register_snapshot'])
        op.drop_index(f'ix_register_entry_{by}', 'register_entry')
    op.drop_index('ix_premises_entry_premises', 'premises_entry')  # the unique constraint begins with the same column
