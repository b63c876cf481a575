"""Every feature there is: what the catalogue, the cache, the docs and the tests go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.features.alternative import insiders, short_interest
from alpha_oracle.features.cross_asset import market_model, relative_strength, volatility_index
from alpha_oracle.features.declaration import DECLARED
from alpha_oracle.features.fundamental import growth, profitability, standing, strength, valuation
from alpha_oracle.features.technical import (
    channels,
    oscillators,
    returns,
    trend,
    volatility,
    volume,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alpha_oracle.features.declaration import Feature

DEFINITIONS = (
    *(returns, trend, oscillators, channels, volatility, volume),
    *(valuation, profitability, strength, growth, standing),
    *(volatility_index, market_model, relative_strength),
    *(insiders, short_interest),
)
"""The modules whose import declares the features."""


def all() -> tuple[Feature, ...]:  # noqa: A001 - read as `registry.all()`.
    """Return every registered feature, by group then in the order declared."""
    return tuple(sorted(DECLARED.values(), key=lambda feature: feature.group))


def named(names: Iterable[str]) -> tuple[Feature, ...]:
    """Return features by name, in the order asked for.

    Raises:
        ConfigurationError: a name is not registered.
    """
    wanted = tuple(names)
    unknown = [name for name in wanted if name not in DECLARED]
    if unknown:
        raise ConfigurationError(
            f"unknown features: {', '.join(unknown)}; `features list` shows what there is"
        )
    return tuple(DECLARED[name] for name in wanted)
