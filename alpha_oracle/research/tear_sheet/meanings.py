"""What each figure of a backtest means, in a sentence, and how far it may be chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.domain.market import BENCHMARK
from alpha_oracle.research.tear_sheet.words import (
    chance,
    chance_said,
    count,
    number,
    percent,
    value_with,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.domain.backtests import Interval
    from alpha_oracle.research.report import BacktestReport


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """A figure, how it is written, and one sentence on what it means.

    `interval` and `raw` are there where resampled histories say how far it may vary.
    """

    name: str
    value: str
    meaning: str
    raw: float | None = None
    interval: Interval | None = None
    interval_text: str = ""


def figure_rows(report: BacktestReport) -> list[FigureRow]:
    """Return every figure, those that resampled histories vary first."""
    return [*varied_rows(report), *other_rows(report)]


def varied_rows(report: BacktestReport) -> list[FigureRow]:
    """Return the figures that have an interval, where the record is long enough for one."""
    metrics, growth, drawn = report.metrics, report.growth, report.resampled
    sharpe = luck_sentence(report)
    return [
        _row("Sharpe ratio", metrics.sharpe, number, sharpe, drawn.sharpe),
        _row(
            "Sortino ratio",
            metrics.sortino,
            number,
            "Return for a unit of downward risk: rises do not count as risk.",
            drawn.sortino,
        ),
        _row(
            "Annual growth",
            growth.cagr_pct,
            percent,
            "The steady return a year that compounds to the whole.",
            drawn.cagr_pct,
        ),
        _row(
            "Deepest drawdown",
            metrics.max_drawdown_pct,
            percent,
            "The deepest fall of equity from a peak"
            + ("; the interval says how deep such returns may go." if drawn.resamples else "."),
            drawn.max_drawdown_pct,
        ),
    ]


def other_rows(report: BacktestReport) -> list[FigureRow]:
    """Return the figures without an interval."""
    return [
        *_chance_rows(report),
        *_risk_rows(report),
        *_benchmark_rows(report),
        *_trading_rows(report),
    ]


def luck_sentence(report: BacktestReport) -> str:
    """Return how often luck alone shows such a Sharpe ratio."""
    confidence = report.chance.probabilistic_sharpe
    if confidence is None:
        return "There is no Sharpe ratio to judge: equity did not vary."
    return (
        "A strategy without skill shows a Sharpe ratio this high in "
        f"{chance_said(1.0 - confidence)} of histories this long."
    )


def choice_sentence(report: BacktestReport) -> str:
    """Return what having tried often takes from the Sharpe ratio."""
    figures = report.chance
    if figures.deflated_sharpe is None:
        return ""
    if figures.trials == 1:
        return "One variant was tried: nothing is taken off for having chosen the best."
    return (
        f"{figures.trials:,} variants were tried, and the luckiest of so many without skill is "
        f"expected to show {number(figures.luckiest_sharpe)}: the confidence that the true ratio "
        f"is above that is {chance_said(figures.deflated_sharpe)}."
    )


def length_sentence(report: BacktestReport) -> str:
    """Return how long a record would have to be."""
    if report.chance.probabilistic_sharpe is None:
        return ""
    needed, there = report.chance.sessions_needed, report.metrics.sessions
    if needed is None:
        return "No record is long enough to show skill by a ratio that is not above 0."
    return (
        f"It takes {count(needed, 'session')} like these to be 95 % sure that the true ratio is "
        f"above 0; there are {there:,}."
    )


def between(interval: Interval | None, write: Callable[[float | None], str]) -> str:
    """Return an interval in words; nothing where there is none."""
    return "" if interval is None else f"{write(interval.low)} to {write(interval.high)}"


def _chance_rows(report: BacktestReport) -> list[FigureRow]:
    figures = report.chance
    return [
        FigureRow(
            name="Probabilistic Sharpe ratio",
            value=chance(figures.probabilistic_sharpe),
            meaning="Confidence that the true ratio is above 0, this length, skew and tails given.",
        ),
        FigureRow(
            name="Deflated Sharpe ratio",
            value=chance(figures.deflated_sharpe),
            meaning=choice_sentence(report) or luck_sentence(report),
        ),
        FigureRow(
            name="Record needed",
            value=value_with(number(figures.sessions_needed, digits=0), "sessions"),
            meaning=length_sentence(report) or luck_sentence(report),
        ),
    ]


def _risk_rows(report: BacktestReport) -> list[FigureRow]:
    metrics, growth = report.metrics, report.growth
    return [
        _row(
            "Total return",
            metrics.total_return_pct,
            percent,
            f"100 USD became {number(100 + metrics.total_return_pct)} USD.",
        ),
        _row("Volatility", growth.volatility_pct, percent, "Deviation of returns over a year."),
        _row("Calmar ratio", growth.calmar, number, "Annual growth over the deepest drawdown."),
        FigureRow(
            name="Longest drawdown",
            value=count(growth.longest_drawdown_sessions, "session"),
            meaning="The longest time equity spent below a peak; the last may go on.",
        ),
        _row(
            "Invested", metrics.exposure_pct, percent, "Share of equity in positions, on average."
        ),
    ]


def _benchmark_rows(report: BacktestReport) -> list[FigureRow]:
    figures = report.against_benchmark
    if figures is None:
        return []
    return [
        _row(
            "Alpha",
            figures.alpha_pct,
            percent,
            f"Growth a year that does not come from moves of {BENCHMARK}.",
        ),
        _row(
            "Beta",
            figures.beta,
            number,
            f"When {BENCHMARK} moves 1 %, this moves {percent(figures.beta, digits=2)} on average.",
        ),
        _row(
            "Correlation",
            figures.correlation,
            number,
            f"How closely it follows {BENCHMARK}: 1 in step, 0 not at all.",
        ),
    ]


def _trading_rows(report: BacktestReport) -> list[FigureRow]:
    metrics = report.metrics
    won = None if metrics.win_rate is None else metrics.win_rate * 100
    return [
        FigureRow(
            name="Trades",
            value=f"{metrics.trades:,}",
            meaning="Positions bought and sold again.",
        ),
        _row("Won", won, percent, "Trades with a profit after costs."),
        _row(
            "Average win over loss",
            metrics.avg_win_loss_ratio,
            number,
            "What a winner wins for each dollar a loser loses.",
        ),
        _row(
            "Profit factor",
            metrics.profit_factor,
            number,
            "All that winners won over all that losers lost.",
        ),
    ]


def _row(
    name: str,
    raw: float | None,
    write: Callable[[float | None], str],
    meaning: str,
    interval: Interval | None = None,
) -> FigureRow:
    return FigureRow(
        name=name,
        value=write(raw),
        meaning=meaning,
        raw=raw,
        interval=interval,
        interval_text=between(interval, write),
    )
