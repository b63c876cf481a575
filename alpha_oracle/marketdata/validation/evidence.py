"""What can be said of each received bar before its close is judged: the columns the suite reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from alpha_oracle.calendar import first_session, last_session, sessions_between
from alpha_oracle.marketdata.validation.timeline import STORED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import BarColumns
    from alpha_oracle.domain.market import Session
    from alpha_oracle.marketdata.validation.timeline import Timeline

VALUES: Final = ("open", "high", "low", "close", "volume")


def evidence(bars: BarColumns, rows: Timeline, *, latest: Session) -> pd.DataFrame:
    """Return one row a received bar: its values and what they look like beside others.

    `surplus`: 1 for a second identical bar of a symbol and session, and for each of several that
    differ. `closed_day`: 1 where the exchange has no session. `days_ahead`: days after `latest`.
    `repeats`: how many bars before it are the same in all five values.
    """
    columns = {name: _finite(getattr(bars, name)) for name in VALUES}
    days = bars.session.astype("datetime64[D]")
    ahead = (days - np.datetime64(latest, "D")).astype(np.int64)
    return pd.DataFrame(
        {
            **columns,
            "surplus": _surplus(bars, columns).astype(np.int8),
            "closed_day": _closed(days).astype(np.int8),
            "days_ahead": ahead,
            "repeats": _repeats(rows, count=len(bars)),
        },
        copy=False,
    )


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values if np.isfinite(values).all() else np.where(np.isfinite(values), values, np.nan)


def _surplus(bars: BarColumns, columns: dict[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    surplus = np.zeros(len(bars), dtype=np.bool_)
    if len(bars) < 2:  # noqa: PLR2004 - It takes two to repeat.
        return surplus
    follows = (bars.symbol_index[1:] == bars.symbol_index[:-1]) & (
        bars.session[1:] == bars.session[:-1]
    )
    if not follows.any():
        return surplus
    group = np.concatenate([[0], np.cumsum(~follows)])
    differs = np.zeros(len(bars), dtype=np.bool_)
    for values in columns.values():
        same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
        differs[1:] |= follows & ~same
    surplus[1:] = follows
    return surplus | np.isin(group, group[differs])


def _closed(days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    sessions = np.array(sessions_between(first_session(), last_session()), dtype="datetime64[D]")
    place = np.minimum(np.searchsorted(sessions, days), len(sessions) - 1)
    closed: NDArray[np.bool_] = sessions[place] != days
    return closed


def _repeats(rows: Timeline, *, count: int) -> NDArray[np.int64]:
    same = np.zeros(len(rows.row), dtype=np.bool_)
    as_before = np.all(rows.numbers[1:] == rows.numbers[:-1], axis=1)
    same[1:] = (rows.code[1:] == rows.code[:-1]) & as_before
    positions = np.arange(len(same))
    started = np.maximum.accumulate(np.where(same, 0, positions))
    received = rows.row != STORED
    repeats = np.zeros(count, dtype=np.int64)
    repeats[rows.row[received]] = (positions - started)[received]
    return repeats
