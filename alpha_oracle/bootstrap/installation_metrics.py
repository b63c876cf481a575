"""What an installation tells Prometheus of itself, gathered the moment it is asked.

A store that is away costs what it would have told, and is told itself: the rest still stands.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client.registry import Collector

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.model_health import PostgresModelHealth
from alpha_oracle.adapters.postgres.vital_signs import PostgresVitalSigns
from alpha_oracle.bootstrap.metric_families import gauge, gauges
from alpha_oracle.bootstrap.pipeline_metrics import (
    model_families,
    ranking_families,
    run_families,
)
from alpha_oracle.bootstrap.quality_metrics import quality_families
from alpha_oracle.bootstrap.trading_metrics import (
    account_families,
    backlog_families,
    day_trade_families,
    reconciliation_families,
    risk_families,
    switch_families,
)
from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.core import GaugeMetricFamily

    from alpha_oracle.bootstrap.api import Services
    from alpha_oracle.config import Settings
    from alpha_oracle.ports.models import HealthStore

MONTH_SESSIONS: Final = 21

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class InstallationMetrics(Collector):
    """Collects what is on record and on the boards."""

    services: Services
    pings: dict[str, Callable[[], object]]
    signs: PostgresVitalSigns
    health: HealthStore
    settings: Settings
    failing: set[str] = field(default_factory=set)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Describe nothing: that a registry knows the names is not worth asking the stores."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask every store for all there is."""
        yield from self._stores()
        gathered = {name: self._gathered(name, gather) for name, gather in self._groups().items()}
        for families in gathered.values():
            yield from families or ()
        yield gauges(
            "metrics_failed",
            "1 for a group of metrics that could not be gathered just now, else 0.",
            ["group"],
            [([name], families is None) for name, families in gathered.items()],
        )

    def _gathered(
        self, name: str, gather: Callable[[], Iterable[GaugeMetricFamily]]
    ) -> list[GaugeMetricFamily] | None:
        try:
            families = list(gather())
        except (AlphaOracleError, LookupError, TypeError) as error:
            # On a board may be what another version wrote. Said once, not with every look.
            if name not in self.failing:
                log.warning("metrics_not_gathered", group=name, error=str(error))
            self.failing.add(name)
            return None
        self.failing.discard(name)
        return families

    def _groups(self) -> dict[str, Callable[[], Iterable[GaugeMetricFamily]]]:
        return {
            "market": self._market,
            "kill_switch": self._switch,
            "record": self._record,
            "ranking": self._ranking,
            "model": self._model,
            "accounts": self._accounts,
            "quality": self._quality,
            "risk": self._risk,
        }

    def _stores(self) -> Iterator[GaugeMetricFamily]:
        told = {name: _answer_seconds(ping) for name, ping in self.pings.items()}
        yield gauges(
            "store_up",
            "1 where a store answers, else 0.",
            ["store"],
            [([name], seconds is not None) for name, seconds in told.items()],
        )
        yield gauges(
            "store_answer_seconds",
            "Time a store took to answer just now, seconds.",
            ["store"],
            [([name], seconds) for name, seconds in told.items()],
        )

    def _market(self) -> Iterator[GaugeMetricFamily]:
        now = self.services.operations.clock.now()
        session = calendar.latest_opened_session(now)
        yield gauge(
            "market_open",
            "1 while the New York Stock Exchange is open by the clock of the installation, else 0.",
            now < calendar.session_close(session),
        )

    def _switch(self) -> Iterator[GaugeMetricFamily]:
        yield from switch_families(self.services.operations.switch.read())

    def _record(self) -> Iterator[GaugeMetricFamily]:
        now = self.services.operations.clock.now()
        traded = calendar.latest_opened_session(now)
        signs = self.signs.read(traded=traded, decided=calendar.shift_session(traded, -1))
        yield from run_families(signs, now=now)
        yield from backlog_families(signs, now=now)

    def _ranking(self) -> Iterator[GaugeMetricFamily]:
        store = self.services.records.rankings
        newest = store.rankings(limit=1)
        yield from ranking_families(store.rankings(session=newest[0].session) if newest else ())

    def _model(self) -> Iterator[GaugeMetricFamily]:
        newest = self.health.history(limit=1)
        yield from model_families(
            self.services.records.models.active(),
            newest[0] if newest else None,
            now=self.services.operations.clock.now(),
            max_age_days=self.settings.ml.max_age_days,
        )

    def _accounts(self) -> Iterator[GaugeMetricFamily]:
        services, now = self.services, self.services.operations.clock.now()
        yield from account_families(services.portfolios())
        yield from reconciliation_families(services.operations.last_reconciliations(), now=now)
        bound = self.settings.risk.day_trading.max_day_trades
        yield from day_trade_families(services.day_trade_counts(None), bound=bound)

    def _quality(self) -> Iterator[GaugeMetricFamily]:
        session = calendar.latest_opened_session(self.services.operations.clock.now())
        firsts = {"session": session, "month": calendar.shift_session(session, -MONTH_SESSIONS)}
        yield from quality_families(
            {
                window: self.signs.quality(since=calendar.session_open(first))
                for window, first in firsts.items()
            }
        )

    def _risk(self) -> Iterator[GaugeMetricFamily]:
        yield from risk_families(self.services.measurements())


def installation_metrics(services: Services) -> InstallationMetrics:
    """Return what tells of an installation."""
    stores = services.stores
    return InstallationMetrics(
        services=services,
        pings={"postgres": stores.database.ping, "redis": stores.redis.ping},
        signs=PostgresVitalSigns(stores.database),
        health=PostgresModelHealth(stores.database),
        settings=services.records.settings,
    )


def _answer_seconds(ping: Callable[[], object]) -> float | None:
    started = time.monotonic()
    try:
        ping()
    except AlphaOracleError:
        return None
    return time.monotonic() - started
