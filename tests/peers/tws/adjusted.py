"""Bars as TWS tells them: adjusted through the server's today, the last one perhaps unfinished."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle import calendar
from tests.peers.tws.clock import NEW_YORK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.peers.tws.gateway import Gateway
    from tests.peers.tws.historical import Question
    from tests.peers.tws.market import Action, Series

BEFORE_OPEN = timedelta(hours=5, minutes=30)
AFTER_CLOSE = timedelta(hours=4)


def as_told(gateway: Gateway, con_id: int, asked: Question) -> list[list[str]]:
    """The fields of each bar that the question covers."""
    series = gateway.market.series[con_id]
    now = gateway.clock.now()
    rows = _rows(series, asked)
    if not len(rows):
        return []
    actions = gateway.market.actions[con_id]
    shares = _share_factors(series, actions, now)
    prices, volume = series.values[:, :4] / shares, series.values[:, 4:] * shares
    if asked.kind == "ADJUSTED_LAST":
        prices = prices * _dividend_factors(series, actions, now)
    table = np.column_stack([prices, volume])[rows]
    days = series.session[rows].tolist()
    table[-1] = _unfinished(table[-1], elapsed=_elapsed(days[-1], now, asked.regular_hours))
    return [_fields(gateway, day, row) for day, row in zip(days, table.tolist(), strict=True)]


def _rows(series: Series, asked: Question) -> NDArray[np.intp]:
    last_day = asked.end.astimezone(NEW_YORK).date()
    end = int(np.searchsorted(series.session, np.datetime64(last_day), side="right"))
    if end and series.session[end - 1] == np.datetime64(last_day):
        opens, _ = _hours(last_day, asked.regular_hours)
        end -= asked.end <= opens
    if asked.first_day is None:
        return np.arange(max(0, end - asked.count), end)
    start = int(np.searchsorted(series.session, np.datetime64(asked.first_day), side="right"))
    return np.arange(start, end)


def _hours(session: date, regular: bool) -> tuple[datetime, datetime]:  # noqa: FBT001 - As asked.
    opens, closes = calendar.session_open(session), calendar.session_close(session)
    return (opens, closes) if regular else (opens - BEFORE_OPEN, closes + AFTER_CLOSE)


def _elapsed(session: date, now: datetime, regular: bool) -> float:  # noqa: FBT001 - As asked.
    opens, closes = _hours(session, regular)
    return min(1.0, (now - opens) / (closes - opens))


def _unfinished(bar: NDArray[np.float64], *, elapsed: float) -> NDArray[np.float64]:
    opened, high, low, close, volume = bar
    last = opened + (close - opened) * elapsed
    return np.array(
        [
            opened,
            max(opened, last, opened + (high - opened) * elapsed),
            min(opened, last, opened + (low - opened) * elapsed),
            last,
            volume * elapsed,
        ]
    )


def _share_factors(
    series: Series, actions: tuple[Action, ...], now: datetime
) -> NDArray[np.float64]:
    factors = np.ones((len(series.session), 1))
    for action in _in_force(actions, now, kind="split"):
        factors[series.session < np.datetime64(action.ex_date)] *= action.value
    return factors


def _dividend_factors(
    series: Series, actions: tuple[Action, ...], now: datetime
) -> NDArray[np.float64]:
    factors = np.ones((len(series.session), 1))
    for action in _in_force(actions, now, kind="dividend"):
        before = series.session < np.datetime64(action.ex_date)
        if before.any():
            close = series.values[before, 3][-1]
            factors[before] *= (close - action.value) / close
    return factors


def _in_force(actions: tuple[Action, ...], now: datetime, *, kind: str) -> list[Action]:
    today = now.astimezone(NEW_YORK).date()
    return [action for action in actions if action.kind == kind and action.ex_date <= today]


def _fields(gateway: Gateway, session: date, bar: list[float]) -> list[str]:
    *prices, volume = bar
    decimals = gateway.settings.price_decimals
    average = (prices[1] + prices[2] + prices[3]) / 3
    return [
        session.strftime("%Y%m%d"),
        *(f"{price:.{decimals}f}" for price in prices),
        f"{volume / 100:.2f}" if gateway.settings.volume_in_lots else f"{volume:.0f}",
        f"{average:.3f}",
        str(int(volume // 300) + 1),
    ]
