"""Grids of parameters: every combination, in order, and never too many."""

import pytest

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.grids import MOST_COMBINATIONS, combinations
from alpha_oracle.strategies.momentum import MomentumStrategy


def test_every_combination_comes_once_in_the_order_the_class_declares():
    grid = {"min_hold_days": [3, 5], "entry_fraction": [0.2, 0.1]}
    assert combinations(MomentumStrategy(), grid) == (
        {"entry_fraction": 0.2, "min_hold_days": 3},
        {"entry_fraction": 0.2, "min_hold_days": 5},
        {"entry_fraction": 0.1, "min_hold_days": 3},
        {"entry_fraction": 0.1, "min_hold_days": 5},
    )


def test_a_whole_number_for_a_float_is_tried_as_a_float():
    [tried] = combinations(MomentumStrategy(), {"keep_fraction": [1]})
    assert isinstance(tried["keep_fraction"], float)


def test_as_many_as_allowed_are_allowed():
    values = [number / MOST_COMBINATIONS for number in range(MOST_COMBINATIONS)]
    assert len(combinations(MomentumStrategy(), {"entry_fraction": values})) == MOST_COMBINATIONS


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        pytest.param(
            {},
            "no parameter of MomentumStrategy is given values to try; name one or more, "
            "like entry_fraction or keep_fraction",
            id="nothing",
        ),
        pytest.param(
            {
                "entry_fraction": [place / 100 for place in range(30)],
                "min_hold_days": list(range(2, 42)),
            },
            "the grid has 1,200 combinations, at most 500 are tried at once; give fewer values",
            id="too many",
        ),
        pytest.param({"nope": [1]}, "MomentumStrategy has no parameter nope", id="unknown"),
        pytest.param(
            {"entry_fraction": []}, "entry_fraction has the values []; give one or more", id="none"
        ),
        pytest.param(
            {"entry_fraction": [0.1, 0.1]}, "give one or more, each once", id="one value twice"
        ),
        pytest.param(
            {"entry_fraction": ["much"]},
            "entry_fraction is 'much'; expected float",
            id="another type",
        ),
        pytest.param({"min_hold_days": [5, 1]}, "min_hold_days", id="holding bounds"),
    ],
)
def test_a_grid_that_cannot_be_tried_is_refused(grid, message):
    with pytest.raises(ConfigurationError) as refusal:
        combinations(MomentumStrategy(), grid)
    assert message in str(refusal.value)
