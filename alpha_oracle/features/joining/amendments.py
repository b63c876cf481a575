"""Ownership filings of one symbol in the order they became known, amendments in their place.

An amendment takes the place of its original from its own `known_at` on. Its original is the
filing of an owner in common that was filed on the day the amendment names, else that reports on
the same day. Of several amendments the newest known holds; one whose original is not there stands
where it became known itself, and later ones replace it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from alpha_oracle.domain.insiders import InsiderTransaction, OwnershipFiling

PURCHASE: Final = "P"
SALE: Final = "S"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trade:
    """An open-market trade as one filing tells it.

    `first_told` is the filing whose place its filing took, or that filing itself.
    """

    transaction: InsiderTransaction
    filing: OwnershipFiling
    first_told: OwnershipFiling

    @property
    def joint_key(self) -> tuple[object, ...]:
        """What two filings of joint filers have in common when they tell the same trade."""
        told = self.transaction
        what = (told.traded_on, told.code, told.shares, told.price_usd, told.shares_after)
        return (self.filing.filed_on, *what)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """A trade that counts from `told_by` on, or (with `sign` -1) no longer does."""

    trade: Trade
    sign: int
    told_by: OwnershipFiling


@dataclass(slots=True, kw_only=True, eq=False)
class _Report:
    """A filing with what stands in its place."""

    original: OwnershipFiling
    filed_on: date
    trades: tuple[Trade, ...] = ()
    owners: set[str] = field(default_factory=set)


def changes(filings: Iterable[OwnershipFiling]) -> Iterator[Change]:
    """Yield what counts and what ceases to, as the filings of one symbol became known.

    Open-market purchases and sales outside the derivative tables alone. A trade that joint filers
    tell in filings of their own on the same day counts once, for whom it was known of first.
    """
    reports: list[_Report] = []
    tellers: dict[tuple[object, ...], frozenset[str]] = {}
    for filing in sorted(filings, key=_order):
        report = _report_of(filing, reports)
        for trade in report.trades:
            yield Change(trade=trade, sign=-1, told_by=filing)
        owners = frozenset(owner.owner_id for owner in filing.owners)
        told = _open_market_trades(filing, report.original)
        report.trades = tuple(
            trade for trade in told if owners & tellers.get(trade.joint_key, owners)
        )
        report.owners |= owners
        for trade in report.trades:
            tellers.setdefault(trade.joint_key, owners)
            yield Change(trade=trade, sign=1, told_by=filing)


def _order(filing: OwnershipFiling) -> tuple[object, ...]:
    return (filing.known_at, filing.is_amendment, filing.accession)


def _open_market_trades(filing: OwnershipFiling, original: OwnershipFiling) -> list[Trade]:
    return [
        Trade(transaction=transaction, filing=filing, first_told=original)
        for transaction in sorted(filing.transactions, key=lambda transaction: transaction.line)
        if transaction.code in {PURCHASE, SALE} and not transaction.is_derivative
    ]


def _report_of(filing: OwnershipFiling, reports: list[_Report]) -> _Report:
    """The report a filing is, or takes the place in."""
    found = _amended(filing, reports) if filing.is_amendment else None
    if found is None:
        found = _Report(original=filing, filed_on=filing.replaces_filed_on or filing.filed_on)
        reports.append(found)
    return found


def _amended(filing: OwnershipFiling, reports: list[_Report]) -> _Report | None:
    owners = {owner.owner_id for owner in filing.owners}
    shared = [report for report in reports if report.owners & owners]
    same_day = [report for report in shared if report.filed_on == filing.replaces_filed_on]
    same_period = [
        report
        for report in same_day or shared
        if report.original.period_of_report == filing.period_of_report
    ]
    candidates = same_period or same_day
    # Of several, the one known last: an amendment follows closely on what it mends.
    return candidates[-1] if candidates else None
