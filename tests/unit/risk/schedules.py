"""Schedules of commissions in exact decimals, as live trading calls them."""

from decimal import Decimal

from hypothesis import strategies as st

from alpha_oracle.risk.commissions import FREE, IBKR_FIXED, IBKR_TIERED, Commission


def in_decimals(schedule):
    return Commission(*(Decimal(str(figure)) for figure in schedule))


def in_floats(schedule):
    return Commission(*(float(figure) for figure in schedule))


IN_DECIMALS = in_decimals(IBKR_FIXED)
TENTHS = st.integers(min_value=0, max_value=1000).map(lambda tenths: Decimal(tenths) / 10)
SCHEDULES = st.one_of(
    st.sampled_from([in_decimals(one) for one in (FREE, IBKR_FIXED, IBKR_TIERED)]),
    st.builds(
        Commission,
        TENTHS,
        TENTHS,
        TENTHS,
        TENTHS,
        TENTHS,
    ),
)
