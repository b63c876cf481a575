"""How well orders were executed, as gauges over what is on record.

Counters of the worker would lose the orders of before its start, and the first of each symbol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.bootstrap.metric_families import gauges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prometheus_client.core import GaugeMetricFamily

    from alpha_oracle.domain.vital_signs import QualitySigns

_MEASURES: Final = {
    "slippage_bps": "Average price against the mid at submission, basis points.",
    "effective_spread_bps": "Twice the distance to the mid at the fill, basis points.",
    "acceptance_seconds": "From the decision to the broker's word, seconds.",
    "fill_seconds": "From the decision to the last fill, seconds.",
}
_LABELS: Final = ("account", "order_type", "window")


def quality_families(
    windows: Mapping[str, Sequence[QualitySigns]],
) -> Iterator[GaugeMetricFamily]:
    """Give the quality of each window of time by its name; above 0 is worse for us."""
    rows = [
        ([one.account, one.order_type, window], one)
        for window, found in windows.items()
        for one in found
    ]
    yield gauges(
        "quality_orders",
        "Orders that came to their end with an execution, within the window.",
        _LABELS,
        [(labels, one.orders) for labels, one in rows],
    )
    yield gauges(
        "quality_shortfall_usd",
        "What the orders cost against the reference prices of their signals, US dollars.",
        _LABELS,
        [(labels, one.shortfall_usd) for labels, one in rows],
    )
    for name, meaning in _MEASURES.items():
        yield gauges(
            f"quality_{name}",
            f"{meaning} By statistic: mean, p50, p95.",
            (*_LABELS, "statistic"),
            [
                ([*labels, statistic], value)
                for labels, one in rows
                for statistic, value in one.measures[name].items()
            ],
        )
