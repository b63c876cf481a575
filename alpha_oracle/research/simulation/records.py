"""What a simulated session reads and writes: arrays and records, money in float64 USD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.risk.commissions import Commission

    Record: TypeAlias = np.void
    Records: TypeAlias = NDArray[np.void]
    Floats: TypeAlias = NDArray[np.float64]

FOREVER: Final = 2**62

STRATEGY_EXIT: Final = 0
MAX_HOLD_EXIT: Final = 1
DELISTED: Final = 2
CASHED_OUT: Final = 3
STILL_OPEN: Final = 4
REASONS: Final = (
    "strategy",
    "longest hold",
    "delisted",
    "cashed out by a split",
    "still open at the end",
)
"""Why a lot was closed, by code; or that the run ended before."""

NO_BAR: Final = 0
DRAWDOWN: Final = 1
DAILY_LOSS: Final = 2
SLOTS: Final = 3
TRADES_A_DAY: Final = 4
PENNY_STOCK: Final = 5
SECTOR: Final = 6
CASH: Final = 7
TOO_SMALL: Final = 8
UNKNOWN_ADV: Final = 9
NO_EDGE: Final = 10
REFUSALS: Final = (
    "no bar on the next session",
    "drawdown from the peak",
    "loss of the day",
    "positions held",
    "trades a day",
    "price of the share",
    "sector",
    "cash",
    "less than one share",
    "unknown daily volume",
    "no edge: half Kelly is not above 0",
)
"""Why an entry was not bought, by code."""

NOT_REFUSED: Final = -1

LOT: Final = np.dtype(
    [
        ("symbol", np.int64),
        ("quantity", np.int64),
        ("entry", np.int64),
        ("bought", np.int64),
        ("paid", np.float64),
        ("received", np.float64),
        ("mark", np.float64),
        ("last_bar", np.int64),
        ("exit_wanted", np.bool_),
    ],
    align=True,
)
FILL: Final = np.dtype(
    [
        ("session", np.int64),
        ("symbol", np.int64),
        ("quantity", np.int64),
        ("price", np.float64),
        ("commission", np.float64),
    ]
)
TRADE: Final = np.dtype(
    [
        ("symbol", np.int64),
        ("entry", np.int64),
        ("exit", np.int64),
        ("quantity", np.int64),
        ("paid", np.float64),
        ("pnl", np.float64),
        ("reason", np.int64),
    ]
)
DAY: Final = np.dtype(
    [
        ("equity", np.float64),
        ("cash", np.float64),
        ("traded", np.float64),
        ("costs", np.float64),
        ("trades", np.int64),
        ("halted_by", np.int64),
    ]
)


class Market(NamedTuple):
    """As traded, `sessions x symbols`.

    A symbol that did not trade has no open. `sector` are codes, those of one unknown sector
    included; `impact` is the slippage of an order, as a fraction of the price, by the square root
    of its shares, as known at the session's close. Either is empty where it does not apply.
    `has_actions` says of a session whether a split or dividend of any symbol goes ex on it.
    """

    open: Floats
    close: Floats
    split: Floats
    dividend: Floats
    has_actions: NDArray[np.bool_]
    sector: NDArray[np.int16]
    impact: Floats


class Terms(NamedTuple):
    """What a run trades by; percents are points, slippage is a fraction of the price."""

    first: int
    kelly_fraction: float
    max_position_pct: float
    max_sector_pct: float
    min_price: float
    min_cash_pct: float
    max_positions: int
    max_trades_per_day: int
    max_drawdown_pct: float
    max_daily_loss_pct: float
    commission: Commission[float]
    slippage_fraction: float
    min_hold: int
    max_hold: int


class Fill(NamedTuple):
    """One execution; a sale's quantity is negative."""

    session: int
    symbol: int
    quantity: int
    price: float
    commission: float


class Wishes(NamedTuple):
    """A strategy's decisions.

    The symbols wished for at the close of session t are `symbols[offsets[t] : offsets[t + 1]]`, in
    the order they are bought; `exit` is `sessions x symbols`.
    """

    offsets: NDArray[np.int64]
    symbols: NDArray[np.int64]
    exit: NDArray[np.bool_]


class Book(NamedTuple):
    """State and record of a run.

    `cash`, `equity` (at the open) and `peak` (of equity at the close) have one element each;
    `counts` are the lots held, the fills and the trades so far; `taken` is the last session on
    which a symbol was held, or `FOREVER` while it is; `refused` counts the entries refused, by
    `REFUSALS`; `sector_usd` is scratch.
    """

    cash: Floats
    equity: Floats
    peak: Floats
    counts: NDArray[np.int64]
    taken: NDArray[np.int64]
    lots: Records
    fills: Records
    trades: Records
    days: Records
    refused: NDArray[np.int64]
    sector_usd: Floats
