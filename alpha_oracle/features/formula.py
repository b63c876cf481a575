"""A formula: a pure function whose parameters name fields, other formulas or features.

What it reads says how it is computed: there is one way for each `Kind`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PANEL_FIELDS: Final = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "traded_open",
    "traded_close",
    "split",
    "dividend",
    "split_factor",
)
"""Of bars, `sessions x symbols`."""

MARKET_FIELDS: Final = ("vix", "spy")
"""Of the market, one value a session: VIX in points, SPY as a total return level."""

REPORT_FIELDS: Final = (
    "revenue_ttm",
    "revenue_ttm_prior",
    "gross_profit_ttm",
    "operating_income_ttm",
    "ebitda_ttm",
    "net_income_ttm",
    "net_income_ttm_prior",
    "operating_cash_flow_ttm",
    "free_cash_flow_ttm",
    "interest_expense_ttm",
    "dividends_paid_ttm",
    "total_assets",
    "total_assets_prior",
    "current_assets",
    "total_liabilities",
    "current_liabilities",
    "equity",
    "equity_prior",
    "cash",
    "total_debt",
    "shares",
    "shares_prior",
)
"""Of the statements known on a session, USD: sums of four quarters (`ttm`) or the newest balance.

`prior` is the same a year before. `shares` are counted in shares of the symbol's first bar, so
that times `split_factor` they are those of the session.
"""

SHORT_FIELDS: Final = (
    "short_shares",
    "short_shares_before",
    "short_shares_mean_24",
    "short_shares_deviation_24",
    "short_volume",
)
"""Of the short interest known on a session, in shares of the symbol's first bar.

`before` is the report before; mean and sample deviation are of the newest 24 reports (a year);
`short_volume` is the average daily volume that came with the report.
"""


INSIDER_TRADES: Final = "insider_trades"
"""The trades themselves: an `InsiderTrades`, not an array."""

STANDING_FIELDS: Final = ("is_member", "sector")
"""Of each symbol on a session, `sessions x symbols`: what it is ranked among."""


class Source(Enum):
    """What a field is part of."""

    BARS = auto()
    MARKET = auto()
    REPORTS = auto()
    SHORT_INTEREST = auto()
    INSIDERS = auto()
    STANDING = auto()


SOURCE_OF: Final[Mapping[str, Source]] = {
    **dict.fromkeys(PANEL_FIELDS, Source.BARS),
    **dict.fromkeys(MARKET_FIELDS, Source.MARKET),
    **dict.fromkeys(REPORT_FIELDS, Source.REPORTS),
    **dict.fromkeys(SHORT_FIELDS, Source.SHORT_INTEREST),
    INSIDER_TRADES: Source.INSIDERS,
    **dict.fromkeys(STANDING_FIELDS, Source.STANDING),
}
"""Every field there is."""


class Kind(Enum):
    """How a formula is computed, and with it what its function is given and returns.

    BARS: `bars x symbols`, each symbol's own bars in a row, gaps left out. MARKET: the same of one
    column. REPORTS: one value an entry of `KnownValues`. SESSIONS: `sessions x symbols`, gaps in.
    CROSS_SECTION: features, float32 `sessions x symbols`, each session by itself.
    """

    BARS = auto()
    MARKET = auto()
    REPORTS = auto()
    SESSIONS = auto()
    CROSS_SECTION = auto()


KIND_OF: Final[Mapping[frozenset[Source], Kind]] = {
    frozenset({Source.BARS}): Kind.BARS,
    frozenset({Source.BARS, Source.MARKET}): Kind.BARS,
    frozenset({Source.MARKET}): Kind.MARKET,
    frozenset({Source.REPORTS}): Kind.REPORTS,
    frozenset({Source.SHORT_INTEREST}): Kind.REPORTS,
}
"""What reads other sources together is of SESSIONS, what reads features of CROSS_SECTION."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Formula:
    """A function and where each of its parameters comes from, in their order.

    `features` are those of its parameters that are features, read as they are stored.
    `lookback_sessions` and `stretch` are a feature's, as declared; no stretch: no such bound.
    """

    name: str
    function: Callable[..., Any]
    parameters: tuple[str | Formula, ...]
    features: tuple[Formula, ...] = ()
    lookback_sessions: int | None = None
    stretch: int | None = None

    @property
    def kind(self) -> Kind:
        """How it is computed."""
        return _kind_of(self)

    def inputs(self) -> frozenset[str]:
        """What the catalogue says it reads: features by name, and fields, directly or not."""
        names = {feature.name for feature in self.features}
        for parameter in self.parameters:
            if isinstance(parameter, str):
                names.add(parameter)
            elif parameter not in self.features:
                names |= parameter.inputs()
        return frozenset(names)

    def fields(self) -> frozenset[str]:
        """The fields it reads, directly or through other formulas and features."""
        return _fields_of(self)

    def parts(self) -> Iterator[Formula]:
        """The formulas it stands on, itself last; one named twice comes twice."""
        for parameter in self.parameters:
            if isinstance(parameter, Formula):
                yield from parameter.parts()
        yield self

    def functions(self) -> Iterator[Callable[..., Any]]:
        """Its function and those of the formulas it stands on."""
        return (part.function for part in self.parts())


# A formula is itself alone and never changes; a computation asks every one of them many times.
@lru_cache(maxsize=4_096)
def _fields_of(formula: Formula) -> frozenset[str]:
    return frozenset(
        name
        for parameter in formula.parameters
        for name in ({parameter} if isinstance(parameter, str) else _fields_of(parameter))
    )


@lru_cache(maxsize=4_096)
def _kind_of(formula: Formula) -> Kind:
    sources = frozenset(SOURCE_OF[name] for name in _fields_of(formula))
    if formula.features or Source.STANDING in sources:
        return Kind.CROSS_SECTION
    return KIND_OF.get(sources, Kind.SESSIONS)
