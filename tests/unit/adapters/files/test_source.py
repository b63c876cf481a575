import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from alpha_oracle.adapters.files.source import FilesBarSource
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.errors import ConfigurationError, DataError
from tests.unit.adapters.files.files import LONG, rows, write

MONDAY, TUESDAY = date(2016, 1, 4), date(2016, 1, 5)
WITH_SPLIT = """
symbol,date,open,high,low,close,volume,adj_close
AAPL,2016-01-04,700,700,700,700,1000,100
AAPL,2016-01-05,102,102,102,102,1000,102
"""
WITH_FAULTS = (
    LONG
    + "MSFT,2016-01-05,54.9,55.3,54.5,n0ne,1\n^GSPC,2016-01-05,1,1,1,1,1\nMSFT,never,1,1,1,1,1\n"
)


def source_of(path, prices=PriceBasis.SPLIT_ADJUSTED):
    return FilesBarSource(path=path, prices=prices)


def test_a_changed_file_is_read_again(tmp_path):
    path = write(tmp_path / "bars.csv", LONG)
    source = source_of(path)
    assert source.symbols(TUESDAY) == ("AAPL",)
    write(path, LONG + "MSFT,2016-01-05,54.9,55.3,54.5,55.0,34079700\n")
    os.utime(path, ns=(1, 1))
    assert source.symbols(TUESDAY) == ("AAPL", "MSFT")


def test_bars_are_adjusted_through_the_last_session_of_the_file(tmp_path):
    source = source_of(write(tmp_path / "bars.csv", LONG))
    received = source.fetch(["AAPL"], start=MONDAY, end=MONDAY)
    assert rows(received.bars) == [("AAPL", "2016-01-04", 105.35, 67649400.0)]
    assert received.batch.adjusted_through == TUESDAY


def test_corporate_actions_come_with_the_bars_of_their_ex_date(tmp_path):
    source = source_of(write(tmp_path / "bars.csv", WITH_SPLIT), PriceBasis.RAW)
    assert source.fetch(["AAPL"], start=MONDAY, end=MONDAY).actions == ()
    [action] = source.fetch(["AAPL"], start=TUESDAY, end=TUESDAY).actions
    assert action.value == 7


def test_unreadable_rows_of_the_session_come_along(tmp_path):
    source = source_of(write(tmp_path / "bars.csv", WITH_FAULTS))
    received = source.fetch(["MSFT"], start=TUESDAY, end=TUESDAY)
    assert len(received.bars) == 0
    assert [row.symbol for row in received.unreadable] == ["MSFT", "^GSPC"]
    assert source.fetch(["AAPL"], start=MONDAY, end=MONDAY).unreadable == ()


def test_threads_may_ask_at_once(tmp_path):
    source = source_of(write(tmp_path / "bars.csv", LONG))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(source.symbols, [MONDAY] * 8))
    assert answers == [("AAPL", "MSFT")] * 8


def test_no_path_is_a_setting_to_mend():
    with pytest.raises(ConfigurationError, match=r"data\.files\.path is not set"):
        source_of(None).symbols(MONDAY)


def test_a_path_to_nothing_says_so(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        source_of(tmp_path / "bars.csv").symbols(MONDAY)
