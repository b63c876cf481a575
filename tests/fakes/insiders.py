"""Ownership filings in memory, held to the same suite as the store on Postgres."""

import numpy as np

from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.insiders import (
    OPEN_MARKET,
    PURCHASE,
    FilingColumns,
    OwnerColumns,
    TradeColumns,
)
from alpha_oracle.domain.reference import Family
from tests.fakes.fetch_log import InMemoryFetchLog


class InMemoryInsiders:
    """Keeps filings by symbol and accession; `log` knows which were refused."""

    def __init__(self, log=None):
        self.log = log or InMemoryFetchLog()
        self.filings = {}

    def store(self, filings, *, source, received_at):
        given = {}
        for filing in filings:
            given.setdefault((filing.symbol, filing.accession), filing)
        new = given.keys() - self.filings.keys()
        self.filings.update({key: given[key] for key in new})
        return StoreReport(inserted=len(new), unchanged=len(given) - len(new), corrected=0)

    def accessions(self, symbol):
        refused = {row.subject for row in self.log.refused(Family.INSIDERS)}
        return frozenset(refused | {number for of, number in self.filings if of == symbol})

    def load(self, *, as_of):
        return filing_columns(one for one in self.filings.values() if one.known_at <= as_of)


def filing_columns(filings):
    """Filings as a store gives them, whatever order they are in."""
    told = sorted(filter(_is_asked_for, filings), key=_order)
    symbols = tuple(sorted({filing.symbol for filing in told}))
    return FilingColumns(
        symbols=symbols,
        symbol_index=np.array([symbols.index(one.symbol) for one in told], np.int32),
        known_at=np.array([one.known_at.replace(tzinfo=None) for one in told], "datetime64[us]"),
        period_of_report=days(one.period_of_report for one in told),
        filed_on=days(one.filed_on for one in told),
        replaces_filed_on=days(one.replaces_filed_on for one in told),
        is_amendment=np.array([one.is_amendment for one in told], np.bool_),
        owners=_owner_columns(told),
        trades=_trade_columns([_open_market(filing) for filing in told]),
    )


def days(of):
    """Days as numpy counts them, NaT for None."""
    return np.array(list(of), "datetime64[D]")


def _is_asked_for(filing):
    return filing.is_amendment or any(one.code in OPEN_MARKET for one in filing.transactions)


def _order(filing):
    return filing.symbol, filing.known_at, filing.is_amendment, filing.accession


def _open_market(filing):
    told = [one for one in filing.transactions if one.code in OPEN_MARKET and not one.is_derivative]
    return sorted(told, key=lambda one: one.line)


def _owner_columns(filings):
    owners = [owner for filing in filings for owner in filing.owners]
    numbered = sorted({owner.owner_id for owner in owners})
    return OwnerColumns(
        offsets=_offsets([filing.owners for filing in filings]),
        number=np.array([numbered.index(owner.owner_id) for owner in owners], np.int64),
        is_officer=np.array([owner.is_officer for owner in owners], np.bool_),
    )


def _trade_columns(of_filings):
    trades = [trade for told in of_filings for trade in told]
    return TradeColumns(
        offsets=_offsets(of_filings),
        traded_on=days(trade.traded_on for trade in trades),
        is_purchase=np.array([trade.code == PURCHASE for trade in trades], np.bool_),
        shares=np.array([trade.shares for trade in trades], np.float64),
        # What was not given, None, becomes NaN.
        price_usd=np.array([trade.price_usd for trade in trades], np.float64),
        shares_after=np.array([trade.shares_after for trade in trades], np.float64),
    )


def _offsets(groups):
    return np.cumsum([0, *map(len, groups)], dtype=np.int64)
