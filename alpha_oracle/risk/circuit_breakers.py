"""The circuit breakers and the link: what halts entries whatever the order.

A value on its bound trips, as does one nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

from alpha_oracle import calendar
from alpha_oracle.risk.facts import LinkState, VixReading
from alpha_oracle.risk.gauges import Reading, measure, unmeasured
from alpha_oracle.risk.verdicts import (
    ENTRIES,
    EVERY_ORDER,
    approve,
    let_pass,
    reject,
    reject_unknown,
)

if TYPE_CHECKING:
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Order, OrderPurpose
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.risk import RiskCheckResult
    from alpha_oracle.risk.facts import RiskFacts

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCheck:
    """Nothing is sent to a broker that is away or not yet asked about everything."""

    name: ClassVar[str] = "link"
    holds_back: ClassVar[frozenset[OrderPurpose]] = EVERY_ORDER

    def check(self, _order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject unless the link is up and a resync is complete."""
        link = facts.system.link
        if link is LinkState.READY:
            return let_pass(self.name)
        if link is None:
            return reject_unknown(self.name, "state of the broker link")
        return reject(self.name, f"broker link is {link}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityBreaker:
    """A market in panic: VIX at its bound or above, unknown, or older than one session."""

    name: ClassVar[str] = "vix"

    max_vix: Decimal

    def read(self, facts: RiskFacts) -> Reading:
        """Return the volatility index against its bound."""
        vix = facts.market.vix
        if vix is None or vix.age_sessions > 1 or vix.value <= 0:
            return unmeasured(self.name, "VIX", bound=self.max_vix)
        return measure(self.name, vix.value, bound=self.max_vix, what="VIX")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleDataBreaker:
    """A feed that fell silent in market hours, or whose clock is that far ahead of ours."""

    name: ClassVar[str] = "stale_data"

    stale_seconds: Decimal

    def read(self, facts: RiskFacts) -> Reading:
        """Return the seconds between now and the newest quote; a closed market has none to miss."""
        if not facts.is_market_open:
            return Reading(
                name=self.name, measured=None, bound=self.stale_seconds, is_breached=False
            )
        latest = facts.market.latest_data_at
        if latest is None:
            return unmeasured(self.name, "time of the latest quote", bound=self.stale_seconds)
        seconds = abs(_seconds(facts.now - latest))
        return measure(self.name, seconds, bound=self.stale_seconds, what="age of the feed (s)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftBreaker:
    """A book that is not the broker's."""

    name: ClassVar[str] = "reconciliation_drift"

    max_drift_pct: Decimal

    def read(self, facts: RiskFacts) -> Reading:
        """Return the drift in percent of equity."""
        drift = facts.system.drift_pct
        if drift is None:
            return unmeasured(self.name, "reconciliation", bound=self.max_drift_pct)
        return measure(self.name, drift, bound=self.max_drift_pct, what="drift (% of equity)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadManSwitch:
    """An operator who is gone: no activity for too many counted hours, or never any."""

    name: ClassVar[str] = "dead_man"

    max_hours: Decimal

    def read(self, facts: RiskFacts) -> Reading:
        """Return the counted hours since an operator last did something."""
        hours = facts.activity.operator_idle_hours
        if hours is None:
            return unmeasured(self.name, "any operator activity", bound=self.max_hours)
        return measure(self.name, hours, bound=self.max_hours, what="hours without an operator")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteKnown:
    """Nothing is sent for a symbol without a quote; it waits until one comes."""

    name: ClassVar[str] = "quote_known"
    holds_back: ClassVar[frozenset[OrderPurpose]] = EVERY_ORDER

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject where the symbol has no quote at all."""
        if order.symbol in facts.market.quotes:
            return let_pass(self.name)
        return reject_unknown(self.name, f"quote of {order.symbol}")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteFresh:
    """No entry on a quote of the symbol that is old, though the feed as a whole is not."""

    name: ClassVar[str] = "quote_fresh"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    stale_seconds: Decimal

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject on a quote as old as the bound, or that far ahead of our clock."""
        quote = facts.market.quotes.get(order.symbol)
        if quote is None:
            return reject_unknown(self.name, f"quote of {order.symbol}", bound=self.stale_seconds)
        seconds = abs(_seconds(facts.now - quote.at))
        if seconds < self.stale_seconds:
            return approve(self.name, measured=seconds, bound=self.stale_seconds)
        reason = f"quote of {order.symbol} is {seconds:.0f} s old"
        return reject(self.name, reason, measured=seconds, bound=self.stale_seconds)


def choose_vix(
    live: Quote | None,
    stored: tuple[Session, Decimal] | None,
    *,
    now: datetime,
    session: Session,
    stale_seconds: float,
) -> VixReading | None:
    """Return the live quote, else the latest stored close (its session and value).

    A live quote that is delayed or old is none; a stored close carries its age, and the breaker
    takes none that is more than one session old.
    """
    is_live = live is not None and live.is_fresh(now, within_seconds=stale_seconds)
    if live is not None and is_live and live.last is not None:
        return VixReading(value=live.last, age_sessions=0)
    if stored is None:
        return None
    closed, value = stored
    age = len(calendar.sessions_between(closed, session)) - 1
    return VixReading(value=value, age_sessions=max(age, 0))


def counted_hours(since: datetime, now: datetime) -> Decimal:
    """Return the hours from `since` to `now` that lie on New York dates with a session."""
    local, until = since.astimezone(calendar.NEW_YORK), now.astimezone(calendar.NEW_YORK)
    total = timedelta(0)
    for session in calendar.sessions_between(local.date(), until.date()):
        start, end = _midnight(session), _midnight(session + _DAY)
        total += max(min(end, now) - max(start, since), timedelta(0))
    return Decimal(total // _SECOND) / 3600


@lru_cache(maxsize=64)
def _midnight(day: Session) -> datetime:
    # In UTC: between two instants of one zone Python subtracts the faces of the clocks.
    return datetime.combine(day, time(0), calendar.NEW_YORK).astimezone(UTC)


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // _MICROSECOND).scaleb(-6)
