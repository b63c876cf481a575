"""The session after, in virtual time: the demo's second half on a small market."""

from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.clock import clear_pin
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.bootstrap.demo_trading import trade_session_after
from alpha_oracle.domain.market import ActionKind, CorporateAction
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.signals import Direction
from tests.builders import a_signal
from tests.end_to_end.trading_world import EVE, SESSION, Rehearsal

SESSION_AFTER = calendar.next_session_after(SESSION)


@pytest.fixture
def rehearsal(home, database_url, redis_url, monkeypatch):
    made = Rehearsal(
        home=home,
        database_url=database_url,
        redis_url=redis_url,
        settings={"CLOCK__START_AT": calendar.decision_instant(EVE).isoformat()},
    )
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def signals_of(closes, **changes):
    """A LONG of every symbol given, as the pipeline publishes them."""
    ordinary = {
        "session": EVE,
        "direction": Direction.LONG,
        "decided_at": calendar.decision_instant(EVE),
        "expires_at": calendar.session_close(SESSION),
        "win_rate": 0.6,
        "avg_win_loss_ratio": 2.0,
    }
    return [
        a_signal(symbol=symbol, reference_price=close, **(ordinary | changes))
        for symbol, close in closes.items()
    ]


def save(rehearsal, signals):
    database = open_database(rehearsal.database_url)
    PostgresSignals(database).save(signals, at=calendar.decision_instant(EVE))
    database.close()


def test_the_signals_of_a_session_are_traded_in_the_next_one_to_its_close(rehearsal):
    closes = rehearsal.store_market()
    save(rehearsal, signals_of(closes))
    traded = trade_session_after(EVE)
    assert traded.session == SESSION
    assert traded.is_whole
    assert {order.symbol for order in traded.orders} == closes.keys()
    assert all(order.status is OrderStatus.FILLED for order in traded.orders)
    broker = rehearsal.broker()
    assert {lot.symbol: lot.quantity for lot in traded.positions} == {
        symbol: position.quantity for symbol, position in broker.positions.items()
    }
    assert traded.account.cash_usd == broker.cash
    assert traded.looks < 500


def test_a_market_without_sectors_is_supplied_with_them_and_traded(rehearsal):
    closes = rehearsal.store_market(sectors=False)
    save(rehearsal, signals_of(closes))
    assert trade_session_after(EVE).is_whole


def test_a_session_without_signals_is_not_whole(rehearsal):
    rehearsal.store_market()
    traded = trade_session_after(EVE)
    assert traded.orders == ()
    assert not traded.is_whole


def test_over_a_split_book_and_broker_agree_in_every_share_and_cent(rehearsal, monkeypatch):
    closes = rehearsal.store_market()
    small = {"win_rate": 0.5, "avg_win_loss_ratio": 1.1}  # 2.27 % of equity each.
    for strategy in ("MomentumStrategy", "BreakoutStrategy"):
        save(rehearsal, signals_of(closes, strategy=strategy, **small))
    bought = trade_session_after(EVE)
    assert {lot.strategy for lot in bought.positions} == {"MomentumStrategy", "BreakoutStrategy"}
    assert any(lot.quantity % 2 for lot in bought.positions)

    split_on(rehearsal, SESSION_AFTER, sorted(closes))
    clear_pin(rehearsal.home)
    evening = calendar.decision_instant(SESSION)
    monkeypatch.setenv("ALPHA_ORACLE_CLOCK__START_AT", evening.isoformat())
    held = trade_session_after(SESSION)

    broker = rehearsal.broker()
    for symbol in closes:
        lots = [lot.quantity for lot in held.positions if lot.symbol == symbol]
        before = sum(lot.quantity for lot in bought.positions if lot.symbol == symbol)
        assert sum(lots) == broker.positions[symbol].quantity == before * 3 // 2
    assert held.account.cash_usd == broker.cash
    query = "SELECT count(*), max(abs(cash_difference_usd)) FROM reconciliations WHERE at > :at"
    ((count, difference),) = rehearsal.rows(query, at=evening)
    assert count > 50
    assert difference == 0
    assert rehearsal.rows("SELECT * FROM reconciliation_mismatches") == []


def split_on(rehearsal, session, symbols):
    """Let three shares come of two."""
    at = calendar.decision_instant(EVE)
    splits = [
        CorporateAction(
            symbol=symbol, ex_date=session, kind=ActionKind.SPLIT, value=Decimal("1.5"), known_at=at
        )
        for symbol in symbols
    ]
    database = open_database(rehearsal.database_url)
    PostgresReference(database).save_actions(splits, source="files", received_at=at)
    database.close()
