"""The demo's second half: the session after, traded in virtual time that jumps from event to event.

The worker, the simulated broker and the feed are those of every day; only the clock is moved.
"""

from __future__ import annotations

import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.clock import VirtualClock
from alpha_oracle.adapters.postgres.operators import PostgresOperatorActivity
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.adapters.postgres.trading_records import PostgresTradingRecords
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.simulated.feed import SimulatedFeed
from alpha_oracle.bootstrap.feed import session_bars
from alpha_oracle.bootstrap.sources import BarSources, SourceMemory
from alpha_oracle.bootstrap.stores import clock_of, opened_stores
from alpha_oracle.bootstrap.trading_rules import execution_window
from alpha_oracle.bootstrap.worker import opened_worker
from alpha_oracle.config import load_settings
from alpha_oracle.domain.market import SectorAssignment, Symbol
from alpha_oracle.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from alpha_oracle.adapters.simulated.feed import SessionMarket
    from alpha_oracle.bootstrap.session_bars import SessionBars
    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.bootstrap.worker import Worker
    from alpha_oracle.config import Settings
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.portfolio import AccountState, Lot
    from alpha_oracle.domain.trading_pages import TradedFill
    from alpha_oracle.ports.trading_records import TradingRecords

OPERATOR: Final = "demo"
EVERYTHING: Final = 10_000
"""More orders or executions than the limits of a day allow."""

BUSY: Final = timedelta(minutes=30)
"""How long after the execution window opens the worker is let look again within seconds."""

SOON: Final = timedelta(seconds=5)
LATER: Final = timedelta(seconds=60)
SETTLED_AFTER: Final = timedelta(minutes=2)
GENERATED_SECTORS: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class TradedDay:
    """A session as it was traded: orders oldest first without the slices of a TWAP."""

    session: Session
    orders: tuple[Order, ...]
    fills: tuple[TradedFill, ...]
    positions: tuple[Lot, ...]
    account: AccountState
    looks: int

    @property
    def is_whole(self) -> bool:
        """Whether something was executed, and every order came to its end."""
        has_fill = any(order.filled_quantity for order in self.orders)
        return has_fill and all(order.is_final for order in self.orders)


def trade_session_after(session: Session) -> TradedDay:
    """Trade the signals of a session in the one after it, to its close, as the settings say.

    Raises:
        AlphaOracleError: a store or a source is out of reach, or set up wrong.
    """
    settings = load_settings()
    following = calendar.next_session_after(session)
    with _opened_demo(settings) as demo:
        _know_every_sector(settings, demo.stores, following)
        noted = PostgresOperatorActivity(demo.stores.database)
        noted.note(OPERATOR, by=OPERATOR, at=demo.clock.now())
        busy_until = execution_window(settings.execution).start(following) + BUSY
        ends = calendar.session_close(following) + SETTLED_AFTER
        looks = _play(demo, busy_until=busy_until, until=ends)
        return _told(demo, following, looks=looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demo:
    stores: Stores
    clock: VirtualClock
    worker: Worker
    feed: SimulatedFeed


@contextmanager
def _opened_demo(settings: Settings) -> Iterator[_Demo]:
    clock = VirtualClock(clock_of(settings).now())
    with ExitStack() as stack:
        stores = stack.enter_context(opened_stores(settings))
        sources = BarSources(settings, SourceMemory.on(stores.database, clock=clock))
        stack.callback(sources.close)
        bars = session_bars(settings, stores, source=sources.chain()[0], held=tuple)
        worker = stack.enter_context(opened_worker(settings, stores, clock=clock))
        wanted = _signalled(stores)

        def market(session: Session) -> SessionMarket:
            return _only(bars, wanted, session)

        board = RedisQuoteBoard(stores.redis, clock=clock)
        feed = SimulatedFeed(board, clock=clock, market=market)
        yield _Demo(stores=stores, clock=clock, worker=worker, feed=feed)


def _signalled(stores: Stores) -> frozenset[Symbol]:
    documents = PostgresSignals(stores.database).signals()
    return frozenset(Symbol(str(document["symbol"])) for document in documents)


def _only(bars: SessionBars, wanted: frozenset[Symbol], session: Session) -> SessionMarket:
    # A second of this day takes longer than one of a feed's: nobody asks for the others.
    market = bars.market(session)
    return replace(market, bars=tuple(bar for bar in market.bars if bar.symbol in wanted))


def _know_every_sector(settings: Settings, stores: Stores, session: Session) -> None:
    # A file of bars tells none, and an unknown one refuses every order: the demo supplies them.
    # Only now, so that nothing was decided by what is made up here.
    reference = PostgresReference(stores.database)
    known = reference.sectors(session)
    made_up = [
        SectorAssignment(symbol=symbol, sector=_generated_sector(symbol), start=None, end=None)
        for symbol in sorted(_signalled(stores) - known.keys())
    ]
    if made_up:
        reference.save_sectors(made_up, at=clock_of(settings).now())


def _generated_sector(symbol: Symbol) -> str:
    return f"generated {zlib.crc32(symbol.encode()) % GENERATED_SECTORS + 1}"


def _play(demo: _Demo, *, busy_until: datetime, until: datetime) -> int:
    looks = 0
    while (now := demo.clock.now()) < until:
        demo.feed.publish()
        demo.worker.take_in(wait_seconds=0.0)
        look_at = demo.worker.step()
        demo.worker.relay()
        looks += 1
        demo.clock.move_to(max(look_at, now + (SOON if now < busy_until else LATER)))
    return looks


def _state(records: TradingRecords, account: str) -> AccountState:
    state = records.state(account)
    if state is None:
        raise StoreUnavailable(f"account {account} was not opened")
    return state


def _told(demo: _Demo, session: Session, *, looks: int) -> TradedDay:
    records, account = PostgresTradingRecords(demo.stores.database), demo.worker.account
    orders: Sequence[Order] = records.orders(account=account, limit=EVERYTHING).rows
    fills = records.fills(account=account, limit=EVERYTHING).rows
    return TradedDay(
        session=session,
        orders=tuple(order for order in reversed(orders) if order.parent_id is None),
        fills=tuple(reversed(fills)),
        positions=tuple(records.positions(account)),
        account=_state(records, account),
        looks=looks,
    )
