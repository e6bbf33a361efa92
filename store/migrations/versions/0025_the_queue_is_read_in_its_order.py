"""the queue is read in its order: second looks by an index of scores, and on PostgreSQL what waits by marks and words of its own"""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

# On PostgreSQL the marks of the spans in which a turn lies, as `store/shelf.py` makes them: a turn without its listing's number, in powers of two
MARKS = ", ".join(f"'_q{power}_' || ((turn >> 30) >> {power})" for power in range(6, 30, 2))
DIVIDED = sa.text("""contributions_json LIKE '%"points":-%'""")


def upgrade() -> None:
    op.drop_index('ix_flag_level', table_name='flag')
    op.create_index('ix_flag_level_score', 'flag', ['level', 'score'], unique=False)
    op.create_index('ix_flag_divided', 'flag', ['level', 'score'], unique=False, sqlite_where=DIVIDED, postgresql_where=DIVIDED)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(f'UPDATE listing_now SET terms = terms || array_to_tsvector(ARRAY[{MARKS}]) WHERE turn IS NOT NULL')
        op.execute('CREATE INDEX ix_listing_now_waiting_fts ON listing_now USING gin (terms) WITH (fastupdate = off) WHERE turn IS NOT NULL')
