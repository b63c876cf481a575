"""What companies of a sector earn, owe and own, and what each company makes of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.synthetic.companies import SECTORS
from alpha_oracle.adapters.synthetic.streams import Purpose, normals, uniforms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.companies import Companies

FINANCIALS: Final = SECTORS.index("Financials")
_RETAIL: Final = SECTORS.index("Consumer Discretionary")

_YEAR_ENDS: Final = ((0.68, 12), (0.77, 9), (0.85, 6), (0.90, 3), (0.94, 10), (1.00, 1))
_JANUARY: Final = 1
_RETAIL_JANUARY_FRACTION: Final = 0.4
_MAX_MARGIN: Final = 0.38


@dataclass(frozen=True, slots=True, kw_only=True)
class Typical:
    """A sector's usual figures.

    `net_margin`, `gross_margin` and `depreciation` are fractions of revenue, `liabilities` of
    assets, `current` of liabilities; `borrowed` is the part of the other liabilities that is
    debt. `losing` is the fraction of companies that lose money year after year, and `swing` how
    far margins move, where 1 is usual.
    """

    price_to_earnings: float
    net_margin: float
    gross_margin: float
    depreciation: float
    price_to_book: float
    liabilities: float
    current: float
    borrowed: float
    losing: float
    swing: float


def _typical(*figures: float) -> Typical:
    return Typical(
        **dict(zip((field.name for field in fields(Typical)), figures, strict=True)),
    )


TYPICAL: Final[Mapping[str, Typical]] = {
    "Communication Services": _typical(17, 0.110, 0.52, 0.100, 2.6, 0.58, 0.28, 0.65, 0.12, 1.0),
    "Consumer Discretionary": _typical(18, 0.065, 0.36, 0.035, 3.4, 0.62, 0.42, 0.60, 0.07, 1.3),
    "Consumer Staples": _typical(20, 0.085, 0.35, 0.030, 3.8, 0.62, 0.40, 0.60, 0.02, 0.6),
    "Energy": _typical(14, 0.085, 0.38, 0.120, 1.7, 0.50, 0.28, 0.60, 0.08, 2.2),
    "Financials": _typical(13, 0.210, np.nan, 0.015, 1.3, 0.89, 0.90, 0.60, 0.02, 0.9),
    "Health Care": _typical(21, 0.110, 0.58, 0.045, 3.6, 0.52, 0.36, 0.65, 0.18, 0.8),
    "Industrials": _typical(19, 0.085, 0.31, 0.035, 3.6, 0.60, 0.42, 0.58, 0.03, 1.0),
    "Information Technology": _typical(24, 0.160, 0.58, 0.040, 5.0, 0.52, 0.42, 0.60, 0.12, 1.1),
    "Materials": _typical(16, 0.085, 0.29, 0.055, 2.4, 0.52, 0.34, 0.60, 0.04, 1.8),
    "Real Estate": _typical(32, 0.190, 0.60, 0.220, 2.0, 0.55, 0.16, 0.80, 0.03, 0.7),
    "Utilities": _typical(18, 0.110, 0.42, 0.130, 1.8, 0.70, 0.20, 0.60, 0.01, 0.5),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Business:
    """What each company's statements settle around, one entry each.

    Fractions are of what `Typical` says; `gross_margin` is NaN for who does not break down its
    costs. `cash` is a fraction of current assets, `season` how far the last fiscal quarter stands
    out. `year_end_month` is the calendar month (1 to 12) in which the fiscal year ends.
    """

    price_to_sales: NDArray[np.float64]
    net_margin: NDArray[np.float64]
    gross_margin: NDArray[np.float64]
    swing: NDArray[np.float64]
    depreciation: NDArray[np.float64]
    investment: NDArray[np.float64]
    tax: NDArray[np.float64]
    price_to_book: NDArray[np.float64]
    liabilities: NDArray[np.float64]
    current: NDArray[np.float64]
    borrowed: NDArray[np.float64]
    current_ratio: NDArray[np.float64]
    cash: NDArray[np.float64]
    season: NDArray[np.float64]
    year_end_month: NDArray[np.int64]
    tells_gross_profit: NDArray[np.bool_]
    tells_interest: NDArray[np.bool_]
    tells_last_quarter: NDArray[np.bool_]


def draw_businesses(seed: int, companies: Companies) -> Business:
    """Return the business of each company."""
    bell = normals(seed, Purpose.BUSINESS, owners=companies.owner, count=8)
    draw = uniforms(seed, Purpose.BOOKKEEPING, owners=companies.owner, count=10)
    usual = {field.name: _by_company(companies, field.name) for field in fields(Typical)}
    earning = np.clip(usual["net_margin"] * np.exp(0.30 * bell[1]), 0.01, _MAX_MARGIN)
    losing = draw[0] < usual["losing"]
    liabilities = usual["liabilities"]
    is_bank = companies.sector == FINANCIALS
    return Business(
        price_to_sales=usual["price_to_earnings"] * np.exp(0.30 * bell[0]) * earning,
        net_margin=np.where(losing, -0.03 - 0.30 * draw[1], earning),
        gross_margin=np.clip(usual["gross_margin"] + 0.08 * bell[2], 0.12, 0.85),
        swing=usual["swing"],
        depreciation=usual["depreciation"] * np.exp(0.25 * bell[3]),
        investment=0.8 + 0.7 * draw[2],
        tax=0.14 + 0.11 * draw[3],
        price_to_book=usual["price_to_book"] * np.exp(0.45 * bell[4]),
        liabilities=np.clip(
            1.0 / (1.0 + (1.0 / liabilities - 1.0) * np.exp(0.35 * bell[5])), 0.15, 0.93
        ),
        current=np.where(is_bank, usual["current"], usual["current"] * np.exp(0.15 * bell[6])),
        borrowed=np.clip(usual["borrowed"] * (0.3 + 0.9 * draw[4]), 0.0, 0.95),
        current_ratio=np.clip(1.5 * np.exp(0.30 * bell[7]), 0.6, 4.0),
        cash=np.where(is_bank, 0.03 + 0.07 * draw[5], 0.10 + 0.45 * draw[5]),
        season=0.20 * draw[6] ** 2,
        year_end_month=_year_ends(companies, draw[7]),
        tells_gross_profit=~is_bank & (draw[8] < 0.85),  # noqa: PLR2004 - a share of companies.
        tells_interest=draw[9] < 0.95,  # noqa: PLR2004
        tells_last_quarter=draw[8] * 7.0 % 1.0 < 0.5,  # noqa: PLR2004
    )


def _by_company(companies: Companies, name: str) -> NDArray[np.float64]:
    by_sector = np.array([getattr(TYPICAL[sector], name) for sector in SECTORS], dtype=np.float64)
    return by_sector[companies.sector]


def _year_ends(companies: Companies, draw: NDArray[np.float64]) -> NDArray[np.int64]:
    bounds, months = zip(*_YEAR_ENDS, strict=True)
    ends = np.asarray(months)[np.searchsorted(np.asarray(bounds), draw)]
    retails = (companies.sector == _RETAIL) & (draw < _RETAIL_JANUARY_FRACTION)
    return np.where(retails, _JANUARY, ends)
