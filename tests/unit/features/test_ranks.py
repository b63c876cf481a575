"""Standings among symbols, against pandas' and by hand."""

import numpy as np
import pandas as pd
import pytest

from alpha_oracle.features import ranks

NAN = np.nan


def a_market(*, rows=40, symbols=90, seed=11):
    """Values with ties, gaps and both signs; sectors some of which are unknown; members."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, symbols)).round(1).astype(np.float32)
    values[random.random(values.shape) < 0.1] = NAN
    sector = random.integers(-1, 7, size=values.shape).astype(np.int16)
    return values, sector, random.random(values.shape) < 0.8


def one_row(*values):
    return np.array([values], dtype=np.float32)


def by_pandas(values, sector, is_member):
    """Percentile and deviation from the mean by group, a row at a time."""
    ranked, excess = np.full(values.shape, NAN), np.full(values.shape, NAN)
    for row in range(len(values)):
        frame = pd.DataFrame({"value": values[row].astype(np.float64), "sector": sector[row]})
        frame = frame[is_member[row] & frame["value"].notna() & (frame["sector"] >= 0)]
        groups = frame.groupby("sector")["value"]
        enough = groups.transform("count") >= ranks.FEWEST_PEERS
        rank = (groups.rank() - 0.5) / groups.transform("count")
        ranked[row, frame.index] = rank.where(enough)
        excess[row, frame.index] = (frame["value"] - groups.transform("mean")).where(enough)
    return ranked, excess


def test_standings_in_a_sector_are_those_of_pandas():
    market = a_market()
    ranked, excess = by_pandas(*market)
    np.testing.assert_allclose(ranks.sector_percentile(*market), ranked, rtol=1e-6)
    np.testing.assert_allclose(ranks.excess_over_sector_mean(*market), excess, atol=1e-6)


def test_standings_among_all_are_those_of_pandas():
    values, _, is_member = a_market()
    frame = pd.DataFrame(np.where(is_member, values, NAN))
    expected = frame.rank(axis=1).sub(0.5).div(frame.count(axis=1), axis=0)
    np.testing.assert_allclose(ranks.percentile(values, is_member), expected, rtol=1e-6)


def test_equal_values_share_the_mean_of_their_ranks():
    everybody = np.ones((1, 4), dtype=np.bool_)
    ranked = ranks.percentile(one_row(3.0, 1.0, 3.0, 9.0), everybody)
    np.testing.assert_array_equal(ranked, one_row(0.5, 0.125, 0.5, 0.875))


def test_the_zero_below_zero_is_zero():
    everybody = np.ones((1, 3), dtype=np.bool_)
    ranked = ranks.percentile(one_row(-0.0, 0.0, 1.0), everybody)
    np.testing.assert_allclose(ranked, one_row(2 / 6, 2 / 6, 5 / 6), rtol=1e-6)


def test_who_is_no_member_has_no_rank_and_counts_in_nobodys():
    is_member = np.array([[True, False, True]])
    ranked = ranks.percentile(one_row(2.0, 5.0, 7.0), is_member)
    np.testing.assert_array_equal(ranked, one_row(0.25, NAN, 0.75))


def test_a_sector_of_two_has_no_standings():
    sector = np.array([[0, 0, 1, 1, 1]], dtype=np.int16)
    everybody = np.ones((1, 5), dtype=np.bool_)
    values = one_row(1.0, 2.0, 3.0, 4.0, 8.0)
    ranked = ranks.sector_percentile(values, sector, everybody)
    np.testing.assert_allclose(ranked, one_row(NAN, NAN, 1 / 6, 3 / 6, 5 / 6), rtol=1e-6)
    excess = ranks.excess_over_sector_mean(values, sector, everybody)
    np.testing.assert_array_equal(excess, one_row(NAN, NAN, -2.0, -1.0, 3.0))


def test_the_order_of_symbols_changes_no_bit():
    values, sector, is_member = a_market()
    values *= np.float32(1e-3) + np.exp(values)
    order = np.random.default_rng(2).permutation(values.shape[1])
    shuffled = values[:, order], sector[:, order], is_member[:, order]
    for standing in (ranks.sector_percentile, ranks.excess_over_sector_mean):
        np.testing.assert_array_equal(
            standing(*shuffled), standing(values, sector, is_member)[:, order]
        )


@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (2, 3)], ids=["rows", "symbols", "values"])
def test_where_there_is_nothing_there_are_no_standings(shape):
    nothing = np.full(shape, NAN, dtype=np.float32)
    sector, is_member = np.full(shape, -1, dtype=np.int16), np.zeros(shape, dtype=np.bool_)
    assert np.isnan(ranks.sector_percentile(nothing, sector, is_member)).all()
    assert ranks.percentile(nothing, is_member).shape == shape
