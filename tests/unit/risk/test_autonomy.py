from decimal import Decimal

import pytest

from alpha_oracle.domain.risk import AutonomyMode, RiskAction
from alpha_oracle.risk.autonomy import AutonomyGate
from tests.trading import an_exit, an_order, facts

GATE = AutonomyGate(full_above_usd=Decimal(25_000))
HUMAN = RiskAction.REQUIRE_HUMAN_APPROVAL


@pytest.mark.parametrize(
    ("order", "is_live", "action"),
    [
        pytest.param(an_order(), False, RiskAction.APPROVE, id="simulated, book paper"),
        pytest.param(an_order(simulated=False), False, RiskAction.REJECT, id="not simulated"),
        pytest.param(an_order(account="U1234567"), False, RiskAction.REJECT, id="another book"),
        pytest.param(an_order(), True, RiskAction.REJECT, id="a live account"),
    ],
)
def test_paper_only_never_reaches_a_real_broker(order, is_live, action):
    assert GATE.check(order, facts(is_live=is_live)).action is action


@pytest.mark.parametrize("order", [an_order(), an_exit()], ids=["entry", "exit"])
def test_every_order_waits_for_a_human_in_manual_approval(order):
    assert GATE.check(order, facts(mode=AutonomyMode.MANUAL_APPROVAL)).action is HUMAN


def test_bounded_autonomy_sends_what_is_within_limits():
    bounded = facts(mode=AutonomyMode.BOUNDED_AUTONOMOUS, is_live=True)

    assert GATE.check(an_order(simulated=False), bounded).action is RiskAction.APPROVE


@pytest.mark.parametrize(
    ("is_live", "equity", "action"),
    [
        pytest.param(True, Decimal("25000.01"), RiskAction.APPROVE, id="live, above"),
        pytest.param(True, Decimal("25000.00"), HUMAN, id="live, on the threshold"),
        pytest.param(True, None, HUMAN, id="live, unknown equity"),
        pytest.param(False, Decimal(100_000), HUMAN, id="not live"),
    ],
)
def test_full_autonomy_outside_its_condition_is_manual(is_live, equity, action):
    full = facts(mode=AutonomyMode.FULL_AUTONOMOUS, is_live=is_live, equity_usd=equity)

    assert GATE.check(an_order(simulated=False), full).action is action
    assert GATE.is_full_withheld(full) is (action is HUMAN)


def test_no_other_mode_withholds_full_autonomy():
    assert not GATE.is_full_withheld(facts(mode=AutonomyMode.BOUNDED_AUTONOMOUS))
