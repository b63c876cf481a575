"""Sweeps by hand: every combination of a grid checked, tried, and judged together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alpha_oracle.bootstrap.backtests import backtest_inputs
from alpha_oracle.bootstrap.decisions import decision_terms
from alpha_oracle.bootstrap.traded import trade
from alpha_oracle.domain.sweeps import SweepSummary
from alpha_oracle.research.sweeping import best_first, variant_figures
from alpha_oracle.strategies import registry
from alpha_oracle.strategies.grids import combinations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.bootstrap.pipeline import Runtime
    from alpha_oracle.domain.backtests import BacktestInputs
    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.research.sweeping import VariantFigures


def sweep_inputs(
    runtime: Runtime,
    *,
    strategy: str,
    grid: Mapping[str, Sequence[Parameter]],
    **asked: Any,  # noqa: ANN401 - What `backtest_inputs` takes.
) -> list[BacktestInputs]:
    """Return what each combination is asked for; what is beside it, as `backtest_inputs` has it.

    Raises:
        ConfigurationError: the grid, or something else asked for, cannot be; says what to do.
        DataError: no bars are stored.
    """
    tried = combinations(registry.named(strategy), grid)
    shared = backtest_inputs(runtime, strategy=strategy, parameters=tried[0], **asked)
    return [replace(shared, parameters=parameters) for parameters in tried]


def try_variant(runtime: Runtime, inputs: BacktestInputs) -> VariantFigures:
    """Trade one combination, put the trial on record, and return its figures.

    Raises:
        ConfigurationError: the range cannot be traded; says what can.
        DataError: no bar is known up to its end, or a symbol of the universe has none.
    """
    traded = trade(runtime, inputs)
    return variant_figures(
        traded.record, parameters=inputs.parameters, title=traded.title, notes=traded.notes
    )


def sweep_summary(
    runtime: Runtime, inputs: BacktestInputs, figures: Sequence[VariantFigures]
) -> SweepSummary:
    """Return what a sweep came to, beside every trial on record; `inputs` are any variant's."""
    sharpes = [trial.sharpe for trial in runtime.trials.trials()]
    return SweepSummary(
        strategy=inputs.strategy,
        title=figures[0].title,
        first=figures[0].first,
        last=figures[0].last,
        capital_usd=decision_terms(inputs.settings).trading.capital_usd,
        trials=len(sharpes),
        variants=best_first(figures, trial_sharpes=sharpes),
    )
