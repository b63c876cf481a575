"""What people are told: read from the outbox, kept until each channel has delivered it.

What was announced before is not told: people would hear of years at once.
"""

from alembic import op

revision = "0010_alerts"
down_revision = "0009_event_log"
branch_labels = None
depends_on = None

SEVERITIES = "('critical', 'high', 'warning')"
CHANGES = (
    """
    CREATE TABLE alert_progress (
        is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
        read_until bigint NOT NULL
    )
    """,
    """
    INSERT INTO alert_progress (read_until)
    SELECT coalesce(max(outbox_id), 0) FROM outbox
    """,
    # Of two writers at the same time the second to number may be the first to commit: beyond
    # `read_until`, each row that was read is known by itself.
    "CREATE TABLE alert_rows_read (outbox_id bigint PRIMARY KEY)",
    f"""
    CREATE TABLE alert_episodes (
        key text COLLATE "C" PRIMARY KEY,
        type text NOT NULL,
        subject text NOT NULL,
        severity text CHECK (severity IN {SEVERITIES}),
        text text NOT NULL,
        began_at timestamptz NOT NULL,
        told_at timestamptz NOT NULL,
        times integer NOT NULL CHECK (times >= 1),
        untold integer NOT NULL CHECK (untold >= 0),
        reminders integer NOT NULL CHECK (reminders >= 0),
        acknowledged_by text NOT NULL DEFAULT ''
    )
    """,
    f"""
    CREATE TABLE alerts (
        alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        cause text NOT NULL UNIQUE,
        type text NOT NULL,
        severity text CHECK (severity IN {SEVERITIES}),
        text text NOT NULL,
        raised_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE alert_deliveries (
        alert_id bigint NOT NULL REFERENCES alerts,
        channel text COLLATE "C" NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        delivered_at timestamptz,
        PRIMARY KEY (alert_id, channel)
    )
    """,
    """
    CREATE INDEX alert_deliveries_pending ON alert_deliveries (channel, alert_id)
    WHERE delivered_at IS NULL
    """,
)


def upgrade() -> None:
    """Make the tables; what the outbox holds counts as read."""
    for change in CHANGES:
        op.execute(change)
