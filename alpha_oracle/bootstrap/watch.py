"""The watch, wired: duties that go on when the worker, the API and Prefect are dead.

It asks for no store at its start. What a duty cannot reach it tries again at its own pace, and what
one duty meets stays that duty's trouble.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import current_and_head, upgrade
from alpha_oracle.bootstrap.alert_duties import alert_duties
from alpha_oracle.bootstrap.alerting import channels_of
from alpha_oracle.bootstrap.duties import Duty, perform_until
from alpha_oracle.bootstrap.presence import WATCH, only_one
from alpha_oracle.bootstrap.stores import Stores, clock_of, database_url, opened_redis
from alpha_oracle.bootstrap.watch_metrics import WatchMetrics
from alpha_oracle.bootstrap.watchdog_duties import watchdog_duties
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

    from alpha_oracle.config import Settings
    from alpha_oracle.ports.clock import Clock

REDIS_PATIENCE_SECONDS: Final = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the duties share. Nobody has asked yet whether the stores answer."""

    settings: Settings
    stores: Stores
    clock: Clock
    ending: Event


def duties_of(watch: Watch) -> tuple[Duty, ...]:
    """Return all duties of the settings."""
    settings, stores, clock = watch.settings, watch.stores, watch.clock
    channels = channels_of(settings.alerts)
    return (
        *alert_duties(settings, stores, clock, channels=channels),
        *watchdog_duties(settings, stores, clock, say=channels.say),
    )


def run_watch(
    settings: Settings, *, ending: Event, others: Callable[[Watch], tuple[Duty, ...]]
) -> None:
    """Perform the duties, and `others` that answer people, until told to end.

    Raises:
        ConfigurationError: an embedded store cannot start, the schema is not the one this version
            needs, a watch of this installation runs already, or `alerts.metrics_port` is taken.
    """
    clock, metrics = clock_of(settings), WatchMetrics()
    with (
        only_one(settings.home, WATCH),
        metrics.served(settings.alerts.metrics_port, host=settings.metrics.host),
        _stores(settings) as stores,
    ):
        watch = Watch(settings=settings, stores=stores, clock=clock, ending=ending)
        log.info("watch_started", now=clock.now().isoformat())
        perform_until(ending, metrics.measured((*duties_of(watch), *others(watch))))
        log.info("watch_ended", now=clock.now().isoformat())


@contextmanager
def _stores(settings: Settings) -> Iterator[Stores]:
    with ExitStack() as stack:
        url = database_url(stack, settings)
        if settings.database.url is None:
            upgrade(url)
        else:
            _refuse_known_other_schema(url)
        database = open_database(url)
        stack.callback(database.close)
        redis = opened_redis(settings, patience_seconds=REDIS_PATIENCE_SECONDS)
        yield Stores(database=database, redis=stack.enter_context(redis))


def _refuse_known_other_schema(url: str) -> None:
    try:
        current, head = current_and_head(url)
    except StoreUnavailable as error:
        # To be told of is what the watch is there for.
        log.warning("database_away", error=str(error))
        return
    if current != head:
        raise ConfigurationError(
            f"the database has schema {current or 'none'}, this version needs {head}; "
            "run `alpha-oracle db upgrade`"
        )
