"""The pictures of a tear sheet that count: months by year, trades by return, ranges of figures."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.research.charts import Plot, drawing, standalone, text, ticks
from alpha_oracle.research.markup import element
from alpha_oracle.research.tear_sheet.figures import HALF_WIDTH, WIDTH
from alpha_oracle.research.tear_sheet.words import count, number, percent

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from numpy.typing import NDArray

    from alpha_oracle.domain.backtests import Interval
    from alpha_oracle.research.report import BacktestReport

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ROW: Final = 27.0
LABELS: Final = 56.0
HEAD: Final = 20.0
TOTAL_GAP: Final = 14.0
DEEP: Final = 0.6
"""Opacity of the largest return: as much as text in ink stays readable on, light and dark."""

BARS: Final = 40
"""About so many bars hold the middle 98 % of trades."""

RANGE_WIDTH: Final = 140.0
RANGE_HEIGHT: Final = 14.0


def heat_map_svg(report: BacktestReport) -> str:
    """Return the heat map of months as a document of its own."""
    return standalone(heat_map(report))


def heat_map(report: BacktestReport) -> Element:
    """Draw the return of each month, years downwards, the year's total on the right."""
    calendar = report.calendar
    column = (WIDTH - LABELS - TOTAL_GAP) / (len(MONTHS) + 1)
    lefts = [LABELS + column * place for place in range(len(MONTHS))]
    lefts.append(WIDTH - column)
    table = np.column_stack([calendar.months_pct, calendar.years_pct])
    scales = _scales(calendar.months_pct, calendar.years_pct)
    parts = [
        text(left + column / 2, 12, name, text_anchor="middle")
        for left, name in zip(lefts, (*MONTHS, "Year"), strict=True)
    ]
    for row, year in enumerate(calendar.years):
        top = HEAD + ROW * row
        parts.append(text(LABELS - 12, top + 17, str(year), text_anchor="end"))
        for left, value, scale in zip(lefts, table[row], scales, strict=True):
            if isfinite(value):
                parts += heat_cell(left, top, column, float(value), scale=scale)
    height = HEAD + ROW * max(len(calendar.years), 1)
    return drawing(*parts, width=WIDTH, height=height, label="Returns by month and year")


def trade_histogram(report: BacktestReport) -> Element:
    """Draw how many trades returned how much; the outermost bars hold what lies beyond, too."""
    returns = np.array([trade.return_pct for trade in report.trades])
    edges = _edges(returns)
    many = np.histogram(np.clip(returns, edges[0], edges[-1]), edges)[0]
    marks = ticks(0.0, float(many.max(initial=1)), count=4)
    plot = Plot(
        width=HALF_WIDTH,
        height=210.0,
        count=len(edges),
        low=0.0,
        high=marks[-1],
        left=40,
        right=12,
    )
    parts = plot.grid(
        [mark for mark in marks if mark.is_integer()], lambda value: number(value, digits=0)
    )
    for place, trades in enumerate(many):
        parts += _bar(plot, place, int(trades), edges)
    for mark in ticks(float(edges[0]), float(edges[-1]), count=6):
        place = (mark - edges[0]) / (edges[1] - edges[0])
        if 0 <= place < len(edges):
            words = f"{number(mark, digits=2).rstrip('0').rstrip('.')} %"
            parts.append(text(plot.x(place), plot.height - 8, words, text_anchor="middle"))
    label = f"Returns of {count(len(returns), 'trade')}"
    return drawing(*parts, width=HALF_WIDTH, height=plot.height, label=label)


def range_bar(value: float, interval: Interval) -> Element:
    """Draw an interval as a bar with the figure's place in it, and where 0 is."""
    low, high = min(interval.low, value, 0.0), max(interval.high, value, 0.0)
    span = high - low or 1.0

    def x(figure: float) -> float:
        return 4 + (RANGE_WIDTH - 8) * (figure - low) / span

    middle = RANGE_HEIGHT / 2
    zero, start = x(0.0), x(interval.low)
    length = x(interval.high) - start
    return drawing(
        element("line", class_="zero", x1=zero, x2=zero, y1=1, y2=RANGE_HEIGHT - 1),
        element(
            "rect",
            class_="gain",
            fill_opacity="0.3",
            x=start,
            y=middle - 2.5,
            width=length,
            height=5,
            rx=2.5,
        ),
        element("circle", class_="gain", cx=x(value), cy=middle, r=3.5),
        width=RANGE_WIDTH,
        height=RANGE_HEIGHT,
        label="95 % interval",
    )


def heat_cell(
    left: float, top: float, width: float, value: float, *, scale: float, digits: int = 1
) -> list[Element]:
    """Draw a value in its place, `ROW` high, the deeper the closer it is to `scale`."""
    depth = min(abs(value) / scale, 1.0) * DEEP
    look = "gain" if value >= 0 else "loss"
    return [
        element(
            "rect",
            class_=look,
            fill_opacity=f"{depth:.2f}",
            x=left + 1,
            y=top + 1,
            width=width - 2,
            height=ROW - 2,
            rx=3,
        ),
        text(
            left + width / 2,
            top + 17,
            number(value, digits=digits),
            class_="ink",
            text_anchor="middle",
        ),
    ]


def _scales(months: NDArray[np.float64], years: NDArray[np.float64]) -> list[float]:
    # A quarter of a crash must not leave every other month pale: the scale is the 95th percentile.
    of_months, of_years = (
        float(np.percentile(np.abs(values[np.isfinite(values)]), 95)) if len(values) else 1.0
        for values in (months, years)
    )
    return [of_months or 1.0] * len(MONTHS) + [of_years or 1.0]


def _edges(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    # Round edges, 0 among them, so that no bar holds winners and losers.
    low, high = np.percentile(returns, [1, 99]) if len(returns) else (-1.0, 1.0)
    spacing = ticks(min(float(low), 0.0), max(float(high), 0.0), count=BARS)
    return np.array(spacing)


def _bar(plot: Plot, place: int, trades: int, edges: NDArray[np.float64]) -> list[Element]:
    if not trades:
        return []
    left, right, top = plot.x(place), plot.x(place + 1), plot.y(trades)
    look = "gain" if edges[place] >= 0 else "loss"
    between = f"{percent(float(edges[place]))} to {percent(float(edges[place + 1]))}"
    return [
        element(
            "rect",
            element("title", f"{between}: {count(trades, 'trade')}"),
            class_=look,
            fill_opacity="0.8",
            x=left + 0.5,
            y=top,
            width=max(right - left - 1, 0.5),
            height=plot.y(0.0) - top,
        )
    ]
