"""listings are found by words and by facets: rows derived of others, filled when the store is next opened"""

import sqlalchemy as sa
from alembic import op

import store.tables

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

# On SQLite the words of all listings, by `place`, and of those that wait for an officer, by `turn`; without content, since `listing_now` has the terms.
# `ascii` takes each of our terms as it is: it leaves all but ASCII alone, and our terms are folded already.
FTS5 = "CREATE VIRTUAL TABLE {} USING fts5(terms, content='', columnsize=0, detail=none, tokenize=\"ascii tokenchars '_'\")"
SEARCHED = {
    'sqlite': [FTS5.format(name) for name in ('listing_place_fts', 'listing_turn_fts')],
    'postgresql': ['CREATE INDEX ix_listing_now_fts ON listing_now USING gin (terms) WITH (fastupdate = off)'],
}
number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('listing_now',
    sa.Column('id', number, autoincrement=False, nullable=False),
    sa.Column('place', sa.BigInteger(), nullable=False),
    sa.Column('turn', sa.BigInteger(), nullable=True),
    sa.Column('source', sa.String(length=80), nullable=False),
    sa.Column('brand', sa.String(length=80), nullable=False),
    sa.Column('level', sa.String(length=10), nullable=False),
    sa.Column('area', sa.String(length=9), nullable=False),
    sa.Column('judged', sa.Boolean(), nullable=False),
    sa.Column('reasons', sa.Text(), nullable=False),
    sa.Column('price_minor', number, nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('terms', store.tables.Terms, nullable=False),
    sa.ForeignKeyConstraint(['id'], ['listing.id'], name=op.f('fk_listing_now_id_listing')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_listing_now'))
    )
    facets = ['source', 'brand', 'level', 'area', 'judged', 'reasons', 'price_minor', 'currency']
    waiting = sa.text('turn IS NOT NULL')
    op.create_index('ix_listing_now_place', 'listing_now', ['place', *facets], unique=False)
    op.create_index('ix_listing_now_turn', 'listing_now', ['turn', *facets, 'place'], unique=False, sqlite_where=waiting, postgresql_where=waiting)
    op.create_table('listing_now_count',
    sa.Column('among', sa.String(length=8), nullable=False),
    sa.Column('facet', sa.String(length=10), nullable=False),
    sa.Column('value', sa.String(length=80), nullable=False),
    sa.Column('n', number, nullable=False),
    sa.PrimaryKeyConstraint('among', 'facet', 'value', name=op.f('pk_listing_now_count'))
    )
    op.create_index('ix_listing_now_count_n', 'listing_now_count', ['among', 'facet', 'n', 'value'], unique=False)
    for statement in SEARCHED[op.get_bind().dialect.name]:
        op.execute(statement)
