"""Reference data, quarantine, signals with their outbox, rankings, runs and the audit log.

Symbols are text here: these tables are small, and a row reads without a join. What came from
outside unread (`quarantined_bars`) keeps even its session as text. Names sort by their bytes,
in any database: what is read in order is the same everywhere.
"""

from alembic import op

revision = "0002_records"
down_revision = "0001_bars"
branch_labels = None
depends_on = None

REFERENCE = (
    """
    CREATE TABLE index_members (
        symbol text COLLATE "C" NOT NULL,
        start_session date NOT NULL,
        end_session date,
        known_at timestamptz,
        superseded_at timestamptz,
        imported_at timestamptz NOT NULL,
        CONSTRAINT index_members_end_after_start CHECK (end_session > start_session)
    )
    """,
    """
    CREATE UNIQUE INDEX index_members_current ON index_members (symbol, start_session)
    WHERE superseded_at IS NULL
    """,
    """
    CREATE TABLE sectors (
        symbol text COLLATE "C" NOT NULL,
        sector text NOT NULL,
        start_session date,
        end_session date,
        imported_at timestamptz NOT NULL,
        CONSTRAINT sectors_end_after_start CHECK (end_session > start_session)
    )
    """,
    "CREATE UNIQUE INDEX sectors_key ON sectors (symbol, coalesce(start_session, '-infinity'))",
    """
    CREATE TABLE corporate_actions (
        symbol text COLLATE "C" NOT NULL,
        ex_date date NOT NULL,
        kind text NOT NULL CHECK (kind IN ('split', 'dividend')),
        revision integer NOT NULL,
        value numeric NOT NULL CHECK (value > 0),
        source text NOT NULL,
        known_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (symbol, ex_date, kind, revision)
    )
    """,
)

QUARANTINE = (
    """
    CREATE TABLE quarantined_bars (
        quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        symbol text COLLATE "C" NOT NULL,
        session text COLLATE "C" NOT NULL,
        source text NOT NULL,
        received jsonb NOT NULL,
        received_digest text NOT NULL,
        expectations text[] NOT NULL,
        detail text NOT NULL,
        quarantined_at timestamptz NOT NULL,
        status text NOT NULL DEFAULT 'held' CHECK (status IN ('held', 'released', 'explained')),
        resolved_by text,
        resolved_at timestamptz,
        reason text,
        UNIQUE (symbol, session, source, received_digest),
        CONSTRAINT quarantined_bars_resolution_is_told CHECK (
            (status = 'held') = (resolved_by IS NULL)
            AND num_nulls(resolved_by, resolved_at, reason) IN (0, 3)
        )
    )
    """,
    "CREATE INDEX quarantined_bars_held ON quarantined_bars (symbol) WHERE status = 'held'",
)

SIGNALS = (
    """
    CREATE TABLE signals (
        signal_id text PRIMARY KEY,
        session date NOT NULL,
        strategy text COLLATE "C" NOT NULL,
        symbol text COLLATE "C" NOT NULL,
        direction text NOT NULL CHECK (direction IN ('LONG', 'SHORT', 'FLAT')),
        document text NOT NULL,
        saved_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX signals_newest ON signals (session DESC, strategy, symbol, direction)",
    "CREATE INDEX signals_of_strategy ON signals (strategy, session, symbol)",
    """
    CREATE TABLE outbox (
        outbox_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        channel text NOT NULL,
        message_id text NOT NULL,
        document text NOT NULL,
        created_at timestamptz NOT NULL,
        relayed_at timestamptz,
        UNIQUE (channel, message_id)
    )
    """,
    "CREATE INDEX outbox_pending ON outbox (channel, outbox_id) WHERE relayed_at IS NULL",
)

RANKINGS = (
    """
    CREATE TABLE rankings (
        session date NOT NULL,
        strategy text COLLATE "C" NOT NULL,
        rank integer NOT NULL CHECK (rank >= 1),
        composite double precision NOT NULL,
        consistency double precision NOT NULL,
        windows integer NOT NULL,
        refusals text[] NOT NULL,
        sessions integer NOT NULL,
        trades integer NOT NULL,
        total_return_pct double precision NOT NULL,
        sharpe double precision,
        sortino double precision,
        max_drawdown_pct double precision NOT NULL,
        profit_factor double precision,
        win_rate double precision,
        avg_win_loss_ratio double precision,
        exposure_pct double precision NOT NULL,
        turnover double precision NOT NULL,
        costs_usd double precision NOT NULL,
        ranked_at timestamptz NOT NULL,
        PRIMARY KEY (session, strategy),
        UNIQUE (session, rank)
    )
    """,
)

# `json`, not `jsonb`, for the settings: a rerun decides on exactly what the first run read.
RUNS = (
    """
    CREATE TABLE runs (
        session date NOT NULL,
        symbols text[] NOT NULL,
        as_of timestamptz NOT NULL,
        settings json NOT NULL,
        status text NOT NULL CHECK (status IN ('running', 'done', 'failed')),
        error text,
        summary jsonb,
        attempts integer NOT NULL,
        first_started_at timestamptz NOT NULL,
        started_at timestamptz NOT NULL,
        finished_at timestamptz,
        PRIMARY KEY (session, symbols)
    )
    """,
)

AUDIT = (
    """
    CREATE TABLE audit_log (
        audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        action text NOT NULL,
        subject text NOT NULL,
        detail jsonb NOT NULL
    )
    """,
    """
    CREATE FUNCTION refuse_to_change_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'audit_log is append-only: % refused', TG_OP;
    END
    $$
    """,
    """
    CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit_log()
    """,
)


def upgrade() -> None:
    for statement in (*REFERENCE, *QUARANTINE, *SIGNALS, *RANKINGS, *RUNS, *AUDIT):
        op.execute(statement)
