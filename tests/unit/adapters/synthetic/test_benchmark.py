from datetime import date

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.market import market_through
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.market import BENCHMARK, ActionKind
from tests.unit.adapters.synthetic.reference import SETTINGS, START

LATER = date(2021, 6, 30)


@pytest.fixture(scope="module")
def source():
    return SyntheticBarSource(SETTINGS)


@pytest.fixture(scope="module")
def spy(source):
    return source.fetch([BENCHMARK], start=START, end=LATER)


def test_spy_comes_when_asked_for_by_name_and_is_no_company(source, spy):
    assert spy.bars.symbols == (BENCHMARK,)
    assert BENCHMARK not in source.symbols(LATER)
    assert BENCHMARK not in {stay.symbol for stay in source.members(through=LATER)}
    assert BENCHMARK not in {sector.symbol for sector in source.sectors(through=LATER)}
    assert BENCHMARK not in {action.symbol for action in source.actions(through=LATER)}


def test_spy_beside_companies_changes_neither(source, spy):
    start, end = date(2018, 1, 2), date(2018, 12, 31)
    alone = source.fetch(["SYN001", "SYN002"], start=start, end=end)
    both = source.fetch(["SYN002", BENCHMARK, "SYN001"], start=start, end=end)
    assert both.bars.symbols == (BENCHMARK, "SYN001", "SYN002")
    assert len(both.bars) == 3 * 251
    for symbol, of in enumerate((spy, alone, alone)):
        bars = both.bars.take(both.bars.symbol_index == symbol)
        name = both.bars.symbols[symbol]
        rows = of.bars.symbol_index == of.bars.symbols.index(name)
        rows &= (of.bars.session >= np.datetime64(start)) & (of.bars.session <= np.datetime64(end))
        for field in ("session", "open", "high", "low", "close", "volume"):
            assert np.array_equal(getattr(bars, field), getattr(of.bars.take(rows), field))
    assert len(both.actions) == 4 + len(alone.actions)


def test_spy_has_a_consistent_bar_of_every_session(spy):
    bars = spy.bars
    assert bars.session.tolist() == list(calendar.sessions_between(START, LATER))
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    for price in (bars.open, bars.high, bars.low, bars.close):
        assert (np.round(price, 2) == price).all()
    assert (bars.volume > 1e7).all()


def test_spy_is_the_same_in_every_range(source, spy):
    part = source.fetch([BENCHMARK], start=date(2016, 3, 1), end=date(2016, 9, 30))
    rows = (spy.bars.session >= np.datetime64("2016-03-01")) & (
        spy.bars.session <= np.datetime64("2016-09-30")
    )
    assert np.array_equal(part.bars.close, spy.bars.close[rows])
    assert part.actions == tuple(
        action for action in spy.actions if date(2016, 3, 1) <= action.ex_date <= date(2016, 9, 30)
    )


def test_before_the_markets_start_there_is_no_spy(source):
    before = source.fetch([BENCHMARK], start=date(2013, 1, 2), end=date(2014, 12, 31))
    assert (len(before.bars), before.actions) == (0, ())


def test_spy_pays_on_the_third_friday_of_each_quarters_last_month(spy):
    # By the calendars of those years; Good Friday of 2008 was such a Friday.
    days = [action.ex_date for action in spy.actions]
    assert days[:5] == [
        date(2015, 3, 20),
        date(2015, 6, 19),
        date(2015, 9, 18),
        date(2015, 12, 18),
        date(2016, 3, 18),
    ]
    assert len(days) == 26
    assert all(action.kind is ActionKind.DIVIDEND for action in spy.actions)
    assert all(action.known_at == calendar.session_open(action.ex_date) for action in spy.actions)
    older = SyntheticBarSource(SyntheticSettings(seed=7, symbols=2, start=date(2008, 1, 2)))
    first = older.fetch([BENCHMARK], start=date(2008, 1, 2), end=date(2008, 4, 30)).actions
    assert [action.ex_date for action in first] == [date(2008, 3, 20)]


def test_spy_pays_less_than_two_percent_a_year(spy):
    closes = dict(zip(spy.bars.session.tolist(), spy.bars.close.tolist(), strict=True))
    for action in spy.actions:
        before = closes[calendar.shift_session(action.ex_date, -1)]
        assert 0.003 < float(action.value) / before < 0.006


def test_spy_follows_the_market_without_generating_it(spy):
    wide = SyntheticSettings(seed=SETTINGS.seed, symbols=200, start=START)
    market = market_through(wide, LATER)
    returns = np.diff(np.log(spy.bars.close))
    index = np.diff(np.log(market.index.close[: len(spy.bars)]))
    assert np.corrcoef(returns, index)[0, 1] > 0.95
    assert abs(returns.mean() - index.mean()) * 252 < 0.05
    assert 0.08 < returns.std() * 252**0.5 < 0.25


def test_the_spy_of_a_seed_is_the_same_on_every_machine_and_version(spy):
    assert spy.bars.close[[0, 500, -1]].tolist() == [205.0, 299.17, 308.74]
