"""What people can see and say of alerts, wired."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.adapters.postgres.alert_history import PostgresAlertHistory
from alpha_oracle.adapters.postgres.alerts import PostgresAlerts
from alpha_oracle.bootstrap.stores import clock_of, opened_database
from alpha_oracle.config import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.domain.alerts import Episode, ToldAlert
    from alpha_oracle.ports.alerts import AlertRecord
    from alpha_oracle.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDesk:
    """Reads what people were told; `by` can say that somebody knows of it."""

    by: str
    record: AlertRecord
    history: PostgresAlertHistory
    clock: Clock

    def open(self) -> list[Episode]:
        """Return what lasts, the newest first."""
        return sorted(self.record.episodes().values(), key=lambda one: one.told_at, reverse=True)

    def recent(self, *, limit: int) -> list[ToldAlert]:
        """Return what people were told last, the newest first."""
        return self.history.recent(limit=limit)

    def acknowledge(self, key: str | None) -> list[str]:
        """Say that somebody knows of what lasts (None: of all of it); return the keys."""
        return self.record.acknowledge(key, by=self.by, at=self.clock.now())


@contextmanager
def opened_alert_desk(by: str) -> Iterator[AlertDesk]:
    """Open the desk for the length of a block; Postgres alone is opened.

    Raises:
        ConfigurationError: the settings, or the schema, are wrong.
        StoreUnavailable: Postgres cannot be reached.
    """
    settings = load_settings()
    with opened_database(settings) as database:
        yield AlertDesk(
            by=by,
            record=PostgresAlerts(database),
            history=PostgresAlertHistory(database),
            clock=clock_of(settings),
        )
