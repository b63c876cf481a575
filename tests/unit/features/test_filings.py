"""Ownership filings as trades: what counts, from when on, and what an amendment does to it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from alpha_oracle.features.joining.filings import known_trades
from tests.fakes.insiders import filing_columns
from tests.unit.features.reference_rows import (
    a_filing,
    a_frame,
    a_trade,
    an_insider,
    day,
    split,
)

FIRST = "2015-03-03T21:00"
LATER = "2015-03-20T20:00"


def entries(*filings, frame=None, **laid_out):
    frame = frame or a_frame(**laid_out)
    trades = known_trades(filing_columns(filings), frame, covered={})
    sessions = [str(np.datetime64(int(number), "D")) for number in frame.days]
    return [
        (
            sessions[trades.row[at]],
            sessions[trades.position[at]],
            int(trades.sign[at]),
            float(trades.shares[at]),
        )
        for at in range(len(trades.row))
    ]


def test_a_trade_counts_from_the_session_its_filing_was_known_on():
    assert entries(a_filing("2015-03-03T23:30", a_trade(on="2015-02-27"))) == [
        ("2015-03-04", "2015-03-04", 1, 100.0)
    ]


def test_purchases_and_sales_are_told_apart():
    told = [a_trade("P", line=2, shares=7), a_trade("S", line=1, shares=8)]
    trades = known_trades(filing_columns([a_filing(FIRST, *told)]), a_frame(), covered={})
    assert trades.shares.tolist() == [8.0, 7.0]
    assert trades.is_purchase.tolist() == [False, True]
    assert trades.notional.tolist() == [80.0, 70.0]


def test_a_filing_of_several_owners_counts_once_and_for_an_officer_if_any_is_one():
    owners = [an_insider("7"), an_insider("8", officer=True), an_insider("9")]
    told = filing_columns([a_filing(FIRST, a_trade(), owners=owners)])
    trades = known_trades(told, a_frame(), covered={})
    assert trades.shares.tolist() == [100.0]
    assert trades.is_officer.tolist() == [True]


def test_a_price_not_given_is_unknown_and_a_price_of_zero_is_zero():
    told = a_filing(FIRST, a_trade(price=None, line=1), a_trade(price=0.0, line=2))
    trades = known_trades(filing_columns([told]), a_frame(), covered={})
    np.testing.assert_array_equal(trades.notional, [np.nan, 0.0])


def test_joint_filers_telling_the_same_trade_on_one_day_tell_it_once():
    """It counts for whom it was known of first, whatever the numbers of the filings."""
    fund = a_filing(FIRST, a_trade(after=900.0), owners=[an_insider("1")], accession="2")
    manager = a_filing(
        "2015-03-03T22:30", a_trade(after=900.0), owners=[an_insider("2")], accession="1"
    )
    assert entries(manager, fund) == [("2015-03-03", "2015-03-03", 1, 100.0)]


NOT_THE_SAME = {
    "another holding after it": {"after": 901.0},
    "another price": {"price": 10.5},
    "another day": {"on": "2015-02-27"},
}


@pytest.mark.parametrize("changes", NOT_THE_SAME.values(), ids=NOT_THE_SAME)
def test_trades_that_differ_are_two(changes):
    one = a_filing(FIRST, a_trade(after=900.0), owners=[an_insider("1")], accession="1")
    other = a_filing(
        FIRST, a_trade(**{"after": 900.0, **changes}), owners=[an_insider("2")], accession="2"
    )
    assert len(entries(one, other)) == 2


def test_equal_trades_of_one_filing_or_one_owner_are_two():
    twice = a_filing(FIRST, a_trade(line=1), a_trade(line=2), accession="1")
    again = a_filing(FIRST, a_trade(), accession="2")
    assert len(entries(twice, again)) == 3


def test_joint_filers_on_different_days_tell_two_trades():
    one = a_filing(FIRST, a_trade(), owners=[an_insider("1")])
    other = a_filing("2015-03-04T21:00", a_trade(), owners=[an_insider("2")])
    assert len(entries(one, other)) == 2


def test_an_amendment_takes_its_originals_place_from_its_own_filing_on():
    original = a_filing(FIRST, a_trade(shares=100))
    amended = a_filing(LATER, a_trade(shares=90), amends=True, replaces="2015-03-03")
    assert entries(amended, original) == [
        ("2015-03-03", "2015-03-03", 1, 100.0),
        ("2015-03-20", "2015-03-03", -1, 100.0),
        ("2015-03-20", "2015-03-03", 1, 90.0),
    ]


def test_an_amendment_that_tells_of_no_trade_takes_the_original_back():
    original = a_filing(FIRST, a_trade(shares=100))
    amended = a_filing(LATER, amends=True, replaces="2015-03-03")
    assert [entry[2] for entry in entries(original, amended)] == [1, -1]


def test_of_several_amendments_the_newest_holds():
    original = a_filing(FIRST, a_trade(shares=100))
    first = a_filing(LATER, a_trade(shares=90), amends=True, replaces="2015-03-03")
    second = a_filing("2015-04-01T20:00", a_trade(shares=80), amends=True, replaces="2015-03-03")
    assert entries(second, original, first)[-2:] == [
        ("2015-04-01", "2015-03-03", -1, 90.0),
        ("2015-04-01", "2015-03-03", 1, 80.0),
    ]


def test_without_a_day_that_fits_the_original_is_that_of_the_same_report():
    original = a_filing(FIRST, a_trade(shares=100), period="2015-03-02")
    other = a_filing("2015-03-10T20:00", a_trade(shares=5), period="2015-03-09")
    amended = a_filing(
        LATER, a_trade(shares=90), amends=True, replaces="2015-01-15", period="2015-03-02"
    )
    assert ("2015-03-20", "2015-03-03", -1, 100.0) in entries(original, other, amended)


def test_of_two_filings_of_the_day_an_amendment_mends_the_one_of_its_report():
    one = a_filing(FIRST, a_trade(shares=100), period="2015-02-27", accession="1")
    other = a_filing(FIRST, a_trade(shares=50), period="2015-03-02", accession="2")
    amended = a_filing(
        LATER, a_trade(shares=90), amends=True, replaces="2015-03-03", period="2015-02-27"
    )
    taken_back = [entry for entry in entries(one, other, amended) if entry[2] < 0]
    assert taken_back == [("2015-03-20", "2015-03-03", -1, 100.0)]


def test_of_two_filings_that_fit_alike_an_amendment_mends_the_one_known_last():
    one = a_filing(FIRST, a_trade(shares=100), accession="1")
    other = a_filing("2015-03-03T21:30", a_trade(shares=50), accession="2")
    amended = a_filing(LATER, a_trade(shares=40), amends=True, replaces="2015-03-03")
    taken_back = [entry[3] for entry in entries(one, other, amended) if entry[2] < 0]
    assert taken_back == [50.0]


def test_an_amendment_mends_nothing_of_another_owner_or_symbol():
    original = a_filing(FIRST, a_trade(), owners=[an_insider("1")])
    elsewhere = a_filing(FIRST, a_trade(), symbol="BETA")
    amended = a_filing(
        LATER, a_trade(shares=9), owners=[an_insider("2")], amends=True, replaces="2015-03-03"
    )
    told = entries(original, elsewhere, amended, symbols=("ACME", "BETA"))
    assert [entry[2] for entry in told] == [1, 1, 1]


def test_an_amendment_without_its_original_stands_alone_until_the_next():
    first = a_filing(FIRST, a_trade(shares=90), amends=True, replaces="2015-02-20")
    second = a_filing(LATER, a_trade(shares=80), amends=True, replaces="2015-02-20")
    assert entries(first, second) == [
        ("2015-03-03", "2015-03-03", 1, 90.0),
        ("2015-03-20", "2015-03-03", -1, 90.0),
        ("2015-03-20", "2015-03-03", 1, 80.0),
    ]


def test_joint_filers_who_both_amend_still_tell_one_trade():
    def both(known_at, shares, **changes):
        return [
            a_filing(
                known_at,
                a_trade(shares=shares, after=900.0),
                owners=[an_insider(owner)],
                accession=f"{known_at}/{owner}",
                **changes,
            )
            for owner in ("1", "2")
        ]

    told = entries(*both(FIRST, 100), *both(LATER, 90, amends=True, replaces="2015-03-03"))
    assert [entry[2:] for entry in told] == [(1, 100.0), (-1, 100.0), (1, 90.0)]


def test_shares_are_those_of_the_first_bar():
    """A 2:1 split between two trades: 100 before it are as many as 200 after."""
    before = a_filing(FIRST, a_trade(shares=100, on="2015-03-02"))
    after = a_filing("2015-06-03T20:00", a_trade(shares=200, on="2015-06-01", price=5.0))
    frame = a_frame(actions=[split("2015-06-01", 2)])
    trades = known_trades(filing_columns([before, after]), frame, covered={})
    assert trades.shares.tolist() == [100.0, 100.0]
    assert trades.notional.tolist() == [1000.0, 1000.0]


def test_what_was_known_before_the_panel_lies_outside_every_window():
    """The first session, 2015-01-02, sees what came after the decision of 2014-12-31."""
    before = a_filing("2014-12-31T22:00", a_trade(on="2014-12-29"), accession="1")
    seen = a_filing("2014-12-31T22:01", a_trade(on="2014-12-29", shares=5), accession="2")
    amended = a_filing(LATER, a_trade(shares=7), amends=True, replaces="2014-12-31")
    assert entries(before, seen) == [("2015-01-02", "2015-01-02", 1, 5.0)]
    assert entries(before, amended) == []


COVERAGE = {
    "well before the panel": ("2014-06-01", 0),
    "the session before the panel": ("2014-12-31", 0),
    "the first session": ("2015-01-02", 1),
    "a weekend": ("2015-01-04", 2),
    "beyond the panel": ("2018-01-01", 504),
}


@pytest.mark.parametrize(("covered", "row"), COVERAGE.values(), ids=COVERAGE)
def test_a_session_is_covered_when_the_evening_before_it_is(covered, row):
    frame = a_frame()
    assert frame.sessions == 504
    trades = known_trades(
        filing_columns([]), frame, covered={"ACME": day(covered), "OTHER": day(covered)}
    )
    assert trades.covered_from.tolist() == [row]


def test_a_symbol_never_covered_is_covered_from_no_session():
    told = filing_columns([a_filing(FIRST, a_trade())])
    trades = known_trades(told, a_frame(), covered={})
    assert trades.covered_from.tolist() == [trades.sessions]


def test_without_filings_and_coverage_there_are_no_insiders():
    other = filing_columns([a_filing(FIRST, a_trade(), symbol="OTHER")])
    assert known_trades(other, a_frame(), covered={"OTHER": day("2015-01-02")}) is None


def many_filings(seed):
    """Filings of three owners over half a year, a third of them amended once or twice."""
    chance = random.Random(seed)
    filings = []
    for number in range(60):
        month, of_month = 1 + number // 10, 1 + number % 10 * 2
        owner = an_insider(str(chance.randrange(3)))
        on = f"2015-{month:02d}-{of_month:02d}"
        shares = float(chance.randrange(1, 9))
        told = [a_trade(chance.choice("PSA"), shares=shares, line=line) for line in (1, 2)]
        filings.append(
            a_filing(f"{on}T{chance.randrange(11, 23)}:00", *told, owners=[owner], period=on)
        )
        filings += [
            a_filing(
                f"2015-{month + 1 + times:02d}-{of_month:02d}T15:00",
                a_trade(shares=shares + 0.5),
                owners=[owner],
                accession=f"{number}/{times}",
                amends=True,
                replaces=on,
                period=on,
            )
            for times in range(chance.choice((0, 0, 1, 2)))
        ]
    return filings


@pytest.mark.parametrize("seed", range(5))
def test_filings_known_later_change_no_trade_before(seed):
    filings = many_filings(seed)
    frame = a_frame()
    whole = entries(*filings, frame=frame)
    for row in range(20, 200, 30):
        decision = np.datetime64(int(frame.decisions[row]), "us").item()
        session = str(np.datetime64(int(frame.days[row]), "D"))
        by_then = [told for told in filings if told.known_at.replace(tzinfo=None) <= decision]
        assert entries(*by_then, frame=frame) == [told for told in whole if told[0] <= session]
