"""Every strategy there is. What breaks the holding rules is not admitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.breakout import BreakoutStrategy
from alpha_oracle.strategies.mean_reversion import MeanReversionStrategy
from alpha_oracle.strategies.momentum import MomentumStrategy

if TYPE_CHECKING:
    from alpha_oracle.strategies.base import Strategy

MIN_HOLD_SESSIONS: Final = 2
"""Swing trades only: a lot sold a session after its purchase is one slip from a day trade."""

_REGISTERED: Final[dict[str, Strategy]] = {}


def register(strategy: Strategy) -> None:
    """Admit a strategy.

    Raises:
        ConfigurationError: its name is taken, or its holding bounds are not allowed.
    """
    if strategy.name in _REGISTERED:
        raise ConfigurationError(f"a strategy named {strategy.name} is registered; rename one")
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
    _REGISTERED[strategy.name] = strategy


def all() -> tuple[Strategy, ...]:  # noqa: A001 - read as `registry.all()`.
    """Return every registered strategy, by name."""
    return tuple(_REGISTERED[name] for name in sorted(_REGISTERED))


def named(name: str) -> Strategy:
    """Return a strategy by name.

    Raises:
        ConfigurationError: no strategy has that name.
    """
    if name not in _REGISTERED:
        raise ConfigurationError(
            f"unknown strategy {name}; there are {', '.join(sorted(_REGISTERED))}"
        )
    return _REGISTERED[name]


for _strategy in (MomentumStrategy(), MeanReversionStrategy(), BreakoutStrategy()):
    register(_strategy)
