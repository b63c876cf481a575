"""Whether the installation is well, and how to mend it where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.doctoring import check_gateway
from alpha_oracle.adapters.redis.neighbours import databases_with_signals
from alpha_oracle.bootstrap.ibkr import confirm_account
from alpha_oracle.bootstrap.models import age_of, registry_of
from alpha_oracle.bootstrap.presence import WORKER, is_present, trades_at_ibkr
from alpha_oracle.bootstrap.reference_sources import check_vendor, checkable_vendors
from alpha_oracle.bootstrap.sources import SourceMemory, check_source, checkable_sources
from alpha_oracle.bootstrap.stores import clock_of, opened_database, opened_stores
from alpha_oracle.config import load_settings
from alpha_oracle.errors import AlphaOracleError, ModelRefused
from alpha_oracle.features import registry as features
from alpha_oracle.strategies import registry
from alpha_oracle.strategies.parameters import variants

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.config import Settings

CALENDAR_REACH: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found; where it is not ok, `text` says how to mend it."""

    check: str
    ok: bool
    text: str


def diagnose() -> list[Finding]:
    """Check settings, stores, calendar and sources; return what was found."""
    try:
        settings = load_settings()
    except AlphaOracleError as error:
        return [Finding(check="settings", ok=False, text=str(error))]
    sources = {
        f"source {name}": partial(_check_source, name=name) for name in checkable_sources(settings)
    }
    vendors = {
        f"source {name}": partial(_check_vendor, name=name) for name in checkable_vendors(settings)
    }
    broker = {"broker": _check_broker} if trades_at_ibkr(settings) else {}
    checks = CHECKS | broker | sources | vendors
    return [
        Finding(check="settings", ok=True, text=f"home is {settings.home}"),
        *(_checked(name, check, settings) for name, check in checks.items()),
    ]


def _checked(name: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(check=name, ok=True, text=check(settings))
    except AlphaOracleError as error:
        return Finding(check=name, ok=False, text=str(error))


def _check_stores(settings: Settings) -> str:
    with opened_stores(settings) as stores:
        stores.redis.ping()
        answer = f"Postgres ({stores.database.name}) and Redis ({stores.redis.place}) answer"
        others = ", ".join(map(str, databases_with_signals(stores.redis)))
    if not others:
        return answer
    return (
        f"{answer}; WARNING: there are signals in database {others} of that Redis server too, and "
        "its channels know no databases: give each installation a server of its own"
    )


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


def _check_broker(settings: Settings) -> str:
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


CHECKS: Final[dict[str, Callable[[Settings], str]]] = {
    "stores": _check_stores,
    "calendar": _check_calendar,
    "strategies": _check_strategies,
    "model": _check_model,
}
