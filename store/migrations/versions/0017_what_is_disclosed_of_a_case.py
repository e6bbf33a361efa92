"""what is disclosed of a case"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0017'
down_revision = '0015'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    when = store.tables.Utc(timezone=True)
    op.create_table('disclosure_item',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('case_file', sa.String(length=80), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('block', sa.String(length=120), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', when, nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_disclosure_item_actor_actor')),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_disclosure_item_case_file_case_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosure_item')),
    sa.UniqueConstraint('case_file', 'number', name=op.f('uq_disclosure_item_case_file_number')),
    sqlite_autoincrement=True
    )
    op.create_table('disclosure_thing',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('item', number, nullable=False),
    sa.Column('thing', sa.String(length=160), nullable=False),
    sa.ForeignKeyConstraint(['item'], ['disclosure_item.id'], name=op.f('fk_disclosure_thing_item_disclosure_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosure_thing')),
    sa.UniqueConstraint('item', 'thing', name=op.f('uq_disclosure_thing_item_thing')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_disclosure_thing_item'), 'disclosure_thing', ['item'], unique=False)
    op.create_table('disclosure_decision',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('item', number, nullable=False),
    sa.Column('standing', sa.String(length=12), nullable=False),
    sa.Column('undermines', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('sensitivity', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('supersedes', number, nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', when, nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', when, nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_disclosure_decision_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_disclosure_decision_authority_authority')),
    sa.ForeignKeyConstraint(['item'], ['disclosure_item.id'], name=op.f('fk_disclosure_decision_item_disclosure_item')),
    sa.ForeignKeyConstraint(['supersedes'], ['disclosure_decision.id'], name=op.f('fk_disclosure_decision_supersedes_disclosure_decision')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosure_decision')),
    sa.UniqueConstraint('supersedes', name=op.f('uq_disclosure_decision_supersedes')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_disclosure_decision_item'), 'disclosure_decision', ['item'], unique=False)
    op.create_table('disclosure_edition',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('case_file', sa.String(length=80), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('body_json', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', when, nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', when, nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_disclosure_edition_actor_actor')),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_disclosure_edition_case_file_case_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosure_edition')),
    sa.UniqueConstraint('case_file', 'number', name=op.f('uq_disclosure_edition_case_file_number')),
    sqlite_autoincrement=True
    )
    op.create_table('disclosure_copy',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('case_file', sa.String(length=80), nullable=False),
    sa.Column('manifest', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', when, nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_disclosure_copy_actor_actor')),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_disclosure_copy_case_file_case_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosure_copy')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_disclosure_copy_case_file'), 'disclosure_copy', ['case_file'], unique=False)

