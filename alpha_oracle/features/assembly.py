"""What is known beside the bars, laid out for a panel: each row from the decision it was known at.

Every row comes with the instant it could be known; here it is turned into the first session that
may see it. Nothing is joined on what a row is about: a period's end, a settlement or the day of a
trade tells which value it is, never when it counts.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.context import MarketContext
from alpha_oracle.features.joining.filings import known_trades
from alpha_oracle.features.joining.frame import build_frame, day_numbers
from alpha_oracle.features.joining.sectors import sector_codes
from alpha_oracle.features.joining.short_reports import known_short_interest
from alpha_oracle.features.joining.statements import known_statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from alpha_oracle.domain.fundamentals import FactColumns
    from alpha_oracle.domain.insiders import FilingColumns
    from alpha_oracle.domain.levels import IndexLevel
    from alpha_oracle.domain.market import CorporateAction, SectorAssignment, Symbol
    from alpha_oracle.domain.short_interest import ShortInterestColumns
    from alpha_oracle.features.joining.frame import Frame


def build_context(
    *,
    sessions: NDArray[np.datetime64],
    symbols: tuple[Symbol, ...],
    first_bar: NDArray[np.int64],
    facts: FactColumns | None,
    filings: FilingColumns,
    covered: Mapping[Symbol, date],
    positions: ShortInterestColumns,
    vix: Sequence[IndexLevel],
    spy: NDArray[np.float64] | None,
    sectors: Sequence[SectorAssignment],
    actions: Sequence[CorporateAction],
) -> MarketContext:
    """Return what is known of a panel's symbols; rows of others are left aside.

    `first_bar` is the row of each symbol's first bar, `covered` the day from which on its
    ownership filings are complete. Shares are brought to those of the first bar with the splits
    among `actions`. A family without any row is None.
    """
    frame = build_frame(sessions, symbols, first_bar=first_bar, actions=actions)
    codes, names = sector_codes(sectors, frame)
    # Statements take as long as all the rest, and compiled code that lets the others run.
    with ThreadPoolExecutor(max_workers=1) as beside:
        reports = None if facts is None else beside.submit(known_statements, facts, frame)
        short_interest = known_short_interest(positions, frame)
        insiders = known_trades(filings, frame, covered=covered)
    return MarketContext(
        reports=None if reports is None else reports.result(),
        short_interest=short_interest,
        insiders=insiders,
        vix=_closes(vix, frame),
        spy=spy,
        sector=codes,
        sector_names=names,
    )


def _closes(levels: Sequence[IndexLevel], frame: Frame) -> NDArray[np.float64] | None:
    """The close of each session; of two revisions the one known last."""
    if not levels:
        return None
    ordered = sorted(levels, key=lambda level: (level.known_at, level.close))
    days = day_numbers([level.session for level in ordered])
    rows = np.minimum(np.searchsorted(frame.days, days), frame.sessions - 1)
    found = frame.days[rows] == days
    closes = np.array([level.close for level in ordered])
    out = np.full(frame.sessions, np.nan)
    # One after the other: numpy does not promise that the last of equal places wins.
    for row, close in zip(rows[found].tolist(), closes[found].tolist(), strict=True):
        out[row] = close
    return out
