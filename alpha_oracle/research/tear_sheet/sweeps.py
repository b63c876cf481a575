"""A sweep as a person reads it: rows of figures, and where two parameters did well together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.research.charts import drawing, standalone, text
from alpha_oracle.research.tear_sheet.distributions import HEAD, ROW, heat_cell
from alpha_oracle.research.tear_sheet.figures import WIDTH

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from alpha_oracle.domain.sweeps import SweepSummary
    from alpha_oracle.domain.walk_forward import Parameter

LABELS: Final = 130.0
PARAMETERS_OF_A_MAP: Final = 2


def sweep_rows(summary: SweepSummary) -> list[dict[str, object]]:
    """Return the variants as rows of values, best first: parameters, then figures."""
    return [
        {
            "rank": rank,
            **variant.parameters,
            "return_pct": round(variant.metrics.total_return_pct, 2),
            "sharpe": _rounded(variant.metrics.sharpe),
            "max_drawdown_pct": round(variant.metrics.max_drawdown_pct, 2),
            "profit_factor": _rounded(variant.metrics.profit_factor),
            "trades": variant.metrics.trades,
            "deflated_sharpe": _rounded(variant.chance.deflated_sharpe),
            "trials": variant.chance.trials,
        }
        for rank, variant in enumerate(summary.variants, start=1)
    ]


def sweep_map_svg(summary: SweepSummary) -> str | None:
    """Return the heat map of a sweep over two parameters as a document; None for another number."""
    figure = sweep_map(summary)
    return None if figure is None else standalone(figure)


def sweep_map(summary: SweepSummary) -> Element | None:
    """Draw the Sharpe ratio of each pair of values, a gap where there is none.

    The parameter with more values goes downwards. None where the grid has not two parameters.
    """
    names = list(summary.variants[0].parameters)
    if len(names) != PARAMETERS_OF_A_MAP:
        return None
    down, across = sorted(names, key=lambda name: -len(_values(summary, name)))
    rows, columns = _values(summary, down), _values(summary, across)
    width = (WIDTH - LABELS) / len(columns)
    lefts = {value: LABELS + width * place for place, value in enumerate(columns)}
    tops = {value: 2 * HEAD + ROW * place for place, value in enumerate(rows)}
    parts = [text(LABELS + (WIDTH - LABELS) / 2, 12, across, text_anchor="middle", class_="strong")]
    parts.append(text(LABELS - 12, HEAD + 12, down, text_anchor="end", class_="strong"))
    for value, left in lefts.items():
        parts.append(text(left + width / 2, HEAD + 12, str(value), text_anchor="middle"))
    for value, top in tops.items():
        parts.append(text(LABELS - 12, top + 17, str(value), text_anchor="end"))
    scale = _scale(summary)
    for variant in summary.variants:
        place = (lefts[variant.parameters[across]], tops[variant.parameters[down]], width)
        if variant.metrics.sharpe is not None:
            parts += heat_cell(*place, variant.metrics.sharpe, scale=scale, digits=2)
    label = f"Sharpe ratio by {down} and {across}"
    return drawing(*parts, width=WIDTH, height=2 * HEAD + ROW * len(rows), label=label)


def _values(summary: SweepSummary, name: str) -> list[Parameter]:
    # Of one type each, so they have an order.
    return sorted({variant.parameters[name] for variant in summary.variants})


def _scale(summary: SweepSummary) -> float:
    ratios = [one.metrics.sharpe for one in summary.variants if one.metrics.sharpe is not None]
    return (float(np.percentile(np.abs(ratios), 95)) if ratios else 0.0) or 1.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
