"""A strategy traded by hand, its trial put on record; before anything is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.bootstrap.decisions import decision_terms
from alpha_oracle.domain.market import BENCHMARK
from alpha_oracle.domain.walk_forward import Trial
from alpha_oracle.errors import DataError
from alpha_oracle.research.backtesting import run_notes, run_once
from alpha_oracle.research.desk import decide
from alpha_oracle.research.metrics import TrackRecord, sharpe, track_record
from alpha_oracle.research.report import commissions_usd, trade_lines
from alpha_oracle.research.trades import Trades
from alpha_oracle.research.walk_forward import Variant
from alpha_oracle.research.window_keys import trial_key
from alpha_oracle.strategies.base import InformedStrategy
from alpha_oracle.strategies.parameters import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alpha_oracle.bootstrap.decisions import DecisionTerms
    from alpha_oracle.bootstrap.pipeline import Runtime
    from alpha_oracle.domain.backtests import BacktestInputs
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.walk_forward import WindowOutcome
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.report import TradeLine
    from alpha_oracle.strategies.base import Strategy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traded:
    """What a strategy did on a market, and what a reader must know of it."""

    title: str
    strategy: Strategy
    market: MarketPanel
    record: TrackRecord
    notes: tuple[str, ...]
    trades: tuple[TradeLine, ...]
    windows: Sequence[WindowOutcome] = ()


def trade(runtime: Runtime, inputs: BacktestInputs) -> Traded:
    """Trade a strategy on what is stored, and put the trial on record.

    Raises:
        ConfigurationError: the range cannot be traded; says what can.
        DataError: no bar is known up to its end, or a symbol of the universe has none.
    """
    terms = decision_terms(inputs.settings)
    market = runtime.markets.market(inputs.end, as_of=inputs.as_of)
    if inputs.symbols is not None:
        _refuse_unknown(inputs.symbols, market)
        market = market.restricted_to(inputs.symbols)
    strategy = terms.strategy(inputs.strategy, **inputs.parameters)
    if inputs.is_walk_forward:
        return _walked_forward(runtime, inputs, strategy, market=market, terms=terms)
    return _traded_once(runtime, inputs, strategy, market=market, terms=terms)


def _traded_once(
    runtime: Runtime,
    inputs: BacktestInputs,
    strategy: Strategy,
    *,
    market: MarketPanel,
    terms: DecisionTerms,
) -> Traded:
    informed = runtime.evaluator.informed(strategy, market, months=terms.months)
    variant = Variant.of(
        informed,
        decide(informed, market, features=runtime.features),
        market,
        terms=terms.trading,
    )
    run = run_once(
        variant, start=inputs.start, end=inputs.end, months=terms.months, sizing=inputs.sizing
    )
    record = track_record(run.result)
    recipe = runtime.evaluator.recipe_told(strategy)
    trial = Trial(
        key=trial_key(strategy, terms=terms.trading, chosen=(*recipe, *_chosen(inputs))),
        strategy=strategy.name,
        parameters=settings_of(strategy),
        sharpe=sharpe(record.returns),
    )
    runtime.trials.record([trial], at=runtime.clock.now())
    notes = run_notes(
        run.result.halted_by[1:], run.result.refused, sessions=record.sessions, panel=market
    )
    return Traded(
        title="Backtest",
        strategy=strategy,
        market=market,
        record=record,
        notes=(f"sized by {run.sizing_note}", *_told_of_models(strategy), *notes),
        trades=trade_lines(Trades.of(run.result), commissions=commissions_usd(run.result)),
    )


def _walked_forward(
    runtime: Runtime,
    inputs: BacktestInputs,
    strategy: Strategy,
    *,
    market: MarketPanel,
    terms: DecisionTerms,
) -> Traded:
    result = runtime.evaluator.evaluate(
        strategy,
        market,
        terms=terms.trading,
        months=terms.months,
        # What was asked for by hand is not fitted away.
        grid={} if inputs.parameters else terms.grid(strategy.name),
        universe=inputs.symbols,
    )
    if not result.windows:
        raise DataError(f"{result.note}; import or backfill a longer history")
    notes = run_notes(
        result.halted_by, result.refused, sessions=result.record.sessions, panel=market
    )
    return Traded(
        title="Walk-forward, out of sample",
        strategy=strategy,
        market=market,
        record=result.record,
        notes=(result.note, *notes),
        trades=trade_lines(result.trades),
        windows=result.windows,
    )


def _told_of_models(strategy: Strategy) -> Iterator[str]:
    if isinstance(strategy, InformedStrategy):
        yield (
            "each session is forecast by the newest model of the walk-forward windows whose "
            "training ended before it; sessions before the first test window by none"
        )


def _chosen(inputs: BacktestInputs) -> tuple[str, ...]:
    # One run is no walk-forward: neither figure stands for the other.
    return ("once", inputs.sizing.value, str(inputs.start), *(inputs.symbols or ()))


def _refuse_unknown(symbols: Sequence[Symbol], market: MarketPanel) -> None:
    unknown = sorted(set(symbols) - set(market.symbols))
    if BENCHMARK in unknown and market.context.spy is not None:
        raise DataError(
            f"{BENCHMARK} is what others are held against and is traded only where the index "
            "lists it; leave it out, or import it as a member"
        )
    if unknown:
        raise DataError(
            f"no bars of {', '.join(unknown)} are stored up to {market.sessions[-1]}; "
            "import them or leave them out"
        )
