"""pages read what they show: indexes of what is due, of what was kept lately, and of pages that answered that they are gone"""

from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

INDEXES = {
    'ix_capture_status': ('capture', ['source', 'status']),
    'ix_capture_due': ('capture', ['retention_until']),
    'ix_capture_category': ('capture', ['subject_category', 'ended_at']),
    'ix_listing_added_at': ('listing', ['added_at']),
    'ix_listing_due': ('listing', ['retention_until']),
    'ix_listing_category': ('listing', ['subject_category', 'added_at']),
    'ix_seller_due': ('seller', ['retention_until']),
    'ix_seller_category': ('seller', ['subject_category', 'added_at']),
    'ix_unread_reason': ('unread', ['reason', 'capture']),
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns, unique=False)

