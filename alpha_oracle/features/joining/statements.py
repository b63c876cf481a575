"""Statements as they were known: sums of a year and the newest balance, from every revision.

All figures of a state are of one day: the newest end of a period that net income or revenue is
known for. An item not told for it is unknown rather than old, and a filing about an earlier
period moves nothing but what it is about. Shares outstanding alone have a day of their own, that
of the newest count, which is at most a quarter before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.fundamentals import INSTANT_ITEMS, ITEMS, StatementItem
from alpha_oracle.features.context import KnownValues
from alpha_oracle.features.formula import REPORT_FIELDS
from alpha_oracle.features.joining import periods
from alpha_oracle.features.joining.frame import days_of, microseconds_of
from alpha_oracle.features.joining.periods import Book, Items, States, Told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.domain.fundamentals import FactColumns
    from alpha_oracle.features.joining.frame import Frame

    Positions = NDArray[np.int64]
    Values = NDArray[np.float64]

# Room for any day in a key of symbol, item, end and start.
DAYS: Final = 1 << 18
DAY_ZERO: Final = 1 << 17

KNOWN_ITEMS: Final = Items(
    is_of_a_day=np.array([item in INSTANT_ITEMS for item in ITEMS]),
    net_income=ITEMS.index(StatementItem.NET_INCOME),
    revenue=ITEMS.index(StatementItem.REVENUE),
    shares=ITEMS.index(StatementItem.SHARES_OUTSTANDING),
)


def known_statements(facts: FactColumns, frame: Frame) -> KnownValues | None:
    """Return REPORT_FIELDS of each symbol from the session they were known; None: of nobody.

    A sum of a year is a fact of a year, else the year before + the year to date - the same a year
    ago, else four quarters. `prior` is of the period that ended 350 to 380 days before. A line
    absent from a statement that has its counterpart is nil (debt of one term), or follows from the
    others (gross profit, total liabilities). Nothing is known of a symbol from 457 days after the
    period's end on.
    """
    row, columns, kept = _concerned(facts, frame)
    if not kept.size:
        return None
    told, book = _books(facts, kept, columns=columns, row=row, frame=frame)
    moments = 1 + np.count_nonzero((np.diff(row) != 0) | (np.diff(columns) != 0))
    # Whatever became known can grow stale once; the last entry tried may be none.
    room = 2 * moments + 1
    states = States(
        row=np.empty(room, dtype=np.int64),
        now=np.empty((room, len(ITEMS))),
        before=np.empty((room, len(ITEMS))),
    )
    offsets = periods.read_states(told, book, KNOWN_ITEMS, frame.days, states)
    if offsets[-1] == 0:
        return None
    now, before = (
        dict(zip(ITEMS, values[: offsets[-1]].T.copy(), strict=True))
        for values in (states.now, states.before)
    )
    row = states.row[: offsets[-1]].copy()
    return KnownValues(offsets=offsets, row=row, values=_fields(now, before))


def _concerned(facts: FactColumns, frame: Frame) -> tuple[Positions, Positions, Positions]:
    """Facts of the frame's symbols that become known in it: their session and symbol."""
    row = np.maximum(frame.rows_of_instants(microseconds_of(facts.known_at)), 0)
    columns = frame.columns_of(facts.symbols)[facts.symbol_index]
    kept = np.flatnonzero((columns >= 0) & (row < frame.sessions))
    return row[kept], columns[kept], kept


def _books(
    facts: FactColumns, kept: Positions, *, columns: Positions, row: Positions, frame: Frame
) -> tuple[Told, Book]:
    item = facts.item[kept].astype(np.int64)
    end = days_of(facts.period_end[kept])
    start = np.where(np.isnat(facts.period_start[kept]), end, days_of(facts.period_start[kept]))
    item_keys = columns * len(ITEMS) + item
    places, place = np.unique(
        (item_keys * DAYS + end + DAY_ZERO) * DAYS + start + DAY_ZERO, return_inverse=True
    )
    bounds = np.searchsorted(
        places // (DAYS * DAYS), np.arange(len(frame.symbols) * len(ITEMS) + 1)
    )
    value, restated = _in_first_bars(facts, kept, columns=columns, frame=frame)
    told = Told(
        offsets=frame.offsets(columns),
        row=row,
        item=item,
        place=place.astype(np.int64),
        value=value,
        restated=restated,
    )
    book = Book(
        spans=_spans(bounds.astype(np.int64)),
        start=places % DAYS - DAY_ZERO,
        end=places // DAYS % DAYS - DAY_ZERO,
        value=np.full(len(places), np.nan),
        told=np.full(len(places), -1, dtype=np.int64),
    )
    return told, book


def _in_first_bars(
    facts: FactColumns, kept: Positions, *, columns: Positions, frame: Frame
) -> tuple[Values, Values]:
    """Values with counts of shares made comparable: as counted then, and as of the document."""
    value, restated = facts.value[kept].copy(), facts.value[kept].copy()
    counts = np.flatnonzero(facts.item[kept] == KNOWN_ITEMS.shares)
    for values, days in ((value, facts.period_end), (restated, facts.known_at)):
        values[counts] *= frame.in_first_bars(columns[counts], days_of(days[kept][counts]))
    return value, restated


def _spans(bounds: Positions) -> Positions:
    """Where each symbol's items begin, and the end of its last."""
    first = np.arange(0, len(bounds) - 1, len(ITEMS))[:, None]
    spans: Positions = bounds[first + np.arange(len(ITEMS) + 1)]
    return spans


def _fields(
    now: Mapping[StatementItem, Values], before: Mapping[StatementItem, Values]
) -> dict[str, Values]:
    item = StatementItem
    margin = now[item.REVENUE] - now[item.COST_OF_REVENUE]
    owed = now[item.TOTAL_ASSETS] - now[item.EQUITY]
    known = {
        "revenue_ttm": now[item.REVENUE],
        "revenue_ttm_prior": before[item.REVENUE],
        "gross_profit_ttm": _else(now[item.GROSS_PROFIT], margin),
        "operating_income_ttm": now[item.OPERATING_INCOME],
        "ebitda_ttm": now[item.OPERATING_INCOME] + now[item.DEPRECIATION_AMORTIZATION],
        "net_income_ttm": now[item.NET_INCOME],
        "net_income_ttm_prior": before[item.NET_INCOME],
        "operating_cash_flow_ttm": now[item.OPERATING_CASH_FLOW],
        "free_cash_flow_ttm": now[item.OPERATING_CASH_FLOW] - now[item.CAPITAL_EXPENDITURE],
        "interest_expense_ttm": now[item.INTEREST_EXPENSE],
        "dividends_paid_ttm": now[item.DIVIDENDS_PAID],
        "total_assets": now[item.TOTAL_ASSETS],
        "total_assets_prior": before[item.TOTAL_ASSETS],
        "current_assets": now[item.CURRENT_ASSETS],
        "total_liabilities": _else(now[item.TOTAL_LIABILITIES], owed),
        "current_liabilities": now[item.CURRENT_LIABILITIES],
        "equity": now[item.EQUITY],
        "equity_prior": before[item.EQUITY],
        "cash": now[item.CASH],
        "total_debt": _sum_of_known(now[item.SHORT_TERM_DEBT], now[item.LONG_TERM_DEBT]),
        "shares": now[item.SHARES_OUTSTANDING],
        "shares_prior": before[item.SHARES_OUTSTANDING],
    }
    return {name: known[name] for name in REPORT_FIELDS}


def _else(values: Values, others: Values) -> Values:
    return np.where(np.isnan(values), others, values)


def _sum_of_known(first: Values, second: Values) -> Values:
    total = np.nan_to_num(first) + np.nan_to_num(second)
    return np.where(np.isnan(first) & np.isnan(second), np.nan, total)
