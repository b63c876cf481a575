"""When the insiders of a generated company deal, in what, and when they file it.

Sales outnumber purchases; purchases come more often after a fall, and sometimes several insiders
buy within days. Nothing is planted here: what they do says nothing of what the price does next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.streams import Purpose, uniforms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.insider_people import Reporter
    from alpha_oracle.adapters.synthetic.market import Market

    Integers = NDArray[np.int64]
    Draws = NDArray[np.float64]

SLOTS: Final = 4
"""At most so many filings are of one month's dealings."""

_HAPPENS_FRACTION: Final = 0.28
_CLUSTER_FRACTION: Final = 0.015
_FALL_SESSIONS: Final = 63
_FALL: Final = 0.85
_PURCHASES: Final = 0.10
_PURCHASES_AFTER_FALL: Final = 0.30
_AMENDED_FRACTION: Final = 0.02
_LATE: Final = np.array([0.10, 0.35, 0.92])
"""Fractions filed on the day, by the next session and by the second; the rest are late."""
_LATEST_SESSIONS: Final = 10
_AMENDED_SESSIONS: Final = (3, 20)
_CLOSED_SECOND: Final = 16 * 3_600
_MORNING_SECOND: Final = 8 * 3_600
_LAST_SECOND: Final = 21 * 3_600 + 50 * 60
_MORNING_FRACTION: Final = 0.3
_A_DAY: Final = timedelta(days=1)
_MANY: Final = 1_000
"""More than a company has insiders."""


class Dealing(IntEnum):
    """What an insider does."""

    PURCHASE = 0
    SALE = 1
    EXERCISE = 2
    AWARD = 3
    GIFT = 4


# Of dealings that are no purchases, up to which fraction each goes.
_OTHERS_BOUNDS: Final = np.array([0.55, 0.77, 0.94])
_OTHERS: Final = np.array([Dealing.SALE, Dealing.EXERCISE, Dealing.AWARD, Dealing.GIFT])


class _Draw(IntEnum):
    CLUSTER = 0
    HAPPENS = 1
    DAY = 2
    WHO = 3
    PURCHASE = 4
    OTHER = 5
    DELAY = 6
    TIME = 7
    SIZE = 8
    PRICE = 9
    DETAIL = 10
    AMENDED = 11
    AMENDED_DELAY = 12
    AMENDED_TIME = 13


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Events:
    """Dealings of a company and their filings, by session, one entry each.

    Rows are places of sessions, seconds those of New York days, draws 0 to 1. `slot` numbers the
    events of a company for good; `amended_row` is -1 where the filing is right.
    """

    slot: Integers
    row: Integers
    reporter: Integers
    dealing: Integers
    filed_row: Integers
    second: Integers
    amended_row: Integers
    amended_second: Integers
    size: Draws
    price: Draws
    detail: Draws


def events_of(
    seed: int, market: Market, column: int, *, reporters: Sequence[Reporter], through: date
) -> Events:
    """Return the dealings of a company in the months through a day's."""
    months = _months(market, through)
    owner = int(market.companies.owner[column])
    count = len(months) * SLOTS * len(_Draw)
    draws = uniforms(seed, Purpose.INSIDER_FILING, owners=[owner], count=count)[:, 0]
    draw = np.moveaxis(draws.reshape(len(months), SLOTS, len(_Draw)), 2, 0)
    clustered = draw[_Draw.CLUSTER, :, :1] < _CLUSTER_FRACTION
    row = _rows(months, draw, clustered=clustered)
    filed = row + _delays(draw[_Draw.DELAY])
    happens = (draw[_Draw.HAPPENS] < _HAPPENS_FRACTION) | clustered
    happens &= (row >= market.companies.listed[column]) & (row < market.companies.delisted[column])
    happens &= (row < len(market.sessions)) & (months[:, 1:] > 0)
    slot = np.flatnonzero(happens)
    slot = slot[np.lexsort((slot, row.ravel()[slot]))]
    who = _who(draw, reporters=len(reporters), clustered=clustered).ravel()[slot]
    row, filed = row.ravel()[slot], filed.ravel()[slot]
    draw = draw.reshape(len(_Draw), -1)[:, slot]
    in_cluster = np.repeat(clustered[:, 0], SLOTS)[slot]
    next_day = np.zeros(len(slot), dtype=np.bool_)
    return Events(
        slot=slot,
        row=row,
        reporter=who,
        dealing=_dealings(
            market, column, row=row, draw=draw, who=who, reporters=reporters, buying=in_cluster
        ),
        filed_row=filed,
        second=_seconds(draw[_Draw.TIME], same_day=filed == row),
        amended_row=_amended(draw, filed=filed, who=who),
        amended_second=_seconds(draw[_Draw.AMENDED_TIME], same_day=next_day),
        size=draw[_Draw.SIZE],
        price=draw[_Draw.PRICE],
        detail=draw[_Draw.DETAIL],
    )


def _months(market: Market, through: date) -> Integers:
    # The first row of each month and how many sessions it has, generated or not.
    month = np.arange(market.sessions[0].astype("datetime64[M]"), np.datetime64(through, "M") + 1)
    end = (month[-1] + 1).astype("datetime64[D]")
    beyond = calendar.sessions_between(market.sessions[-1].item() + _A_DAY, end.item() - _A_DAY)
    sessions = np.concatenate([market.sessions, np.array(beyond, dtype="datetime64[D]")])
    first = np.searchsorted(sessions, month.astype("datetime64[D]"))
    after = np.searchsorted(sessions, (month + 1).astype("datetime64[D]"))
    return np.stack([first, after - first], axis=1)


def _rows(months: Integers, draw: Draws, *, clustered: NDArray[np.bool_]) -> Integers:
    first, count = months[:, :1], months[:, 1:]
    place = (draw[_Draw.DAY] * count).astype(np.int64)
    near = place[:, :1] + np.arange(SLOTS)
    rows: Integers = first + np.minimum(np.where(clustered, near, place), count - 1)
    return rows


def _who(draw: Draws, *, reporters: int, clustered: NDArray[np.bool_]) -> Integers:
    alone: Integers = (draw[_Draw.WHO] * reporters).astype(np.int64)
    each = (alone[:, :1] + np.arange(SLOTS)) % reporters
    return np.where(clustered, each, alone)


def _dealings(
    market: Market,
    column: int,
    *,
    row: Integers,
    draw: Draws,
    who: Integers,
    reporters: Sequence[Reporter],
    buying: NDArray[np.bool_],
) -> Integers:
    before = np.maximum(row - _FALL_SESSIONS, market.companies.listed[column])
    # Where either bar is missing nobody notices a fall.
    close, shares = market.bars.close, market.actions.shares
    worth, earlier = (close[at, column] * shares[at, column] for at in (row, before))
    has_fallen = worth < _FALL * earlier
    buys = draw[_Draw.PURCHASE] < np.where(has_fallen, _PURCHASES_AFTER_FALL, _PURCHASES)
    other = _OTHERS[np.searchsorted(_OTHERS_BOUNDS, draw[_Draw.OTHER])]
    # Funds neither get awards nor make gifts, and only officers have options.
    is_officer = np.array([reporter.is_officer for reporter in reporters])[who]
    is_large = np.array([reporter.is_large for reporter in reporters])[who]
    sells = is_large | ((other == Dealing.EXERCISE) & ~is_officer)
    return np.where(buys | buying, Dealing.PURCHASE, np.where(sells, Dealing.SALE, other))


def _delays(draw: Draws) -> Integers:
    usual = np.searchsorted(_LATE, draw, side="right")
    last = float(_LATE[-1])
    beyond = (draw - last) / (1.0 - last) * (_LATEST_SESSIONS - len(_LATE) + 1)
    delays: Integers = usual + np.maximum(beyond, 0.0).astype(np.int64)
    return delays


def _seconds(draw: Draws, *, same_day: NDArray[np.bool_]) -> Integers:
    evening = _LAST_SECOND - _CLOSED_SECOND
    early = _MORNING_SECOND + draw / _MORNING_FRACTION * (_CLOSED_SECOND - _MORNING_SECOND)
    late = _CLOSED_SECOND + (draw - _MORNING_FRACTION) / (1.0 - _MORNING_FRACTION) * evening
    other = np.where(draw < _MORNING_FRACTION, early, late)
    return np.where(same_day, _CLOSED_SECOND + draw * evening, other).astype(np.int64)


def _amended(draw: Draws, *, filed: Integers, who: Integers) -> Integers:
    # An amendment names its original by the day it was filed: there must be one of that reporter.
    _, place, times = np.unique(filed * _MANY + who, return_inverse=True, return_counts=True)
    alone = times[place.ravel()] == 1
    low, high = _AMENDED_SESSIONS
    later = filed + low + (draw[_Draw.AMENDED_DELAY] * (high - low + 1)).astype(np.int64)
    return np.where(alone & (draw[_Draw.AMENDED] < _AMENDED_FRACTION), later, -1)
