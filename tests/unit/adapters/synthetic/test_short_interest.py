from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.market import market_through
from alpha_oracle.adapters.synthetic.short_interest import SyntheticShortInterest
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.errors import ConfigurationError, NotPublished
from tests.fakes.clock import FixedClock
from tests.unit.adapters.synthetic.reference import NOW, SETTINGS, START, a_source

SETTLEMENT = date(2019, 6, 14)
KNOWN_AT = datetime(2019, 6, 26, 13, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def source():
    return a_source(SyntheticShortInterest)


@pytest.fixture(scope="module")
def files(source):
    return [source.fetch(day).positions for day in source.settlements(start=START, now=NOW)]


def test_settlements_are_mid_month_and_month_end_or_the_session_before(source):
    # By the calendars of those months: the 15th of February 2015 and of June 2019 were weekends.
    told = source.settlements(start=START, now=NOW)
    assert told[:4] == (date(2015, 1, 15), date(2015, 1, 30), date(2015, 2, 13), date(2015, 2, 27))
    assert {date(2019, 6, 14), date(2019, 6, 28), date(2020, 5, 29)} <= set(told)
    assert len(told) == len(set(told)) == 2 * 77 + 1
    assert source.settlements(start=date(2019, 6, 15), now=NOW)[0] == date(2019, 6, 28)


def test_a_file_is_known_eight_sessions_after_its_settlement_and_not_before():
    clock = FixedClock(KNOWN_AT)
    source = SyntheticShortInterest(SETTINGS, clock=clock)
    assert {position.known_at for position in source.fetch(SETTLEMENT).positions} == {KNOWN_AT}
    assert SETTLEMENT in source.settlements(start=START, now=KNOWN_AT)
    just_before = KNOWN_AT - timedelta(seconds=1)
    clock.set(just_before)
    assert SETTLEMENT not in source.settlements(start=START, now=just_before)
    with pytest.raises(NotPublished, match="2019-06-26 13:30 UTC"):
        source.fetch(SETTLEMENT)


@pytest.mark.parametrize("day", [date(2019, 6, 17), date(2014, 12, 31)])
def test_a_day_that_is_no_settlement_of_the_market_is_refused(source, day):
    with pytest.raises(ConfigurationError, match="no settlement date"):
        source.fetch(day)


def test_a_file_has_every_listed_symbol_once(source):
    listed = SyntheticBarSource(SETTINGS).symbols(SETTLEMENT)
    assert tuple(position.symbol for position in source.fetch(SETTLEMENT).positions) == listed


def test_average_volume_is_that_of_the_bars_since_the_settlement_before(source):
    bars = (
        SyntheticBarSource(SETTINGS).fetch(["SYN001"], start=date(2019, 6, 3), end=SETTLEMENT).bars
    )
    position = source.fetch(SETTLEMENT).positions[0]
    assert position.average_daily_volume == np.rint(bars.volume.mean())


def test_the_same_file_comes_however_far_the_market_has_gone_on():
    settings = SyntheticSettings(seed=12, symbols=30, start=START)
    days = (date(2016, 2, 29), date(2016, 12, 15))
    early = a_source(SyntheticShortInterest, settings=settings)
    before = [early.fetch(day) for day in days]
    late = a_source(SyntheticShortInterest, settings=settings)
    late.fetch(date(2021, 5, 28))
    assert [late.fetch(day) for day in days] == before
    assert [early.fetch(day) for day in reversed(days)] == before[::-1]


def test_a_split_multiplies_what_is_short_and_what_was_traded_before_it(source):
    market = market_through(SETTINGS, NOW.date())
    actions = SyntheticBarSource(SETTINGS).actions(through=date(2021, 5, 1))
    splits = [one for one in actions if one.kind is ActionKind.SPLIT and one.value > 1]
    split = next(one for one in splits if one.ex_date.day in {*range(6, 13), *range(20, 28)})
    dates = source.settlements(start=split.ex_date - timedelta(days=40), now=NOW)
    first, before = [day for day in dates if day < split.ex_date][-2:]
    after = next(day for day in dates if day >= split.ex_date)
    short, traded = {}, {}
    for day in (before, after):
        position = next(p for p in source.fetch(day).positions if p.symbol == split.symbol)
        short[day], traded[day] = position.shares_short, position.average_daily_volume
    ratio = float(split.value)
    assert np.log(short[after] / short[before]) == pytest.approx(np.log(ratio), abs=0.45)
    column, ex_date = market.column(split.symbol), np.datetime64(split.ex_date)
    for start, end, factor in ((first, before, 1.0), (before, after, ratio)):
        rows = market.rows(start + timedelta(days=1), end)
        counted = np.where(market.sessions[rows] < ex_date, factor, 1.0)
        volume = market.bars.volume[rows, column] * counted
        assert traded[end] == np.rint(volume.mean())


def test_companies_are_shorted_as_american_ones_are(files):
    cover = np.array([p.shares_short / p.average_daily_volume for file in files for p in file])
    assert 1.0 < np.median(cover) < 6.0
    assert np.quantile(cover, 0.99) < 60.0
    whole = {p.symbol for p in files[0]} & {p.symbol for p in files[-1]}
    short = np.log([[p.shares_short for p in file if p.symbol in whole] for file in files[-12:]])
    moves = np.abs(np.diff(short, axis=0))
    assert 0.03 < np.median(moves) < 0.3
    assert calendar.is_session(files[0][0].settlement_date)


def test_the_files_of_a_seed_are_the_same_on_every_machine_and_version(files):
    assert [(file[0].shares_short, file[-1].average_daily_volume) for file in files[::80]] == [
        (10_598_092.0, 15_152_232.0),
        (10_928_271.0, 1_061_647.0),
    ]
