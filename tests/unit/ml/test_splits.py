"""The parts of a train window: in order, far enough apart, and nothing past the last label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.errors import DataError
from alpha_oracle.ml.splits import Rows, inner_folds, sessions_needed, split_window


@st.composite
def windows(draw):
    horizon, start = draw(st.integers(1, 30)), draw(st.integers(0, 500))
    length = draw(st.integers(sessions_needed(horizon), 3000))
    return start, start + length, horizon


@given(windows())
def test_no_label_of_a_part_reaches_the_next_and_as_many_sessions_more_lie_between(window):
    start, stop, horizon = window
    split = split_window(start, stop, horizon=horizon)
    assert split.fit.start == start
    for earlier, later in ((split.fit, split.stopping), (split.stopping, split.calibration)):
        last_label_ends = earlier.stop - 1 + horizon
        assert later.start == last_label_ends + horizon + 1


@given(windows())
def test_the_last_label_ends_with_the_window(window):
    start, stop, horizon = window
    last = split_window(start, stop, horizon=horizon).calibration.stop - 1
    assert last + horizon == stop - 1


@given(windows())
def test_hold_outs_are_as_long_as_the_horizon_and_the_fit_part_is_the_longest(window):
    start, stop, horizon = window
    split = split_window(start, stop, horizon=horizon)
    assert len(split.stopping) >= horizon
    assert len(split.calibration) >= horizon
    assert len(split.fit) > len(split.stopping) + len(split.calibration)


def test_two_years_are_cut_seventy_fifteen_fifteen():
    split = split_window(0, 504, horizon=5)
    labelled = 504 - 5 - 20
    assert (split.fit, split.stopping, split.calibration) == (
        Rows(start=0, stop=335),
        Rows(start=345, stop=417),
        Rows(start=427, stop=499),
    )
    assert round(0.7 * labelled) == 335
    assert round(0.15 * labelled) == 72


def test_a_window_that_is_too_short_says_how_many_sessions_it_takes():
    needed = sessions_needed(5)
    split_window(10, 10 + needed, horizon=5)
    with pytest.raises(DataError, match=f"{needed - 1} sessions.*at least {needed}"):
        split_window(10, 9 + needed, horizon=5)


@given(st.integers(1, 20), st.integers(0, 300), st.integers(0, 2000))
def test_an_inner_fold_learns_only_from_labels_that_end_before_what_judges_it(horizon, start, more):
    rows = Rows(start=start, stop=start + 5 * horizon + more)
    for fold in inner_folds(rows, horizon=horizon):
        assert rows.start == fold.fit.start
        assert len(fold.fit) >= horizon
        assert len(fold.judged) >= horizon
        assert fold.judged.start == fold.fit.stop - 1 + horizon + horizon + 1
        assert fold.judged.stop <= rows.stop


def test_inner_folds_judge_by_sessions_of_their_own():
    first, second = inner_folds(Rows(start=0, stop=335), horizon=5)
    assert (first.judged, second.judged) == (Rows(start=201, stop=268), Rows(start=268, stop=335))


def test_a_fit_part_too_short_to_tune_in_says_how_many_sessions_it_takes():
    with pytest.raises(DataError, match=r"24 sessions.*at least 25"):
        inner_folds(Rows(start=0, stop=24), horizon=5)
