"""A reliability diagram: how often what was forecast came, against how sure the forecast was."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from alpha_oracle.research.charts import COLOURS, Plot, drawing, spread, standalone, text
from alpha_oracle.research.markup import element

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from xml.etree.ElementTree import Element

    from alpha_oracle.ml.scores import ReliabilityBin

TICKS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
SMALLEST: Final = 2.0
LARGEST: Final = 7.0


class _Point(NamedTuple):
    confidence: float
    accuracy: float
    forecasts: int


def reliability_chart(series: Mapping[str, Sequence[ReliabilityBin]], *, title: str) -> str:
    """Return an SVG of each series' bins, larger where they hold more forecasts; empty ones not.

    On the dashed line a forecast of 60 % comes true in 60 % of the cases; below it forecasts are
    too sure of themselves.
    """
    plot = Plot(width=560, height=420, count=2, low=0.0, high=1.0, top=40, bottom=46, right=130)
    drawn = {name: points for name, bins in series.items() if (points := _points_of(bins))}
    ends = spread([plot.y(points[-1].accuracy) for points in drawn.values()])
    parts = [text(plot.left, 22, title, class_="strong"), *_frame(plot)]
    for place, ((name, points), end) in enumerate(zip(drawn.items(), ends, strict=True)):
        colour = COLOURS[place % len(COLOURS)]
        parts += _line(plot, points, colour)
        parts.append(text(plot.width - plot.right + 10, end + 4, name, style=f"fill:{colour}"))
    return standalone(drawing(*parts, width=plot.width, height=plot.height, label=title))


def _points_of(bins: Sequence[ReliabilityBin]) -> list[_Point]:
    return [
        _Point(one.confidence, one.accuracy, one.forecasts)
        for one in bins
        if one.confidence is not None and one.accuracy is not None
    ]


def _frame(plot: Plot) -> list[Element]:
    ends = {"x1": plot.x(0), "y1": plot.y(0), "x2": plot.x(1), "y2": plot.y(1)}
    below = [
        text(plot.x(tick), plot.height - 28, f"{tick:.0%}", text_anchor="middle") for tick in TICKS
    ]
    what = text(plot.x(0.5), plot.height - 10, "confidence of the forecast", text_anchor="middle")
    diagonal = element("line", class_="zero dashed", **ends)
    return [*plot.grid(TICKS, "{:.0%}".format), *below, what, diagonal]


def _line(plot: Plot, points: Sequence[_Point], colour: str) -> list[Element]:
    most = max(point.forecasts for point in points)
    where = [(plot.x(point.confidence), plot.y(point.accuracy)) for point in points]
    line = element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in where), stroke=colour)
    dots = [
        element("circle", cx=x, cy=y, r=_radius(point.forecasts / most), style=f"fill:{colour}")
        for (x, y), point in zip(where, points, strict=True)
    ]
    return [line, *dots]


def _radius(share: float) -> float:
    # The area, not the width, is what an eye compares.
    return SMALLEST + (LARGEST - SMALLEST) * sqrt(share)
