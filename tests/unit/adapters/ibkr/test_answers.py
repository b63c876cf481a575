from datetime import date

from alpha_oracle.adapters.ibkr.answers import take
from alpha_oracle.adapters.ibkr.contracts import Missing
from alpha_oracle.domain.bars import AbsenceKind

START, END = date(2024, 1, 3), date(2024, 1, 5)


def a_row(day, close="1.5"):
    return (day, "1", "2", "0.5", close, "100", "1.2", "7")


def taken(**answers):
    return take(answers, start=START, end=END, source="ibkr")


def test_rows_of_other_sessions_are_left_out():
    found = taken(AAPL=[a_row(f"2024010{day}") for day in (2, 3, 5, 8)])
    assert [bar.session for bar in found.bars["AAPL"]] == [START, END]
    assert found.absent == ()


def test_a_reason_becomes_an_absence():
    [absent] = taken(FB=Missing(kind=AbsenceKind.UNKNOWN_SYMBOL, reason="gone")).absent
    assert (absent.symbol, absent.source, absent.reason) == ("FB", "ibkr", "gone")


def test_bars_of_other_sessions_alone_are_no_data_and_say_which():
    [absent] = taken(AAPL=[a_row("20231229"), a_row("20240102")]).absent
    assert absent.kind is AbsenceKind.NO_DATA
    assert absent.reason == (
        "IBKR has no bar from 2024-01-03 to 2024-01-05, only from 2023-12-29 to 2024-01-02"
    )


def test_an_unreadable_row_of_another_session_is_left_out():
    assert taken(AAPL=[a_row("20240103"), a_row("20240108", close="-")]).unreadable == ()


def test_an_unreadable_row_of_the_range_or_of_no_date_is_kept_and_is_no_absence():
    found = taken(AAPL=[a_row("20240104", close="-"), a_row("soon")])
    assert [row.session for row in found.unreadable] == ["2024-01-04", "soon"]
    assert found.absent == ()
