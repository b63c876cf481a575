"""Where people are told: every channel of the settings, each for itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.alerts.slack import open_slack
from alpha_oracle.adapters.alerts.telegram import open_telegram
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.postgres.alerts import PostgresAlerts
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.bootstrap.stores import clock_of
from alpha_oracle.config import load_settings
from alpha_oracle.domain.alerts import Alert, Pacing
from alpha_oracle.domain.risk import Severity
from alpha_oracle.errors import AlphaOracleError
from alpha_oracle.risk.alert_texts import notice_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.config import AlertSettings, Settings
    from alpha_oracle.domain.trading_events import RiskAlert
    from alpha_oracle.ports.alerts import AlertChannel

SLACK: Final = "slack"
TELEGRAM: Final = "telegram"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """All channels that are set up, by name."""

    by_name: Mapping[str, AlertChannel]

    def tell(self, text: str) -> dict[str, bool]:
        """Post a message to each, whatever becomes of the others; return who took it."""
        return {name: channel.send(text) for name, channel in self.by_name.items()}

    def say(self, alert: RiskAlert) -> bool:
        """Tell of an alert that cannot be put on record; return whether anybody took it."""
        notice = notice_of(alert.document())
        return notice is not None and any(self.tell(notice.text).values())


def channels_of(settings: AlertSettings) -> Channels:
    """Return the channels that are set up. Nobody is asked yet."""
    opened: dict[str, AlertChannel | None] = {
        SLACK: open_slack(settings.slack),
        TELEGRAM: open_telegram(settings.telegram),
    }
    return Channels(
        by_name={name: channel for name, channel in opened.items() if channel is not None}
    )


def pacing_of(settings: AlertSettings) -> Pacing:
    """Return how often people are told."""
    return Pacing(
        window=timedelta(minutes=settings.window_minutes),
        most_per_minute=settings.most_per_minute,
        repeats={
            Severity.CRITICAL: timedelta(minutes=settings.critical_repeat_minutes),
            Severity.HIGH: timedelta(minutes=settings.high_repeat_minutes),
        },
    )


def tell_people(text: str, *, kind: str, severity: Severity, cause: str) -> None:
    """Tell people at once, where a channel is set up, by whatever process.

    It is put on record too where the database runs: what a channel did not take is delivered
    later. `cause` names what is told, once. No store is started, and none that is away is told of.

    Raises:
        ConfigurationError: the settings are wrong.
    """
    settings = load_settings()
    channels = channels_of(settings.alerts)
    if not channels.by_name:
        return
    outcomes = channels.tell(text)
    now = clock_of(settings).now()
    alert = Alert(cause=cause, type=kind, severity=severity, text=text, at=now)
    try:
        _report(settings, alert, outcomes)
    except AlphaOracleError as error:
        log.warning("alert_not_on_record", reason=str(error))


def _report(settings: Settings, alert: Alert, outcomes: Mapping[str, bool]) -> None:
    url = _running_database(settings)
    if url is None:
        return
    database = open_database(url)
    try:
        PostgresAlerts(database, channels=outcomes).report(alert, outcomes, at=alert.at)
    finally:
        database.close()


def _running_database(settings: Settings) -> str | None:
    if settings.database.url is not None:
        return settings.database.url.get_secret_value()
    status = embedded_postgres(settings.home).status()
    return status.url if status.running else None
