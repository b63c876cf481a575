"""Which company files under a ticker: EDGAR's list of them, and what was seen there before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.edgar.client import BASE_URL_SETTING, SOURCE
from alpha_oracle.adapters.edgar.documents import parse_object
from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.requests import Listing
from alpha_oracle.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from alpha_oracle.adapters.edgar.client import EdgarClient
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.requests import Listings

TICKERS_PATH: Final = "/files/company_tickers.json"
READ_AGAIN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company that files: its Central Index Key, ten digits, and its name."""

    cik: str
    name: str


class Companies:
    """Companies by ticker; EDGAR's list is read once a day. Safe to share between threads."""

    def __init__(self, client: EdgarClient, *, listings: Listings, clock: Clock) -> None:
        self._client = client
        self._listings = listings
        self._clock = clock
        self._guard = Lock()
        self._read: tuple[datetime, Mapping[str, Company]] | None = None

    def company(self, symbol: Symbol) -> Company | Absence:
        """Return the company behind a ticker, or why none can be believed.

        One that left the list is the one that was seen there last.

        Raises:
            TransientError: ask again later.
            DataError: the list cannot be read.
            ConfigurationError: the SEC refuses us, or `base_url` is someone else's.
        """
        listed = self.by_ticker().get(edgar_ticker(symbol))
        known = self._listings.listings(SOURCE, [symbol]).get(symbol)
        if listed is None:
            return (
                _unlisted(symbol)
                if known is None
                else Company(cik=known.vendor_id, name=known.name)
            )
        if known is not None and not _is_same(known, listed):
            return _taken_over(symbol, listed, known)
        seen = Listing(vendor_id=listed.cik, name=listed.name)
        if seen != known:
            self._listings.record(SOURCE, {symbol: seen})
        return listed

    def by_ticker(self) -> Mapping[str, Company]:
        """Return EDGAR's list, by ticker as written there.

        Raises:
            TransientError: ask again later.
            DataError: it cannot be read.
            ConfigurationError: the SEC refuses us, or `base_url` is someone else's.
        """
        # One thread reads, the others wait for what it read.
        with self._guard:
            now = self._clock.now()
            if self._read is not None:
                read_at, companies = self._read
                if timedelta(0) <= now - read_at < READ_AGAIN_AFTER:
                    return companies
            body = self._client.document(TICKERS_PATH)
            if body is None:
                raise ConfigurationError(
                    f"there is no {TICKERS_PATH}, as EDGAR has one; check {BASE_URL_SETTING}"
                )
            companies = read_tickers(body)
            self._read = (now, companies)
            return companies


def edgar_ticker(symbol: Symbol) -> str:
    """Return a ticker as EDGAR writes it: `BRK.B` is `BRK-B`."""
    return symbol.replace(".", "-")


def read_tickers(body: bytes) -> Mapping[str, Company]:
    """Return EDGAR's list of tickers; of several companies with one ticker the first.

    Raises:
        SourceAway: it ends in the middle.
        DataError: there is no company in it.
    """
    companies: dict[str, Company] = {}
    for row in parse_object(body, what="list of tickers").values():
        if not isinstance(row, dict):
            continue
        cik, ticker, name = row.get("cik_str"), row.get("ticker"), row.get("title")
        if isinstance(ticker, str) and ticker and str(cik).isdecimal():
            company = Company(cik=f"{int(str(cik)):010d}", name=str(name))
            companies.setdefault(ticker.upper(), company)
    if not companies:
        raise DataError("EDGAR's list of tickers names no company")
    return companies


def _is_same(known: Listing, listed: Company) -> bool:
    # A company that got a new number, as under a new holding, is told by its name.
    return known.vendor_id == listed.cik or _words(known.name) == _words(listed.name) != []


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.casefold())


def _unlisted(symbol: Symbol) -> Absence:
    return Absence(
        symbol=symbol,
        source=SOURCE,
        kind=AbsenceKind.UNKNOWN_SYMBOL,
        reason=f"EDGAR lists nobody as {edgar_ticker(symbol)}; it lists companies by the ticker "
        "they have now",
    )


def _taken_over(symbol: Symbol, listed: Company, known: Listing) -> Absence:
    return Absence(
        symbol=symbol,
        source=SOURCE,
        kind=AbsenceKind.REFUSED,
        reason=f"another company is {symbol} now: {listed.name} (CIK {listed.cik}), where "
        f"{known.name} (CIK {known.vendor_id}) was before; its filings were not taken. Follow "
        f"{known.name} under its new ticker; to follow the new company, delete the rows of "
        f"{SOURCE} and {symbol} from the table vendor_listings",
    )
