"""Every source of index levels, filled with January 2016, for the suite they all must pass.

A maker is a context manager: vendors need a peer to talk to while their source is used.
"""

from contextlib import contextmanager
from datetime import date

from alpha_oracle.adapters.cboe.source import CboeLevels
from alpha_oracle.adapters.ibkr.levels import IbkrLevels
from alpha_oracle.adapters.synthetic.levels import SyntheticLevels
from alpha_oracle.calendar import sessions_between
from alpha_oracle.config import CboeSettings, IbkrDataSettings, SyntheticSettings
from tests.integration.ibkr.sources import connected
from tests.peers.downloads import files
from tests.peers.tws.market import RawBar, an_index, market_of
from tests.peers.tws.running import running_gateway

START = date(2016, 1, 4)
END = date(2016, 1, 29)
SESSIONS = sessions_between(START, END)
HISTORY = "/api/global/us_indices/daily_prices/VIX_History.csv"


@contextmanager
def synthetic(clock):
    """The generated market."""
    yield SyntheticLevels(SyntheticSettings(start=START), clock=clock)


@contextmanager
def cboe(clock):
    """Cboe's server."""
    rows = [f"{day:%m/%d/%Y},20,22,19,{20 + at / 100}" for at, day in enumerate(SESSIONS)]
    body = "\n".join(["DATE,OPEN,HIGH,LOW,CLOSE", *rows, ""]).encode()
    with files({HISTORY: body}) as peer:
        yield CboeLevels(CboeSettings(base_url=peer.url, timeout_seconds=60.0), clock=clock)


@contextmanager
def ibkr(clock):
    """A gateway."""
    market = market_of({})
    bars = [RawBar(day, 20, 22, 19, 20 + at / 100, 0) for at, day in enumerate(SESSIONS)]
    market.add(an_index(), bars)
    with running_gateway(market, now=clock.now()) as gateway, connected(gateway) as connection:
        settings = IbkrDataSettings(requests_per_second=40.0, timeout_seconds=60.0)
        yield IbkrLevels(connection, clock=clock, settings=settings)


MAKERS = {"synthetic": synthetic, "cboe": cboe, "ibkr": ibkr}
