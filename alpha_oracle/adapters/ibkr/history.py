"""One batch of symbols: each qualified and asked for its history, every refusal understood."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from alpha_oracle.adapters.ibkr.codes import Verdict
from alpha_oracle.adapters.ibkr.contracts import (
    STOCK,
    Company,
    Missing,
    Venue,
    choose,
    choose_index,
    doubt,
    renamed,
    vendor_ticker,
)
from alpha_oracle.adapters.ibkr.translate import history
from alpha_oracle.adapters.ibkr.trouble import RequestRefusedError, UnansweredError
from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.errors import SourceAway

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.adapters.ibkr.connection import GatewayConnection
    from alpha_oracle.adapters.ibkr.link import Link
    from alpha_oracle.adapters.ibkr.pacing import Forbearance, Pace
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.requests import Listing

log = structlog.get_logger(__name__)

T = TypeVar("T")
Rows = list[tuple[str, ...]]

_KINDS: Final = {
    Verdict.UNKNOWN_SYMBOL: AbsenceKind.UNKNOWN_SYMBOL,
    Verdict.NO_DATA: AbsenceKind.NO_DATA,
    Verdict.REFUSED: AbsenceKind.REFUSED,
}

_SHARE_OF_CONTRACTS: Final = 0.25
"""Of a turn: contracts are not paced as history is."""

_SILENCES_BORNE: Final = 5
"""Requests in vain after which a batch that got no bars at all is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How hard the gateway is asked."""

    max_in_flight: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Sessions that all are finished, asked for at `now`."""

    start: Session
    end: Session
    now: datetime


class _Unavailable(Exception):  # noqa: N818 - It names a state.
    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.reason)
        self.missing = missing


class Batch:
    """Asks for one batch.

    `known` are the companies last seen under the tickers, `moved` the tickers under which those
    were last seen. `companies` are those qualified this session; it grows.
    """

    def __init__(
        self,
        connection: GatewayConnection,
        *,
        pace: Pace,
        forbearance: Forbearance,
        asking: Asking,
        known: Mapping[Symbol, Listing],
        moved: Mapping[str, Symbol],
        companies: dict[Symbol, Company],
    ) -> None:
        self._connection = connection
        self._pace = pace
        self._forbearance = forbearance
        self._asking = asking
        self._known = known
        self._moved = moved
        self._companies = companies
        self._in_flight = asyncio.Semaphore(asking.max_in_flight)
        self._silences = 0
        self._was_heard = False

    async def fetch(self, symbols: Sequence[Symbol], asked: Range) -> dict[Symbol, Rows | Missing]:
        """Return each symbol's rows, or why there are none.

        Raises:
            SourceAway: the gateway stayed away.
            LeaseTaken: another run of ours keeps the client id.
            StoreUnavailable: the lease cannot be asked for.
            ConfigurationError: the gateway is not the one of the settings.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {
                    symbol: group.create_task(self._rows_or_why(symbol, asked))
                    for symbol in symbols
                }
        except ExceptionGroup as failed:
            # All fail for the one reason that the connection has.
            raise failed.exceptions[0] from None
        return {symbol: task.result() for symbol, task in tasks.items()}

    async def fetch_index(self, ticker: str, venue: Venue, asked: Range) -> Rows | Missing:
        """Return an index's rows, or why there are none.

        Raises:
            SourceAway, LeaseTaken, StoreUnavailable, ConfigurationError: as `fetch`.
        """
        timeout_seconds = self._asking.timeout_seconds
        try:
            found = await self._patiently(
                lambda link: link.companies(
                    ticker=ticker, venue=venue, timeout_seconds=timeout_seconds
                ),
                share=_SHARE_OF_CONTRACTS,
            )
            index = choose_index(ticker, venue, found)
            return index if isinstance(index, Missing) else await self._rows(index, asked, venue)
        except _Unavailable as unavailable:
            return unavailable.missing

    async def _rows_or_why(self, symbol: Symbol, asked: Range) -> Rows | Missing:
        async with self._in_flight:
            try:
                company = await self._company(symbol)
                return await self._rows(company, asked)
            except _Unavailable as unavailable:
                return unavailable.missing

    async def _company(self, symbol: Symbol) -> Company:
        company = self._companies.get(symbol)
        if company is None:
            company = await self._qualified(symbol)
        doubtful = doubt(symbol, company, self._known.get(symbol))
        if doubtful is not None:
            raise _Unavailable(doubtful)
        self._companies[symbol] = company
        return company

    async def _qualified(self, symbol: Symbol) -> Company:
        ticker, timeout_seconds = vendor_ticker(symbol), self._asking.timeout_seconds
        try:
            found = await self._patiently(
                lambda link: link.companies(ticker=ticker, timeout_seconds=timeout_seconds),
                share=_SHARE_OF_CONTRACTS,
            )
        except _Unavailable as unavailable:
            raise _Unavailable(await self._explained(symbol, unavailable.missing)) from None
        chosen = choose(symbol, found)
        if isinstance(chosen, Missing):
            raise _Unavailable(chosen)
        return chosen

    async def _rows(self, company: Company, asked: Range, venue: Venue = STOCK) -> Rows:
        request = history(
            company.con_id, start=asked.start, end=asked.end, now=asked.now, venue=venue
        )
        timeout_seconds = self._asking.timeout_seconds
        rows = await self._patiently(
            lambda link: link.daily_bars(request, timeout_seconds=timeout_seconds)
        )
        self._was_heard = True
        # Contracts come from other servers: their answers say nothing of these.
        self._forbearance.relieve()
        return rows

    async def _patiently(
        self, request: Callable[[Link], Coroutine[Any, Any, list[T]]], *, share: float = 1.0
    ) -> list[T]:
        put_off, was_empty, sent_at = 0, False, 0.0

        async def timed(link: Link) -> list[T]:
            nonlocal sent_at
            sent_at = asyncio.get_running_loop().time()
            return await request(link)

        while True:
            try:
                answer = await self._connection.ask(timed, pace=self._pace, share=share)
            except RequestRefusedError as refused:
                self._bear(refused, put_off, sent_at=sent_at)
                put_off += 1
                continue
            except UnansweredError:
                self._count_silence()
                raise _failed("IBKR did not answer, asked twice; ask again later") from None
            if answer:
                return answer
            if was_empty:
                raise _failed(
                    "IBKR answered twice with nothing and no reason; ask again later, or look "
                    "whether its data farms are up"
                )
            was_empty = True

    def _count_silence(self) -> None:
        self._silences += 1
        if self._silences >= _SILENCES_BORNE and not self._was_heard:
            raise SourceAway(
                f"the gateway at {self._connection.place} lives, and answered none of the first "
                f"{self._silences} requests, each sent twice: IBKR's servers behind it are likely "
                "down; try again later"
            ) from None

    def _bear(self, refused: RequestRefusedError, put_off: int, *, sent_at: float) -> None:
        reason = str(refused)
        if refused.verdict is not Verdict.LATER:
            kind = _KINDS.get(refused.verdict, AbsenceKind.FAILED)
            raise _Unavailable(Missing(kind=kind, reason=reason)) from None
        if put_off == self._forbearance.most or not self._forbearance.bears(sent_at=sent_at):
            raise _failed(f"{reason}; it went on for too long, ask again later") from None
        log.warning("gateway_put_us_off", reason=reason)

    async def _explained(self, symbol: Symbol, missing: Missing) -> Missing:
        known = self._known.get(symbol)
        if missing.kind is not AbsenceKind.UNKNOWN_SYMBOL or known is None:
            return missing
        now = await self._ticker_now(known) or self._moved.get(known.vendor_id)
        if now is None or now == symbol:
            return missing
        log.warning("ticker_renamed", old=symbol, new=now, company=known.name)
        return replace(missing, reason=missing.reason + renamed(now, known.name))

    async def _ticker_now(self, known: Listing) -> Symbol | None:
        number, timeout_seconds = int(known.vendor_id), self._asking.timeout_seconds
        try:
            found = await self._patiently(
                lambda link: link.companies(con_id=number, timeout_seconds=timeout_seconds),
                share=_SHARE_OF_CONTRACTS,
            )
        except _Unavailable:
            return None
        return found[0].ticker


def _failed(reason: str) -> _Unavailable:
    return _Unavailable(Missing(kind=AbsenceKind.FAILED, reason=reason))
