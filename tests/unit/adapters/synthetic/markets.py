"""Generated markets for tests, and what can be read off them."""

from datetime import date

import numpy as np
from hypothesis import strategies as st

from alpha_oracle.adapters.synthetic.market import generate
from alpha_oracle.config import SyntheticSettings

START = date(2015, 1, 2)
TWO_YEARS_ON = date(2016, 12, 30)
TEN_YEARS_ON = date(2024, 12, 31)

seeds = st.integers(min_value=-(2**63), max_value=2**64)
sizes = st.integers(min_value=2, max_value=15)


def a_market(*, seed=7, symbols=12, start=START, through=TWO_YEARS_ON):
    """A market generated afresh."""
    return generate(SyntheticSettings(seed=seed, symbols=symbols, start=start), through=through)


def unsplit_close(market):
    """Closes of an original share: as traded, times the shares it has become."""
    return market.bars.close * market.actions.shares


def log_returns(market):
    """Daily log returns without splits, `sessions x companies`."""
    return np.diff(np.log(unsplit_close(market)), axis=0)
