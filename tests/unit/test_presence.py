"""Which processes an installation runs, and how others see them."""

import pytest

from alpha_oracle.bootstrap.presence import FEED, WORKER, is_present, present, trades_at_ibkr
from alpha_oracle.config import Settings


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
