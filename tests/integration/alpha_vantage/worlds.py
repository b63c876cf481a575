"""A local Alpha Vantage, a key, and what remembers: everything a source needs, in memory."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np

from alpha_oracle.adapters.alpha_vantage.client import AlphaVantageClient
from alpha_oracle.adapters.alpha_vantage.source import ADJUSTED, AlphaVantageBarSource
from alpha_oracle.config import AlphaVantageSettings
from alpha_oracle.domain.bars import BarBatch, ReceivedBars
from alpha_oracle.domain.market import ActionKind, CorporateAction, PriceBasis
from tests.builders import bars_of_closes
from tests.fakes.clock import FixedClock
from tests.fakes.requests import (
    InMemoryAnswerSpool,
    InMemoryCapabilities,
    InMemoryRequestLedger,
)
from tests.peers.alpha_vantage.series import as_table
from tests.peers.alpha_vantage.server import AlphaVantagePeer, Plan, alpha_vantage

KEY = "S3CRETK3Y16CHARS"
START = date(2016, 1, 4)
SESSION = date(2016, 2, 12)  # A Friday, the last of 29 sessions.
BEFORE = date(2016, 2, 11)
SPLIT_ON = date(2016, 2, 10)
EVENING = datetime(2016, 2, 12, 22, 0, tzinfo=UTC)
AUGUST = datetime(2016, 8, 5, 22, 0, tzinfo=UTC)  # After the last of 150 sessions.
SYMBOLS = ("AAA", "BBB", "BRK.B", "CCC", "DDD")


@dataclass
class World:
    """`waits` are the seconds waited; the clock moves with them."""

    peer: AlphaVantagePeer
    settings: AlphaVantageSettings
    clock: FixedClock
    ledger: InMemoryRequestLedger
    spool: InMemoryAnswerSpool
    capabilities: InMemoryCapabilities
    waits: list[float] = field(default_factory=list)

    def wait(self, seconds):
        self.waits.append(seconds)
        self.clock.advance(seconds=seconds)

    def source(self):
        """A source as a new process would make it."""
        return AlphaVantageBarSource(
            self.settings,
            ledger=self.ledger,
            spool=self.spool,
            capabilities=self.capabilities,
            clock=self.clock,
            wait=self.wait,
        )

    def fetch(self, *symbols, start=SESSION, end=SESSION):
        return self.source().fetch(symbols or SYMBOLS, start=start, end=end)

    def plan(self, *symbols, start=SESSION, end=SESSION):
        return self.source().plan(symbols or SYMBOLS, start=start, end=end)

    @property
    def account(self):
        return AlphaVantageClient(self.settings).account

    @property
    def spent(self):
        return self.ledger.spent_today(self.account)

    def found(self):
        """What was found of the adjusted endpoint."""
        return self.capabilities.found(self.account, ADJUSTED)

    def remember(self, *, allowed):
        """Let this have been found of the adjusted endpoint."""
        self.capabilities.record(self.account, ADJUSTED, allowed=allowed)


@contextmanager
def a_world(*, bars=None, actions=None, now=EVENING, settings=None, untried=False, **peer_settings):
    """A market behind a local Alpha Vantage; premium unless a plan is given.

    What the plan allows was found before, unless `untried`.
    """
    received = ReceivedBars(
        bars=a_market() if bars is None else bars,
        batch=BarBatch(source="test", basis=PriceBasis.RAW),
        actions=(a_split(),) if actions is None else actions,
    )
    clock = FixedClock(now)
    with alpha_vantage(as_table(received), **peer_settings) as peer:
        ordinary = {
            "api_key": KEY,
            "base_url": peer.url,
            "requests_per_minute": 600,
            "requests_per_day": 100,
            "timeout_seconds": 60.0,
        }
        world = World(
            peer=peer,
            settings=AlphaVantageSettings(**(ordinary | (settings or {}))),
            clock=clock,
            ledger=InMemoryRequestLedger(clock),
            spool=InMemoryAnswerSpool(clock),
            capabilities=InMemoryCapabilities(clock),
        )
        if not untried:
            world.remember(allowed=peer.plan.premium)
        yield world


FREE = Plan(premium=False)


def a_market(symbols=SYMBOLS, *, sessions=29, start=START):
    """Bars of symbols on consecutive sessions, closing at 100, 101, ..."""
    closes = [100.0 + session for session in range(sessions)]
    return bars_of_closes(dict.fromkeys(symbols, closes), start=start)


def a_split():
    """AAA splits 2 for 1."""
    return CorporateAction(
        symbol="AAA", ex_date=SPLIT_ON, kind=ActionKind.SPLIT, value=2, known_at=EVENING
    )


def symbols_of(received):
    """The symbols that have a bar."""
    bars = received.bars
    return tuple(bars.symbols[code] for code in np.unique(bars.symbol_index).tolist())


def sessions_of(received):
    """The sessions that have a bar."""
    return sorted(set(received.bars.session.tolist()))
