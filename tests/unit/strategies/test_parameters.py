from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.breakout import BreakoutStrategy
from alpha_oracle.strategies.momentum import MomentumStrategy
from alpha_oracle.strategies.parameters import parameters_of, variants, with_parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    name: ClassVar[str] = "Tuned"
    features: ClassVar[tuple[str, ...]] = ()

    window: int = 20
    threshold: float = 1
    is_strict: bool = False
    mode: str = "close"
    weights: tuple[float, ...] = (1.0,)
    derived: int = field(default=3, init=False)
    min_hold_days: int = 2
    max_hold_days: int = 10

    def __post_init__(self):
        if self.window < 1:
            raise ValueError(f"window {self.window} is below 1")

    def decide(self, market, features):
        raise NotImplementedError


class Plain:
    name = "Plain"
    features = ()
    min_hold_days = 2
    max_hold_days = 10

    def decide(self, market, features):
        raise NotImplementedError


def test_parameters_are_the_plain_fields_beside_name_features_and_holding_bounds():
    assert list(parameters_of(MomentumStrategy()).items()) == [
        ("entry_fraction", 0.1),
        ("keep_fraction", 0.3),
    ]
    parameters = parameters_of(Tuned())
    assert parameters == {"window": 20, "threshold": 1.0, "is_strict": False, "mode": "close"}
    assert type(parameters["threshold"]) is float


def test_a_class_without_fields_has_no_parameters():
    assert parameters_of(Plain()) == {}
    with pytest.raises(ConfigurationError, match="Plain has no parameter window; there are none"):
        with_parameters(Plain(), window=3)


def test_parameters_and_holding_bounds_are_set_and_the_original_stays():
    original = Tuned()
    changed = with_parameters(original, window=np.int64(5), threshold=2, max_hold_days=4)
    assert changed == Tuned(window=5, threshold=2.0, max_hold_days=4)
    assert type(changed.window) is int
    assert type(changed.threshold) is float
    assert original == Tuned()


def test_parameters_read_from_a_strategy_give_it_back():
    changed = Tuned(window=7, threshold=0.25, is_strict=True, mode="open")
    assert with_parameters(Tuned(), **parameters_of(changed)) == changed


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"windw": 3}, "no parameter windw; there are window, threshold", id="unknown"),
        pytest.param({"name": "Other"}, "has no parameter name", id="the name"),
        pytest.param({"weights": (2.0,)}, "has no parameter weights", id="not plain"),
        pytest.param({"derived": 1}, "has no parameter derived", id="not settable"),
        pytest.param({"window": 2.0}, "window is 2.0; expected int", id="float for int"),
        pytest.param({"window": True}, "window is True; expected int", id="flag for int"),
        pytest.param({"threshold": "1"}, "threshold is '1'; expected float", id="text for float"),
        pytest.param({"threshold": True}, "threshold is True; expected", id="flag for float"),
        pytest.param({"threshold": 10**400}, "expected a finite number", id="beyond floats"),
        pytest.param({"threshold": float("nan")}, "expected a finite number", id="not a number"),
        pytest.param({"is_strict": 1}, "is_strict is 1; expected bool", id="number for flag"),
        pytest.param({"mode": 3}, "mode is 3; expected str", id="number for text"),
        pytest.param({"min_hold_days": 1}, "min_hold_days must be 2 or more", id="too quick"),
        pytest.param({"min_hold_days": 11}, "10 is below min_hold_days 11", id="crossed bounds"),
        pytest.param({"window": 0}, "refuses window=0: window 0 is below 1", id="its own check"),
    ],
)
def test_what_is_no_parameter_or_no_value_of_it_is_refused(values, message):
    with pytest.raises(ConfigurationError, match=message):
        with_parameters(Tuned(), **values)


def test_variants_follow_the_order_of_the_class_whatever_the_order_of_the_grid():
    pairs = [(0.05, 2), (0.05, 1.5), (0.1, 2), (0.1, 1.5)]
    expected = tuple(
        BreakoutStrategy(max_below_high_fraction=below, min_volume_ratio=ratio)
        for below, ratio in pairs
    )
    grid = {"min_volume_ratio": [2, 1.5], "max_below_high_fraction": [0.05, 0.1]}
    assert variants(BreakoutStrategy(), grid) == expected
    assert variants(BreakoutStrategy(), dict(reversed(grid.items()))) == expected


def test_an_empty_grid_gives_the_strategy_alone():
    assert variants(Tuned(), {}) == (Tuned(),)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        pytest.param({"window": []}, r"window has the values \[\]", id="no value"),
        pytest.param({"threshold": [1, 1.0]}, "each once", id="a value twice"),
        pytest.param({"depth": [1]}, "has no parameter depth", id="unknown"),
        pytest.param(
            {"min_hold_days": [2, 5], "max_hold_days": [4, 9]}, "4 is below", id="crossed bounds"
        ),
    ],
)
def test_a_grid_without_a_meaning_is_refused(grid, message):
    with pytest.raises(ConfigurationError, match=message):
        variants(Tuned(), grid)
