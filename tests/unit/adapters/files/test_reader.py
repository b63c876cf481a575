import gzip
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alpha_oracle.domain.market import PriceBasis
from tests.unit.adapters.files.files import AAPL_ONLY, LONG, read, rows, write

FIRST_TWO = [
    ("AAPL", "2016-01-04", 105.35, 67649400.0),
    ("AAPL", "2016-01-05", 102.71, 55791000.0),
]
STOOQ = """
<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>
AAPL.US,D,20160104,000000,102.61,105.37,102.0,105.35,67649400,0
AAPL.US,D,20160105,000000,105.75,105.85,102.41,102.71,55791000,0
"""
KAGGLE = """
date,open,high,low,close,volume,Name
2016-01-04,102.61,105.37,102.0,105.35,67649400,AAPL
2016-01-05,105.75,105.85,102.41,102.71,55791000,AAPL
"""
SEMICOLONS = """
Ticker;Timestamp;OPEN;HIGH;LOW;CLOSE;Volume
aapl;2016-01-04 00:00:00-05:00;102.61;105.37;102.0;105.35;67649400
aapl;2016-01-05 00:00:00-05:00;105.75;105.85;102.41;102.71;55791000
"""
AMERICAN_DATES = """
Symbol,Date,Open,High,Low,Close,Volume
AAPL,01/04/2016,102.61,105.37,102.0,105.35,67649400
AAPL,1/5/2016,105.75,105.85,102.41,102.71,55791000
AAPL,1/15/2016,96.2,97.71,95.36,97.13,79833900
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("AAPL.csv", AAPL_ONLY, id="a Yahoo export named after its symbol"),
        pytest.param("aapl.us.txt", STOOQ, id="a Stooq export"),
        pytest.param("all_stocks_5yr.csv", KAGGLE, id="a Kaggle export"),
        pytest.param("bars.csv", SEMICOLONS, id="semicolons, and times with an offset"),
        pytest.param("bars.csv", "\ufeff" + KAGGLE.lstrip(), id="a byte order mark"),
    ],
)
def test_the_exports_in_circulation_are_read(tmp_path, name, text):
    assert rows(read(write(tmp_path / name, text)).received.bars) == FIRST_TWO


def test_american_dates_are_read_where_the_file_shows_which_figure_is_the_month(tmp_path):
    bars = read(write(tmp_path / "bars.csv", AMERICAN_DATES)).received.bars
    assert [str(day) for day in bars.session] == ["2016-01-04", "2016-01-05", "2016-01-15"]


def test_rows_are_brought_into_order_of_symbol_and_session(tmp_path):
    bars = read(write(tmp_path / "bars.csv", LONG)).received.bars
    assert bars.symbols == ("AAPL", "MSFT")
    assert [row[:2] for row in rows(bars)] == [
        ("AAPL", "2016-01-04"),
        ("AAPL", "2016-01-05"),
        ("MSFT", "2016-01-04"),
    ]


def test_a_compressed_file_reads_like_a_plain_one(tmp_path):
    path = tmp_path / "bars.csv.gz"
    path.write_bytes(gzip.compress(LONG.lstrip().encode()))
    plain = read(write(tmp_path / "bars.csv", LONG)).received.bars
    assert rows(read(path).received.bars) == rows(plain)


def test_class_shares_are_one_symbol_however_they_are_written(tmp_path):
    text = KAGGLE.replace(",AAPL\n", ",BRK-B\n", 1).replace("AAPL", "BRK.B")
    bars = read(write(tmp_path / "bars.csv", text)).received.bars
    assert bars.symbols == ("BRK.B",)
    assert len(bars) == 2


def test_a_folder_may_mix_formats_and_files_of_one_symbol(tmp_path):
    write(tmp_path / "AAPL.csv", AAPL_ONLY)
    write(tmp_path / "us" / "msft.us.txt", STOOQ.replace("AAPL", "MSFT"))
    write(tmp_path / ".hidden.csv", "nothing of interest")
    table = pa.table(
        {
            "symbol": ["IBM"],
            "date": [date(2016, 1, 4)],
            **{name: [135.0] for name in ("open", "high", "low", "close")},
            "volume": [1000],
        }
    )
    pq.write_table(table, tmp_path / "ibm.parquet")
    received = read(tmp_path).received
    assert received.bars.symbols == ("AAPL", "IBM", "MSFT")
    assert len(received.bars) == 5
    assert received.batch.adjusted_through == date(2016, 1, 5)


@pytest.mark.parametrize(
    "dates",
    [
        pytest.param(pa.array([date(2016, 1, 4)]), id="dates"),
        pytest.param(pa.array([20160104]), id="whole numbers"),
        pytest.param(pa.array(["2016-01-04"]).dictionary_encode(), id="a dictionary of text"),
        pytest.param(pa.array([datetime(2016, 1, 4)]), id="timestamps"),  # noqa: DTZ001 - Such files exist.
        pytest.param(
            pa.array(
                [datetime(2016, 1, 4, tzinfo=ZoneInfo("America/New_York"))],
                type=pa.timestamp("us", tz="America/New_York"),
            ),
            id="New York midnights",
        ),
    ],
)
def test_parquet_dates_are_taken_as_written(tmp_path, dates):
    prices = {name: pa.array([10.0]) for name in ("open", "high", "low", "close")}
    table = pa.table({"ticker": ["IBM"], "Date": dates, **prices, "Volume": [100]})
    pq.write_table(table, tmp_path / "bars.parquet")
    assert rows(read(tmp_path / "bars.parquet").received.bars) == [
        ("IBM", "2016-01-04", 10.0, 100.0)
    ]


def test_narrow_and_decimal_numbers_widen_exactly(tmp_path):
    narrow = np.float32(51.502148)
    columns = {name: pa.array([narrow], type=pa.float32()) for name in ("open", "high", "low")}
    columns["close"] = pa.array([Decimal("51.25")])
    table = pa.table(
        {"symbol": ["A"], "date": [date(2016, 1, 4)], **columns, "volume": pa.array(["100"])}
    )
    pq.write_table(table, tmp_path / "bars.parquet")
    bars = read(tmp_path / "bars.parquet").received.bars
    assert bars.open.tolist() == [float(narrow)]
    assert bars.close.tolist() == [51.25]
    assert bars.volume.tolist() == [100.0]


@pytest.mark.parametrize("word", ["", "null", "NaN", "N/A", "None", " "])
def test_a_missing_value_keeps_its_row_and_says_nothing_was_there(tmp_path, word):
    received = read(write(tmp_path / "bars.csv", LONG.replace("54.8,53778000", f"{word},53778000")))
    bars = received.received.bars
    assert len(bars) == 3
    assert np.isnan(bars.close[2])
    assert received.received.unreadable == ()


@pytest.mark.parametrize(
    ("written", "instead", "fault"),
    [
        pytest.param(
            "54.8,53778000",
            "54.8o,53778000",
            ("close is no number", "close", "54.8o"),
            id="a price that is none",
        ),
        pytest.param(
            "53778000",
            '"53,778,000"',
            ("volume is no number", "volume", "53,778,000"),
            id="a volume with separators",
        ),
        pytest.param(
            "MSFT,2016-01-04",
            "MSFT,2016-13-04",
            ("the date is none", "date", "2016-13-04"),
            id="a month too many",
        ),
        pytest.param(
            "MSFT,2016-01-04",
            "MSFT,yesterday",
            ("the date is none", "date", "yesterday"),
            id="a date in words",
        ),
        pytest.param(
            "MSFT",
            "^GSPC",
            ("the symbol is no ticker", "symbol", "^GSPC"),
            id="an index for a ticker",
        ),
        pytest.param("MSFT", "", ("the symbol is no ticker", "symbol", ""), id="no ticker"),
    ],
)
def test_a_row_that_cannot_be_read_comes_back_with_what_stood_there(
    tmp_path, written, instead, fault
):
    received = read(write(tmp_path / "bars.csv", LONG.replace(written, instead))).received
    reason, key, kept = fault
    assert len(received.bars) == 2
    [row] = received.unreadable
    assert (row.reason, row.received[key], row.received["file"]) == (reason, kept, "bars.csv")


def test_a_line_with_too_few_fields_comes_back_as_it_stood(tmp_path):
    received = read(write(tmp_path / "bars.csv", LONG + "AAPL,2016-01-06,1.0\n")).received
    assert len(received.bars) == 3
    [row] = received.unreadable
    assert row.reason == "3 fields where the header has 7"
    assert row.received["line"] == "AAPL,2016-01-06,1.0"


def test_a_bar_of_another_period_is_not_taken_for_a_day(tmp_path):
    text = STOOQ.replace("AAPL.US,D,20160105", "AAPL.US,60,20160105")
    received = read(write(tmp_path / "aapl.us.txt", text)).received
    assert len(received.bars) == 1
    assert received.unreadable[0].reason == "the period is not a day"


def test_a_mistyped_year_is_no_day_that_prices_are_adjusted_through(tmp_path):
    path = write(tmp_path / "bars.csv", LONG + "AAPL,2061-01-06,1,1,1,1,1\n")
    batch = read(path, PriceBasis.SPLIT_ADJUSTED).received.batch
    assert batch.adjusted_through == date(2016, 1, 5)


def test_raw_prices_are_adjusted_through_no_session(tmp_path):
    path = write(tmp_path / "bars.csv", LONG)
    assert read(path, PriceBasis.RAW).received.batch.adjusted_through is None
    assert read(path, PriceBasis.FULLY_ADJUSTED).received.batch.adjusted_through == date(2016, 1, 5)
