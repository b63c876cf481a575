"""What counts of filings, against the definition written out over the filings themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alpha_oracle.features.joining.filings import known_trades
from tests.fakes.insiders import filing_columns
from tests.unit.features.reference_rows import a_filing, a_frame, a_trade, an_insider

if TYPE_CHECKING:
    from alpha_oracle.domain.insiders import InsiderTransaction, OwnershipFiling

SYMBOLS = ("ACME", "BETA")


@dataclass(eq=False)
class Report:
    """A filing, the owners of all that took its place, and what stands there."""

    original: OwnershipFiling
    owners: set[str] = field(default_factory=set)
    standing: list[tuple[InsiderTransaction, OwnershipFiling]] = field(default_factory=list)

    @property
    def filed_on(self):
        return self.original.replaces_filed_on or self.original.filed_on


def changes(filings):
    """Pairs of what counts from a filing on, or no longer does, of one symbol."""
    reports, tellers = [], {}
    for filing in sorted(filings, key=lambda one: (one.known_at, one.is_amendment, one.accession)):
        owners = {owner.owner_id for owner in filing.owners}
        report = amended(filing, reports) or Report(original=filing)
        if report not in reports:
            reports.append(report)
        for trade, told_in in report.standing:
            yield filing, report.original, -1, trade, told_in
        told = sorted(filing.transactions, key=lambda one: one.line)
        report.standing = [
            (trade, filing)
            for trade in told
            if trade.code in "PS" and owners & tellers.get(the_same(trade, filing), owners)
        ]
        report.owners |= owners
        for trade, _ in report.standing:
            tellers.setdefault(the_same(trade, filing), owners)
            yield filing, report.original, 1, trade, filing


def the_same(trade, filing):
    what = (trade.traded_on, trade.code, trade.shares, trade.price_usd, trade.shares_after)
    return (filing.filed_on, *what)


def amended(filing, reports):
    """The report an amendment takes its place in, if any."""
    owners = {owner.owner_id for owner in filing.owners}
    shared = [one for one in reports if filing.is_amendment and one.owners & owners]
    of_day = [one for one in shared if one.filed_on == filing.replaces_filed_on]
    of_period = [
        one for one in of_day or shared if one.original.period_of_report == filing.period_of_report
    ]
    return ([None] + (of_period or of_day))[-1]


def rows_by_definition(filings, frame):
    rows = []
    for column, symbol in enumerate(SYMBOLS):
        numbers, counted = {}, count()
        told = []
        for by, first, sign, trade, told_in in changes(
            filing for filing in filings if filing.symbol == symbol
        ):
            owner = told_in.owners[0].owner_id
            if owner not in numbers:
                numbers[owner] = next(counted)
            row, position = (row_of(one.known_at, frame) for one in (by, first))
            is_officer = any(one.is_officer for one in told_in.owners)
            usd = np.nan if trade.price_usd is None else trade.shares * trade.price_usd
            what = (sign, numbers[owner], trade.code == "P", is_officer, trade.shares, usd)
            told.append((column, row, position, *what))
        rows += sorted(told, key=lambda one: one[1])
    return rows


def row_of(instant, frame):
    microseconds = np.datetime64(instant.replace(tzinfo=None), "us").astype(np.int64)
    return int(np.searchsorted(frame.decisions, microseconds))


def filings_of_a_few(seed):
    """A year of filings by one to three of four owners, joint ones and amendments among them."""
    random = np.random.default_rng(seed)
    filings = []
    for number in range(150):
        on = date(2015, 1, 5) + timedelta(days=int(random.integers(0, 90)))
        filed = (on + timedelta(days=int(random.integers(0, 2)))).isoformat()
        amends = number > 40 and random.random() < 0.3
        known = date.fromisoformat(filed) + timedelta(days=int(amends * random.integers(1, 60)))
        others = random.permutation(4)[: random.integers(1, 4)]
        filings.append(
            a_filing(
                f"{known}T{random.integers(12, 23)}:00",
                *(a_random_trade(random, on, line=line) for line in range(random.integers(1, 4))),
                owners=[an_insider(str(one), officer=bool(one % 2)) for one in others],
                accession=f"{number:03d}",
                symbol=SYMBOLS[random.integers(0, 2)],
                period=on.isoformat(),
                filed=filed if not amends else known.isoformat(),
                amends=amends,
                replaces=filed if amends and random.random() < 0.8 else None,
            )
        )
    return filings


def a_random_trade(random, on, *, line):
    return a_trade(
        "PSA"[random.integers(0, 3)],
        line=line,
        on=on.isoformat(),
        shares=float(random.integers(1, 3)),
        price=(10.0, None)[random.integers(0, 2)],
        after=(7.0, None)[random.integers(0, 2)],
    )


@pytest.mark.parametrize("seed", range(6))
def test_what_counts_of_filings_is_what_the_definition_says(seed):
    filings = filings_of_a_few(seed)
    asked = [
        one for one in filings if one.is_amendment or any(t.code != "A" for t in one.transactions)
    ]
    frame = a_frame(symbols=SYMBOLS)
    trades = known_trades(filing_columns(filings), frame, covered={})
    columns = np.repeat(np.arange(len(SYMBOLS)), np.diff(trades.offsets))
    expected = rows_by_definition(asked, frame)
    described = ("sign", "owner", "is_purchase", "is_officer", "shares", "notional")
    actual = [columns, trades.row, trades.position, *(getattr(trades, name) for name in described)]
    np.testing.assert_array_equal(np.array(actual, np.float64).T, np.array(expected, np.float64))
    assert {-1, 1} == set(trades.sign.tolist())
