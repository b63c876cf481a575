"""What sources remember of their vendors, and why a load came from the source it came from.

Accounts are named by vendor and a digest of the key; no key is ever here. The primary key of
`request_log` is also the one way it is searched: the newest requests of an account.
"""

from alembic import op

revision = "0003_vendors"
down_revision = "0002_records"
branch_labels = None
depends_on = None

REQUESTS = (
    """
    CREATE TABLE request_log (
        account text COLLATE "C" NOT NULL,
        requested_at timestamptz NOT NULL,
        PRIMARY KEY (account, requested_at)
    )
    """,
    """
    CREATE TABLE closed_request_days (
        account text COLLATE "C" NOT NULL,
        day date NOT NULL,
        closed_at timestamptz NOT NULL,
        PRIMARY KEY (account, day)
    )
    """,
)

# Bodies come compressed: the server need not try once more.
ANSWERS = (
    """
    CREATE TABLE vendor_answers (
        account text COLLATE "C" NOT NULL,
        request text COLLATE "C" NOT NULL,
        body bytea NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (account, request)
    )
    """,
    "ALTER TABLE vendor_answers ALTER COLUMN body SET STORAGE EXTERNAL",
    "CREATE INDEX vendor_answers_oldest ON vendor_answers (received_at)",
)

FOUND = (
    """
    CREATE TABLE vendor_capabilities (
        account text COLLATE "C" NOT NULL,
        capability text COLLATE "C" NOT NULL,
        allowed boolean NOT NULL,
        found_at timestamptz NOT NULL,
        PRIMARY KEY (account, capability)
    )
    """,
    """
    CREATE TABLE vendor_listings (
        source text COLLATE "C" NOT NULL,
        symbol text COLLATE "C" NOT NULL,
        vendor_id text COLLATE "C" NOT NULL,
        name text NOT NULL,
        first_seen timestamptz NOT NULL,
        last_seen timestamptz NOT NULL,
        PRIMARY KEY (source, symbol, vendor_id)
    )
    """,
    "CREATE INDEX vendor_listings_of_company ON vendor_listings (source, vendor_id)",
)

REASONS = (
    "ALTER TABLE bar_batches ADD COLUMN reason text NOT NULL DEFAULT ''",
    """
    CREATE OR REPLACE VIEW newest_bars AS
    SELECT symbols.symbol, bar.session, bar.open, bar.high, bar.low, bar.close, bar.volume,
           bar.known_at, bar.revision, batch.source, batch.basis, batch.adjusted_through,
           batch.stored_at, batch.reason
    FROM (
        SELECT DISTINCT ON (symbol_id, session) *
        FROM (
            SELECT *, 0 AS revision FROM bars
            UNION ALL
            SELECT * FROM bar_revisions
        ) AS known
        ORDER BY symbol_id, session, revision DESC
    ) AS bar
    JOIN symbols USING (symbol_id)
    JOIN bar_batches AS batch USING (batch_id)
    """,
)


def upgrade() -> None:
    for statement in (*REQUESTS, *ANSWERS, *FOUND, *REASONS):
        op.execute(statement)
