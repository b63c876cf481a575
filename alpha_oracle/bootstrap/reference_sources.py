"""The sources of what is known beside bars, each opened when it is first asked."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

from alpha_oracle.adapters.alpha_vantage.statements import AlphaVantageFundamentals
from alpha_oracle.adapters.cboe.source import CboeLevels
from alpha_oracle.adapters.edgar.edgar import Edgar
from alpha_oracle.adapters.edgar.fundamentals import EdgarFundamentals
from alpha_oracle.adapters.edgar.insiders import EdgarInsiders
from alpha_oracle.adapters.finra.source import FinraShortInterest
from alpha_oracle.adapters.ibkr.levels import IbkrLevels
from alpha_oracle.adapters.synthetic.fundamentals import SyntheticFundamentals
from alpha_oracle.adapters.synthetic.insiders import SyntheticInsiders
from alpha_oracle.adapters.synthetic.levels import SyntheticLevels
from alpha_oracle.adapters.synthetic.short_interest import SyntheticShortInterest
from alpha_oracle.bootstrap.reference import source_names
from alpha_oracle.domain.reference import Family
from alpha_oracle.marketdata.reference.intake import ReferenceSources

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from alpha_oracle.bootstrap.sources import BarSources, SourceMemory
    from alpha_oracle.config import Settings
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.ports.reference_sources import (
        FundamentalsSource,
        InsiderSource,
        LevelSource,
        ShortInterestSource,
    )

S = TypeVar("S")


def reference_sources(
    settings: Settings,
    memory: SourceMemory,
    *,
    bar_sources: BarSources,
    symbols: Callable[[], Collection[Symbol]],
) -> ReferenceSources:
    """Return whom the settings name for each family; nothing is opened yet.

    `symbols` are those we follow: vendors spell some of them in more than one way.
    """
    vendors = _Vendors(settings, memory, bar_sources=bar_sources, symbols=symbols)
    names = source_names(settings)
    return ReferenceSources(
        fundamentals=_named(vendors.fundamentals(), names[Family.FUNDAMENTALS]),
        insiders=_named(vendors.insiders(), names[Family.INSIDERS]),
        short_interest=_named(vendors.short_interest(), names[Family.SHORT_INTEREST]),
        volatility=_named(vendors.volatility(), names[Family.VOLATILITY]),
        benchmark=None if names[Family.BENCHMARK] is None else bar_sources.chain,
    )


CHECKED: Final = ("edgar", "finra", "cboe")
"""Vendors that answer for nothing but reference data; the others are checked as bar sources."""


def checkable_vendors(settings: Settings) -> tuple[str, ...]:
    """Return those that the settings name."""
    named = set(source_names(settings).values())
    return tuple(vendor for vendor in CHECKED if vendor in named)


def check_vendor(settings: Settings, vendor: str, memory: SourceMemory) -> str:
    """Try a vendor out by one request and return what was found, for a person.

    Raises:
        AlphaOracleError: it cannot be used; says how to mend it.
    """
    data, clock = settings.data, memory.clock
    match vendor:
        case "edgar":
            return _open_edgar(settings, memory).check()
        case "finra":
            return FinraShortInterest(data.finra, symbols=tuple, clock=clock).check()
        case _:
            return CboeLevels(data.cboe, clock=clock).check()


def _open_edgar(settings: Settings, memory: SourceMemory) -> Edgar:
    return Edgar(
        settings.data.edgar, ledger=memory.ledger, listings=memory.listings, clock=memory.clock
    )


class _Vendors:
    def __init__(
        self,
        settings: Settings,
        memory: SourceMemory,
        *,
        bar_sources: BarSources,
        symbols: Callable[[], Collection[Symbol]],
    ) -> None:
        self._settings = settings.data
        self._memory = memory
        self._bar_sources = bar_sources
        self._symbols = symbols
        # Statements and insiders are asked of one EDGAR: its lists of filings serve both.
        self._edgar = _once(lambda: _open_edgar(settings, memory))

    def fundamentals(self) -> Mapping[str, Callable[[], FundamentalsSource]]:
        return {
            "alpha_vantage": self._alpha_vantage,
            "edgar": lambda: EdgarFundamentals(self._edgar()),
            "synthetic": lambda: SyntheticFundamentals(
                self._settings.synthetic, clock=self._memory.clock
            ),
        }

    def insiders(self) -> Mapping[str, Callable[[], InsiderSource]]:
        return {
            "edgar": lambda: EdgarInsiders(self._edgar()),
            "synthetic": lambda: SyntheticInsiders(
                self._settings.synthetic, clock=self._memory.clock
            ),
        }

    def short_interest(self) -> Mapping[str, Callable[[], ShortInterestSource]]:
        return {
            "finra": lambda: FinraShortInterest(
                self._settings.finra, symbols=self._symbols, clock=self._memory.clock
            ),
            "synthetic": lambda: SyntheticShortInterest(
                self._settings.synthetic, clock=self._memory.clock
            ),
        }

    def volatility(self) -> Mapping[str, Callable[[], LevelSource]]:
        return {
            "cboe": lambda: CboeLevels(self._settings.cboe, clock=self._memory.clock),
            "ibkr": lambda: IbkrLevels(
                self._bar_sources.gateway(), clock=self._memory.clock, settings=self._settings.ibkr
            ),
            "synthetic": lambda: SyntheticLevels(
                self._settings.synthetic, clock=self._memory.clock
            ),
        }

    def _alpha_vantage(self) -> AlphaVantageFundamentals:
        return AlphaVantageFundamentals(
            self._settings.alpha_vantage,
            ledger=self._memory.ledger,
            spool=self._memory.spool,
            clock=self._memory.clock,
        )


def _named(sources: Mapping[str, Callable[[], S]], name: str | None) -> Callable[[], S] | None:
    return None if name is None else _once(sources[name])


def _once(opening: Callable[[], S]) -> Callable[[], S]:
    opened: list[S] = []
    guard = Lock()

    def source() -> S:
        with guard:
            if not opened:
                opened.append(opening())
            return opened[0]

    return source
