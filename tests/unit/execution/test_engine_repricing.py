"""A sale at a limit follows the market down, and whoever is left with shares is told."""

from __future__ import annotations

from decimal import Decimal

from alpha_oracle.domain.market import Symbol
from tests.unit.execution.test_engine_exits import holding, in_session, sessions_later, short
from tests.unit.execution.trading_day import a_document

TODAY = sessions_later(2)
MEDIUM = {"adv_shares": {Symbol(one): 20_000 for one in ("AAA", "BBB")}}


def resting(*, minute=5, **bounds):
    """A day whose sale of 49 AAA rests at 99.95 USD, which nobody bids any more."""
    day = holding(bounds=bounds)
    in_session(day, TODAY, minute=minute, **MEDIUM)
    short(day, TODAY)
    day.quote_all()
    day.engine.step()
    # Before it comes to the market the bid has gone.
    look(day, bid=99.5)
    (sale,) = sales(day)
    assert (sale.status, sale.limit_price) == ("SUBMITTED", Decimal("99.95"))
    return day


def look(day, count=1, *, bid, seconds=1.0, volume=1_000_000):
    """Let a market bid so much, and the worker look, so many seconds apart."""
    for _ in range(count):
        day.clock.advance(seconds=seconds)
        day.quote_all(bid=bid, ask=round(bid + 0.05, 2), volume=volume)
        day.engine.step()


def sales(day, session=TODAY):
    """The sales of a session, oldest first."""
    return [one for one in day.orders() if (one.side, one.session) == ("SELL", session)]


def limits(day):
    """The limits of the sales of the session, USD."""
    return [str(one.limit_price) for one in sales(day)]


def test_a_sale_that_nobody_bids_for_goes_after_a_minute_at_what_is_bid():
    day = resting()
    look(day, 58, bid=99.5)
    assert limits(day) == ["99.95"]

    look(day, 5, bid=99.5)
    assert limits(day) == ["99.95", "99.5"]
    assert [one.status for one in sales(day)] == ["CANCELLED", "FILLED"]
    assert day.shares() == day.market.position("AAA") == 0


def test_a_sale_whose_limit_is_bid_is_left_alone():
    day = holding()
    in_session(day, TODAY, **MEDIUM)
    short(day, TODAY)
    # Ten of a hundred shares are all it gets.
    look(day, 5, bid=99.95, volume=100)
    look(day, 5, bid=99.95, seconds=60, volume=100)

    (sale,) = sales(day)
    assert (sale.status, sale.filled_quantity) == ("PARTIALLY_FILLED", 10)


def test_what_is_left_of_a_sale_follows_the_market():
    day = holding()
    in_session(day, TODAY, **MEDIUM)
    short(day, TODAY)
    look(day, 5, bid=99.95, volume=100)
    look(day, 65, bid=99.0)

    first, second = sales(day)
    assert (first.status, first.filled_quantity) == ("CANCELLED", 10)
    assert (second.quantity, second.status) == (39, "FILLED")


def falling(day, seconds):
    """Let the bid fall by a cent a second, so that each is gone when a sale at it comes."""
    for second in range(seconds):
        look(day, bid=round(99.4 - second * 0.01, 2))


def test_in_a_falling_market_a_sale_goes_once_a_minute_and_more_often_than_it_may_fail():
    day = resting()
    falling(day, 350)

    assert len(sales(day)) == 6
    assert {one.status for one in sales(day)[:-1]} == {"CANCELLED"}
    assert day.alerts("high") == []


def test_no_sale_is_withdrawn_in_the_last_minute_of_the_window():
    day = resting(minute=373.5)
    look(day, 100, bid=99.5)

    assert limits(day) == ["99.95"]
    assert sales(day)[0].status == "SUBMITTED"


def test_a_sale_that_rested_to_the_close_is_told_once_and_due_in_the_next_session():
    day = resting(minute=374)
    day.go_to(391, session=TODAY)
    look(day, 5, bid=99.5)
    assert sales(day)[0].status == "EXPIRED"
    day.another()
    look(day, 5, bid=99.5, seconds=60)

    told = [one for one in day.memory.announced("risk") if one.get("type") == "exit_failed"]
    assert [one["severity"] for one in told] == ["high"]
    assert "49 AAA" in told[0]["message"]
    in_session(day, sessions_later(3))
    day.steps()
    assert day.shares() == 0


def test_a_worker_started_anew_withdraws_what_another_left_resting():
    day = resting()
    day.another()
    look(day, 65, bid=99.5)

    assert [one.status for one in sales(day)] == ["CANCELLED", "FILLED"]


def test_entries_do_not_wait_anew_for_a_sale_that_took_the_place_of_another():
    day = resting(max_positions=2)
    day.receive(a_document("BBB", session=sessions_later(1)))
    falling(day, 296)
    assert (len(sales(day)), day.shares("BBB")) == (5, 0)

    falling(day, 6)
    assert day.shares("BBB") > 0
