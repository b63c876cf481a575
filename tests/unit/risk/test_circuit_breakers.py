from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.risk import RiskAction
from alpha_oracle.risk.circuit_breakers import (
    DeadManSwitch,
    DriftBreaker,
    LinkCheck,
    QuoteFresh,
    QuoteKnown,
    StaleDataBreaker,
    VolatilityBreaker,
    choose_vix,
    counted_hours,
)
from alpha_oracle.risk.facts import LinkState, VixReading
from alpha_oracle.risk.gauges import Halt
from tests.trading import NOW, SYMBOL, TODAY, a_quote, an_order, facts

VIX = VolatilityBreaker(max_vix=Decimal(35))
STALE = StaleDataBreaker(stale_seconds=Decimal(300))
DRIFT = DriftBreaker(max_drift_pct=Decimal(1))
DEAD_MAN = DeadManSwitch(max_hours=Decimal(48))
FRESH = QuoteFresh(stale_seconds=Decimal(300))


def vix(value, *, age=0):
    return VixReading(value=Decimal(value), age_sessions=age)


def seconds_ago(seconds):
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("breaker", "changes", "tripped"),
    [
        pytest.param(VIX, {"vix": vix("34.99")}, False, id="VIX below its bound"),
        pytest.param(VIX, {"vix": vix(35)}, True, id="VIX on its bound"),
        pytest.param(VIX, {"vix": vix("35.01")}, True, id="VIX above its bound"),
        pytest.param(VIX, {"vix": vix(15, age=1)}, False, id="VIX of the last close"),
        pytest.param(VIX, {"vix": vix(15, age=2)}, True, id="VIX two sessions old"),
        pytest.param(VIX, {"vix": vix(0)}, True, id="VIX of 0 is none"),
        pytest.param(VIX, {"vix": None}, True, id="VIX unknown"),
        pytest.param(STALE, {"latest_data_at": seconds_ago(299)}, False, id="feed alive"),
        pytest.param(STALE, {"latest_data_at": seconds_ago(300)}, True, id="feed on its bound"),
        pytest.param(STALE, {"latest_data_at": seconds_ago(301)}, True, id="feed silent"),
        pytest.param(STALE, {"latest_data_at": seconds_ago(-301)}, True, id="feed of the future"),
        pytest.param(STALE, {"latest_data_at": None}, True, id="feed never heard"),
        pytest.param(
            STALE,
            {"latest_data_at": seconds_ago(86_400), "is_market_open": False},
            False,
            id="closed market",
        ),
        pytest.param(DRIFT, {"drift_pct": Decimal("0.99")}, False, id="drift below its bound"),
        pytest.param(DRIFT, {"drift_pct": Decimal(1)}, True, id="drift on its bound"),
        pytest.param(DRIFT, {"drift_pct": None}, True, id="never reconciled"),
        pytest.param(DEAD_MAN, {"operator_idle_hours": Decimal("47.9")}, False, id="operator seen"),
        pytest.param(DEAD_MAN, {"operator_idle_hours": Decimal(48)}, True, id="operator gone"),
        pytest.param(DEAD_MAN, {"operator_idle_hours": None}, True, id="operator never seen"),
    ],
)
def test_a_breaker_trips_on_its_bound_and_on_what_nobody_knows(breaker, changes, tripped):
    verdict = Halt(breaker).check(an_order(), facts(**changes))

    assert verdict.check == breaker.name
    assert verdict.action is (RiskAction.REJECT if tripped else RiskAction.APPROVE)
    assert verdict.bound == breaker.read(facts()).bound


def test_a_tripped_breaker_says_what_it_measured():
    verdict = Halt(VIX).check(an_order(), facts(vix=vix("41.5")))

    assert verdict.reason == "VIX is 41.50, bound 35.00"
    assert verdict.measured == Decimal("41.5")


def test_an_unknown_index_is_named_as_missing():
    assert Halt(VIX).check(an_order(), facts(vix=None)).missing == ("VIX",)


@pytest.mark.parametrize(
    ("link", "action"),
    [
        (LinkState.READY, RiskAction.APPROVE),
        (LinkState.DOWN, RiskAction.REJECT),
        (LinkState.SYNCHRONISING, RiskAction.REJECT),
        (None, RiskAction.REJECT),
    ],
)
def test_nothing_is_sent_before_the_link_is_up_and_resynced(link, action):
    assert LinkCheck().check(an_order(), facts(link=link)).action is action


def test_a_symbol_without_a_quote_waits():
    verdict = QuoteKnown().check(an_order(), facts(quotes={}))

    assert verdict.action is RiskAction.REJECT
    assert verdict.missing == ("quote of AAA",)


def test_a_symbol_with_a_quote_passes():
    assert QuoteKnown().check(an_order(), facts()).action is RiskAction.APPROVE


@pytest.mark.parametrize(
    ("seconds", "action"),
    [
        (0, RiskAction.APPROVE),
        (299, RiskAction.APPROVE),
        (300, RiskAction.REJECT),
        (-400, RiskAction.REJECT),
    ],
)
def test_no_entry_on_an_old_quote_of_its_symbol(seconds, action):
    quotes = {SYMBOL: a_quote(at=seconds_ago(seconds))}

    assert FRESH.check(an_order(), facts(quotes=quotes)).action is action


def test_no_entry_without_a_quote_of_its_symbol():
    assert FRESH.check(an_order(), facts(quotes={})).missing == ("quote of AAA",)


def a_live_vix(**changes):
    return a_quote(symbol=Symbol("VIX"), bid=None, ask=None, last=Decimal(20), **changes)


STORED_YESTERDAY = (date(2016, 1, 7), Decimal(18))


@pytest.mark.parametrize(
    ("live", "stored", "chosen"),
    [
        pytest.param(a_live_vix(), STORED_YESTERDAY, vix(20), id="the live quote first"),
        pytest.param(None, STORED_YESTERDAY, vix(18, age=1), id="else the last close"),
        pytest.param(
            a_live_vix(at=seconds_ago(300)), STORED_YESTERDAY, vix(18, age=1), id="an old quote"
        ),
        pytest.param(
            a_live_vix(is_delayed=True), STORED_YESTERDAY, vix(18, age=1), id="a delayed quote"
        ),
        pytest.param(
            a_quote(last=None), STORED_YESTERDAY, vix(18, age=1), id="a quote without a value"
        ),
        pytest.param(None, (date(2015, 12, 31), Decimal(18)), vix(18, age=5), id="over new year"),
        pytest.param(None, (TODAY, Decimal(18)), vix(18), id="the close of today"),
        pytest.param(None, None, None, id="neither"),
    ],
)
def test_the_index_is_the_live_quote_else_the_latest_stored_close(live, stored, chosen):
    assert choose_vix(live, stored, now=NOW, session=TODAY, stale_seconds=300) == chosen


@pytest.mark.parametrize(
    ("since", "now", "hours"),
    [
        pytest.param((2016, 1, 7, 15), (2016, 1, 8, 15), 24, id="one session to the next"),
        pytest.param((2016, 1, 8, 15), (2016, 1, 11, 15), 24, id="a weekend does not count"),
        pytest.param((2016, 1, 9, 12), (2016, 1, 10, 12), 0, id="inside a weekend"),
        pytest.param((2016, 1, 15, 15), (2016, 1, 19, 15), 24, id="nor does a holiday"),
        pytest.param((2016, 3, 11, 17), (2016, 3, 14, 16), 24, id="clocks put forward meanwhile"),
        pytest.param((2016, 1, 8, 15), (2016, 1, 8, 15), 0, id="no time at all"),
        pytest.param((2016, 1, 8, 15), (2016, 1, 8, 14), 0, id="a clock that went back"),
    ],
)
def test_only_hours_on_days_with_a_session_count(since, now, hours):
    assert counted_hours(datetime(*since, tzinfo=UTC), datetime(*now, tzinfo=UTC)) == hours
