"""Rankings on record: one row a session and strategy, one column a figure."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.documents import to_json
from alpha_oracle.domain.ranking import PerformanceMetrics, RankEvidence, StrategyRank

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session

_METRICS: Final = tuple(field.name for field in fields(PerformanceMetrics))
_OWN: Final = ("session", "rank", "strategy", "composite", "consistency", "windows", "refusals")
_EVIDENCE: Final = tuple(field.name for field in fields(RankEvidence))
_COLUMNS: Final = (*_OWN, *_METRICS, *_EVIDENCE)
_INSERT: Final = (
    f"INSERT INTO rankings ({', '.join(_COLUMNS)}, parameters, ranked_at)"
    f" VALUES ({', '.join(f':{column}' for column in _COLUMNS)}, CAST(:parameters AS json),"
    " :ranked_at)"
)
_SELECT: Final = (
    f"SELECT {', '.join(_COLUMNS)}, parameters FROM rankings"
    " WHERE (CAST(:session AS date) IS NULL OR session = :session)"
    " AND (CAST(:strategy AS text) IS NULL OR strategy = :strategy)"
    " AND (CAST(:day AS date) IS NULL OR session < :day OR (session = :day AND rank > :rank))"
    " ORDER BY session DESC, rank LIMIT :limit"
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
            # Two that rank one session would each miss the other's rows, and insert them twice.
            connection.execute(text("LOCK TABLE rankings IN SHARE ROW EXCLUSIVE MODE"))
            connection.execute(
                text("DELETE FROM rankings WHERE session = ANY(:sessions)"), {"sessions": sessions}
            )
            connection.execute(text(_INSERT), [_to_values(rank, at) for rank in ranks])

    def rankings(
        self,
        *,
        session: Session | None = None,
        strategy: str | None = None,
        after: tuple[Session, int] | None = None,
        limit: int | None = None,
    ) -> list[StrategyRank]:
        """Return the ranks of a session (None: of all), newest session first, then best first.

        `after` are session and rank of the last one of the page before.
        """
        day, rank = after or (None, 0)
        wanted = {"session": session, "strategy": strategy}
        values = wanted | {"day": day, "rank": rank, "limit": limit}
        with self._database.begin() as connection:
            rows = connection.execute(text(_SELECT), values)
            return [_to_rank(row) for row in rows]


def _to_values(rank: StrategyRank, at: datetime) -> dict[str, object]:
    own = {name: getattr(rank, name) for name in _OWN}
    evidence = dict.fromkeys(_EVIDENCE) if rank.evidence is None else asdict(rank.evidence)
    return {
        **own,
        **asdict(rank.metrics),
        **evidence,
        "refusals": list(rank.refusals),
        "parameters": to_json(rank.parameters),
        "ranked_at": at,
    }


def _to_rank(row: Row[Any]) -> StrategyRank:
    own = {name: getattr(row, name) for name in _OWN}
    return StrategyRank(
        **{**own, "refusals": tuple(row.refusals)},
        metrics=PerformanceMetrics(**{name: getattr(row, name) for name in _METRICS}),
        parameters=row.parameters,
        # The trials are counted wherever evidence was looked for.
        evidence=(
            None
            if row.trials is None
            else RankEvidence(**{name: getattr(row, name) for name in _EVIDENCE})
        ),
    )
