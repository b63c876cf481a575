"""Walk-forward windows by calendar month, over the sessions a history has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_TEST_SESSIONS: Final = 21
"""A test window shorter than a month says nothing."""

MONTHS_A_YEAR: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowMonths:
    """Lengths of the windows, in calendar months."""

    train: int
    test: int
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A train window and the test window after it: positions of sessions, ends excluded."""

    train_start: int
    test_start: int
    test_stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan:
    """The windows a history allows, oldest first; `note` says plainly what they cover."""

    windows: tuple[Window, ...]
    note: str


def plan_windows(sessions: NDArray[np.datetime64], months: WindowMonths) -> WindowPlan:
    """Lay out the whole windows of a history, from its first whole month.

    A longer history adds windows and moves none. One too short for a single window is split in the
    proportion of train to test; one too short even for that has no window.
    """
    windows: list[Window] = []
    if len(sessions):
        start = _first_whole_month(sessions[0].item())
        after_last = calendar.next_session_after(sessions[-1].item())
        while _later(start, months.train + months.test) <= after_last:
            windows.append(_window(sessions, start, months))
            start = _later(start, months.step)
    if not windows:
        return _shrunk_plan(len(sessions), months)
    return WindowPlan(windows=tuple(windows), note=_coverage(sessions, windows, months))


def train_row_before(sessions: NDArray[np.datetime64], row: int, months: WindowMonths) -> int:
    """Return the first row of the train months that end with the session before a row."""
    last: date = sessions[row - 1].item()
    return _position(sessions, _later(last.replace(day=1), 1 - months.train))


def _window(sessions: NDArray[np.datetime64], start: date, months: WindowMonths) -> Window:
    test = _later(start, months.train)
    return Window(
        train_start=_position(sessions, start),
        test_start=_position(sessions, test),
        test_stop=_position(sessions, _later(test, months.test)),
    )


def _shrunk_plan(count: int, months: WindowMonths) -> WindowPlan:
    wanted = f"{months.train} + {months.test} months"
    train = count * months.train // (months.train + months.test)
    test = count - train
    if train == 0 or test < MIN_TEST_SESSIONS:
        return WindowPlan(
            windows=(), note=f"{count} sessions are too few to test anything; {wanted} are wanted"
        )
    note = (
        f"{count} sessions hold no whole window of {wanted}: "
        f"one of {train} train and {test} test sessions instead"
    )
    window = Window(train_start=0, test_start=train, test_stop=count)
    return WindowPlan(windows=(window,), note=note)


def _coverage(sessions: NDArray[np.datetime64], windows: list[Window], months: WindowMonths) -> str:
    stop = windows[-1].test_stop
    note = (
        f"{len(windows)} window{'s' if len(windows) > 1 else ''} of "
        f"{months.train}/{months.test} months, {months.step} apart; out of sample "
        f"{sessions[windows[0].test_start]} to {sessions[stop - 1]}"
    )
    later = len(sessions) - stop
    return f"{note}; the {later} sessions after it wait for a whole window" if later else note


def _first_whole_month(day: date) -> date:
    month = day.replace(day=1)
    return month if calendar.sessions_between(month, day)[0] == day else _later(month, 1)


def _later(month: date, count: int) -> date:
    years, index = divmod(month.month - 1 + count, MONTHS_A_YEAR)
    return date(month.year + years, index + 1, 1)


def _position(sessions: NDArray[np.datetime64], day: date) -> int:
    return int(np.searchsorted(sessions, np.datetime64(day, "D")))
