"""The simulated broker outlives who uses it, and is one however many do."""

import signal
from contextlib import closing

import pytest

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.simulated_book import PostgresSimulatedBook
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.errors import OutcomeUnknown
from tests.fakes.broker import CASH, SimulatedMarket
from tests.integration.simulated.elsewhere import ended, in_process, send_and_die, send_many


@pytest.fixture
def market(database_url):
    """The market as the next process finds it."""
    with closing(open_database(database_url)) as database:
        yield SimulatedMarket(book=PostgresSimulatedBook(database, account="paper"))


@pytest.mark.parametrize(
    ("place", "lives"),
    [
        ("before the order is received", False),
        ("before the answer comes", True),
        ("while orders are executed", True),
        ("before executions are told", True),
    ],
)
def test_of_a_process_that_is_killed_the_order_lives_once_or_not_at_all(
    market, database_url, place, lives
):
    assert ended(in_process(send_and_die, database_url, place)) == -signal.SIGKILL
    market.quote()
    snapshot = market.broker.snapshot()
    if not lives:
        assert (snapshot.orders, snapshot.account.cash) == ((), CASH)
        return
    with pytest.raises(OutcomeUnknown):
        market.send()
    (order,), (execution,) = snapshot.orders, snapshot.executions
    assert (order.status, execution.fill.quantity) == (OrderStatus.FILLED, 100)
    assert snapshot.account.cash == CASH - 100 * execution.fill.price - 1
    assert market.broker.snapshot() == snapshot


def test_two_processes_at_one_book_are_one_broker(market, database_url):
    working = [in_process(send_many, database_url, own, 15) for own in ("one", "other")]
    assert [ended(process) for process in working] == [0, 0]
    market.quote()
    snapshot = market.broker.snapshot()
    assert len(snapshot.orders) == 45
    assert {order.status for order in snapshot.orders} == {OrderStatus.FILLED}
    assert [one.fill.quantity for one in snapshot.executions] == [1] * 45
    assert snapshot.positions == {"SYN001": 45}
    paid = sum(one.fill.price + one.fill.commission for one in snapshot.executions)
    assert snapshot.account.cash == CASH - paid
