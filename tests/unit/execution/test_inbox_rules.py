from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.signals import Direction
from alpha_oracle.execution.inbox_rules import (
    Standing,
    in_order_of_work,
    next_window_end,
    next_window_start,
    session_in_window,
    standing,
)
from tests.trading import TODAY
from tests.unit.execution.positions import EXECUTION_WINDOW, a_received_signal

START, END = EXECUTION_WINDOW.start(TODAY), EXECUTION_WINDOW.end(TODAY)
MOMENT = timedelta(microseconds=1)
MONDAY_AFTER = date(2016, 1, 11)


def stands(signal, now):
    return standing(signal, now, session=session_in_window(now, EXECUTION_WINDOW))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(START - MOMENT, Standing.WAITING, id="before the window"),
        pytest.param(START, Standing.DUE, id="at its start"),
        pytest.param(END - MOMENT, Standing.DUE, id="just before its end"),
        pytest.param(END, Standing.EXPIRED, id="at its end"),
    ],
)
def test_a_signal_is_worked_in_the_window_of_the_session_after_its_own(now, expected):
    assert stands(a_received_signal(), now) is expected


def test_a_signal_is_never_worked_in_its_own_session():
    signal = a_received_signal(session=TODAY, expires_at=EXECUTION_WINDOW.end(MONDAY_AFTER))

    assert stands(signal, START) is Standing.WAITING
    monday = EXECUTION_WINDOW.start(MONDAY_AFTER)
    assert stands(signal, monday) is Standing.DUE


def test_a_signal_that_expires_within_a_window_is_dead_from_then_on():
    signal = a_received_signal(expires_at=START + timedelta(minutes=1))

    assert stands(signal, START) is Standing.DUE
    later = START + timedelta(minutes=1)
    assert stands(signal, later) is Standing.EXPIRED


@pytest.mark.parametrize(
    ("now", "session"),
    [
        pytest.param(START, TODAY, id="open"),
        pytest.param(END, None, id="over"),
        pytest.param(datetime(2016, 1, 9, 15, tzinfo=UTC), None, id="a Saturday"),
        pytest.param(datetime(2016, 11, 25, 17, 44, tzinfo=UTC), date(2016, 11, 25), id="half"),
        pytest.param(datetime(2016, 11, 25, 17, 45, tzinfo=UTC), None, id="half a day, over"),
    ],
)
def test_a_window_is_open_on_sessions_only(now, session):
    assert session_in_window(now, EXECUTION_WINDOW) == session


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        pytest.param(START - MOMENT, TODAY, TODAY, id="before it"),
        pytest.param(START, MONDAY_AFTER, TODAY, id="in it"),
        pytest.param(END, MONDAY_AFTER, MONDAY_AFTER, id="after it"),
        pytest.param(datetime(2016, 1, 9, 15, tzinfo=UTC), MONDAY_AFTER, MONDAY_AFTER, id="closed"),
    ],
)
def test_the_next_window_is_told(now, start, end):
    assert next_window_start(now, EXECUTION_WINDOW) == EXECUTION_WINDOW.start(start)
    assert next_window_end(now, EXECUTION_WINDOW) == EXECUTION_WINDOW.end(end)


SIGNALS = [
    a_received_signal(signal_id="exit", direction=Direction.FLAT, strategy="Worst", strength=0.1),
    a_received_signal(signal_id="best, strong", strategy="Best", strength=0.9, symbol="CCC"),
    a_received_signal(signal_id="best, A", strategy="Best", strength=0.2, symbol="AAA"),
    a_received_signal(signal_id="best, B", strategy="Best", strength=0.2, symbol="BBB"),
    a_received_signal(signal_id="worst", strategy="Worst", strength=1.0),
    a_received_signal(signal_id="unranked", strategy="Another", strength=1.0),
]


@given(arrived=st.permutations(SIGNALS))
def test_work_goes_to_the_best_whatever_arrived_first(arrived):
    ordered = in_order_of_work(arrived, {"Best": 0.8, "Worst": 0.3})

    assert ordered == SIGNALS


def test_a_score_of_nothing_is_better_than_none():
    unranked = a_received_signal(strategy="A")
    worthless = a_received_signal(strategy="B")

    assert in_order_of_work([unranked, worthless], {"B": 0.0}) == [worthless, unranked]
