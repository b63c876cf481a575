"""Rankings on record: one row a session and strategy, one column a figure."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.domain.ranking import PerformanceMetrics, StrategyRank

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session

_METRICS: Final = tuple(field.name for field in fields(PerformanceMetrics))
_OWN: Final = ("session", "rank", "strategy", "composite", "consistency", "windows", "refusals")
_COLUMNS: Final = (*_OWN, *_METRICS)
_INSERT: Final = (
    f"INSERT INTO rankings ({', '.join(_COLUMNS)}, ranked_at)"
    f" VALUES ({', '.join(f':{column}' for column in _COLUMNS)}, :ranked_at)"
)
_SELECT: Final = (
    f"SELECT {', '.join(_COLUMNS)} FROM rankings"
    " WHERE session = coalesce(CAST(:session AS date), (SELECT max(session) FROM rankings))"
    " ORDER BY rank"
)


class PostgresRankings:
    """`RankingStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, ranks: Sequence[StrategyRank], *, at: datetime) -> None:
        """Keep a session's ranking in place of an earlier one of that session."""
        if not ranks:
            return
        sessions = sorted({rank.session for rank in ranks})
        with self._database.begin() as connection:
            connection.execute(
                text("DELETE FROM rankings WHERE session = ANY(:sessions)"), {"sessions": sessions}
            )
            connection.execute(text(_INSERT), [_to_values(rank, at) for rank in ranks])

    def rankings(self, *, session: Session | None = None) -> list[StrategyRank]:
        """Return the ranking of a session, best first (None: of the newest session ranked)."""
        with self._database.begin() as connection:
            return [
                _to_rank(row) for row in connection.execute(text(_SELECT), {"session": session})
            ]


def _to_values(rank: StrategyRank, at: datetime) -> dict[str, object]:
    own = {name: getattr(rank, name) for name in _OWN}
    return {
        **own,
        **asdict(rank.metrics),
        "refusals": list(rank.refusals),
        "ranked_at": at,
    }


def _to_rank(row: Row[Any]) -> StrategyRank:
    own = {name: getattr(row, name) for name in _OWN}
    metrics = PerformanceMetrics(**{name: getattr(row, name) for name in _METRICS})
    return StrategyRank(**{**own, "refusals": tuple(row.refusals)}, metrics=metrics)
