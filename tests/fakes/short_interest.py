"""Short interest in memory, held to the same suite as the store on Postgres."""

from itertools import chain

import numpy as np

from alpha_oracle.domain.short_interest import ShortInterestColumns
from tests.fakes import revisions


class InMemoryShortInterest:
    """Keeps every revision of a position."""

    def __init__(self):
        self.versions = {}

    def store(self, positions, *, source, received_at):
        return revisions.store(
            self.versions,
            positions,
            key=lambda one: (one.symbol, one.settlement_date),
            received_at=received_at,
        )

    def settlements(self):
        return frozenset(settlement for _, settlement in self.versions)

    def load(self, *, as_of):
        every = chain.from_iterable(self.versions.values())
        return position_columns(one for one in every if one.known_at <= as_of)


def position_columns(positions):
    """Positions as a store gives them; the revisions of each in the order they are in."""
    told = sorted(positions, key=lambda one: (one.symbol, one.settlement_date))
    symbols = tuple(sorted({position.symbol for position in told}))
    return ShortInterestColumns(
        symbols=symbols,
        symbol_index=np.array([symbols.index(one.symbol) for one in told], np.int32),
        settlement_date=np.array([one.settlement_date for one in told], "datetime64[D]"),
        shares_short=np.array([one.shares_short for one in told], np.float64),
        # Without a volume, None becomes NaN.
        average_daily_volume=np.array([one.average_daily_volume for one in told], np.float64),
        known_at=np.array([one.known_at.replace(tzinfo=None) for one in told], "datetime64[us]"),
    )
