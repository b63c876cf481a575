"""Announcements numbered as they are made, so that who listens goes on where it stopped.

The relay numbers them while it holds its lock: a number that can be seen has none before it that
cannot be seen yet.
"""

from alembic import op

revision = "0009_event_log"
down_revision = "0008_trading"
branch_labels = None
depends_on = None

CHANGES = (
    "CREATE SEQUENCE event_numbers AS bigint",
    "ALTER TABLE outbox ADD COLUMN event_number bigint",
    """
    UPDATE outbox SET event_number = numbered.number
    FROM (
        SELECT outbox_id, nextval('event_numbers') AS number
        FROM (
            SELECT outbox_id FROM outbox WHERE relayed_at IS NOT NULL ORDER BY outbox_id
        ) AS announced
    ) AS numbered
    WHERE outbox.outbox_id = numbered.outbox_id
    """,
    "CREATE UNIQUE INDEX outbox_event_number ON outbox (event_number)",
)


def upgrade() -> None:
    """Number what was announced before in the order it was written."""
    for change in CHANGES:
        op.execute(change)
