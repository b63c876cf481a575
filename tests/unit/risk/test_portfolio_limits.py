from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import OrderType
from alpha_oracle.domain.risk import RiskAction
from alpha_oracle.risk.commissions import cost
from alpha_oracle.risk.gauges import Halt
from alpha_oracle.risk.portfolio_limits import (
    CashReserve,
    DailyLoss,
    Drawdown,
    MaxPositions,
    MaxTradesPerDay,
)
from tests.trading import COMMISSION, an_exposure, an_order, facts

DRAWDOWN = Halt(Drawdown(max_drawdown_pct=Decimal(10)))
DAILY_LOSS = Halt(DailyLoss(max_daily_loss_pct=Decimal(3)))
POSITIONS = MaxPositions(max_positions=2)
TRADES = MaxTradesPerDay(max_trades_per_day=50)
RESERVE = CashReserve(min_cash_pct=Decimal(10), commission=COMMISSION)
CENTS = st.integers(min_value=1, max_value=10**7).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.parametrize(
    ("equity", "action"),
    [
        pytest.param("90000.01", RiskAction.APPROVE, id="above the bound"),
        pytest.param("90000.00", RiskAction.REJECT, id="on the bound"),
        pytest.param("80000.00", RiskAction.REJECT, id="below the bound"),
        pytest.param("120000.00", RiskAction.APPROVE, id="a new peak"),
    ],
)
def test_a_drawdown_on_its_bound_halts_entries(equity, action):
    assert DRAWDOWN.check(an_order(), facts(equity_usd=Decimal(equity))).action is action


@pytest.mark.parametrize(
    ("equity", "action"),
    [
        pytest.param("97000.01", RiskAction.APPROVE, id="above the bound"),
        pytest.param("97000.00", RiskAction.REJECT, id="on the bound"),
        pytest.param("96000.00", RiskAction.REJECT, id="below the bound"),
    ],
)
def test_a_daily_loss_on_its_bound_halts_entries(equity, action):
    verdict = DAILY_LOSS.check(an_order(), facts(equity_usd=Decimal(equity)))

    assert verdict.action is action
    assert verdict.measured == (100_000 - Decimal(equity)) / 1000


@pytest.mark.parametrize(
    ("halt", "changes", "missing"),
    [
        (DRAWDOWN, {"equity_usd": None}, ("equity",)),
        (DRAWDOWN, {"peak_equity_usd": None}, ("equity peak",)),
        (DRAWDOWN, {"peak_equity_usd": Decimal(0)}, ("equity peak above 0",)),
        (DAILY_LOSS, {"previous_close_equity_usd": None}, ("equity at the previous close",)),
        (DAILY_LOSS, {"equity_usd": None, "previous_close_equity_usd": None},
         ("equity", "equity at the previous close")),
    ],
)  # fmt: skip
def test_a_loss_that_cannot_be_measured_halts_entries(halt, changes, missing):
    verdict = halt.check(an_order(), facts(**changes))

    assert verdict.action is RiskAction.REJECT
    assert verdict.missing == missing


@pytest.mark.parametrize(
    ("held", "action"),
    [
        pytest.param([], RiskAction.APPROVE, id="none taken"),
        pytest.param(["BBB"], RiskAction.APPROVE, id="the last slot"),
        pytest.param(["BBB", "CCC"], RiskAction.REJECT, id="all taken"),
        pytest.param(["BBB", "AAA"], RiskAction.APPROVE, id="its own slot"),
        pytest.param(["BBB", "CCC", "AAA"], RiskAction.APPROVE, id="its own, though too many"),
    ],
)
def test_a_new_symbol_needs_a_free_slot(held, action):
    exposure = an_exposure(by_symbol={Symbol(name): Decimal(1) for name in held})

    assert POSITIONS.check(an_order(), facts(exposure=exposure)).action is action


@pytest.mark.parametrize(
    ("before", "action"),
    [
        (0, RiskAction.APPROVE),
        (49, RiskAction.APPROVE),
        (50, RiskAction.REJECT),
        (51, RiskAction.REJECT),
        (None, RiskAction.REJECT),
    ],
)
def test_a_session_has_only_so_many_trades(before, action):
    assert TRADES.check(an_order(), facts(trades_today=before)).action is action


@pytest.mark.parametrize(
    ("cash", "reserved", "action", "allowed"),
    [
        pytest.param("11001.00", 0, RiskAction.APPROVE, None, id="exactly the reserve left"),
        pytest.param("11000.99", 0, RiskAction.REDUCE_SIZE, 9, id="a cent of it short"),
        pytest.param("12000.00", 1500, RiskAction.REDUCE_SIZE, 4, id="beside another purchase"),
        pytest.param("10000.00", 0, RiskAction.REJECT, None, id="the reserve alone"),
    ],
)
def test_the_cash_reserve_is_not_spent(cash, reserved, action, allowed):
    exposure = an_exposure(reserved_usd=Decimal(reserved))

    verdict = RESERVE.check(an_order(), facts(cash_usd=Decimal(cash), exposure=exposure))

    assert (verdict.action, verdict.quantity) == (action, allowed)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"cash_usd": None}, ("cash",)),
        ({"equity_usd": None}, ("equity",)),
        ({"prices": {}}, ("price of AAA",)),
    ],
)
def test_a_reserve_that_cannot_be_measured_is_not_spent(changes, missing):
    order = an_order(order_type=OrderType.MARKET, limit_price=None)

    assert RESERVE.check(order, facts(**changes)).missing == missing


@given(cash=CENTS, equity=CENTS, price=CENTS, wanted=st.integers(1, 10_000))
def test_what_was_cleared_leaves_the_reserve(cash, equity, price, wanted):
    order = an_order(quantity=wanted, limit_price=price)

    verdict = RESERVE.check(order, facts(cash_usd=cash, equity_usd=equity, exposure=an_exposure()))

    cleared = wanted if verdict.action is RiskAction.APPROVE else verdict.quantity or 0
    assert cleared == 0 or cash - cost(cleared, price, COMMISSION) >= equity / 10
