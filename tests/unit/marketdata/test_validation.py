from dataclasses import replace
from datetime import date

import pytest

from alpha_oracle.domain.bars import UnreadableRow
from alpha_oracle.domain.validation import merged_report
from alpha_oracle.marketdata.validation.context import Coverage
from alpha_oracle.marketdata.validation.validate import coverage_result
from tests.builders import bars_of_closes, received
from tests.unit.marketdata.intake import LATER, held_for, judge, stores_with

SOUND = "A 2016-01-04 10 11 9 10 1000"


def test_sound_bars_are_accepted_whole():
    judged = judge(received(bars_of_closes({"A": [10, 10.5, 10.2], "B": [20, 21, 20]})))
    assert judged.held == ()
    assert (judged.report.received, judged.report.accepted) == (6, 6)
    assert all(result.failed == 0 for result in judged.report.results)


@pytest.mark.parametrize(
    ("row", "expectations"),
    [
        pytest.param("10 11 9 - 1000", ["values_present"], id="a missing close"),
        pytest.param("10 11 9 10 -", ["values_present"], id="a missing volume"),
        pytest.param("10 inf 9 10 1000", ["values_present"], id="an infinite high"),
        pytest.param("- - - - -", ["values_present"], id="nothing at all"),
        pytest.param("0 11 0 10 1000", ["prices_positive"], id="prices of zero"),
        pytest.param("10 11 -1 10 1000", ["prices_positive"], id="a negative low"),
        pytest.param("10 9.5 9 9.2 1000", ["high_is_highest"], id="an open above the high"),
        pytest.param("10 11 9 11.5 1000", ["high_is_highest"], id="a close above the high"),
        pytest.param("10 11 9 8.5 1000", ["low_is_lowest"], id="a close below the low"),
        pytest.param("8 11 9 10 1000", ["low_is_lowest"], id="an open below the low"),
        pytest.param(
            "10 9 11 10 1000", ["high_is_highest", "low_is_lowest"], id="a high below the low"
        ),
        pytest.param("10 11 9 10 0", ["volume_traded"], id="prices without volume"),
        pytest.param("10 11 9 10 -5", ["volume_not_negative"], id="a negative volume"),
    ],
)
def test_a_bar_that_contradicts_itself_is_held(row, expectations):
    judged = judge(f"{SOUND}\nA 2016-01-05 {row}")
    assert held_for(judged) == [("2016-01-05", *expectations)]
    assert judged.report.accepted == 1


@pytest.mark.parametrize(
    ("day", "expectations"),
    [
        pytest.param("2016-01-09", ["session_exists"], id="a Saturday"),
        pytest.param("2016-01-18", ["session_exists"], id="a holiday"),
        pytest.param("2017-01-03", ["not_in_future"], id="a session to come"),
        pytest.param("2116-01-04", ["session_exists", "not_in_future"], id="far ahead"),
        pytest.param("1950-01-04", ["session_exists"], id="before the calendar begins"),
    ],
)
def test_a_bar_on_a_day_that_cannot_have_one_is_held(day, expectations):
    assert held_for(judge(f"A {day} 10 11 9 10 1000")) == [(day, *expectations)]


def test_of_identical_bars_the_first_is_kept_and_the_others_are_held():
    judged = judge("\n".join([SOUND] * 3))
    assert held_for(judged) == [("2016-01-04", "unique")] * 2
    assert judged.report.accepted == 1


def test_of_bars_that_contradict_each_other_all_are_held():
    judged = judge(f"{SOUND}\n{SOUND}\nA 2016-01-04 10 11 9 10.5 1000\nB 2016-01-04 5 6 4 5 100")
    assert held_for(judged) == [("2016-01-04", "unique")] * 3
    assert judged.report.accepted == 1


def test_a_bar_repeated_more_often_than_allowed_is_held():
    judged = judge(received(bars_of_closes({"A": [10] * 8 + [10.1]})))
    assert [bar.session for bar in judged.held] == ["2016-01-12", "2016-01-13"]
    assert {bar.expectations for bar in judged.held} == {("not_stale",)}


def test_repeats_count_on_from_the_store():
    closes = bars_of_closes({"A": [10] * 7})
    stored = stores_with(closes.take(range(6))).bars.load(
        start=date(2016, 1, 4), end=date(2016, 12, 30), as_of=LATER
    )
    assert held_for(judge(received(closes.take([6])), stored=stored)) == [
        ("2016-01-12", "not_stale")
    ]


def test_a_bar_stored_before_is_accepted_again_whatever_is_found():
    zero_volume = "A 2016-01-05 10 11 9 10 0"
    stored = stores_with(zero_volume).bars.load(
        start=date(2016, 1, 4), end=date(2016, 12, 30), as_of=LATER
    )
    assert judge(zero_volume, stored=stored).held == ()
    assert held_for(judge(zero_volume)) == [("2016-01-05", "volume_traded")]


def test_a_row_nobody_could_read_is_held_as_it_stood():
    row = UnreadableRow(
        symbol="A", session="yesterday", reason="the date is none", received={"date": "yesterday"}
    )
    judged = judge(replace(received(SOUND), unreadable=(row,)))
    [held] = judged.held
    assert (held.expectations, held.detail) == (("readable",), "the date is none")
    assert held.received == {"date": "yesterday"}
    assert (judged.report.received, judged.report.quarantined) == (2, 1)


def test_a_held_bar_says_what_was_received_and_why_it_was_held():
    [held] = judge("A 2016-01-05 10 11 9 10.1 0").held
    assert held.detail == "the volume is zero, yet there are prices"
    assert held.received == {
        "open": "10.0",
        "high": "11.0",
        "low": "9.0",
        "close": "10.1",
        "volume": "0.0",
        "prices": "raw",
        "adjusted_through": "",
    }


def test_an_empty_batch_is_judged_without_complaint():
    judged = judge("")
    assert (judged.report.received, judged.held) == (0, ())


@pytest.mark.parametrize(
    ("expected", "failed"),
    [pytest.param(3, 0, id="all came"), pytest.param(100, 97, id="too few came")],
)
def test_coverage_counts_the_accepted_against_the_expected(expected, failed):
    result = coverage_result(3, Coverage(expected=expected, min_pct=99.0))
    assert (result.evaluated, result.failed) == (expected, failed)


def test_reports_of_several_batches_add_up():
    zero = judge("A 2016-01-05 10 11 9 10 0").report
    whole = merged_report([judge(SOUND).report, zero, zero])
    assert (whole.received, whole.accepted, whole.quarantined) == (3, 1, 2)
    [result] = [r for r in whole.results if r.expectation == "volume_traded"]
    assert (result.evaluated, result.failed) == (3, 2)
    assert result.examples == ("A 2016-01-05", "A 2016-01-05")
