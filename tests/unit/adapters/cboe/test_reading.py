import gzip
from datetime import UTC, date, datetime, timedelta

import pytest

from alpha_oracle.adapters.cboe.reading import CutOff
from alpha_oracle.adapters.level_rows import latest_settled_session, settles_at
from alpha_oracle.domain.levels import IndexLevel
from alpha_oracle.errors import DataError
from tests.unit.adapters.cboe.histories import (
    EVENING,
    FRIDAY,
    MONDAY,
    ROWS,
    a_history,
    closes_of,
    read,
)


def test_a_row_is_a_level_known_when_the_index_stops():
    received = read(a_history(), end=FRIDAY)
    assert received.levels == (
        IndexLevel(
            series="VIX",
            session=FRIDAY,
            open=22.96,
            high=27.08,
            low=22.48,
            close=27.01,
            known_at=datetime(2016, 1, 8, 21, 20, tzinfo=UTC),
        ),
    )
    assert received.refused == ()


def test_levels_come_in_the_order_of_their_sessions():
    turned = a_history(*reversed(ROWS))
    assert list(closes_of(read(turned, start=date(2016, 1, 1)))) == [
        date(2016, 1, 7),
        FRIDAY,
        MONDAY,
    ]


def test_a_level_is_final_twenty_minutes_after_the_close():
    assert closes_of(read(a_history())) == {FRIDAY: 27.01, MONDAY: 24.3}
    early = read(a_history(), now=EVENING - timedelta(seconds=1))
    assert closes_of(early) == {FRIDAY: 27.01}
    assert [row.reason for row in early.refused] == ["the level of 2016-01-11 is not final yet"]
    assert latest_settled_session(EVENING) == MONDAY
    assert latest_settled_session(EVENING - timedelta(seconds=1)) == FRIDAY


def test_a_half_day_settles_earlier():
    assert settles_at(date(2016, 11, 25)) == datetime(2016, 11, 25, 18, 20, tzinfo=UTC)


def test_columns_are_known_by_their_names_in_any_order():
    rows = ["24.300000,01/11/2016,25.630000,23.860000,27.390000"]
    turned = a_history(*rows, header="Close, Date, Open, Low, High")
    assert read(turned) == read(a_history(ROWS[2]))


@pytest.mark.parametrize("day", ["2016-01-11", "01/11/2016", "1/11/2016"])
def test_dates_are_read_month_first_or_as_iso(day):
    assert list(closes_of(read(a_history(f"{day},1,1,1,1")))) == [MONDAY]


def test_an_open_outside_the_range_of_its_day_is_taken_as_given():
    [level] = read(a_history("01/11/2016,28,27.39,23.86,24.3")).levels
    assert (level.open, level.high) == (28.0, 27.39)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("01/09/2016,1,1,1,1", "the exchange was closed on 2016-01-09", id="closed"),
        pytest.param("01/11/2016,1,1,1,2", "close 2 is outside 1 to 1", id="a close outside"),
        pytest.param("01/11/2016,0,1,0,1", "are not all positive", id="zero"),
        pytest.param("01/11/2016,-1,1,1,1", "open '-1' is no price", id="negative"),
        pytest.param("01/11/2016,1,nan,1,1", "high 'nan' is no price", id="a word"),
        pytest.param("01/11/2016,1,,1,1", "high '' is no price", id="blank"),
        pytest.param("13/01/2016,1,1,1,1", "the date is none", id="no date"),
        pytest.param("01/11/2016,1,1,1", "the date is none", id="too few fields"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_alone(row, reason):
    received = read(a_history(row, ROWS[1]))
    assert list(closes_of(received)) == [FRIDAY]
    [refused] = received.refused
    assert (refused.subject, reason in refused.reason) == ("VIX", True)


def test_rows_of_days_nobody_asked_for_are_left_out():
    closed = "01/09/2016,1,1,1,1"
    received = read(a_history(closed, *ROWS), start=MONDAY, end=MONDAY)
    assert (list(closes_of(received)), received.refused) == ([MONDAY], ())


def test_a_day_told_twice_counts_once_and_not_at_all_with_different_figures():
    assert list(closes_of(read(a_history(ROWS[1], ROWS[1])))) == [FRIDAY]
    received = read(a_history(ROWS[1], "01/08/2016,1,1,1,1", ROWS[2]))
    assert list(closes_of(received)) == [MONDAY]
    assert len(received.refused) == 2


@pytest.mark.parametrize("left", ["01/11/2016,25.63,27.39,23.86,", "01/11/20", "01/11/2016,25.6"])
def test_a_history_that_ends_in_the_middle_of_a_row_is_none(left):
    with pytest.raises(CutOff, match="ends in the middle of a row"):
        read(a_history(*ROWS[:2], left, end=""))


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"DATE,VALUE\n2016-01-11,24.3\n"])
def test_what_is_no_history_is_refused_whole(body):
    with pytest.raises(DataError, match="Cboe sent no history of VIX: expected date, open"):
        read(body)


def test_the_real_history_gives_all_its_sessions(shared_data):
    path = shared_data / "benchmarks" / "vix_daily_1990_2018.csv.gz"
    received = read(
        gzip.decompress(path.read_bytes()), start=date(1990, 1, 1), end=date(2018, 12, 31),
        now=datetime(2019, 1, 2, tzinfo=UTC),
    )  # fmt: skip
    assert len(received.levels) == 7303
    assert [row.reason for row in received.refused] == ["the exchange was closed on 2004-06-11"]
    assert sum(not one.low <= one.open <= one.high for one in received.levels) == 47
    assert received.levels[-1].close == 25.42
