"""Every strategy there is: ours, and those of other packages, looked for when first asked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.admission import admitted
from alpha_oracle.strategies.breakout import BreakoutStrategy
from alpha_oracle.strategies.custom import discover
from alpha_oracle.strategies.mean_reversion import MeanReversionStrategy
from alpha_oracle.strategies.ml_signal import MLSignalStrategy
from alpha_oracle.strategies.momentum import MomentumStrategy

if TYPE_CHECKING:
    from alpha_oracle.strategies.base import Strategy
    from alpha_oracle.strategies.custom import BrokenStrategy, CustomStrategy

OURS: Final = "alpha-oracle"
"""The origin of the strategies that come with the program."""

_REGISTERED: Final[dict[str, Strategy]] = {}


def register(strategy: Strategy) -> None:
    """Admit a strategy of ours.

    Raises:
        ConfigurationError: its name is taken, or it is not what a strategy must be.
    """
    if strategy.name in _REGISTERED:
        raise ConfigurationError(f"a strategy named {strategy.name} is registered; rename one")
    _REGISTERED[strategy.name] = admitted(strategy)


def all() -> tuple[Strategy, ...]:  # noqa: A001 - read as `registry.all()`.
    """Return every strategy that can be used, by name."""
    known = _known()
    return tuple(known[name] for name in sorted(known))


def broken() -> tuple[BrokenStrategy, ...]:
    """Return what other packages offer and cannot be used, by entry point."""
    return tuple(_discovered()[1])


def origin_of(name: str) -> str:
    """Return the package, with its version, that a usable strategy comes from."""
    return next((one.origin for one in _discovered()[0] if one.strategy.name == name), OURS)


def named(name: str) -> Strategy:
    """Return a strategy by name.

    Raises:
        ConfigurationError: no usable strategy has that name; tells what is broken.
    """
    known = _known()
    if name not in known:
        there = f"unknown strategy {name}; there are {', '.join(sorted(known))}"
        raise ConfigurationError("; ".join([there, *(one.text for one in broken())]))
    return known[name]


def require_whole() -> None:
    """Refuse to go on where a strategy that a package offers cannot be used.

    Raises:
        ConfigurationError: names package and entry point of each, and what to mend.
    """
    if broken():
        raise ConfigurationError("; ".join(one.text for one in broken()))


def _known() -> dict[str, Strategy]:
    return _REGISTERED | {one.strategy.name: one.strategy for one in _discovered()[0]}


@cache
def _discovered() -> tuple[list[CustomStrategy], list[BrokenStrategy]]:
    return discover(taken=_REGISTERED)


for _strategy in (
    MomentumStrategy(),
    MeanReversionStrategy(),
    BreakoutStrategy(),
    MLSignalStrategy(),
):
    register(_strategy)
