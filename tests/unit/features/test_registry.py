"""How features are declared and found."""

import hashlib
import importlib.util

import pytest

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.features import registry, ways
from alpha_oracle.features.declaration import declare, feature, shared
from alpha_oracle.features.formula import Kind
from alpha_oracle.features.sources import sources_of


def doubled(close):
    """Twice the close."""
    return 2.0 * close


def declared(function, *, inputs=("close",)):
    return declare(function, group="technical", inputs=inputs, lookback_sessions=1)


def test_the_technical_group_is_whole():
    features = [feature for feature in registry.all() if feature.group == "technical"]
    assert len(features) >= 30
    assert len({feature.name for feature in features}) == len(features)
    assert len({feature.definition_hash for feature in features}) == len(features)
    assert all(feature.description.endswith(".") for feature in features)


def test_features_are_found_by_name_in_the_order_asked_for():
    assert [feature.name for feature in registry.named(["rsi_14", "adx_14"])] == [
        "rsi_14",
        "adx_14",
    ]


def test_an_unknown_feature_is_refused_by_name():
    with pytest.raises(ConfigurationError, match="unknown features: rsi_15; `features list`"):
        registry.named(["rsi_14", "rsi_15"])


def test_a_declaration_carries_the_first_line_of_its_docstring():
    assert declared(doubled).description == "Twice the close."


def test_inputs_that_the_function_does_not_read_are_refused():
    with pytest.raises(ConfigurationError, match=r"declares inputs \['close', 'high'\]"):
        declared(doubled, inputs=("close", "high"))


def test_a_parameter_that_is_no_field_is_refused():
    def odd(closing):
        """Odd."""
        return closing

    with pytest.raises(ConfigurationError, match="neither a panel field"):
        declared(odd)


def test_a_feature_without_a_docstring_is_refused():
    def bare(close):
        return close

    with pytest.raises(ConfigurationError, match="needs a docstring"):
        declared(bare)


def test_a_name_is_declared_once():
    def rsi_14(close):
        """Another."""
        return close

    with pytest.raises(ConfigurationError, match="declared twice"):
        feature(group="technical", inputs=("close",), lookback_sessions=1)(rsi_14)


def test_a_shared_computation_cannot_take_a_fields_name():
    def volume(close):
        return close

    with pytest.raises(ConfigurationError, match="declared twice"):
        shared(volume)


def test_inputs_reach_through_shared_computations():
    (adx,) = registry.named(["adx_14"])
    assert sorted(adx.inputs) == ["close", "high", "low"]


FORMULA = """
SPAN = 5


def change(values, bars):
    return values[bars:] - values[:-bars]


def changed(close):
    \"\"\"Change over a span.\"\"\"
    return change(close, SPAN)
"""


def hash_of(source, *, folder):
    """The hash of the feature `changed` in a module with that source."""
    path = folder / f"{hashlib.sha256(source.encode()).hexdigest()}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("formulas", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return declared(module.changed).definition_hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Change over a span.", "How much it changed."),
        ("    return change(close", "    # Why.\n    return change(close"),
        ("(close, SPAN)", "(close,   SPAN)"),
    ],
    ids=["docstring", "comment", "layout"],
)
def test_what_computes_the_same_keeps_its_hash(old, new, tmp_path):
    assert hash_of(FORMULA.replace(old, new), folder=tmp_path) == hash_of(FORMULA, folder=tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return change(close, SPAN)", "return change(close, SPAN) * 2"),
        ("SPAN = 5", "SPAN = 6"),
        ("return values[bars:] - values", "return values[bars:] / values"),
    ],
    ids=["formula", "constant", "function it calls"],
)
def test_what_computes_something_else_changes_its_hash(old, new, tmp_path):
    assert hash_of(FORMULA.replace(old, new), folder=tmp_path) != hash_of(FORMULA, folder=tmp_path)


def test_a_hash_counts_the_kernels_behind_a_feature():
    (adx,) = registry.named(["adx_14"])
    functions = tuple(adx.formula.functions())
    assert "alpha_oracle.features.means.directional" in sources_of(*functions)
    assert "alpha_oracle.features.means._shares" in sources_of(*functions)


def test_a_hash_counts_how_bars_reach_a_formula():
    parts = sources_of(*ways.of(Kind.BARS))
    assert "np.logical_and" in parts["alpha_oracle.features.validity.Validity.mask"]
