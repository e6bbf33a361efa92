"""the same description is found by its digest"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def digest(text: str) -> str:
    """As store.listings.text_digest took it when this was written."""
    bare = ' '.join(text.casefold().split())
    return hashlib.sha256(json.dumps(bare, ensure_ascii=False).encode('utf-8', 'surrogatepass')).hexdigest() if len(bare) >= 80 else ''


def upgrade() -> None:
    op.add_column('snapshot', sa.Column('text_digest', sa.String(length=64), server_default='', nullable=False))
    op.create_index('ix_snapshot_text_digest', 'snapshot', ['text_digest'], unique=False)
    snapshot = sa.table('snapshot', sa.column('id', sa.BigInteger), sa.column('text', sa.Text), sa.column('text_digest', sa.String))
    page = sa.select(snapshot.c.id, snapshot.c.text).order_by(snapshot.c.id).limit(1000)
    change = snapshot.update().where(snapshot.c.id == sa.bindparam('number')).values(text_digest=sa.bindparam('known'))
    after = 0
    while rows := op.get_bind().execute(page.where(snapshot.c.id > after)).all():
        if known := [{'number': r.id, 'known': d} for r in rows if (d := digest(r.text))]:
            op.get_bind().execute(change, known)
        after = rows[-1].id
