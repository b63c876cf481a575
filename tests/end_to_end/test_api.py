"""The API as its users meet it: over a socket, with a token or without."""

import json
import signal
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
import redis

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.outbox import PostgresOutbox
from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.risk_board import RedisRiskBoard
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.trading_records import Change
from alpha_oracle.entrypoints.api.access import MOST_FAILURES
from tests.contracts import trading_values as values
from tests.end_to_end.api_clients import (
    OPERATOR,
    PATIENCE_SECONDS,
    VIEWER,
    api_here,
    client,
    until_healthy,
)
from tests.end_to_end.command_line import begin_process
from tests.fakes.event_bus import InMemoryEventBus
from tests.ports import a_free_port
from tests.trading import an_order


@pytest.fixture
def relay(operated):
    """Announce what waits, as a worker would."""
    database = open_database(operated.database_url)
    yield lambda: PostgresOutbox(database).relay(InMemoryEventBus(), at=datetime.now(UTC))
    database.close()


@pytest.fixture
def url(operated):
    with api_here() as address:
        yield address


@pytest.fixture
def operator(url):
    with client(url, OPERATOR) as one:
        yield one


@pytest.fixture
def viewer(url):
    with client(url, VIEWER) as one:
        yield one


@pytest.fixture
def stranger(url):
    with client(url, None) as one:
        yield one


def opened(trading_store):
    state = values.a_state(account="paper")
    trading_store.commit(
        Change(change_id="opened", account="paper", at=state.at, state=state), sends=False
    )


def waiting_order(trading_store, order_id="order-1"):
    opened(trading_store)
    order = an_order(status=OrderStatus.AWAITING_APPROVAL, order_id=order_id)
    approval = values.an_approval(
        order_id=order_id, expires_at=datetime.now(UTC) + timedelta(hours=1)
    )
    change = Change(
        change_id=order_id,
        account="paper",
        at=order.created_at,
        orders=(order,),
        approvals=(approval,),
    )
    trading_store.commit(change, sends=True)


def paths(viewer):
    described = viewer.get("/openapi.json").json()
    return [
        (method, path.replace("{order_id}", "order-1"))
        for path, methods in described["paths"].items()
        for method in methods
    ]


def test_only_the_health_of_the_process_is_told_without_a_token(stranger, viewer):
    assert stranger.get("/healthz").json() == {"status": "ok"}
    every = [one for one in paths(viewer) if one[1] != "/healthz"]
    assert len(every) > 15
    refused = {stranger.request(method, path).status_code for method, path in every[:9]}
    assert refused == {401}
    answer = stranger.get("/api/orders")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 401


def test_every_route_that_is_not_health_asks_for_a_token(url, viewer):
    for method, path in paths(viewer):
        if path == "/healthz":
            continue
        with client(url, "x" * 40) as wrong:
            assert wrong.request(method, path).status_code in {401, 429}, path


def test_a_viewer_looks_and_changes_nothing(viewer, trading_store, operated):
    waiting_order(trading_store)
    for path in (
        "/api/risk/kill-switch/activate",
        "/api/risk/kill-switch/deactivate",
        "/api/approvals/order-1/approve",
        "/api/approvals/order-1/reject",
        "/api/heartbeat",
    ):
        body = {"confirmation": "KILL" if path.endswith("/activate") else "RESUME"}
        assert viewer.post(path, json=body).status_code == 403, path
    assert viewer.get("/api/risk/kill-switch").json()["active"] is False
    assert operated.rows("SELECT * FROM operator_activity") == []
    assert operated.rows("SELECT status FROM approvals") == [("waiting",)]


def test_guessing_is_slowed_down_and_the_right_token_still_passes(url, operator):
    began = monotonic()
    with client(url, "wrong") as guesser:
        answers = [guesser.get("/api/orders") for _ in range(60)]
    statuses = [one.status_code for one in answers]
    assert statuses[:MOST_FAILURES] == [401] * MOST_FAILURES
    assert statuses.count(401) <= MOST_FAILURES + (monotonic() - began) + 1
    refused = answers[statuses.index(429)]
    assert int(refused.headers["retry-after"]) == 1
    assert operator.get("/api/orders").status_code == 200


def test_a_name_that_is_not_ours_is_not_answered(operator):
    answer = operator.get("/healthz", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert operator.get("/healthz", headers={"Host": "LOCALHOST:8000"}).status_code == 200


def test_a_body_that_is_too_large_or_hides_its_length_is_not_read(operator):
    json_type = {"Content-Type": "application/json"}
    path = "/api/risk/kill-switch/activate"
    large = operator.post(path, content=b"x" * 70_000, headers=json_type)
    assert large.status_code == 413
    streamed = operator.post("/api/heartbeat", content=iter([b"x"] * 3))
    assert streamed.status_code == 411


def test_the_switch_is_thrown_by_its_word_alone(operator, operated):
    path = "/api/risk/kill-switch/activate"
    for wrong in ({"confirmation": "kill"}, {"confirmation": "RESUME"}, {}, {"x": 1}):
        assert operator.post(path, json=wrong).status_code == 422
    assert operator.get("/api/risk/kill-switch").json()["active"] is False
    told = operator.post(path, json={"confirmation": "KILL", "reason": "a drill"}).json()
    assert (told["active"], told["mirror"], told["reason"]) == (True, True, "a drill")
    assert told["by"].startswith("api:")
    ((actor,),) = operated.rows("SELECT actor FROM audit_log")
    assert actor == told["by"]
    assert OPERATOR not in actor


def test_a_resume_tells_how_long_it_cools_down(operator):
    operator.post("/api/risk/kill-switch/activate", json={"confirmation": "KILL"})
    answer = operator.post("/api/risk/kill-switch/deactivate", json={"confirmation": "RESUME"})
    assert answer.status_code == 409
    assert answer.json()["remaining_minutes"] == 60
    assert operator.get("/api/risk/kill-switch").json()["active"] is True


def test_an_approval_is_given_once_and_a_second_press_says_so(operator, trading_store, operated):
    waiting_order(trading_store)
    (waits,) = operator.get("/api/approvals").json()["items"]
    assert waits["order_id"] == "order-1"
    assert operator.post("/api/approvals/order-1/approve").json()["status"] == "approved"
    again = operator.post("/api/approvals/order-1/approve")
    assert again.json()["status"] == "approved"
    late = operator.post("/api/approvals/order-1/reject")
    assert late.status_code == 409
    assert late.json()["approval"]["status"] == "approved"
    assert operator.post("/api/approvals/no-such-order/approve").status_code == 404
    assert operated.rows("SELECT action FROM audit_log") == [("order_approved",)]


def test_orders_are_read_page_by_page(viewer, trading_store):
    opened(trading_store)
    for number in range(5):
        order = an_order(order_id=f"order-{number}", signal_id=f"signal-{number}")
        at = order.created_at + timedelta(minutes=number)
        order = replace(order, created_at=at)
        trading_store.commit(
            Change(change_id=order.order_id, account="paper", at=at, orders=(order,)), sends=True
        )
    seen, after = [], None
    while True:
        query = {"limit": 2} | ({"after": after} if after else {})
        page = viewer.get("/api/orders", params=query).json()
        seen += [one["order_id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [f"order-{number}" for number in (4, 3, 2, 1, 0)]
    assert viewer.get("/api/orders", params={"symbol": "ZZZ"}).json()["items"] == []
    assert viewer.get("/api/orders", params={"after": "nonsense"}).status_code == 422
    assert viewer.get("/api/orders/order-3").json()["transitions"] == []


def test_a_portfolio_is_marked_at_quotes_or_says_what_has_none(viewer, trading_store, operated):
    opened(trading_store)
    lot = values.a_lot(account="paper", symbol="SYN001", quantity=10)
    at = datetime.now(UTC)
    trading_store.commit(Change(change_id="lot", account="paper", at=at, lots=(lot,)), sends=False)
    (unmarked,) = viewer.get("/api/portfolio").json()["items"]
    assert (unmarked["equity_usd"], unmarked["unpriced"]) == (None, ["SYN001"])
    quoted(operated, "SYN001", bid=99, ask=101)
    (marked,) = viewer.get("/api/portfolio").json()["items"]
    assert marked["holdings_usd"] == 1000.0
    assert marked["equity_usd"] == marked["cash_usd"] + 1000.0


def quoted(operated, symbol, **prices):
    """Let a feed have told what the market offers."""
    told = {f"{side}_price": price for side, price in prices.items()}
    with closing(redis.Redis.from_url(operated.redis_url)) as server:
        now = datetime.now(UTC).isoformat()
        server.hset(f"feed:quote:{symbol}", mapping=told | {"timestamp": now})


def events_of(lines, count):
    """The first `count` events of a stream, as (id, channel, document)."""
    found, event = [], {}
    for line in lines:
        name, _, text = line.partition(": ")
        if not line and "data" in event:
            found.append((int(event["id"]), event["event"], json.loads(event["data"])))
            event = {}
            if len(found) == count:
                return found
        elif name:
            event[name] = text
    raise AssertionError(found)


def test_what_happens_is_heard_and_a_listener_goes_on_where_it_was_cut_off(operator, viewer, relay):
    with viewer.stream("GET", "/api/events") as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": listening"
        operator.post("/api/risk/kill-switch/activate", json={"confirmation": "KILL"})
        relay()
        [(number, channel, document)] = events_of(lines, 1)
    assert (channel, document["event"]) == ("kill_switch", "kill_switch:activated")
    for _ in range(2):
        operator.post("/api/risk/kill-switch/activate", json={"confirmation": "KILL"})
        relay()
    with viewer.stream("GET", "/api/events", headers={"Last-Event-ID": str(number)}) as answer:
        missed = events_of(answer.iter_lines(), 2)
    assert [one[0] for one in missed] == [number + 1, number + 2]
    assert viewer.get("/api/events", headers={"Last-Event-ID": "x"}).status_code == 422


def test_each_limit_is_told_as_the_worker_measured_it_last(viewer, trading_store, operated):
    opened(trading_store)
    assert viewer.get("/api/risk/status").json()["accounts"] == []
    measured = {"name": "vix", "measured": 20.5, "bound": 35.0, "breached": False, "reason": ""}
    at = datetime.now(UTC) - timedelta(seconds=90)
    with closing(RedisConnection(operated.redis_url)) as connection:
        board = RedisRiskBoard(connection)
        board.publish("paper", {"at": at.isoformat(), "breakers": [measured]})
        (told,) = viewer.get("/api/risk/status").json()["accounts"]
        assert told["breakers"] == [measured]
        assert 90 <= told["age_seconds"] < 90 + PATIENCE_SECONDS
        with connection.client() as client:
            client.set("risk:status:paper", "no JSON")
    assert viewer.get("/api/risk/status").json()["accounts"] == []


def test_a_failure_tells_a_caller_nothing_of_what_failed(operator, operated):
    with open_database(operated.database_url).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE approvals RENAME TO elsewhere")
    answer = operator.get("/api/approvals")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "the request failed; see the API's log"


def test_an_operator_is_there_by_a_heartbeat_and_not_by_looking(operator, operated):
    operator.get("/api/orders")
    assert operated.rows("SELECT kind FROM operator_activity") == []
    with closing(redis.Redis.from_url(operated.redis_url, decode_responses=True)) as server:
        assert server.get("heartbeat:operator").endswith("Z")
    assert operator.post("/api/heartbeat").status_code == 200
    assert operated.rows("SELECT kind FROM operator_activity") == [("heartbeat",)]


def test_the_process_makes_a_token_answers_and_ends_in_order(operated):
    operated.settings["API__PORT"] = port = a_free_port()
    with begin_process(operated.environment, "api") as process:
        until_healthy(f"http://127.0.0.1:{port}")
        token_path = operated.home / "api_token"
        assert token_path.stat().st_mode & 0o777 == 0o600
        with client(f"http://127.0.0.1:{port}", token_path.read_text()) as own:
            assert own.get("/api/orders").status_code == 200
        with begin_process(operated.environment, "api") as second:
            _, error = second.communicate(timeout=PATIENCE_SECONDS)
        assert second.returncode == 2
        assert f"cannot listen on 127.0.0.1:{port}" in error
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert token_path.read_text() not in log


def test_a_token_that_others_may_read_is_refused(operated):
    path = operated.home / "api_token"
    path.write_text("a" * 43)
    path.chmod(0o644)
    answer = operated.ask("api")
    assert answer.code == 2
    assert "others may read" in answer.err


def test_beyond_this_machine_nothing_is_told_in_plain_text(operated):
    operated.settings["API__HOST"] = "0.0.0.0"
    answer = operated.ask("api")
    assert answer.code == 2
    assert "would send tokens in plain text" in answer.err
