"""What people read once a session: that all is well, or what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.alerts import RANK
from alpha_oracle.domain.risk import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.alerts import Episode
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.ranking import StrategyRank

DAILY: Final = "daily_summary"
MOST_RANKS: Final = 4
MOST_OPEN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How a session's pipeline ended and how things stand; None: unknown.

    `bars` and `equity` are told as they are; `open` is what lasts.
    """

    session: Session
    signals: int | None
    bars: str | None
    ranking: Sequence[StrategyRank]
    equity_usd: float | None
    positions: int | None
    is_halted: bool
    open: Sequence[Episode]


def daily_text(day: Day) -> str:
    """Return the message of a session whose pipeline is done."""
    bad = [one for one in day.open if RANK[one.severity] >= RANK[Severity.HIGH]]
    is_well = not (bad or day.is_halted)
    lines = [
        f"{'All is well' if is_well else 'Not all is well'}: the pipeline of {day.session} is done",
        f"Bars: {day.bars or 'unknown'}",
        f"Signals: {'unknown' if day.signals is None else day.signals}",
        f"Ranking: {_ranking(day.ranking)}",
        f"Equity: {_equity(day)}",
        f"Kill switch: {'ACTIVE, or not to be read' if day.is_halted else 'off'}",
    ]
    lines += [f"Open: {one.text.partition(chr(10))[0]} ({one.key})" for one in bad[:MOST_OPEN]]
    if len(bad) > MOST_OPEN:
        lines.append(f"and {len(bad) - MOST_OPEN} more; see `alpha-oracle alerts list`")
    return "\n".join(lines)


def _ranking(ranking: Sequence[StrategyRank]) -> str:
    if not ranking:
        return "none"
    return ", ".join(_rank(one) for one in ranking[:MOST_RANKS])


def _rank(one: StrategyRank) -> str:
    gate = "" if one.is_eligible else " (no entries)"
    return f"{one.rank}. {one.strategy} {one.composite:.2f}{gate}"


def _equity(day: Day) -> str:
    if day.equity_usd is None:
        return "unknown"
    held = "" if day.positions is None else f" in {day.positions} positions and cash"
    return f"{day.equity_usd:,.2f} USD{held}"
