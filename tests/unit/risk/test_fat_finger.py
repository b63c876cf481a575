from decimal import Decimal

import pytest

from alpha_oracle.domain.orders import OrderType, Side
from alpha_oracle.domain.risk import RiskAction
from alpha_oracle.risk.fat_finger import (
    DuplicateId,
    DuplicateIntent,
    OrderRate,
    PriceCollar,
    ReferenceDistance,
    ShareOfVolume,
)
from tests.trading import STRATEGY, SYMBOL, a_quote, an_exposure, an_order, facts

COLLAR = PriceCollar(max_distance_pct=Decimal(3))
RATE = OrderRate(max_per_second=5, max_per_minute=30)
VOLUME = ShareOfVolume(max_adv_pct=Decimal(1))
REFERENCE = ReferenceDistance(max_distance_pct=Decimal(3))


def a_market_order(**changes):
    return an_order(order_type=OrderType.MARKET, limit_price=None, **changes)


@pytest.mark.parametrize(
    ("limit", "action"),
    [
        pytest.param("100.00", RiskAction.APPROVE, id="at the market"),
        pytest.param("102.99", RiskAction.APPROVE, id="inside"),
        pytest.param("103.00", RiskAction.REJECT, id="on the collar"),
        pytest.param("97.00", RiskAction.REJECT, id="on the collar below"),
        pytest.param("1000.00", RiskAction.REJECT, id="a finger on the zero"),
    ],
)
def test_a_limit_stays_within_the_collar(limit, action):
    quotes = {SYMBOL: a_quote(bid=Decimal("99.99"), ask=Decimal("100.01"))}

    verdict = COLLAR.check(an_order(limit_price=Decimal(limit)), facts(quotes=quotes))

    assert verdict.action is action
    assert verdict.measured == abs(Decimal(limit) - 100)


def test_without_both_sides_the_last_trade_is_the_market():
    quotes = {SYMBOL: a_quote(bid=None, last=Decimal(80))}

    verdict = COLLAR.check(an_order(), facts(quotes=quotes))

    assert verdict.measured == 25


@pytest.mark.parametrize(
    "quotes", [{}, {SYMBOL: a_quote(bid=None, last=None)}], ids=["no quote", "one side alone"]
)
def test_a_limit_without_a_market_to_hold_it_against_is_refused(quotes):
    verdict = COLLAR.check(an_order(), facts(quotes=quotes))

    assert verdict.action is RiskAction.REJECT
    assert verdict.missing == ("mid or last trade of AAA",)


def test_an_order_without_a_limit_has_none_to_hold():
    assert COLLAR.check(a_market_order(), facts(quotes={})).action is RiskAction.APPROVE


@pytest.mark.parametrize(
    ("second", "minute", "action", "bound"),
    [
        pytest.param(0, 0, RiskAction.APPROVE, 30, id="quiet"),
        pytest.param(4, 29, RiskAction.APPROVE, 30, id="the last one allowed"),
        pytest.param(5, 5, RiskAction.REJECT, 5, id="a sixth in one second"),
        pytest.param(0, 30, RiskAction.REJECT, 30, id="one more than a minute takes"),
        pytest.param(None, 0, RiskAction.REJECT, None, id="unknown in the second"),
        pytest.param(0, None, RiskAction.REJECT, None, id="unknown in the minute"),
    ],
)
def test_orders_are_not_sent_faster_than_their_rate(second, minute, action, bound):
    sent = facts(sends_last_second=second, sends_last_minute=minute)

    verdict = RATE.check(an_order(), sent)

    assert (verdict.action, verdict.bound) == (action, bound)


@pytest.mark.parametrize(
    ("quantity", "action"),
    [
        pytest.param(9_999, RiskAction.APPROVE, id="below the bound"),
        pytest.param(10_000, RiskAction.REQUIRE_HUMAN_APPROVAL, id="on the bound"),
        pytest.param(20_000, RiskAction.REQUIRE_HUMAN_APPROVAL, id="above the bound"),
    ],
)
def test_a_large_share_of_the_volume_asks_a_human(quantity, action):
    assert VOLUME.check(an_order(quantity=quantity), facts()).action is action


@pytest.mark.parametrize("adv", [{}, {SYMBOL: 0}], ids=["unknown", "none"])
def test_a_share_nobody_knows_the_volume_of_is_refused(adv):
    verdict = VOLUME.check(an_order(), facts(adv_shares=adv))

    assert verdict.missing == ("average daily volume of AAA",)


@pytest.mark.parametrize(
    ("limit", "action"),
    [
        pytest.param("102.99", RiskAction.APPROVE, id="below the bound"),
        pytest.param("103.00", RiskAction.REQUIRE_HUMAN_APPROVAL, id="on the bound"),
        pytest.param("96.99", RiskAction.REQUIRE_HUMAN_APPROVAL, id="cheaper than decided at"),
    ],
)
def test_a_price_far_from_the_one_decided_at_asks_a_human(limit, action):
    assert REFERENCE.check(an_order(limit_price=Decimal(limit)), facts()).action is action


def test_a_market_order_is_held_against_the_market_price():
    moved = facts(prices={SYMBOL: Decimal(104)})

    verdict = REFERENCE.check(a_market_order(), moved)

    assert (verdict.action, verdict.measured) == (RiskAction.REQUIRE_HUMAN_APPROVAL, 4)


@pytest.mark.parametrize(
    ("order", "missing"),
    [
        (an_order(reference_price=None), "reference price"),
        (a_market_order(), "price of AAA"),
    ],
)
def test_a_distance_that_cannot_be_measured_is_refused(order, missing):
    verdict = REFERENCE.check(order, facts(prices={}))

    assert verdict.action is RiskAction.REJECT
    assert verdict.missing == (missing,)


def test_an_order_that_was_sent_is_never_sent_again():
    sent = facts(sent_order_ids=frozenset({"order-1"}))

    assert DuplicateId().check(an_order(), sent).action is RiskAction.REJECT
    assert DuplicateId().check(an_order(order_id="order-2"), sent).action is RiskAction.APPROVE


@pytest.mark.parametrize(
    ("order", "action"),
    [
        pytest.param(an_order(), RiskAction.REJECT, id="the same wish"),
        pytest.param(an_order(order_id="other"), RiskAction.APPROVE, id="the order itself"),
        pytest.param(an_order(parent_id="other"), RiskAction.APPROVE, id="a slice of it"),
        pytest.param(an_order(strategy="Breakout"), RiskAction.APPROVE, id="another strategy"),
    ],
)
def test_no_second_entry_while_the_first_may_still_fill(order, action):
    exposure = an_exposure(intents={(STRATEGY, SYMBOL, Side.BUY): "other"})

    assert DuplicateIntent().check(order, facts(exposure=exposure)).action is action
