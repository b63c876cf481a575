"""The pictures of a tear sheet along time: equity, drawdown, what is invested, rolling Sharpe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.market import BENCHMARK
from alpha_oracle.research.charts import Plot, drawing, spread, standalone, text, ticks
from alpha_oracle.research.markup import element
from alpha_oracle.research.report import ROLLING_SESSIONS
from alpha_oracle.research.tear_sheet.words import number, percent, usd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from numpy.typing import NDArray

    from alpha_oracle.research.report import BacktestReport

    Line = tuple[str, NDArray[np.float64]]

WIDTH: Final = 1000.0
HALF_WIDTH: Final = 490.0
RIGHT: Final = 150
LETTER: Final = 8
"""What the widest letters of a label take up, so that a strategy's name fits beside its line."""

YEAR_LABELS: Final = 12
"""More than so many years are labelled every second or third."""


def equity_svg(report: BacktestReport) -> str:
    """Return the equity chart as a document of its own."""
    return standalone(equity_chart(report))


def equity_chart(report: BacktestReport) -> Element:
    """Draw equity in USD, and what the same capital in the benchmark would have become."""
    lines: dict[str, Line] = {report.about.strategy: ("ours", report.equity)}
    if report.benchmark is not None:
        lines = {BENCHMARK: ("theirs", report.benchmark * report.capital_usd), **lines}
    marks = _ticks([values for _, values in lines.values()], around=report.capital_usd)
    plot = _plot(report, height=300.0, marks=marks)
    parts = [*plot.grid(marks, number_without_digits), *_years(plot, report.sessions)]
    for look, values in lines.values():
        parts += plot.lines(values.tolist(), class_=look)
    return drawing(
        *parts,
        *_ends(plot, lines),
        width=WIDTH,
        height=plot.height,
        label=f"Equity in USD: {usd(_last(report.equity))} at the end",
    )


def drawdown_chart(report: BacktestReport) -> Element:
    """Draw how far equity lies below its peak, in percent."""
    marks = ticks(-max(report.drawdown_pct.max(initial=0.0), 1.0), 0.0, count=4)
    plot = _plot(report, height=130.0, marks=marks)
    return drawing(
        *plot.grid(marks, lambda value: percent(value, digits=_digits(marks))),
        *_years(plot, report.sessions, named=False),
        *plot.area((-report.drawdown_pct).tolist(), class_="loss", fill_opacity="0.75"),
        width=WIDTH,
        height=plot.height,
        label=f"Drawdown: {percent(report.metrics.max_drawdown_pct)} at its deepest",
    )


def invested_chart(report: BacktestReport) -> Element:
    """Draw the share of equity that is not cash, in percent."""
    plot = _plot(report, height=100.0, marks=[0.0, 50.0, 100.0])
    return drawing(
        *plot.grid([0.0, 50.0, 100.0], lambda value: percent(value, digits=0)),
        *_years(plot, report.sessions),
        *plot.area(invested_pct(report).tolist(), class_="gain", fill_opacity="0.35"),
        width=WIDTH,
        height=plot.height,
        label=f"Invested: {percent(report.metrics.exposure_pct)} of equity on average",
    )


def rolling_chart(report: BacktestReport) -> Element:
    """Draw the Sharpe ratio of the last half year, and that of the whole."""
    marks = _ticks([report.rolling_sharpe], around=0.0)
    plot = Plot(
        width=HALF_WIDTH,
        height=210.0,
        count=len(report.sessions),
        low=marks[0],
        high=marks[-1],
        left=40,
        right=12,
    )
    parts = [
        *plot.grid(marks, lambda value: number(value, digits=_digits(marks))),
        *_years(plot, report.sessions, most=YEAR_LABELS // 2),
        _across(plot, 0.0, class_="zero"),
    ]
    if report.metrics.sharpe is not None and marks[0] <= report.metrics.sharpe <= marks[-1]:
        parts.append(_across(plot, report.metrics.sharpe, class_="ours dashed"))
    return drawing(
        *parts,
        *plot.lines(report.rolling_sharpe.tolist(), class_="ours"),
        width=HALF_WIDTH,
        height=plot.height,
        label=f"Sharpe ratio over {ROLLING_SESSIONS} sessions",
    )


def invested_pct(report: BacktestReport) -> NDArray[np.float64]:
    """Return the share of equity that is not cash, in percent; NaN where nothing is left."""
    known = np.where(report.equity > 0.0, report.equity, np.nan)
    return np.asarray((1.0 - report.cash / known) * 100, np.float64)


def number_without_digits(value: float) -> str:
    """Return a number without decimals."""
    return number(value, digits=0)


def _plot(report: BacktestReport, *, height: float, marks: Sequence[float]) -> Plot:
    return Plot(
        width=WIDTH,
        height=height,
        count=len(report.sessions),
        low=marks[0],
        high=marks[-1],
        right=max(RIGHT, LETTER * len(report.about.strategy)),
    )


def _ticks(lines: Sequence[NDArray[np.float64]], *, around: float) -> list[float]:
    values = np.concatenate([*lines, [around]])
    known = values[np.isfinite(values)]
    return ticks(float(known.min()), float(known.max()))


def _ends(plot: Plot, lines: dict[str, Line]) -> list[Element]:
    last = {name: _last(values) for name, (_, values) in lines.items()}
    shown = {name: value for name, value in last.items() if value is not None}
    places = spread([plot.y(value) for value in shown.values()], apart=30.0)
    parts = []
    for (name, value), y in zip(shown.items(), places, strict=True):
        x, look = plot.width - plot.right + 8, lines[name][0]
        parts += [text(x, y + 2, name, class_=look), text(x, y + 15, usd(value), class_=look)]
    return parts


def _last(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else None


def _years(
    plot: Plot, sessions: NDArray[np.datetime64], *, named: bool = True, most: int = YEAR_LABELS
) -> list[Element]:
    years = sessions.astype("datetime64[Y]").astype(np.int64)
    firsts = np.flatnonzero(np.diff(years, prepend=years[:1] - 1))
    every = -(-len(firsts) // most) if len(firsts) else 1
    parts = []
    for place in firsts[::every]:
        x = plot.x(float(place))
        bottom = plot.height - plot.bottom
        parts.append(element("line", class_="grid", x1=x, x2=x, y1=bottom, y2=bottom + 5))
        if named:
            parts.append(text(x + 3, bottom + 16, str(sessions[place])[:4]))
    return parts


def _across(plot: Plot, value: float, **attributes: str) -> Element:
    y = plot.y(value)
    return element("line", x1=plot.left, x2=plot.width - plot.right, y1=y, y2=y, **attributes)


def _digits(marks: Sequence[float]) -> int:
    return 0 if all(float(mark).is_integer() for mark in marks) else 1
