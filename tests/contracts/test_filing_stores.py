"""What a store of ownership filings must do, on Postgres and in the fake."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.reference import Family, RefusedRow
from tests.contracts.reference_stores import (
    a_filing,
    a_trade,
    an_insider,
    assert_known_filings,
    day,
)

NEW = StoreReport(inserted=1, unchanged=0, corrected=0)
NOTHING = StoreReport(inserted=0, unchanged=0, corrected=0)
A_MOMENT = timedelta(microseconds=1)
RECEIVED = day(100)
LATE = day(1000)


def test_a_filing_comes_back_in_columns(stores):
    trades = (
        a_trade(line=2, code="S", price_usd=0.0, shares=7.0, traded_on=date(2016, 1, 2)),
        a_trade(line=1, price_usd=None, shares_after=None),
    )
    owners = (an_insider(owner_id="2"), an_insider(owner_id="10", is_officer=True))
    filings = (
        a_filing(transactions=trades, owners=owners),
        a_filing("2", form="4/A", known_at=day(6), replaces_filed_on=date(2016, 1, 4)),
    )
    report = stores.insiders.store(filings, source="edgar", received_at=RECEIVED)
    assert report == StoreReport(inserted=2, unchanged=0, corrected=0)
    known = stores.insiders.load(as_of=LATE)
    assert known.symbols == ("A",)
    assert known.known_at.tolist() == [at.replace(tzinfo=None) for at in (day(5), day(6))]
    assert known.period_of_report.tolist() == [date(2016, 1, 4)] * 2
    assert known.filed_on.tolist() == [date(2016, 1, 5)] * 2
    assert known.replaces_filed_on.tolist() == [None, date(2016, 1, 4)]
    assert known.is_amendment.tolist() == [False, True]
    assert known.owners.offsets.tolist() == [0, 2, 3]
    assert known.owners.number.tolist() == [2, 1, 0]
    assert known.owners.is_officer.tolist() == [False, True, False]
    assert known.trades.offsets.tolist() == [0, 2, 3]
    assert known.trades.traded_on.tolist() == [date(2016, 1, number) for number in (4, 2, 4)]
    assert known.trades.is_purchase.tolist() == [True, False, True]
    assert known.trades.shares.tolist() == [100.0, 7.0, 100.0]
    np.testing.assert_array_equal(known.trades.price_usd, [np.nan, 0.0, 10.0])
    np.testing.assert_array_equal(known.trades.shares_after, [np.nan, 1100.0, 1100.0])
    assert_known_filings(stores, *filings, as_of=LATE)


def test_a_filing_stored_changes_nothing(stores):
    other = a_filing(form="4/A", transactions=())
    stores.insiders.store([a_filing(), other], source="edgar", received_at=RECEIVED)
    report = stores.insiders.store([other, a_filing("2")], source="edgar", received_at=RECEIVED)
    assert report == StoreReport(inserted=1, unchanged=1, corrected=0)
    assert_known_filings(stores, a_filing(), a_filing("2"), as_of=LATE)
    assert stores.insiders.store([], source="edgar", received_at=RECEIVED) == NOTHING


def test_one_filing_may_be_of_two_symbols(stores):
    filings = [a_filing(symbol="GOOG"), a_filing(symbol="GOOGL", transactions=(a_trade(),) * 2)]
    stores.insiders.store(filings[:1], source="edgar", received_at=RECEIVED)
    assert stores.insiders.store(filings[1:], source="edgar", received_at=RECEIVED) == NEW
    assert stores.insiders.load(as_of=LATE).symbols == ("GOOG", "GOOGL")
    assert_known_filings(stores, *filings, as_of=LATE)


def test_filings_ascend_by_symbol_instant_and_accession_amendments_last(stores):
    filings = [
        a_filing("2", known_at=day(3), transactions=(a_trade(shares=1.0),)),
        a_filing("1", transactions=(a_trade(shares=2.0),)),
        a_filing("3", transactions=(a_trade(shares=3.0),)),
        a_filing("0", form="4/A", transactions=(a_trade(shares=4.0),)),
        a_filing("0", symbol="B", transactions=(a_trade(shares=5.0),)),
    ]
    stores.insiders.store(filings[::-1], source="edgar", received_at=RECEIVED)
    known = stores.insiders.load(as_of=LATE)
    assert known.trades.shares.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert known.symbol_index.tolist() == [0, 0, 0, 0, 1]


def test_filings_are_known_by_what_was_dealt_on_the_open_market(stores):
    """Awards, exercises and gifts are none, nor what is in the derivative tables."""
    others = [a_trade(line=line, code=code) for line, code in enumerate("AMFGX", start=2)]
    derivative = a_trade(line=7, is_derivative=True)
    both, award_alone, amendment = (
        a_filing("1", transactions=(a_trade(), *others, derivative)),
        a_filing("2", transactions=(others[0],), symbol="B"),
        a_filing("3", form="4/A", transactions=()),
    )
    stores.insiders.store([both, award_alone, amendment], source="edgar", received_at=LATE)
    known = stores.insiders.load(as_of=LATE)
    assert known.symbols == ("A",)
    assert known.is_amendment.tolist() == [False, True]
    assert known.trades.offsets.tolist() == [0, 1, 1]


def test_a_filing_is_known_from_its_own_instant(stores):
    stores.insiders.store([a_filing()], source="edgar", received_at=RECEIVED)
    assert_known_filings(stores, as_of=day(5) - A_MOMENT)
    assert_known_filings(stores, a_filing(), as_of=day(5))


def test_filings_stored_or_refused_need_not_be_fetched_again(stores):
    filings = [a_filing("1"), a_filing("2", symbol="B")]
    stores.insiders.store(filings, source="edgar", received_at=RECEIVED)
    refused = RefusedRow(subject="3", reason="no owner", received={})
    stores.log.refuse(Family.INSIDERS, "edgar", [refused], at=RECEIVED)
    other = replace(refused, subject="4")
    stores.log.refuse(Family.FUNDAMENTALS, "edgar", [other], at=RECEIVED)
    assert stores.insiders.accessions("A") == {"1", "3"}
    assert stores.insiders.accessions("C") == {"3"}
