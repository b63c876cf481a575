"""The `ibkr` feed: quotes of a gateway to the board, for what is held, ordered and signalled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.ibkr.dialing import hindered
from alpha_oracle.adapters.ibkr.keeping import keep, watch
from alpha_oracle.adapters.ibkr.link import Address
from alpha_oracle.adapters.ibkr.loop_thread import LoopThread
from alpha_oracle.adapters.ibkr.order_link import OrderPatience
from alpha_oracle.adapters.ibkr.quote_link import QuoteLink
from alpha_oracle.adapters.ibkr.trouble import LinkLostError, LinkRefusedError
from alpha_oracle.errors import ConfigurationError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alpha_oracle.adapters.ibkr.ticks import VolumeUnit
    from alpha_oracle.config import IbkrBrokerSettings
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.quotes import QuoteBoard

log = structlog.get_logger(__name__)

REPEAT_SECONDS: Final = 30.0
"""How often also what has not changed is published: the board may have lost it."""


class IbkrFeed:
    """Keeps the board as fresh as the gateway ticks. `publish` is for one thread.

    `wanted` gives the symbols that are to be quoted, the most important first; there are
    `most_lines` of them at the most. `volume_unit` is what the gateway counts volumes in.
    """

    def __init__(
        self,
        broker: IbkrBrokerSettings,
        board: QuoteBoard,
        *,
        clock: Clock,
        wanted: Callable[[], Sequence[Symbol]],
        most_lines: int,
        volume_unit: VolumeUnit = "detect",
        patience: OrderPatience | None = None,
    ) -> None:
        self._broker = broker
        self._board = board
        self._clock = clock
        self._wanted = wanted
        self._most_lines = most_lines
        self._volume_unit: VolumeUnit = volume_unit
        self._patience = patience or OrderPatience()
        self._thread = LoopThread(f"quotes of the gateway {broker.host}:{broker.port}")
        self._link: QuoteLink | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._published: dict[Symbol, Quote] = {}
        self._repeated_at = 0.0
        self.why_away = "the gateway has not been reached yet"

    def close(self) -> None:
        """Hang up, for good."""
        self._thread.close(self._hang_up)

    def facts(self) -> dict[str, object]:
        """Return what is quoted, what is not, and whether it is the market of now."""
        if self._link is None:
            return {"away": self.why_away}
        ticks = tuple(self._link.ticks.values())
        return {
            "lines": len(ticks),
            "delayed": sum(one.is_delayed for one in ticks),
            "refused": sorted(self._link.refused),
        }

    def publish(self) -> int:
        """Have what is wanted quoted, and publish what ticked since; return how many quotes.

        Raises:
            SourceAway: there is no connection, or no line to IBKR's servers; repeat it.
            StoreUnavailable: the board, or what is wanted, is out of reach; repeat it.
        """
        wanted = list(self._wanted())
        quotes, now_seconds = self._thread.run(lambda: self._quoted(wanted))
        if now_seconds - self._repeated_at >= REPEAT_SECONDS:
            self._published.clear()
            self._repeated_at = now_seconds
        news = [one for one in quotes if self._published.get(one.symbol) != one]
        self._board.publish(news)
        self._published |= {quote.symbol: quote for quote in news}
        return len(news)

    async def _quoted(self, wanted: list[Symbol]) -> tuple[list[Quote], float]:
        if self._keeping is None:
            self._keeping = asyncio.ensure_future(
                keep(self._tried, self._watched, waits_seconds=self._patience.waits_seconds)
            )
        link = self._link
        if link is None or not link.is_up:
            raise SourceAway(self.why_away or "the gateway has no line to IBKR's servers (1100)")
        try:
            await link.follow(wanted)
        except (LinkLostError, ConnectionError):
            raise SourceAway("the connection for quotes broke") from None
        told = (ticks.quote() for ticks in tuple(link.ticks.values()))
        return [one for one in told if one is not None], asyncio.get_running_loop().time()

    async def _tried(self) -> QuoteLink | None:
        link = QuoteLink(
            self._broker,
            clock=self._clock,
            patience=self._patience,
            most_lines=self._most_lines,
            volume_unit=self._volume_unit,
        )
        try:
            await link.open()
        except LinkRefusedError as refusal:
            self._note_away(hindered(refusal, self._broker, self._address))
        except ConfigurationError as error:
            self._note_away(str(error))
        else:
            self._link, self.why_away = link, ""
            log.info("quotes_linked", gateway=self._address.place)
            return link
        return None

    async def _watched(self, link: QuoteLink) -> None:
        try:
            await watch(
                link,
                every_seconds=self._patience.heartbeat_every_seconds,
                look=lambda: None,
                place=self._address.place,
            )
        finally:
            self._link = None
            self._note_away(f"the connection to the gateway at {self._address.place} was lost")
            await link.close()

    async def _hang_up(self) -> None:
        if self._link is not None:
            await self._link.close()

    def _note_away(self, why: str) -> None:
        if self.why_away != why:
            log.warning("quotes_not_linked", reason=why)
        self.why_away = why

    @property
    def _address(self) -> Address:
        broker = self._broker
        return Address(host=broker.host, port=broker.port, client_id=broker.feed_client_id)
