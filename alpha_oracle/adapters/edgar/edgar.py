"""EDGAR as both sources ask it: one client, one list of companies, one set of lists of filings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from alpha_oracle.adapters.edgar.client import EdgarClient
from alpha_oracle.adapters.edgar.companies import Companies
from alpha_oracle.adapters.edgar.submissions import Submissions

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.config import EdgarSettings
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.requests import Listings, RequestLedger


class Edgar:
    """What the sources of statements and of insiders share. Safe to share between threads.

    Raises:
        ConfigurationError: nobody is named in `user_agent`.
    """

    def __init__(
        self,
        settings: EdgarSettings,
        *,
        ledger: RequestLedger,
        listings: Listings,
        clock: Clock,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.requests_per_second = settings.requests_per_second
        self.clock = clock
        self.client = EdgarClient(settings, ledger=ledger, clock=clock, wait=wait)
        self.companies = Companies(self.client, listings=listings, clock=clock)
        self.submissions = Submissions(self.client, clock=clock)

    def check(self) -> str:
        """Ask one request; return what came of it, for a person.

        Raises:
            SourceAway: EDGAR cannot be reached, or asks us to slow down.
            ConfigurationError: the SEC refuses us, or `base_url` is someone else's.
            DataError: its list of tickers cannot be read.
        """
        tickers = len(self.companies.by_ticker())
        return (
            f"EDGAR answers and lists {tickers:,} tickers; it is asked at most "
            f"{self.requests_per_second} requests a second"
        )
