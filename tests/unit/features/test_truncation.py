"""No feature sees the future: cutting it off changes nothing, to the bit."""

import numpy as np
import pytest

from alpha_oracle.features import registry
from alpha_oracle.features.declaration import declare
from tests.unit.features.panels import a_panel_with_gaps, real_panel

EVERY_FEATURE = pytest.mark.parametrize("feature", registry.all(), ids=lambda feature: feature.name)


@pytest.fixture(scope="module")
def real(shared_data):
    return real_panel(shared_data)


def assert_same_row(cut, whole, *, at):
    row = int(np.searchsorted(whole.sessions, at))
    np.testing.assert_array_equal(cut.bits[-1], whole.bits[row], err_msg=f"{at} differs")


class Computed:
    """A feature's values on a panel, as bits: NaN equals NaN, and nothing else is forgiven."""

    def __init__(self, feature, panel):
        values = feature.compute(panel)
        self.sessions = panel.sessions
        self.bits = np.where(np.isnan(values), np.nan, values).view(np.int64)


def check_by_truncation(feature, panel, *, step):
    whole = Computed(feature, panel)
    for session in panel.sessions[60::step]:
        assert_same_row(Computed(feature, panel.until(session.item())), whole, at=session)


@EVERY_FEATURE
def test_a_feature_is_the_same_when_the_future_is_cut_off(feature):
    check_by_truncation(feature, a_panel_with_gaps(), step=20)


@EVERY_FEATURE
def test_a_feature_on_real_bars_is_the_same_when_the_future_is_cut_off(feature, real):
    check_by_truncation(feature, real, step=97)


def centred_mean(close):
    """Mean of the close before, of the session and after it."""
    out = close.copy()
    out[1:-1] = (close[:-2] + close[1:-1] + close[2:]) / 3.0
    return out


def standing_in_all_of_history(close):
    """Close against the mean of the whole sample."""
    known = np.isfinite(close)
    return close / (np.where(known, close, 0.0).sum(axis=0) / known.sum(axis=0)) - 1.0


def filled_backwards(close):
    """The next known return in place of an unknown one."""
    out = np.full_like(close, np.nan)
    out[:-1] = close[1:] / close[:-1] - 1.0
    return out


@pytest.mark.parametrize(
    "leak", [centred_mean, standing_in_all_of_history, filled_backwards], ids=lambda f: f.__name__
)
def test_a_known_leak_is_caught(leak):
    feature = declare(leak, group="technical", inputs=("close",), lookback_sessions=1)
    with pytest.raises(AssertionError, match="differs"):
        check_by_truncation(feature, a_panel_with_gaps(), step=20)
