"""Every list by HTTP: narrowed down, and read to its end page by page without a gap or a double."""

from datetime import UTC, datetime, timedelta

import pytest

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.signals import Direction
from alpha_oracle.domain.trading_records import Arrivals, Change
from tests.builders import FIRST_SESSION, a_signal, sessions_from
from tests.contracts import trading_values as values
from tests.contracts.model_values import TRAINED_AT, a_record
from tests.end_to_end.api_clients import VIEWER, api_here, client
from tests.end_to_end.api_records import a_rank
from tests.trading import an_order

SESSIONS = sessions_from(count=3)
STRATEGIES = ("BreakoutStrategy", "MomentumStrategy")
SYMBOLS = ("AAA", "BRK.B", "CCC")
LISTS = {
    "signals": ("session", "strategy", "symbol", "direction"),
    "rankings": ("session", "rank"),
    "models": ("model_id",),
    "inbox": ("account", "id"),
    "malformed-signals": ("source", "problem"),
    "orders": ("order_id",),
    "fills": ("execution_id",),
    "execution-quality": ("order_id",),
    "approvals": ("order_id",),
    "positions": ("account", "symbol"),
    "risk/day-trades": ("order_id", "at"),
}

NARROWED = (
    ("signals", {"session": SESSIONS[1].isoformat()}, 12),
    ("signals", {"strategy": STRATEGIES[0]}, 18),
    ("signals", {"symbol": "brk-b"}, 12),
    ("signals", {"symbol": "BRK.B", "strategy": STRATEGIES[0], "session": FIRST_SESSION}, 2),
    ("rankings", {"strategy": STRATEGIES[1]}, 3),
    ("rankings", {"session": SESSIONS[2].isoformat()}, 2),
    ("models", {"stage": "candidate"}, 5),
    ("models", {"stage": "active"}, 0),
    ("inbox", {"account": "DU1"}, 3),
    ("inbox", {"outcome": "refused"}, 6),
    ("inbox", {"outcome": "expired"}, 0),
    ("inbox", {"symbol": "AAA"}, 2),
    ("orders", {"account": "DU1"}, 3),
    ("orders", {"symbol": "AAA"}, 2),
    ("orders", {"status": "PARTIALLY_FILLED"}, 6),
    ("orders", {"status": "FILLED"}, 0),
    ("fills", {"account": "paper", "symbol": "CCC"}, 1),
    ("execution-quality", {"account": "paper"}, 3),
    ("approvals", {"account": "DU1"}, 3),
    ("approvals", {"status": "approved"}, 0),
    ("positions", {"account": "DU1"}, 3),
    ("positions", {"symbol": "AAA"}, 2),
    ("portfolio", {"account": "DU1"}, 1),
    ("risk/day-trades", {"account": "nobody"}, 0),
)
"""Lists, what they are narrowed to, and how many rows are left of them."""


@pytest.fixture
def viewer(operated, trading_store):
    """Who looks at an installation with several of everything, several at one instant."""
    database = open_database(operated.database_url)
    at = datetime.now(UTC)
    signals = [
        a_signal(session=session, strategy=strategy, symbol=symbol, direction=direction)
        for session in SESSIONS
        for strategy in STRATEGIES
        for symbol in SYMBOLS
        for direction in (Direction.LONG, Direction.FLAT)
    ]
    PostgresSignals(database).save(signals, at=at)
    for session in SESSIONS:
        ranks = [a_rank(1 + n, strategy=one, session=session) for n, one in enumerate(STRATEGIES)]
        PostgresRankings(database).save(ranks, at=at)
    for number in range(5):
        trained_at = TRAINED_AT + timedelta(days=number // 2)
        PostgresModels(database).register(a_record(f"model-{number}", trained_at=trained_at))
    database.close()
    for number in range(6):
        trade(trading_store, number)
    with api_here() as url, client(url, VIEWER) as one:
        yield one


def trade(store, number):
    """Let an order have been checked, asked for, executed and measured; two at each instant."""
    symbol, order_id = SYMBOLS[number % 3], f"order-{number}"
    at = values.a_state().at + timedelta(minutes=number // 2)
    account = ("paper", "DU1")[number % 2]
    order = an_order(order_id=order_id, symbol=symbol, account=account, created_at=at)
    fill = values.a_fill(f"x.{number}", at=at)
    change = Change(
        change_id=order_id,
        account=account,
        at=at,
        state=values.a_state(account=account),
        orders=(order,),
        approvals=(values.an_approval(order_id, requested_at=at),),
        day_trade_decisions=(values.a_day_trade_decision(order_id=order_id, symbol=symbol, at=at),),
        qualities=(values.a_quality(order_id, symbol=symbol, at=at),),
        lots=(values.a_lot(account=account, symbol=symbol),),
    )
    store.commit(change, sends=True)
    executed = values.executed(fill, OrderStatus.PARTIALLY_FILLED)
    events = ((order_id, values.submitted(at=at)), (order_id, executed))
    later = Change(change_id=f"{order_id} filled", account=account, at=at, events=events)
    store.commit(later, sends=True)
    came_in(store, account, number, symbol=symbol, at=at)


def came_in(store, account, number, *, symbol, at):
    """Let a signal have come in and been refused, and something beside it that was none."""
    signal = values.a_received_signal(f"signal-{number}", symbol=symbol)
    malformed = values.a_malformed_signal(text=f"none {number}", problem=f"problem {number}")
    store.take_in(account, Arrivals(signals=(signal,), malformed=(malformed,)), at=at)
    refused = values.an_outcome(signal.signal_id, at=at)
    change = Change(change_id=f"refused {number}", account=account, at=at, outcomes=(refused,))
    store.commit(change, sends=False)


def read(viewer, name, *, limit=500, **filters):
    """The rows of a list, page by page."""
    rows, after = [], {}
    while after is not None:
        answer = viewer.get(f"/api/{name}", params={"limit": limit} | filters | after)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        rows += page["items"]
        after = {"after": page["next"]} if page["next"] else None
    return rows


def test_pages_of_any_size_are_the_list(viewer):
    for name, key in LISTS.items():
        whole = read(viewer, name)
        keys = [tuple(row[part] for part in key) for row in whole]
        assert len(keys) > 4, name
        assert len(set(keys)) == len(keys), name
        for limit in (1, 2, len(whole)):
            assert read(viewer, name, limit=limit) == whole, name


def test_accounts_come_page_by_page(viewer):
    assert [one["account"] for one in read(viewer, "portfolio", limit=1)] == ["DU1", "paper"]


def test_a_signal_that_came_in_is_found_with_what_became_of_it(viewer):
    found = viewer.get("/api/inbox/signal-1").json()
    assert (found["account"], found["outcome"]["kind"]) == ("DU1", "refused")
    assert found["checks"] == []
    assert viewer.get("/api/inbox/signal-1", params={"account": "paper"}).status_code == 404


def test_a_filter_lets_its_own_pass_and_nothing_else(viewer):
    for name, filters, count in NARROWED:
        rows = viewer.get(f"/api/{name}", params=filters).json()["items"]
        assert len(rows) == count, (name, filters)
        asked = {key: filters[key] for key in ("strategy", "account", "stage") if key in filters}
        for row in rows:
            assert all(row.get(key, value) == value for key, value in asked.items())


def test_quality_is_summed_up_over_all_pages(viewer):
    told = viewer.get("/api/execution-quality", params={"limit": 1}).json()
    (summary,) = told["summaries"]
    assert (len(told["items"]), summary["orders"]) == (1, 6)
    assert summary["slippage_bps"] == dict.fromkeys(("p50", "p90", "p95", "p99"), 1.5)
    assert set(summary["effective_spread_bps"].values()) == {None}
