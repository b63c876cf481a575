import json
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest

from alpha_oracle.adapters.alpha_vantage.translate import (
    bars_of,
    is_about,
    parse_document,
    read_series,
)
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.errors import DataError, SourceAway

FRIDAY = date(2016, 6, 3)
MONDAY = date(2016, 6, 6)
TUESDAY = date(2016, 6, 7)
ROW = {
    "1. open": "138.0900",
    "2. high": "138.3200",
    "3. low": "135.2600",
    "4. close": "136.9000",
    "5. adjusted close": "1.0000",
    "6. volume": "30781971",
    "7. dividend amount": "0.0000",
    "8. split coefficient": "1.0000",
}


def a_document(days, *, symbol="MSFT"):
    return {"Meta Data": {"2. Symbol": symbol}, "Time Series (Daily)": days}


def translated(days, *, start=FRIDAY, end=TUESDAY, finished=TUESDAY):
    return bars_of(read_series(a_document(days), "MSFT", finished=finished), start=start, end=end)


def test_a_row_of_strings_becomes_prices_as_traded_and_volume():
    [row] = translated({"2016-06-06": ROW}).rows
    assert row == (MONDAY, 138.09, 138.32, 135.26, 136.90, 30781971.0)


def test_rows_come_oldest_first():
    days = {"2016-06-07": ROW, "2016-06-06": ROW, "2016-06-03": ROW}
    assert [row[0] for row in translated(days).rows] == [FRIDAY, MONDAY, TUESDAY]


def test_rows_outside_the_range_stay_out():
    days = {"2016-06-07": ROW, "2016-06-06": ROW, "2016-06-03": ROW}
    assert [row[0] for row in translated(days, start=MONDAY, end=MONDAY).rows] == [MONDAY]


def test_a_session_that_had_not_finished_gives_no_row():
    series = read_series(
        a_document({"2016-06-07": ROW, "2016-06-06": ROW}), "MSFT", finished=MONDAY
    )
    assert series.newest == MONDAY
    assert series.points == 2
    assert [row[0] for row in bars_of(series, start=FRIDAY, end=TUESDAY).rows] == [MONDAY]


@pytest.mark.parametrize("text", ["None", "", "-", "null", "NaN", " none "])
def test_a_value_not_given_is_nan(text):
    [row] = translated({"2016-06-06": {**ROW, "6. volume": text}}).rows
    assert np.isnan(row[5])
    assert row[4] == 136.90


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param({**ROW, "4. close": "abc"}, "close 'abc' is no number", id="a word"),
        pytest.param({**ROW, "4. close": "1,234.5"}, "close '1,234.5' is no number", id="a comma"),
        pytest.param({**ROW, "1. open": "1e999"}, "open '1e999' is no number", id="too large"),
        pytest.param({**ROW, "1. open": "inf"}, "open 'inf' is no number", id="infinite"),
        pytest.param({}, "no price is given", id="no fields"),
        pytest.param(dict.fromkeys(ROW, "None"), "no price is given", id="nothing given"),
        pytest.param("138.09", "the row is no object", id="no object"),
        pytest.param(None, "the row is no object", id="null"),
        pytest.param(
            {**ROW, "8. split coefficient": "0.0"},
            "split coefficient 0.0, dividend amount 0.0000: no such action",
            id="a split by nothing",
        ),
        pytest.param(
            {**ROW, "7. dividend amount": "-0.5"},
            "split coefficient 1.0000, dividend amount -0.5: no such action",
            id="a dividend paid in",
        ),
    ],
)
def test_a_row_not_made_of_numbers_is_kept_as_unreadable(row, reason):
    found = translated({"2016-06-06": row, "2016-06-03": ROW})
    [unreadable] = found.unreadable
    assert (unreadable.symbol, unreadable.session, unreadable.reason) == (
        "MSFT",
        "2016-06-06",
        reason,
    )
    assert [kept[0] for kept in found.rows] == [FRIDAY]
    assert found.actions == ()


@pytest.mark.parametrize("text", ["yesterday", "2016-13-01", "20160606", "2016-06-06 16:00:00", ""])
def test_a_date_that_is_no_date_is_unreadable(text):
    [unreadable] = translated({text: ROW}).unreadable
    assert (unreadable.session, unreadable.reason) == (text, "its date is no date")
    assert unreadable.received["4. close"] == "136.9000"


def test_a_long_unreadable_value_is_cut():
    [unreadable] = translated({"2016-06-06": {**ROW, "4. close": "x" * 10_000}}).unreadable
    assert len(unreadable.reason) < 150
    assert len(unreadable.received["4. close"]) == 100


def test_splits_and_dividends_are_actions_known_from_the_open():
    days = {
        "2016-06-06": {**ROW, "8. split coefficient": "7.0000"},
        "2016-06-07": {**ROW, "7. dividend amount": "0.4600"},
    }
    split, dividend = translated(days).actions
    assert (split.kind, split.ex_date, split.value) == (ActionKind.SPLIT, MONDAY, Decimal(7))
    assert split.known_at == datetime(2016, 6, 6, 13, 30, tzinfo=UTC)
    assert (dividend.kind, dividend.ex_date) == (ActionKind.DIVIDEND, TUESDAY)
    assert dividend.value == Decimal("0.46")


def test_a_split_and_a_dividend_on_one_day_are_two_actions():
    row = {**ROW, "7. dividend amount": "0.1", "8. split coefficient": "0.1000"}
    assert [action.value for action in translated({"2016-06-06": row}).actions] == [
        Decimal("0.1"),
        Decimal("0.1"),
    ]


def test_actions_outside_the_range_or_of_closed_days_stay_out():
    row = {**ROW, "8. split coefficient": "2.0000"}
    found = translated({"2016-06-02": row, "2016-06-04": row})
    assert found.actions == ()
    assert [kept[0] for kept in found.rows] == [date(2016, 6, 4)]


@pytest.mark.parametrize(
    ("told", "is_it"),
    [("BRK-B", True), ("brk.b", True), ("BRK.A", False), ("", False), ("?", False)],
)
def test_an_answer_is_about_the_symbol_its_meta_data_names(told, is_it):
    assert is_about(a_document({}, symbol=told), "BRK.B") is is_it


@pytest.mark.parametrize("name", ["symbol", "Symbol"])
@pytest.mark.parametrize(("told", "is_it"), [("BRK-B", True), ("BRK.A", False), (7, False)])
def test_an_answer_about_a_company_names_it_beside_what_it_holds(name, told, is_it):
    assert is_about({name: told, "quarterlyReports": []}, "BRK.B") is is_it


@pytest.mark.parametrize("document", [{}, {"Meta Data": None}, {"Meta Data": {}}])
def test_an_answer_without_meta_data_is_about_nobody(document):
    assert not is_about(document, "MSFT")


def test_an_answer_about_another_symbol_is_refused():
    with pytest.raises(DataError, match="asked for MSFT and answered about 'AAPL'"):
        read_series(a_document({}, symbol="AAPL"), "MSFT", finished=TUESDAY)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"<html></html>", "a page of HTML", id="a page"),
        pytest.param(b'{"Meta Data": {"1. In', "no JSON", id="cut off"),
        pytest.param(b"", "no JSON", id="empty"),
        pytest.param(b"\xff\xfe\x00", "no JSON", id="no text"),
        pytest.param(b"[" * 100_000, "no JSON", id="too deep"),
        pytest.param(b"[]", "JSON that is no object", id="a list"),
        pytest.param(b"null", "JSON that is no object", id="null"),
    ],
)
def test_a_body_that_is_no_json_object_is_asked_for_again(body, words):
    with pytest.raises(SourceAway, match=words):
        parse_document(body)


@pytest.mark.parametrize("function", ["TIME_SERIES_DAILY", "TIME_SERIES_DAILY_ADJUSTED"])
def test_the_answers_on_file_are_read_whole(function, shared_data):
    path = shared_data / "alphavantage" / f"{function}_MSFT_compact.json"
    document = json.loads(path.read_text())
    series = read_series(document, "MSFT", finished=date(2019, 8, 2))
    found = bars_of(series, start=date(2019, 1, 1), end=date(2019, 12, 31))
    assert (series.oldest, series.newest) == (date(2019, 3, 13), date(2019, 8, 2))
    assert (len(found.rows), found.unreadable) == (100, ())
    assert found.rows[-1] == (date(2019, 8, 2), 138.09, 138.32, 135.26, 136.90, 30781971.0)
    told = [(action.kind, action.ex_date, action.value) for action in found.actions]
    dividend = (ActionKind.DIVIDEND, date(2019, 5, 15), Decimal("0.46"))
    assert told == ([dividend] if function.endswith("ADJUSTED") else [])
