"""The worker at Interactive Brokers: its process, a gateway's, signals by Redis."""

import pytest

from alpha_oracle.domain.orders import OrderStatus
from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import SESSION, START, SYMBOLS, a_signal, at_last, first
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
def drill(home, database_url, redis_url, nursery, gateway):
    settings = {
        "BROKER__PROVIDER": "ibkr",
        "BROKER__IBKR__PORT": gateway.port,
        "BROKER__IBKR__ACCOUNT": ACCOUNT,
        "RISK__AUTONOMY_MODE": "BOUNDED_AUTONOMOUS",
        "FEED__SOURCE": "simulated",
    }
    stores = {"database_url": database_url, "redis_url": redis_url}
    drill = Drill(home=home, settings=settings, nursery=nursery, **stores)
    yield drill
    drill.close()


def quote(gateway, symbol, close):
    gateway.remote.quote(symbol, bid=round(close - 0.01, 2), ask=round(close + 0.01, 2))


def ended(drill, count=1, account=ACCOUNT):
    """The orders on record once so many have come to an end."""
    orders = [one for one in drill.book(account).orders if one.parent_id is None]
    done = [order for order in orders if order.is_final]
    return done if len(done) >= count else None


def assert_book_is_the_gateways(drill, gateway):
    truth, book = gateway.remote.exchange, drill.book(ACCOUNT)
    filled = {one.symbol: one.filled for one in truth.tickets if one.filled}
    assert {lot.symbol: lot.quantity for lot in book.lots} == filled
    # A commission is told after what it is for.
    assert at_last(lambda: drill.book(ACCOUNT).state.cash_usd, truth.cash) == truth.cash
    assert [one.order_ref for one in truth.tickets] == [one.order_id for one in book.orders]


def test_a_signal_becomes_an_order_and_a_position_at_the_gateway(drill, gateway):
    symbol, close = next(iter(drill.store_market().items()))
    quote(gateway, symbol, close)
    drill.start("feed", "worker")
    drill.send(a_signal(symbol, close))
    (order,) = first(lambda: ended(drill))
    (ticket,) = gateway.remote.exchange.tickets
    assert (order.status, ticket.status) == (OrderStatus.FILLED, "Filled")
    assert (order.broker_order_id, order.simulated) == (str(ticket.perm_id), False)
    assert_book_is_the_gateways(drill, gateway)


def test_quotes_and_orders_both_come_and_go_through_the_gateway(drill, gateway):
    del drill.settings["FEED__SOURCE"]
    symbol, close = next(iter(drill.store_market().items()))
    gateway.remote.tick("VIX", last="15.5")
    quote(gateway, symbol, close)
    drill.start("feed", "worker")
    # Without it nothing is bought, and nothing waits for it.
    first(lambda: drill.redis_cli("HGET", "feed:quote:VIX", "last_price"))
    drill.send(a_signal(symbol, close))
    (order,) = first(lambda: ended(drill))
    assert order.status is OrderStatus.FILLED
    assert gateway.remote.connected_ids == (1, 3)
    assert_book_is_the_gateways(drill, gateway)


def test_an_order_filled_while_the_worker_was_dead_is_booked_by_the_next(drill, gateway):
    symbol, close = next(iter(drill.store_market().items()))
    drill.start("feed", "worker")
    drill.send(a_signal(symbol, close))
    first(lambda: gateway.remote.exchange.tickets)
    drill.end("worker")
    quote(gateway, symbol, close)
    drill.start("worker")
    (order,) = first(lambda: ended(drill))
    assert order.status is OrderStatus.FILLED
    assert_book_is_the_gateways(drill, gateway)


def test_a_gateway_that_restarts_in_the_day_costs_nothing(drill, gateway):
    (one, close), (two, other) = list(drill.store_market().items())[:2]
    quote(gateway, one, close)
    drill.start("feed", "worker")
    drill.send(a_signal(one, close))
    first(lambda: ended(drill))
    gateway.kill()
    first(lambda: "orders_not_linked" in drill.logged("worker"))
    drill.send(a_signal(two, other))
    gateway.start()
    quote(gateway, two, other)
    first(lambda: ended(drill, 2))
    assert_book_is_the_gateways(drill, gateway)


def test_paper_only_never_connects_for_orders(drill, gateway):
    drill.settings["RISK__AUTONOMY_MODE"] = "PAPER_ONLY"
    symbol, close = next(iter(drill.store_market().items()))
    drill.start("feed", "worker")
    drill.send(a_signal(symbol, close))
    first(lambda: ended(drill, account="paper"))
    assert gateway.remote.ledger.connections == []


@pytest.mark.parametrize(
    ("account", "complaint"),
    [("U1234567", "is contradictory"), ("DU7654321", "broker.ibkr.account")],
    ids=["a live number at a paper port", "another than the gateway's"],
)
def test_an_account_that_is_not_confirmed_starts_no_worker(drill, account, complaint):
    drill.settings["BROKER__IBKR__ACCOUNT"] = account
    asked = drill.ask("worker")
    assert asked.code == 2
    assert complaint in asked.err
