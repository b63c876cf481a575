"""The vital signs of an installation, counted where they are kept."""

from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.outbox import PostgresOutbox
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.adapters.postgres.vital_signs import PostgresVitalSigns
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.domain.trading_records import Arrivals
from alpha_oracle.errors import StoreUnavailable
from tests.contracts import trading_values as values
from tests.fakes.event_bus import InMemoryEventBus
from tests.trading import NOW, TODAY, an_order

LATER = NOW + timedelta(minutes=5)
EVE = values.YESTERDAY


@pytest.fixture
def signs(database):
    return lambda: PostgresVitalSigns(database).read(traded=TODAY, decided=EVE)


@pytest.fixture
def store(database):
    with closing(PostgresTradingStore(database)) as store:
        yield store


def test_an_installation_that_did_nothing_has_nothing_to_tell(signs):
    found = signs()
    assert (found.newest_run, found.newest_done) == (None, None)
    assert (found.outbox_pending, found.outbox_oldest_at) == (0, None)
    assert (found.approvals_waiting, found.held_bars) == (0, 0)
    assert (found.orders, found.signals) == ({}, {})


def test_the_newest_run_and_the_newest_that_was_done_are_told_apart(database, signs):
    runs = PostgresRuns(database)
    for session in (EVE, TODAY):
        runs.begin(session, as_of=NOW, settings={}, at=NOW)
    runs.begin(TODAY + timedelta(days=3), (values.SYMBOL,), as_of=NOW, settings={}, at=NOW)
    runs.finish(EVE, summary={"signals": 3, "figures": {"bars_stored": 480}}, at=LATER)
    runs.fail(TODAY, error="no bars", at=LATER)
    found = signs()
    assert (found.newest_run.session, found.newest_run.status) == (TODAY, RunStatus.FAILED)
    assert found.newest_done.session == EVE
    assert found.newest_done.figures == {"bars_stored": 480}
    assert (found.newest_done.started_at, found.newest_done.finished_at) == (NOW, LATER)
    assert found.newest_run.figures == {}


def test_orders_and_signals_of_a_session_are_counted_by_what_became_of_them(store, signs):
    arrivals = [values.a_received_signal(f"signal-{number}") for number in range(3)]
    store.take_in("paper", Arrivals(signals=tuple(arrivals)), at=NOW)
    waiting = an_order(order_id="waits", status=OrderStatus.AWAITING_APPROVAL)
    change = values.a_change(
        state=values.a_state(),
        orders=(an_order(), waiting),
        outcomes=(values.ordered("signal-0"), values.an_outcome("signal-1")),
        approvals=(values.an_approval("waits"),),
        announcements=(values.an_alert(),),
    )
    store.commit(change, sends=True)
    found = signs()
    assert found.orders == {("paper", "PENDING"): 1, ("paper", "AWAITING_APPROVAL"): 1}
    assert found.signals == {
        ("paper", "ordered"): 1,
        ("paper", "refused"): 1,
        ("paper", "waiting"): 1,
    }
    assert found.approvals_waiting == 1
    assert (found.outbox_pending, found.outbox_oldest_at) == (1, NOW)


def test_the_quality_of_a_time_is_summed_up_by_account_and_type(database, store):
    costs = ((-10, 1), (0, 2), (100, None))
    names = [f"order-{number}" for number in range(len(costs))]
    change = values.a_change(
        state=values.a_state(),
        orders=tuple(an_order(order_id=one, signal_id=one) for one in names),
        qualities=tuple(
            values.a_quality(
                one,
                at=NOW,
                slippage_bps=Decimal(bps),
                shortfall_usd=usd and Decimal(usd),
                effective_spread_bps=None,
            )
            for one, (bps, usd) in zip(names, costs, strict=True)
        ),
    )
    store.commit(change, sends=True)
    read = PostgresVitalSigns(database).quality
    (found,) = read(since=NOW)
    assert (found.account, found.orders, found.shortfall_usd) == ("paper", 3, 3.0)
    slippage = {"mean": 30.0, "p50": 0.0, "p95": 90.0}
    assert found.measures["slippage_bps"] == pytest.approx(slippage)
    assert found.measures["effective_spread_bps"] == {}
    assert read(since=LATER) == []


def test_what_was_announced_waits_no_more(database, store, signs):
    change = values.a_change(state=values.a_state(), announcements=(values.an_alert(),))
    store.commit(change, sends=False)
    PostgresOutbox(database).relay(InMemoryEventBus(), at=LATER)
    assert signs().outbox_pending == 0


def test_a_server_that_is_away_is_told_as_such():
    with closing(open_database("postgresql://nobody@127.0.0.1:1/none")) as nowhere:
        with pytest.raises(StoreUnavailable):
            PostgresVitalSigns(nowhere).read(traded=TODAY, decided=EVE)
        with pytest.raises(StoreUnavailable):
            nowhere.ping()
