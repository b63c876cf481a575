from datetime import UTC, date, datetime
from itertools import islice

import pytest

from alpha_oracle.errors import ConfigurationError, UnknownSymbol
from alpha_oracle.marketdata.backfill import CHUNK_SESSIONS, backfill
from tests.builders import bars_of_closes, received
from tests.fakes.bar_source import InMemoryBarSource
from tests.fakes.clock import FixedClock
from tests.unit.marketdata.intake import BOUNDS, LATER, empty_stores, stored_closes

START, END = date(2016, 1, 4), date(2016, 8, 31)
SESSIONS = 168
CLOSES = {"A": [10.0] * 3 + [10.1, 10.2] * 90, "B": [20.0, 20.1] * 90}


class CountingSource(InMemoryBarSource):
    """A source that counts how often it was asked."""

    calls = 0

    def fetch(self, symbols, *, start, end):
        object.__setattr__(self, "calls", self.calls + 1)
        return super().fetch(symbols, start=start, end=end)


def a_source():
    return CountingSource(holds=received(bars_of_closes(CLOSES)))


def steps(source, stores, *, start=START, end=END, at=LATER, only=None):
    return backfill(
        [source], stores, start=start, end=end, bounds=BOUNDS, clock=FixedClock(at), only=only
    )


def test_a_range_is_filled_chunk_by_chunk():
    stores = empty_stores()
    done = list(steps(a_source(), stores))
    assert [step.sessions_done for step in done] == [63, 126, 168]
    assert {step.sessions_total for step in done} == {SESSIONS}
    assert sum(step.stored for step in done) == 2 * SESSIONS
    assert len(stored_closes(stores, "A")) == SESSIONS


def test_a_stopped_backfill_carries_on_where_it_was():
    stores, source = empty_stores(), a_source()
    list(islice(steps(source, stores), 1))
    assert len(stored_closes(stores, "B")) == CHUNK_SESSIONS
    resumed = list(steps(source, stores))
    assert [step.fetched_symbols for step in resumed] == [0, 2, 2]
    assert source.calls == 3
    assert len(stored_closes(stores, "B")) == SESSIONS


def test_only_the_symbols_named_are_filled():
    stores = empty_stores()
    list(steps(a_source(), stores, only=["a"]))
    assert stored_closes(stores, "B") == {}
    assert len(stored_closes(stores, "A")) == SESSIONS


def test_a_symbol_nobody_knows_is_refused():
    with pytest.raises(UnknownSymbol, match="NOSUCH: known to neither"):
        list(steps(a_source(), empty_stores(), only=["NOSUCH"]))


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        pytest.param(START, date(2016, 9, 1), "2016-09-01 has not closed", id="a day to come"),
        pytest.param(END, START, "there is no session from", id="an end before the start"),
        pytest.param(
            date(2016, 1, 9), date(2016, 1, 10), "there is no session from", id="a weekend"
        ),
    ],
)
def test_a_range_that_cannot_be_filled_is_refused(start, end, message):
    at = datetime(2016, 9, 1, 12, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match=message):
        list(steps(a_source(), empty_stores(), start=start, end=end, at=at))
