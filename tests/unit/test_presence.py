"""Which processes an installation runs, and how others see them."""

from contextlib import closing

import pytest

from alpha_oracle.bootstrap.presence import (
    FEED,
    WORKER,
    Pulse,
    is_present,
    last_beat,
    present,
    trades_at_ibkr,
)
from alpha_oracle.config import Settings
from tests.fakes.clock import FixedClock


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, False),
        ({"broker": {"provider": "ibkr"}}, False),
        ({"broker": {"provider": "ibkr"}, "risk": {"autonomy_mode": "MANUAL_APPROVAL"}}, True),
        ({"risk": {"autonomy_mode": "FULL_AUTONOMOUS"}}, False),
    ],
    ids=["as it comes", "paper money", "real money", "simulated"],
)
def test_orders_go_to_ibkr_by_its_name_and_never_for_paper_only(settings, expected):
    assert trades_at_ibkr(Settings.model_validate(settings)) == expected


def test_a_process_is_seen_while_it_works(home):
    assert not is_present(home, WORKER)
    with present(home, WORKER):
        assert is_present(home, WORKER)
        assert not is_present(home, FEED)
        with present(home, WORKER):
            assert is_present(home, WORKER)
    assert not is_present(home, WORKER)


def test_nobody_has_a_pulse_who_never_worked(home):
    assert last_beat(home, WORKER) is None


def test_a_pulse_tells_when_its_process_last_came_around_also_when_it_is_gone(home):
    clock = FixedClock()
    with closing(Pulse(home, WORKER, clock)) as pulse:
        pulse.beat()
    assert last_beat(home, WORKER) == clock.now()
    clock.advance(minutes=5)
    with closing(Pulse(home, WORKER, clock)) as pulse:
        assert last_beat(home, WORKER) < clock.now()
        pulse.beat()
    assert last_beat(home, WORKER) == clock.now()


def test_a_pulse_that_cannot_be_read_is_none(home):
    (home / "run").mkdir()
    (home / "run" / "worker.pulse").write_text("soon")
    assert last_beat(home, WORKER) is None
