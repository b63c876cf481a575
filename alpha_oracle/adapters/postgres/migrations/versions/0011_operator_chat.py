"""What the operators' bot took from its chat, and the messages about orders that it keeps true.

A chat service tells an update again until it is confirmed: one that is claimed here is done with.
Its numbers may begin anew, so that each is known by itself.
"""

from alembic import op

revision = "0011_operator_chat"
down_revision = "0010_alerts"
branch_labels = None
depends_on = None

CHANGES = (
    """
    CREATE TABLE chat_updates (
        bot_id bigint NOT NULL,
        update_id bigint NOT NULL,
        taken_at timestamptz NOT NULL,
        PRIMARY KEY (bot_id, update_id)
    )
    """,
    """
    CREATE TABLE chat_cards (
        bot_id bigint NOT NULL,
        chat text COLLATE "C" NOT NULL,
        order_id text COLLATE "C" NOT NULL REFERENCES orders,
        message_id bigint NOT NULL,
        shown text NOT NULL,
        is_open boolean NOT NULL,
        posted_at timestamptz NOT NULL,
        PRIMARY KEY (bot_id, chat, order_id)
    )
    """,
    "CREATE INDEX chat_cards_open ON chat_cards (bot_id, chat) WHERE is_open",
)


def upgrade() -> None:
    """Make the tables."""
    for change in CHANGES:
        op.execute(change)
