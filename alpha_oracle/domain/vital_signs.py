"""What tells at a glance whether an installation is well, as the record has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alpha_oracle.domain.market import Session
from alpha_oracle.domain.runs import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSigns:
    """The run of a session over the whole universe: where it stands, and what it counted.

    `started_at` is the latest attempt's. `figures` are empty while a run is not done, and of runs
    that did not record any.
    """

    session: Session
    status: RunStatus
    attempts: int
    started_at: datetime
    finished_at: datetime | None
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalSigns:
    """Counts and instants over the whole record.

    `newest_run` is that of the newest session, `newest_done` the newest that was done; None: there
    is none. `orders` and `signals` are of one session, by account and status or outcome; a signal
    without an outcome counts as `waiting`. The slices of a TWAP are no orders here.
    """

    newest_run: RunSigns | None
    newest_done: RunSigns | None
    outbox_pending: int
    outbox_oldest_at: datetime | None
    approvals_waiting: int
    held_bars: int
    orders: Mapping[tuple[str, str], int]
    signals: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySigns:
    """How well the orders of an account and a type were executed within a time.

    Measures by name (`slippage_bps`, ...), each with its statistics by name (`mean`, `p50`,
    `p95`); those that no order has are left out. Above 0 is worse for us. `shortfall_usd` is the
    sum over the orders.
    """

    account: str
    order_type: str
    orders: int
    shortfall_usd: float | None
    measures: Mapping[str, Mapping[str, float]]
