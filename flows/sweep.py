"""One strategy with every combination of some values, from its form to the list of them."""

from datetime import date

from prefect import flow

from alpha_oracle.domain.sweeps import SweepSummary
from tasks.alerts import report_failure
from tasks.forms import Capital, Costs, SizingName, StrategyName, Ticker
from tasks.runners import side_by_side
from tasks.sweeps import Grid, plan_sweep, show_sweep, try_combination


@flow(
    name="sweep",
    flow_run_name="sweep {strategy}",
    on_failure=[report_failure],
    on_crashed=[report_failure],
)
def sweep_strategy(
    strategy: StrategyName = "MomentumStrategy",
    *,
    grid: Grid = {},  # noqa: B006 - Read by the form; nobody writes to it.
    start: date | None = None,
    end: date | None = None,
    universe: list[Ticker] = [],  # noqa: B006
    capital_usd: Capital = 100_000.0,
    costs: Costs = Costs(),  # noqa: B008 - As above.
    sizing: SizingName = "half_kelly",
    walk_forward: bool = False,
) -> SweepSummary:
    """Trade a strategy with every combination of a grid's values, each as a backtest by hand.

    At most 500 combinations, best first by Sharpe ratio, are shown as artifacts; each is a trial
    on record, and the deflated ratio beside it says what choosing among so many is worth.

    Args:
        strategy: the rule to test.
        grid: values to try by parameter, like {"entry_fraction": [0.1, 0.2], "min_hold_days": [5]}.
        start: the first session; none means the first one with whole train months before it.
        end: the last session; none means the newest one stored.
        universe: symbols; none means the index's members of each session.
        capital_usd: cash at the start.
        costs: what trading costs.
        sizing: half_kelly, of the trades closed in the train months before the start, or flat_cap,
            every entry at the position cap.
        walk_forward: test windows out of sample, stitched, instead of one run.
    """
    inputs = plan_sweep(
        strategy,
        grid=grid,
        start=start,
        end=end,
        universe=universe,
        capital_usd=capital_usd,
        costs=costs.model_dump(),
        sizing=sizing,
        walk_forward=walk_forward,
    )
    figures = side_by_side(try_combination, inputs=inputs)
    return show_sweep(inputs[0], figures)
