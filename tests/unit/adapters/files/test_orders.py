from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alpha_oracle.adapters.files.orders import read_orders
from alpha_oracle.domain.listed_orders import ListedOrder
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.errors import DataError
from tests.unit.adapters.files.files import write

HEADER = "session,symbol,side,quantity"
FIRST = ListedOrder(session=date(2016, 1, 4), symbol=Symbol("BRK.B"), side=Side.BUY, quantity=100)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{HEADER}\n2016-01-04,BRK.B,BUY,100\n", id="as documented"),
        pytest.param(f"{HEADER}\n20160104, brk-b ,buy,100.0\n", id="another spelling"),
        pytest.param(
            "Quantity;Side;Ticker;Date;note\n0100;Buy;BRK/B;2016-01-04 16:00;first\n",
            id="another order and delimiter",
        ),
    ],
)
def test_an_order_is_read_from_a_row(tmp_path, text):
    assert read_orders(write(tmp_path / "orders.csv", text)) == (FIRST,)


def test_orders_keep_the_order_of_their_file(tmp_path):
    rows = [f"2016-01-0{day},{symbol},SELL,1" for day in (6, 4, 5) for symbol in "BA"]
    orders = read_orders(write(tmp_path / "orders.csv", "\n".join([HEADER, *rows])))
    assert [(order.session.day, order.symbol) for order in orders] == [
        *[(6, "B"), (6, "A"), (4, "B"), (4, "A"), (5, "B"), (5, "A")]
    ]


@pytest.mark.parametrize("kind", [pa.int32(), pa.float64(), pa.string()], ids=str)
@pytest.mark.parametrize("session", [date(2016, 1, 4), datetime(2016, 1, 4)])  # noqa: DTZ001
def test_an_order_is_read_from_parquet(tmp_path, kind, session):
    path = tmp_path / "orders.parquet"
    columns = {"session": [session], "symbol": ["BRK-B"], "side": ["BUY"]}
    quantity = pa.array([100], pa.int32()).cast(kind)
    pq.write_table(pa.table({**columns, "quantity": quantity}), path)
    assert read_orders(path) == (FIRST,)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",A,BUY,1", "the session date is blank"),
        ("2016-02-30,A,BUY,1", "'2016-02-30' is no date; write YYYY-MM-DD"),
        ("2016-01-04,,BUY,1", "'' is not a ticker"),
        ("2016-01-04,A'; DROP,BUY,1", "is not a ticker"),
        ("2016-01-04,A,HOLD,1", "side 'HOLD' is neither BUY nor SELL"),
        ("2016-01-04,A,,1", "side '' is neither BUY nor SELL"),
        *[
            (f"2016-01-04,A,BUY,{text}", f"quantity {text!r} is no number of whole shares")
            for text in ("", "0", "-5", "1.5", "1e3", "nan", "inf", "1_000", "\u0663", "9" * 13)
        ],
    ],
)
def test_a_bad_row_refuses_the_file_and_is_named(tmp_path, row, problem):
    path = write(tmp_path / "orders.csv", f"{HEADER}\n2016-01-04,A,BUY,1\n{row}\n")
    with pytest.raises(DataError, match="row 2: ") as refusal:
        read_orders(path)
    assert problem in str(refusal.value)
    assert str(refusal.value).endswith("; mend the file")


def test_each_bad_row_is_named_up_to_twenty(tmp_path):
    bad = "\n".join(f"2016-01-04,A,BUY,{-row}" for row in range(22))
    with pytest.raises(DataError) as refusal:
        read_orders(write(tmp_path / "orders.csv", f"{HEADER}\n{bad}\n"))
    text = str(refusal.value)
    assert [f"row {row}: " in text for row in (1, 2, 20, 21)] == [True, True, True, False]
    assert text.endswith(" (and 2 more); mend the file")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (f"{HEADER}\n", "has a header but no rows"),
        ("session,symbol,side\n2016-01-04,A,BUY\n", "has no column quantity"),
        (f"{HEADER},shares\n2016-01-04,A,BUY,1,1\n", "all mean the quantity"),
        (f"{HEADER}\n2016-01-04,A,BUY,1,9\n", "5 fields where the header has 4"),
        (f"{HEADER}\n03/04/2016,A,BUY,1\n", "leave open which figure is the month"),
    ],
)
def test_a_file_that_is_no_list_of_orders_is_refused(tmp_path, text, problem):
    with pytest.raises(DataError, match=problem):
        read_orders(write(tmp_path / "orders.csv", text))


@pytest.mark.parametrize("name", ["missing.csv", "folder", "orders.xlsx", "damaged.parquet"])
def test_what_is_no_readable_file_is_refused(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "orders.xlsx").write_bytes(b"PK\x03\x04")
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1\x00\x17PAR1")
    with pytest.raises(DataError, match=name):
        read_orders(tmp_path / name)


def test_a_column_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "orders.parquet"
    columns = {"session": [date(2016, 1, 4)], "symbol": ["A"], "side": ["BUY"]}
    pq.write_table(pa.table({**columns, "quantity": [[100]]}), path)
    with pytest.raises(DataError, match="quantity"):
        read_orders(path)
