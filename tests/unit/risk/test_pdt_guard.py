from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from alpha_oracle import calendar
from alpha_oracle.domain.margin import MarginDeficit
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import OrderPurpose, OrderType
from alpha_oracle.domain.risk import DayTradeRegime, RiskAction
from alpha_oracle.risk.day_trades import OwnFill, tally_day_trades
from alpha_oracle.risk.pdt_guard import window_sessions
from tests.trading import (
    NOW,
    STRATEGY,
    SYMBOL,
    TODAY,
    a_protective_exit,
    a_tally,
    an_exit,
    an_exposure,
    an_order,
    bounds,
    facts,
)

SMALL = {"equity_usd": Decimal(20_000), "previous_close_equity_usd": Decimal(20_000)}
LOT = (STRATEGY, SYMBOL)
BOUGHT_TODAY = {"opened": {LOT: TODAY}}
HUMAN = RiskAction.REQUIRE_HUMAN_APPROVAL


def guard(regime=DayTradeRegime.PDT):
    return bounds(day_trade_regime=regime).day_trade_guard()


def a_market_order(**changes):
    return an_order(order_type=OrderType.MARKET, limit_price=None, **changes)


def used(count, **changes):
    return a_tally(
        pairwise=count, direction_changes=count, counted=count, expected=count, **changes
    )


@pytest.mark.parametrize(
    ("tally", "broker", "action"),
    [
        pytest.param(used(0), None, RiskAction.APPROVE, id="none used"),
        pytest.param(used(2), None, RiskAction.APPROVE, id="one left for a stop"),
        pytest.param(used(3), None, RiskAction.REJECT, id="none left"),
        pytest.param(used(5), None, RiskAction.REJECT, id="more used than there are"),
        pytest.param(a_tally(expected=3), None, RiskAction.REJECT, id="a working exit uses it"),
        pytest.param(None, None, RiskAction.REJECT, id="own fills unknown"),
        pytest.param(used(0), 3, RiskAction.APPROVE, id="the broker agrees"),
        pytest.param(used(2), 1, RiskAction.APPROVE, id="the broker agrees on two"),
        pytest.param(used(0), 0, RiskAction.REJECT, id="the broker has none left"),
        pytest.param(used(0), 2, RiskAction.REJECT, id="the broker knows of one we do not"),
        pytest.param(used(1), 3, RiskAction.REJECT, id="we know of one the broker does not"),
        pytest.param(used(0), -2, RiskAction.REJECT, id="a count that means nothing"),
        pytest.param(used(2), -1, RiskAction.APPROVE, id="the broker sees no limit"),
        pytest.param(used(3), -1, RiskAction.REJECT, id="no limit there, but ours"),
        pytest.param(
            a_tally(pairwise=2, direction_changes=1, counted=2, expected=2),
            2, RiskAction.APPROVE, id="the broker counts the other way",
        ),
    ],
)  # fmt: skip
def test_an_entry_needs_a_day_trade_left_and_nothing_uncertain(tally, broker, action):
    small = facts(day_trades=tally, day_trades_remaining=broker, **SMALL)

    assert guard().check(an_order(), small).action is action


def test_a_disagreement_says_what_both_count():
    small = facts(day_trades=used(1), day_trades_remaining=3, **SMALL)

    verdict = guard().check(an_order(), small)

    assert "the broker has 3 day trades remaining" in verdict.reason
    assert verdict.inputs == {
        "window_start": "2016-01-04",
        "window_end": "2016-01-08",
        "pairwise": 1,
        "direction_changes": 1,
        "expected": 1,
        "broker_remaining": 3,
    }


@pytest.mark.parametrize(
    ("equity", "before", "binds"),
    [
        pytest.param(25_000, 25_000, False, id="at the threshold"),
        pytest.param("24999.99", 25_000, True, id="a cent below now"),
        pytest.param(25_000, "24999.99", True, id="a cent below at the last close"),
        pytest.param(None, 25_000, True, id="unknown now"),
        pytest.param(25_000, None, True, id="unknown at the last close"),
    ],
)
def test_the_count_binds_unless_equity_is_known_to_be_at_the_threshold(equity, before, binds):
    account = facts(
        day_trades=used(3),
        equity_usd=None if equity is None else Decimal(equity),
        previous_close_equity_usd=None if before is None else Decimal(before),
    )

    assert guard().check(an_order(), account).action is (
        RiskAction.REJECT if binds else RiskAction.APPROVE
    )


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        pytest.param({"opened": {LOT: date(2016, 1, 7)}}, RiskAction.APPROVE, id="older lot"),
        pytest.param(BOUGHT_TODAY, RiskAction.REJECT, id="lot of today"),
        pytest.param(
            {"day_trades": used(0, bought_today=frozenset({LOT}))},
            RiskAction.REJECT, id="lot added to today",
        ),
        pytest.param(
            {"opened": {LOT: date(2016, 1, 7)}, "day_trades": None},
            RiskAction.APPROVE, id="older lot, fills unknown",
        ),
        pytest.param(
            {"opened": {LOT: date(2016, 1, 7)}, "day_trades": used(3), "day_trades_remaining": 0},
            RiskAction.APPROVE, id="older lot, no day trade left",
        ),
    ],
)  # fmt: skip
def test_a_same_session_round_trip_of_a_strategy_is_rejected(changes, action):
    assert guard().check(an_exit(), facts(**SMALL, **changes)).action is action


@pytest.mark.parametrize(
    ("tally", "broker", "action"),
    [
        pytest.param(used(2), None, RiskAction.APPROVE, id="one left"),
        pytest.param(used(2), 1, RiskAction.APPROVE, id="one left there too"),
        pytest.param(used(2), -1, RiskAction.APPROVE, id="no limit there"),
        pytest.param(used(3), None, HUMAN, id="none left"),
        pytest.param(used(1), 0, HUMAN, id="none left there"),
        pytest.param(a_tally(expected=3), None, HUMAN, id="a working exit uses it"),
        pytest.param(None, None, HUMAN, id="fills unknown"),
    ],
)
def test_a_protective_exit_of_today_uses_a_day_trade_or_asks_a_human(tally, broker, action):
    small = facts(day_trades=tally, day_trades_remaining=broker, **SMALL, **BOUGHT_TODAY)

    assert guard().check(a_protective_exit(), small).action is action


def test_a_purchase_counts_as_an_entry_whatever_it_says_of_itself():
    small = facts(day_trades=used(3), **SMALL)

    disguised = an_order(purpose=OrderPurpose.PROTECTIVE)

    assert guard().check(disguised, small).action is RiskAction.REJECT


def margin(order, **changes):
    return guard(DayTradeRegime.INTRADAY_MARGIN).check(order, facts(**changes))


@pytest.mark.parametrize(
    ("maintenance", "reserved", "action"),
    [
        pytest.param(0, 0, RiskAction.APPROVE, id="all cash"),
        pytest.param(94_000, 0, RiskAction.APPROVE, id="exactly the buffer left"),
        pytest.param("94000.01", 0, RiskAction.REJECT, id="a cent of it short"),
        pytest.param(90_000, 4_001, RiskAction.REJECT, id="beside other purchases"),
    ],
)
def test_a_purchase_leaves_the_buffer_of_the_intraday_margin_level(maintenance, reserved, action):
    verdict = margin(
        an_order(),
        maintenance_margin_usd=Decimal(maintenance),
        exposure=an_exposure(reserved_usd=Decimal(reserved)),
    )

    assert verdict.action is action
    assert verdict.bound == 5_000
    assert verdict.measured == 99_000 - Decimal(maintenance) - reserved


@pytest.mark.parametrize(
    ("order", "changes", "missing"),
    [
        (an_order(), {"equity_usd": None}, ("equity",)),
        (an_order(), {"maintenance_margin_usd": None}, ("maintenance margin",)),
        (an_order(), {"deficits": None}, ("intraday margin deficits",)),
        (a_market_order(), {"prices": {}}, ("price of AAA",)),
    ],
)
def test_an_unknown_margin_refuses_entries(order, changes, missing):
    assert margin(order, **changes).missing == missing
    assert margin(an_exit(), **changes).action is RiskAction.APPROVE


def test_a_missed_deficit_freezes_entries():
    deficit = MarginDeficit(
        session=date(2015, 12, 30),
        usd=Decimal(2_000),
        equity_usd=Decimal(100_000),
        level_usd=Decimal(-2_000),
    )

    verdict = margin(an_order(), deficits=(deficit,))

    assert verdict.action is RiskAction.REJECT
    assert "no purchases until 2016-04-06" in verdict.reason


@pytest.mark.parametrize(
    ("settled", "reserved", "action"),
    [
        pytest.param(Decimal(1_000), 0, RiskAction.APPROVE, id="enough is settled"),
        pytest.param(Decimal(999), 0, RiskAction.REJECT, id="some is not"),
        pytest.param(Decimal(1_500), 501, RiskAction.REJECT, id="beside other purchases"),
        pytest.param(None, 0, RiskAction.REJECT, id="unknown"),
    ],
)
def test_a_cash_account_buys_with_settled_cash_alone(settled, reserved, action):
    cash = facts(settled_cash_usd=settled, exposure=an_exposure(reserved_usd=Decimal(reserved)))

    assert guard(DayTradeRegime.CASH).check(an_order(), cash).action is action


def test_a_cash_account_may_always_sell():
    unknown = facts(settled_cash_usd=None, **BOUGHT_TODAY)

    assert guard(DayTradeRegime.CASH).check(an_exit(), unknown).action is RiskAction.APPROVE


def test_a_purchase_at_an_unknown_price_needs_unknown_cash():
    verdict = guard(DayTradeRegime.CASH).check(a_market_order(), facts(prices={}))

    assert verdict.missing == ("price of AAA",)


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        pytest.param({}, RiskAction.APPROVE, id="neither binds"),
        pytest.param({"day_trades": used(3), **SMALL}, RiskAction.REJECT, id="the count"),
        pytest.param({"maintenance_margin_usd": None}, RiskAction.REJECT, id="the margin"),
    ],
)
def test_under_both_regimes_the_stricter_wins(changes, action):
    assert guard(DayTradeRegime.BOTH).check(an_order(), facts(**changes)).action is action


SYMBOLS = [Symbol(name) for name in ("AAA", "BBB", "CCC", "DDD", "EEE")]


class DayTrader(RuleBasedStateMachine):
    """An account below the threshold, trading over sessions as the guard allows.

    Whatever it tries, no window of five sessions ever holds a fourth day trade that no human
    approved: an own book of purchases and sales counts them anew at each step.
    """

    @initialize()
    def open_account(self):
        self.session, self.fills, self.lots = TODAY, [], {}
        self.number, self.day_trades = 0, []

    @property
    def facts(self):
        window = window_sessions(self.session, 5)
        return facts(
            session=self.session,
            day_trades=tally_day_trades(self.fills, window=window),
            opened=self.lots,
            **SMALL,
        )

    def fill(self, order):
        self.number += 1
        self.fills.append(
            OwnFill(
                session=self.session,
                symbol=order.symbol,
                side=order.side,
                order_id=f"order-{self.number}",
                strategy=order.strategy,
                at=NOW + timedelta(seconds=self.number),
            )
        )

    @rule(symbols=st.sets(st.sampled_from(SYMBOLS), min_size=1))
    def buy(self, symbols):
        for symbol in sorted(symbols):
            order = an_order(symbol=symbol, session=self.session)
            is_held = (STRATEGY, symbol) in self.lots
            if not is_held and guard().check(order, self.facts).action is RiskAction.APPROVE:
                self.fill(order)
                self.lots[STRATEGY, symbol] = self.session

    @rule(
        symbols=st.sets(st.sampled_from(SYMBOLS), min_size=1),
        purpose=st.sampled_from([OrderPurpose.EXIT, OrderPurpose.PROTECTIVE]),
    )
    def sell(self, symbols, purpose):
        for symbol in sorted(symbols):
            opened = self.lots.get((STRATEGY, symbol))
            if opened is not None:
                self.sell_lot(symbol, purpose, is_today=opened == self.session)

    def sell_lot(self, symbol, purpose, *, is_today):
        order = an_exit(symbol=symbol, session=self.session, purpose=purpose)
        verdict = guard().check(order, self.facts)
        assert is_today or verdict.action is RiskAction.APPROVE
        if is_today and purpose is OrderPurpose.EXIT:
            assert verdict.action is RiskAction.REJECT
        if verdict.action is RiskAction.APPROVE:
            self.fill(order)
            del self.lots[STRATEGY, symbol]
            self.day_trades += [self.session] * is_today
        window = window_sessions(self.session, 5)
        assert sum(day >= window[0] for day in self.day_trades) <= 3

    @rule(sessions=st.integers(1, 6))
    def sleep(self, sessions):
        self.session = calendar.shift_session(self.session, sessions)


TestDayTrader = DayTrader.TestCase
