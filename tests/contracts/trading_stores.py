"""The trading stores of the contract suite: Postgres, and the memory that tests use instead."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.operators import (
    PostgresApprovalDesk,
    PostgresOperatorActivity,
    PostgresOperatorDesk,
)
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.domain.signals import encode
from tests.backends import CUT_OTHERS
from tests.fakes.trading import (
    InMemoryKillSwitch,
    InMemoryOperators,
    InMemoryTradingStore,
    TradingMemory,
)
from tests.trading import NOW


@contextmanager
def in_memory(_request):
    """All of them over one memory."""
    memory = TradingMemory()
    operators = InMemoryOperators(memory)

    def publish(signal):
        memory.documents[signal.signal_id] = (signal.session, encode(signal))

    yield SimpleNamespace(
        store=InMemoryTradingStore(memory),
        another=lambda: InMemoryTradingStore(memory),
        cut=lambda store: store.cut(),
        kill_switch=InMemoryKillSwitch(memory),
        approvals=operators,
        requests=operators,
        activity=operators,
        announced=memory.announced,
        malformed=lambda: [(one.text, one.source, one.problem) for one in memory.malformed],
        publish=publish,
    )


TABLES = (
    *("trading_changes", "trading_workers", "kill_switch_changes", "signal_inbox"),
    *("signal_outcomes", "malformed_signals", "orders", "order_events", "fills", "lots"),
    *("accepted_doubts", "margin_deficits", "applied_actions"),
    *("trading_accounts", "cascade_runs", "pdt_audit_log", "approvals", "order_qualities"),
    *("reconciliations", "reconciliation_mismatches", "operator_activity", "operator_requests"),
    *("outbox", "signals", "audit_log"),
)
# To empty a database is quicker than to make one; what is append-only is to be emptied too.
EMPTY = f"""
SET LOCAL session_replication_role = replica;
{";".join(f"DELETE FROM {table}" for table in TABLES)};
UPDATE kill_switch SET is_active = false, activated_at = NULL, changed_by = '', reason = ''
"""


@contextmanager
def on_postgres(request):
    """All of them over a database that was emptied."""
    url = request.getfixturevalue("trading_database_url")
    databases, stores = [], []

    def opened():
        databases.append(open_database(url))
        return databases[-1]

    def store():
        stores.append(PostgresTradingStore(opened()))
        return stores[-1]

    def rows(statement, **values):
        with databases[0].begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    def cut(_store):
        rows(CUT_OTHERS)

    database = opened()
    with database.begin() as connection:
        connection.execute(text(EMPTY))
    yield SimpleNamespace(
        store=store(),
        another=store,
        cut=cut,
        kill_switch=PostgresKillSwitch(database),
        approvals=PostgresApprovalDesk(database),
        requests=PostgresOperatorDesk(database),
        activity=PostgresOperatorActivity(database),
        announced=lambda channel: [
            json.loads(document)
            for (document,) in rows(
                "SELECT document FROM outbox WHERE channel = :channel ORDER BY outbox_id",
                channel=channel,
            )
        ],
        malformed=lambda: rows("SELECT document, source, problem FROM malformed_signals"),
        publish=lambda signal: PostgresSignals(database).save([signal], at=NOW),
    )
    for one in (*stores, *databases):
        one.close()


MAKERS = {"memory": in_memory, "postgres": on_postgres}
