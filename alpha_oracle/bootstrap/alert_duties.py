"""The alert manager's part of the watch, wired: reading, reminding, one delivery a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.postgres.alerts import PostgresAlerts, PostgresDeliveries
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.redis.kill_switch_mirror import RedisKillSwitchMirror
from alpha_oracle.adapters.redis.risk_board import RedisRiskBoard
from alpha_oracle.bootstrap.alert_conditions import Conditions, Tripwire
from alpha_oracle.bootstrap.alerting import TELEGRAM, pacing_of
from alpha_oracle.bootstrap.daily_summary import DailySummary
from alpha_oracle.bootstrap.duties import Duty
from alpha_oracle.bootstrap.presence import traded_account
from alpha_oracle.domain.alerts import APPROVAL
from alpha_oracle.risk.alert_delivery import AlertDelivery
from alpha_oracle.risk.alerts import AlertManager
from alpha_oracle.risk.kill_switch import KillSwitchRules
from alpha_oracle.risk.kill_switch_stores import KillSwitch

if TYPE_CHECKING:
    from alpha_oracle.bootstrap.alerting import Channels
    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.config import Settings
    from alpha_oracle.ports.clock import Clock

LOOK_SECONDS: Final = 1.0
DELIVER_SECONDS: Final = 1.0
DAILY_SECONDS: Final = 10.0


def alert_duties(
    settings: Settings, stores: Stores, clock: Clock, *, channels: Channels
) -> tuple[Duty, ...]:
    """Return what tells people of all that is announced."""
    record = alert_record(settings, stores, channels=channels)
    switch = KillSwitch(PostgresKillSwitch(stores.database), RedisKillSwitchMirror(stores.redis))
    rules = KillSwitchRules(cooldown_minutes=settings.risk.kill_switch.cooldown_minutes)
    board = RedisRiskBoard(stores.redis)
    manager = AlertManager(
        record,
        clock,
        pacing=pacing_of(settings.alerts),
        lasts=Conditions(switch, board, clock, account=traded_account(settings)).lasts,
        on_critical=Tripwire(switch, rules, clock).trip,
    )
    duties = [
        Duty(name="alerts", every_seconds=LOOK_SECONDS, perform=manager.look),
        *_deliveries(settings, stores, clock, channels=channels),
    ]
    if settings.alerts.is_daily_summary_told:
        summary = DailySummary(settings, stores, clock, record=record, switch=switch)
        duties.append(Duty(name="daily", every_seconds=DAILY_SECONDS, perform=summary.tell))
    return tuple(duties)


def alert_record(settings: Settings, stores: Stores, *, channels: Channels) -> PostgresAlerts:
    """Return the record of what those channels are to deliver.

    Where operators decide by Telegram, the bot posts what waits for them itself, with buttons.
    """
    apart = {TELEGRAM: [APPROVAL]} if settings.alerts.telegram.operators else {}
    return PostgresAlerts(stores.database, channels=channels.by_name, apart=apart)


def _deliveries(
    settings: Settings, stores: Stores, clock: Clock, *, channels: Channels
) -> list[Duty]:
    most = settings.alerts.most_per_minute
    return [
        Duty(
            name=f"deliver to {name}",
            every_seconds=DELIVER_SECONDS,
            perform=AlertDelivery(
                channel,
                PostgresDeliveries(stores.database, channel=name),
                clock,
                most_per_minute=most,
            ).deliver,
        )
        for name, channel in channels.by_name.items()
    ]
