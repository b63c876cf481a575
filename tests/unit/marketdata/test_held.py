"""What is held comes back as it was received, to the last bit."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.marketdata.held import held_bar, is_whole, read_back
from tests.builders import bars_of_rows, received
from tests.unit.marketdata.intake import LATER

prices = st.floats(min_value=1e-6, max_value=1e9)
rows = st.lists(
    st.tuples(
        st.sampled_from(["A", "BRK.B", "C"]),
        st.dates(date(1970, 1, 1), date(2030, 1, 1)).map(date.isoformat),
        prices,
        prices,
        prices,
        prices,
        st.floats(min_value=0, max_value=1e12),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[:2],
)


@given(rows=rows)
def test_a_held_bar_reads_back_as_it_was(rows):
    batch = received(
        bars_of_rows(rows), basis=PriceBasis.FULLY_ADJUSTED, adjusted_through=date(2018, 12, 31)
    )
    held = [
        held_bar(batch, row, expectations=("unique",), detail="", at=LATER)
        for row in range(len(rows))
    ]
    assert all(map(is_whole, held))
    [load] = read_back(held)
    assert load.received.batch == batch.batch
    for name in ("symbol_index", "session", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(load.received.bars, name), getattr(batch.bars, name))
