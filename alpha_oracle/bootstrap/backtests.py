"""Backtests by hand: what is asked, checked; the run; its page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle import calendar
from alpha_oracle.bootstrap.decisions import decision_terms
from alpha_oracle.bootstrap.traded import trade
from alpha_oracle.domain.backtests import (
    BacktestInputs,
    BacktestSummary,
    Sizing,
    require_forward,
)
from alpha_oracle.domain.market import parse_symbol
from alpha_oracle.errors import ConfigurationError, DataError
from alpha_oracle.research.coverage import coverage_pct
from alpha_oracle.research.evidence import benchmark_closes, seed_of
from alpha_oracle.research.report import Heading, backtest_report
from alpha_oracle.research.tear_sheet.page import tear_sheet
from alpha_oracle.strategies import registry
from alpha_oracle.strategies.parameters import settings_of, with_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from alpha_oracle.bootstrap.pipeline import Runtime
    from alpha_oracle.bootstrap.traded import Traded
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.research.report import BacktestReport

SHEETS: Final = "tear_sheets"


def backtest_inputs(
    runtime: Runtime,
    *,
    strategy: str,
    parameters: Mapping[str, Parameter],
    start: Session | None,
    end: Session | None,
    universe: Sequence[str],
    sizing: Sizing,
    walk_forward: bool,
    settings: Mapping[str, Any],
) -> BacktestInputs:
    """Return what is asked for, each rule across fields checked.

    `settings` go over those of now: `capital_usd`, `research`.

    Raises:
        ConfigurationError: something asked for cannot be; names it and what to do.
        DataError: no bars are stored.
    """
    with_parameters(registry.named(strategy), **parameters)
    span = runtime.market_stores.bars.span()
    if span is None:
        raise DataError("no bars are stored; import or backfill them first")
    last = span[1] if end is None else min(end, span[1])
    _refuse_range(start, end, span)
    session = calendar.sessions_between(span[0], last)[-1]
    symbols = tuple(sorted({parse_symbol(symbol) for symbol in universe})) or None
    if walk_forward and (start is not None or sizing is not Sizing.HALF_KELLY):
        raise ConfigurationError(
            "a walk-forward covers the whole history up to its end and is sized by half Kelly; "
            "leave start and sizing alone, or do not walk forward"
        )
    return BacktestInputs(
        strategy=strategy,
        parameters=dict(parameters),
        start=start,
        end=session,
        as_of=calendar.decision_instant(session),
        symbols=symbols,
        sizing=sizing,
        is_walk_forward=walk_forward,
        settings=runtime.settings.decision_inputs() | dict(settings),
    )


def run_backtest(runtime: Runtime, inputs: BacktestInputs) -> BacktestReport:
    """Trade a strategy on what is stored, put the trial on record, and return the report.

    Raises:
        ConfigurationError: the range cannot be traded; says what can.
        DataError: no bar is known up to its end, or a symbol of the universe has none.
    """
    traded = trade(runtime, inputs)
    return backtest_report(
        traded.record,
        about=_heading(runtime, inputs, traded),
        capital_usd=decision_terms(inputs.settings).trading.capital_usd,
        trial_sharpes=[trial.sharpe for trial in runtime.trials.trials()],
        seed=seed_of(traded.strategy.name),
        benchmark_closes=benchmark_closes(traded.market, traded.record.sessions),
        trades=traded.trades,
        windows=traded.windows,
    )


def save_tear_sheet(report: BacktestReport, home: Path) -> Path:
    """Write the report's page under home and return where."""
    folder = home / SHEETS
    folder.mkdir(parents=True, exist_ok=True)
    page = tear_sheet(report)
    first, last = (report.sessions[0], report.sessions[-1]) if len(report.sessions) else ("", "")
    name = re.sub(r"[^A-Za-z0-9]+", "-", f"{report.about.strategy} {first} {last}").strip("-")
    path = folder / f"{name}-{seed_of(page):08x}.html"
    path.write_text(page, encoding="utf-8")
    return path


def summary_of(report: BacktestReport, *, tear_sheet: str) -> BacktestSummary:
    """Return what a report comes to, small enough for a run's result."""
    sessions: list[Session] = report.sessions.tolist()
    return BacktestSummary(
        strategy=report.about.strategy,
        title=report.about.title,
        notes=report.about.notes,
        first=sessions[0] if sessions else None,
        last=sessions[-1] if sessions else None,
        capital_usd=report.capital_usd,
        final_equity_usd=float(report.equity[-1]) if sessions else report.capital_usd,
        metrics=report.metrics,
        growth=report.growth,
        against_benchmark=report.against_benchmark,
        resampled=report.resampled,
        chance=report.chance,
        coverage_pct=report.about.coverage_pct,
        tear_sheet=tear_sheet,
    )


def terms_told(inputs: BacktestInputs) -> dict[str, str]:
    """Return what a backtest traded by, as label and text."""
    terms = decision_terms(inputs.settings).trading
    bounds, costs = terms.limits, terms.costs
    commission = costs.commission
    impact = f", {costs.impact:g} x the square-root law" if costs.impact else ""
    return {
        "Universe": ", ".join(inputs.symbols) if inputs.symbols else "the index of each session",
        "Capital": f"{terms.capital_usd:,.0f} USD",
        "Commission": (
            f"{commission.per_share:g} USD a share, at least {commission.minimum:g} USD, "
            f"at most {commission.max_pct:g} % of the order"
        ),
        "Fees": (
            f"{commission.fees_per_share:g} USD a share; {commission.sale_fee_bps:g} bps of a sale"
        ),
        "Slippage": f"{costs.slippage_bps:g} bps on each side{impact}",
        "Position": f"at most {bounds.max_position_pct:g} % of equity",
        "Sector": f"at most {bounds.max_sector_pct:g} % of equity",
        "Positions": f"at most {bounds.max_positions}",
        "Orders a day": f"at most {bounds.max_trades_per_day}",
        "Price": f"at least {bounds.min_price_usd:g} USD",
        "Cash": f"at least {bounds.min_cash_pct:g} % of equity",
        "Entries halt": (
            f"{bounds.max_drawdown_pct:g} % below the peak, "
            f"{bounds.max_daily_loss_pct:g} % below the day before"
        ),
        "As of": inputs.as_of.isoformat(),
    }


def _heading(runtime: Runtime, inputs: BacktestInputs, traded: Traded) -> Heading:
    settings = settings_of(traded.strategy)
    covered = None
    if inputs.symbols is None:
        memberships = runtime.market_stores.reference.memberships(as_of=inputs.as_of)
        covered = coverage_pct(memberships, traded.market, traded.record.sessions)
    return Heading(
        title=traded.title,
        strategy=traded.strategy.name,
        parameters={name: str(value) for name, value in settings.items()},
        terms=terms_told(inputs),
        notes=traded.notes,
        coverage_pct=covered,
    )


def _refuse_range(
    start: Session | None, end: Session | None, span: tuple[Session, Session]
) -> None:
    require_forward(start, end)
    if start is not None and start > span[1]:
        raise ConfigurationError(
            f"start {start} is after the last stored session {span[1]}; choose an earlier one"
        )
    if end is not None and end < span[0]:
        raise ConfigurationError(
            f"end {end} is before the first stored session {span[0]}; choose a later one"
        )
