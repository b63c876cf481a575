from dataclasses import fields
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_oracle.errors import ConfigurationError
from tests.unit.adapters.synthetic.markets import a_market, log_returns, seeds, sizes, unsplit_close

BARS = ("open", "high", "low", "close", "volume")
JUMP_BOUND = 1.4
few = settings(max_examples=15)


@few
@given(seed=seeds, symbols=sizes)
def test_a_bar_is_consistent_and_in_whole_cents(seed, symbols):
    bars = a_market(seed=seed, symbols=symbols).bars
    there = ~np.isnan(bars.close)
    opened, high, low, close, volume = (getattr(bars, name)[there] for name in BARS)
    assert (low > 0.0).all()
    assert (low <= np.minimum(opened, close)).all()
    assert (high >= np.maximum(opened, close)).all()
    assert (volume > 0.0).all()
    assert (volume == np.rint(volume)).all()
    for price in (opened, high, low, close):
        assert (np.round(price, 2) == price).all()


@few
@given(seed=seeds, symbols=sizes)
def test_all_of_a_bar_is_there_or_nothing(seed, symbols):
    bars = a_market(seed=seed, symbols=symbols).bars
    gone = [np.isnan(getattr(bars, name)) for name in BARS]
    assert all((missing == gone[0]).all() for missing in gone)


@few
@given(seed=seeds, symbols=sizes)
def test_no_jump_beyond_the_validations_bound_but_for_splits(seed, symbols):
    market = a_market(seed=seed, symbols=symbols)
    for closes in unsplit_close(market).T:
        known = closes[~np.isnan(closes)]
        ratio = known[1:] / known[:-1]
        assert (np.maximum(ratio, 1.0 / ratio) < JUMP_BOUND).all()


def test_a_split_changes_the_price_and_the_volume_but_not_the_worth():
    market = a_market(symbols=200, through=date(2024, 12, 31))
    listed = market.companies.is_listed(len(market.sessions))
    days, owners = np.nonzero((market.actions.split != 1.0) & listed)
    close, split = market.bars.close, market.actions.split
    ratio = close[days, owners] / close[days - 1, owners] * split[days, owners]
    assert len(days) > 10
    assert {2.0, 3.0, 0.1} <= set(split[days, owners].tolist())
    assert (np.abs(np.log(ratio)) < 0.2).all()
    volume = market.bars.volume
    before = np.array([np.median(volume[d - 20 : d, o]) for d, o in zip(days, owners, strict=True)])
    after = np.array(
        [np.nanmedian(volume[d : d + 20, o]) for d, o in zip(days, owners, strict=True)]
    )
    assert (np.abs(np.log(after / before / split[days, owners])) < 0.7).all()


def test_a_dividend_leaves_the_price_and_falls_on_no_split():
    market = a_market(symbols=60)
    actions = market.actions
    listed = market.companies.is_listed(len(market.sessions))
    paid = (actions.dividend > 0.0) & listed
    days, owners = np.nonzero(paid)
    yields = actions.dividend[days, owners] / market.bars.close[days - 1, owners]
    assert len(days) > 200
    assert (yields < 0.02).all()
    assert (actions.split[paid] == 1.0).all()
    assert (days > market.companies.listed[owners]).all()


@few
@given(seed=seeds, symbols=sizes, through=st.dates(date(2015, 1, 5), date(2016, 12, 29)))
def test_a_market_generated_further_begins_the_same(seed, symbols, through):
    shorter = a_market(seed=seed, symbols=symbols, through=through)
    longer = a_market(seed=seed, symbols=symbols)
    count = len(shorter.sessions)
    known = [longer.companies.symbols.index(symbol) for symbol in shorter.companies.symbols]
    assert_same(shorter.bars, longer.bars, rows=slice(0, count), columns=known)
    assert_same(shorter.actions, longer.actions, rows=slice(0, count), columns=known)
    for levels in ("index", "vix"):
        for field in fields(getattr(shorter, levels)):
            whole = getattr(getattr(longer, levels), field.name)
            assert np.array_equal(getattr(getattr(shorter, levels), field.name), whole[:count])


def test_successors_of_the_delisted_change_nothing_before_them():
    shorter = a_market(symbols=60, through=date(2019, 6, 28))
    longer = a_market(symbols=60, through=date(2024, 12, 31))
    count = len(shorter.sessions)
    known = [longer.companies.symbols.index(symbol) for symbol in shorter.companies.symbols]
    assert len(longer.companies.symbols) > len(known)
    assert_same(shorter.bars, longer.bars, rows=slice(0, count), columns=known)
    assert np.array_equal(shorter.index.close, longer.index.close[:count])


@few
@given(seed=seeds)
def test_a_company_is_the_same_in_a_larger_market(seed):
    small, large = a_market(seed=seed, symbols=5), a_market(seed=seed, symbols=12)
    shared = [large.companies.symbols.index(symbol) for symbol in small.companies.symbols]
    assert_same(small.bars, large.bars, rows=slice(None), columns=shared)


def test_the_market_of_a_seed_is_the_same_on_every_machine_and_version():
    market = a_market(seed=7, symbols=100, through=date(2024, 12, 31))
    assert market.companies.symbols[0] == "SYN001"
    assert market.bars.close[[0, 1000, -1], 0].tolist() == [37.56, 38.76, 24.59]
    assert market.vix.close[-1] == 12.91


def test_another_seed_gives_another_market():
    assert not np.array_equal(a_market(seed=1).index.close, a_market(seed=2).index.close)


def test_a_delisted_symbol_has_no_bar_after_its_last_and_a_new_one_none_before_its_first():
    market = a_market(symbols=60, through=date(2024, 12, 31))
    companies, close = market.companies, market.bars.close
    gone = np.flatnonzero(companies.delisted < len(close))
    late = np.flatnonzero(companies.listed > 0)
    assert len(gone) >= 3
    assert len(late) >= 3
    assert all(np.isnan(close[companies.delisted[owner] :, owner]).all() for owner in gone)
    assert all(np.isnan(close[: companies.listed[owner], owner]).all() for owner in late)
    assert not np.isnan(close[companies.delisted[gone] - 1, gone]).any()


def test_a_failed_company_ends_far_below_where_it_was_a_year_before():
    market = a_market(symbols=200, through=date(2024, 12, 31))
    companies = market.companies
    failed = np.flatnonzero(~companies.is_acquired & (companies.delisted < len(market.sessions)))
    last = companies.delisted[failed] - 1
    worth = unsplit_close(market)
    assert len(failed) >= 5
    assert np.median(worth[last, failed] / worth[last - 250, failed]) < 0.6


def test_bars_are_missing_now_and_then_but_rarely():
    market = a_market(symbols=300, through=date(2024, 12, 31))
    listed = market.companies.is_listed(len(market.sessions))
    missing = int((np.isnan(market.bars.close) & listed).sum())
    assert 1 <= missing <= 100


def test_returns_stay_below_the_bound_they_are_clipped_to():
    assert np.nanmax(np.abs(log_returns(a_market(symbols=100)))) < 0.29


def test_a_market_that_starts_beyond_the_calendar_is_refused():
    with pytest.raises(ConfigurationError, match=r"data\.synthetic\.start"):
        a_market(start=date(2098, 1, 2), through=date(2099, 1, 2))


def assert_same(shorter, longer, *, rows, columns):
    for field in fields(shorter):
        whole = getattr(longer, field.name)[rows][:, columns]
        assert np.array_equal(getattr(shorter, field.name), whole, equal_nan=True), field.name
