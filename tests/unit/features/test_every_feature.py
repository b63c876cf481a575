"""What holds for every registered feature, whatever it computes."""

from dataclasses import replace

import numpy as np
import pytest

from alpha_oracle.features import engine, registry
from tests.unit.features.panels import a_panel_with_gaps, a_whole_panel, without

EVERY_FEATURE = pytest.mark.parametrize("feature", registry.all(), ids=lambda feature: feature.name)


def first_known(values):
    return np.argmax(np.isfinite(values), axis=0)


def assert_equal_but_for_rounding(actual, expected):
    scale = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(actual, expected, rtol=1e-7, atol=1e-9 * scale)


@EVERY_FEATURE
def test_a_feature_begins_when_its_lookback_is_known(feature):
    values = feature.compute(a_whole_panel(symbols=3, sessions=300))
    assert (first_known(values) == feature.lookback_sessions - 1).all()
    assert np.isfinite(values[feature.lookback_sessions - 1 :]).all()


@EVERY_FEATURE
def test_a_feature_sees_a_symbols_own_bars_and_no_gaps(feature):
    gappy = a_panel_with_gaps()
    values = feature.compute(gappy)
    for column in (2, 3, 4, 5):
        has_bar = np.isfinite(gappy.close[:, column])
        own = replace(
            gappy,
            sessions=gappy.sessions[has_bar],
            symbols=(gappy.symbols[column],),
            **{
                name: getattr(gappy, name)[has_bar][:, [column]]
                for name in (*gappy_fields(), "split", "dividend", "is_member")
            },
        )
        np.testing.assert_array_equal(values[has_bar, column], feature.compute(own)[:, 0])
        assert np.isnan(values[~has_bar, column]).all()


def gappy_fields():
    return ("open", "high", "low", "close", "volume", "traded_open", "traded_close")


@EVERY_FEATURE
def test_a_feature_does_not_depend_on_the_other_symbols(feature):
    panel = a_whole_panel(symbols=70, sessions=260)
    others_gone = np.ones(panel.close.shape, dtype=np.bool_)
    others_gone[:, 66] = False
    alone = feature.compute(without(panel, others_gone))
    np.testing.assert_array_equal(alone[:, 66], feature.compute(panel)[:, 66])


@EVERY_FEATURE
def test_a_feature_does_not_depend_on_where_adjustment_began(feature):
    """A 3:1 split and dividends before the first bar scale prices and volume by constants."""
    panel = a_whole_panel(symbols=4, sessions=300)
    split = panel.split.copy()
    split[0] = 3.0
    scaled = replace(
        panel,
        **{name: getattr(panel, name) * 3.7 for name in ("open", "high", "low", "close")},
        volume=panel.volume / 3.0,
        split=split,
    )
    assert_equal_but_for_rounding(feature.compute(scaled), feature.compute(panel))


@EVERY_FEATURE
def test_a_feature_of_a_symbol_that_never_moves_is_a_number_or_unknown(feature):
    panel = a_whole_panel(symbols=2, sessions=300)
    flat = np.full_like(panel.close, 0.1)
    prices = dict.fromkeys(("open", "high", "low", "close"), flat)
    values = feature.compute(replace(panel, **prices, volume=np.zeros_like(flat)))
    assert not np.isinf(values).any()
    assert np.abs(np.nan_to_num(values)).max() <= 100.0


def test_all_features_at_once_equal_each_alone():
    panel = a_panel_with_gaps()
    formulas = {feature.name: feature.formula for feature in registry.all()}
    together = engine.compute(formulas, panel, dtype=np.float64)
    for feature in registry.all():
        np.testing.assert_array_equal(together[feature.name], feature.compute(panel))


def test_rows_from_a_session_on_are_those_of_the_whole():
    panel = a_panel_with_gaps()
    formulas = {feature.name: feature.formula for feature in registry.all()}
    whole = engine.compute(formulas, panel, dtype=np.float32)
    rest = engine.compute(formulas, panel, dtype=np.float32, start=300)
    for name, values in whole.items():
        np.testing.assert_array_equal(rest[name], values[300:])


def test_a_bar_without_volume_is_no_bar_for_features_of_volume_alone():
    panel = a_whole_panel(symbols=2, sessions=60)
    volume = panel.volume.copy()
    volume[30, 0] = np.nan
    panel = replace(panel, volume=volume)
    (ratio, one_session) = registry.named(["volume_ratio_20", "return_1"])
    assert np.isnan(ratio.compute(panel)[30, 0])
    assert np.isfinite(ratio.compute(panel)[31, 0])
    assert np.isfinite(one_session.compute(panel)[30, 0])


def test_values_beyond_float32_are_unknown():
    panel = a_whole_panel(symbols=1, sessions=3)
    close = panel.close.copy()
    close[1] = 1e-300
    (one_session,) = registry.named(["return_1"])
    assert np.isnan(one_session.compute(replace(panel, close=close))[2, 0])
