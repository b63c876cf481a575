"""Intraday margin: the standard that replaced the day-trade count on 2026-06-04.

SR-FINRA-2025-017 (SEC release 34-105226, FINRA Regulatory Notice 26-10), rule 4210(a)(17)-(19) and
(d)(2): the intraday margin level is what an account could withdraw and still meet maintenance; a
day's deficit is the largest negative level that follows a transaction which lowers it. The clocks
run here even where a broker is laxer, and one missed deficit counts as a practice of missing them.
Whose transaction lowered a level is not asked: other clients trade the account too, so that every
negative level counts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.margin import MarginDeficit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from decimal import Decimal

    from alpha_oracle.domain.market import Session

PROMPT_SESSIONS: Final = 5
"""A deficit not met by the close of the fifth business day after its own freezes the account."""

OUTSTANDING_SESSIONS: Final = 15
"""A deficit stands until it is met, or until the close of the fifteenth business day."""

FREEZE_DAYS: Final = 90


def margin_level(equity: Decimal, maintenance_margin: Decimal) -> Decimal:
    """Return the intraday margin level in USD; negative is a deficit."""
    return equity - maintenance_margin


def level_after_purchase(level: Decimal, notional: Decimal) -> Decimal:
    """Return the level that a purchase leaves, at the highest requirement there is: all of it."""
    return level - notional


def due_session(deficit: MarginDeficit) -> Session:
    """Return the session by whose close a deficit must be met."""
    return calendar.shift_session(deficit.session, PROMPT_SESSIONS)


def after_look(
    before: MarginDeficit | None, level: Decimal, *, session: Session, equity_usd: Decimal
) -> MarginDeficit | None:
    """Return a session's deficit after another look at its level; None: there is none so far."""
    if before is None:
        return (
            MarginDeficit(session=session, usd=-level, equity_usd=equity_usd, level_usd=level)
            if level < 0
            else None
        )
    if -level > before.usd:
        return replace(before, usd=-level, equity_usd=equity_usd, level_usd=level)
    return replace(before, level_usd=level)


def meet(
    deficits: Iterable[MarginDeficit], level: Decimal, *, session: Session
) -> tuple[MarginDeficit, ...]:
    """Return deficits after a look at the level in a session, the oldest first.

    One of an earlier session is met where the level has risen by it since, be it by deposits or by
    anything else. A rise counts once: the older ones it has to meet, or met, come first.
    """
    found: list[MarginDeficit] = []
    for deficit in sorted(deficits, key=lambda one: one.session):
        older = sum(one.usd for one in found if _takes_of_rise(one, deficit, session))
        is_enough = level - deficit.level_usd >= older + deficit.usd
        is_due = deficit.session < session and is_outstanding(deficit, session)
        found.append(replace(deficit, met_on=session) if is_enough and is_due else deficit)
    return tuple(found)


def _takes_of_rise(older: MarginDeficit, deficit: MarginDeficit, session: Session) -> bool:
    if older.met_on is not None:
        return older.met_on > deficit.session
    return is_outstanding(older, session)


def is_outstanding(deficit: MarginDeficit, session: Session) -> bool:
    """Whether a deficit stands on a session, to its close."""
    lapses = calendar.shift_session(deficit.session, OUTSTANDING_SESSIONS)
    return deficit.met_on is None and deficit.session <= session <= lapses


def freeze_end(deficits: Iterable[MarginDeficit], session: Session) -> date | None:
    """Return the last day on which missed deficits keep the account from buying, None: free.

    Frozen from the day after a deficit was due, for 90 calendar days or until it is met.
    """
    ends = [
        due_session(deficit) + timedelta(days=FREEZE_DAYS)
        for deficit in deficits
        if not deficit.is_de_minimis and _is_missed(deficit, session)
    ]
    latest = max(ends, default=None)
    return latest if latest is not None and session <= latest else None


def _is_missed(deficit: MarginDeficit, session: Session) -> bool:
    still_open = deficit.met_on is None or deficit.met_on > session
    return still_open and session > due_session(deficit)
