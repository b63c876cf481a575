"""What the simulated feed quotes of a session: its bars, wherever there are any, and VIX.

The bar of the session itself, from a source that holds it already (`synthetic`, `files`), else as
it is stored; where neither has one, a generated session that follows the last close stored. So for
VIX, which follows an ordinary level where nothing is stored of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.simulated.day_path import SessionBar, walked
from alpha_oracle.adapters.simulated.feed import SessionMarket
from alpha_oracle.adapters.synthetic.levels import SyntheticLevels
from alpha_oracle.bootstrap.reference import source_names
from alpha_oracle.bootstrap.traded_bars import recent_panel, split_ratio, traded_volume
from alpha_oracle.domain.bars import StoredBars
from alpha_oracle.domain.levels import VIX
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.reference import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import datetime

    from alpha_oracle.config import Settings
    from alpha_oracle.domain.levels import IndexLevel
    from alpha_oracle.domain.market import CorporateAction, Session
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.ports.bars import BarSource
    from alpha_oracle.ports.reference_stores import LevelStore

FORESEEING: Final = frozenset({"synthetic", "files"})
"""Sources that hold a session's bar before it is over; a vendor is not asked for one."""

LEAD_SESSIONS: Final = 5
RECENT_SESSIONS: Final = 21
ORDINARY_VIX: Final = 18.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBars:
    """Where bars are looked for, and which symbols are wanted beside the session's universe."""

    settings: Settings
    source: BarSource
    stores: MarketStores
    levels: LevelStore
    held: Callable[[], Collection[Symbol]]

    def market(self, session: Session) -> SessionMarket:
        """Return what is quoted on a session.

        Raises:
            StoreUnavailable: what is stored cannot be reached.
            DataError: a source's file cannot be read.
            ConfigurationError: a source is not set up.
        """
        wanted = frozenset(self._universe(session)) | frozenset(self.held())
        found: dict[Symbol, SessionBar] = {}
        origins: Counter[str] = Counter()
        for origin, look in (("source", self._given), ("stored", self._stored)):
            missing = sorted(wanted - found.keys())
            bars = {bar.symbol: bar for bar in look(missing, session)} if missing else {}
            origins[origin] += len(bars)
            found |= bars
        walks = {bar.symbol: bar for bar in self._walked(sorted(wanted - found.keys()), session)}
        origins["walk"] += len(walks)
        return SessionMarket(
            session=session,
            bars=tuple((found | walks).values()),
            levels=(self._vix(session),),
            origins=origins,
        )

    @property
    def _seed(self) -> int:
        return self.settings.broker.simulated.seed

    @property
    def _foresees(self) -> bool:
        is_unset = self.source.name == "files" and self.settings.data.files.path is None
        return self.source.name in FORESEEING and not is_unset

    def _universe(self, session: Session) -> Collection[Symbol]:
        offered = self.source.symbols(session) if self._foresees else ()
        return self.stores.reference.members(session) or offered or self._recent(session)

    def _recent(self, session: Session) -> Collection[Symbol]:
        start = calendar.shift_session(session, -RECENT_SESSIONS)
        stored = self.stores.bars.symbols_stored(start=start, end=session)
        return frozenset[Symbol]().union(*stored.values())

    def _given(self, symbols: Sequence[Symbol], session: Session) -> Iterator[SessionBar]:
        if not self._foresees:
            return
        start = calendar.shift_session(session, -LEAD_SESSIONS)
        received = self.source.fetch(symbols, start=start, end=session)
        if len(received.bars):
            stored = StoredBars(
                bars=received.bars,
                batch_index=np.zeros(len(received.bars), dtype=np.int32),
                batches=(received.batch,),
            )
            yield from self._bars_of(stored, session, actions=self._actions(received.actions))

    def _stored(self, symbols: Sequence[Symbol], session: Session) -> Iterator[SessionBar]:
        start = calendar.shift_session(session, -LEAD_SESSIONS)
        stored = self.stores.bars.load(
            start=start, end=session, as_of=calendar.decision_instant(session), symbols=symbols
        )
        if len(stored.bars):
            yield from self._bars_of(stored, session, actions=self._actions(()))

    def _walked(self, symbols: Sequence[Symbol], session: Session) -> Iterator[SessionBar]:
        if not symbols:
            return
        stored = self.stores.bars.last_bars_before(session, symbols)
        if not len(stored.bars):
            return
        actions = self._actions(())
        panel = recent_panel(stored, session, actions=actions)
        for column, symbol in enumerate(panel.symbols):
            row = int(np.flatnonzero(np.isfinite(panel.traded_close[:, column]))[-1])
            ratio = split_ratio(actions, symbol, after=panel.sessions[row].item(), through=session)
            yield walked(
                symbol,
                session,
                after=float(panel.traded_close[row, column]) / ratio,
                volume=float(np.nan_to_num(traded_volume(panel)[row, column])) * ratio,
                seed=self._seed,
            )

    def _bars_of(
        self, stored: StoredBars, session: Session, *, actions: Sequence[CorporateAction]
    ) -> Iterator[SessionBar]:
        panel = recent_panel(stored, session, actions=actions)
        factor = panel.close[-1] / panel.traded_close[-1]
        prices = np.stack(
            [
                panel.traded_open[-1],
                panel.high[-1] / factor,
                panel.low[-1] / factor,
                panel.traded_close[-1],
            ]
        )
        volume = np.nan_to_num(traded_volume(panel)[-1])
        for column, symbol in enumerate(panel.symbols):
            opened, high, low, close = prices[:, column].tolist()
            if np.isfinite(prices[:, column]).all():
                yield SessionBar(
                    symbol=symbol,
                    session=session,
                    # Undone and scaled, a bound may lie a hair inside what it bounds.
                    open=opened,
                    high=max(high, opened, close),
                    low=min(low, opened, close),
                    close=close,
                    volume=float(volume[column]),
                    seed=self._seed,
                )

    def _actions(self, given: Sequence[CorporateAction]) -> list[CorporateAction]:
        known = {(one.symbol, one.ex_date, one.kind): one for one in given}
        known |= {
            (one.symbol, one.ex_date, one.kind): one for one in self.stores.reference.actions()
        }
        return list(known.values())

    def _vix(self, session: Session) -> SessionBar:
        level = self._level(session)
        if level is not None and level.session == session:
            lowest, highest = min(level.open, level.close), max(level.open, level.close)
            return SessionBar(
                symbol=Symbol(VIX),
                session=session,
                open=level.open,
                high=max(level.high, highest),
                low=min(level.low, lowest),
                close=level.close,
                volume=0.0,
                seed=self._seed,
            )
        after = ORDINARY_VIX if level is None else level.close
        return walked(Symbol(VIX), session, after=after, volume=0.0, seed=self._seed)

    def _level(self, session: Session) -> IndexLevel | None:
        start, after = calendar.shift_session(session, -LEAD_SESSIONS), _Evening(session)
        if source_names(self.settings)[Family.VOLATILITY] == "synthetic":
            source = SyntheticLevels(self.settings.data.synthetic, clock=after)
            levels = source.fetch(VIX, start=start, end=session).levels
        else:
            levels = self.levels.load(VIX, start=start, end=session, as_of=after.now())
        return levels[-1] if levels else None


@dataclass(frozen=True, slots=True)
class _Evening:
    session: Session

    def now(self) -> datetime:
        return calendar.decision_instant(self.session)
