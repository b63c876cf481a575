from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.orders import Fill, OrderStatus, advance
from alpha_oracle.domain.portfolio import AccountState, Lot
from alpha_oracle.execution.book import Book
from alpha_oracle.execution.booking import fill_event
from alpha_oracle.execution.watch import PortfolioWatch, purchase_of
from alpha_oracle.risk.market_moves import Purchase
from alpha_oracle.risk.portfolio_monitor import PortfolioMonitor
from tests.trading import NOW, STRATEGY, SYMBOL, TODAY, an_exposure, an_order, bounds, facts
from tests.unit.execution.trading_day import TradingDay, a_document

PATIENCE = timedelta(minutes=5)


def a_watch():
    return PortfolioWatch(PortfolioMonitor(bounds=bounds()), patience=PATIENCE)


def told(watch, *, bought=None, **changes):
    events = watch(facts(**changes), bought=bought)
    return [(event.document()["event"], getattr(event, "severity", None)) for event in events]


def at(minute):
    """A look that many minutes later."""
    now = NOW + timedelta(minutes=minute)
    return {"now": now, "latest_data_at": now}


def bought(price=100):
    """A purchase of AAA at a price (USD)."""
    return Purchase(SYMBOL, Decimal(price), is_first=True)


def holding(usd):
    return an_exposure(by_symbol={SYMBOL: Decimal(usd)})


def test_a_breaker_that_trips_is_told_as_a_breaker_and_an_alert_once_while_it_lasts():
    watch = a_watch()
    panic = {"drift_pct": Decimal(2)}
    assert told(watch, **panic) == [("risk:alert", "high"), ("risk:circuit_breaker", None)]
    assert told(watch, **panic) == []
    assert told(watch, **at(1)) == []
    assert told(watch, **at(16), **panic) == [
        ("risk:alert", "high"),
        ("risk:circuit_breaker", None),
    ]


def test_a_breach_that_comes_and_goes_is_told_once_until_it_was_away_for_a_quarter_of_an_hour():
    watch = a_watch()
    assert told(watch, exposure=holding(5_600)) == [("risk:alert", "high")]
    for minute in range(1, 60, 2):
        assert told(watch, **at(minute), exposure=holding(5_400)) == []
        assert told(watch, **at(minute + 1), exposure=holding(5_600)) == []

    assert told(watch, **at(61), exposure=holding(5_400)) == []
    assert told(watch, **at(74), exposure=holding(5_400)) == []
    assert told(watch, **at(75), exposure=holding(5_600)) == [("risk:alert", "high")]


def test_a_breach_that_lasts_is_no_news_when_nobody_looked_for_hours():
    watch = a_watch()
    assert told(watch, exposure=holding(5_600)) == [("risk:alert", "high")]
    assert told(watch, **at(300), exposure=holding(5_600)) == []


def test_a_breach_that_comes_and_goes_is_told_at_once_when_a_fill_makes_it_critical():
    watch = a_watch()
    assert told(watch, exposure=holding(5_600)) == [("risk:alert", "high")]
    assert told(watch, **at(1), exposure=holding(5_000)) == []
    assert told(watch, **at(2), exposure=holding(5_600), bought=bought()) == [
        ("risk:alert", "critical")
    ]


def test_a_limit_is_told_again_when_it_gets_worse_and_not_when_it_gets_better():
    watch = a_watch()
    assert told(watch, exposure=holding(6_000)) == [("risk:alert", "high")]
    assert told(watch, exposure=holding(6_000), bought=bought()) == [("risk:alert", "critical")]
    assert told(watch, exposure=holding(6_000)) == []
    assert told(watch, exposure=holding(6_000), bought=bought()) == []


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
    assert told(watch, exposure=holding(4_950)) == []
    risen = {"prices": {SYMBOL: Decimal(112)}, "exposure": holding(5_544)}
    assert told(watch, **risen, bought=bought()) == [("risk:alert", "high")]
    doubled = {"prices": {SYMBOL: Decimal(112)}, "exposure": holding(11_088)}
    assert told(watch, **doubled, bought=bought()) == [("risk:alert", "critical")]


def an_entry(order_id, *, minute, filled=0, quantity=10, **changes):
    """A purchase of AAA decided in a minute, filled so far at 100 USD."""
    at_then = NOW + timedelta(minutes=minute)
    order = an_order(
        order_id=order_id,
        quantity=quantity,
        created_at=at_then,
        status=OrderStatus.SUBMITTED,
        **changes,
    )
    return advance(order, fill_event(order, a_fill(order_id, filled))) if filled else order


def a_fill(order_id, quantity):
    """A fill of an order at 100 USD."""
    return Fill(
        execution_id=f"of {order_id}",
        quantity=quantity,
        price=Decimal(100),
        commission=None,
        at=NOW,
    )


def a_book(*orders, held):
    """A book of orders in which so many AAA are held."""
    lot = Lot(
        account="paper",
        strategy=STRATEGY,
        symbol=SYMBOL,
        quantity=held,
        opened=TODAY,
        last_traded=TODAY,
        bought=Decimal(held),
        paid_usd=Decimal(100 * held),
        received_usd=Decimal(0),
    )
    state = AccountState(
        account="paper",
        cash_usd=Decimal(0),
        peak_equity_usd=None,
        previous_close_equity_usd=None,
        maintenance_margin_usd=None,
        at=NOW,
    )
    return Book(state=state, lots={lot.key: lot}, orders={one.order_id: one for one in orders})


BOUGHT = an_entry("it", minute=5, filled=4)


@pytest.mark.parametrize(
    ("others", "held", "is_first"),
    [
        pytest.param([], 4, True, id="alone"),
        pytest.param([], 9, False, id="held before, by whatever strategy"),
        pytest.param([an_entry("older", minute=1)], 4, False, id="being bought before"),
        pytest.param([an_entry("older", minute=1, filled=10)], 14, False, id="bought before"),
        pytest.param([an_entry("younger", minute=9)], 4, True, id="wanted by another since"),
        pytest.param([an_entry("younger", minute=9, filled=3)], 7, True, id="bought more since"),
        pytest.param([an_entry("other", minute=1, symbol="BBB")], 4, True, id="another symbol"),
    ],
)
def test_a_purchase_is_the_first_where_nothing_was_held_or_being_bought(others, held, is_first):
    book = a_book(BOUGHT, *others, held=held)
    assert purchase_of(BOUGHT, a_fill("it", 4), book) == (SYMBOL, 100, is_first)


def test_a_slice_is_the_first_purchase_if_its_whole_is():
    whole = an_entry("whole", minute=5, filled=8, quantity=20)
    first = an_entry("slice-1", minute=5, filled=4, parent_id="whole", slice_number=1)
    second = an_entry("slice-2", minute=6, filled=4, parent_id="whole", slice_number=2)

    book = a_book(whole, first, second, held=8)
    assert purchase_of(second, a_fill("slice-2", 4), book).is_first
    book = a_book(whole, first, second, held=9)
    assert not purchase_of(second, a_fill("slice-2", 4), book).is_first


def test_a_purchase_of_what_is_held_never_trips_the_switch_for_a_bound_lowered_since():
    day = TradingDay()
    day.receive(a_document("AAA"), a_document("BBB"))
    day.go_to(5)
    day.steps(4)
    day.bounds = {"max_positions": 1, "max_position_pct": Decimal(10)}
    day.another()
    day.receive(a_document("AAA", strategy="Other"))
    day.steps(6)

    assert day.shares("AAA") > 49
    assert day.alerts() == ["max_positions"]
    assert not day.switch.is_active()
