"""The suite against real files, whose defects were counted beside it (see their README)."""

from datetime import date

import numpy as np
import pytest

from alpha_oracle.adapters.files.reader import read_bars
from alpha_oracle.domain.bars import StoredBars
from alpha_oracle.domain.market import PriceBasis
from tests.unit.marketdata.intake import judge

ADJUSTED = PriceBasis.SPLIT_ADJUSTED


def judged(folder, name, prices):
    received = read_bars(folder / "bars" / f"{name}.parquet", prices=prices).received
    return judge(received, latest=date(2018, 12, 31), actions=received.actions)


def failures(validated):
    return {
        result.expectation: result.failed for result in validated.report.results if result.failed
    }


@pytest.fixture(scope="module")
def raw(shared_data):
    return judged(shared_data, "bars_raw_2010_2016", PriceBasis.RAW)


def test_raw_bars_with_their_factors_keep_all_but_what_is_wrong_or_unexplained(raw):
    assert raw.report.received == 861_314
    assert failures(raw) == {"volume_traded": 25, "jump_explained": 1278}


def test_no_split_that_the_factors_tell_is_held(raw):
    held = {(bar.symbol, bar.session) for bar in raw.held}
    splits = {("AAPL", "2014-06-09"), ("BRK.B", "2010-01-21"), ("C", "2011-05-09")}
    spin_offs = {("ABT", "2013-01-02"), ("EBAY", "2015-07-20"), ("HPQ", "2015-11-02")}
    assert not held & (splits | spin_offs)


def test_a_ticker_taken_over_by_another_company_is_held_from_that_day(raw):
    held = {bar.session for bar in raw.held if bar.symbol == "EVHC"}
    after = raw.accepted.bars.take(raw.accepted.bars.session >= np.datetime64("2016-12-02"))
    assert {"2016-12-02", "2016-12-30"} <= held
    assert "EVHC" not in {after.symbols[code] for code in set(after.symbol_index.tolist())}


def test_raw_bars_declared_adjusted_are_held_at_every_split(shared_data):
    validated = judged(shared_data, "bars_raw_2010_2016", ADJUSTED)
    held = {(bar.symbol, bar.session) for bar in validated.held}
    assert {("AAPL", "2014-06-09"), ("BRK.B", "2010-01-21"), ("C", "2011-05-09")} <= held
    assert failures(validated)["jump_explained"] == 53_077


def test_the_dirty_sample_is_held_row_by_row(shared_data):
    validated = judged(shared_data, "bars_dirty_sample", ADJUSTED)
    assert failures(validated) == {
        "values_present": 9534,
        "prices_positive": 776,
        "high_is_highest": 89,
        "low_is_lowest": 938,
        "not_stale": 10_056,
        "volume_traded": 42_330,
        "jump_explained": 9687,
    }


def test_what_was_accepted_and_what_was_held_stays_so_when_it_comes_again(shared_data):
    path = shared_data / "bars" / "bars_dirty_sample.parquet"
    received = read_bars(path, prices=ADJUSTED).received
    first = judge(received, latest=date(2018, 12, 31))
    stored = StoredBars(
        bars=first.accepted.bars,
        batch_index=np.zeros(len(first.accepted.bars), dtype=np.int32),
        batches=(received.batch,),
    )
    again = judge(received, latest=date(2018, 12, 31), stored=stored)
    assert np.array_equal(again.is_accepted, first.is_accepted)


@pytest.mark.slow
def test_the_long_file_is_held_row_by_row(shared_data):
    validated = judged(shared_data, "bars_splitadj_2000_2018", ADJUSTED)
    assert failures(validated) == {
        "values_present": 141,
        "high_is_highest": 481,
        "low_is_lowest": 85,
        "session_exists": 39,
        "not_stale": 13_292,
        "volume_traded": 38_066,
        "jump_explained": 60_845,
    }
    closed = {bar.session for bar in validated.held if "session_exists" in bar.expectations}
    assert {"2001-09-12", "2012-10-29", "2018-12-05"} <= closed
