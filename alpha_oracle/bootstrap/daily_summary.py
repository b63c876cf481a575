"""The message of a session whose pipeline is done, put on record for every channel, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.postgres.trading_records import PostgresTradingRecords
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.bootstrap.overview import Overview
from alpha_oracle.bootstrap.presence import traded_account
from alpha_oracle.domain.alerts import Alert
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.risk.daily_text import DAILY, Day, daily_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.config import Settings
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.runs import RunRecord
    from alpha_oracle.ports.alerts import AlertRecord
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.trading import KillSwitchStore


class DailySummary:
    """Tells of the newest session once its run is done. For one thread."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        clock: Clock,
        *,
        record: AlertRecord,
        switch: KillSwitchStore,
    ) -> None:
        self._account = traded_account(settings)
        self._clock = clock
        self._record = record
        self._switch = switch
        self._runs = PostgresRuns(stores.database)
        self._rankings = PostgresRankings(stores.database)
        self._overview = Overview(
            records=PostgresTradingRecords(stores.database),
            board=RedisQuoteBoard(stores.redis, clock=clock),
            clock=clock,
            window_sessions=settings.risk.day_trading.window_business_days,
        )
        self._told: Session | None = None

    def tell(self) -> None:
        """Put the newest session's message on record, where its run is done.

        Raises:
            StoreUnavailable: it is told later.
        """
        run = self._runs.latest()
        if run is None or run.status is not RunStatus.DONE or run.session == self._told:
            return
        now = self._clock.now()
        text = daily_text(self._day(run))
        cause = f"{DAILY}:{run.session}"
        alert = Alert(cause=cause, type=DAILY, severity=None, text=text, at=now)
        self._record.keep([alert], changed=(), gone=(), read=(), at=now)
        self._told = run.session

    def _day(self, run: RunRecord) -> Day:
        summary = run.summary or {}
        worth = self._overview.portfolio(self._account) or {}
        return Day(
            session=run.session,
            signals=_signals(summary),
            bars=_text(summary.get("bars")),
            ranking=self._rankings.rankings(session=run.session),
            equity_usd=worth.get("equity_usd"),
            positions=worth.get("positions"),
            is_halted=self._switch.read().is_active,
            open=tuple(self._record.episodes().values()),
        )


def _signals(summary: Mapping[str, Any]) -> int | None:
    figures = summary.get("figures")
    return figures.get("signals") if isinstance(figures, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
