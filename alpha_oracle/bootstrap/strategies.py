"""The strategies of this installation, held against its stored market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle import calendar
from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.errors import ConfigurationError, DataError
from alpha_oracle.strategies import registry
from alpha_oracle.strategies.base import InformedStrategy
from alpha_oracle.strategies.foresight import check_honesty

if TYPE_CHECKING:
    from alpha_oracle.strategies.foresight import Honesty


def check_strategy(name: str) -> Honesty:
    """Return whether a strategy decides without the future, on every session stored.

    Raises:
        ConfigurationError: no usable strategy has that name, it decides by a model's forecasts, it
            failed, or gave no wish.
        DataError: no bars are stored.
    """
    strategy = registry.named(name)
    if isinstance(strategy, InformedStrategy):
        raise ConfigurationError(
            f"{name} decides by the forecasts of a model alone, so there is nothing to cut off: in "
            "a backtest each session is forecast by a model trained before it; "
            f"`backtest {name} --walk-forward` shows the windows"
        )
    with open_runtime() as runtime:
        span = runtime.market_stores.bars.span()
        if span is None:
            raise DataError("no bars are stored; import or backfill them first")
        market = runtime.markets.market(span[1], as_of=calendar.decision_instant(span[1]))
        features = runtime.features.compute(market, strategy.features)
    return check_honesty(strategy, market, features)
