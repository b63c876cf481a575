"""Asking a strategy what it wants. Its code may be a user's own: nothing it gives is believed."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.features.context import MarketContext
from alpha_oracle.strategies.base import checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.strategies.base import Decisions, Strategy


def wishes_of(
    strategy: Strategy, market: MarketPanel, features: Mapping[str, NDArray[np.float32]]
) -> Decisions:
    """Return what a strategy wants at every close of the market, held to the universe.

    It is shown bars and features that it cannot write to: other strategies read the same ones.
    Beside bars it is shown sectors alone: what else is known, it reads as features, which know
    when each value was public and what results follow from.

    Raises:
        ConfigurationError: it failed, or what it gave is no wish; names the strategy.
    """
    shown = {name: _locked(features[name]) for name in strategy.features}
    try:
        decided = strategy.decide(locked(_without_families(market)), shown)
    except Exception as error:  # Whatever a user's own rule may raise.
        raise ConfigurationError(
            f"{strategy.name}.decide failed with {type(error).__name__}: {error}; "
            "mend it, or uninstall its package"
        ) from error
    return checked(decided, market, strategy=strategy.name)


def locked(market: MarketPanel) -> MarketPanel:
    """Return the same market with its matrices read-only; no value is copied."""
    values = {field.name: getattr(market, field.name) for field in fields(market)}
    matrices: dict[str, Any] = {
        name: _locked(one) for name, one in values.items() if isinstance(one, np.ndarray)
    }
    return replace(market, **matrices)


def _without_families(market: MarketPanel) -> MarketPanel:
    beside = market.context
    shown = MarketContext(sector=beside.sector, sector_names=beside.sector_names)
    return replace(market, context=shown)


def _locked(values: NDArray[Any]) -> NDArray[Any]:
    view = values.view()
    view.flags.writeable = False
    return view
