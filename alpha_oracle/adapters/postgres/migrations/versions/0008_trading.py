"""Trading: the inbox, orders with all that happened to them, the book, approvals, the switch.

A change of trading is one transaction, begun by `begin_trading_change`: it refuses a change that
is on record already, a worker that another one replaced, and sending while the switch is active.
What happened (events of orders, verdicts, day-trade decisions, changes of the switch) is only
added. Texts sort by their bytes.
"""

from alembic import op

revision = "0008_trading"
down_revision = "0007_simulated_broker"
branch_labels = None
depends_on = None

CHANGES = (
    """
    CREATE TABLE trading_changes (
        change_id text COLLATE "C" PRIMARY KEY,
        account text COLLATE "C" NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE trading_workers (
        account text COLLATE "C" PRIMARY KEY,
        epoch bigint NOT NULL,
        since timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE kill_switch (
        is_the_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_the_only_row),
        is_active boolean NOT NULL,
        activated_at timestamptz,
        changed_by text NOT NULL,
        reason text NOT NULL,
        CONSTRAINT kill_switch_activation_is_told CHECK (
            NOT is_active OR activated_at IS NOT NULL
        )
    )
    """,
    "INSERT INTO kill_switch (is_active, changed_by, reason) VALUES (false, '', '')",
    """
    CREATE TABLE kill_switch_changes (
        change_id text COLLATE "C" PRIMARY KEY,
        number bigint GENERATED ALWAYS AS IDENTITY,
        at timestamptz NOT NULL,
        is_active boolean NOT NULL,
        activated_at timestamptz,
        changed_by text NOT NULL,
        reason text NOT NULL
    )
    """,
    # The switch and the worker's turn stay as they were read until the change is committed.
    """
    CREATE FUNCTION begin_trading_change(
        change_id text, account text, at timestamptz, epoch bigint, sends boolean
    ) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        newest bigint;
        is_halted boolean;
    BEGIN
        INSERT INTO trading_changes VALUES (change_id, account, at);
        IF epoch IS NOT NULL THEN
            SELECT worker.epoch INTO newest FROM trading_workers AS worker
            WHERE worker.account = begin_trading_change.account FOR SHARE;
            IF newest IS DISTINCT FROM epoch THEN
                RAISE EXCEPTION 'another worker trades account %', account USING ERRCODE = 'AO001';
            END IF;
        END IF;
        IF sends THEN
            SELECT switch.is_active INTO is_halted FROM kill_switch AS switch FOR SHARE;
            IF is_halted IS DISTINCT FROM false THEN
                RAISE EXCEPTION 'the kill switch is active' USING ERRCODE = 'AO002';
            END IF;
        END IF;
    END
    $$
    """,
)

INBOX = (
    """
    CREATE TABLE signal_inbox (
        account text COLLATE "C" NOT NULL,
        signal_id text COLLATE "C" NOT NULL,
        number bigint GENERATED ALWAYS AS IDENTITY,
        session date NOT NULL,
        strategy text COLLATE "C" NOT NULL,
        symbol text COLLATE "C" NOT NULL,
        direction text NOT NULL CHECK (direction IN ('LONG', 'SHORT', 'FLAT')),
        strength double precision NOT NULL CHECK (strength BETWEEN 0 AND 1),
        decided_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        min_hold_days integer,
        max_hold_days integer,
        reference_price numeric CHECK (reference_price > 0),
        win_rate numeric CHECK (win_rate BETWEEN 0 AND 1),
        avg_win_loss_ratio numeric,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (account, signal_id)
    )
    """,
    """
    CREATE TABLE signal_outcomes (
        account text COLLATE "C" NOT NULL,
        signal_id text COLLATE "C" NOT NULL,
        kind text NOT NULL CHECK (kind IN ('ordered', 'marked', 'refused', 'expired')),
        at timestamptz NOT NULL,
        reason text NOT NULL,
        order_id text COLLATE "C",
        PRIMARY KEY (account, signal_id),
        FOREIGN KEY (account, signal_id) REFERENCES signal_inbox,
        CONSTRAINT signal_outcomes_name_their_order CHECK (
            (kind = 'ordered') = (order_id IS NOT NULL)
        )
    )
    """,
    """
    CREATE TABLE malformed_signals (
        digest text COLLATE "C" NOT NULL,
        source text NOT NULL,
        document text NOT NULL,
        problem text NOT NULL,
        times bigint NOT NULL,
        first_at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        PRIMARY KEY (digest, source)
    )
    """,
)

ORDERS = (
    """
    CREATE TABLE orders (
        order_id text COLLATE "C" PRIMARY KEY,
        number bigint GENERATED ALWAYS AS IDENTITY,
        account text COLLATE "C" NOT NULL,
        symbol text COLLATE "C" NOT NULL,
        side text NOT NULL CHECK (side IN ('BUY', 'SELL')),
        quantity bigint NOT NULL CHECK (quantity > 0),
        order_type text NOT NULL CHECK (order_type IN ('MARKET', 'LIMIT', 'TWAP')),
        purpose text NOT NULL CHECK (purpose IN ('entry', 'exit', 'protective')),
        strategy text COLLATE "C" NOT NULL,
        session date NOT NULL,
        created_at timestamptz NOT NULL,
        status text NOT NULL,
        simulated boolean NOT NULL,
        signal_id text COLLATE "C",
        limit_price numeric CHECK (limit_price > 0),
        reference_price numeric CHECK (reference_price > 0),
        arrival_price numeric CHECK (arrival_price > 0),
        parent_id text COLLATE "C" REFERENCES orders,
        slice_number integer CHECK (slice_number >= 0),
        min_hold_days integer,
        max_hold_days integer,
        CONSTRAINT orders_of_limit_have_one CHECK (
            (order_type = 'LIMIT') = (limit_price IS NOT NULL)
        ),
        UNIQUE (parent_id, slice_number)
    )
    """,
    "CREATE INDEX orders_newest ON orders (created_at DESC, order_id DESC)",
    "CREATE INDEX orders_of_session ON orders (account, session)",
    """
    CREATE INDEX orders_open ON orders (account)
    WHERE status NOT IN ('CANCELLED', 'FILLED', 'REJECTED', 'EXPIRED')
    """,
    """
    CREATE TABLE order_events (
        order_id text COLLATE "C" NOT NULL REFERENCES orders,
        event_id text COLLATE "C" NOT NULL,
        number bigint GENERATED ALWAYS AS IDENTITY,
        status text NOT NULL,
        at timestamptz NOT NULL,
        reason text NOT NULL,
        refused_by text,
        broker_order_id text,
        execution_id text COLLATE "C",
        fill_quantity bigint,
        fill_price numeric,
        filled_at timestamptz,
        commission numeric,
        bid numeric,
        ask numeric,
        PRIMARY KEY (order_id, event_id),
        CONSTRAINT order_events_tell_a_fill_whole CHECK (
            num_nulls(execution_id, fill_quantity, fill_price, filled_at) IN (0, 4)
        ),
        CONSTRAINT order_events_tell_a_market_whole CHECK (num_nulls(bid, ask) IN (0, 2))
    )
    """,
    """
    CREATE TABLE fills (
        account text COLLATE "C" NOT NULL,
        execution_id text COLLATE "C" NOT NULL,
        order_id text COLLATE "C" NOT NULL REFERENCES orders,
        quantity bigint NOT NULL CHECK (quantity > 0),
        price numeric NOT NULL CHECK (price > 0),
        at timestamptz NOT NULL,
        commission numeric,
        PRIMARY KEY (account, execution_id)
    )
    """,
    "CREATE INDEX fills_newest ON fills (at DESC, execution_id DESC)",
    "CREATE INDEX fills_of_order ON fills (order_id)",
)

BOOK = (
    """
    CREATE TABLE trading_accounts (
        account text COLLATE "C" PRIMARY KEY,
        cash_usd numeric NOT NULL,
        peak_equity_usd numeric,
        previous_close_equity_usd numeric,
        maintenance_margin_usd numeric,
        at timestamptz NOT NULL,
        accepted_on date
    )
    """,
    """
    CREATE TABLE lots (
        account text COLLATE "C" NOT NULL,
        strategy text COLLATE "C" NOT NULL,
        symbol text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL,
        opened date NOT NULL,
        last_traded date NOT NULL,
        bought numeric NOT NULL,
        paid_usd numeric NOT NULL,
        received_usd numeric NOT NULL,
        wants_out boolean NOT NULL,
        min_hold_days integer,
        max_hold_days integer,
        PRIMARY KEY (account, strategy, symbol)
    )
    """,
    """
    CREATE TABLE margin_deficits (
        account text COLLATE "C" NOT NULL,
        session date NOT NULL,
        usd numeric NOT NULL CHECK (usd > 0),
        equity_usd numeric NOT NULL,
        level_usd numeric NOT NULL,
        met_on date,
        PRIMARY KEY (account, session)
    )
    """,
    # What a broker told that no order of ours accounts for, and an operator took over.
    """
    CREATE TABLE accepted_doubts (
        account text COLLATE "C" NOT NULL,
        kind text NOT NULL CHECK (kind IN ('order', 'execution')),
        name text COLLATE "C" NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (account, kind, name)
    )
    """,
    # Each corporate action once, whenever it became known.
    """
    CREATE TABLE applied_actions (
        account text COLLATE "C" NOT NULL,
        symbol text COLLATE "C" NOT NULL,
        ex_date date NOT NULL,
        kind text NOT NULL CHECK (kind IN ('split', 'dividend')),
        value numeric NOT NULL CHECK (value > 0),
        shares_before bigint NOT NULL,
        shares_after bigint NOT NULL,
        cash_usd numeric NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (account, symbol, ex_date, kind)
    )
    """,
)

DECISIONS = (
    """
    CREATE TABLE cascade_runs (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account text COLLATE "C" NOT NULL,
        stage text NOT NULL CHECK (stage IN ('decision', 'slice', 'approval')),
        at timestamptz NOT NULL,
        action text NOT NULL,
        verdicts json NOT NULL,
        order_id text COLLATE "C",
        signal_id text COLLATE "C"
    )
    """,
    "CREATE INDEX cascade_runs_of_order ON cascade_runs (order_id) WHERE order_id IS NOT NULL",
    "CREATE INDEX cascade_runs_of_signal ON cascade_runs (signal_id) WHERE signal_id IS NOT NULL",
    """
    CREATE TABLE pdt_audit_log (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account text COLLATE "C" NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        symbol text COLLATE "C" NOT NULL,
        session date NOT NULL,
        at timestamptz NOT NULL,
        action text NOT NULL,
        reason text NOT NULL,
        inputs json NOT NULL
    )
    """,
    """
    CREATE TABLE approvals (
        order_id text COLLATE "C" PRIMARY KEY REFERENCES orders,
        requested_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        price numeric,
        reason text NOT NULL,
        checks text[] NOT NULL,
        status text NOT NULL CHECK (status IN ('waiting', 'approved', 'rejected', 'expired')),
        decided_at timestamptz,
        decided_by text NOT NULL,
        CONSTRAINT approvals_decision_is_told CHECK ((status = 'waiting') = (decided_at IS NULL))
    )
    """,
    "CREATE INDEX approvals_newest ON approvals (requested_at DESC, order_id DESC)",
    """
    CREATE TABLE order_qualities (
        order_id text COLLATE "C" PRIMARY KEY REFERENCES orders,
        symbol text COLLATE "C" NOT NULL,
        order_type text NOT NULL,
        at timestamptz NOT NULL,
        filled_quantity bigint NOT NULL,
        average_price numeric NOT NULL,
        slippage_bps numeric,
        effective_spread_bps numeric,
        shortfall_usd numeric,
        acceptance_seconds double precision,
        fill_seconds double precision NOT NULL
    )
    """,
    "CREATE INDEX order_qualities_newest ON order_qualities (at DESC, order_id DESC)",
)

RECONCILIATIONS = (
    """
    CREATE TABLE reconciliations (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account text COLLATE "C" NOT NULL,
        at timestamptz NOT NULL,
        occasion text COLLATE "C" NOT NULL,
        drift_pct numeric,
        cash_difference_usd numeric NOT NULL,
        foreign_orders text[] NOT NULL,
        strangers text[] NOT NULL,
        UNIQUE (account, at, occasion)
    )
    """,
    """
    CREATE TABLE reconciliation_mismatches (
        reconciliation bigint NOT NULL REFERENCES reconciliations,
        symbol text COLLATE "C" NOT NULL,
        book_quantity bigint NOT NULL,
        broker_quantity bigint NOT NULL,
        price numeric,
        PRIMARY KEY (reconciliation, symbol)
    )
    """,
)

OPERATORS = (
    """
    CREATE TABLE operator_activity (
        kind text COLLATE "C" PRIMARY KEY,
        at timestamptz NOT NULL,
        by text NOT NULL
    )
    """,
    """
    CREATE TABLE operator_requests (
        request_id text COLLATE "C" PRIMARY KEY,
        number bigint GENERATED ALWAYS AS IDENTITY,
        account text COLLATE "C" NOT NULL,
        kind text NOT NULL CHECK (kind IN ('reset_peak', 'transfer', 'accept_broker')),
        amount_usd numeric,
        asked_at timestamptz NOT NULL,
        asked_by text NOT NULL,
        answered_at timestamptz,
        answer text NOT NULL,
        CONSTRAINT operator_requests_of_transfers_name_an_amount CHECK (
            (kind = 'transfer') = (amount_usd IS NOT NULL)
        )
    )
    """,
    "CREATE INDEX operator_requests_open ON operator_requests (account) WHERE answered_at IS NULL",
)

APPEND_ONLY = (
    *("order_events", "cascade_runs", "pdt_audit_log", "kill_switch_changes"),
    "applied_actions",
)

REFUSAL = """
CREATE FUNCTION refuse_to_change_the_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP;
END
$$
"""


def upgrade() -> None:
    for statement in (*CHANGES, *INBOX, *ORDERS, *BOOK, *DECISIONS, *RECONCILIATIONS, *OPERATORS):
        op.execute(statement)
    op.execute(REFUSAL)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_record()"
        )
