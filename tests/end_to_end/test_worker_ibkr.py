"""The worker at Interactive Brokers: its process, a gateway's, signals by Redis."""

import signal

import pytest

from alpha_oracle.domain.orders import OrderStatus
from tests.end_to_end.trading_world import SESSION, START, SYMBOLS, Rehearsal, a_signal, end, first
from tests.peers.tws.market import an_index
from tests.peers.tws.process import gateway_process

pytestmark = pytest.mark.slow

ACCOUNT = "DU1234567"


@pytest.fixture
def gateway(tmp_path):
    bars = "".join(f"{symbol},{SESSION},9,9,9,9,1000\n" for symbol in SYMBOLS)
    (tmp_path / "bars.csv").write_text("symbol,date,open,high,low,close,volume\n" + bars)
    with gateway_process(tmp_path / "bars.csv", folder=tmp_path, now=START) as made:
        made.remote.list_contract(an_index())
        yield made


@pytest.fixture
def rehearsal(home, database_url, redis_url, gateway):
    settings = {
        "BROKER__PROVIDER": "ibkr",
        "BROKER__IBKR__PORT": gateway.port,
        "BROKER__IBKR__ACCOUNT": ACCOUNT,
        "RISK__AUTONOMY_MODE": "BOUNDED_AUTONOMOUS",
        "FEED__SOURCE": "simulated",
    }
    return Rehearsal(home=home, database_url=database_url, redis_url=redis_url, settings=settings)


def quote(gateway, symbol, close):
    gateway.remote.quote(symbol, bid=round(close - 0.01, 2), ask=round(close + 0.01, 2))


def ended(rehearsal, count=1):
    orders = [one for one in rehearsal.book(ACCOUNT).orders if one.parent_id is None]
    done = [order for order in orders if order.is_final]
    return done if len(done) >= count else None


def test_a_signal_becomes_an_order_and_a_position_at_the_gateway(rehearsal, gateway):
    symbol, close = next(iter(rehearsal.store_market().items()))
    quote(gateway, symbol, close)
    with rehearsal.trading() as worker:
        rehearsal.announce(a_signal(symbol, close))
        (order,) = first(lambda: ended(rehearsal))
        assert end(worker) == 0
    truth = gateway.remote.exchange
    (ticket,) = truth.tickets
    assert (order.status, ticket.status) == (OrderStatus.FILLED, "Filled")
    assert (ticket.order_ref, ticket.quantity) == (order.order_id, order.quantity)
    assert order.broker_order_id == str(ticket.perm_id)
    assert not order.simulated
    book = rehearsal.book(ACCOUNT)
    assert [(lot.symbol, lot.quantity) for lot in book.lots] == [(symbol, ticket.filled)]
    assert book.state.cash_usd == truth.cash


def test_an_order_filled_while_the_worker_was_dead_is_booked_by_the_next(rehearsal, gateway):
    symbol, close = next(iter(rehearsal.store_market().items()))
    with rehearsal.trading() as worker:
        rehearsal.announce(a_signal(symbol, close))
        first(lambda: gateway.remote.exchange.tickets)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    quote(gateway, symbol, close)
    with rehearsal.trading() as worker:
        (order,) = first(lambda: ended(rehearsal))
        assert end(worker) == 0
    truth = gateway.remote.exchange
    assert [one.order_ref for one in truth.tickets] == [order.order_id]
    book = rehearsal.book(ACCOUNT)
    assert [(lot.symbol, lot.quantity) for lot in book.lots] == [(symbol, order.quantity)]
    assert book.state.cash_usd == truth.cash


def test_a_gateway_that_restarts_in_the_day_costs_nothing(rehearsal, gateway):
    (one, close), (two, other) = list(rehearsal.store_market().items())[:2]
    quote(gateway, one, close)
    with rehearsal.trading() as worker:
        rehearsal.announce(a_signal(one, close))
        first(lambda: ended(rehearsal))
        gateway.kill()
        first(lambda: "orders_not_linked" in rehearsal.logged("worker"))
        rehearsal.announce(a_signal(two, other))
        gateway.start()
        quote(gateway, two, other)
        first(lambda: ended(rehearsal, 2))
        assert end(worker) == 0
    truth = gateway.remote.exchange
    assert [ticket.status for ticket in truth.tickets] == ["Filled", "Filled"]
    held = {lot.symbol: lot.quantity for lot in rehearsal.book(ACCOUNT).lots}
    assert held == {ticket.symbol: ticket.filled for ticket in truth.tickets}
    assert rehearsal.book(ACCOUNT).state.cash_usd == truth.cash


def test_paper_only_never_connects_for_orders(rehearsal, gateway):
    rehearsal.settings["RISK__AUTONOMY_MODE"] = "PAPER_ONLY"
    symbol, close = next(iter(rehearsal.store_market().items()))
    with rehearsal.trading() as worker:
        rehearsal.announce(a_signal(symbol, close))
        first(lambda: [one for one in rehearsal.book("paper").orders if one.is_final])
        assert end(worker) == 0
    assert gateway.ledger.connections == []


def test_an_account_that_contradicts_its_port_starts_no_worker(rehearsal, gateway):
    rehearsal.settings["BROKER__IBKR__ACCOUNT"] = "U1234567"
    asked = rehearsal.ask("worker")
    assert asked.returncode == 1
    assert "is contradictory" in asked.stderr
    assert gateway.ledger.connections == []


def test_a_gateway_of_another_account_starts_no_worker(rehearsal):
    rehearsal.settings["BROKER__IBKR__ACCOUNT"] = "DU7654321"
    asked = rehearsal.ask("worker")
    assert asked.returncode == 1
    assert "broker.ibkr.account" in asked.stderr
