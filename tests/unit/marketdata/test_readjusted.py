"""Sources whose history moves under us, from the answer to the store."""

from dataclasses import replace
from decimal import Decimal

import pytest

from alpha_oracle.calendar import shift_session
from alpha_oracle.domain.bars import UnreadableRow
from tests.builders import bars_of_closes, received
from tests.unit.marketdata.intake import (
    LATER,
    a_split,
    empty_stores,
    stored_closes,
)
from tests.unit.marketdata.readjusted import CHECKS, QUARTER, SEVEN
from tests.unit.marketdata.readjusting import (
    FRIDAY,
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    adjusted,
    as_traded,
    run,
)

CALM = {"A": [10.0, 10.1, 10.2, 10.3, 10.4]}


@pytest.mark.parametrize("split", [SEVEN, QUARTER], ids=["7 for 1", "5 for 4"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_history_that_moved(check, split):
    check(empty_stores(), *split)


def after(stores, *sessions, closes=None):
    for session in sessions:
        run(stores, session, as_traded(closes or CALM))
    return stores


def test_the_split_of_a_fallback_is_found_in_bars_of_the_first_source():
    closes = {"A": [700.0, 707.0, 102.0]}
    stores = after(empty_stores(), MONDAY, TUESDAY, closes=closes)
    fallback = adjusted(closes, through=WEDNESDAY, splits=[(WEDNESDAY, 7)])
    report = run(stores, WEDNESDAY, as_traded({}), fallback)
    assert [(each.ex_date, each.value) for each in report.overlap.splits] == [
        (WEDNESDAY, Decimal(7))
    ]
    assert list(stored_closes(stores, "A").values()) == [700, 707, 102]
    # The first source is back: its history is as it was, and agrees.
    back = run(stores, THURSDAY, as_traded({"A": [700.0, 707.0, 102.0, 103.0]}))
    assert (back.accepted, back.overlap.conflicts, back.overlap.splits) == (1, (), ())


def test_a_split_found_frees_what_was_held_for_its_jump():
    # On the ex-date the history had not moved yet, and the bar was a jump; now both are clear.
    stores = empty_stores()
    closes = {"A": [700.0, 707.0, 102.0, 103.0]}
    for session in (MONDAY, TUESDAY):
        run(stores, session, adjusted(closes, through=session))
    assert run(stores, WEDNESDAY, adjusted(closes, through=WEDNESDAY)).quarantined == 1
    fresh = adjusted(closes, through=WEDNESDAY, splits=[(WEDNESDAY, 7)])
    report = run(stores, WEDNESDAY, fresh)
    assert (report.accepted, len(report.overlap.splits)) == (1, 1)
    assert list(stored_closes(stores, "A").values()) == [700, 707, 102]


def test_a_correction_seen_in_passing_is_counted_and_not_stored():
    stores = after(empty_stores(), MONDAY, TUESDAY)
    report = run(stores, WEDNESDAY, as_traded({"A": [10.0, 10.11, 10.2]}))
    assert report.overlap.corrections_seen == 1
    assert (report.fetched, report.accepted) == (1, 1)
    assert list(stored_closes(stores, "A").values()) == [10, 10.1, 10.2]


def test_sessions_missed_before_are_not_stored_in_passing():
    stores = after(empty_stores(), MONDAY, WEDNESDAY)
    report = run(stores, FRIDAY, as_traded(CALM))
    assert report.fetched == 1
    assert list(stored_closes(stores, "A")) == ["2016-01-04", "2016-01-06", "2016-01-08"]


def test_a_row_of_an_earlier_session_nobody_can_read_is_not_held_again():
    stores = after(empty_stores(), MONDAY, TUESDAY)
    rows = [
        UnreadableRow(symbol="A", session=session, reason="odd", received={"date": session})
        for session in ("2016-01-05", "2016-01-06", "no day")
    ]
    source = as_traded(CALM)
    source.now_holds(replace(source.holds, unreadable=tuple(rows)))
    run(stores, WEDNESDAY, source)
    assert [bar.session for bar in stores.quarantine.held()] == ["2016-01-06", "no day"]


def test_two_sources_that_disagree_are_reported_and_the_stored_bar_stays():
    stores = after(empty_stores(), MONDAY, TUESDAY, WEDNESDAY)
    closes = {"A": [10.0, 10.5, 10.2, 10.3]}
    report = run(stores, THURSDAY, as_traded({}), adjusted(closes, through=THURSDAY))
    [disagreement] = report.overlap.disagreements
    assert (disagreement.session, disagreement.stored_close, disagreement.close) == (
        TUESDAY,
        pytest.approx(10.1),
        10.5,
    )
    assert report.accepted == 1
    assert stored_closes(stores, "A")["2016-01-05"] == 10.1


def test_another_company_behind_the_ticker_is_held_and_said_to_be():
    stores = after(empty_stores(), MONDAY, TUESDAY, WEDNESDAY)
    report = run(stores, THURSDAY, as_traded({"A": [12.9, 11.0, 12.5, 10.4]}))
    assert (report.accepted, report.quarantined) == (0, 1)
    assert "another company" in stores.quarantine.held()[0].detail
    [result] = [r for r in report.validation.results if r.expectation == "overlap_agrees"]
    assert (result.evaluated, result.failed, result.examples) == (1, 1, ("A 2016-01-07",))


def test_what_an_answer_tells_of_splits_explains_its_own_history():
    stores = after(empty_stores(), MONDAY, TUESDAY, closes={"A": [700.0, 707.0]})
    source = adjusted({"A": [700.0, 707.0, 102.0]}, through=WEDNESDAY, splits=[(WEDNESDAY, 7)])
    split = a_split("A", "2016-01-06", 7)
    source.now_holds(replace(source.holds, actions=(split,)))
    report = run(stores, WEDNESDAY, source)
    assert (report.accepted, report.overlap.splits) == (1, ())
    assert stores.reference.actions() == [split]


def test_a_new_symbol_beside_known_ones_is_taken_as_it_comes():
    stores = after(empty_stores(), MONDAY, TUESDAY)
    both = CALM | {"N": [5.0, 5.0, 5.1]}
    source = as_traded(both)
    report = run(stores, WEDNESDAY, source, symbols=("A", "N"))
    assert source.asked == [("A",), ("N",)]
    assert report.accepted == 2
    assert list(stored_closes(stores, "N")) == ["2016-01-06"]


def test_a_bar_released_by_hand_is_the_new_measure():
    stores = after(empty_stores(), MONDAY)
    stores.bars.store(
        received(bars_of_closes({"A": [31]}, start=TUESDAY), source="alpha_vantage"),
        received_at=LATER,
    )
    report = run(stores, WEDNESDAY, as_traded({"A": [10.0, 31.0, 31.5]}))
    assert (report.accepted, report.overlap.conflicts) == (1, ())


def test_the_overlap_reaches_back_over_weeks_without_a_run():
    # 5 for 4 on one of them: as a move of one day it would pass.
    stores = after(empty_stores(), MONDAY, TUESDAY, closes={"A": [100.0, 101.0]})
    closes = {"A": [100.0, 101.0, *[81.0] * 20]}
    later = shift_session(MONDAY, 20)
    report = run(stores, later, adjusted(closes, through=later, splits=[(WEDNESDAY, 1.25)]))
    assert (report.accepted, report.quarantined) == (0, 1)
    assert "worth 1.25 shares for one" in report.overlap.conflicts[0].reason


def test_what_a_symbol_was_long_ago_is_no_evidence():
    stores = after(empty_stores(), MONDAY, TUESDAY)
    later = shift_session(MONDAY, 100)
    source = as_traded({"A": [11.0]}, start=later)
    report = run(stores, later, source)
    assert (report.accepted, report.overlap.conflicts) == (1, ())
