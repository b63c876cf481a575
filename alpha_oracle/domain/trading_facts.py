"""What the worker knows of symbols and strategies before a session trades."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal

from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.orders import Hold
from alpha_oracle.domain.received_signals import WinStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyStanding:
    """A strategy in the latest ranking: its composite score, its trades, whether it may enter."""

    score: Decimal
    statistics: WinStatistics | None
    is_eligible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What was known before a session, of the symbols asked for. What is absent is unknown.

    `adv_shares` is the average daily volume. `last_closes` are USD as traded on the session before
    and no other, in shares of then. `vix_close` is the latest stored one with its session.
    `standings` and `holds` are by strategy.
    """

    session: Session
    symbols: AbstractSet[Symbol]
    sectors: Mapping[Symbol, str] = field(default_factory=dict)
    adv_shares: Mapping[Symbol, int] = field(default_factory=dict)
    last_closes: Mapping[Symbol, Decimal] = field(default_factory=dict)
    vix_close: tuple[Session, Decimal] | None = None
    standings: Mapping[str, StrategyStanding] = field(default_factory=dict)
    holds: Mapping[str, Hold] = field(default_factory=dict)
