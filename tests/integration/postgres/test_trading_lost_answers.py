"""The trading store where its way to Postgres breaks: what it lets be acknowledged is durable."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from sqlalchemy import make_url, text

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.domain.trading_records import Arrivals
from alpha_oracle.errors import ChangesRefused, LeaseTaken, StoreUnavailable
from tests.backends import CUT_OTHERS
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
from tests.integration.postgres.test_trading import CUT_LEASES
from tests.trading import NOW, an_order

WAITING_FOR = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE
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
            rows(CUT_OTHERS)

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


def test_nothing_is_to_be_sent_once_trading_is_halted_after_an_answer_was_lost(
    store, wire, database
):
    store.commit(a_change("before", state=a_state()), sends=False)

    def halted_after_it():
        with store.together():
            with wire.cutting(BACK):
                assert store.commit(a_change(orders=(an_order(),)), sends=True)
                assert store.recall(ACCOUNT, an_order().order_id)
            assert wire.cuts == 1
            PostgresKillSwitch(database).change(an_activation(), at=NOW)

    with pytest.raises(ChangesRefused, match="kill switch"):
        halted_after_it()


def test_nothing_is_to_be_sent_where_the_switch_has_no_row_any_more(store, database):
    def lost_among_them():
        with store.together():
            assert store.commit(a_change(orders=(an_order(),)), sends=True)
            assert store.recall(ACCOUNT, an_order().order_id)
            with database.begin() as connection:
                connection.execute(text("DELETE FROM kill_switch"))

    with pytest.raises(ChangesRefused, match="kill switch"):
        lost_among_them()


def test_the_book_has_what_was_still_under_way_on_connections_that_were_lost(
    store, wire, database, rows
):
    with ThreadPoolExecutor(2) as threads, ExitStack() as holding:
        lease = holding.enter_context(ExitStack())
        lease.enter_context(store.only_worker(ACCOUNT))
        holder = holding.enter_context(database.begin())
        holder.execute(text("SELECT FROM kill_switch FOR UPDATE"))
        change = a_change(orders=(an_order(),))
        committing = threads.submit(store.commit, change, sends=True)
        # Nothing tells Postgres, which waits for the switch, that nobody waits for it any more.
        for count in (1, 2):
            while len(rows(f"{WAITING_FOR} 'EXECUTE ao_begin%'")) < count:
                assert not committing.done()
            wire.hang_up()
        with pytest.raises(StoreUnavailable):
            committing.result(timeout=120)
        loading = threads.submit(store.load, ACCOUNT, since=YESTERDAY)
        while not rows(f"{WAITING_FOR} '%UPDATE trading_workers%'"):
            assert not loading.done()
        holder.rollback()
        assert loading.result(timeout=120).orders == (an_order(),)
        with pytest.raises(StoreUnavailable, match="lease"):
            lease.close()


def test_a_turn_whose_answer_was_lost_is_none_of_another_worker(store, database):
    with store.only_worker(ACCOUNT):
        with database.begin() as connection:
            connection.execute(text("UPDATE trading_workers SET epoch = epoch + 1"))
        store.load(ACCOUNT, since=YESTERDAY)
        assert store.commit(a_change(state=a_state()), sends=False)


def test_a_worker_replaced_without_its_knowledge_reads_no_book(store, database, rows):
    with ExitStack() as first, closing(PostgresTradingStore(database)) as successor:
        first.enter_context(store.only_worker(ACCOUNT))
        rows(CUT_LEASES)
        with successor.only_worker(ACCOUNT):
            with pytest.raises(LeaseTaken, match=ACCOUNT):
                store.load(ACCOUNT, since=YESTERDAY)
            assert successor.commit(a_change(state=a_state()), sends=False)
        with pytest.raises(StoreUnavailable, match="lease"):
            first.close()


@pytest.mark.parametrize("port", [0, 1], ids=["that does not answer", "where nobody is"])
def test_changes_are_committed_at_the_next_host_after_one(wire, port):
    near = make_url(wire.url)
    with socket.create_server(("127.0.0.1", 0)) as deaf, ExitStack() as stack:
        first = port or deaf.getsockname()[1]
        hosts = f"host=127.0.0.1:{first}&host=127.0.0.1:{near.port}&connect_timeout=2"
        url = f"postgresql://{near.username}@/{near.database}?{hosts}&sslmode=disable"
        database = stack.enter_context(closing(open_database(url)))
        store = stack.enter_context(closing(PostgresTradingStore(database)))
        assert store.commit(a_change(state=a_state()), sends=False)
