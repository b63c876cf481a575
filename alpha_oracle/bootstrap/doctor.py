"""Whether the installation is well, and how to mend it where it is not."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.doctoring import check_gateway
from alpha_oracle.bootstrap.alerting import channels_of
from alpha_oracle.bootstrap.deployments import require_answer
from alpha_oracle.bootstrap.doctor_machine import (
    check_clock,
    check_disk,
    check_home,
    check_packages,
    check_ports,
    check_time_zones,
)
from alpha_oracle.bootstrap.doctor_stores import check_database, check_redis
from alpha_oracle.bootstrap.findings import Finding
from alpha_oracle.bootstrap.ibkr import confirm_account
from alpha_oracle.bootstrap.models import age_of, registry_of
from alpha_oracle.bootstrap.orchestration import API_VARIABLE
from alpha_oracle.bootstrap.presence import WORKER, is_present, trades_at_ibkr
from alpha_oracle.bootstrap.reference_sources import check_vendor, checkable_vendors
from alpha_oracle.bootstrap.sources import SourceMemory, check_source, checkable_sources
from alpha_oracle.bootstrap.stores import clock_of, opened_database
from alpha_oracle.config import load_settings
from alpha_oracle.errors import AlphaOracleError, ConfigurationError, ModelRefused
from alpha_oracle.features import registry as features
from alpha_oracle.strategies import registry
from alpha_oracle.strategies.parameters import variants

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from alpha_oracle.config import Settings

    Check: TypeAlias = Callable[[Settings], str]

TEST_MESSAGE: Final = "alpha-oracle: a test message; alerts arrive here"
CALENDAR_REACH: Final = timedelta(days=30)


def diagnose(*, tells_alerts: bool = False) -> list[Finding]:
    """Check settings, machine, stores and whoever is asked for data; return what was found.

    `tells_alerts` sends a test message to every channel of alerts.
    """
    try:
        settings = load_settings()
    except AlphaOracleError as error:
        return [Finding(check="settings", ok=False, text=str(error))]
    checks = CHECKS | _checks_of(settings, tells_alerts=tells_alerts)
    return [
        Finding(check="settings", ok=True, text=f"home is {settings.home}"),
        *(_checked(name, check, settings) for name, check in checks.items()),
    ]


def _checks_of(settings: Settings, *, tells_alerts: bool) -> dict[str, Check]:
    checks: dict[str, Check] = {"alerts": _tell_alerts if tells_alerts else _check_alerts}
    if os.environ.get(API_VARIABLE):
        checks["prefect"] = _check_prefect
    for name in checkable_sources(settings):
        checks[f"source {name}"] = partial(_check_source, name=name)
    for name in checkable_vendors(settings):
        checks[f"source {name}"] = partial(_check_vendor, name=name)
    return checks


def _checked(name: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(check=name, ok=True, text=check(settings))
    except AlphaOracleError as error:
        return Finding(check=name, ok=False, text=str(error))
    except OSError as error:
        told = f"{error}; check that the place is readable and writable, and its disk has room"
        return Finding(check=name, ok=False, text=told)


def _check_calendar(settings: Settings) -> str:
    today = clock_of(settings).now().date()
    calendar.is_session(today + CALENDAR_REACH)
    return f"the exchange calendar reaches {calendar.last_session()}"


def _check_strategies(settings: Settings) -> str:
    registry.require_whole()
    for name, values in settings.strategy.parameters.items():
        variants(registry.named(name), values)
    return f"{len(registry.all())} strategies can be used"


def _check_model(settings: Settings) -> str:
    with opened_database(settings) as database:
        models = registry_of(settings, database)
        active = models.store.active()
        if active is None:
            return "none is active, so there are no ML signals; `alpha-oracle train` trains one"
        models.load(active).require_features(features.all())
    age = age_of(active, clock_of(settings).now().astimezone(calendar.NEW_YORK).date())
    if age > timedelta(days=settings.ml.max_age_days):
        raise ModelRefused(
            f"model {active.model_id} is stale: its data is {age.days} days old, "
            f"{settings.ml.max_age_days} at most; run `alpha-oracle train`"
        )
    return f"{active.model_id} is active, its files are whole and its features as they were"


def _check_alerts(settings: Settings) -> str:
    names = ", ".join(channels_of(settings.alerts).by_name)
    if not names:
        return (
            "REMARK: nobody is told of trouble; set alerts.slack.webhook_url, or "
            "alerts.telegram.bot_token and .chat_id"
        )
    return f"{names}; `alpha-oracle doctor --alerts` sends a test message"


def _tell_alerts(settings: Settings) -> str:
    took = channels_of(settings.alerts).tell(TEST_MESSAGE)
    failed = [name for name, is_taken in took.items() if not is_taken]
    if failed:
        raise ConfigurationError(
            f"{', '.join(failed)} did not take a test message (the reason is logged above); check "
            + " and ".join(f"alerts.{name}" for name in failed)
        )
    return f"{', '.join(took)} took a test message" if took else _check_alerts(settings)


def _check_prefect(_settings: Settings) -> str:
    url = os.environ[API_VARIABLE]
    require_answer(url)
    return f"the Prefect API at {url} answers"


def _check_broker(settings: Settings) -> str:
    if not trades_at_ibkr(settings):
        return "it is simulated; there is no gateway to reach"
    confirm_account(settings)
    ibkr = settings.broker.ibkr
    if is_present(settings.home, WORKER):
        return f"the worker keeps client id {ibkr.client_id}; its log says how it is linked"
    with opened_database(settings) as database:
        leases = SourceMemory.on(database, clock=clock_of(settings)).leases
        return check_gateway(ibkr, client_id=ibkr.client_id, leases=leases)


def _check_source(settings: Settings, *, name: str) -> str:
    with opened_database(settings) as database:
        return check_source(settings, name, database)


def _check_vendor(settings: Settings, *, name: str) -> str:
    with opened_database(settings) as database:
        memory = SourceMemory.on(database, clock=clock_of(settings))
        return check_vendor(settings, name, memory)


CHECKS: Final[dict[str, Check]] = {
    "packages": check_packages,
    "home": check_home,
    "disk": check_disk,
    "time zones": check_time_zones,
    "clock": check_clock,
    "ports": check_ports,
    "database": check_database,
    "redis": check_redis,
    "broker": _check_broker,
    "calendar": _check_calendar,
    "strategies": _check_strategies,
    "model": _check_model,
}
