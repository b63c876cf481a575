"""One connection for quotes: what is asked for is ticked from then on, until the data is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import structlog

from alpha_oracle.adapters.ibkr import codes
from alpha_oracle.adapters.ibkr.contracts import (
    STOCK,
    Company,
    Venue,
    choose,
    choose_index,
    vendor_ticker,
)
from alpha_oracle.adapters.ibkr.dialing import shake_hands
from alpha_oracle.adapters.ibkr.link import Address, Link
from alpha_oracle.adapters.ibkr.pacing import Burst
from alpha_oracle.adapters.ibkr.ticks import Ticks, Volumes
from alpha_oracle.adapters.ibkr.trouble import CutOffError, LinkLostError, RequestRefusedError
from alpha_oracle.adapters.ibkr.vendor import Contract, ListeningDecoder
from alpha_oracle.domain.levels import VIX

if TYPE_CHECKING:
    from alpha_oracle.adapters.ibkr.order_link import OrderPatience
    from alpha_oracle.adapters.ibkr.ticks import VolumeUnit
    from alpha_oracle.config import IbkrBrokerSettings
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.ports.clock import Clock

log = structlog.get_logger(__name__)

DELAYED_WHERE_NOT_LIVE: Final = 3
NO_MORE_LINES: Final = 101
MOST_STARTED: Final = 10
"""Symbols begun at a time."""
COMPANY_SECONDS: Final = 2.0
SILENT_SECONDS: Final = 30.0
"""How long a symbol is left out that IBKR did not answer for."""
_INDICES: Final = {VIX: Venue(security_type="IND", exchange="CBOE")}
_REFUSED: Final = frozenset({200, 300, 354, 10089, 10090, 10168, 10186})
_UNSTARTED: Final = frozenset({NO_MORE_LINES, *_REFUSED})


class QuoteLink:
    """A socket under the client id of quotes. Belongs to the event loop it was made in.

    `ticks` are by symbol. `refused` says of symbols why they are not quoted on this connection.
    """

    def __init__(
        self,
        broker: IbkrBrokerSettings,
        *,
        clock: Clock,
        patience: OrderPatience,
        most_lines: int,
        volume_unit: VolumeUnit,
    ) -> None:
        self._broker = broker
        self._patience = patience
        self._burst = Burst()
        self._numbers: dict[Symbol, int] = {}
        self._by_number: dict[int, Ticks] = {}
        self._companies: dict[Symbol, Company] = {}
        self._silent_until: dict[Symbol, float] = {}
        self._volumes = Volumes(volume_unit, 0)
        self.most_lines = most_lines
        self.ticks: dict[Symbol, Ticks] = {}
        self.refused: dict[Symbol, str] = {}
        self.is_data_lost = False
        address = Address(host=broker.host, port=broker.port, client_id=broker.feed_client_id)
        self._link = Link(
            address,
            outage_seconds=patience.answer_seconds,
            decoder_of=lambda inner: ListeningDecoder(_Eyes(inner, self, clock)),
        )

    @property
    def is_up(self) -> bool:
        """Whether the socket stands and the gateway reaches IBKR's servers."""
        return self._link.is_open and self._link.is_up

    async def open(self) -> None:
        """Shake hands, and take delayed data where there is no live.

        Raises:
            LinkRefusedError: telling what stands in the way.
            ConfigurationError: the gateway does not manage the account of the settings.
        """
        await shake_hands(
            self._link, self._broker, handshake_seconds=self._patience.handshake_seconds
        )
        self._volumes.server_version = self._link.client.serverVersion()
        self._link.client.reqMarketDataType(DELAYED_WHERE_NOT_LIVE)

    async def close(self) -> None:
        """Hang up; safe to repeat."""
        await self._link.close()

    async def until_gone(self) -> None:
        """Wait for the end of the socket."""
        await self._link.until_gone()

    async def is_alive(self) -> bool:
        """Whether the gateway answers, or is cut off from IBKR's servers and may come back."""
        return await self._link.is_worth_keeping(
            timeout_seconds=self._patience.heartbeat_seconds,
            cut_off_seconds=self._patience.cut_off_seconds,
        )

    async def follow(self, wanted: list[Symbol]) -> None:
        """Have these quoted and no others, the first ones where there are too few lines.

        Few are begun at a time, and one that IBKR does not answer for is left out for a while: what
        is quoted already waits for none of them.

        Raises:
            LinkLostError: the connection is gone.
        """
        if self.is_data_lost:
            # After a 1101 the gateway has forgotten them, and says nothing.
            self._forget_all()
            self.is_data_lost = False
        chosen = [one for one in wanted if one not in self.refused][: self.most_lines]
        for symbol in set(self._numbers) - set(chosen):
            await self._burst.turn()
            self._require_up()
            self._link.client.cancelMktData(self._numbers[symbol])
            self._forget(symbol)
        now = asyncio.get_running_loop().time()
        new = [
            one
            for one in chosen
            if one not in self._numbers and self._silent_until.get(one, now) <= now
        ]
        for symbol in new[:MOST_STARTED]:
            if len(self._numbers) >= self.most_lines or not await self._start(symbol):
                break

    def on_error(self, number: int, code: int, text: str) -> None:
        """Take an error about a subscription, or of the link."""
        if code == codes.BACK_WITHOUT_REQUESTS:
            self.is_data_lost = True
        ticks = self._by_number.get(number)
        if ticks is None or code not in _UNSTARTED:
            return
        symbol = ticks.symbol
        self._forget(symbol)
        if code == NO_MORE_LINES:
            self.most_lines = len(self._numbers)
            log.warning("quote_lines_used_up", lines=self.most_lines, symbol=symbol)
        else:
            self._refuse(symbol, codes.in_words(code, text))

    def ticks_of(self, number: int) -> Ticks | None:
        """Return what a subscription has ticked."""
        return self._by_number.get(number)

    async def _start(self, symbol: Symbol) -> bool:
        try:
            company = await self._company(symbol)
        except TimeoutError:
            log.warning("symbol_not_quoted", symbol=symbol, reason="IBKR did not say which it is")
            until = asyncio.get_running_loop().time() + SILENT_SECONDS
            self._silent_until[symbol] = until
            return False
        if company is None:
            return True
        await self._burst.turn()
        self._require_up()
        venue = _INDICES.get(symbol, STOCK)
        contract = Contract(
            conId=company.con_id,
            symbol=company.symbol,
            secType=venue.security_type,
            exchange=venue.exchange,
            currency="USD",
        )
        number = self._link.client.getReqId()
        self._numbers[symbol] = number
        ticks = Ticks(symbol=symbol, volumes=self._volumes)
        self._by_number[number] = self.ticks[symbol] = ticks
        self._link.client.reqMktData(number, contract, "", False, False, [])
        return True

    async def _company(self, symbol: Symbol) -> Company | None:
        known = self._companies.get(symbol)
        if known is not None:
            return known
        index = _INDICES.get(symbol)
        try:
            await self._burst.turn()
            found = await self._link.companies(
                ticker=vendor_ticker(symbol),
                venue=index or STOCK,
                timeout_seconds=min(COMPANY_SECONDS, self._patience.answer_seconds),
            )
        except RequestRefusedError as error:
            self._refuse(symbol, str(error))
            return None
        except CutOffError:
            raise LinkLostError from None
        chosen = choose_index(symbol, index, found) if index else choose(symbol, found)
        if isinstance(chosen, Company):
            self._companies[symbol] = chosen
            return chosen
        self._refuse(symbol, chosen.reason)
        return None

    def _refuse(self, symbol: Symbol, why: str) -> None:
        self.refused[symbol] = why
        log.warning("symbol_not_quoted", symbol=symbol, reason=why)

    def _forget(self, symbol: Symbol) -> None:
        self._by_number.pop(self._numbers.pop(symbol, -1), None)
        self.ticks.pop(symbol, None)

    def _forget_all(self) -> None:
        for symbol in tuple(self._numbers):
            self._forget(symbol)

    def _require_up(self) -> None:
        if not self.is_up:
            raise LinkLostError


class _Eyes:
    """Sees ticks in the library's place; names are the library's, what is not here is `inner`'s."""

    def __init__(self, inner: Any, link: QuoteLink, clock: Clock) -> None:  # noqa: ANN401
        self._inner = inner
        self._clock = clock
        self._link = link

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the library has no types.
        return getattr(self._inner, name)

    def unreadable(self, fields: list[str], error: Exception) -> None:
        # A quote less grows old, and counts as that.
        log.warning("gateway_message_unreadable", kind=fields[:1], error=str(error))

    def priceSizeTick(self, number: int, tick: int, price: float, _size: float) -> None:  # noqa: N802
        ticks = self._link.ticks_of(number)
        if ticks is not None:
            ticks.on_price(tick, price, at=self._clock.now())

    def tickSize(self, number: int, tick: int, size: float) -> None:  # noqa: N802
        ticks = self._link.ticks_of(number)
        if ticks is not None:
            ticks.on_size(tick, size)

    def tickString(self, number: int, tick: int, text: str) -> None:  # noqa: N802
        ticks = self._link.ticks_of(number)
        if ticks is not None:
            ticks.on_text(tick, text)

    def marketDataType(self, number: int, kind: int) -> None:  # noqa: N802
        ticks = self._link.ticks_of(number)
        if ticks is not None:
            ticks.on_kind(kind)

    def error(self, number: int, code: int, text: str, details: str) -> None:
        self._inner.error(number, code, text, details)
        self._link.on_error(number, code, text)
