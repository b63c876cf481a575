"""The worker and the feed as processes, signals by Redis: a rehearsal of a session."""

import pytest

from alpha_oracle.domain.orders import OrderStatus
from tests.end_to_end.trading_world import SESSION, Rehearsal, a_signal, end, first

pytestmark = pytest.mark.slow


@pytest.fixture
def rehearsal(home, database_url, redis_url):
    return Rehearsal(home=home, database_url=database_url, redis_url=redis_url)


@pytest.fixture
def closes(rehearsal):
    """What symbols closed at on the eve."""
    return rehearsal.store_market()


def finished(rehearsal, count):
    """The orders on record once so many have come to an end."""
    orders = [order for order in rehearsal.book().orders if order.parent_id is None]
    done = [order for order in orders if order.is_final]
    return done if len(done) >= count else None


def test_a_signal_becomes_an_order_a_fill_and_a_position(rehearsal, closes):
    symbol, close = next(iter(closes.items()))
    with rehearsal.heard("orders") as hear, rehearsal.trading() as worker:
        rehearsal.announce(a_signal(symbol, close))
        (order,) = first(lambda: finished(rehearsal, 1))
        told = first(lambda: hear() and hear()[-1]["event"] == "order:filled" and hear())
        assert end(worker) == 0

    assert order.status is OrderStatus.FILLED
    assert (order.symbol, order.session, order.simulated) == (symbol, SESSION, True)
    book, broker = rehearsal.book(), rehearsal.broker()
    (lot,) = book.lots
    assert (lot.symbol, lot.quantity) == (symbol, order.quantity)
    assert broker.positions[symbol].quantity == lot.quantity
    assert broker.cash == book.state.cash_usd
    assert told[0]["event"] == "order:submitted"
    assert told[-1]["event"] == "order:filled"
    assert told[-1]["filled_quantity"] == order.quantity
    assert all(one["order_id"] == order.order_id and one["simulated"] for one in told)


def test_what_is_no_signal_is_kept_and_the_next_one_traded(rehearsal, closes):
    symbol, close = next(iter(closes.items()))
    with rehearsal.trading():
        rehearsal.announce("{", a_signal(symbol, -1.0), on="channel")
        rehearsal.announce(a_signal(symbol, close), a_signal(symbol, close), on="channel")
        rehearsal.announce(a_signal(symbol, close))
        first(lambda: finished(rehearsal, 1))
    assert len(rehearsal.rows("SELECT problem FROM malformed_signals")) == 2
    assert len(rehearsal.book().orders) == 1


def test_an_account_has_one_worker(rehearsal, closes):
    with rehearsal.running("worker"):
        first(lambda: "worker_started" in rehearsal.logged("worker"))
        second = rehearsal.ask("worker")
    assert second.code == 1
    assert "trading account paper is in use by" in second.err.splitlines()[-1]
