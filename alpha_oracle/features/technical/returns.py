"""What a price did: returns over spans, momentum, the gap and the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.features.declaration import feature
from alpha_oracle.features.ratios import excess
from alpha_oracle.features.series import growth, lag

if TYPE_CHECKING:
    from alpha_oracle.features.declaration import Panel


@feature(group="technical", inputs=("close",), lookback_sessions=2, stretch=1)
def return_1(close: Panel) -> Panel:
    """Total return over 1 session, as a fraction: close / close 1 ago - 1.

    NaN until 2 sessions are known.
    """
    return growth(close, 1)


@feature(group="technical", inputs=("close",), lookback_sessions=6, stretch=1)
def return_5(close: Panel) -> Panel:
    """Total return over 5 sessions, as a fraction: close / close 5 ago - 1.

    The short-term reversal of Jegadeesh (1990). NaN until 6 sessions are known.
    """
    return growth(close, 5)


@feature(group="technical", inputs=("close",), lookback_sessions=22, stretch=1)
def return_21(close: Panel) -> Panel:
    """Total return over 21 sessions (a month), as a fraction: close / close 21 ago - 1.

    NaN until 22 sessions are known.
    """
    return growth(close, 21)


@feature(group="technical", inputs=("close",), lookback_sessions=64, stretch=1)
def return_63(close: Panel) -> Panel:
    """Total return over 63 sessions (a quarter), as a fraction: close / close 63 ago - 1.

    NaN until 64 sessions are known.
    """
    return growth(close, 63)


@feature(group="technical", inputs=("close",), lookback_sessions=127, stretch=1)
def return_126(close: Panel) -> Panel:
    """Total return over 126 sessions (half a year), as a fraction: close / close 126 ago - 1.

    NaN until 127 sessions are known.
    """
    return growth(close, 126)


@feature(group="technical", inputs=("close",), lookback_sessions=253, stretch=1)
def momentum_12_1(close: Panel) -> Panel:
    """Return from 252 to 21 sessions ago, as a fraction: close 21 ago / close 252 ago - 1.

    Jegadeesh and Titman (1993); the latest month is left out because short-term reversal works
    against it. NaN until 253 sessions are known.
    """
    return lag(growth(close, 252 - 21), 21)


@feature(group="technical", inputs=("open", "close"), lookback_sessions=2, stretch=1)
def overnight_gap(open: Panel, close: Panel) -> Panel:  # noqa: A002 - names the panel's field.
    """Open against the close before it, as a fraction: open / close 1 ago - 1.

    NaN until 2 sessions are known.
    """
    return excess(open, close, 1)


@feature(group="technical", inputs=("open", "close"), lookback_sessions=1, stretch=1)
def intraday_return(open: Panel, close: Panel) -> Panel:  # noqa: A002 - names the panel's field.
    """Close against the open of the same session, as a fraction: close / open - 1.

    Known from the first session.
    """
    return excess(close, open, 0)
