"""How well orders were executed on the whole, as Postgres works it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.domain.execution_quality import MEASURES, PERCENTILES, QualitySummary

if TYPE_CHECKING:
    from sqlalchemy import Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Symbol

_FRACTIONS: Final = ", ".join(str(percent / 100) for percent in PERCENTILES)
_PERCENTILES: Final = ", ".join(
    f"percentile_cont(ARRAY[{_FRACTIONS}]) WITHIN GROUP (ORDER BY quality.{name}::float8) AS {name}"
    for name in MEASURES
)
_SUMMARIES: Final = f"""
SELECT quality.order_type, count(*) AS orders, {_PERCENTILES}
FROM order_qualities AS quality JOIN orders USING (order_id)
WHERE (CAST(:account AS text) IS NULL OR orders.account = :account)
  AND (CAST(:symbol AS text) IS NULL OR quality.symbol = :symbol)
GROUP BY quality.order_type ORDER BY quality.order_type
"""


class PostgresQualitySummaries:
    """`QualitySummaries` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def summaries(
        self, *, account: str | None = None, symbol: Symbol | None = None
    ) -> list[QualitySummary]:
        """Return what was measured of the orders of each type, by name of the type."""
        wanted = {"account": account, "symbol": symbol}
        values = {name: None if one is None else storable(one) for name, one in wanted.items()}
        with self._database.at_once() as connection:
            return [_to_summary(row) for row in connection.execute(text(_SUMMARIES), values)]


def _to_summary(row: Row[Any]) -> QualitySummary:
    found = {name: getattr(row, name) for name in MEASURES}
    return QualitySummary(
        order_type=row.order_type,
        orders=row.orders,
        measured={
            name: dict(zip(PERCENTILES, values, strict=True))
            for name, values in found.items()
            if values is not None
        },
    )
