"""The `ibkr` bar source: daily bars from TWS or IB Gateway, adjusted for splits by IBKR."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.answers import take
from alpha_oracle.adapters.ibkr.history import Asking, Batch, Range
from alpha_oracle.adapters.ibkr.pacing import Forbearance, Pace
from alpha_oracle.adapters.ibkr.translate import as_columns, has_fractions, in_shares
from alpha_oracle.domain.bars import BarBatch, ReceivedBars
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.domain.requests import RequestPlan
from alpha_oracle.errors import LeaseTaken, SourceAway

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.adapters.ibkr.connection import GatewayConnection
    from alpha_oracle.adapters.ibkr.contracts import Company, Missing
    from alpha_oracle.adapters.ibkr.history import Rows
    from alpha_oracle.adapters.ibkr.translate import Bar
    from alpha_oracle.config import IbkrDataSettings
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.requests import Listing
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.requests import Listings

log = structlog.get_logger(__name__)


class IbkrBarSource:
    """Daily bars of regular trading hours, split-adjusted through the last session that opened.

    Safe to share between threads: their batches queue. One source belongs to one connection.
    """

    def __init__(
        self,
        connection: GatewayConnection,
        *,
        listings: Listings,
        clock: Clock,
        settings: IbkrDataSettings,
        refusal_waits_seconds: tuple[float, ...] = (10.0, 30.0, 60.0),
    ) -> None:
        self._connection = connection
        self._listings = listings
        self._clock = clock
        self._volume_unit = settings.volume_unit
        self._asking = Asking(
            max_in_flight=settings.max_in_flight,
            timeout_seconds=settings.timeout_seconds,
        )
        self._pace = Pace(requests_per_second=settings.requests_per_second)
        self._forbearance = Forbearance(self._pace, waits_seconds=refusal_waits_seconds)
        self._turn = threading.Lock()
        self._away: tuple[float, str] | None = None
        self._saw_lots = False
        self._took_shares = False
        self._companies: dict[Symbol, Company] = {}
        self._found_on: Session | None = None

    @property
    def name(self) -> str:
        """The name the bars carry."""
        return "ibkr"

    @property
    def basis(self) -> PriceBasis:
        """IBKR adjusts for splits, not for dividends."""
        return PriceBasis.SPLIT_ADJUSTED

    def symbols(self, session: Session) -> None:  # noqa: ARG002 - the port's signature.
        """IBKR does not say which symbols it has."""
        return

    def plan(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> RequestPlan:  # noqa: ARG002 - the port's signature.
        """Return a plan of no requests: IBKR bounds their pace, and counts none."""
        return RequestPlan(source=self.name, symbols=len(symbols), requests=0)

    def fetch(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> ReceivedBars:
        """Return the bars of sessions that are finished, and why a symbol has none.

        Raises:
            SourceAway: the gateway, or its line to IBKR, stayed away.
            LeaseTaken: another run of ours keeps the client id.
            StoreUnavailable: listings or the lease cannot be read.
            ConfigurationError: the gateway is not the one of the settings.
        """
        while True:
            now = self._clock.now()
            received = self._received(symbols, start=start, end=end, now=now)
            if calendar.latest_opened_session(self._clock.now()) == received.batch.adjusted_through:
                return received
            # Which answers its splits are in, nobody knows.
            log.info("session_opened_meanwhile", asked_at=now.isoformat())

    def _received(
        self, symbols: Sequence[Symbol], *, start: Session, end: Session, now: datetime
    ) -> ReceivedBars:
        finished = calendar.latest_finished_session(now)
        asked = Range(start=start, end=min(end, finished), now=now)
        answers: Mapping[Symbol, Rows | Missing] = {}
        if symbols and calendar.sessions_between(asked.start, asked.end):
            answers = self._in_turn(tuple(dict.fromkeys(symbols)), asked)
        taken = take(answers, start=asked.start, end=asked.end, source=self.name)
        return ReceivedBars(
            bars=as_columns(self._in_shares(taken.bars)),
            batch=BarBatch(
                source=self.name,
                basis=self.basis,
                adjusted_through=calendar.latest_opened_session(now),
            ),
            unreadable=taken.unreadable,
            absent=taken.absent,
        )

    def _in_turn(self, symbols: Sequence[Symbol], asked: Range) -> dict[Symbol, Rows | Missing]:
        came_at = time.monotonic()
        with self._turn:
            # Who waited behind a batch in vain would ask for as long, in vain.
            if self._away is not None and came_at < self._away[0]:
                raise SourceAway(self._away[1])
            try:
                return self._asked(symbols, asked)
            except (SourceAway, LeaseTaken) as error:
                self._away = time.monotonic(), str(error)
                raise

    def _asked(self, symbols: Sequence[Symbol], asked: Range) -> dict[Symbol, Rows | Missing]:
        known = self._listings.listings(self.name, symbols)
        numbers = [listing.vendor_id for listing in known.values()]
        batch = Batch(
            self._connection,
            pace=self._pace,
            forbearance=self._forbearance,
            asking=self._asking,
            known=known,
            moved=self._listings.symbols_of(self.name, numbers),
            companies=self._companies_of(calendar.latest_opened_session(asked.now)),
        )
        answers = self._connection.run(lambda: batch.fetch(symbols, asked))
        self._remember(symbols, known)
        return answers

    def _companies_of(self, session: Session) -> dict[Symbol, Company]:
        # Tickers change hands overnight: what was found on one session is not used on another.
        if self._found_on != session:
            self._companies, self._found_on = {}, session
        return self._companies

    def _remember(self, symbols: Sequence[Symbol], known: Mapping[Symbol, Listing]) -> None:
        seen = {
            symbol: self._companies[symbol].listing
            for symbol in symbols
            if symbol in self._companies and self._companies[symbol].listing != known.get(symbol)
        }
        if not seen:
            return
        numbers = [listing.vendor_id for listing in seen.values()]
        before = self._listings.symbols_of(self.name, numbers)
        for symbol, listing in seen.items():
            old = before.get(listing.vendor_id, symbol)
            if old != symbol:
                log.warning("ticker_renamed", old=old, new=symbol, company=listing.name)
        self._listings.record(self.name, seen)

    def _in_shares(self, bars: Mapping[Symbol, list[Bar]]) -> Mapping[Symbol, list[Bar]]:
        if self._volume_unit == "detect" and not self._saw_lots:
            self._saw_lots = any(has_fractions(rows) for rows in bars.values())
            if self._saw_lots and self._took_shares:
                log.warning(
                    "volumes_are_lots",
                    after="earlier ones without fractions were taken for shares",
                    to_do="set data.ibkr.volume_unit to lots and load those again",
                )
        if self._volume_unit == "lots" or self._saw_lots:
            return {symbol: [in_shares(bar) for bar in rows] for symbol, rows in bars.items()}
        self._took_shares |= any(bars.values())
        return bars
