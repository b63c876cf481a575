"""A day at Interactive Brokers: worker, feed and gateway as processes, and its daily restart."""

from contextlib import closing
from datetime import timedelta

import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.clock import pinned_clock
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import SESSION, SYMBOLS, a_signal, first
from tests.peers.tws.ledger import ConnectionEvent
from tests.peers.tws.market import an_index
from tests.peers.tws.process import gateway_process

pytestmark = pytest.mark.slow

ACCOUNT = "DU1234567"
OPENS, CLOSES = calendar.session_open(SESSION), calendar.session_close(SESSION)
WINDOW_OPENS = OPENS + timedelta(minutes=5)
LINKED = {"worker": "orders_linked", "feed": "quotes_linked"}


@pytest.fixture
def gateway(tmp_path):
    bars = "".join(f"{symbol},{SESSION},9,9,9,9,1000\n" for symbol in SYMBOLS)
    (tmp_path / "bars.csv").write_text("symbol,date,open,high,low,close,volume\n" + bars)
    with gateway_process(tmp_path / "bars.csv", folder=tmp_path, now=OPENS) as made:
        made.remote.list_contract(an_index())
        yield made


@pytest.fixture
def drill(home, database_url, redis_url, nursery, gateway):
    settings = {
        "BROKER__PROVIDER": "ibkr",
        "BROKER__IBKR__PORT": gateway.port,
        "BROKER__IBKR__ACCOUNT": ACCOUNT,
        "RISK__AUTONOMY_MODE": "BOUNDED_AUTONOMOUS",
    }
    stores = {"database_url": database_url, "redis_url": redis_url}
    drill = Drill(home=home, settings=settings, nursery=nursery, **stores)
    yield drill
    drill.close()


def test_a_day_from_its_signals_to_its_last_reconciliation(drill, gateway):
    (met, one), (waiting, two), (unmet, three) = list(drill.store_market().items())[:3]
    closes = {met: one, waiting: two, unmet: three}
    be_at(drill, gateway, WINDOW_OPENS - timedelta(seconds=5))
    gateway.remote.tick("VIX", last="15.5")
    for symbol, close in closes.items():
        gateway.remote.tick(symbol, **around(close))
    gateway.remote.quote(met, **around(one))
    drill.start("feed", "worker")
    # Without it nothing is bought, and nothing waits for it.
    first(lambda: drill.redis_cli("HGET", "feed:quote:VIX", "last_price"))
    drill.send(*(a_signal(symbol, close) for symbol, close in closes.items()))
    first(lambda: statuses(drill).get(met) == "FILLED" and len(working(gateway)) == 2)

    restart(drill, gateway)
    gateway.remote.tick("VIX", last="15.5")
    gateway.remote.quote(waiting, **around(two))
    first(lambda: statuses(drill).get(waiting) == "FILLED")

    drill.end("worker", "feed")
    be_at(drill, gateway, CLOSES - timedelta(seconds=15))
    drill.start("feed", "worker")
    clock = pinned_clock(drill.home, start_at=CLOSES)
    first(lambda: clock.now() >= CLOSES)
    gateway.remote.set_now(CLOSES)
    # A worker that starts after the close looks at both sides before it knows of this.
    first(lambda: statuses(drill).get(unmet) == "EXPIRED")
    last = first(lambda: reconciled_after(drill, CLOSES))
    drill.end("worker", "feed")

    assert statuses(drill) == {met: "FILLED", waiting: "FILLED", unmet: "EXPIRED"}
    assert all(order.created_at >= WINDOW_OPENS for order in drill.book(ACCOUNT).orders)
    assert (last.is_green, last.drift_pct, last.cash_difference_usd) == (True, 0, 0)
    assert_book_is_the_gateways(drill, gateway)
    named = [
        one.client_id for one in gateway.ledger.connections if one.event is ConnectionEvent.NAMED
    ]
    # At the start, after the daily restart, and of the processes that lived through the close.
    assert sorted(named) == [1, 1, 1, 3, 3, 3]


def be_at(drill, gateway, instant):
    """Let it be that instant, for processes that start from here on and for the gateway."""
    drill.set_clock(instant)
    gateway.remote.set_now(instant)


def around(price):
    """A market a cent to both sides."""
    return {"bid": round(price - 0.01, 2), "ask": round(price + 0.01, 2)}


def restart(drill, gateway):
    """The daily restart, until worker and feed are back."""
    before = {name: drill.logged(name).count(event) for name, event in LINKED.items()}
    gateway.kill()
    first(lambda: "orders_not_linked" in drill.logged("worker"))
    gateway.start()
    first(lambda: all(drill.logged(one).count(LINKED[one]) > before[one] for one in before))


def working(gateway):
    """The orders that work at the gateway."""
    return list(gateway.remote.exchange.working())


def statuses(drill):
    """Where the orders on record stand, by symbol."""
    return {order.symbol: order.status.value for order in drill.book(ACCOUNT).orders}


def reconciled_after(drill, instant):
    """The last look at book and broker side by side, once it is of after an instant."""
    with closing(open_database(drill.database_url)) as database:
        last = PostgresTradingStore(database).last_reconciliation(ACCOUNT)
    return last if last is not None and last.at >= instant else None


def assert_book_is_the_gateways(drill, gateway):
    """Shares, cash and executions are the same on both sides, and each order was sent once."""
    truth, book = gateway.remote.exchange, drill.book(ACCOUNT)
    filled = {ticket.symbol: ticket.filled for ticket in truth.tickets if ticket.filled}
    assert {lot.symbol: lot.quantity for lot in book.lots} == filled
    assert book.state.cash_usd == truth.cash
    executions = {fill.execution_id for order in book.orders for fill in order.fills}
    assert executions == {deal.exec_id for deal in truth.deals}
    assert sorted(one.order_ref for one in truth.tickets) == sorted(
        one.order_id for one in book.orders
    )
