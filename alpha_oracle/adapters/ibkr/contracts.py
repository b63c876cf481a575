"""Which company is meant by a ticker, and whether it is still the one we know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.domain.requests import Listing
from alpha_oracle.errors import UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

US_MARKETS: Final = frozenset(
    {
        "AMEX", "ARCA", "BATS", "BEX", "CBOE", "IEX", "ISLAND", "LTSE", "MEMX", "NASDAQ",
        "NASDAQ.NMS", "NASDAQ.SCM", "NYSE", "NYSENAT", "OTCBB", "OTCLNKECN", "PINK", "PSX",
    }
)  # fmt: skip
"""Where a stock can be at home here; one that left its exchange trades over the counter."""

COMMON: Final = "COMMON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """What kind of contract is asked for, and where."""

    security_type: str
    exchange: str


STOCK: Final = Venue(security_type="STK", exchange="SMART")


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A stock as the gateway describes it; `con_id` is IBKR's permanent number of it."""

    con_id: int
    symbol: str
    name: str
    kind: str
    exchange: str
    currency: str
    security_type: str

    @property
    def listing(self) -> Listing:
        """What is remembered of it."""
        return Listing(vendor_id=str(self.con_id), name=self.name)

    @property
    def ticker(self) -> Symbol | None:
        """Its ticker in our form; None where it has none that we could write."""
        try:
            return parse_symbol(self.symbol)
        except UnknownSymbol:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why a symbol has no bars."""

    kind: AbsenceKind
    reason: str


def vendor_ticker(symbol: Symbol) -> str:
    """Return a ticker as IBKR writes it: `BRK.B` is `BRK B`."""
    return symbol.replace(".", " ")


def choose(symbol: Symbol, companies: Sequence[Company]) -> Company | Missing:
    """Return the one stock meant by a ticker: of several here, the one with common stock.

    Abroad the same letters may be another company's, in dollars too: once the one here is gone,
    they alone answer to it.
    """
    here = {one.con_id: one for one in companies if _is_at_home(one) and one.ticker == symbol}
    common = [one for one in here.values() if one.kind == COMMON]
    meant = common if len(here) > 1 else list(here.values())
    if len(meant) == 1:
        return meant[0]
    if not here:
        return Missing(
            kind=AbsenceKind.UNKNOWN_SYMBOL,
            reason=f"IBKR knows no stock traded in the US as {symbol}, only {_named(companies)}",
        )
    return Missing(
        kind=AbsenceKind.REFUSED,
        reason=f"IBKR knows several stocks as {symbol} ({_named(list(here.values()))}) and "
        f"{len(meant) or 'none'} of them as common stock; ask for it from another source "
        "(data.fallback)",
    )


def choose_index(ticker: str, venue: Venue, found: Sequence[Company]) -> Company | Missing:
    """Return the one index meant by a ticker."""
    meant = {
        one.con_id: one
        for one in found
        if one.symbol == ticker and one.security_type == venue.security_type
    }
    if len(meant) == 1:
        return next(iter(meant.values()))
    return Missing(
        kind=AbsenceKind.UNKNOWN_SYMBOL,
        reason=f"IBKR knows {len(meant) or 'no'} indices as {ticker} at {venue.exchange}, only "
        f"{_named(found)}",
    )


def doubt(symbol: Symbol, company: Company, known: Listing | None) -> Missing | None:
    """Return why the company behind a ticker cannot be the one we know; None: it can.

    A company that got a new number, as after a reverse split, is told by its name.
    """
    if known is None or known.vendor_id == str(company.con_id):
        return None
    if _same_name(known.name, company.name):
        return None
    return Missing(
        kind=AbsenceKind.UNKNOWN_SYMBOL,
        reason=f"another company trades as {symbol} now: {company.name} (IBKR contract "
        f"{company.con_id}), where {known.name} (contract {known.vendor_id}) did before; its bars "
        f"were not taken. Follow {known.name} under its new ticker; to follow the new company, "
        f"delete the rows of ibkr and {symbol} from the table vendor_listings",
    )


def stranger(company: Company, held: Mapping[int, Symbol], *, is_sale: bool) -> str:
    """Return why the company behind a ticker is not the one whose shares are held; empty: it is.

    `held` are tickers by contract. A ticker that was given to another company is bought no more
    while shares of the one before are held, and those are never sold as the other's: that would
    be a short sale.
    """
    if company.con_id in held:
        return ""
    others = [con_id for con_id, symbol in held.items() if symbol == company.ticker]
    named = f"{company.symbol} is {company.name} now (IBKR contract {company.con_id})"
    if others:
        return f"{named}, and what is held as {company.symbol} is contract {others[0]}"
    return f"{named}, of which nothing is held" if is_sale else ""


def renamed(now: Symbol, name: str) -> str:
    """Return what to add about a ticker that is unknown since its company has another one."""
    return f"; renamed to {now}? {name or 'its company'} trades as {now} now: ask for {now}"


def _is_at_home(company: Company) -> bool:
    is_stock = company.security_type == "STK" and company.currency == "USD"
    return is_stock and company.exchange in US_MARKETS


def _same_name(one: str, other: str) -> bool:
    words = [re.findall(r"[a-z0-9]+", name.casefold()) for name in (one, other)]
    return bool(words[0]) and words[0] == words[1]


def _named(companies: Sequence[Company]) -> str:
    return (
        ", ".join(
            f"{one.symbol}: {one.name} on {one.exchange} in {one.currency}" for one in companies[:5]
        )
        or "nothing"
    )
