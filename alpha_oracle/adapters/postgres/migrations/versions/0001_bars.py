"""Bars as first known, their revisions, and the loads they came with.

Every column of `bars` has a fixed width and no row lacks a value, so a row of a binary COPY has
one length and is read and written as an array. The order of columns leaves no padding. There are
no foreign keys: a check a row costs more than the row, and the only writer is the bar store.
"""

from alembic import op

revision = "0001_bars"
down_revision = None
branch_labels = None
depends_on = None

BAR_COLUMNS = """
    symbol_id integer NOT NULL,
    session date NOT NULL,
    known_at timestamptz NOT NULL,
    open double precision NOT NULL,
    high double precision NOT NULL,
    low double precision NOT NULL,
    close double precision NOT NULL,
    volume double precision NOT NULL,
    batch_id integer NOT NULL
"""

NEWEST_BARS = """
CREATE VIEW newest_bars AS
SELECT symbols.symbol, bar.session, bar.open, bar.high, bar.low, bar.close, bar.volume,
       bar.known_at, bar.revision, batch.source, batch.basis, batch.adjusted_through,
       batch.stored_at
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
"""


def upgrade() -> None:
    op.execute(
        "CREATE TABLE symbols ("
        " symbol_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " symbol text NOT NULL UNIQUE)"
    )
    op.execute(
        "CREATE TABLE bar_batches ("
        " batch_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " source text NOT NULL, basis text NOT NULL, adjusted_through date,"
        " stored_at timestamptz NOT NULL)"
    )
    op.execute(f"CREATE TABLE bars ({BAR_COLUMNS}, PRIMARY KEY (symbol_id, session))")
    op.execute(
        f"CREATE TABLE bar_revisions ({BAR_COLUMNS}, revision integer NOT NULL,"
        " PRIMARY KEY (symbol_id, session, revision))"
    )
    op.execute(NEWEST_BARS)
