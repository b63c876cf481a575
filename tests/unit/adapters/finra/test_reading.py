import gzip
from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.finra.files import read_short_interest
from alpha_oracle.adapters.finra.reading import CutOff
from alpha_oracle.domain.short_interest import ShortPosition
from alpha_oracle.errors import DataError
from tests.unit.adapters.finra.shorts import (
    HEADER,
    KNOWN_AT,
    RECEIVED_AT,
    SETTLEMENT,
    a_file,
    a_row,
    read,
    shares_of,
)


def test_a_row_is_a_position_known_from_the_open_after_publication():
    received = read(a_file(a_row()))
    assert received.positions == (
        ShortPosition(
            symbol="AAPL",
            settlement_date=SETTLEMENT,
            shares_short=96355309.0,
            average_daily_volume=96035157.0,
            known_at=KNOWN_AT,
        ),
    )
    assert received.refused == ()


def test_columns_are_known_by_their_names_in_any_order():
    names = HEADER.split("|")
    rows = [names, a_row().split("|")]
    turned = ["|".join(reversed(row)) for row in rows]
    assert read(a_file(turned[1], header=turned[0].upper())) == read(a_file(a_row()))


def test_positions_come_in_the_order_of_their_symbols():
    assert list(shares_of(read(a_file(a_row("MSFT"), a_row("A"), a_row("AAPL"))))) == [
        "A",
        "AAPL",
        "MSFT",
    ]


def test_no_volume_is_none_and_a_volume_of_zero_is_zero():
    received = read(a_file(a_row("A", volume=""), a_row("B", volume="0")))
    assert [one.average_daily_volume for one in received.positions] == [None, 0.0]


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        pytest.param(["BRK.B", "BRK.A"], "BRK.B", id="we follow it"),
        pytest.param([], "BRKB", id="we do not"),
        pytest.param(["BRKB"], "BRKB", id="we follow a ticker like that"),
    ],
)
def test_a_ticker_without_its_separator_is_the_one_we_follow(ours, expected):
    assert list(shares_of(read(a_file(a_row("BRKB")), symbols=ours))) == [expected]


def test_a_ticker_with_its_separator_is_taken_as_it_is():
    assert list(shares_of(read(a_file(a_row("BRK B"))))) == ["BRK.B"]


def test_a_ticker_that_may_be_two_of_ours_is_refused():
    received = read(a_file(a_row("BRKB"), a_row("A")), symbols=["BRK.B", "BR.KB"])
    assert list(shares_of(received)) == ["A"]
    [refused] = received.refused
    assert refused.reason == "BRKB may be BR.KB or BRK.B: FINRA writes both alike"
    assert (refused.subject, refused.received["symbolcode"]) == ("2021-07-15", "BRKB")


def test_a_revised_row_is_not_known_before_it_was_received():
    plain, revised = read(a_file(a_row("A"), a_row("B", revised="R"))).positions
    assert (plain.known_at, revised.known_at) == (KNOWN_AT, RECEIVED_AT)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(a_row("A^B"), "'A^B' is not a ticker", id="no ticker"),
        pytest.param(a_row("A\u00e9"), "is not a ticker", id="no ASCII"),
        pytest.param(a_row(shares=""), "no short position stands there", id="blank"),
        pytest.param(a_row(shares="-5"), "quantity '-5' is no quantity", id="negative"),
        pytest.param(a_row(shares="1e9"), "quantity '1e9' is no quantity", id="a power"),
        pytest.param(a_row(volume="N/A"), "quantity 'N/A' is no quantity", id="a word"),
        pytest.param(a_row(day="2021-06-30"), "settled on '2021-06-30', in the", id="other date"),
        pytest.param("a|b", "2 fields where the header has 14", id="too few fields"),
        pytest.param(a_row("A|B"), "15 fields where the header has 14", id="too many fields"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_alone(row, reason):
    received = read(a_file(row, a_row("MSFT")))
    assert list(shares_of(received)) == ["MSFT"]
    [refused] = received.refused
    assert reason in refused.reason


def test_a_row_told_twice_counts_once():
    assert len(read(a_file(a_row(), a_row())).positions) == 1


def test_rows_of_one_symbol_that_differ_are_all_refused():
    received = read(a_file(a_row("A"), a_row("B", "1"), a_row("B", "2"), a_row("B", "1")))
    assert list(shares_of(received)) == ["A"]
    shares = [row.received["currentshortpositionquantity"] for row in received.refused]
    assert shares == ["1", "2", "1"]


@pytest.mark.parametrize("cut", range(1, len(a_row("MSFT")) + 1))
def test_a_file_that_ends_in_the_middle_of_a_row_is_no_file(cut):
    whole = a_file(a_row("AAPL"), a_row("MSFT"), end="")
    assert list(shares_of(read(whole))) == ["AAPL", "MSFT"]
    if cut == len(a_row("MSFT")):  # The row is gone, and what is left is a whole file.
        assert list(shares_of(read(whole[:-cut]))) == ["AAPL"]
        return
    with pytest.raises(CutOff, match="ends in the middle of a row; get it again"):
        read(whole[:-cut])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"<html><body>Sorry</body></html>", "is no short interest file", id="a page"),
        pytest.param(b"", "is no short interest file", id="nothing"),
        pytest.param(
            a_file(header=HEADER.replace("settlementDate", "x")), "settlementdate", id="x"
        ),
        pytest.param(a_file(), "holds a header and no rows", id="no rows"),
        pytest.param(
            a_file(a_row(day="2021-06-30")),
            "no short position settled on 2021-07-15, in 1 rows; the last one is of 2021-06-30",
            id="the file of another date",
        ),
    ],
)
def test_what_is_no_such_file_is_refused_whole(body, message):
    with pytest.raises(DataError, match=message):
        read(body)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_a_file_on_disk_tells_its_settlement_date(tmp_path, suffix):
    content = a_file(a_row("BRKB", day="2021-06-30"))
    path = tmp_path / f"shrt20210630{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
    [position] = read_short_interest(path, symbols=["BRK.B"], now=RECEIVED_AT).positions
    assert (position.symbol, position.settlement_date) == ("BRK.B", date(2021, 6, 30))
    # The Monday of Independence Day is no session.
    assert position.known_at == datetime(2021, 7, 13, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "cannot be read: No such file"),
        ("torn.csv.gz", gzip.compress(a_file(a_row()))[:-9], "is damaged or mislabelled"),
        ("plain.csv.gz", a_file(a_row()), "is damaged or mislabelled"),
        ("cut.csv", a_file(a_row(), end="")[:-3], "ends in the middle of a row"),
    ],
)
def test_a_file_on_disk_that_cannot_be_read_says_why(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_short_interest(path, symbols=[], now=RECEIVED_AT)
    assert str(path) in str(caught.value)


def test_the_real_file_is_read_whole(shared_data):
    path = shared_data / "finra" / "shrt20210715_excerpt.csv"
    received = read_short_interest(path, symbols=["AAIC.PRB"], now=RECEIVED_AT)
    positions = {one.symbol: one for one in received.positions}
    assert (len(positions), received.refused) == (34, ())
    assert positions["AAPL"].shares_short == 96355309.0
    assert positions["AAIC.PRB"].shares_short == 349.0
    assert positions["AAALF"].average_daily_volume == 0.0
    assert {one.known_at for one in positions.values()} == {KNOWN_AT}
