"""Charts as SVG text: small enough for a run's summary, the same in any browser."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH: Final = 860
HEIGHT: Final = 300
MARGIN_LEFT: Final = 70
MARGIN_RIGHT: Final = 190
MARGIN_TOP: Final = 36
MARGIN_BOTTOM: Final = 34
COLOURS: Final = ("#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2")
GRID_LINES: Final = 5


def line_chart(
    series: Mapping[str, Sequence[float]], *, title: str, labels: tuple[str, str]
) -> str:
    """Return an SVG line chart; each series spans the width, `labels` name its two ends."""
    values = [value for line in series.values() for value in line]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low == high:
        low, high = low - 1.0, high + 1.0
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#ffffff"/>',
        _text(MARGIN_LEFT, 22, title, weight="bold"),
        *_grid(low, high),
        _text(MARGIN_LEFT, HEIGHT - 12, labels[0]),
        _text(WIDTH - MARGIN_RIGHT, HEIGHT - 12, labels[1], anchor="end"),
        *_lines(series, low, high),
        "</svg>",
    ]
    return "".join(parts)


def data_uri(svg: str) -> str:
    """Return an SVG as the address of an image."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _grid(low: float, high: float) -> list[str]:
    parts = []
    for step in range(GRID_LINES):
        value = low + (high - low) * step / (GRID_LINES - 1)
        y = _y(value, low, high)
        parts.append(
            f'<line x1="{MARGIN_LEFT}" x2="{WIDTH - MARGIN_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="#e5e7eb"/>'
        )
        parts.append(_text(MARGIN_LEFT - 8, y + 4, f"{value:,.0f}", anchor="end"))
    return parts


def _lines(series: Mapping[str, Sequence[float]], low: float, high: float) -> list[str]:
    parts = []
    for position, (name, line) in enumerate(series.items()):
        colour = COLOURS[position % len(COLOURS)]
        points = " ".join(
            f"{_x(index, len(line)):.1f},{_y(value, low, high):.1f}"
            for index, value in enumerate(line)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
        )
        y = MARGIN_TOP + 8 + 20 * position
        x = WIDTH - MARGIN_RIGHT + 14
        parts.append(f'<rect x="{x}" y="{y - 9}" width="12" height="4" fill="{colour}"/>')
        parts.append(_text(x + 18, y - 3, name))
    return parts


def _x(index: int, count: int) -> float:
    return MARGIN_LEFT + (WIDTH - MARGIN_LEFT - MARGIN_RIGHT) * index / max(count - 1, 1)


def _y(value: float, low: float, high: float) -> float:
    plot = HEIGHT - MARGIN_TOP - MARGIN_BOTTOM
    return MARGIN_TOP + plot * (1.0 - (value - low) / (high - low))


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="#374151">{escape(text)}</text>'
    )
