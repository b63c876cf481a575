"""Statements, ownership filings, short interest, index levels, and what was asked of whom.

All of it is append-only and bitemporal: `known_at` is since when the public could know a row,
`received_at` when we had it. No row of `facts` lacks a value, so that rows travel as arrays; an
item of a day, which has no start, begins at `-infinity`. Sectors keep what was said before, as the
index's members do.
"""

from alembic import op

revision = "0004_reference"
down_revision = "0003_vendors"
branch_labels = None
depends_on = None

FACT_COLUMNS = """
    value double precision NOT NULL CHECK (value > '-infinity' AND value < 'infinity'),
    received_at timestamptz NOT NULL,
    origin_id integer NOT NULL,
    document_id integer NOT NULL,
    figure_id integer NOT NULL
"""

# A row is what a document tells of a figure (an item and its period); what the document is found to
# say instead is a correction. Numbers keep rows short: there may be some millions.
FACTS = (
    """
    CREATE TABLE fact_origins (
        origin_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        symbol text COLLATE "C" NOT NULL,
        source text COLLATE "C" NOT NULL,
        UNIQUE (symbol, source)
    )
    """,
    """
    CREATE TABLE fact_documents (
        document_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        origin_id integer NOT NULL REFERENCES fact_origins,
        document text COLLATE "C" NOT NULL,
        filed_at timestamptz NOT NULL,
        UNIQUE (origin_id, document, filed_at)
    )
    """,
    """
    CREATE TABLE fact_figures (
        figure_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        item text COLLATE "C" NOT NULL,
        period_end date NOT NULL,
        period_start date NOT NULL,
        CONSTRAINT fact_figures_end_after_start CHECK (period_end > period_start),
        UNIQUE (item, period_end, period_start)
    )
    """,
    f"""
    CREATE TABLE facts ({FACT_COLUMNS},
        PRIMARY KEY (origin_id, document_id, figure_id)
    )
    """,
    f"""
    CREATE TABLE fact_corrections ({FACT_COLUMNS},
        known_at timestamptz NOT NULL,
        revision integer NOT NULL CHECK (revision > 0),
        PRIMARY KEY (origin_id, document_id, figure_id, revision)
    )
    """,
    """
    CREATE VIEW told_facts AS
    SELECT symbol, source, item, nullif(period_start, '-infinity') AS period_start, period_end,
           document, filed_at, revision, value, coalesce(known_at, filed_at) AS known_at,
           received_at
    FROM (
        SELECT *, CAST(NULL AS timestamptz) AS known_at, 0 AS revision FROM facts
        UNION ALL
        SELECT * FROM fact_corrections
    ) AS told
    JOIN fact_figures USING (figure_id)
    JOIN fact_documents USING (origin_id, document_id)
    JOIN fact_origins USING (origin_id)
    """,
)

# By symbol, too: two tickers of one company have the same filings.
FILINGS = (
    """
    CREATE TABLE ownership_filings (
        symbol text COLLATE "C" NOT NULL,
        accession text COLLATE "C" NOT NULL,
        form text NOT NULL,
        period_of_report date NOT NULL,
        filed_on date NOT NULL,
        replaces_filed_on date,
        source text NOT NULL,
        known_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (symbol, accession)
    )
    """,
    """
    CREATE TABLE ownership_owners (
        symbol text COLLATE "C" NOT NULL,
        accession text COLLATE "C" NOT NULL,
        place integer NOT NULL,
        owner_id text NOT NULL,
        name text NOT NULL,
        is_director boolean NOT NULL,
        is_officer boolean NOT NULL,
        is_ten_percent_owner boolean NOT NULL,
        officer_title text NOT NULL,
        PRIMARY KEY (symbol, accession, place),
        FOREIGN KEY (symbol, accession) REFERENCES ownership_filings
    )
    """,
    """
    CREATE TABLE ownership_transactions (
        symbol text COLLATE "C" NOT NULL,
        accession text COLLATE "C" NOT NULL,
        place integer NOT NULL,
        line integer NOT NULL,
        traded_on date NOT NULL,
        code text NOT NULL,
        is_derivative boolean NOT NULL,
        is_acquisition boolean NOT NULL,
        shares double precision NOT NULL CHECK (shares >= 0 AND shares < 'infinity'),
        price_usd double precision CHECK (price_usd >= 0 AND price_usd < 'infinity'),
        shares_after double precision,
        is_direct boolean NOT NULL,
        is_planned boolean,
        PRIMARY KEY (symbol, accession, place),
        FOREIGN KEY (symbol, accession) REFERENCES ownership_filings
    )
    """,
)

SHORT_INTEREST = (
    """
    CREATE TABLE short_interest (
        symbol text COLLATE "C" NOT NULL,
        settlement_date date NOT NULL,
        revision integer NOT NULL CHECK (revision >= 0),
        shares_short double precision NOT NULL
            CHECK (shares_short >= 0 AND shares_short < 'infinity'),
        average_daily_volume double precision
            CHECK (average_daily_volume >= 0 AND average_daily_volume < 'infinity'),
        source text NOT NULL,
        known_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        CONSTRAINT short_interest_known_later CHECK (
            known_at >= (settlement_date + 1)::timestamp AT TIME ZONE 'UTC'
        ),
        PRIMARY KEY (symbol, settlement_date, revision)
    )
    """,
    "CREATE INDEX short_interest_settlements ON short_interest (settlement_date)",
)

LEVELS = (
    """
    CREATE TABLE index_levels (
        series text COLLATE "C" NOT NULL,
        session date NOT NULL,
        revision integer NOT NULL CHECK (revision >= 0),
        open double precision NOT NULL CHECK (open > 0 AND open < 'infinity'),
        high double precision NOT NULL CHECK (high > 0 AND high < 'infinity'),
        low double precision NOT NULL CHECK (low > 0 AND low < 'infinity'),
        close double precision NOT NULL CHECK (close BETWEEN low AND high),
        source text NOT NULL,
        known_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (series, session, revision)
    )
    """,
)

FETCHES = (
    """
    CREATE TABLE reference_fetches (
        family text COLLATE "C" NOT NULL,
        source text COLLATE "C" NOT NULL,
        subject text COLLATE "C" NOT NULL,
        fetched_at timestamptz NOT NULL,
        covers_from date,
        PRIMARY KEY (family, source, subject)
    )
    """,
    """
    CREATE TABLE refused_rows (
        refused_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        family text COLLATE "C" NOT NULL,
        source text COLLATE "C" NOT NULL,
        subject text COLLATE "C" NOT NULL,
        reason text NOT NULL,
        received jsonb NOT NULL,
        digest text COLLATE "C" NOT NULL,
        refused_at timestamptz NOT NULL,
        UNIQUE (family, subject, source, digest)
    )
    """,
    "CREATE INDEX refused_rows_newest ON refused_rows (family, refused_at DESC, refused_id DESC)",
)

# What stands counts as known from its own day, as it did.
SECTORS = (
    "ALTER TABLE sectors ADD COLUMN known_at timestamptz, ADD COLUMN superseded_at timestamptz",
    "DROP INDEX sectors_key",
    """
    CREATE UNIQUE INDEX sectors_current ON sectors (symbol, coalesce(start_session, '-infinity'))
    WHERE superseded_at IS NULL
    """,
)


def upgrade() -> None:
    for statement in (*FACTS, *FILINGS, *SHORT_INTEREST, *LEVELS, *FETCHES, *SECTORS):
        op.execute(statement)
