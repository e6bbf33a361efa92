"""references have a statement or a judgement behind them"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite copies the table for the key: without the word said again the copy would lose AUTOINCREMENT, and could use a number twice
    with op.batch_alter_table('reference', schema=None, table_kwargs={'sqlite_autoincrement': True}) as batch_op:
        batch_op.add_column(sa.Column('statement', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('judgement', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_index(batch_op.f('ix_reference_judgement'), ['judgement'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_reference_judgement_judgement'), 'judgement', ['judgement'], ['id'])
