from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.insider_events import events_of
from alpha_oracle.adapters.synthetic.insider_filings import filings_of
from alpha_oracle.adapters.synthetic.insider_people import reporters_of
from alpha_oracle.adapters.synthetic.insiders import SyntheticInsiders
from alpha_oracle.adapters.synthetic.market import market_through
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.bars import AbsenceKind
from tests.fakes.clock import FixedClock
from tests.unit.adapters.synthetic.markets import a_market
from tests.unit.adapters.synthetic.reference import (
    LARGE,
    LARGE_NOW,
    SETTINGS,
    START,
    a_source,
    symbols_of,
)


@pytest.fixture(scope="module")
def market():
    return market_through(LARGE, LARGE_NOW.date())


@pytest.fixture(scope="module")
def told(market):
    """The filings of every symbol of the large market."""
    source = a_source(SyntheticInsiders, settings=LARGE, now=LARGE_NOW)
    return {
        symbol: source.fetch(symbol, start=START, known=()).filings
        for symbol in symbols_of(LARGE, now=LARGE_NOW)
    }


@pytest.fixture(scope="module")
def filings(told):
    return [filing for each in told.values() for filing in each]


def test_the_same_is_filed_whoever_asks_and_from_whichever_day(told):
    again = a_source(SyntheticInsiders, settings=LARGE, now=LARGE_NOW)
    for symbol in reversed(list(told)[::20]):
        for start in (date(2010, 1, 1), date(2017, 6, 1), LARGE_NOW.date()):
            asked = again.fetch(symbol, start=start, known=()).filings
            assert asked == tuple(one for one in told[symbol] if one.filed_on >= start)


@pytest.mark.parametrize("day", [date(2015, month, 20) for month in (3, 7, 11)])
def test_filings_are_the_same_however_far_the_market_is_generated(day):
    short, long = (a_market(symbols=60, through=end) for end in (day, date(2015, 12, 31)))
    for symbol in short.companies.symbols:
        assert filed_by(day, short, symbol) == filed_by(day, long, symbol)


def test_a_dealing_filed_beyond_the_generated_market_counts_in_what_is_held(market):
    symbol, day = next(overtaken(market))
    short = a_market(seed=LARGE.seed, symbols=LARGE.symbols, through=day)
    assert filed_by(day, short, symbol) == filed_by(day, market, symbol)


def filed_by(day, market, symbol):
    """The filings of a symbol known at a day's decision, by a market."""
    asked = {"start": START, "until": calendar.decision_instant(day), "through": day}
    return list(filings_of(7, market, market.column(symbol), **asked))


def overtaken(market):
    """Give symbols, and days by whose decision a dealing was filed before an earlier one was."""
    for column, owner in enumerate(market.companies.owner.tolist()):
        reporters = reporters_of(7, owner)
        events = events_of(7, market, column, reporters=reporters, through=date(2019, 6, 28))
        for place, (row, filed) in enumerate(zip(events.row, events.filed_row, strict=True)):
            later = (events.row > row) & (events.filed_row < filed - 1)
            for other in np.flatnonzero(later & (events.reporter == events.reporter[place])):
                after = int(events.filed_row[other]) + 1
                yield market.companies.symbols[column], market.sessions[after].item()


def test_what_was_filed_stays_filed():
    at, later = (datetime(year, 12, 30, 12, 0, tzinfo=UTC) for year in (2016, 2018))
    settings = SyntheticSettings(seed=11, symbols=12, start=START)
    for symbol in symbols_of(settings, now=at):
        before, after = (
            a_source(SyntheticInsiders, settings=settings, now=now)
            .fetch(symbol, start=START, known=())
            .filings
            for now in (at, later)
        )
        assert before == tuple(one for one in after if one.known_at <= at)


def test_an_amended_original_is_the_only_filing_of_its_reporter_that_day(market):
    amended = 0
    for seed in range(5):
        for column, owner in enumerate(market.companies.owner.tolist()):
            events = events_of(
                seed,
                market,
                column,
                reporters=reporters_of(seed, owner),
                through=LARGE_NOW.date(),
            )
            times = Counter(zip(events.filed_row.tolist(), events.reporter.tolist(), strict=True))
            for place in np.flatnonzero(events.amended_row >= 0).tolist():
                amended += 1
                assert times[int(events.filed_row[place]), int(events.reporter[place])] == 1
    assert amended > 500


def test_nothing_is_told_before_it_is_filed():
    clock = FixedClock(LARGE_NOW)
    source = SyntheticInsiders(SETTINGS, clock=clock)
    last = source.fetch("SYN001", start=START, known=()).filings[-1]
    clock.set(last.known_at - timedelta(seconds=1))
    assert last not in source.fetch("SYN001", start=START, known=()).filings
    clock.set(last.known_at)
    assert source.fetch("SYN001", start=START, known=()).filings[-1] == last


def test_filings_known_already_do_not_come_again(told):
    source = a_source(SyntheticInsiders, settings=LARGE, now=LARGE_NOW)
    known = {filing.accession for filing in told["SYN002"][:-3]}
    assert source.fetch("SYN002", start=START, known=known).filings == told["SYN002"][-3:]


def test_accessions_are_unique_and_filings_come_in_order(told, filings):
    assert len({filing.accession for filing in filings}) == len(filings)
    for each in told.values():
        assert all(before.known_at <= after.known_at for before, after in pairwise(each))


def test_a_symbol_that_is_nobodys_is_absent():
    source = a_source(SyntheticInsiders)
    assert source.fetch("SPY", start=START, known=()).absence.kind is AbsenceKind.UNKNOWN_SYMBOL


def test_a_company_has_a_few_filings_a_quarter(told, market):
    years = market.companies.is_listed(len(market.sessions)).sum(axis=0) / 252
    quarterly = [
        len(told[symbol]) / (4 * years[column])
        for column, symbol in enumerate(market.companies.symbols)
        if symbol in told and years[column] > 2
    ]
    assert 2.0 < np.median(quarterly) < 6.0
    assert min(quarterly) > 1.0


def test_insiders_sell_more_than_they_buy_and_are_given_shares(filings):
    codes = Counter(line.code for filing in filings for line in filing.transactions)
    assert set(codes) == set("PSAMFG")
    assert 2.0 < codes["S"] / codes["P"] < 8.0
    assert codes["A"] > codes["G"] > 0


def test_officers_directors_and_large_owners_file(filings):
    owners = {owner.owner_id: owner for filing in filings for owner in filing.owners}.values()
    assert any(owner.is_officer and owner.is_director for owner in owners)
    assert any(owner.is_officer and not owner.is_director for owner in owners)
    assert any(owner.is_director and not owner.is_officer for owner in owners)
    assert all(owner.officer_title for owner in owners if owner.is_officer)
    joint = [filing for filing in filings if len(filing.owners) > 1]
    assert 0.01 < len(joint) / len(filings) < 0.15
    assert all(owner.is_ten_percent_owner for filing in joint for owner in filing.owners)


def test_several_insiders_sometimes_buy_within_days(told):
    clusters = 0
    for each in told.values():
        buyers = defaultdict(set)
        for filing in each:
            if filing.transactions[0].code == "P":
                week = filing.period_of_report.isocalendar()[:2]
                buyers[week].add(filing.owners[0].owner_id)
        clusters += sum(len(owners) >= 3 for owners in buyers.values())
    assert 0.1 < clusters / len(told) < 3.0


def test_shares_change_hands_at_prices_of_the_session(told, market):
    for symbol in list(told)[::5]:
        column = market.column(symbol)
        for filing in told[symbol]:
            row = market.sessions_through(filing.period_of_report) - 1
            low, high = market.bars.low[row, column], market.bars.high[row, column]
            for line in filing.transactions:
                if line.code in "PSF" and line.price_usd is not None:
                    assert low <= line.price_usd <= high
                if line.code in "AG":
                    assert line.price_usd == 0.0


def test_some_lines_tell_no_price(filings):
    traded = [line for filing in filings for line in filing.transactions if line.code in "PS"]
    assert 0.002 < np.mean([line.price_usd is None for line in traded]) < 0.04


def test_lines_count_what_is_held_after_each_of_them(filings):
    for filing in filings:
        held = [line for line in filing.transactions if not line.is_derivative]
        for before, after in pairwise(held):
            change = after.shares if after.is_acquisition else -after.shares
            assert after.shares_after == max(before.shares_after + change, 0.0)
        assert [line.line for line in filing.transactions] == list(range(len(filing.transactions)))
        assert all(line.shares == int(line.shares) >= 1 for line in filing.transactions)


def test_what_is_held_goes_on_from_filing_to_filing(told, market):
    # Amendments aside: of a filing that was wrong the shares and what is held do not agree.
    followed = 0
    for symbol in list(told)[::5]:
        column = market.column(symbol)
        by_owner = defaultdict(list)
        wrong = {filing.replaces_filed_on for filing in told[symbol] if filing.is_amendment}
        for filing in told[symbol]:
            if not filing.is_amendment and filing.filed_on not in wrong:
                by_owner[filing.owners[0].owner_id].append(filing)
        for each in by_owner.values():
            ordered = sorted(each, key=lambda filing: (filing.period_of_report, filing.accession))
            for before, after in pairwise(ordered):
                if after.period_of_report > date(2015, 12, 31):
                    break
                rows = market.rows(before.period_of_report + timedelta(1), after.period_of_report)
                split = np.prod(market.actions.split[rows, column])
                first, last = after.transactions[0], _last_held(before)
                change = first.shares if first.is_acquisition else -first.shares
                followed += abs(last.shares_after * split + change - first.shares_after) <= 2.0
                assert first.shares_after is not None
    assert followed > 20


def _last_held(filing):
    return [line for line in filing.transactions if not line.is_derivative][-1]


def test_most_are_filed_within_two_sessions_and_some_late(filings):
    delays = []
    for filing in filings[::4]:
        at = filing.known_at.astimezone(calendar.NEW_YORK)
        assert at.date() == filing.filed_on
        assert time(8, 0) <= at.time() < time(22, 0)
        if not filing.is_amendment:
            sessions = calendar.sessions_between(filing.period_of_report, filing.filed_on)
            delays.append(len(sessions) - 1)
            assert filing.known_at > calendar.session_open(filing.period_of_report) or delays[-1]
    assert (min(delays), max(delays)) == (0, 10)
    assert 0.85 < np.mean(np.array(delays) <= 2) < 0.97


def test_about_one_filing_in_fifty_is_amended_and_names_its_original_alone(told, filings):
    amended = [filing for filing in filings if filing.is_amendment]
    assert 0.01 < len(amended) / len(filings) < 0.03
    for filing in amended:
        owners = {owner.owner_id for owner in filing.owners}
        (original,) = [
            one
            for one in told[filing.symbol]
            if not one.is_amendment
            and one.filed_on == filing.replaces_filed_on
            and owners & {owner.owner_id for owner in one.owners}
        ]
        assert original.period_of_report == filing.period_of_report
        assert original.transactions[0].shares != filing.transactions[0].shares
        assert original.transactions[1:] == filing.transactions[1:]
        assert filing.known_at > original.known_at


def test_nobody_deals_in_what_is_not_listed(told, market):
    for symbol, each in told.items():
        column = market.column(symbol)
        listed = market.sessions[market.companies.listed[column]].item()
        assert all(filing.period_of_report >= listed for filing in each)
        if market.companies.delisted[column] < len(market.sessions):
            gone = market.sessions[market.companies.delisted[column]].item()
            assert all(filing.period_of_report < gone for filing in each)


def test_the_box_for_plans_is_on_forms_from_april_2023():
    source = a_source(SyntheticInsiders, now=datetime(2024, 6, 28, 21, 0, tzinfo=UTC))
    lines = [
        line
        for symbol in ("SYN001", "SYN002", "SYN003", "SYN004")
        for filing in source.fetch(symbol, start=date(2022, 6, 1), known=()).filings
        for line in filing.transactions
    ]
    told = {line.is_planned for line in lines if line.traded_on >= date(2023, 4, 1)}
    assert told == {True, False}
    assert {line.is_planned for line in lines if line.traded_on < date(2023, 4, 1)} == {None}


def test_the_filings_of_a_seed_are_the_same_on_every_machine_and_version(told):
    filing = told["SYN001"][10]
    assert (filing.accession, filing.known_at, filing.transactions[0].shares) == (
        "9000000000-15-100094",
        datetime(2015, 12, 22, 2, 15, 28, tzinfo=UTC),
        1_163.0,
    )
