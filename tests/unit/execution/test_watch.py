from datetime import timedelta
from decimal import Decimal

from alpha_oracle.execution.watch import PortfolioWatch
from alpha_oracle.risk.market_moves import Purchase
from alpha_oracle.risk.portfolio_monitor import PortfolioMonitor
from tests.trading import NOW, SYMBOL, an_exposure, bounds, facts

PATIENCE = timedelta(minutes=5)


def a_watch():
    return PortfolioWatch(PortfolioMonitor(bounds=bounds()), patience=PATIENCE)


def told(watch, *, bought=None, **changes):
    events = watch(facts(**changes), bought=bought)
    return [(event.document()["event"], getattr(event, "severity", None)) for event in events]


def holding(usd):
    return an_exposure(by_symbol={SYMBOL: Decimal(usd)})


def test_a_breaker_that_trips_is_told_as_a_breaker_and_an_alert_once_while_it_lasts():
    watch = a_watch()
    panic = {"drift_pct": Decimal(2)}
    assert told(watch, **panic) == [("risk:alert", "high"), ("risk:circuit_breaker", None)]
    assert told(watch, **panic) == []
    assert told(watch) == []
    assert told(watch, **panic) == [("risk:alert", "high"), ("risk:circuit_breaker", None)]


def test_a_limit_is_told_again_when_it_gets_worse_and_not_when_it_gets_better():
    watch = a_watch()
    assert told(watch, exposure=holding(6_000)) == [("risk:alert", "high")]
    assert told(watch, exposure=holding(6_000), bought=Purchase(SYMBOL, Decimal(100))) == [
        ("risk:alert", "critical")
    ]
    assert told(watch, exposure=holding(6_000)) == []
    assert told(watch, exposure=holding(6_000), bought=Purchase(SYMBOL, Decimal(100))) == []


def test_what_cannot_be_measured_is_told_once_that_lasts():
    watch = a_watch()
    blind = {"vix": None}
    assert told(watch, **blind) == []
    later = {"now": NOW + PATIENCE, "latest_data_at": NOW + PATIENCE, **blind}
    assert told(watch, **later) == [("risk:alert", "high"), ("risk:circuit_breaker", None)]
    assert told(watch, **later) == []


def test_what_is_measured_again_in_time_is_never_told():
    watch = a_watch()
    assert told(watch, vix=None) == []
    assert told(watch) == []
    later = {"now": NOW + PATIENCE, "latest_data_at": NOW + PATIENCE}
    assert told(watch, vix=None, **later) == []


def test_what_the_market_added_between_two_looks_is_not_ours():
    watch = a_watch()
    bought = Purchase(SYMBOL, Decimal(100))
    assert told(watch, exposure=holding(4_950)) == []
    risen = {"prices": {SYMBOL: Decimal(106)}, "exposure": holding(5_247)}
    assert told(watch, **risen, bought=bought) == [("risk:alert", "high")]
    doubled = {"prices": {SYMBOL: Decimal(106)}, "exposure": holding(10_494)}
    assert told(watch, **doubled, bought=bought) == [("risk:alert", "critical")]
