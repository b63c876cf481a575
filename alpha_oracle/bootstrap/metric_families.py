"""Gauges made of facts at the moment Prometheus asks; what is unknown has no sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client.core import GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PREFIX: Final = "alpha_oracle_"


def gauge(name: str, meaning: str, value: float | None) -> GaugeMetricFamily:
    """Return a gauge with one value; None: unknown."""
    return gauges(name, meaning, (), [((), value)])


def gauges(
    name: str,
    meaning: str,
    labels: Sequence[str],
    samples: Iterable[tuple[Sequence[str], float | None]],
) -> GaugeMetricFamily:
    """Return a gauge with a value for each of some values of its labels; None: unknown."""
    family = GaugeMetricFamily(PREFIX + name, meaning, labels=labels)
    for values, number in samples:
        if number is not None:
            family.add_metric(values, float(number))
    return family
