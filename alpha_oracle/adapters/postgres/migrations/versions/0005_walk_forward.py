"""Walk-forward windows, everything that was tried, and how far a ranking can be believed.

A window is written once under a key that stands for all it follows from. What it holds of each
session and trade travels as arrays: it is read whole or not at all.
"""

from alembic import op

revision = "0005_walk_forward"
down_revision = "0004_reference"
branch_labels = None
depends_on = None

WINDOWS = """
    CREATE TABLE walk_forward_windows (
        key text COLLATE "C" PRIMARY KEY,
        strategy text COLLATE "C" NOT NULL,
        train_start date NOT NULL,
        test_start date NOT NULL CHECK (test_start > train_start),
        test_end date NOT NULL CHECK (test_end >= test_start),
        parameters json NOT NULL,
        train_sharpes double precision[] NOT NULL,
        train_trades integer NOT NULL CHECK (train_trades >= 0),
        win_rate double precision CHECK (win_rate BETWEEN 0 AND 1),
        avg_win_loss_ratio double precision CHECK (avg_win_loss_ratio >= 0),
        kelly_fraction double precision NOT NULL,
        return_pct double precision NOT NULL,
        sessions date[] NOT NULL,
        returns double precision[] NOT NULL,
        exposure double precision[] NOT NULL,
        traded double precision[] NOT NULL,
        costs_usd double precision[] NOT NULL,
        halted_by integer[] NOT NULL,
        trade_symbols text[] NOT NULL,
        trade_entries date[] NOT NULL,
        trade_exits date[] NOT NULL,
        trade_quantities bigint[] NOT NULL,
        trade_paid_usd double precision[] NOT NULL,
        trade_pnl_usd double precision[] NOT NULL,
        trade_reasons integer[] NOT NULL,
        refused bigint[] NOT NULL,
        computed_at timestamptz NOT NULL
    )
"""

TRIALS = """
    CREATE TABLE trials (
        key text COLLATE "C" PRIMARY KEY,
        strategy text COLLATE "C" NOT NULL,
        parameters json NOT NULL,
        sharpe double precision,
        first_tried_at timestamptz NOT NULL,
        last_tried_at timestamptz NOT NULL
    )
"""

RANKINGS = """
    ALTER TABLE rankings
        ADD COLUMN parameters json NOT NULL DEFAULT '{}',
        ADD COLUMN sharpe_low double precision,
        ADD COLUMN sharpe_high double precision,
        ADD COLUMN deflated_sharpe double precision CHECK (deflated_sharpe BETWEEN 0 AND 1),
        ADD COLUMN trials integer CHECK (trials >= 1),
        ADD COLUMN coverage_pct double precision CHECK (coverage_pct BETWEEN 0 AND 100),
        ADD COLUMN benchmark_return_pct double precision,
        ADD COLUMN alpha_pct double precision,
        ADD COLUMN beta double precision
"""


def upgrade() -> None:
    for statement in (WINDOWS, TRIALS, RANKINGS):
        op.execute(statement)
