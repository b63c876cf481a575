"""A sweep as rows, and as a map of two parameters."""

from itertools import product

import pytest

from alpha_oracle.domain.sweeps import SweepSummary
from alpha_oracle.research.sweeping import best_first, variant_figures
from alpha_oracle.research.tear_sheet.sweeps import sweep_map, sweep_map_svg, sweep_rows
from tests.unit.research.reports import a_track
from tests.unit.research.series import noise


def a_sweep(grid, *, ratio=lambda *_: 1.0):
    figures = [
        variant_figures(
            a_track([0.0] * 300 if wanted is None else noise(300, sharpe=wanted, seed=4)),
            parameters=dict(zip(grid, values, strict=True)),
            title="Backtest",
            notes=(),
        )
        for values in product(*grid.values())
        for wanted in [ratio(*values)]
    ]
    variants = best_first(figures, trial_sharpes=[0.5, 1.0])
    return SweepSummary(
        strategy="Momentum",
        title="Backtest",
        first=figures[0].first,
        last=figures[0].last,
        capital_usd=100_000.0,
        trials=2,
        variants=variants,
    )


def texts(figure):
    return [node.text.replace("\N{MINUS SIGN}", "-") for node in figure.iter("text")]


def places(figure):
    return {
        node.text.replace("\N{MINUS SIGN}", "-"): (float(node.get("x")), float(node.get("y")))
        for node in figure.iter("text")
    }


def test_a_row_holds_the_parameters_and_what_the_choice_is_worth():
    sweep = a_sweep({"depth": [1, 2], "wide": [True]}, ratio=lambda depth, _: float(depth))
    rows = sweep_rows(sweep)
    assert [(row["rank"], row["depth"], row["wide"]) for row in rows] == [
        (1, 2, True),
        (2, 1, True),
    ]
    best = sweep.variants[0]
    assert rows[0]["sharpe"] == round(best.metrics.sharpe, 2)
    assert rows[0]["deflated_sharpe"] == round(best.chance.deflated_sharpe, 2)
    assert rows[0]["trials"] == 2


def test_two_parameters_span_a_map_with_the_longer_one_downwards():
    grid = {"depth": [3, 1, 2], "share": [0.2, 0.1]}
    figure = sweep_map(a_sweep(grid, ratio=lambda depth, share: depth + share))
    at = places(figure)
    assert at["1"][1] < at["2"][1] < at["3"][1]
    assert at["0.1"][0] < at["0.2"][0]
    assert at["share"][1] < at["0.1"][1] == at["depth"][1] < at["1"][1]
    cells = [text for text in texts(figure) if "." in text and text not in {"0.1", "0.2"}]
    assert cells == sorted(cells, reverse=True)
    assert len(cells) == 6


def test_a_value_stands_where_its_pair_of_values_meets():
    grid = {"depth": [1, 2], "share": [0.1, 0.2]}
    sweep = a_sweep(grid, ratio=lambda depth, share: 10 * depth + share)
    at = places(sweep_map(sweep))
    for variant in sweep.variants:
        x, y = at[f"{variant.metrics.sharpe:.2f}"]
        assert y == at[str(variant.parameters["depth"])][1]
        assert x == at[str(variant.parameters["share"])][0]


def test_a_pair_without_a_ratio_is_a_gap():
    grid = {"depth": [1, 2], "share": [0.1, 0.2]}
    sweep = a_sweep(grid, ratio=lambda depth, share: None if depth == 1 else share)
    assert len(list(sweep_map(sweep).iter("rect"))) == 2


@pytest.mark.parametrize("names", [["depth"], ["depth", "share", "wide"]])
def test_another_number_of_parameters_has_no_map(names):
    assert sweep_map_svg(a_sweep({name: [1, 2] for name in names})) is None


def test_the_map_stands_alone_as_a_document():
    drawn = sweep_map_svg(a_sweep({"depth": [1, 2], "share": [0.1, 0.2]}))
    assert drawn.startswith("<svg")
    assert "Sharpe ratio by depth and share" in drawn
