"""Every bar source, filled with the same half year, for the suite they all must pass.

A maker is a context manager: vendors need a peer to talk to while their source is used.
"""

import hashlib
from contextlib import closing, contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from alpha_oracle.adapters.alpha_vantage.source import AlphaVantageBarSource
from alpha_oracle.adapters.files.source import FilesBarSource
from alpha_oracle.adapters.ibkr.connection import GatewayConnection
from alpha_oracle.adapters.ibkr.source import IbkrBarSource
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import (
    AlphaVantageSettings,
    IbkrBrokerSettings,
    IbkrDataSettings,
    SyntheticSettings,
)
from alpha_oracle.domain.market import PriceBasis
from tests.fakes.bar_source import InMemoryBarSource
from tests.fakes.clock import FixedClock
from tests.fakes.requests import (
    InMemoryAnswerSpool,
    InMemoryCapabilities,
    InMemoryLeases,
    InMemoryListings,
    InMemoryRequestLedger,
)
from tests.peers.alpha_vantage.series import as_table as served_table
from tests.peers.alpha_vantage.server import alpha_vantage as local_alpha_vantage
from tests.peers.tws.market import market_of_columns
from tests.peers.tws.running import running_gateway

START = date(2016, 1, 4)
MIDDLE = date(2016, 3, 31)
END = date(2016, 6, 30)
MARKET = SyntheticSettings(seed=3, symbols=8, start=START)
COLUMNS = ("open", "high", "low", "close", "volume")


@contextmanager
def synthetic(folder):
    """The generated market."""
    yield SyntheticBarSource(MARKET)


@contextmanager
def files(folder):
    """The same bars in a CSV file."""
    path = Path(folder) / "bars.csv"
    if not path.exists():
        as_table(half_year().bars).to_csv(path, index=False)
    yield FilesBarSource(path=path, prices=PriceBasis.RAW)


@contextmanager
def in_memory(folder):
    """The fake that other tests use."""
    yield InMemoryBarSource(holds=half_year())


@contextmanager
def alpha_vantage(folder):
    """The same bars behind a local Alpha Vantage, for a premium key."""
    clock = FixedClock(datetime(2016, 6, 30, 22, 0, tzinfo=UTC))
    with local_alpha_vantage(served_table(half_year())) as peer:
        yield AlphaVantageBarSource(
            AlphaVantageSettings(
                api_key="CONTRACT0KEY0000",
                base_url=peer.url,
                requests_per_minute=1000,
                requests_per_day=1000,
            ),
            ledger=InMemoryRequestLedger(clock),
            spool=InMemoryAnswerSpool(clock),
            capabilities=InMemoryCapabilities(clock),
            clock=clock,
            wait=lambda seconds: clock.advance(seconds=seconds),
        )


@contextmanager
def ibkr(folder):
    """The same bars behind a local gateway."""
    clock = FixedClock(datetime(2016, 6, 30, 22, 0, tzinfo=UTC))
    told = half_year()
    with running_gateway(market_of_columns(told.bars, told.actions), now=clock.now()) as gateway:
        broker = IbkrBrokerSettings(host=gateway.host, port=gateway.port)
        with closing(
            GatewayConnection(broker, client_id=broker.data_client_id, leases=InMemoryLeases())
        ) as connection:
            yield IbkrBarSource(
                connection,
                listings=InMemoryListings(),
                clock=clock,
                settings=IbkrDataSettings(requests_per_second=40, volume_unit="lots"),
            )


MAKERS = {maker.__name__: maker for maker in (synthetic, files, in_memory, alpha_vantage, ibkr)}


def half_year():
    """What the generated market says of its first half year."""
    source = SyntheticBarSource(MARKET)
    return source.fetch(source.symbols(START), start=START, end=END)


def symbols_of(source):
    """The symbols of the market, also where the source cannot say."""
    return source.symbols(START) or SyntheticBarSource(MARKET).symbols(START)


def as_table(bars):
    """Bars as the table a file holds."""
    return pd.DataFrame(
        {
            "symbol": np.array(bars.symbols)[bars.symbol_index],
            "date": bars.session,
            **{name: getattr(bars, name) for name in COLUMNS},
        }
    )


def digest(bars):
    """A digest of all that is in bars."""
    whole = hashlib.sha256(repr(bars.symbols).encode())
    for field in fields(bars)[1:]:
        whole.update(np.ascontiguousarray(getattr(bars, field.name)).tobytes())
    return whole.hexdigest()
