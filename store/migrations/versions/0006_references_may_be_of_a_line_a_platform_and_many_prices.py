"""references may be of a line, of a platform, and sum up many prices"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind, given in (
        ('line', sa.Text(), {'server_default': '', 'nullable': False}),
        ('platform', sa.String(length=80), {'server_default': '', 'nullable': False}),
        ('low_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), {'nullable': True}),
        ('high_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), {'nullable': True}),
        ('rows', sa.Integer(), {'nullable': True}),
        ('sellers', sa.Integer(), {'nullable': True}),
    ):
        op.add_column('reference', sa.Column(name, kind, **given))  # type: ignore[arg-type]
