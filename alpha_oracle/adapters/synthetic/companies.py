"""Who is listed: each company's life and character, drawn once.

The market has a fixed number of slots. A company holds its slot until it is delisted (taken over
or failed); some sessions later another lists there, under the same number and the next letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic.streams import Purpose, normals, uniforms
from alpha_oracle.domain.market import Symbol

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECTORS: Final = (
    "Communication Services",
    "Consumer Discretionary",
    "Consumer Staples",
    "Energy",
    "Financials",
    "Health Care",
    "Industrials",
    "Information Technology",
    "Materials",
    "Real Estate",
    "Utilities",
)
QUARTER_SESSIONS: Final = 63

_GENERATION: Final = 2**20
_LATE_EVERY: Final = 12
_LATE_SESSIONS: Final = 2_000
_MIN_LIFE_SESSIONS: Final = 300
_MEAN_LIFE_SESSIONS: Final = 60 * 252
_MAX_VACANCY_SESSIONS: Final = 60
_ACQUIRED_FRACTION: Final = 0.6
_SEASONING_SESSIONS: Final = 60
_DROPPED_SESSIONS: Final = 120
_PAYER_FRACTION: Final = 0.65


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Character:
    """What a company is like, one entry each.

    `shares` are counted before any split and `first_price_usd` is the price at listing. The
    phases place dividends and earnings within a quarter; `quarterly_yield` is 0 for who pays
    none. `premium` is what a buyer adds to the price, as a log return.
    """

    beta: NDArray[np.float64]
    daily_volatility: NDArray[np.float64]
    first_price_usd: NDArray[np.float64]
    shares: NDArray[np.float64]
    daily_turnover_fraction: NDArray[np.float64]
    split_above_usd: NDArray[np.float64]
    quarterly_yield: NDArray[np.float64]
    dividend_phase: NDArray[np.int64]
    earnings_phase: NDArray[np.int64]
    premium: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Companies:
    """Companies that listed up to a session, ascending by symbol, one entry each.

    `listed` and `delisted` are positions of sessions: bars stand from the first to before the
    second. `owner` is the number of a company's streams, `sector` points into `SECTORS`.
    """

    symbols: tuple[Symbol, ...]
    owner: NDArray[np.int64]
    sector: NDArray[np.int64]
    listed: NDArray[np.int64]
    delisted: NDArray[np.int64]
    is_acquired: NDArray[np.bool_]
    character: Character

    def is_listed(self, sessions: int) -> NDArray[np.bool_]:
        """Return where companies are listed, `sessions x companies`."""
        return _between(self.listed, self.delisted, sessions=sessions)

    def is_member(self, sessions: int) -> NDArray[np.bool_]:
        """Return where companies are in the index, `sessions x companies`."""
        return _between(self.joined(), self.left(), sessions=sessions)

    def joined(self) -> NDArray[np.int64]:
        """Return the positions from which companies are members: founders from the first."""
        return np.where(self.listed == 0, 0, self.listed + _SEASONING_SESSIONS)

    def left(self) -> NDArray[np.int64]:
        """Return the positions before which companies are members: the failing go early."""
        early = np.where(self.is_acquired, 0, _DROPPED_SESSIONS)
        return np.maximum(self.delisted - early, self.joined())


def found_companies(seed: int, slots: int, *, sessions: int) -> Companies:
    """Return the companies that list within the first `sessions` sessions."""
    owner, listed, delisted, is_acquired = _lives(seed, slots, sessions=sessions)
    symbols = np.array([_ticker(int(number)) for number in owner])
    order = np.argsort(symbols)
    return Companies(
        symbols=tuple(Symbol(str(symbol)) for symbol in symbols[order]),
        owner=owner[order],
        sector=owner[order] % _GENERATION % len(SECTORS),
        listed=listed[order],
        delisted=delisted[order],
        is_acquired=is_acquired[order],
        character=_characters(seed, owner[order]),
    )


def _lives(
    seed: int, slots: int, *, sessions: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    owner = np.arange(slots)
    late = 1 + (uniforms(seed, Purpose.LATE, owners=owner, count=1)[0] * _LATE_SESSIONS)
    listed = np.where(owner % _LATE_EVERY == _LATE_EVERY - 1, late.astype(np.int64), 0)
    lives = []
    while (starts := listed < sessions).any():
        owner, listed = owner[starts], listed[starts]
        life, fate, vacancy = uniforms(seed, Purpose.LIFE, owners=owner, count=3)
        lasts = _MIN_LIFE_SESSIONS + (-np.log(life) * _MEAN_LIFE_SESSIONS).astype(np.int64)
        delisted = listed + lasts
        lives.append((owner, listed, delisted, fate < _ACQUIRED_FRACTION))
        owner = owner + _GENERATION
        listed = delisted + 1 + (vacancy * _MAX_VACANCY_SESSIONS).astype(np.int64)
    owners, starts_at, ends_at, acquired = zip(*lives, strict=True)
    return (
        np.concatenate(owners),
        np.concatenate(starts_at),
        np.concatenate(ends_at),
        np.concatenate(acquired),
    )


def _characters(seed: int, owner: NDArray[np.int64]) -> Character:
    draw = uniforms(seed, Purpose.CHARACTER, owners=owner, count=7)
    bell = normals(seed, Purpose.TEMPER, owners=owner, count=6)
    first_price_usd = np.round(np.clip(np.exp(np.log(55.0) + 0.75 * bell[0]), 6.0, 450.0), 2)
    size_usd = np.exp(np.log(1.5e10) + 1.1 * bell[1])
    pays = draw[0] < _PAYER_FRACTION
    return Character(
        beta=np.clip(1.0 + 0.3 * bell[2], 0.3, 1.9),
        daily_volatility=np.clip(np.exp(np.log(0.0120) + 0.3 * bell[3]), 0.007, 0.03),
        first_price_usd=first_price_usd,
        shares=np.round(size_usd / first_price_usd),
        daily_turnover_fraction=np.clip(np.exp(np.log(0.006) + 0.5 * bell[4]), 0.001, 0.03),
        split_above_usd=np.maximum(120.0 + 480.0 * draw[1], 1.5 * first_price_usd),
        quarterly_yield=np.where(pays, 0.002 + 0.008 * draw[2], 0.0),
        dividend_phase=(draw[3] * QUARTER_SESSIONS).astype(np.int64),
        earnings_phase=(draw[4] * QUARTER_SESSIONS).astype(np.int64),
        premium=0.10 + 0.14 * draw[5],
    )


def _between(
    start: NDArray[np.int64], stop: NDArray[np.int64], *, sessions: int
) -> NDArray[np.bool_]:
    position = np.arange(sessions)[:, None]
    return (position >= start) & (position < stop)


def _ticker(owner: int) -> str:
    generation, slot = divmod(owner, _GENERATION)
    letter = ascii_uppercase[generation] if generation else ""
    return f"SYN{slot + 1:03d}{letter}"
