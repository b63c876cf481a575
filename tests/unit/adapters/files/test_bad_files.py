import gzip
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alpha_oracle.errors import DataError
from tests.unit.adapters.files.files import AAPL_ONLY, LONG, read, write


def message_of(path):
    with pytest.raises(DataError) as caught:
        read(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text.replace(str(path), "PATH")


def test_a_missing_file(tmp_path):
    assert message_of(tmp_path / "bars.csv") == (
        "PATH does not exist; give a CSV or Parquet file, or a folder of them"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = write(tmp_path / "bars.csv", LONG)
    path.chmod(0)
    assert message_of(path) == "PATH cannot be read: Permission denied"


@pytest.mark.parametrize("name", ["bars.csv", "bars.parquet", "bars.csv.gz"])
def test_an_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    assert message_of(tmp_path / name) == "PATH is empty; expected a header and rows"


def test_a_header_and_nothing_else(tmp_path):
    header = LONG.strip().splitlines()[0]
    assert message_of(write(tmp_path / "bars.csv", header + "\n")) == (
        "PATH has a header but no rows; nothing was read"
    )


def test_a_parquet_file_without_rows(tmp_path):
    names = ("symbol", "date", "open", "high", "low", "close", "volume")
    pq.write_table(pa.table({name: pa.array([], pa.string()) for name in names}), tmp_path / "b.pq")
    assert message_of(tmp_path / "b.pq") == "PATH has a header but no rows; nothing was read"


def test_an_empty_first_line(tmp_path):
    (tmp_path / "bars.csv").write_text("\n" + LONG, encoding="utf-8")
    assert message_of(tmp_path / "bars.csv") == (
        "PATH begins with an empty line; expected a header"
    )


def test_missing_columns_are_named_beside_those_found(tmp_path):
    text = "Ticker,When,Open,High,Low,Close\nA,2016-01-04,1,1,1,1\n"
    assert message_of(write(tmp_path / "bars.csv", text)) == (
        "PATH has no column date, volume; found Ticker, When, Open, High, Low, Close; expected "
        "symbol, date, open, high, low, close, volume (in any case)"
    )


def test_two_columns_of_one_meaning(tmp_path):
    text = "ticker,Name,date,open,high,low,close,volume\nA,Agilent,2016-01-04,1,1,1,1,1\n"
    assert message_of(write(tmp_path / "bars.csv", text)) == (
        "PATH: columns 'ticker' and 'Name' both mean the symbol; rename or remove one"
    )


def test_no_symbol_column_and_no_ticker_for_a_name(tmp_path):
    assert message_of(write(tmp_path / "my-daily-bars-2016.csv", AAPL_ONLY)) == (
        "PATH has no symbol column and its name is no ticker; add a symbol column or name the "
        "file after its symbol, like AAPL.csv"
    )


@pytest.mark.parametrize(
    ("day", "message"),
    [
        pytest.param(
            "04/01/2016",
            "PATH: dates like 04/01/2016 leave open which figure is the month; write YYYY-MM-DD",
            id="nothing shows which figure is the month",
        ),
        pytest.param(
            "31/01/2016",
            "PATH: dates like 31/01/2016 are not MM/DD/YYYY; write YYYY-MM-DD",
            id="day before month",
        ),
    ],
)
def test_slashed_dates_that_are_not_plainly_american(tmp_path, day, message):
    path = write(tmp_path / "bars.csv", LONG.replace("2016-01-04", day))
    assert message_of(path) == message


def test_a_damaged_parquet_file(tmp_path):
    (tmp_path / "bars.parquet").write_bytes(b"PAR1 no more")
    assert message_of(tmp_path / "bars.parquet").startswith("PATH is damaged or mislabelled: ")


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.999], ids=["header", "half", "all but its end"])
def test_a_gzip_file_that_was_cut_off(tmp_path, kept):
    lines = (f"A,2016-01-04,{number}.17,{number},1,1,1" for number in range(5000))
    whole = gzip.compress("\n".join([LONG.strip(), *lines]).encode())
    path = tmp_path / "bars.csv.gz"
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert message_of(path).startswith("PATH is damaged or mislabelled: ")


def test_plain_text_named_gzip(tmp_path):
    path = write(tmp_path / "bars.csv.gz", LONG)
    assert message_of(path).startswith("PATH is damaged or mislabelled: ")


def test_text_in_another_encoding(tmp_path):
    (tmp_path / "bars.csv").write_bytes("symbol,date,öffnung\n".encode("latin-1"))
    assert message_of(tmp_path / "bars.csv") == (
        "PATH is not UTF-8 text; save it as UTF-8 and try again"
    )


def test_an_ending_nobody_knows(tmp_path):
    assert message_of(write(tmp_path / "bars.xlsx", LONG)).startswith(
        "PATH is neither CSV nor Parquet; expected .csv, .csv.gz,"
    )


def test_a_folder_without_bar_files(tmp_path):
    write(tmp_path / "notes.md", "nothing")
    assert message_of(tmp_path).startswith("PATH holds no bar files; expected .csv, .csv.gz,")


def test_a_folder_names_the_file_that_is_wrong(tmp_path):
    write(tmp_path / "AAPL.csv", AAPL_ONLY)
    write(tmp_path / "MSFT.csv", "")
    with pytest.raises(DataError, match=r"MSFT\.csv is empty"):
        read(tmp_path)


def test_a_column_that_holds_no_numbers(tmp_path):
    columns = {name: [True] for name in ("open", "high", "low", "close", "volume")}
    table = pa.table({"symbol": ["A"], "date": ["2016-01-04"], **columns})
    pq.write_table(table, tmp_path / "bars.parquet")
    assert message_of(tmp_path / "bars.parquet") == "PATH: column open holds bool, not numbers"
