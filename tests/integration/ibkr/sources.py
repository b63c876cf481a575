"""The `ibkr` source beside a gateway: short pauses, and the patience of a busy machine."""

import time
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.connection import GatewayConnection
from alpha_oracle.adapters.ibkr.dialing import Patience
from alpha_oracle.adapters.ibkr.source import IbkrBarSource
from alpha_oracle.config import IbkrBrokerSettings, IbkrDataSettings
from tests.builders import sessions_from
from tests.fakes.clock import FixedClock
from tests.fakes.requests import InMemoryLeases, InMemoryListings
from tests.peers.tws.faults import Point
from tests.peers.tws.market import market_of_closes

DAYS = sessions_from(date(2024, 1, 2), count=40)
FIRST, LAST = DAYS[0], DAYS[-1]
SYMBOLS = tuple(f"S{number:02d}" for number in range(12))
LEASE = "ibkr 127.0.0.1:{port} client 2"
EVENING = calendar.session_close(LAST) + timedelta(hours=1)

PATIENCE = Patience(
    handshake_seconds=60.0,
    heartbeat_seconds=60.0,
    lease_seconds=0.1,
    lease_slice_seconds=0.05,
    taken_waits_seconds=(0.02, 0.05),
    restart_waits_seconds=(0.05,) * 1000,
    outage_seconds=60.0,
    rest_seconds=0.0,
)


def broker_of(gateway, **changes):
    return IbkrBrokerSettings(host=gateway.host, port=gateway.port, **changes)


@contextmanager
def connected(gateway, *, leases=None, account="", client_id=1, **patience):
    """A connection for data, to be closed by the block's end."""
    broker = broker_of(gateway, account=account, client_id=client_id)
    connection = GatewayConnection(
        broker,
        client_id=broker.data_client_id,
        leases=leases or InMemoryLeases(),
        patience=replace(PATIENCE, **patience),
    )
    with closing(connection):
        yield connection


def source_of(connection, *, clock=None, listings=None, **settings):
    """A source on a connection."""
    ordinary = {"requests_per_second": 40.0, "timeout_seconds": 60.0, "volume_unit": "lots"}
    return IbkrBarSource(
        connection,
        listings=listings or InMemoryListings(),
        clock=clock or FixedClock(EVENING),
        settings=IbkrDataSettings(**ordinary | settings),
        refusal_waits_seconds=(0.02, 0.05),
    )


@contextmanager
def a_source(gateway, *, clock=None, listings=None, settings=None, **connection):
    """A source on a connection of its own."""
    with connected(gateway, **connection) as made:
        yield source_of(made, clock=clock, listings=listings, **settings or {})


def fetch_last(source, *symbols):
    """What the source says of the last session."""
    return source.fetch(symbols or ("AAPL",), start=LAST, end=LAST)


def absences(received):
    """Symbol, kind and reason of each absence."""
    return [(one.symbol, str(one.kind), one.reason) for one in received.absent]


def a_market():
    """Twelve stocks, S00 to S11."""
    return market_of_closes({name: range(100, 140) for name in SYMBOLS}, DAYS)


def asked_for(gateway):
    """The symbols whose history was asked for, in order of arrival."""
    return [one.symbol for one in gateway.ledger.asked(Point.HISTORICAL_DATA)]


def eventually(holds, *, seconds=60.0):
    """Whether something holds soon."""
    give_up = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.005)
    return True
