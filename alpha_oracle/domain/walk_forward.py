"""What a walk-forward window taught and how its test went, as it is kept on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from alpha_oracle.domain.market import Session, Symbol

Parameter: TypeAlias = bool | int | float | str
"""What a parameter of a strategy may be: plain, so that it can be recorded and read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOutcome:
    """What one window taught and how its test went.

    `parameters` are those of the variant that did best on the train window, `train_sharpes` the
    annualised ratios there of everything that was tried (None: returns that never varied).
    `win_rate` and `avg_win_loss_ratio` are of the train window's closed trades; half Kelly of them
    is `kelly_fraction`, by which the test window was sized.
    """

    train_start: Session
    test_start: Session
    test_end: Session
    parameters: Mapping[str, Parameter]
    train_sharpes: tuple[float | None, ...]
    train_trades: int
    win_rate: float | None
    avg_win_loss_ratio: float | None
    kelly_fraction: float
    return_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowTrade:
    """A trade that closed within its test window; `pnl_usd` is after costs, dividends included."""

    symbol: Symbol
    entry: Session
    exit: Session
    quantity: int
    paid_usd: float
    pnl_usd: float
    reason: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecord:
    """A test window on record, by a key that stands for all it follows from.

    `sessions` and what is told of each: `returns` and `exposure` as fractions of equity, `traded`
    the notional over equity, `costs_usd`, and which loss halted its entries (-1: none). `refused`
    counts the entries that were not bought, by reason.
    """

    key: str
    strategy: str
    outcome: WindowOutcome
    sessions: tuple[Session, ...]
    returns: tuple[float, ...]
    exposure: tuple[float, ...]
    traded: tuple[float, ...]
    costs_usd: tuple[float, ...]
    halted_by: tuple[int, ...]
    trades: tuple[WindowTrade, ...]
    refused: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Something that was tried: a strategy with its parameters, and how it did.

    `key` stands for the rule, its parameters and its terms, not for the data: the same trial on a
    longer history is the same trial. `sharpe` is annualised, None where returns never varied.
    """

    key: str
    strategy: str
    parameters: Mapping[str, Parameter]
    sharpe: float | None
