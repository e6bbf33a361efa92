"""flags below review are found by their score, and those of which something speaks for the seller by that"""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

DIVIDED = sa.text("""contributions_json LIKE '%"points":-%'""")


def upgrade() -> None:
    op.drop_index('ix_flag_level', table_name='flag')
    op.create_index('ix_flag_level_score', 'flag', ['level', 'score'], unique=False)
    op.create_index('ix_flag_divided', 'flag', ['level', 'score'], unique=False, sqlite_where=DIVIDED, postgresql_where=DIVIDED)
