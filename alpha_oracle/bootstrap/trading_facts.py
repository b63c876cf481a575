"""What the worker knows of symbols and strategies before a session: from stored data alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.levels import PostgresLevels
from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.bootstrap.traded_bars import recent_panel, split_ratio
from alpha_oracle.domain.levels import VIX
from alpha_oracle.domain.orders import Hold
from alpha_oracle.domain.received_signals import WinStatistics
from alpha_oracle.domain.trading_facts import References, StrategyStanding
from alpha_oracle.strategies import registry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.ranking import StrategyRank
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ports.bars import BarStore
    from alpha_oracle.ports.reference import ReferenceStore
    from alpha_oracle.ports.reference_stores import LevelStore
    from alpha_oracle.ports.signals import RankingStore

VOLUME_SESSIONS: Final = 21
"""The average day's volume is over a month, of the sessions that have a bar."""

LEAST_VOLUMES: Final = 5
VIX_SESSIONS: Final = 5
"""How far back a level of the index is looked for; it carries its session, which says its age."""

RANKED_ROWS: Final = 1_000
CENT_FRACTION: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTradingFacts:
    """`TradingFacts` on stored bars, reference data, index levels and rankings."""

    bars: BarStore
    reference: ReferenceStore
    levels: LevelStore
    rankings: RankingStore

    @classmethod
    def on(cls, database: Database) -> StoredTradingFacts:
        """Return the facts on record in Postgres."""
        return cls(
            bars=TimeSeriesStorage(database),
            reference=PostgresReference(database),
            levels=PostgresLevels(database),
            rankings=PostgresRankings(database),
        )

    def references(self, symbols: Collection[Symbol], *, session: Session) -> References:
        """Return what was known of symbols, and of all strategies, when a session opened.

        Raises:
            StoreUnavailable: what is stored cannot be read.
        """
        wanted = frozenset(symbols)
        sectors = self.reference.sectors(session) if wanted else {}
        volumes, closes = self._traded(sorted(wanted), session)
        return References(
            session=session,
            symbols=wanted,
            sectors={symbol: sectors[symbol] for symbol in wanted & sectors.keys()},
            adv_shares=volumes,
            last_closes=closes,
            vix_close=self._vix(session),
            standings=standings(self.rankings.rankings(limit=RANKED_ROWS), before=session),
            holds={
                strategy.name: Hold(
                    min_days=strategy.min_hold_days, max_days=strategy.max_hold_days
                )
                for strategy in registry.all()
            },
        )

    def actions(
        self, symbols: Collection[Symbol], *, after: Session, through: Session
    ) -> tuple[CorporateAction, ...]:
        """Return splits and dividends with an ex-date in (after, through], by ex-date.

        Raises:
            StoreUnavailable: what is stored cannot be read.
        """
        if not symbols:
            return ()
        known = self.reference.actions(symbols=sorted(symbols))
        due = [action for action in known if after < action.ex_date <= through]
        return tuple(sorted(due, key=lambda action: (action.ex_date, action.symbol, action.kind)))

    def _traded(
        self, symbols: Sequence[Symbol], session: Session
    ) -> tuple[dict[Symbol, int], dict[Symbol, Decimal]]:
        if not symbols:
            return {}, {}
        before = calendar.shift_session(session, -1)
        stored = self.bars.load(
            start=calendar.shift_session(session, -VOLUME_SESSIONS),
            end=before,
            as_of=calendar.session_open(session),
            symbols=symbols,
        )
        if not len(stored.bars):
            return {}, {}
        actions = self.reference.actions(symbols=symbols)
        panel = recent_panel(stored, before, actions=actions)
        return (
            dict(_volumes(panel, actions, session=session)),
            dict(_closes(panel)),
        )

    def _vix(self, session: Session) -> tuple[Session, Decimal] | None:
        levels = self.levels.load(
            VIX,
            start=calendar.shift_session(session, -VIX_SESSIONS),
            end=calendar.shift_session(session, -1),
            as_of=calendar.session_open(session),
        )
        return (levels[-1].session, _exact(levels[-1].close)) if levels else None


def standings(
    ranking: Sequence[StrategyRank], *, before: Session
) -> Mapping[str, StrategyStanding]:
    """Return each strategy's place in the latest ranking of a session before."""
    earlier = [rank for rank in ranking if rank.session < before]
    newest = max((rank.session for rank in earlier), default=None)
    return {
        rank.strategy: StrategyStanding(
            score=_exact(rank.composite),
            statistics=_statistics(rank),
            is_eligible=rank.is_eligible,
        )
        for rank in earlier
        if rank.session == newest
    }


def _statistics(rank: StrategyRank) -> WinStatistics | None:
    rate, ratio = rank.metrics.win_rate, rank.metrics.avg_win_loss_ratio
    if rate is None:
        return None
    return WinStatistics(
        win_rate=_exact(rate), avg_win_loss_ratio=None if ratio is None else _exact(ratio)
    )


def _volumes(
    panel: MarketPanel, actions: Sequence[CorporateAction], *, session: Session
) -> Iterator[tuple[Symbol, int]]:
    # In shares of the session asked for: a split of its morning counts.
    last = panel.sessions[-1].item()
    shares = panel.volume * panel.split_factor[-1]
    for column, symbol in enumerate(panel.symbols):
        known = shares[:, column][np.isfinite(shares[:, column])]
        if len(known) >= LEAST_VOLUMES:
            ratio = split_ratio(actions, symbol, after=last, through=session)
            yield symbol, int(known.mean() * ratio)


def _closes(panel: MarketPanel) -> Iterator[tuple[Symbol, Decimal]]:
    # Of the session before alone: an older close is not what a share was worth at its end.
    for symbol, close in zip(panel.symbols, panel.traded_close[-1], strict=True):
        if np.isfinite(close):
            yield symbol, _exact(float(close))


def _exact(figure: float) -> Decimal:
    return Decimal(str(figure)).quantize(CENT_FRACTION)
