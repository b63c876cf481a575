"""What trading stands at, as gauges: the kill switch, limits beside their bounds, accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alpha_oracle.bootstrap.metric_families import gauge, gauges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from prometheus_client.core import GaugeMetricFamily

    from alpha_oracle.domain.risk import KillSwitchReading
    from alpha_oracle.domain.trading_records import Reconciliation
    from alpha_oracle.domain.vital_signs import VitalSigns

_OF_ACCOUNT = {
    "cash_usd": "Cash, US dollars.",
    "equity_usd": "Cash and holdings at the quotes of now, US dollars.",
    "peak_equity_usd": "The equity that the drawdown counts from, US dollars.",
    "previous_close_equity_usd": "The equity that the day's loss counts from, US dollars.",
    "positions": "Symbols held.",
}


def switch_families(reading: KillSwitchReading) -> Iterator[GaugeMetricFamily]:
    """Give the kill switch, and what each of its stores says; one that is unreadable says none."""
    yield gauge(
        "kill_switch_active",
        "1 while all trading is halted: a store says so, or cannot be read.",
        reading.is_active,
    )
    yield gauges(
        "kill_switch_store_active",
        "What a store says of the switch, 1 or 0; no sample where it cannot be read.",
        ["store"],
        [(["database"], reading.database), (["mirror"], reading.mirror)],
    )


def backlog_families(signs: VitalSigns, *, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Give what waits: for a human, or to be announced."""
    yield gauge(
        "approvals_waiting", "Orders that wait for a human's word.", signs.approvals_waiting
    )
    yield gauge(
        "outbox_pending", "Events on record that are not announced yet.", signs.outbox_pending
    )
    oldest = signs.outbox_oldest_at
    yield gauge(
        "outbox_oldest_age_seconds",
        "How long the oldest event has waited to be announced, seconds; 0: none waits.",
        0.0 if oldest is None else max((now - oldest).total_seconds(), 0.0),
    )
    yield gauges(
        "session_orders",
        "Orders of the session that opened last, by where they stand.",
        ["account", "status"],
        signs.orders.items(),
    )
    yield gauges(
        "session_signals",
        "Signals of the session that closed before it, by what became of them.",
        ["account", "outcome"],
        signs.signals.items(),
    )


def account_families(portfolios: Sequence[Mapping[str, Any]]) -> Iterator[GaugeMetricFamily]:
    """Give what accounts are worth; no equity where something held has no quote."""
    for name, meaning in _OF_ACCOUNT.items():
        samples = [([one["account"]], one[name]) for one in portfolios]
        yield gauges(f"account_{name}", meaning, ["account"], samples)
    yield gauges(
        "account_unpriced_symbols",
        "Symbols held that have no quote.",
        ["account"],
        [([one["account"]], len(one["unpriced"])) for one in portfolios],
    )


def risk_families(measurements: Sequence[Mapping[str, Any]]) -> Iterator[GaugeMetricFamily]:
    """Give every breaker and limit as the worker measured it last."""
    read = [
        ([one["account"], kind, reading["name"]], reading)
        for one in measurements
        for kind, group in (("breaker", "breakers"), ("limit", "limits"))
        for reading in one[group]
    ]
    labels = ["account", "kind", "name"]
    yield gauges(
        "risk_measured",
        "What the worker measured last, in the unit of its bound: percent of equity for shares "
        "and losses, seconds, hours, index points, counts; no sample where it is unknown.",
        labels,
        [(values, reading["measured"]) for values, reading in read],
    )
    yield gauges(
        "risk_bound",
        "From where a breaker trips or a limit is breached, in the unit of what is measured.",
        labels,
        [(values, reading["bound"]) for values, reading in read],
    )
    yield gauges(
        "risk_breached",
        "1 where a breaker is tripped or a limit breached, or it cannot be measured.",
        labels,
        [(values, reading["breached"]) for values, reading in read],
    )
    yield gauges(
        "risk_measured_age_seconds",
        "How long ago the worker measured, seconds by the clock of the installation.",
        ["account"],
        [([one["account"]], one["age_seconds"]) for one in measurements],
    )


def reconciliation_families(
    reconciliations: Sequence[Reconciliation], *, now: datetime
) -> Iterator[GaugeMetricFamily]:
    """Give how book and broker compared when they were looked at last."""
    label = ["account"]
    yield gauges(
        "reconciliation_green",
        "1 where book and broker agreed in every share and every order there was known.",
        label,
        [([one.account], one.is_green) for one in reconciliations],
    )
    yield gauges(
        "reconciliation_drift_ratio",
        "Worth of the shares that differed, as a fraction of equity.",
        label,
        [
            ([one.account], None if one.drift_pct is None else float(one.drift_pct) / 100)
            for one in reconciliations
        ],
    )
    yield gauges(
        "reconciliation_age_seconds",
        "Time since book and broker were compared, seconds.",
        label,
        [([one.account], (now - one.at).total_seconds()) for one in reconciliations],
    )


def day_trade_families(
    counts: Sequence[Mapping[str, Any]], *, bound: int
) -> Iterator[GaugeMetricFamily]:
    """Give the day trades that the guard counts in its window, beside how many it allows."""
    yield gauges(
        "day_trades",
        "Day trades in the guard's window of sessions.",
        ["account"],
        [([one["account"]], one["counted"]) for one in counts],
    )
    yield gauge("day_trades_bound", "Day trades that the guard allows in its window.", bound)
