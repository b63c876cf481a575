"""What a bar is in the tables: its columns, and how they travel."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.binary_copy import to_postgres_days, to_postgres_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import BarColumns
    from alpha_oracle.domain.market import Session

    Columns = Mapping[str, NDArray[np.generic]]

PRICES_AND_VOLUME: Final = ("open", "high", "low", "close", "volume")


def table_columns(bars: BarColumns, *, symbol_ids: NDArray[np.int32], batch_id: int) -> Columns:
    """Return the columns of `bars` for a load; `symbol_ids` follows the bars' own dictionary.

    Raises:
        ValueError: rows are not ascending, or hold NaN: they did not pass validation.
    """
    _require_validated(bars)
    return {
        "symbol_id": symbol_ids[bars.symbol_index],
        "session": to_postgres_days(bars.session),
        "known_at": _closes(bars.session),
        **{name: getattr(bars, name).astype(np.float64, copy=False) for name in PRICES_AND_VOLUME},
        "batch_id": np.full(len(bars), batch_id, np.int32),
    }


def _require_validated(bars: BarColumns) -> None:
    keys = (bars.symbol_index.astype(np.int64) << 32) + bars.session.astype("datetime64[D]").astype(
        np.int64
    )
    if (np.diff(keys) <= 0).any():
        raise ValueError("bars must ascend by symbol, then session, each pair once")
    for name in PRICES_AND_VOLUME:
        if np.isnan(getattr(bars, name)).any():
            raise ValueError(f"a bar has no {name}; only validated bars are stored")


def _closes(sessions: NDArray[np.datetime64]) -> NDArray[np.int64]:
    # A session's close is looked up once, not once a bar.
    days = sessions.astype("datetime64[D]").astype(np.int64)
    first = int(days.min())
    closes = np.zeros(int(days.max()) - first + 1, np.int64)
    for day in np.flatnonzero(np.bincount(days - first)):
        closes[day] = _close(np.datetime64(first + int(day), "D").item())
    return closes[days - first]


@cache
def _close(session: Session) -> int:
    return to_postgres_instant(calendar.session_close(session))
