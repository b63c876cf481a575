"""The worker and the feed as processes, signals by Redis: a rehearsal of a session."""

import time

import pytest

from alpha_oracle.domain.orders import OrderStatus
from tests.end_to_end.command_line import PATIENCE_SECONDS
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
        told = first(lambda: len(hear()) >= 2 and hear())
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


def outcomes(rehearsal):
    """How many outcomes each signal has on record."""
    query = "SELECT signal_id, count(*) FROM signal_outcomes GROUP BY signal_id"
    return dict(tuple(row) for row in rehearsal.rows(query))


def started(rehearsal, *, times=1):
    """Wait until workers have started so often."""
    first(lambda: rehearsal.logged("worker").count("worker_started") >= times)


def test_a_worker_killed_again_and_again_loses_and_repeats_nothing(rehearsal, closes):
    with rehearsal.running("feed"):
        for number, (symbol, close) in enumerate(closes.items()):
            with rehearsal.running("worker") as worker:
                started(rehearsal, times=number + 1)
                rehearsal.announce(a_signal(symbol, close))
                # Each worker dies a little later after its signal than the one before.
                time.sleep(0.15 * number)
                worker.kill()
                worker.wait(PATIENCE_SECONDS)
        with rehearsal.running("worker") as worker:
            first(lambda: finished(rehearsal, len(closes)))
            assert end(worker) == 0

    assert len(outcomes(rehearsal)) == len(closes)
    assert set(outcomes(rehearsal).values()) == {1}
    book, broker = rehearsal.book(), rehearsal.broker()
    assert {order.order_id for order in broker.orders} <= {one.order_id for one in book.orders}
    assert len({order.symbol for order in broker.orders}) == len(broker.orders)
    assert {lot.symbol: lot.quantity for lot in book.lots} == {
        symbol: position.quantity for symbol, position in broker.positions.items()
    }
    assert book.state.cash_usd == broker.cash


def test_what_is_no_signal_is_kept_and_the_next_one_traded(rehearsal, closes):
    symbol, close = next(iter(closes.items()))
    with rehearsal.trading():
        rehearsal.announce("{", a_signal(symbol, -1.0), on="channel")
        rehearsal.announce(a_signal(symbol, close), a_signal(symbol, close), on="channel")
        rehearsal.announce(a_signal(symbol, close))
        first(lambda: finished(rehearsal, 1))
    assert len(rehearsal.rows("SELECT problem FROM malformed_signals")) == 2
    assert len(rehearsal.book().orders) == 1


def test_a_kill_switch_thrown_by_hand_halts_and_is_resumed_by_its_word(rehearsal, closes):
    (one, close), (other, its_close), *_ = closes.items()
    rehearsal.settings["RISK__KILL_SWITCH__COOLDOWN_MINUTES"] = 0
    with rehearsal.trading():
        assert rehearsal.ask("kill", "activate", "--confirm", "KILL").code == 0
        rehearsal.announce(a_signal(one, close))
        first(lambda: outcomes(rehearsal))
        assert rehearsal.broker().orders == ()

        answer = rehearsal.ask("kill", "resume", "--confirm", "RESUME")
        assert (answer.code, answer.err) == (0, "")
        rehearsal.announce(a_signal(other, its_close))
        (order,) = first(lambda: finished(rehearsal, 1))
        assert order.symbol == other


def test_an_account_has_one_worker(rehearsal, closes):
    with rehearsal.running("worker"):
        started(rehearsal)
        second = rehearsal.ask("worker")
    assert second.code == 1
    assert "trading account paper is in use by" in second.err.splitlines()[-1]
