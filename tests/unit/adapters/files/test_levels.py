from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.files.levels import read_levels
from alpha_oracle.errors import DataError
from tests.unit.adapters.files.files import write

NOW = datetime(2016, 1, 11, 21, 20, tzinfo=UTC)
HEADER = "Date,Open,High,Low,Close\n"


def read(tmp_path, rows, *, header=HEADER):
    return read_levels(write(tmp_path / "vix.csv", header + rows), "VIX", now=NOW)


def test_rows_are_levels_in_the_order_of_their_sessions(tmp_path):
    received = read(tmp_path, "2016-01-11,25.6,27.4,23.9,24.3\n2016-01-08,23,27.1,22.5,27\n")
    assert [(one.session, one.close) for one in received.levels] == [
        (date(2016, 1, 8), 27.0),
        (date(2016, 1, 11), 24.3),
    ]
    assert received.levels[1].known_at == NOW


def test_rows_that_cannot_be_used_are_refused_with_the_file(tmp_path):
    received = read(
        tmp_path,
        "2016-01-09,1,1,1,1\n2016-01-12,1,1,1,1\nsoon,1,1,1,1\n2016-01-08,1\n2016-01-08,1,1,1,1\n"
        "1901-01-02,1,1,1,1\n",
    )
    assert [one.session for one in received.levels] == [date(2016, 1, 8)]
    assert sorted(row.reason for row in received.refused) == [
        "1901-01-02 is beyond the exchange calendar",
        "2 fields where the header has 5",
        "the date is none",
        "the exchange was closed on 2016-01-09",
        "the level of 2016-01-12 is not final yet",
    ]
    assert {row.received["file"] for row in received.refused} == {"vix.csv"}


def test_a_file_without_a_column_is_refused(tmp_path):
    with pytest.raises(DataError, match="has no column low; found Date, Close"):
        read(tmp_path, "2016-01-08,1\n", header="Date,Close,Open,High\n")


def test_the_real_history_is_read_as_it_lies_there(shared_data):
    path = shared_data / "benchmarks" / "vix_daily_1990_2018.csv.gz"
    received = read_levels(path, "VIX", now=datetime(2019, 1, 2, tzinfo=UTC))
    assert (len(received.levels), len(received.refused)) == (7303, 1)
    assert received.levels[0].session == date(1990, 1, 2)
