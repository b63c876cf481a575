"""One connection to the gateway, from its handshake to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import structlog

from alpha_oracle.adapters.ibkr import codes
from alpha_oracle.adapters.ibkr.contracts import STOCK, Company, Venue
from alpha_oracle.adapters.ibkr.trouble import (
    CutOffError,
    Hindrance,
    LinkLostError,
    LinkRefusedError,
    RequestRefusedError,
)
from alpha_oracle.adapters.ibkr.vendor import BarDecoder, Contract, RequestError, new_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.adapters.ibkr.translate import History

log = structlog.get_logger(__name__)

_FAREWELL_SECONDS: Final = 1.0
_UTC_FORMAT: Final = "%Y%m%d %H:%M:%S UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a gateway listens, and the id we are known by there."""

    host: str
    port: int
    client_id: int

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


class Link:
    """Requests over one socket. Belongs to the event loop it was made in."""

    def __init__(
        self,
        address: Address,
        *,
        outage_seconds: float,
        decoder_of: Callable[[Any], Any] = BarDecoder,
    ) -> None:
        self._address = address
        self._outage_seconds = outage_seconds
        self._ib = new_client()
        # Its own handler asks for the account at each 1102, and never takes the request back.
        self._ib.errorEvent.clear()
        self._ib.RaiseRequestErrors = True
        self._ib.wrapper.clientId = address.client_id
        # Where a gateway tells times without their zone, they are New York's.
        self._ib.TimezoneTWS = "America/New_York"
        self._decoder = decoder_of(self._ib.wrapper)
        self._ib.client.decoder = self._decoder
        self._ib.errorEvent += self._on_error
        self._ib.client.conn.disconnected += self._on_disconnected
        self._refusal = _future()
        self._interruption = _future()
        self._gone = asyncio.Event()
        self._up = asyncio.Event()
        self._up.set()
        self._outages = 0
        self._cut_off_at: float | None = None
        self._probing = asyncio.Lock()

    @property
    def client(self) -> Any:  # noqa: ANN401 - the library has no types.
        """What commands are sent with."""
        return self._ib.client

    @property
    def is_open(self) -> bool:
        """Whether the socket stands; a dead peer may hide behind it."""
        return not self._gone.is_set() and bool(self._ib.client.isReady())

    @property
    def is_up(self) -> bool:
        """Whether the gateway reaches IBKR's servers, as far as it said."""
        return self._up.is_set()

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts that the gateway manages; not for logs."""
        return frozenset(self._ib.client.getAccounts())

    async def open(self, *, timeout_seconds: float) -> None:
        """Shake hands.

        Raises:
            LinkRefusedError: telling what stands in the way.
        """
        address = self._address
        # Not IB.connect: it asks for accounts, orders and positions, which a gateway that is
        # only read from may refuse, and notices a taken id no sooner than its timeout.
        shaking = asyncio.ensure_future(
            self._ib.client.connectAsync(
                address.host, address.port, address.client_id, timeout_seconds
            )
        )
        try:
            await _first_of(shaking, self._refusal, timeout_seconds=None)
            if not shaking.done():
                raise LinkRefusedError(self._refusal.result())
            shaking.result()
        except TimeoutError:
            raise LinkRefusedError(Hindrance.SILENT) from None
        except OSError as error:
            raise LinkRefusedError(Hindrance.NOTHING_LISTENS, str(error)) from None
        finally:
            shaking.cancel()
            await asyncio.wait({shaking})

    async def close(self) -> None:
        """Hang up, whatever state the socket is in; safe to repeat."""
        transport = self._ib.client.conn.transport
        self._ib.client.disconnect()
        self._interrupt()
        if transport is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), _FAREWELL_SECONDS)
        # A peer that reads no more would keep an orderly end waiting for ever.
        transport.abort()

    async def until_gone(self) -> None:
        """Wait for the end of the socket."""
        await self._gone.wait()

    async def until_up(self) -> None:
        """Wait while the gateway is cut off from IBKR's servers.

        Raises:
            CutOffError: it stayed so.
            LinkLostError: the connection ended.
        """
        try:
            await asyncio.wait_for(self._up.wait(), self._outage_seconds)
        except TimeoutError:
            raise CutOffError from None
        self._require_open()

    async def is_alive(self, *, timeout_seconds: float) -> bool:
        """Whether the gateway answers at all."""
        # One at a time: its answers carry no number to tell them apart.
        async with self._probing:
            if not self.is_open:
                return False
            try:
                await asyncio.wait_for(self._ib.reqCurrentTimeAsync(), timeout_seconds)
            except (TimeoutError, ConnectionError):
                return False
            return True

    async def is_worth_keeping(self, *, timeout_seconds: float, cut_off_seconds: float) -> bool:
        """Whether the gateway answers; while it is cut off, for some time whether it may again."""
        if self.is_open and self._cut_off_at is not None:
            return asyncio.get_running_loop().time() - self._cut_off_at < cut_off_seconds
        return await self.is_alive(timeout_seconds=timeout_seconds)

    async def companies(
        self, *, ticker: str = "", con_id: int = 0, venue: Venue = STOCK, timeout_seconds: float
    ) -> list[Company]:
        """Return what the gateway knows by a ticker, or by its number.

        Raises:
            RequestRefusedError: the gateway's error.
            LinkLostError: ask again.
            CutOffError: the gateway reaches nobody.
            TimeoutError: no answer came.
        """
        self._require_open()
        contract = (
            Contract(conId=con_id)
            if con_id
            else Contract(
                secType=venue.security_type, symbol=ticker, exchange=venue.exchange, currency="USD"
            )
        )
        details = await self._answer(
            self._ib.reqContractDetailsAsync(contract), timeout_seconds=timeout_seconds
        )
        return [_company(detail) for detail in details]

    async def daily_bars(self, asked: History, *, timeout_seconds: float) -> list[tuple[str, ...]]:
        """Return daily bars of trades in regular hours, one tuple of texts a row.

        Raises:
            RequestRefusedError: the gateway's error.
            LinkLostError: ask again.
            CutOffError: the gateway reaches nobody.
            TimeoutError: no answer came; the request was taken back.
        """
        self._require_open()
        request_id = self._ib.client.getReqId()
        rows: list[tuple[str, ...]] = self._decoder.expect(request_id)
        try:
            await self._answer(self._send(request_id, asked), timeout_seconds=timeout_seconds)
        except TimeoutError:
            if self.is_open:
                self._ib.client.cancelHistoricalData(request_id)
            raise
        finally:
            self._decoder.forget(request_id)
        return rows

    def _send(self, request_id: int, asked: History) -> asyncio.Future[Any]:
        contract = Contract(
            conId=asked.con_id,
            secType=asked.venue.security_type,
            exchange=asked.venue.exchange,
            currency="USD",
        )
        future: asyncio.Future[Any] = self._ib.wrapper.startReq(request_id, contract)
        self._ib.client.reqHistoricalData(
            request_id,
            contract,
            asked.until.astimezone(UTC).strftime(_UTC_FORMAT),
            asked.duration,
            barSizeSetting="1 day",
            whatToShow="TRADES",
            useRTH=True,
            formatDate=1,
            keepUpToDate=False,
            chartOptions=[],
        )
        return future

    async def _answer(self, future: asyncio.Future[Any], *, timeout_seconds: float) -> Any:  # noqa: ANN401 - the library has no types.
        interruption, outages = self._interruption, self._outages
        try:
            while True:
                await _first_of(future, interruption, timeout_seconds=timeout_seconds)
                if future.done():
                    return future.result()
                if interruption.done():
                    raise LinkLostError
                if outages == self._outages:
                    raise TimeoutError
                # Cut off meanwhile: after a 1102 the answer may still come.
                outages = self._outages
                await self.until_up()
        except RequestError as error:
            raise RequestRefusedError(error.code, error.message) from None
        except ConnectionError:
            raise LinkLostError from None
        finally:
            future.cancel()

    def _require_open(self) -> None:
        if not self.is_open:
            raise LinkLostError

    def _interrupt(self) -> None:
        _settle(self._interruption)
        self._interruption = _future()

    def _on_disconnected(self, _text: str) -> None:
        self._gone.set()
        self._up.set()
        self._interrupt()
        _settle(self._refusal, Hindrance.HUNG_UP)

    def _on_error(self, request_id: int, code: int, text: str, _contract: object) -> None:
        match code:
            case codes.ID_TAKEN:
                _settle(self._refusal, Hindrance.ID_TAKEN)
            case codes.LOST:
                self._outages += 1
                self._up.clear()
                self._cut_off_at = asyncio.get_running_loop().time()
            case codes.BACK_WITHOUT_REQUESTS:
                self._came_back()
                self._interrupt()
            case codes.BACK_WITH_REQUESTS:
                self._came_back()
        if request_id == codes.NO_REQUEST:
            self._tell(code, text)

    def _came_back(self) -> None:
        self._cut_off_at = None
        self._up.set()

    def _tell(self, code: int, text: str) -> None:
        notice = code in codes.NOTICES and code not in codes.FARM_DOWN
        tell = log.debug if notice else log.warning
        tell(
            "gateway_said",
            gateway=self._address.place,
            code=code,
            text=codes.without_accounts(text),
        )


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def _settle(future: asyncio.Future[Any], result: object = None) -> None:
    if not future.done():
        future.set_result(result)


async def _first_of(
    one: asyncio.Future[Any], other: asyncio.Future[Any], *, timeout_seconds: float | None
) -> None:
    await asyncio.wait({one, other}, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)


def _company(detail: Any) -> Company:  # noqa: ANN401 - the library has no types.
    contract = detail.contract
    return Company(
        con_id=contract.conId,
        symbol=contract.symbol,
        name=detail.longName,
        kind=detail.stockType,
        exchange=contract.primaryExchange or contract.exchange,
        currency=contract.currency,
        security_type=contract.secType,
    )
