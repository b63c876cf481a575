"""Every strategy there is. What breaks the holding rules is not admitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.base import require_holding_bounds
from alpha_oracle.strategies.breakout import BreakoutStrategy
from alpha_oracle.strategies.mean_reversion import MeanReversionStrategy
from alpha_oracle.strategies.momentum import MomentumStrategy

if TYPE_CHECKING:
    from alpha_oracle.strategies.base import Strategy

_REGISTERED: Final[dict[str, Strategy]] = {}


def register(strategy: Strategy) -> None:
    """Admit a strategy.

    Raises:
        ConfigurationError: its name is taken, or its holding bounds are not allowed.
    """
    if strategy.name in _REGISTERED:
        raise ConfigurationError(f"a strategy named {strategy.name} is registered; rename one")
    require_holding_bounds(strategy)
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
