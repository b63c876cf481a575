"""What an account was worth at each open, before its purchases, worked back from a run's record."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An open behind its exits; `held` are shares, `prices` what each counts at, by column."""

    row: int
    cash: float
    equity: float
    held: dict
    prices: dict
    purchases: list
    trades: int

    def by_sector(self, market):
        """USD held by sector, unknown ones as one, as known at the close before."""
        exposure = defaultdict(float)
        for column, shares in self.held.items():
            exposure[market.context.sector[self.row - 1, column]] += shares * self.prices[column]
        return exposure


def openings(market, result):
    """Every open at which something was bought; the fills tell what was held."""
    held, prices = {}, {}
    for row in range(len(market.sessions)):
        fills = result.fills[result.fills["session"] == row]
        for column in list(held):
            held[column] = int(held[column] * market.split[row, column] + 1e-6)
            prices[column] /= market.split[row, column]
            if held[column] == 0:
                del held[column]
        opened = np.where(market.volume[row] > 0, market.traded_open[row], np.nan)
        prices |= {column: opened[column] for column in np.isfinite(opened).nonzero()[0].tolist()}
        bought = [fill for fill in fills if fill["quantity"] > 0]
        # What is delisted is settled at the close, behind the purchases.
        settled = [
            fill for fill in fills if fill["quantity"] < 0 and np.isnan(opened[fill["symbol"]])
        ]
        for fill in fills:
            if fill["quantity"] < 0 and np.isfinite(opened[fill["symbol"]]):
                del held[int(fill["symbol"])]
        if bought:
            cash = result.cash[row]
            cash += sum(fill["quantity"] * fill["price"] + fill["commission"] for fill in bought)
            cash += sum(fill["quantity"] * fill["price"] for fill in settled)
            yield Opening(
                row=row,
                cash=cash,
                equity=cash + sum(shares * prices[column] for column, shares in held.items()),
                held=dict(held),
                prices=dict(prices),
                purchases=bought,
                trades=len(fills) - len(settled),
            )
        held |= {int(fill["symbol"]): int(fill["quantity"]) for fill in bought}
        for fill in settled:
            del held[int(fill["symbol"])]
        closed = market.traded_close[row]
        prices |= {column: closed[column] for column in np.isfinite(closed).nonzero()[0].tolist()}
