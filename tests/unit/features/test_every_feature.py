"""What holds for every registered feature, whatever it computes.

Laws of one kind of formula are tried on the features of that kind.
"""

from dataclasses import replace

import numpy as np
import pytest

from alpha_oracle.features import engine, registry
from alpha_oracle.features.context import NO_CONTEXT
from alpha_oracle.features.formula import PANEL_FIELDS, Kind
from tests.contexts import counted_in, panel_of
from tests.unit.features.panels import a_panel_with_gaps, a_whole_panel, without

SINGLE = (Kind.BARS, Kind.MARKET, Kind.REPORTS, Kind.SESSIONS)


def every_feature(*kinds):
    features = [feature for feature in registry.all() if not kinds or feature.formula.kind in kinds]
    return pytest.mark.parametrize("feature", features, ids=lambda feature: feature.name)


def first_known(values):
    return np.argmax(np.isfinite(values), axis=0)


def assert_equal_but_for_rounding(actual, expected):
    scale = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(actual, expected, rtol=1e-7, atol=1e-9 * scale)


@every_feature()
def test_a_feature_begins_when_its_lookback_is_known(feature):
    values = feature.compute(a_whole_panel(symbols=3, sessions=300))
    assert (first_known(values) == feature.lookback_sessions - 1).all()
    assert np.isfinite(values[feature.lookback_sessions - 1 :]).all()


@every_feature()
def test_a_feature_has_no_value_where_there_is_no_bar(feature):
    panel = a_panel_with_gaps()
    values = feature.compute(panel)
    assert np.isnan(values[np.isnan(panel.close)]).all()
    assert np.isfinite(values).any()


@every_feature()
def test_a_feature_of_what_is_not_there_is_unknown(feature):
    panel = replace(a_whole_panel(symbols=3, sessions=300), context=NO_CONTEXT)
    reads_bars_alone = feature.formula.fields() <= {*PANEL_FIELDS, "is_member"}
    assert np.isfinite(feature.compute(panel)).any() == reads_bars_alone


@every_feature(Kind.BARS)
def test_a_feature_sees_a_symbols_own_bars_and_no_gaps(feature):
    gappy = a_panel_with_gaps()
    values = feature.compute(gappy)
    for column in (2, 3, 4, 5):
        has_bar = np.isfinite(gappy.close[:, column])
        own = only_sessions(panel_of(gappy, [column]), has_bar)
        np.testing.assert_array_equal(values[has_bar, column], feature.compute(own)[:, 0])


def only_sessions(panel, kept):
    """The panel of some sessions alone, with its market but no reports."""
    names = [
        name for name in type(panel).__dataclass_fields__ if name not in {"symbols", "context"}
    ]
    market = {name: getattr(panel.context, name)[kept] for name in ("vix", "spy")}
    return replace(
        panel,
        **{name: getattr(panel, name)[kept] for name in names},
        context=replace(NO_CONTEXT, **market),
    )


@every_feature(*SINGLE)
def test_a_feature_does_not_depend_on_the_other_symbols(feature):
    panel = a_whole_panel(symbols=70, sessions=260)
    others_gone = np.ones(panel.close.shape, dtype=np.bool_)
    others_gone[:, 66] = False
    whole = feature.compute(panel)[:, 66]
    np.testing.assert_array_equal(feature.compute(without(panel, others_gone))[:, 66], whole)
    np.testing.assert_array_equal(feature.compute(panel_of(panel, [66]))[:, 0], whole)


@every_feature(Kind.MARKET)
def test_a_feature_of_the_market_is_the_same_beside_every_symbol(feature):
    panel = a_panel_with_gaps()
    values = feature.compute(panel)
    for column in range(values.shape[1]):
        has_bar = np.isfinite(panel.close[:, column])
        np.testing.assert_array_equal(values[has_bar, column], values[has_bar, 0])


@every_feature(Kind.CROSS_SECTION)
def test_the_order_of_symbols_does_not_matter_among_them(feature):
    panel = a_whole_panel(symbols=40, sessions=260)
    order = np.random.default_rng(5).permutation(40)
    shuffled = feature.compute(panel_of(panel, order))
    np.testing.assert_array_equal(shuffled, feature.compute(panel)[:, order])


@every_feature(Kind.CROSS_SECTION)
def test_who_is_no_member_changes_nothing_for_those_who_are(feature):
    panel = a_whole_panel(symbols=12, sessions=260)
    is_member = panel.is_member.copy()
    is_member[:, 5] = False
    panel = replace(panel, is_member=is_member)
    stranger = a_whole_panel(symbols=12, sessions=260, seed=23)
    close = panel.close.copy()
    close[:, 5] = stranger.close[:, 5]
    changed = replace(panel, close=close)
    members = [column for column in range(12) if column != 5]
    values = feature.compute(panel)
    assert np.isnan(values[:, 5]).all()
    np.testing.assert_array_equal(feature.compute(changed)[:, members], values[:, members])
    np.testing.assert_array_equal(feature.compute(panel_of(panel, members)), values[:, members])


@every_feature(*SINGLE)
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
        context=counted_in(panel.context, 3.0),
    )
    assert_equal_but_for_rounding(feature.compute(scaled), feature.compute(panel))


@every_feature()
def test_a_feature_of_a_symbol_that_never_moves_is_a_number_or_unknown(feature):
    panel = a_whole_panel(symbols=3, sessions=300)
    flat = np.full_like(panel.close, 0.1)
    prices = dict.fromkeys(("open", "high", "low", "close"), flat)
    values = feature.compute(replace(panel, **prices, volume=np.zeros_like(flat)))
    assert not np.isinf(values).any()
    if feature.formula.fields() <= {*prices, "volume", "split"}:
        assert np.abs(np.nan_to_num(values)).max() <= 100.0


def test_all_features_at_once_equal_each_alone():
    panel = a_panel_with_gaps()
    formulas = {feature.name: feature.formula for feature in registry.all()}
    together = engine.compute(formulas, panel, dtype=np.float64)
    for feature in registry.all():
        np.testing.assert_array_equal(together[feature.name], feature.compute(panel))


@pytest.mark.parametrize("start", [1, 300, 351, 419])
def test_rows_from_a_session_on_are_those_of_the_whole(start):
    panel = a_panel_with_gaps()
    formulas = {feature.name: feature.formula for feature in registry.all()}
    whole = engine.compute(formulas, panel, dtype=np.float32)
    rest = engine.compute(formulas, panel, dtype=np.float32, start=start)
    for name, values in whole.items():
        np.testing.assert_array_equal(rest[name], values[start:], err_msg=name)


def test_the_last_session_of_years_is_that_of_the_whole():
    """Long enough for every window to be computed of its last bars alone."""
    panel = a_whole_panel(symbols=3, sessions=1300)
    gaps = np.random.default_rng(1).random(panel.close.shape) < np.array([0.0, 0.2, 0.0])
    gaps[:900, 2] = True
    panel = without(panel, gaps)
    formulas = {feature.name: feature.formula for feature in registry.all()}
    whole = engine.compute(formulas, panel, dtype=np.float32)
    last = engine.compute(formulas, panel, dtype=np.float32, start=1299)
    for name, values in whole.items():
        np.testing.assert_array_equal(last[name], values[-1:], err_msg=name)


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
