"""The trading store among processes and faults; what it keeps is in the contract."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, nullcontext
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.operators import PostgresApprovalDesk, PostgresOperatorDesk
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.trading_records import Arrivals
from alpha_oracle.errors import (
    ConfigurationError,
    ContradictsRecord,
    LeaseTaken,
    MalformedSignal,
    RecordUnwritable,
    StoreUnavailable,
)
from tests.backends import OTHERS
from tests.contracts.trading_values import (
    ACCOUNT,
    YESTERDAY,
    a_cascade_run,
    a_change,
    a_day_trade_decision,
    a_fill,
    a_received_signal,
    a_reconciliation,
    a_request,
    a_state,
    an_activation,
    an_alert,
    an_approval,
    executed,
    submitted,
)
from tests.integration.postgres.committing import numbered
from tests.integration.postgres.stored_rows import REFUSE
from tests.trading import NOW, TODAY, an_order

# Sessions that run a statement of the worker's connection, or wait in one.
COMMITTING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'EXECUTE ao_begin%'
"""
# What holds a lease in this database; neighbours on the server have leases of their own.
CUT_LEASES = """
SELECT pg_terminate_backend(pid, 60000) FROM pg_locks
WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
WAITING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
# Who writes the account's row too waits until this is over; it comes after most of a change.
SAME_ROW = "INSERT INTO trading_accounts (account, cash_usd, at) VALUES ('paper', 0, now())"

COMMITTER = [sys.executable, "-m", "tests.integration.postgres.committing"]
WRITTEN = ("trading_changes", "orders", "order_events", "fills", "cascade_runs", "outbox")


@pytest.fixture
def store(database):
    store = PostgresTradingStore(database)
    yield store
    store.close()


def orders(store):
    return [order.order_id for order in store.load(ACCOUNT, since=TODAY).orders]


def a_decision(change_id="change-1", **order):
    return a_change(change_id, orders=(an_order(**order),), state=a_state())


def counts(rows):
    return {table: rows(f"SELECT count(*) FROM {table}")[0][0] for table in WRITTEN}


def in_its_midst(rows, *, besides=()):
    """The session whose commit waits for a lock in one of its last statements."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        for (pid,) in rows(f"{COMMITTING} AND wait_event_type = 'Lock'"):
            if pid not in besides:
                return pid
    raise AssertionError("no commit waits")


def test_a_commit_cut_in_its_midst_leaves_nothing(store, database, rows):
    with ThreadPoolExecutor(1) as thread, database.begin() as holder:
        holder.execute(text(SAME_ROW))
        waiting = thread.submit(store.commit, numbered(1), sends=True)
        cut = []
        # The second time it is not tried again.
        for _ in range(2):
            cut.append(in_its_midst(rows, besides=cut))
            assert set(counts(rows).values()) == {0}
            rows("SELECT pg_terminate_backend(:pid, 60000)", pid=cut[-1])
        with pytest.raises(StoreUnavailable):
            waiting.result(timeout=120)
    assert set(counts(rows).values()) == {0}
    assert store.commit(numbered(1), sends=True)
    assert set(counts(rows).values()) == {1}


def test_a_worker_killed_in_the_midst_of_a_commit_leaves_all_of_it(
    store, database, database_url, rows
):
    with subprocess.Popen([*COMMITTER, database_url, "1"], stdout=subprocess.DEVNULL) as process:
        with database.begin() as holder:
            holder.execute(text(SAME_ROW))
            pid = in_its_midst(rows)
            process.kill()
            process.wait()
            done = counts(rows)
            assert len(set(done.values())) == 1
        while rows("SELECT FROM pg_stat_activity WHERE pid = :pid", pid=pid):
            pass
    assert counts(rows) == {table: count + 1 for table, count in done.items()}


@pytest.mark.parametrize("told", [0, 1, 30])
def test_a_worker_killed_anywhere_leaves_nothing_by_half(store, database_url, rows, told):
    """Whatever it was told to be committed is there; of what it was not told, all or nothing."""
    script = [*COMMITTER, database_url, "1"]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as process:
        heard = [process.stdout.readline() for _ in range(told)]
        process.kill()
        heard += process.stdout.readlines()
    # What it had under way is committed or not once the server has found it gone.
    while rows(OTHERS):
        pass
    numbers = [int(line) for line in heard if line.endswith("\n")]
    book = store.load(ACCOUNT, since=TODAY)
    done = len(book.orders)
    assert len(numbers) <= done <= len(numbers) + 1
    assert len(numbers) >= told
    assert set(counts(rows).values()) == {done}
    assert [int(lot.quantity) for lot in book.lots] == ([done] if done else [])
    assert (book.state is not None and book.state.cash_usd) == (done or False)
    assert store.commit(numbered(max(done, 1)), sends=True)
    assert len(orders(store)) == max(done, 1)


def test_a_connection_cut_between_changes_is_made_anew(store, rows):
    assert store.commit(a_decision(), sends=True)
    ((pid,),) = rows(COMMITTING)
    rows("SELECT pg_terminate_backend(:pid, 60000)", pid=pid)
    assert store.commit(a_decision("change-2", order_id="order-2"), sends=True)
    assert orders(store) == ["order-1", "order-2"]


def test_a_connection_cut_in_a_commit_commits_it_once(store, database, rows):
    with ThreadPoolExecutor(1) as thread, database.begin() as holder:
        holder.execute(text("SELECT * FROM kill_switch FOR UPDATE"))
        waiting = thread.submit(store.commit, a_decision(), sends=True)
        while not (first := rows(COMMITTING)):
            assert not waiting.done()
        rows("SELECT pg_terminate_backend(:pid, 60000)", pid=first[0][0])
        while rows(COMMITTING) in ([], first):
            assert not waiting.done()
        holder.rollback()
        assert waiting.result(timeout=120)
    assert orders(store) == ["order-1"]


def test_a_commit_waits_for_a_switch_about_to_be_thrown(store, database, rows):
    with ThreadPoolExecutor(1) as thread:
        with database.begin() as holder:
            holder.execute(text("UPDATE kill_switch SET is_active = true, activated_at = now()"))
            waiting = thread.submit(store.commit, a_decision(), sends=True)
            while not rows(f"{COMMITTING} AND wait_event_type = 'Lock'"):
                assert not waiting.done()
        assert waiting.result(timeout=120) is False
    assert orders(store) == []


def test_a_switch_is_thrown_after_the_commit_it_met(store, database, rows):
    """Who throws it waits for the commit under way; the next one finds it active."""
    switch = PostgresKillSwitch(database)
    with ThreadPoolExecutor(1) as thread:
        with database.begin() as worker:
            worker.execute(
                text("SELECT begin_trading_change('c', :account, :at, NULL, true)"),
                {"account": ACCOUNT, "at": NOW},
            )
            throwing = thread.submit(switch.change, an_activation(), at=NOW)
            while not rows(WAITING):
                assert not throwing.done()
        assert throwing.result(timeout=120).is_active
    assert rows("SELECT change_id FROM trading_changes") == [("c",)]
    assert not store.commit(a_decision(), sends=True)


def test_a_number_no_column_takes_contradicts_the_record(store, rows):
    whole = executed(a_fill(quantity=2**63))
    store.commit(a_change(orders=(an_order(),)), sends=False)
    with pytest.raises(ContradictsRecord):
        store.commit(a_change("change-2", events=(("order-1", whole),)), sends=False)
    assert rows("SELECT count(*) FROM fills") == [(0,)]


def test_without_its_row_the_switch_halts(store, database):
    with database.begin() as connection:
        connection.execute(text("DELETE FROM kill_switch"))
    assert not store.commit(a_decision(), sends=True)
    with pytest.raises(ConfigurationError, match="kill switch"):
        PostgresKillSwitch(database).record()


def test_a_worker_replaced_without_its_knowledge_commits_nothing_more(store, database_url, rows):
    with closing(open_database(database_url)) as other, ExitStack() as first:
        successor = PostgresTradingStore(other)
        first.enter_context(store.only_worker(ACCOUNT))
        assert store.commit(a_decision(), sends=True)
        rows(CUT_LEASES)
        # Nobody took over yet: it goes on.
        assert store.commit(a_decision("change-2", order_id="order-2"), sends=True)
        with successor.only_worker(ACCOUNT):
            with pytest.raises(LeaseTaken, match=ACCOUNT):
                store.commit(a_decision("change-3", order_id="order-3"), sends=False)
            assert successor.commit(a_decision("change-4", order_id="order-4"), sends=True)
        with pytest.raises(LeaseTaken):
            store.commit(a_decision("change-5", order_id="order-5"), sends=True)
        with pytest.raises(StoreUnavailable, match="lease"):
            first.close()
        successor.close()
    assert orders(store) == ["order-1", "order-2", "order-4"]


@pytest.mark.parametrize(
    "table", ["order_events", "cascade_runs", "pdt_audit_log", "kill_switch_changes"]
)
@pytest.mark.parametrize("verb", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET at = now()"])
def test_what_happened_stands_for_ever(store, database, rows, table, verb):
    change = a_change(
        orders=(an_order(),),
        events=(("order-1", submitted()),),
        cascade_runs=(a_cascade_run(),),
        day_trade_decisions=(a_day_trade_decision(),),
    )
    store.commit(change, sends=False)
    PostgresKillSwitch(database).change(an_activation(), at=NOW)
    with pytest.raises(DBAPIError, match="append-only"), database.begin() as connection:
        connection.execute(text(verb.format(table)))
    assert rows(f"SELECT count(*) FROM {table}") == [(1,)]


def test_what_an_operator_does_is_audited_once(store, database, rows):
    switch, desk = PostgresKillSwitch(database), PostgresApprovalDesk(database)
    waits = an_order(status=OrderStatus.AWAITING_APPROVAL)
    store.commit(a_change(orders=(waits,), approvals=(an_approval(),)), sends=False)
    for _ in range(2):
        switch.change(an_activation(), at=NOW)
        switch.change(an_activation(is_active=False, changed_by="you", reason=""), at=NOW)
        desk.decide("order-1", approve=False, by="me", at=NOW)
        PostgresOperatorDesk(database).ask(a_request())
    assert rows("SELECT actor, action, subject FROM audit_log ORDER BY audit_id") == [
        ("me", "kill_switch_activated", "kill_switch"),
        ("you", "kill_switch_deactivated", "kill_switch"),
        ("me", "order_rejected", "order:order-1"),
        ("me", "reset_peak", "account:paper"),
    ]


def test_a_change_of_the_switch_that_was_refused_leaves_no_trace(database, rows):
    switch = PostgresKillSwitch(database)
    switch.change(an_activation(), at=NOW)
    stale = replace(an_activation(), is_active=False, activated_at=None)
    with pytest.raises(ContradictsRecord):
        switch.change(stale, at=NOW)
    for table in ("kill_switch_changes", "audit_log", "outbox"):
        assert rows(f"SELECT count(*) FROM {table}") == [(1,)]


def test_workers_that_take_in_at_once_keep_each_signal_once(store, database_url, rows):
    arrivals = Arrivals(signals=tuple(a_received_signal(f"s-{number}") for number in range(50)))
    with closing(open_database(database_url)) as other, ThreadPoolExecutor(2) as pool:
        stores = [store, PostgresTradingStore(other)]
        jobs = [pool.submit(one.take_in, ACCOUNT, arrivals, at=NOW) for one in stores]
        assert [len(job.result().new) for job in jobs] == [50, 50]
    assert rows("SELECT count(*) FROM signal_inbox") == [(50,)]


SO_FAR = "SELECT pg_current_wal_insert_lsn()"
TOLD = Arrivals(announcements=(an_alert(),))
GREEN = a_reconciliation(mismatches=())
IS_ON_DISK = "SELECT pg_current_wal_flush_lsn() >= CAST(:written AS pg_lsn)"


@pytest.mark.parametrize(
    "settle",
    [
        pytest.param(lambda store: store.settle(), id="settled"),
        pytest.param(lambda store: store.commit(a_decision(), sends=False), id="a commit after it"),
        pytest.param(lambda store: store.load(ACCOUNT, since=TODAY), id="loaded"),
        pytest.param(lambda store: store.take_in(ACCOUNT, TOLD, at=NOW), id="told once more"),
        pytest.param(lambda store: store.save_reconciliation(GREEN), id="reconciled once more"),
    ],
)
def test_what_was_taken_in_is_on_disk_once_it_is_settled(store, rows, settle):
    store.take_in(ACCOUNT, TOLD, at=NOW)
    store.save_reconciliation(GREEN)
    store.take_in(ACCOUNT, Arrivals(signals=(a_received_signal(),)), at=NOW)
    ((written,),) = rows(SO_FAR)
    settle(store)
    assert rows(IS_ON_DISK, written=written) == [(True,)]


def test_a_server_that_is_away_is_told_and_nothing_is_known_committed(tmp_path):
    with closing(open_database(f"postgresql:///name?host={tmp_path}")) as nowhere:
        store = PostgresTradingStore(nowhere)
        with pytest.raises(StoreUnavailable):
            store.commit(a_decision(), sends=True)
        with pytest.raises(StoreUnavailable):
            store.load(ACCOUNT, since=TODAY)


def test_without_a_schema_the_operator_is_told_to_upgrade(empty_database_url):
    with closing(open_database(empty_database_url)) as empty:
        store = PostgresTradingStore(empty)
        with pytest.raises(ConfigurationError, match="db upgrade"):
            store.commit(a_decision(), sends=True)


def test_what_comes_again_and_cannot_be_kept_is_told_by_itself_and_holds_up_no_other(store):
    odd, sound = a_received_signal("signal\x00"), a_received_signal("signal-2")
    store.load(ACCOUNT, since=YESTERDAY)
    for signal in (odd, sound):
        store.take_in(ACCOUNT, Arrivals(signals=(signal,), comes_again=True), at=NOW)
    with pytest.raises(StoreUnavailable):
        store.commit(a_change(), sends=False)
    with pytest.raises(StoreUnavailable):
        store.settle()
    store.load(ACCOUNT, since=YESTERDAY)
    with pytest.raises(MalformedSignal):
        store.take_in(ACCOUNT, Arrivals(signals=(odd,), comes_again=True), at=NOW)
    store.take_in(ACCOUNT, Arrivals(signals=(sound,), comes_again=True), at=NOW)
    store.settle()
    assert store.load(ACCOUNT, since=YESTERDAY).waiting == (sound,)


KEPT = nullcontext()


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param(
            REFUSE.format(table="pdt_audit_log"), "this table takes nothing", id="refuses every row"
        ),
        pytest.param("ALTER TABLE pdt_audit_log RENAME TO gone", "does not exist", id="is gone"),
    ],
)
def test_an_audit_row_that_cannot_be_written_is_told_as_that(store, rows, broken, reason, together):
    store.commit(a_change("before", state=a_state()), sends=False)
    decision = a_day_trade_decision()
    change = a_change("audited", orders=(an_order(),), day_trade_decisions=(decision,))
    rows(f"{broken}; SELECT 1")
    with pytest.raises(RecordUnwritable, match=reason), store.together() if together else KEPT:
        store.commit(change, sends=True)
    assert rows("SELECT FROM orders") == []
    store.commit(a_change("after", announcements=(an_alert(),)), sends=False)
