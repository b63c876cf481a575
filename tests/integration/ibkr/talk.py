"""Conversations of the unmodified ib_insync client with a gateway."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from ib_insync import IB, Stock


class Client:
    """An ib_insync client and every error it was told: (request id, code, text)."""

    def __init__(self, *, throttled=True):
        self.errors = []
        self.ib = IB()
        self.ib.errorEvent += lambda number, code, text, _: self.errors.append((number, code, text))
        if not throttled:
            self.ib.client.MaxRequests = 0

    @property
    def codes(self):
        """The codes told, without the farm notices of every connect."""
        return [code for _, code, _ in self.errors if code not in {2104, 2106, 2158}]

    async def connect(self, gateway, client_id=2, *, patience=60.0):
        await self.ib.connectAsync(gateway.host, gateway.port, client_id, timeout=patience)
        return self

    async def details(self, symbol, **fields):
        return await self.ib.reqContractDetailsAsync(a_stock(symbol, **fields))

    async def bars(self, symbol, duration="3 D", *, end="", kind="TRADES", **options):
        asked = {"size": "1 day", "regular": True, "patience": 60} | options
        size, regular, patience = asked["size"], asked["regular"], asked["patience"]
        return list(
            await self.ib.reqHistoricalDataAsync(
                a_stock(symbol), end, duration, size, kind, regular, timeout=patience
            )
        )

    async def told(self, code):
        """Wait until an error or notice arrived."""
        await until(lambda: code in [one for _, one, _ in self.errors])

    async def dropped(self):
        """Wait until the socket is gone."""
        await until(lambda: not self.ib.client.isConnected())


async def until(holds):
    """Wait until something holds, for at most a minute."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - What holds is in another thread.
            await asyncio.sleep(0.005)


async def kept_out(client, gateway):
    """Try to connect, and wait until the id was refused; the library itself goes on waiting."""
    connecting = asyncio.ensure_future(client.connect(gateway))
    await client.told(326)
    await client.dropped()
    assert not connecting.done()
    connecting.cancel()
    await asyncio.wait({connecting})


def a_stock(symbol, **fields):
    return Stock(symbol, "SMART", "USD", **fields)


def talk(conversation, *, gateway=None, throttled=True):
    """Run a conversation in a thread and a loop of its own; with `gateway`, already connected."""

    async def held():
        client = Client(throttled=throttled)
        try:
            if gateway is not None:
                await client.connect(gateway)
            return await conversation(client)
        finally:
            with suppress(OSError):
                client.ib.disconnect()
            await asyncio.sleep(0.01)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, held()).result(300)
