"""the officers' queue: assignments, notes, clearances, saved searches, second reviews, reason codes"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('clearance',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('seller', number, nullable=True),
    sa.Column('value', sa.String(length=300), nullable=False),
    sa.Column('brand', sa.String(length=200), nullable=False),
    sa.Column('until', sa.String(length=10), nullable=False),
    sa.Column('withdrawn', sa.Boolean(), nullable=False),
    sa.Column('body_json', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('supersedes', number, nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_clearance_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_clearance_authority_authority')),
    sa.ForeignKeyConstraint(['seller'], ['seller.id'], name=op.f('fk_clearance_seller_seller')),
    sa.ForeignKeyConstraint(['supersedes'], ['clearance.id'], name=op.f('fk_clearance_supersedes_clearance')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clearance')),
    sa.UniqueConstraint('supersedes', name=op.f('uq_clearance_supersedes')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_clearance_seller'), 'clearance', ['seller'], unique=False)
    op.create_table('saved_search',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('shared', sa.Boolean(), nullable=False),
    sa.Column('withdrawn', sa.Boolean(), nullable=False),
    sa.Column('body_json', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('supersedes', number, nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_saved_search_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_saved_search_authority_authority')),
    sa.ForeignKeyConstraint(['supersedes'], ['saved_search.id'], name=op.f('fk_saved_search_supersedes_saved_search')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_search')),
    sa.UniqueConstraint('supersedes', name=op.f('uq_saved_search_supersedes')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_saved_search_actor'), 'saved_search', ['actor'], unique=False)
    op.create_table('note',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('subject_kind', sa.String(length=10), nullable=False),
    sa.Column('subject', number, nullable=True),
    sa.Column('case_file', sa.String(length=80), nullable=True),
    sa.Column('happened_at', store.tables.Utc(timezone=True), nullable=True),
    sa.Column('body_json', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('supersedes', number, nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_note_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_note_authority_authority')),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_note_case_file_case_file')),
    sa.ForeignKeyConstraint(['supersedes'], ['note.id'], name=op.f('fk_note_supersedes_note')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_note')),
    sa.UniqueConstraint('supersedes', name=op.f('uq_note_supersedes')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_note_case_file'), 'note', ['case_file'], unique=False)
    op.create_index('ix_note_subject', 'note', ['subject_kind', 'subject'], unique=False)
    op.create_table('second_review',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('first', number, nullable=False),
    sa.Column('second', number, nullable=True),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['first'], ['judgement.id'], name=op.f('fk_second_review_first_judgement')),
    sa.ForeignKeyConstraint(['second'], ['judgement.id'], name=op.f('fk_second_review_second_judgement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_second_review')),
    sa.UniqueConstraint('second', name=op.f('uq_second_review_second')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_second_review_first'), 'second_review', ['first'], unique=False)
    op.create_table('assignment',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('subject_kind', sa.String(length=10), nullable=False),
    sa.Column('subject', number, nullable=False),
    sa.Column('says', sa.String(length=10), nullable=False),
    sa.Column('officer', sa.String(length=80), nullable=False),
    sa.Column('until', store.tables.Utc(timezone=True), nullable=True),
    sa.Column('findings_digest', sa.String(length=64), server_default='', nullable=False),
    sa.Column('note', number, nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_assignment_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_assignment_authority_authority')),
    sa.ForeignKeyConstraint(['note'], ['note.id'], name=op.f('fk_assignment_note_note')),
    sa.ForeignKeyConstraint(['officer'], ['actor.id'], name=op.f('fk_assignment_officer_actor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignment')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_assignment_officer'), 'assignment', ['officer'], unique=False)
    op.create_index('ix_assignment_subject', 'assignment', ['subject_kind', 'subject'], unique=False)
    op.add_column('judgement', sa.Column('code', sa.String(length=40), server_default='', nullable=False))
