"""One backtest by hand, from its form to its tear sheet."""

from datetime import date

from prefect import flow

from alpha_oracle.domain.backtests import BacktestSummary
from tasks.alerts import report_failure
from tasks.backtests import plan_backtest, show_backtest, trade_backtest
from tasks.forms import Capital, Costs, Parameters, SizingName, StrategyName, Ticker


@flow(
    name="backtest",
    flow_run_name="backtest {strategy}",
    on_failure=[report_failure],
    on_crashed=[report_failure],
)
def backtest_strategy(
    strategy: StrategyName = "MomentumStrategy",
    *,
    start: date | None = None,
    end: date | None = None,
    universe: list[Ticker] = [],  # noqa: B006 - Read by the form; nobody writes to it.
    capital_usd: Capital = 100_000.0,
    costs: Costs = Costs(),  # noqa: B008 - As above.
    sizing: SizingName = "half_kelly",
    walk_forward: bool = False,
    parameters: Parameters = {},  # noqa: B006
) -> BacktestSummary:
    """Trade one strategy on what is stored, under every limit of live trading.

    The figures, equity and drawdown, monthly returns and the best and worst trades are shown as
    artifacts; the tear sheet is one HTML file under home.

    Args:
        strategy: the rule to test.
        start: the first session; none means the first one with whole train months before it.
        end: the last session; none means the newest one stored.
        universe: symbols; none means the index's members of each session.
        capital_usd: cash at the start.
        costs: what trading costs.
        sizing: half_kelly, of the trades closed in the train months before the start, or flat_cap,
            every entry at the position cap.
        walk_forward: test windows out of sample, stitched, instead of one run.
        parameters: of the strategy, like {"entry_fraction": 0.2}.
    """
    inputs = plan_backtest(
        strategy,
        parameters=parameters,
        start=start,
        end=end,
        universe=universe,
        capital_usd=capital_usd,
        costs=costs.model_dump(),
        sizing=sizing,
        walk_forward=walk_forward,
    )
    report = trade_backtest(inputs)
    return show_backtest(report)
