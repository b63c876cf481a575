"""The session after, in virtual time: the demo's second half on a small market."""

import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.bootstrap.demo_trading import trade_session_after
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.signals import Direction
from tests.builders import a_signal
from tests.end_to_end.trading_world import EVE, SESSION, Rehearsal


@pytest.fixture
def rehearsal(home, database_url, redis_url, monkeypatch):
    made = Rehearsal(
        home=home,
        database_url=database_url,
        redis_url=redis_url,
        settings={"CLOCK__START_AT": calendar.decision_instant(EVE).isoformat()},
    )
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def signals_of(closes):
    """A LONG of every symbol given, as the pipeline publishes them."""
    return [
        a_signal(
            session=EVE,
            symbol=symbol,
            direction=Direction.LONG,
            decided_at=calendar.decision_instant(EVE),
            expires_at=calendar.session_close(SESSION),
            reference_price=close,
            win_rate=0.6,
            avg_win_loss_ratio=2.0,
        )
        for symbol, close in closes.items()
    ]


def save(rehearsal, signals):
    database = open_database(rehearsal.database_url)
    PostgresSignals(database).save(signals, at=calendar.decision_instant(EVE))
    database.close()


def test_the_signals_of_a_session_are_traded_in_the_next_one_to_its_close(rehearsal):
    closes = rehearsal.store_market()
    save(rehearsal, signals_of(closes))
    traded = trade_session_after(EVE)
    assert traded.session == SESSION
    assert traded.is_whole
    assert {order.symbol for order in traded.orders} == closes.keys()
    assert all(order.status is OrderStatus.FILLED for order in traded.orders)
    broker = rehearsal.broker()
    assert {lot.symbol: lot.quantity for lot in traded.positions} == {
        symbol: position.quantity for symbol, position in broker.positions.items()
    }
    assert traded.account.cash_usd == broker.cash
    assert traded.looks < 500


def test_a_market_without_sectors_is_supplied_with_them_and_traded(rehearsal):
    closes = rehearsal.store_market(sectors=False)
    save(rehearsal, signals_of(closes))
    assert trade_session_after(EVE).is_whole


def test_a_session_without_signals_is_not_whole(rehearsal):
    rehearsal.store_market()
    traded = trade_session_after(EVE)
    assert traded.orders == ()
    assert not traded.is_whole
