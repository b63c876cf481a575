"""The trading store where its way to Postgres breaks: what it lets be acknowledged is durable."""

from contextlib import closing

import pytest

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.domain.trading_records import Arrivals
from alpha_oracle.errors import StoreUnavailable
from tests.chaos.wire import BACK, Wire
from tests.contracts.trading_values import (
    ACCOUNT,
    YESTERDAY,
    a_change,
    a_received_signal,
    a_state,
    an_activation,
    an_outcome,
)
from tests.trading import NOW, an_order

CONNECTIONS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def wire(database_url):
    with closing(Wire(database_url)) as wire:
        yield wire


@pytest.fixture
def store(wire):
    with (
        closing(open_database(wire.url)) as database,
        closing(PostgresTradingStore(database)) as store,
    ):
        yield store


def came_again(store, *signals):
    return store.take_in(ACCOUNT, Arrivals(signals=signals, comes_again=True), at=NOW).new


def test_a_change_whose_answer_was_lost_among_others_is_as_little_durable_as_they_are(
    store, wire, rows
):
    store.commit(a_change("before", state=a_state()), sends=False)

    def cut_after_it():
        with store.together():
            with wire.cutting(BACK):
                assert store.commit(a_change(orders=(an_order(),)), sends=False)
                assert store.recall(ACCOUNT, an_order().order_id)
            assert wire.cuts == 1
            rows(CONNECTIONS)

    with pytest.raises(StoreUnavailable):
        cut_after_it()


@pytest.mark.parametrize("sends", [True, False])
def test_what_comes_again_is_not_forgotten_where_the_store_goes_after_it_refused_the_change(
    store, wire, database, sends
):
    store.load(ACCOUNT, since=YESTERDAY)
    PostgresKillSwitch(database).change(an_activation(), at=NOW)
    came_again(store, a_received_signal())
    wire.last_words = b"AO002" if sends else b"violates foreign key constraint"
    stranger = an_outcome(signal_id="of nobody")
    with pytest.raises(StoreUnavailable):
        store.commit(a_change(outcomes=(stranger,)), sends=sends)
    with pytest.raises(StoreUnavailable):
        store.settle()
    wire.mend()
    store.load(ACCOUNT, since=YESTERDAY)
    assert came_again(store, a_received_signal()) == (a_received_signal(),)
    store.settle()
    assert store.load(ACCOUNT, since=YESTERDAY).waiting == (a_received_signal(),)
