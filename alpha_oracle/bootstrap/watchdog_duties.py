"""What the watch does beside telling: each look at its own pace, none waiting for another."""

from __future__ import annotations

import os
from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.embedded.prefect_server import prefect_url
from alpha_oracle.adapters.postgres.outbox import PostgresOutbox
from alpha_oracle.adapters.postgres.watchdogs import PostgresWatchRecord
from alpha_oracle.adapters.prefect_runs import PrefectFlowRuns
from alpha_oracle.adapters.redis.event_bus import RedisEventBus
from alpha_oracle.bootstrap.duties import Duty
from alpha_oracle.bootstrap.orchestration import API_VARIABLE
from alpha_oracle.bootstrap.supervisor import is_ready
from alpha_oracle.bootstrap.telling import Teller
from alpha_oracle.bootstrap.watchdogs import (
    FlowRunWatch,
    PipelineWatch,
    ProcessWatch,
    StandInRelay,
    StoreWatch,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.config import Settings
    from alpha_oracle.domain.trading_events import RiskAlert
    from alpha_oracle.ports.clock import Clock

PACE_SECONDS: Final = 5.0
PIPELINE_PACE_SECONDS: Final = 10.0
FLOW_RUN_PACE_SECONDS: Final = 15.0
RELAY_PACE_SECONDS: Final = 1.0


def watchdog_duties(
    settings: Settings, stores: Stores, clock: Clock, *, say: Callable[[RiskAlert], bool]
) -> tuple[Duty, ...]:
    """Return the looks at all parts of an installation, and the relay that stands in.

    `say` tells a person while nothing can be put on record; it returns whether that was delivered.
    """
    since = clock.now()
    record = PostgresWatchRecord(stores.database)
    over_stores = StoreWatch(
        ask_postgres=partial(_ask, stores.database), ask_redis=stores.redis.ping
    )
    teller = Teller(record, clock, is_recordable=over_stores.is_recordable, say=say)
    pipeline = PipelineWatch(record, watching_since=since)
    processes = ProcessWatch(settings, watching_since=since)
    flow_runs = FlowRunWatch(_prefect(settings), is_expected=partial(has_prefect, settings))
    outbox = PostgresOutbox(stores.database, waits=False)
    relay = StandInRelay(settings, outbox, RedisEventBus(stores.redis))
    looks = (
        ("stores", PACE_SECONDS, over_stores.look),
        ("pipeline", PIPELINE_PACE_SECONDS, pipeline.look),
        ("worker", PACE_SECONDS, processes.look_at_worker),
        ("processes", PACE_SECONDS, processes.look),
        ("flow runs", FLOW_RUN_PACE_SECONDS, flow_runs.look),
    )
    return (
        Duty(name="postgres", every_seconds=PACE_SECONDS, perform=over_stores.postgres.ask),
        Duty(name="redis", every_seconds=PACE_SECONDS, perform=over_stores.redis.ask),
        *(
            Duty(name=name, every_seconds=pace, perform=partial(look, teller, clock))
            for name, pace, look in looks
        ),
        Duty(name="relay", every_seconds=RELAY_PACE_SECONDS, perform=partial(relay.relay, clock)),
    )


def _ask(database: Database) -> None:
    with database.at_once() as connection:
        connection.execute(text("SELECT 1"))


def _prefect(settings: Settings) -> PrefectFlowRuns:
    given = os.environ.get(API_VARIABLE)
    return PrefectFlowRuns(lambda: given or prefect_url(settings.home), headers=_credentials())


def has_prefect(settings: Settings) -> bool:
    """Whether a Prefect server is to be there."""
    # The first start of its server takes minutes on a slow machine.
    return bool(os.environ.get(API_VARIABLE)) or is_ready(settings.home)


def _credentials() -> dict[str, str]:
    # As Prefect's own client reads them.
    secret, key = (os.environ.get(f"PREFECT_API_{name}") for name in ("AUTH_STRING", "KEY"))
    if secret:
        return {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}
    return {"Authorization": f"Bearer {key}"} if key else {}
