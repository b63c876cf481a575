"""How well orders were executed is measured as they close, by the market each fill was done in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from alpha_oracle import calendar
from alpha_oracle.domain.orders import BestPrices
from tests.fakes.broker import a_quote
from tests.fakes.scripted_broker import a_fill
from tests.unit.execution.trading_day import SESSION, TradingDay, a_document


def ordered():
    """A day with a purchase of 49 AAA, at 99.95 to 100.05, that a scripted broker accepted."""
    day = TradingDay()
    broker = day.scripted()
    day.receive(a_document())
    day.go_to(5)
    day.steps(1)
    order_id = broker.submitted[0].order_id
    broker.tell("accepted", order_id)
    day.steps(1)
    return day, broker, order_id


def fill_in(day, broker, order_id, *, bid, ask, at=None, **fill):
    """Let a fill be told while the market offers this."""
    day.quote(bid=bid, ask=ask)
    told = replace(a_fill(day.clock, **fill), at=at or day.clock.now())
    broker.tell("filled", order_id, fill=told)
    day.steps(1, quoting=False)
    return told


def test_each_fill_is_held_against_the_market_it_was_done_in():
    day, broker, order_id = ordered()
    fill_in(day, broker, order_id, bid=99.9, ask=100.1, quantity=9, price="100.10")
    fill_in(
        *(day, broker, order_id),
        bid=101.9,
        ask=102.1,
        execution_id="x.2.01",
        quantity=40,
        price="102.00",
    )

    first, second = (event.market for event in day.memory.orders[order_id].history[-2:])
    assert first == BestPrices(bid=Decimal("99.9"), ask=Decimal("100.1"))
    assert second.mid == 102
    found = day.memory.qualities[order_id]
    assert found.effective_spread_bps == Decimal("3.6735")  # 9 * 20 / 49
    assert found.slippage_bps == Decimal("165.1020")  # 101.65102 against 100


def test_quality_is_on_record_with_what_closed_the_order():
    day, broker, order_id = ordered()
    fill_in(day, broker, order_id, bid=99.9, ask=100.1)

    closing = [change for change in day.seen if change.qualities]
    assert [[event.fill.quantity for _, event in change.events] for change in closing] == [[49]]


def test_a_market_nobody_saw_in_time_is_unknown():
    day, broker, order_id = ordered()
    late = day.clock.now() - timedelta(seconds=6)
    fill_in(day, broker, order_id, bid=99.9, ask=100.1, at=late)

    assert day.memory.orders[order_id].history[-1].market is None
    assert day.memory.qualities[order_id].effective_spread_bps is None


def test_a_board_that_is_away_leaves_the_market_unknown_and_books_the_fill():
    day, broker, order_id = ordered()
    day.market.board.is_away = True
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    day.steps(1, quoting=False)

    assert day.shares() == 49
    assert day.memory.orders[order_id].history[-1].market is None


def test_half_a_quote_is_no_market_of_a_fill():
    day, broker, order_id = ordered()
    whole = a_quote(symbol="AAA", at=day.clock.now())
    day.market.board.publish([replace(whole, ask=None)])
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    day.steps(1, quoting=False)

    assert day.memory.orders[order_id].history[-1].market is None


def test_a_quote_of_minutes_ago_is_no_market_of_a_fill():
    day, broker, order_id = ordered()
    day.clock.advance(seconds=120)
    broker.tell("filled", order_id, fill=a_fill(day.clock))
    day.steps(1, quoting=False)

    assert day.memory.orders[order_id].history[-1].market is None


def test_a_commission_told_late_is_part_of_the_shortfall():
    day, broker, order_id = ordered()
    fill = fill_in(day, broker, order_id, bid=99.9, ask=100.1, price="100", commission=None)
    assert day.memory.qualities[order_id].shortfall_usd == 0
    broker.tell("commission", order_id, fill=replace(fill, commission=Decimal("1.50")))
    day.steps(1)

    assert day.memory.qualities[order_id].shortfall_usd == Decimal("1.50")


def test_a_commission_of_a_slice_is_part_of_the_shortfall_of_its_twap():
    day = TradingDay()
    broker = day.scripted()
    day.receive(a_document())
    day.go_to(5)
    day.quote(bid=99.8, ask=100.2)
    day.engine.step()
    (slice_sent,) = broker.submitted
    fill = replace(a_fill(day.clock, quantity=slice_sent.quantity, price="100"), commission=None)
    broker.tell("filled", slice_sent.order_id, fill=fill)
    day.steps(1)
    day.kill()
    day.steps(2)
    assert day.memory.qualities[slice_sent.parent_id].shortfall_usd == 0
    broker.tell("commission", slice_sent.order_id, fill=replace(fill, commission=Decimal(1)))
    day.steps(1)

    both = (slice_sent.order_id, slice_sent.parent_id)
    assert [day.memory.qualities[one].shortfall_usd for one in both] == [1, 1]


def bought_yesterday(*, is_remembered):
    """A purchase of yesterday without its commission, its lot sold out since or not."""
    day, broker, order_id = ordered()
    fill = fill_in(day, broker, order_id, bid=99.9, ask=100.1, price="100", commission=None)
    broker.has(order_id, status="FILLED", filled=49)
    broker.executed(order_id, fill)
    if not is_remembered:
        key = next(iter(day.memory.lots))
        lot = day.memory.lots[key]
        day.memory.lots[key] = replace(lot, quantity=0)
        broker.positions["AAA"] = 0
        day.another(broker=broker)
    day.go_to(5, session=calendar.next_session_after(SESSION))
    day.steps(2)
    assert order_id not in day.engine.book.orders
    return day, broker, order_id, fill


def test_a_commission_of_an_earlier_session_is_taken_from_cash_and_counts():
    day, broker, order_id, fill = bought_yesterday(is_remembered=True)
    cash = day.memory.states["paper"].cash_usd
    told = replace(fill, commission=Decimal("1.50"))
    for _ in range(2):
        broker.tell("commission", order_id, fill=told)
        day.steps(1)

    assert day.memory.states["paper"].cash_usd == cash - Decimal("1.50")
    assert day.memory.orders[order_id].fills == (told,)
    assert day.memory.qualities[order_id].shortfall_usd == Decimal("1.50")
    (lot,) = day.memory.lots.values()
    assert lot.paid_usd == 49 * 100 + Decimal("1.50")
    assert day.alerts("critical") == []


def test_a_commission_of_an_earlier_session_found_by_asking_counts_too():
    day, broker, order_id, fill = bought_yesterday(is_remembered=True)
    told = replace(fill, commission=Decimal("1.50"))
    broker.executions[0] = replace(broker.executions[0], fill=told)
    broker.tell("link_up")
    day.steps(2)

    assert day.memory.orders[order_id].fills == (told,)


def test_an_execution_that_memory_lost_and_the_record_has_is_no_stranger():
    day, broker, order_id, fill = bought_yesterday(is_remembered=True)
    day.engine._desk.ledger.past_executions.clear()
    told = replace(fill, commission=Decimal("1.50"))
    broker.executions[0] = replace(broker.executions[0], fill=told)
    broker.tell("link_up")
    day.steps(2)

    assert day.alerts("critical") == []
    assert day.memory.orders[order_id].fills == (told,)


def test_a_commission_of_a_lot_that_is_gone_is_no_later_lots():
    day, broker, order_id, fill = bought_yesterday(is_remembered=False)
    before, cash = dict(day.memory.lots), day.memory.states["paper"].cash_usd
    broker.tell("commission", order_id, fill=replace(fill, commission=Decimal("1.50")))
    day.steps(1)

    assert day.memory.lots == before
    assert day.memory.states["paper"].cash_usd == cash - Decimal("1.50")


def test_an_execution_of_an_earlier_session_told_again_without_its_commission_is_no_news():
    day, broker, order_id, fill = bought_yesterday(is_remembered=True)
    told = replace(fill, commission=Decimal("1.50"))
    broker.tell("commission", order_id, fill=told)
    day.steps(1)
    day.go_to(5, session=calendar.shift_session(SESSION, 2))
    day.steps(1)
    broker.tell("filled", order_id, fill=fill)
    day.steps(1)

    assert day.memory.orders[order_id].fills == (told,)
    assert order_id not in day.engine.book.orders
    assert day.alerts("critical") == []
