"""What every record of the kill switch must do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alpha_oracle.domain.risk import KillSwitchRecord
from alpha_oracle.errors import ContradictsRecord
from tests.contracts.trading_stores import MAKERS
from tests.contracts.trading_values import an_activation
from tests.trading import NOW


@pytest.fixture(params=MAKERS)
def trading(request):
    """A switch never thrown, and what is announced beside it."""
    with MAKERS[request.param](request) as made:
        yield made


def resumed(record, **changes):
    return replace(record, **{"is_active": False, "changed_by": "you", "reason": "", **changes})


def test_a_switch_never_thrown_is_not_active(trading):
    assert trading.kill_switch.record() == KillSwitchRecord()


def test_an_activation_is_on_record_and_announced(trading):
    assert trading.kill_switch.change(an_activation(), at=NOW) == an_activation()
    assert trading.kill_switch.record() == an_activation()
    (event,) = trading.announced("kill_switch")
    assert (event["event"], event["by"], event["reason"]) == (
        "kill_switch:activated", "me", "a storm",
    )  # fmt: skip


def test_a_change_repeated_is_announced_once_and_undoes_nothing(trading):
    trading.kill_switch.change(an_activation(), at=NOW)
    after = trading.kill_switch.change(resumed(an_activation()), at=NOW)
    assert trading.kill_switch.change(an_activation(), at=NOW) == after == resumed(an_activation())
    assert len(trading.announced("kill_switch")) == 2


def test_a_resume_decided_before_an_activation_is_refused(trading):
    trading.kill_switch.change(an_activation(), at=NOW)
    later = NOW + timedelta(minutes=1)
    again = an_activation(activated_at=later, reason="worse")
    trading.kill_switch.change(again, at=later)
    with pytest.raises(ContradictsRecord, match="meanwhile"):
        trading.kill_switch.change(resumed(an_activation()), at=later)
    assert trading.kill_switch.record() == again


def test_of_two_activations_the_later_instant_counts(trading):
    trading.kill_switch.change(an_activation(), at=NOW)
    early = NOW - timedelta(minutes=1)
    trading.kill_switch.change(an_activation(activated_at=early, reason="late news"), at=early)
    assert trading.kill_switch.record() == an_activation(reason="late news")
