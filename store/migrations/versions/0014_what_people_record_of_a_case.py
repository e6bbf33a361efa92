"""what people record of a case: offences, persons, incidents, outcomes, goods, custody; whose initials number its exhibits"""

import re

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
again = {'sqlite_autoincrement': True}  # SQLite copies the table: without the word the copy could use a row's number twice


def upgrade() -> None:
    op.create_table('case_entry',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('case_file', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('first', number, nullable=True),
    sa.Column('supersedes', number, nullable=True),
    sa.Column('withdrawn', sa.Boolean(), nullable=False),
    sa.Column('happened_at', store.tables.Utc(timezone=True), nullable=True),
    sa.Column('whole_day', sa.Boolean(), nullable=False),
    sa.Column('body_json', sa.Text(), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('authority', sa.String(length=40), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.Column('subject_category', sa.String(length=16), server_default='unknown', nullable=False),
    sa.Column('retention_until', store.tables.Utc(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['actor'], ['actor.id'], name=op.f('fk_case_entry_actor_actor')),
    sa.ForeignKeyConstraint(['authority'], ['authority.code'], name=op.f('fk_case_entry_authority_authority')),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_case_entry_case_file_case_file')),
    sa.ForeignKeyConstraint(['first'], ['case_entry.id'], name=op.f('fk_case_entry_first_case_entry')),
    sa.ForeignKeyConstraint(['supersedes'], ['case_entry.id'], name=op.f('fk_case_entry_supersedes_case_entry')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_entry')),
    sa.UniqueConstraint('supersedes', name=op.f('uq_case_entry_supersedes')),
    sqlite_autoincrement=True
    )
    for column in ('case_file', 'first'):
        op.create_index(op.f(f'ix_case_entry_{column}'), 'case_entry', [column], unique=False)
    op.create_table('case_entry_on',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('case_entry', number, nullable=False),
    sa.Column('subject_kind', sa.String(length=10), nullable=False),
    sa.Column('subject', number, nullable=False),
    sa.ForeignKeyConstraint(['case_entry'], ['case_entry.id'], name=op.f('fk_case_entry_on_case_entry_case_entry')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_entry_on')),
    sa.UniqueConstraint('case_entry', 'subject_kind', 'subject', name=op.f('uq_case_entry_on_case_entry_subject_kind_subject')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_case_entry_on_case_entry'), 'case_entry_on', ['case_entry'], unique=False)
    op.create_index('ix_case_entry_on_subject', 'case_entry_on', ['subject_kind', 'subject'], unique=False)
    op.create_table('exhibit_initials',
    sa.Column('id', number, autoincrement=True, nullable=False),
    sa.Column('case_file', sa.String(length=80), nullable=False),
    sa.Column('initials', sa.String(length=8), nullable=False),
    sa.Column('officer', sa.String(length=80), nullable=False),
    sa.Column('at', store.tables.Utc(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_file'], ['case_file.reference'], name=op.f('fk_exhibit_initials_case_file_case_file')),
    sa.ForeignKeyConstraint(['officer'], ['actor.id'], name=op.f('fk_exhibit_initials_officer_actor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exhibit_initials')),
    sa.UniqueConstraint('case_file', 'initials', name=op.f('uq_exhibit_initials_case_file_initials')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('bag', schema=None, table_kwargs=again) as batch_op:
        batch_op.alter_column('follow_up', existing_type=number, nullable=True)
        batch_op.add_column(sa.Column('case_entry', number, nullable=True))
        batch_op.create_index(batch_op.f('ix_bag_case_entry'), ['case_entry'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_bag_case_entry_case_entry'), 'case_entry', ['case_entry'], ['id'])
    op.add_column('case_file', sa.Column('own_number', sa.String(length=80), server_default='', nullable=False))
    op.add_column('case_file', sa.Column('jurisdiction', sa.String(length=80), server_default='', nullable=False))
    for name, kind, default in (('initials', sa.String(length=8), ''), ('ordinal', sa.Integer(), '0'), ('producer', sa.String(length=80), ''), ('salt', sa.String(length=32), '')):
        op.add_column('exhibit', sa.Column(name, kind, server_default=default, nullable=False))
    _numbered_before()
    with op.batch_alter_table('exhibit', schema=None, table_kwargs=again) as batch_op:
        batch_op.create_unique_constraint(batch_op.f('uq_exhibit_case_file_initials_ordinal'), ['case_file', 'initials', 'ordinal'])


def _numbered_before() -> None:
    """Exhibits of an older store: their numbers stand, in parts; letters that two officers shared stay the first one's."""
    c = op.get_bind()
    rows = c.execute(sa.text('SELECT id, case_file, number, actor, at FROM exhibit ORDER BY id')).all()
    bound = set()
    for r in rows:
        found = re.fullmatch(r'([A-Za-z]{1,8})/?([0-9]{1,9})', r.number)
        initials, ordinal = (found[1], int(found[2])) if found else ('', -r.id)  # no number of ours: apart, and never counted on from
        c.execute(sa.text('UPDATE exhibit SET initials = :i, ordinal = :o, producer = :p WHERE id = :id'), {'i': initials, 'o': ordinal, 'p': r.actor, 'id': r.id})
        if found and (r.case_file, initials) not in bound:
            bound.add((r.case_file, initials))
            c.execute(sa.text('INSERT INTO exhibit_initials (case_file, initials, officer, at) VALUES (:c, :i, :a, :at)'), {'c': r.case_file, 'i': initials, 'a': r.actor, 'at': r.at})
