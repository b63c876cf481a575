"""Charts as SVG: small enough for a run's summary, the same in any browser, light and dark."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import pairwise
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, Final

from alpha_oracle.research.markup import as_xml, element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

COLOURS: Final = ("#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2")
LIGHT: Final = (
    "--paper:#ffffff;--ink:#1d2530;--quiet:#6a7483;--line:#e4e7ec;--accent:#1f5fbf;"
    "--theirs:#9aa3af;--loss:#b8452f;"
)
DARK: Final = (
    "--paper:#14181f;--ink:#e4e8ee;--quiet:#939dab;--line:#2a313b;--accent:#6ea8fe;"
    "--theirs:#737d8b;--loss:#e5826c;"
)
RULES: Final = (
    "svg text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,"
    "sans-serif;font-variant-numeric:tabular-nums;fill:var(--quiet)}"
    "svg .ink{fill:var(--ink)}svg .strong{font-weight:600;fill:var(--ink)}"
    "svg .grid{stroke:var(--line);stroke-width:1}svg .zero{stroke:var(--quiet);stroke-width:1}"
    "svg .dashed{stroke-dasharray:3 3}"
    "svg polyline{fill:none;stroke-width:1.6;stroke-linejoin:round}"
    "svg .ours{stroke:var(--accent)}svg .theirs{stroke:var(--theirs)}"
    "svg text.ours{stroke:none;fill:var(--accent);font-weight:600}"
    "svg text.theirs{stroke:none;fill:var(--quiet)}"
    "svg .gain{fill:var(--accent)}svg .loss{fill:var(--loss)}svg .paper{fill:var(--paper)}"
)
"""How the classes of a drawing look; a page that shows drawings inline includes them once."""

LABEL_HEIGHT: Final = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A drawing area: `count` places from left to right, values from `low` to `high` upwards."""

    width: float
    height: float
    count: int
    low: float
    high: float
    left: float = 64
    right: float = 120
    top: float = 10
    bottom: float = 24

    def x(self, place: float) -> float:
        """Return where a place lies."""
        return self.left + (self.width - self.left - self.right) * place / max(self.count - 1, 1)

    def y(self, value: float) -> float:
        """Return where a value lies."""
        span = self.height - self.top - self.bottom
        return self.top + span * (1.0 - (value - self.low) / (self.high - self.low))

    def grid(self, ticks: Sequence[float], write: Callable[[float], str]) -> list[Element]:
        """Return a line across at each tick, with what it stands for."""
        drawn = []
        for tick in ticks:
            y = self.y(tick)
            ends = {"x1": self.left, "x2": self.width - self.right, "y1": y, "y2": y}
            drawn.append(element("line", class_="grid", **ends))
            drawn.append(text(self.left - 8, y + 4, write(tick), text_anchor="end"))
        return drawn

    def lines(self, values: Sequence[float], **attributes: str | float) -> list[Element]:
        """Return a line through the values, with a gap where one is not finite."""
        return [
            element("polyline", points=self._points(stretch, values), **attributes)
            for stretch in stretches(values)
        ]

    def area(self, values: Sequence[float], **attributes: str | float) -> list[Element]:
        """Return what lies between the values and 0."""
        drawn = []
        for stretch in stretches(values):
            base = self.y(0.0)
            first, last = self.x(stretch[0]), self.x(stretch[-1])
            around = f"{first:.1f},{base:.1f} {self._points(stretch, values)} {last:.1f},{base:.1f}"
            drawn.append(element("polygon", points=around, **attributes))
        return drawn

    def _points(self, stretch: range, values: Sequence[float]) -> str:
        return " ".join(f"{self.x(place):.1f},{self.y(values[place]):.1f}" for place in stretch)


def stretches(values: Sequence[float]) -> Iterator[range]:
    """Yield the places of each run of finite values."""
    start: int | None = None
    for place, value in enumerate(values):
        if isfinite(value):
            start = place if start is None else start
        elif start is not None:
            yield range(start, place)
            start = None
    if start is not None:
        yield range(start, len(values))


def ticks(low: float, high: float, *, count: int = 5) -> list[float]:
    """Return about `count` round values from at most `low` to at least `high`."""
    raw = (high - low) / max(count - 1, 1) if high > low else max(abs(high), 1.0)
    power = 10.0 ** floor(log10(raw))
    step = next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= raw * 0.999)
    first = floor(low / step + 1e-9)
    last = -floor(-high / step + 1e-9)
    return [place * step for place in range(first, max(last, first + 1) + 1)]


def text(x: float, y: float, words: str, **attributes: str | float) -> Element:
    """Return words at a place; `text_anchor` says which end of them it is."""
    return element("text", words, x=x, y=y, **attributes)


def drawing(*parts: Element, width: float, height: float, label: str) -> Element:
    """Return a drawing that scales with its place; `label` is what a screen reader says."""
    return element("svg", *parts, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=label)


def standalone(figure: Element) -> str:
    """Return a drawing as a document of its own, dark on white wherever it is shown."""
    _, _, width, height = figure.get("viewBox", "0 0 0 0").split()
    size = {"width": width, "height": height}
    whole = element(
        "svg",
        element("style", f":root{{{LIGHT}}}{RULES}"),
        element("rect", class_="paper", **size),
        xmlns="http://www.w3.org/2000/svg",
        **{**figure.attrib, **size},
    )
    whole.extend(figure)
    return as_xml(whole)


def data_uri(svg: str) -> str:
    """Return an SVG as the address of an image."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def line_chart(
    series: Mapping[str, Sequence[float]], *, title: str, labels: tuple[str, str]
) -> str:
    """Return an SVG line chart; each series spans the width, `labels` name its two ends."""
    series = {name: line for name, line in series.items() if len(line)}
    values = [value for line in series.values() for value in line]
    marks = ticks(min(values, default=0.0), max(values, default=1.0))
    frame = {"width": 860, "height": 300, "low": marks[0], "high": marks[-1], "right": 190}
    plot = Plot(count=2, top=40, bottom=30, **frame)
    parts = [
        text(plot.left, 22, title, class_="strong"),
        *plot.grid(marks, "{:,.10g}".format),
        text(plot.left, plot.height - 10, labels[0]),
        text(plot.width - plot.right, plot.height - 10, labels[1], text_anchor="end"),
    ]
    ends = spread([plot.y(line[-1]) for line in series.values()])
    for (name, line), end, colour in zip(series.items(), ends, _colours(len(series)), strict=True):
        parts += Plot(count=len(line), top=40, bottom=30, **frame).lines(line, stroke=colour)
        parts.append(text(plot.width - plot.right + 10, end + 4, name, style=f"fill:{colour}"))
    return standalone(drawing(*parts, width=plot.width, height=plot.height, label=title))


def spread(places: Sequence[float], *, apart: float = LABEL_HEIGHT) -> list[float]:
    """Return places moved down just so far that no two are closer than `apart`."""
    moved = list(places)
    order = sorted(range(len(places)), key=places.__getitem__)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + apart)
    return moved


def _colours(count: int) -> list[str]:
    return [COLOURS[place % len(COLOURS)] for place in range(count)]
