from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.companies import SECTORS
from alpha_oracle.adapters.synthetic.market import market_through
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.market import ActionKind

START = date(2015, 1, 2)
LATER = date(2021, 6, 30)
SETTINGS = SyntheticSettings(seed=7, symbols=80, start=START)


@pytest.fixture
def source():
    return SyntheticBarSource(SETTINGS)


def test_its_bars_say_synthetic_and_its_tickers_are_nobodys(source):
    assert source.name == "synthetic"
    assert source.symbols(START)[:2] == ("SYN001", "SYN002")
    assert all(symbol.startswith("SYN") for symbol in source.symbols(LATER))


def test_before_its_start_the_market_has_no_symbols_and_no_bars(source):
    assert source.symbols(date(2014, 6, 2)) == ()
    before = source.fetch(["SYN001"], start=date(2014, 1, 2), end=date(2014, 12, 31))
    assert len(before.bars) == 0


def test_the_latest_session_of_the_calendar_has_bars(source):
    last = calendar.last_session()
    assert len(source.fetch(source.symbols(last), start=last, end=date(2999, 1, 1)).bars) > 60


def test_actions_known_at_the_open_of_their_ex_date_explain_the_prices(source):
    actions = source.actions(through=LATER)
    split = next(action for action in actions if action.kind is ActionKind.SPLIT)
    before = calendar.shift_session(split.ex_date, -1)
    bars = source.fetch([split.symbol], start=before, end=split.ex_date).bars
    assert bars.close[1] * float(split.value) == pytest.approx(bars.close[0], rel=0.15)
    assert split.known_at == calendar.session_open(split.ex_date)
    assert isinstance(split.value, Decimal)


def test_actions_come_with_the_bars_they_explain(source):
    symbols = source.symbols(START)
    told = source.fetch(symbols, start=START, end=LATER).actions
    assert list(told) == [
        action for action in source.actions(through=LATER) if action.symbol in symbols
    ]
    assert [(action.symbol, action.ex_date) for action in told] == sorted(
        (action.symbol, action.ex_date) for action in told
    )


def test_actions_before_a_session_do_not_change_as_it_passes(source):
    earlier = source.actions(through=date(2018, 3, 1))
    later = source.actions(through=LATER)
    assert earlier == [action for action in later if action.ex_date <= date(2018, 3, 1)]


def test_members_are_listed_and_leave_at_the_latest_with_their_last_bar(source):
    for stay in source.members(through=LATER):
        first = source.fetch([stay.symbol], start=stay.start, end=stay.start)
        assert len(first.bars) == 1
        assert stay.end is None or stay.end <= LATER


def test_a_stay_that_ends_later_is_still_open_as_of_a_session(source):
    later = source.members(through=LATER)
    ended = [stay for stay in later if stay.end is not None]
    day = calendar.shift_session(ended[0].end, -1)
    earlier = {stay.symbol: stay.end for stay in source.members(through=day)}
    assert len(ended) >= 2
    assert earlier[ended[0].symbol] is None


def test_every_symbol_ever_listed_has_one_of_the_eleven_sectors(source):
    assignments = source.sectors(through=LATER)
    assert {assignment.sector for assignment in assignments} == set(SECTORS)
    assert set(source.symbols(LATER)) <= {assignment.symbol for assignment in assignments}


@pytest.mark.parametrize("series", ["index_bars", "vix"])
def test_index_and_vix_are_consistent_bars_of_every_session(source, series):
    bars = getattr(source, series)(start=START, end=LATER)
    assert bars.session.tolist() == list(calendar.sessions_between(START, LATER))
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert not set(bars.symbols) & set(source.symbols(LATER))


def test_threads_that_ask_at_once_share_one_market():
    settings = SyntheticSettings(seed=99, symbols=5, start=START)
    with ThreadPoolExecutor(4) as threads:
        markets = list(threads.map(lambda _: market_through(settings, LATER), range(8)))
    assert len(set(map(id, markets))) == 1
