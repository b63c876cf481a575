"""Each kind of alert that the trading day raises tells people what to do about it."""

import pytest

from alpha_oracle.bootstrap.trading_rules import risk_bounds
from alpha_oracle.config import Settings
from alpha_oracle.domain.orders import RefusedBy
from alpha_oracle.execution.booking import BreachKind
from alpha_oracle.execution.doubts import INTEGRITY
from alpha_oracle.execution.following import UNKNOWN_ORDER
from alpha_oracle.execution.margin import MARGIN_DEFICIT
from alpha_oracle.execution.outages import BROKER, BUS, STORE
from alpha_oracle.execution.reconciliation import CASH_DIFFERENCE, FOREIGN_ORDERS, MISMATCH
from alpha_oracle.risk.alert_advice import next_step
from alpha_oracle.risk.alert_texts import KILL_SWITCH, REJECTED
from alpha_oracle.risk.portfolio_limits import (
    CashReserve,
    DailyLoss,
    Drawdown,
    MaxPositions,
    MaxTradesPerDay,
)
from alpha_oracle.risk.portfolio_monitor import STALE_QUOTE
from alpha_oracle.risk.position_limits import PositionLimit, SectorLimit

LIMITS = (
    *(Drawdown, DailyLoss, MaxPositions, MaxTradesPerDay, CashReserve),
    *(PositionLimit, SectorLimit),
)
KINDS = [
    *(gauge.name for gauge in risk_bounds(Settings()).breakers()),
    *(limit.name for limit in LIMITS),
    *(kind.value for kind in BreachKind),
    *(f"{REJECTED}:{one.value}" for one in RefusedBy if one is not RefusedBy.OPERATOR),
    *(MISMATCH, CASH_DIFFERENCE, FOREIGN_ORDERS, BROKER, STORE, BUS),
    *(MARGIN_DEFICIT, UNKNOWN_ORDER, INTEGRITY, STALE_QUOTE, KILL_SWITCH),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_alert_has_advice_of_its_own(kind):
    assert next_step(kind) != next_step("a kind that nobody knows")


def test_a_kind_that_nobody_knows_points_to_where_things_are_shown():
    assert "alpha-oracle doctor" in next_step("a kind that nobody knows")
