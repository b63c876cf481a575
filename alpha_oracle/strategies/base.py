"""What a strategy is: a pure rule from the panel to wishes, the same live and in a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import numpy as np

from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ml.forecast import Forecast

STRENGTH_DIGITS: Final = 6

MIN_HOLD_SESSIONS: Final = 2
"""Swing trades only: a lot sold a session after its purchase is one slip from a day trade."""

MAX_HOLD_SESSIONS: Final = 252
"""A year of sessions: what is held longer is no swing trade."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """What a strategy wants at each session's close, `sessions x symbols`.

    `entry` is the strength of a LONG, above 0 and up to 1, NaN where none is wanted; `exit` is
    True where a lot the strategy holds should be closed. `short` is the strength of an opinion that
    the symbol falls, NaN where there is none: it closes the lot too, as a SHORT, and never sells
    short. Row t uses nothing after session t.
    """

    entry: NDArray[np.float64]
    exit: NDArray[np.bool_]
    short: NDArray[np.float64] | None = None


class Strategy(Protocol):
    """A rule with a name, its holding bounds in sessions, and the features it reads."""

    @property
    def name(self) -> str:
        """The name its signals carry: `MomentumStrategy`."""
        ...

    @property
    def min_hold_days(self) -> int:
        """Sessions a lot is held at the least; 2 or more."""
        ...

    @property
    def max_hold_days(self) -> int:
        """Sessions a lot is held at the most."""
        ...

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the registered features it reads."""
        ...

    def decide(self, market: MarketPanel, features: Mapping[str, NDArray[np.float32]]) -> Decisions:
        """Return its wishes for every session of the panel."""
        ...


@runtime_checkable
class InformedStrategy(Strategy, Protocol):
    """A strategy that decides by what models forecast; without a forecast it wants nothing."""

    def informed_by(self, forecast: Forecast) -> InformedStrategy:
        """Return the strategy with the forecast of the very panel it is to decide on."""
        ...


def decisions(
    market: MarketPanel,
    *,
    wanted: NDArray[np.bool_],
    strength: NDArray[np.float64],
    exits: NDArray[np.bool_],
    short: NDArray[np.float64] | None = None,
) -> Decisions:
    """Return what a rule wants, held to the universe.

    Only members with a bar are entered; a lot whose symbol has left the universe is closed, without
    an opinion on it. A strength above 1 is 1. All are rounded as signals carry them, so that a
    simulation ranks entries exactly as live trading does.
    """
    enter = wanted & market.is_member & np.isfinite(market.traded_close)
    exits = exits | ~market.is_member
    entry = np.where(enter, _as_told(strength), np.nan)
    if short is None:
        return Decisions(entry=entry, exit=exits)
    short = np.where(market.is_member, _as_told(short), np.nan)
    return Decisions(entry=entry, exit=exits | ~np.isnan(short), short=short)


def checked(decided: object, market: MarketPanel, *, strategy: str) -> Decisions:
    """Return what `decide` of the strategy named gave, held to the universe as `decisions` does.

    Raises:
        ConfigurationError: it is no `Decisions` of the market's shape, or a strength is outside
            0..1; says which.
    """
    if not isinstance(decided, Decisions):
        raise ConfigurationError(
            f"{strategy}.decide returned {type(decided).__name__}; expected Decisions, as "
            "alpha_oracle.strategies.base.decisions makes them"
        )
    entry = _strengths(decided.entry, market, strategy=strategy, name="entry", told="wants")
    exits = _matrix(decided.exit, market, name=f"{strategy}: exit", kind="b")
    short = decided.short
    if short is not None:
        short = _strengths(short, market, strategy=strategy, name="short", told="expects a fall of")
    return decisions(market, wanted=~np.isnan(entry), strength=entry, exits=exits, short=short)


def _as_told(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    bounded: NDArray[np.float64] = np.minimum(strength, 1.0)
    return bounded.round(STRENGTH_DIGITS)


def _strengths(
    values: object, market: MarketPanel, *, strategy: str, name: str, told: str
) -> NDArray[np.float64]:
    matrix = _matrix(values, market, name=f"{strategy}: {name}", kind="f").astype(np.float64)
    outside = np.argwhere(~np.isnan(matrix) & ~((matrix >= 0.0) & (matrix <= 1.0)))
    if len(outside):
        row, column = outside[0].tolist()
        raise ConfigurationError(
            f"{strategy} {told} {market.symbols[column]} on {market.sessions[row]} with strength "
            f"{matrix[row, column]:g}; expected 0 to 1, or NaN where nothing is wanted"
        )
    return matrix


def _matrix(values: object, market: MarketPanel, *, name: str, kind: str) -> NDArray[Any]:
    shape, expected = market.is_member.shape, {"f": "float64", "b": "bool"}[kind]
    if not isinstance(values, np.ndarray) or isinstance(values, np.ma.MaskedArray):
        raise ConfigurationError(
            f"{name} is of type {type(values).__name__}; expected a plain numpy array"
        )
    if values.dtype.kind != kind or values.shape != shape:
        raise ConfigurationError(
            f"{name} is {values.dtype} of shape {values.shape}; expected {expected} of {shape}, "
            "sessions x symbols"
        )
    return values


def require_holding_bounds(strategy: Strategy) -> None:
    """Refuse a strategy that may hold too short, too long, or no time at all.

    Raises:
        ConfigurationError: its holding bounds are not allowed.
    """
    if strategy.min_hold_days < MIN_HOLD_SESSIONS:
        raise ConfigurationError(
            f"{strategy.name} holds at least {strategy.min_hold_days} sessions; "
            f"min_hold_days must be {MIN_HOLD_SESSIONS} or more"
        )
    if strategy.max_hold_days < strategy.min_hold_days:
        raise ConfigurationError(
            f"{strategy.name}: max_hold_days {strategy.max_hold_days} is below "
            f"min_hold_days {strategy.min_hold_days}"
        )
    if strategy.max_hold_days > MAX_HOLD_SESSIONS:
        raise ConfigurationError(
            f"{strategy.name} holds up to {strategy.max_hold_days} sessions; "
            f"max_hold_days must be {MAX_HOLD_SESSIONS} or less"
        )
