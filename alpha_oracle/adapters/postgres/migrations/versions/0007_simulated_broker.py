"""The book of the simulated broker: a broker's memory, which our own tables never refer to.

Cash is never below zero and nothing is sold short: the tables refuse it too. An order is known by
the reference it was sent with. Executions, events and corporate actions are only added.
"""

from alembic import op

revision = "0007_simulated_broker"
down_revision = "0006_models"
branch_labels = None
depends_on = None

ACCOUNTS = (
    """
    CREATE TABLE simulated_accounts (
        account text COLLATE "C" PRIMARY KEY,
        cash numeric NOT NULL CHECK (cash >= 0),
        opened_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE simulated_positions (
        account text COLLATE "C" NOT NULL REFERENCES simulated_accounts,
        symbol text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL CHECK (quantity > 0),
        mark numeric NOT NULL CHECK (mark > 0),
        PRIMARY KEY (account, symbol)
    )
    """,
)

ORDERS = (
    """
    CREATE TABLE simulated_orders (
        account text COLLATE "C" NOT NULL REFERENCES simulated_accounts,
        order_id text COLLATE "C" NOT NULL,
        number bigint GENERATED ALWAYS AS IDENTITY,
        symbol text COLLATE "C" NOT NULL,
        side text NOT NULL CHECK (side IN ('BUY', 'SELL')),
        quantity bigint NOT NULL CHECK (quantity > 0),
        limit_price numeric CHECK (limit_price > 0),
        session date NOT NULL,
        received_at timestamptz NOT NULL,
        cancel_asked_at timestamptz,
        status text NOT NULL,
        filled_quantity bigint NOT NULL,
        notional_usd numeric NOT NULL CHECK (notional_usd >= 0),
        commission_usd numeric NOT NULL CHECK (commission_usd >= 0),
        executions integer NOT NULL CHECK (executions >= 0),
        reason text NOT NULL,
        PRIMARY KEY (account, order_id),
        CONSTRAINT simulated_orders_are_not_overfilled CHECK (
            filled_quantity BETWEEN 0 AND quantity
        )
    )
    """,
    """
    CREATE INDEX simulated_orders_working ON simulated_orders (account, number)
    WHERE status IN ('PENDING', 'SUBMITTED', 'PARTIALLY_FILLED')
    """,
    "CREATE INDEX simulated_orders_of_session ON simulated_orders (account, session)",
)

EXECUTIONS = (
    """
    CREATE TABLE simulated_executions (
        account text COLLATE "C" NOT NULL,
        execution_id text COLLATE "C" NOT NULL,
        number bigint GENERATED ALWAYS AS IDENTITY,
        order_id text COLLATE "C" NOT NULL,
        symbol text COLLATE "C" NOT NULL,
        side text NOT NULL CHECK (side IN ('BUY', 'SELL')),
        quantity bigint NOT NULL CHECK (quantity > 0),
        price numeric NOT NULL CHECK (price > 0),
        commission numeric NOT NULL CHECK (commission >= 0),
        executed_at timestamptz NOT NULL,
        session date NOT NULL,
        is_commission_told boolean NOT NULL,
        PRIMARY KEY (account, execution_id),
        FOREIGN KEY (account, order_id) REFERENCES simulated_orders
    )
    """,
    "CREATE INDEX simulated_executions_of_session ON simulated_executions (account, session)",
    """
    CREATE INDEX simulated_executions_untold ON simulated_executions (account)
    WHERE NOT is_commission_told
    """,
)

EVENTS = (
    """
    CREATE TABLE simulated_events (
        account text COLLATE "C" NOT NULL REFERENCES simulated_accounts,
        number bigint GENERATED ALWAYS AS IDENTITY,
        kind text NOT NULL,
        happened_at timestamptz NOT NULL,
        order_id text COLLATE "C",
        execution_id text COLLATE "C",
        is_commission_told boolean NOT NULL,
        reason text NOT NULL,
        PRIMARY KEY (account, number)
    )
    """,
    """
    CREATE TABLE simulated_actions (
        account text COLLATE "C" NOT NULL REFERENCES simulated_accounts,
        symbol text COLLATE "C" NOT NULL,
        ex_date date NOT NULL,
        kind text NOT NULL CHECK (kind IN ('split', 'dividend')),
        value numeric NOT NULL CHECK (value > 0),
        shares_before bigint NOT NULL CHECK (shares_before > 0),
        shares_after bigint NOT NULL CHECK (shares_after >= 0),
        cash_usd numeric NOT NULL CHECK (cash_usd >= 0),
        applied_at timestamptz NOT NULL,
        PRIMARY KEY (account, symbol, ex_date, kind)
    )
    """,
)


def upgrade() -> None:
    for statement in (*ACCOUNTS, *ORDERS, *EXECUTIONS, *EVENTS):
        op.execute(statement)
