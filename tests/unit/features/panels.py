"""Panels on which features are tried."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from alpha_oracle.domain.market import parse_symbol
from alpha_oracle.features.panel import MarketPanel
from tests.builders import a_panel, sessions_from
from tests.contexts import a_whole_context

BAR_FIELDS = ("open", "high", "low", "close", "volume", "traded_open", "traded_close")


@cache
def a_whole_panel(
    *, symbols: int, sessions: int, seed: int = 7, sessions_a_trade: int = 3
) -> MarketPanel:
    """A random market in which every symbol has every bar and no corporate action.

    All that is known beside bars is known from the first session on.
    """
    random = np.random.default_rng(seed)
    shape = (sessions, symbols)
    close = 50.0 * np.exp(np.cumsum(random.normal(0.0004, 0.015, shape), axis=0))
    open_ = close * np.exp(random.normal(0.0, 0.006, shape))
    return MarketPanel(
        sessions=np.array(sessions_from(count=sessions), dtype="datetime64[D]"),
        symbols=tuple(parse_symbol(f"SYN{number:03d}") for number in range(symbols)),
        open=open_,
        high=np.maximum(open_, close) * np.exp(np.abs(random.normal(0.0, 0.005, shape))),
        low=np.minimum(open_, close) * np.exp(-np.abs(random.normal(0.0, 0.005, shape))),
        close=close,
        volume=np.rint(random.lognormal(13.0, 0.5, shape)),
        traded_open=open_.copy(),
        traded_close=close.copy(),
        split=np.ones(shape),
        dividend=np.zeros(shape),
        is_member=np.ones(shape, dtype=np.bool_),
        context=a_whole_context(
            symbols=symbols, sessions=sessions, seed=seed, sessions_a_trade=sessions_a_trade
        ),
    )


@cache
def a_panel_with_gaps() -> MarketPanel:
    """A market with actions, late listings, gaps, early ends and a symbol without bars."""
    panel = a_panel(symbols=8, sessions=420)
    without_bar = np.zeros(panel.close.shape, dtype=np.bool_)
    without_bar[:120, 2] = True
    without_bar[np.random.default_rng(3).random(420) < 0.1, 3] = True
    without_bar[200:230, 4] = True
    without_bar[350:, 5] = True
    without_bar[:, 6] = True
    return without(panel, without_bar)


def without(panel: MarketPanel, where: np.ndarray) -> MarketPanel:
    """The panel with no bar where told."""
    return replace(
        panel, **{name: np.where(where, np.nan, getattr(panel, name)) for name in BAR_FIELDS}
    )
