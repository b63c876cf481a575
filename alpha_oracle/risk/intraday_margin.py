"""Intraday margin: the standard that replaced the day-trade count on 2026-06-04.

SR-FINRA-2025-017 (SEC release 34-105226, FINRA Regulatory Notice 26-10), rule 4210(a)(17)-(19) and
(d)(2): the intraday margin level is what an account could withdraw and still meet maintenance; a
day's deficit is the largest negative level that follows a transaction which lowers it. The clocks
run here even where a broker is laxer, and one missed deficit counts as a practice of missing them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from alpha_oracle.domain.market import Session

PROMPT_SESSIONS: Final = 5
"""A deficit not met by the close of the fifth business day after its own freezes the account."""

OUTSTANDING_SESSIONS: Final = 15
"""A deficit stands until it is met, or until the close of the fifteenth business day."""

FREEZE_DAYS: Final = 90
DE_MINIMIS_USD: Final = Decimal(1000)
DE_MINIMIS_PCT: Final = Decimal(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deficit:
    """A session's intraday margin deficit, USD above 0.

    `paid_usd` is what deposits brought since; `met_on` is the session in which that was enough.
    """

    session: Session
    usd: Decimal
    equity_usd: Decimal
    paid_usd: Decimal = Decimal(0)
    met_on: Session | None = None

    def __post_init__(self) -> None:
        if self.usd <= 0:
            raise ValueError(f"a deficit of {self.usd} USD on {self.session} is none")

    @property
    def is_de_minimis(self) -> bool:
        """Whether it is at most the lesser of 5 % of equity and 1,000 USD: it makes no practice."""
        return self.usd <= min(self.equity_usd * DE_MINIMIS_PCT / 100, DE_MINIMIS_USD)

    @property
    def due(self) -> Session:
        """The session by whose close it must be met."""
        return calendar.shift_session(self.session, PROMPT_SESSIONS)

    @property
    def lapses(self) -> Session:
        """The session with whose close it no longer stands."""
        return calendar.shift_session(self.session, OUTSTANDING_SESSIONS)


def margin_level(equity: Decimal, maintenance_margin: Decimal) -> Decimal:
    """Return the intraday margin level in USD; negative is a deficit."""
    return equity - maintenance_margin


def level_after_purchase(level: Decimal, notional: Decimal) -> Decimal:
    """Return the level that a purchase leaves, at the highest requirement there is: all of it."""
    return level - notional


def deficit_of(
    session: Session, levels: Iterable[Decimal], *, equity_usd: Decimal
) -> Deficit | None:
    """Return a session's deficit from the levels after each transaction that lowered them."""
    lowest = min(levels, default=Decimal(0))
    if lowest >= 0:
        return None
    return Deficit(session=session, usd=-lowest, equity_usd=equity_usd)


def meet(deficits: Iterable[Deficit], usd: Decimal, *, session: Session) -> tuple[Deficit, ...]:
    """Return the deficits after a net deposit, or another rise of the level, on a session.

    The oldest is met first; one that is not met in whole stands for what is left of it.
    """
    met: list[Deficit] = []
    for deficit in sorted(deficits, key=lambda one: one.session):
        if is_outstanding(deficit, session):
            paid = min(usd, deficit.usd - deficit.paid_usd)
            usd -= paid
            met.append(_pay(deficit, paid, session=session))
        else:
            met.append(deficit)
    return tuple(met)


def _pay(deficit: Deficit, usd: Decimal, *, session: Session) -> Deficit:
    paid = deficit.paid_usd + usd
    return replace(deficit, paid_usd=paid, met_on=session if paid == deficit.usd else None)


def is_outstanding(deficit: Deficit, session: Session) -> bool:
    """Whether a deficit stands on a session, to its close."""
    return deficit.met_on is None and deficit.session <= session <= deficit.lapses


def freeze_end(deficits: Iterable[Deficit], session: Session) -> date | None:
    """Return the last day on which missed deficits keep the account from buying, None: free.

    Frozen from the day after a deficit was due, for 90 calendar days or until it is met.
    """
    ends = [
        deficit.due + timedelta(days=FREEZE_DAYS)
        for deficit in deficits
        if not deficit.is_de_minimis and _is_missed(deficit, session)
    ]
    latest = max(ends, default=None)
    return latest if latest is not None and session <= latest else None


def _is_missed(deficit: Deficit, session: Session) -> bool:
    still_open = deficit.met_on is None or deficit.met_on > session
    return still_open and session > deficit.due
