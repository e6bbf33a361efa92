"""the data's life: lookups, marks of persons, proposals"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('lookup',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('body_json', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_lookup_actor_actor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lookup')),
    sqlite_autoincrement=True
    )
    op.create_table('person_mark',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('about', sa.String(length=40), nullable=False),
    sa.Column('row', number, nullable=False),
    sa.Column('category', sa.String(length=16), nullable=False),
    sa.Column('sensitive', sa.Boolean(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_person_mark_actor_actor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person_mark')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('person_mark', schema=None) as batch_op:
        batch_op.create_index('ix_person_mark_about_row', ['about', 'row'], unique=False)

    op.create_table('proposal',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('act', sa.String(length=10), nullable=False),
    sa.Column('subject_kind', sa.String(length=16), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('ground', sa.String(length=16), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_proposal_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_proposal_authority_authority')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal')),
    sqlite_autoincrement=True
    )
    op.create_table('proposal_answer',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('proposal', number, nullable=False),
    sa.Column('says', sa.String(length=10), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_proposal_answer_actor_actor')),
    sa.ForeignKeyConstraint(['proposal'], ['proposal.id'], name=op.f('fk_proposal_answer_proposal_proposal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal_answer')),
    sa.UniqueConstraint('proposal', 'says', name=op.f('uq_proposal_answer_proposal_says')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('proposal_answer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_proposal_answer_proposal'), ['proposal'], unique=False)
    op.create_table('case_term',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('case_file', sa.String(length=80), nullable=False),
    sa.Column('says', sa.String(length=16), nullable=False),
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_case_term_actor_actor')),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_case_term_case_file_case_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_term')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('case_term', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_term_case_file'), ['case_file'], unique=False)
