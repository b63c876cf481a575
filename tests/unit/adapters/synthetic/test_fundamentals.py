from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.companies import SECTORS
from alpha_oracle.adapters.synthetic.documents import write_library
from alpha_oracle.adapters.synthetic.fundamentals import SyntheticFundamentals
from alpha_oracle.adapters.synthetic.market import market_through
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.domain.fundamentals import StatementItem as Item
from tests.fakes.clock import FixedClock
from tests.unit.adapters.synthetic.markets import a_market
from tests.unit.adapters.synthetic.reference import (
    LARGE,
    LARGE_NOW,
    NOW,
    SETTINGS,
    START,
    a_source,
    by_document,
    days_of,
    symbols_of,
)

QUARTER_DAYS = range(88, 94)
YEAR_DAYS = range(364, 368)


@pytest.fixture(scope="module")
def market():
    return market_through(LARGE, LARGE_NOW.date())


@pytest.fixture(scope="module")
def told(market):
    """The facts of every symbol of the large market."""
    source = a_source(SyntheticFundamentals, settings=LARGE, now=LARGE_NOW)
    return {
        symbol: source.fetch(symbol, since=None).facts
        for symbol in symbols_of(LARGE, now=LARGE_NOW)
    }


@pytest.fixture(scope="module")
def documents(told):
    return [
        {(fact.item, fact.period_start, fact.period_end): fact for fact in facts}
        for symbol in told
        for facts in by_document(told[symbol]).values()
    ]


def figures(document, item):
    return [fact for (kind, _, _), fact in document.items() if kind is item]


def annual(document, item):
    return next((f for f in figures(document, item) if days_of(f) in YEAR_DAYS), None)


def is_amendment(document):
    return int(next(iter(document.values())).document[-1]) % 2 == 1


def test_the_same_is_told_whoever_asks_and_in_whatever_order(told):
    again = a_source(SyntheticFundamentals, settings=LARGE, now=LARGE_NOW)
    for symbol in reversed(list(told)[::40]):
        assert again.fetch(symbol, since=None).facts == told[symbol]


@pytest.mark.parametrize("day", [date(2015, 3, 20), date(2015, 8, 20), date(2015, 12, 18)])
def test_statements_are_the_same_however_far_the_market_is_generated(day):
    short, long = (a_market(symbols=40, through=end) for end in (day, date(2016, 12, 30)))
    libraries = [(market, write_library(7, market)) for market in (short, long)]
    for symbol in short.companies.symbols:
        told, again = (
            library.facts(
                symbol,
                column,
                reports=library.reports(column, until=calendar.decision_instant(day)),
            )
            for library, column in ((one, market.column(symbol)) for market, one in libraries)
        )
        assert list(told) == list(again)


def test_what_was_told_stays_told_as_the_market_goes_on():
    at, later = (datetime(year, 12, 30, 21, 0, tzinfo=UTC) for year in (2016, 2018))
    settings = SyntheticSettings(seed=11, symbols=12, start=START)
    for symbol in symbols_of(settings, now=at):
        before, after = (
            a_source(SyntheticFundamentals, settings=settings, now=now)
            .fetch(symbol, since=None)
            .facts
            for now in (at, later)
        )
        assert before == tuple(fact for fact in after if fact.known_at <= at)


def test_nothing_is_told_before_it_is_filed():
    clock = FixedClock(NOW)
    source = SyntheticFundamentals(SETTINGS, clock=clock)
    last = source.fetch("SYN001", since=None).facts[-1].known_at
    clock.set(last - timedelta(seconds=1))
    assert max(f.known_at for f in source.fetch("SYN001", since=None).facts) < last
    clock.set(last)
    assert max(f.known_at for f in source.fetch("SYN001", since=None).facts) == last


def test_a_company_tells_the_same_in_a_larger_market(told):
    small = SyntheticSettings(seed=LARGE.seed, symbols=5, start=START)
    source = a_source(SyntheticFundamentals, settings=small, now=LARGE_NOW)
    assert source.fetch("SYN003", since=None).facts == told["SYN003"]


def test_an_answer_is_empty_until_the_next_report():
    source = a_source(SyntheticFundamentals)
    facts = source.fetch("SYN002", since=None).facts
    last = facts[-1].known_at
    assert source.fetch("SYN002", since=last - timedelta(days=1)).facts == facts
    nothing = source.fetch("SYN002", since=last)
    assert (nothing.facts, nothing.absence) == ((), None)


def test_a_symbol_that_is_nobodys_yet_is_absent(market):
    listed = market.companies.listed
    late = int(np.argmax(listed * (market.companies.delisted >= len(market.sessions))))
    before = calendar.decision_instant(market.sessions[listed[late] - 1].item())
    source = a_source(SyntheticFundamentals, settings=LARGE, now=before)
    for symbol in (market.companies.symbols[late], "SPY", "AAPL"):
        assert source.fetch(symbol, since=None).absence.kind is AbsenceKind.UNKNOWN_SYMBOL


def test_every_balance_sheet_balances(documents):
    for document in documents:
        (assets,), (liabilities,), (equity,) = (
            figures(document, item)
            for item in (Item.TOTAL_ASSETS, Item.TOTAL_LIABILITIES, Item.EQUITY)
        )
        assert assets.value == liabilities.value + equity.value
        parts = [figures(document, item) for item in (Item.CURRENT_ASSETS, Item.CASH)]
        assert all(part[0].value <= assets.value for part in parts if part)


def test_income_adds_up_in_every_document(documents):
    for document in documents:
        for (item, start, end), revenue in document.items():
            if item is not Item.REVENUE:
                continue
            gross = document.get((Item.GROSS_PROFIT, start, end))
            cost = document.get((Item.COST_OF_REVENUE, start, end))
            if gross and cost:
                assert gross.value == revenue.value - cost.value
            tax, interest = (
                document.get((kind, start, end))
                for kind in (Item.INCOME_TAX, Item.INTEREST_EXPENSE)
            )
            if tax and interest:
                operating = document[Item.OPERATING_INCOME, start, end].value
                net = document[Item.NET_INCOME, start, end].value
                assert net == operating - interest.value - tax.value


def test_a_year_is_the_sum_of_its_quarters(told):
    summed = 0
    for facts in told.values():
        newest = {}
        for fact in facts:
            if fact.item in {Item.REVENUE, Item.NET_INCOME}:
                newest[fact.item, fact.period_start, fact.period_end] = fact
        for (item, start, end), year in newest.items():
            if days_of(year) not in YEAR_DAYS:
                continue
            quarters = [
                fact
                for (kind, begins, ends), fact in newest.items()
                if kind is item
                and begins >= start
                and ends <= end
                and days_of(fact) in QUARTER_DAYS
            ]
            if len(quarters) == 4:
                assert year.value == sum(fact.value for fact in quarters)
                summed += 1
    assert summed > 300


def test_cash_flows_are_told_from_the_start_of_the_year(told):
    spans = {
        round(days_of(fact) / 91.3)
        for fact in told["SYN001"]
        if fact.item is Item.OPERATING_CASH_FLOW
    }
    assert spans == {1, 2, 3, 4}


def test_a_report_tells_income_of_its_quarter_and_of_the_year_to_date(documents):
    for document in documents:
        spans = sorted(round(days_of(fact) / 91.3) for fact in figures(document, Item.NET_INCOME))
        if not is_amendment(document):
            assert spans in ([1], [1, 2], [1, 3], [4], [1, 4])


def test_depreciation_only_grows_within_a_year(told):
    for facts in told.values():
        so_far = {}
        for fact in facts:
            if fact.item is Item.DEPRECIATION_AMORTIZATION:
                assert fact.value >= so_far.get(fact.period_start, 0.0)
                so_far[fact.period_start] = fact.value


def test_equity_follows_what_is_earned(told):
    changes, kept = [], []
    for facts in told.values():
        equity = {f.period_end: f.value for f in facts if f.item is Item.EQUITY}
        for fact in facts:
            if fact.item is Item.NET_INCOME and days_of(fact) in YEAR_DAYS:
                before = fact.period_start - timedelta(days=1)
                if before in equity and fact.period_end in equity and equity[before] > 0.0:
                    changes.append(equity[fact.period_end] / equity[before] - 1.0)
                    kept.append(fact.value / equity[before])
    assert len(changes) > 200
    ranks = [np.argsort(np.argsort(values)) for values in (changes, kept)]
    assert np.corrcoef(*ranks)[0, 1] > 0.3


def test_reports_are_filed_when_companies_file_them(documents):
    quarterly, yearly, moments = [], [], []
    for document in documents:
        equity = figures(document, Item.EQUITY)[0]
        filed = equity.known_at.astimezone(calendar.NEW_YORK)
        moments.append(filed.time())
        assert calendar.is_session(filed.date())
        if not is_amendment(document):
            taken = yearly if annual(document, Item.REVENUE) else quarterly
            taken.append((filed.date() - equity.period_end).days)
    assert (min(quarterly) >= 25, max(quarterly) <= 45) == (True, True)
    assert (min(yearly) >= 40, max(yearly) <= 75) == (True, True)
    assert (min(moments) >= time(7, 0), max(moments) <= time(17, 30)) == (True, True)
    assert 0.05 < np.mean([moment > time(17, 0) for moment in moments]) < 0.4


def test_fiscal_years_end_in_many_months_mostly_in_december(documents):
    ends = [
        fact.period_end.month for document in documents if (fact := annual(document, Item.REVENUE))
    ]
    assert len(set(ends)) >= 5
    assert 0.5 < np.mean(np.array(ends) == 12) < 0.85


def test_about_one_quarter_in_fifty_is_restated_and_only_downwards(documents, told):
    restated = [document for document in documents if is_amendment(document)]
    quarters = sum(not is_amendment(document) for document in documents)
    assert 0.01 < len(restated) / quarters < 0.035
    first = {}
    for facts in told.values():
        for fact in facts:
            if fact.item is Item.REVENUE and int(fact.document[-1]) % 2 == 0:
                first[fact.symbol, fact.period_start, fact.period_end] = fact
    for document in restated:
        corrected = annual(document, Item.REVENUE)
        original = first[corrected.symbol, corrected.period_start, corrected.period_end]
        assert corrected.value < original.value
        assert corrected.known_at > original.known_at + timedelta(days=50)


def test_shares_are_counted_a_month_later_and_jump_with_a_split(told, market):
    jumps = 0
    for column, symbol in enumerate(market.companies.symbols):
        counts = [f for f in told.get(symbol, ()) if f.item is Item.SHARES_OUTSTANDING]
        for before, after in pairwise(counts):
            rows = market.rows(before.period_end + timedelta(days=1), after.period_end)
            split = np.prod(market.actions.split[rows, column])
            assert after.value / before.value == pytest.approx(split, rel=0.04)
            jumps += split != 1.0
    assert jumps >= 5


def test_a_share_count_is_of_a_day_between_the_period_and_the_filing(documents):
    for document in documents:
        (count,) = figures(document, Item.SHARES_OUTSTANDING)
        assert figures(document, Item.EQUITY)[0].period_end < count.period_end
        assert 0 < (count.known_at.date() - count.period_end).days <= 10


def test_who_is_gone_files_no_more(told, market):
    gone = np.flatnonzero(market.companies.delisted < market.sessions_through(date(2019, 1, 1)))
    assert len(gone) >= 3
    for column in gone:
        last = market.sessions[market.companies.delisted[column]].item()
        facts = told[market.companies.symbols[column]]
        assert all(fact.known_at.astimezone(calendar.NEW_YORK).date() < last for fact in facts)


def test_banks_tell_no_gross_profit_and_who_pays_no_dividend_none(told, market):
    items = {symbol: {fact.item for fact in facts} for symbol, facts in told.items()}
    character = market.companies.character
    for column, symbol in enumerate(market.companies.symbols):
        if not items.get(symbol):
            continue
        if SECTORS[market.companies.sector[column]] == "Financials":
            assert not items[symbol] & {Item.GROSS_PROFIT, Item.CURRENT_ASSETS}
        pays = bool(character.quarterly_yield[column] > 0.0)
        assert (Item.DIVIDENDS_PAID in items[symbol]) == pays
    assert 0.6 < np.mean([Item.GROSS_PROFIT in told for told in items.values()]) < 0.9


def test_dividends_paid_are_those_the_shares_went_ex_with(told, market):
    column = int(np.argmax(market.companies.character.quarterly_yield))
    symbol = market.companies.symbols[column]
    year = next(
        fact
        for fact in told[symbol]
        if fact.item is Item.DIVIDENDS_PAID
        and days_of(fact) in YEAR_DAYS
        and fact.period_start > START
    )
    rows = market.rows(year.period_start, year.period_end)
    cash = market.actions.dividend[rows, column] * market.actions.shares[rows, column]
    expected = cash.sum() * market.companies.character.shares[column]
    assert year.value == pytest.approx(expected, abs=4_000.0)


@pytest.fixture(scope="module")
def ratios(told, market):
    """One row an annual report of a listed company: PE, PB, net margin, sector; losses negative."""
    rows = []
    for column, symbol in enumerate(market.companies.symbols):
        for document in by_document(told.get(symbol, ())).values():
            figure = {
                f.item: f for f in document if f.period_start is None or days_of(f) in YEAR_DAYS
            }
            if Item.REVENUE not in figure or figure[Item.REVENUE].known_at.year < 2015:
                continue
            row = market.sessions_through(figure[Item.REVENUE].known_at.date()) - 1
            worth = market.bars.close[row, column] * figure[Item.SHARES_OUTSTANDING].value
            value = {item: fact.value for item, fact in figure.items()}
            rows.append(
                (
                    worth / value[Item.NET_INCOME],
                    worth / value[Item.EQUITY],
                    value[Item.NET_INCOME] / value[Item.REVENUE],
                    market.companies.sector[column],
                )
            )
    return np.array(rows).T


def test_prices_stand_to_earnings_and_books_as_on_american_exchanges(ratios):
    pe, pb, margin, _ = ratios
    assert 12.0 < np.median(pe[pe > 0.0]) < 30.0
    assert np.quantile(pe[pe > 0.0], 0.05) > 4.0
    assert np.quantile(pe[pe > 0.0], 0.9) < 100.0
    assert 1.5 < np.median(pb[pb > 0.0]) < 5.0
    assert 0.04 < np.median(margin) < 0.16
    assert 0.03 < np.mean(margin < 0.0) < 0.20
    assert np.mean(pb < 0.0) < 0.05


def test_sectors_differ_as_they_do(ratios):
    _, pb, margin, sector = ratios

    def median(values, name):
        return np.median(values[sector == SECTORS.index(name)])

    assert median(margin, "Financials") > 1.5 * median(margin, "Consumer Staples")
    assert median(pb, "Information Technology") > 1.5 * median(pb, "Financials")


def test_asking_costs_no_request(told):
    plan = a_source(SyntheticFundamentals).plan(["SYN001", "SYN002"])
    assert (plan.source, plan.symbols, plan.requests) == ("synthetic", 2, 0)


def test_the_statements_of_a_seed_are_the_same_on_every_machine_and_version(told):
    fact = told["SYN001"][300]
    assert (fact.item, fact.period_end, fact.value, fact.known_at) == (
        Item.GROSS_PROFIT,
        date(2016, 3, 31),
        1_638_916_000.0,
        datetime(2016, 5, 13, 21, 0, 44, tzinfo=UTC),
    )
