"""A panel as the simulator reads it: where a symbol traded, its sector, what an order moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.research.simulation.records import Market

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.features.context import MarketContext
    from alpha_oracle.features.panel import MarketPanel

    Floats = NDArray[np.float64]

ADV_SESSIONS: Final = 20


def simulated_market(panel: MarketPanel, *, impact: float) -> Market:
    """Lay out a panel for runs; arrays are shared with it where they can be."""
    stood_still = panel.volume == 0.0
    opens = panel.traded_open
    return Market(
        open=read_only(np.where(stood_still, np.nan, opens) if stood_still.any() else opens),
        close=read_only(panel.traded_close),
        split=read_only(panel.split),
        dividend=read_only(panel.dividend),
        has_actions=read_only((panel.split != 1.0).any(axis=1) | panel.dividend.any(axis=1)),
        sector=read_only(sector_codes(panel.context)),
        impact=read_only(impact_by_root_share(panel, impact) if impact else np.empty((0, 0))),
    )


def symbol_order(symbols: Sequence[Symbol]) -> NDArray[np.int64]:
    """Return the columns by ascending symbol."""
    return np.array(sorted(range(len(symbols)), key=symbols.__getitem__), np.int64)


def sector_codes(context: MarketContext) -> NDArray[np.int16]:
    """Return each session's sectors as codes from 0; empty where no sector is on record.

    All symbols of unknown sector count as one sector more: left out, history would lose those that
    have left the index; unlimited, the limit would not be one.
    """
    sector = context.sector
    if sector is None or sector.max(initial=-1) < 0:
        return np.empty((0, 0), np.int16)
    if sector.min() >= 0:
        return sector
    return np.where(sector < 0, np.int16(len(context.sector_names)), sector)


def impact_by_root_share(panel: MarketPanel, coefficient: float) -> Floats:
    """Return what an order moves the price, as a fraction, by the square root of its shares.

    The square-root law (Almgren, Thum, Hauptmann and Li, 2005; Toth et al., 2011): coefficient x
    daily volatility x square root of shares over daily volume, both of the last 20 sessions; NaN
    before half of them are known, and where less than a share was traded a day.
    """
    # Counted in the shares of each session, also where a split lies inside the window.
    traded = _mean(panel.volume) * panel.split_factor
    returns = np.full(panel.close.shape, np.nan)
    returns[1:] = panel.close[1:] / panel.close[:-1] - 1.0
    volatility = np.sqrt(np.maximum(_mean(returns**2) - _mean(returns) ** 2, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        impact: Floats = coefficient * volatility / np.sqrt(traded)
    return np.where(np.isfinite(impact) & (traded >= 1.0), impact, np.nan)


def _mean(values: Floats) -> Floats:
    known = np.isfinite(values)
    total = _trailing(np.where(known, values, 0.0))
    count = _trailing(known.astype(np.float64))
    return np.where(count >= ADV_SESSIONS / 2, total / np.maximum(count, 1.0), np.nan)


def _trailing(values: Floats) -> Floats:
    summed = np.cumsum(values, axis=0)
    summed[ADV_SESSIONS:] -= summed[:-ADV_SESSIONS].copy()
    return summed


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a contiguous view nobody writes: numba compiles anew for each layout it meets."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
