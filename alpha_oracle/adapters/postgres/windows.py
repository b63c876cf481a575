"""Walk-forward windows and trials on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.documents import to_json
from alpha_oracle.domain.walk_forward import Trial, WindowOutcome, WindowRecord, WindowTrade

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from alpha_oracle.adapters.postgres.engine import Database

_OUTCOME: Final = (
    "train_start",
    "test_start",
    "test_end",
    "train_trades",
    "win_rate",
    "avg_win_loss_ratio",
    "kelly_fraction",
    "return_pct",
)
_BY_SESSION: Final = ("sessions", "returns", "exposure", "traded", "costs_usd", "halted_by")
_TRADES: Final = {
    "trade_symbols": "symbol",
    "trade_entries": "entry",
    "trade_exits": "exit",
    "trade_quantities": "quantity",
    "trade_paid_usd": "paid_usd",
    "trade_pnl_usd": "pnl_usd",
    "trade_reasons": "reason",
}
_TYPES: Final = {
    "sessions": "date[]",
    "trade_symbols": "text[]",
    "trade_entries": "date[]",
    "trade_exits": "date[]",
}
"""Arrays that may be empty and whose elements do not say what they are."""

_COLUMNS: Final = (
    "key",
    "strategy",
    *_OUTCOME,
    "parameters",
    "train_sharpes",
    *_BY_SESSION,
    *_TRADES,
    "refused",
)
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM walk_forward_windows WHERE key = ANY(:keys)"


def _value(column: str) -> str:
    types = {"parameters": "json", "train_sharpes": "double precision[]", **_TYPES}
    return f"CAST(:{column} AS {types[column]})" if column in types else f":{column}"


_INSERT: Final = (
    f"INSERT INTO walk_forward_windows ({', '.join(_COLUMNS)}, computed_at)"
    f" VALUES ({', '.join(map(_value, _COLUMNS))}, :computed_at)"
    " ON CONFLICT (key) DO NOTHING"
)
_RECORD_TRIAL: Final = """
INSERT INTO trials (key, strategy, parameters, sharpe, first_tried_at, last_tried_at)
VALUES (:key, :strategy, CAST(:parameters AS json), :sharpe, :at, :at)
ON CONFLICT (key) DO UPDATE SET sharpe = excluded.sharpe, last_tried_at = excluded.last_tried_at
"""


class PostgresWindows:
    """`WindowStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, keys: Iterable[str]) -> dict[str, WindowRecord]:
        """Return the windows that are on record, by key."""
        with self._database.begin() as connection:
            rows = connection.execute(text(_SELECT), {"keys": list(keys)})
            return {row.key: _to_record(row) for row in rows}

    def save(self, records: Sequence[WindowRecord], *, at: datetime) -> None:
        """Keep windows; one that is on record already changes nothing."""
        if records:
            with self._database.begin() as connection:
                connection.execute(text(_INSERT), [_to_values(one, at) for one in records])


class PostgresTrials:
    """`TrialStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, trials: Sequence[Trial], *, at: datetime) -> None:
        """Keep trials; of one on record before, its Sharpe ratio is renewed."""
        if not trials:
            return
        # In one order, so that two writers at once never wait for one another.
        ordered = sorted(trials, key=lambda trial: trial.key)
        with self._database.begin() as connection:
            connection.execute(
                text(_RECORD_TRIAL),
                [
                    {
                        "key": trial.key,
                        "strategy": trial.strategy,
                        "parameters": to_json(trial.parameters),
                        "sharpe": trial.sharpe,
                        "at": at,
                    }
                    for trial in ordered
                ],
            )

    def trials(self) -> list[Trial]:
        """Return every trial, by key."""
        with self._database.begin() as connection:
            rows = connection.execute(
                text("SELECT key, strategy, parameters, sharpe FROM trials ORDER BY key")
            )
            return [
                Trial(
                    key=row.key,
                    strategy=row.strategy,
                    parameters=row.parameters,
                    sharpe=row.sharpe,
                )
                for row in rows
            ]


def _to_values(record: WindowRecord, at: datetime) -> dict[str, object]:
    outcome = record.outcome
    return {
        "key": record.key,
        "strategy": record.strategy,
        **{name: getattr(outcome, name) for name in _OUTCOME},
        "parameters": to_json(outcome.parameters),
        "train_sharpes": list(outcome.train_sharpes),
        **{name: list(getattr(record, name)) for name in _BY_SESSION},
        **{
            column: [getattr(trade, name) for trade in record.trades]
            for column, name in _TRADES.items()
        },
        "refused": list(record.refused),
        "computed_at": at,
    }


def _to_record(row: Row[Any]) -> WindowRecord:
    trades = zip(*(getattr(row, column) for column in _TRADES), strict=True)
    return WindowRecord(
        key=row.key,
        strategy=row.strategy,
        outcome=WindowOutcome(
            **{name: getattr(row, name) for name in _OUTCOME},
            parameters=row.parameters,
            train_sharpes=tuple(row.train_sharpes),
        ),
        **{name: tuple(getattr(row, name)) for name in _BY_SESSION},
        trades=tuple(
            WindowTrade(**dict(zip(_TRADES.values(), trade, strict=True))) for trade in trades
        ),
        refused=tuple(row.refused),
    )
