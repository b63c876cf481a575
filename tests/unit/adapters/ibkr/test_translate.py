import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.adapters.ibkr.translate import (
    Bar,
    as_columns,
    duration,
    has_fractions,
    history,
    in_shares,
    read_row,
)
from alpha_oracle.adapters.ibkr.vendor import BarDecoder
from alpha_oracle.domain.bars import UnreadableRow

# As recorded at a gateway.
RECORDED = ("20230413", "182.9400", "186.5000", "180.9400", "185.9000", "948837.22", "184.8", "3")
MONDAY, FRIDAY_BEFORE = date(2024, 1, 8), date(2024, 1, 5)


class Answered:
    """What the client keeps of answers: which of them have ended."""

    def __init__(self):
        self.ended = []

    def historicalDataEnd(self, request_id, start, end):  # noqa: N802 - the client's name.
        self.ended.append(request_id)


def a_row(**changes):
    fields = dict(zip(("date", "open", "high", "low", "close", "volume"), RECORDED, strict=False))
    return (*(fields | changes).values(), "184.8", "3")


def a_bar(session=MONDAY, volume=1000.0):
    return Bar(session=session, open=1.0, high=2.0, low=0.5, close=1.5, volume=volume)


def test_a_recorded_row_is_a_bar():
    assert read_row("AAPL", RECORDED) == Bar(
        session=date(2023, 4, 13),
        open=182.94,
        high=186.5,
        low=180.94,
        close=185.9,
        volume=948837.22,
    )


def test_recorded_answers_are_bars_to_the_last_row(shared_data):
    with (shared_data / "ibkr" / "tws_wire_messages.jsonl").open() as lines:
        messages = [json.loads(line) for line in lines]
    wires = [one["wire"].split("|")[:-1] for one in messages if one["message_id"] == 17]
    decoder = BarDecoder(Answered())
    for request_id, fields in enumerate(wires):
        rows = decoder.expect(request_id)
        decoder.historicalData([fields[0], str(request_id), *fields[2:]])
        bars = [read_row("AAPL", row) for row in rows]
        assert len(bars) == int(fields[4])
        assert all(isinstance(bar, Bar) for bar in bars)
    assert decoder.wrapper.ended == list(range(len(wires)))
    assert len(wires) > 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"close": "NaN"}, "close: not a number, negative or not set", id="no number"),
        pytest.param({"low": "-1.0"}, "low: not", id="a negative price"),
        pytest.param({"volume": "-1"}, "volume: not", id="a volume that is not there"),
        pytest.param({"high": "Infinity"}, "high: not", id="an infinite price"),
        pytest.param({"open": "1.7976931348623157E308"}, "open: not", id="a price not set"),
        pytest.param({"open": "12,5"}, "could not convert", id="a text"),
        pytest.param({"open": ""}, "could not convert", id="an empty field"),
        pytest.param({"date": "2023-04-13"}, "no YYYYMMDD", id="another kind of date"),
        pytest.param({"date": "20230231"}, "day is out of range", id="a day that never was"),
        pytest.param({"date": "20230413  10:00:00"}, "no YYYYMMDD", id="a bar of an hour"),
    ],
)
def test_a_field_that_a_bar_cannot_have_makes_the_row_unreadable(changes, reason):
    row = read_row("AAPL", a_row(**changes))
    assert isinstance(row, UnreadableRow)
    assert reason in row.reason
    assert row.received.items() >= changes.items()


def test_an_unreadable_row_says_its_session_where_the_date_can_be_read():
    assert read_row("AAPL", a_row(low="?")).session == "2023-04-13"
    assert read_row("AAPL", a_row(date="today")).session == "today"


@given(st.lists(st.text(max_size=12), max_size=10))
def test_any_texts_are_a_bar_or_an_unreadable_row(fields):
    row = read_row("AAPL", tuple(fields))
    assert isinstance(row, Bar | UnreadableRow)


def test_lots_are_shares_by_the_hundred_rounded_to_whole_ones():
    assert in_shares(a_bar(volume=948837.22)).volume == 94883722.0


@pytest.mark.parametrize(
    ("volumes", "are_lots"),
    [((10.0, 948837.22), True), ((10.0, 20.0), False), ((), False)],
    ids=["one with a fraction", "whole ones", "none"],
)
def test_a_fraction_among_the_volumes_tells_lots(volumes, are_lots):
    assert has_fractions(a_bar(volume=volume) for volume in volumes) is are_lots


@pytest.mark.parametrize(
    ("start", "end", "asked"),
    [
        pytest.param(MONDAY, MONDAY, "1 D", id="one session"),
        pytest.param(FRIDAY_BEFORE, MONDAY, "2 D", id="a weekend counts nothing"),
        pytest.param(date(2022, 7, 27), MONDAY, "365 D", id="the longest in sessions"),
        pytest.param(date(2022, 7, 26), MONDAY, "2 Y", id="one session more"),
        pytest.param(date(2020, 1, 9), MONDAY, "4 Y", id="four years less a day"),
        pytest.param(date(2020, 1, 8), MONDAY, "5 Y", id="four years to the day"),
    ],
)
def test_the_duration_reaches_back_to_the_start(start, end, asked):
    assert duration(start, end) == asked


@given(
    st.dates(min_value=date(1990, 1, 2), max_value=date(2024, 1, 8)),
    st.integers(min_value=0, max_value=9000),
)
def test_years_never_fall_short_of_the_start(end, days):
    start = end - timedelta(days=days)
    count, unit = duration(start, end).split()
    if unit == "Y":
        anniversary = end.replace(year=end.year - int(count), day=min(end.day, 28))
        assert anniversary <= start
        assert int(count) <= days / 365 + 1


def test_history_is_asked_up_to_the_end_of_its_last_day():
    asked = history(7, start=FRIDAY_BEFORE, end=MONDAY, now=datetime(2024, 2, 1, tzinfo=UTC))
    assert (asked.con_id, asked.duration) == (7, "2 D")
    assert asked.until.astimezone(UTC) == datetime(2024, 1, 9, 4, 59, 59, tzinfo=UTC)


def test_history_is_never_asked_beyond_now():
    now = datetime(2024, 1, 8, 21, 30, tzinfo=UTC)
    assert history(7, start=MONDAY, end=MONDAY, now=now).until == now


def test_columns_ascend_by_symbol_then_session_whatever_came_first():
    columns = as_columns(
        {"MSFT": [a_bar()], "AAPL": [a_bar(MONDAY), a_bar(FRIDAY_BEFORE)], "EMPTY": []}
    )
    assert columns.symbols == ("AAPL", "MSFT")
    assert columns.symbol_index.tolist() == [0, 0, 1]
    assert columns.session.tolist() == [FRIDAY_BEFORE, MONDAY, MONDAY]


def test_no_bars_are_columns_of_the_same_kinds():
    columns = as_columns({})
    assert (len(columns), columns.symbols) == (0, ())
    assert columns.session.dtype == np.dtype("datetime64[D]")
    assert columns.close.dtype == np.float64
