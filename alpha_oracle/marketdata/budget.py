"""Plans against the daily budgets of metered sources, before anything is asked for."""

from __future__ import annotations

from bisect import bisect_right
from math import ceil
from typing import TYPE_CHECKING

from alpha_oracle.errors import BudgetSpent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.requests import RequestPlan
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.ports.bars import BarSource


def plan_requests(
    sources: Sequence[BarSource],
    stores: MarketStores,
    symbols: Sequence[Symbol],
    *,
    session: Session,
    force: bool = False,
) -> tuple[RequestPlan, ...]:
    """Return each source's plan for a session, as if it had to answer for all that is missing.

    What is stored is not planned, and nothing is where `force` fetches nothing.

    Raises:
        ConfigurationError: a source is not set up.
    """
    stored = stores.bars.symbols_stored(start=session, end=session).get(session, frozenset())
    wanted = () if force else tuple(symbol for symbol in symbols if symbol not in stored)
    return plan_range(sources, wanted, start=session, end=session)


def plan_range(
    sources: Sequence[BarSource], symbols: Sequence[Symbol], *, start: Session, end: Session
) -> tuple[RequestPlan, ...]:
    """Return each source's plan for symbols from `start` to `end`.

    Raises:
        ConfigurationError: a source is not set up, or not for such a range.
    """
    return tuple(source.plan(symbols, start=start, end=end) for source in sources)


def require_budget(plans: Sequence[RequestPlan]) -> None:
    """Refuse what the first source's day does not allow; a later one says so when it is needed.

    Raises:
        BudgetSpent: with the numbers, and the ways out.
    """
    if plans and not plans[0].fits:
        raise BudgetSpent(f"{_too_much(plans[0])}; nothing was asked for. {_ways_out(plans[0])}")


def affordable(
    source: BarSource, symbols: tuple[Symbol, ...], *, start: Session, end: Session
) -> tuple[tuple[Symbol, ...], tuple[Symbol, ...]]:
    """Return the symbols that a source's day still allows to ask for, and the others.

    Raises:
        BudgetSpent: it allows none.
    """
    whole = source.plan(symbols, start=start, end=end)
    if whole.fits or whole.left is None:
        return symbols, ()

    def costs(asked: tuple[Symbol, ...]) -> RequestPlan:
        return source.plan(asked, start=start, end=end)

    # An answer that is there already costs nothing. Plans do not add up: what a source spends
    # once for all symbols is in the plan of each.
    free = tuple(symbol for symbol in symbols if not costs((symbol,)).requests)
    paid = tuple(symbol for symbol in symbols if symbol not in free)
    fitting = bisect_right(
        range(1, len(paid) + 1), 0, key=lambda count: not costs(paid[:count]).fits
    )
    if not free and not fitting:
        raise BudgetSpent(f"{_too_much(whole)}. {_ways_out(whole)}")
    within = frozenset((*free, *paid[:fitting]))
    return (
        tuple(symbol for symbol in symbols if symbol in within),
        tuple(symbol for symbol in symbols if symbol not in within),
    )


def _too_much(plan: RequestPlan) -> str:
    return (
        f"{plan.source}: {plan.requests} requests are needed for {plan.symbols} symbols, but of "
        f"{plan.per_day} a day {plan.left} are left today"
    )


def _ways_out(plan: RequestPlan) -> str:
    return (
        f"Ask for fewer symbols (--symbols), the others on {_days(plan)}: what is stored or paid "
        f"for is not asked for again; raise data.{plan.source}.requests_per_day with a premium "
        "key; or set data.source to ibkr, which has no daily budget"
    )


def _days(plan: RequestPlan) -> str:
    if not plan.per_day:
        return "later days"
    further = ceil((plan.requests - (plan.left or 0)) / plan.per_day)
    return "the next day" if further == 1 else f"the next {further} days"
