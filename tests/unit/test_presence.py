"""Which processes an installation runs, and how others see them."""

import pytest

from alpha_oracle.bootstrap.presence import API, FEED, WORKER, always_on, is_present, present
from alpha_oracle.config import Settings


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (FEED, WORKER, API)),
        ({"broker": {"provider": "ibkr"}}, (WORKER, API)),
        ({"broker": {"provider": "ibkr"}, "feed": {"source": "simulated"}}, (FEED, WORKER, API)),
        ({"broker": {"provider": "ibkr"}, "risk": {"autonomy_mode": "MANUAL_APPROVAL"}}, (API,)),
        ({"risk": {"autonomy_mode": "MANUAL_APPROVAL"}}, (FEED, WORKER, API)),
    ],
    ids=["as it comes", "quotes of a vendor", "paper money", "real money", "asking a human"],
)
def test_an_installation_runs_what_its_settings_allow(settings, expected):
    assert always_on(Settings.model_validate(settings)) == expected


def test_a_process_is_seen_while_it_works(home):
    assert not is_present(home, WORKER)
    with present(home, WORKER):
        assert is_present(home, WORKER)
        assert not is_present(home, FEED)
        with present(home, WORKER):
            assert is_present(home, WORKER)
    assert not is_present(home, WORKER)
