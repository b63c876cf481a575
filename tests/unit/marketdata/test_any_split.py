"""Whatever days are run, and whoever answers: a split is found where and as it was, or waits."""

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_oracle.calendar import shift_session
from alpha_oracle.marketdata.imports import import_actions
from tests.unit.marketdata.intake import (
    BOUNDS,
    a_dividend,
    a_split,
    decided,
    empty_stores,
    stored_closes,
)
from tests.unit.marketdata.readjusting import MONDAY, adjusted, as_traded, run

SESSIONS = 9
DAYS = [shift_session(MONDAY, count) for count in range(SESSIONS)]
AFTER = decided(shift_session(MONDAY, 12).isoformat())
CLOSES = [100.0, 101.5, 99.0, 102.0, 103.5, 101.0, 104.0, 105.0, 103.0]


@st.composite
def markets(draw):
    """Closes as traded around one split, and which days are run with which source."""
    ex_place = draw(st.integers(1, SESSIONS - 1))
    value = draw(st.sampled_from([0.1, 1.05, 1.25, 1.5, 2, 7, 20]))
    closes = [close / value if place >= ex_place else close for place, close in enumerate(CLOSES)]
    runs = draw(
        st.lists(
            st.tuples(st.sampled_from(range(SESSIONS)), st.booleans()),
            min_size=2,
            max_size=SESSIONS,
            unique_by=lambda run: run[0],
        )
    )
    return closes, DAYS[ex_place], value, sorted(runs), draw(st.booleans())


def answer(closes, session, *, ex_date, value, is_late):
    # A source that is late moves its history on the session after the ex-date.
    moved = shift_session(ex_date, 1) if is_late else ex_date
    splits = [(ex_date, value)] if session >= moved else []
    return adjusted({"A": closes}, through=session, splits=splits)


@settings(max_examples=8)
@given(market=markets())
def test_a_split_is_found_as_it_was_or_its_bars_wait_for_its_action(market):
    closes, ex_date, value, runs, is_late = market
    stores = empty_stores()
    for place, is_raw in runs:
        session = DAYS[place]
        vendor = answer(closes, session, ex_date=ex_date, value=value, is_late=is_late)
        report = run(stores, session, as_traded({"A": closes}) if is_raw else vendor)
        if session < ex_date:
            assert (report.accepted, report.quarantined) == (1, 0)
    found = {(action.ex_date, float(action.value)) for action in stores.reference.actions()}
    assert found <= {(ex_date, value)}
    traded = {str(DAYS[place]): closes[place] for place, _ in runs}
    assert stored_closes(stores, "A").items() <= traded.items()

    nothing = a_dividend("A", date(2016, 1, 5).isoformat(), Decimal("0.01"))
    truth = a_split("A", ex_date.isoformat(), value)
    before = stored_closes(stores, "A")
    import_actions([nothing], stores, source="files", bounds=BOUNDS, at=AFTER)
    assert stored_closes(stores, "A") == before
    import_actions([truth], stores, source="files", bounds=BOUNDS, at=AFTER)
    assert stored_closes(stores, "A") == traded
    assert stores.quarantine.held() == []
