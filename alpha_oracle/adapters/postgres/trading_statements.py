"""What a change of trading may write, a statement a row, prepared once on the worker's connection.

A text of `EXECUTE name (...);` after another is one round trip and one transaction.
"""

from __future__ import annotations

from typing import Final

ORDER_COLUMNS: Final = (
    *("order_id", "account", "symbol", "side", "quantity", "order_type", "purpose", "strategy"),
    *("session", "created_at", "status", "simulated", "signal_id", "limit_price"),
    *("reference_price", "arrival_price", "parent_id", "slice_number"),
    *("min_hold_days", "max_hold_days"),
)
LOT_COLUMNS: Final = (
    *("account", "strategy", "symbol", "quantity", "opened", "last_traded", "bought"),
    *("paid_usd", "received_usd", "wants_out", "min_hold_days", "max_hold_days"),
)
STATE_COLUMNS: Final = (
    *("account", "cash_usd", "peak_equity_usd", "previous_close_equity_usd"),
    *("maintenance_margin_usd", "at", "accepted_on"),
)
ACTION_COLUMNS: Final = (
    *("account", "symbol", "ex_date", "kind", "value", "shares_before", "shares_after"),
    *("cash_usd", "at"),
)
APPROVAL_COLUMNS: Final = (
    *("order_id", "requested_at", "expires_at", "price", "reason", "checks", "status"),
    *("decided_at", "decided_by"),
)
QUALITY_COLUMNS: Final = (
    *("order_id", "symbol", "order_type", "at", "filled_quantity", "average_price"),
    *("slippage_bps", "effective_spread_bps", "shortfall_usd", "acceptance_seconds"),
    "fill_seconds",
)
DEFICIT_COLUMNS: Final = ("account", "session", "usd", "equity_usd", "level_usd", "met_on")
EVENT_COLUMNS: Final = (
    *("order_id", "event_id", "status", "at", "reason", "refused_by", "broker_order_id"),
)
FILL_EVENT_COLUMNS: Final = (
    *EVENT_COLUMNS,
    *("execution_id", "fill_quantity", "fill_price", "filled_at", "commission", "bid", "ask"),
)
OUTCOME_COLUMNS: Final = ("account", "signal_id", "kind", "at", "reason", "order_id")
OUTBOX_COLUMNS: Final = ("channel", "message_id", "document", "created_at")
CASCADE_COLUMNS: Final = (
    *("account", "stage", "at", "action", "verdicts", "order_id", "signal_id"),
)
DAY_TRADE_COLUMNS: Final = (
    *("account", "order_id", "symbol", "session", "at", "action", "reason", "inputs"),
)

# An event told again changes nothing, the order's status least of all.
_MOVE: Final = "UPDATE orders SET status = added.status FROM added"
_MOVE_ITS_ORDER: Final = f"{_MOVE} WHERE orders.order_id = added.order_id"
_ONCE: Final = "ON CONFLICT (order_id, event_id) DO NOTHING RETURNING order_events.*"


def insert(table: str, columns: tuple[str, ...]) -> str:
    """Return the statement that inserts a row, its parameters being the columns in their order."""
    marks = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


def _insert_rows(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {{rows}}"


def _upsert(table: str, columns: tuple[str, ...], *, key: tuple[str, ...]) -> str:
    kept = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    return f"{insert(table, columns)} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {kept}"


PREPARED: Final = {
    "ao_begin (text, text, timestamptz, bigint, boolean)": (
        "SELECT begin_trading_change($1, $2, $3, $4, $5)"
    ),
    # The switch stays as it was read until what is beside this is committed.
    "ao_is_halted": "SELECT is_active FROM kill_switch FOR SHARE",
    "ao_outcome": insert("signal_outcomes", OUTCOME_COLUMNS),
    "ao_order": insert("orders", ORDER_COLUMNS),
    "ao_event": (
        f"WITH added AS ({insert('order_events', EVENT_COLUMNS)} {_ONCE}) {_MOVE_ITS_ORDER}"
    ),
    # A TWAP's record repeats what its slices executed.
    "ao_fill": f"""
        WITH added AS ({insert("order_events", FILL_EVENT_COLUMNS)} {_ONCE}),
        moved AS ({_MOVE_ITS_ORDER})
        INSERT INTO fills (account, execution_id, order_id, quantity, price, at, commission)
        SELECT account, execution_id, order_id, fill_quantity, fill_price, filled_at, commission
        FROM added JOIN orders USING (order_id) WHERE orders.order_type <> 'TWAP'
        ON CONFLICT (account, execution_id) DO UPDATE
        SET commission = coalesce(fills.commission, excluded.commission)
    """,
    # Without its order there is no account, and so no row: it is refused.
    "ao_commission": """
        INSERT INTO fills (account, execution_id, order_id, quantity, price, at, commission)
        VALUES ((SELECT account FROM orders WHERE order_id = $1), $2, $1, $3, $4, $5, $6)
        ON CONFLICT (account, execution_id) DO UPDATE SET commission = excluded.commission
    """,
    "ao_cascade": insert("cascade_runs", CASCADE_COLUMNS),
    "ao_day_trade": insert("pdt_audit_log", DAY_TRADE_COLUMNS),
    "ao_lot": _upsert("lots", LOT_COLUMNS, key=("account", "strategy", "symbol")),
    "ao_state": _upsert("trading_accounts", STATE_COLUMNS, key=("account",)),
    # What a human decided stands.
    "ao_approval": (
        f"{_upsert('approvals', APPROVAL_COLUMNS, key=('order_id',))}"
        " WHERE approvals.status = 'waiting'"
    ),
    "ao_quality": _upsert("order_qualities", QUALITY_COLUMNS, key=("order_id",)),
    "ao_deficit": _upsert("margin_deficits", DEFICIT_COLUMNS, key=("account", "session")),
    "ao_applied": insert("applied_actions", ACTION_COLUMNS),
    "ao_accepted": (
        f"{insert('accepted_doubts', ('account', 'kind', 'name', 'at'))} ON CONFLICT DO NOTHING"
    ),
    "ao_answer": (
        "UPDATE operator_requests SET answered_at = $2, answer = $3"
        " WHERE request_id = $1 AND answered_at IS NULL"
    ),
    "ao_announce": insert("outbox", OUTBOX_COLUMNS),
}
"""Each statement by its name, with the types of its parameters where they do not follow."""

IN_ROWS: Final = {
    "ao_begin": _insert_rows("trading_changes", ("change_id", "account", "at")),
    "ao_order": _insert_rows("orders", ORDER_COLUMNS),
    "ao_outcome": _insert_rows("signal_outcomes", OUTCOME_COLUMNS),
    "ao_cascade": _insert_rows("cascade_runs", CASCADE_COLUMNS),
    "ao_day_trade": _insert_rows("pdt_audit_log", DAY_TRADE_COLUMNS),
    "ao_event": f"""
        WITH added AS ({_insert_rows("order_events", EVENT_COLUMNS)} {_ONCE}),
        latest AS (
            SELECT DISTINCT ON (order_id) order_id, status FROM added
            ORDER BY order_id, number DESC
        )
        UPDATE orders SET status = latest.status FROM latest
        WHERE orders.order_id = latest.order_id
    """,
    "ao_announce": _insert_rows("outbox", OUTBOX_COLUMNS),
}
"""The statements that do the same for several `rows` at once, in the order they may come in."""
