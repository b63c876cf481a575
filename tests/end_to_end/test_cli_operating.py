"""What operators do at the command line, and what they read of trading."""

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
import redis

from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.trading_records import Arrivals, Change, Mismatch, Reconciliation
from tests.contracts import trading_values as values
from tests.end_to_end.command_line import ask
from tests.trading import an_order


def reconciled(trading_store, *, account="paper", **changes):
    found = Reconciliation(
        account=account,
        at=datetime.now(UTC),
        occasion="timer",
        mismatches=(),
        drift_pct=Decimal(0),
        cash_difference_usd=Decimal(0),
    )
    trading_store.save_reconciliation(replace(found, **changes))


def opened(trading_store):
    state = values.a_state(account="paper")
    trading_store.commit(
        Change(change_id="opened", account="paper", at=state.at, state=state), sends=False
    )


def test_the_switch_is_announced_at_once_though_no_worker_runs(operated):
    with closing(redis.Redis.from_url(operated.redis_url, decode_responses=True)) as client:
        listener = client.pubsub(ignore_subscribe_messages=True)
        listener.subscribe("kill_switch")
        listener.get_message(timeout=60)
        assert ask("kill", "activate", "--confirm", "KILL").code == 0
        message = listener.get_message(timeout=60)
    assert json.loads(message["data"])["event"] == "kill_switch:activated"


def test_a_word_that_nobody_can_type_is_a_wrong_word(operated, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO())
    assert ask("kill", "activate").code == 3
    assert ask("risk", "reset-peak").code == 2


def test_the_switch_is_thrown_by_its_word_alone_and_tells_where_it_stands(operated):
    assert ask("kill", "activate", "--confirm", "kill").code == 3
    assert ask("kill", "status", "--json").document["active"] is False

    assert ask("kill", "activate", "--confirm", "KILL", "--reason", "a drill").code == 0
    told = ask("kill", "status", "--json").document
    assert (told["active"], told["database"], told["mirror"]) == (True, True, True)
    assert told["reason"] == "a drill"
    assert told["by"].startswith("cli:")
    assert told["cooling_down_minutes"] == 60
    assert "active: yes" in ask("kill", "status").out


def test_a_resume_waits_for_the_cool_down_its_word_and_a_green_reconciliation(
    operated, trading_store, monkeypatch
):
    ask("kill", "activate", "--confirm", "KILL")
    cooling = ask("kill", "resume", "--confirm", "RESUME")
    assert cooling.code == 3
    assert "60 of 60 minutes remain" in cooling.err

    monkeypatch.setenv("ALPHA_ORACLE_RISK__KILL_SWITCH__COOLDOWN_MINUTES", "0")
    assert ask("kill", "resume", "--confirm", "resume").code == 3
    assert "not known to agree" in ask("kill", "resume", "--confirm", "RESUME").err
    opened(trading_store)
    reconciled(trading_store, mismatches=(Mismatch(symbol="AAA", book=1, broker=2, price=None),))
    assert ask("kill", "resume", "--confirm", "RESUME").code == 3
    reconciled(trading_store, at=datetime.now(UTC) + timedelta(seconds=1))
    assert ask("kill", "resume", "--confirm", "RESUME").code == 0
    assert ask("kill", "status", "--json").document["active"] is False


def test_what_an_operator_changes_counts_as_being_there_and_what_he_reads_does_not(operated):
    ask("kill", "status")
    ask("orders")
    assert operated.rows("SELECT kind FROM operator_activity") == []
    ask("kill", "activate", "--confirm", "KILL")
    assert operated.rows("SELECT kind FROM operator_activity") == [("kill_activate",)]


def test_older_verbs_that_change_state_count_as_an_operator_being_there(operated, tmp_path):
    sectors = tmp_path / "sectors.csv"
    sectors.write_text("symbol,sector\nAAA,Energy\n")
    assert ask("import", "sectors", tmp_path / "none.csv").code == 2
    assert ask("import", "--help").code == 0
    assert operated.rows("SELECT kind FROM operator_activity") == []

    assert ask("import", "sectors", sectors).code == 0
    ((kind, by),) = operated.rows("SELECT kind, by FROM operator_activity")
    assert kind == "import"
    assert by.startswith("cli:")


def test_the_reconciliation_is_shown_by_symbol(operated, trading_store):
    assert ask("reconcile", "show").code == 1
    opened(trading_store)
    mismatch = Mismatch(symbol="AAA", book=10, broker=12, price=Decimal(5))
    reconciled(trading_store, mismatches=(mismatch,), drift_pct=Decimal("0.01"))
    shown = ask("reconcile", "show", "--json")
    assert shown.code == 1
    (document,) = shown.document
    assert document["mismatches"] == [{"symbol": "AAA", "book": 10, "broker": 12, "price": 5.0}]
    assert "AAA" in ask("reconcile", "show").out


@pytest.mark.parametrize(
    ("arguments", "kind", "amount"),
    [
        (("reconcile", "accept", "--confirm", "ACCEPT"), "accept_broker", None),
        (("risk", "reset-peak", "--confirm", "RESET"), "reset_peak", None),
        (("risk", "transfer", "2500.50", "--confirm", "TRANSFER"), "transfer", Decimal("2500.5")),
    ],
)
def test_what_is_asked_of_the_worker_is_on_record_and_audited(
    operated, trading_store, arguments, kind, amount
):
    opened(trading_store)
    *start, _word = arguments
    assert ask(*start, "something else").code == 2
    answer = ask(*arguments, "--wait", "0", "--json")
    assert answer.code == 0
    ((asked, usd, audited),) = operated.rows(
        "SELECT kind, amount_usd, (SELECT count(*) FROM audit_log WHERE action = kind)"
        " FROM operator_requests"
    )
    assert (asked, usd, audited) == (kind, amount, 1)


def test_what_became_of_what_came_in_is_told(operated, trading_store):
    opened(trading_store)
    signals = (values.a_received_signal(), values.a_received_signal("signal-2"))
    none = values.a_malformed_signal()
    at = datetime.now(UTC)
    trading_store.take_in("paper", Arrivals(signals=signals, malformed=(none,)), at=at)
    refused = Change(
        change_id="refused", account="paper", at=at, outcomes=(values.an_outcome("signal-2"),)
    )
    trading_store.commit(refused, sends=False)

    kinds = {one["id"]: one["outcome"] for one in ask("inbox", "--json").document}
    assert kinds["signal-1"] is None
    assert kinds["signal-2"]["reason"] == "no cash"
    table = ask("inbox").out
    assert "waits" in table
    assert "no cash" in table
    one = ask("inbox", "signal-2", "--json").document
    assert (one["outcome"]["kind"], one["checks"]) == ("refused", [])
    assert "outcome reason: no cash" in ask("inbox", "signal-2").out
    assert ask("inbox", "--outcome", "expired", "--json").document == []
    (malformed,) = ask("inbox", "--malformed", "--json").document
    assert (malformed["document"], malformed["times"]) == ("{", 1)
    assert none.problem in ask("inbox", "--malformed").out
    nobody = ask("inbox", "signal-3")
    assert (nobody.code, "see `inbox`" in nobody.err) == (2, True)


def test_nothing_is_asked_of_a_worker_of_no_account(operated):
    answer = ask("risk", "reset-peak", "--confirm", "RESET")
    assert answer.code == 2
    assert "start `alpha-oracle worker`" in answer.err


def test_an_order_that_waits_is_decided_once(operated, trading_store):
    opened(trading_store)
    order = an_order(status=OrderStatus.AWAITING_APPROVAL, order_id="order-1")
    approval = values.an_approval(
        order_id=order.order_id, expires_at=datetime.now(UTC) + timedelta(hours=1)
    )
    change = Change(
        change_id="asked",
        account="paper",
        at=order.created_at,
        orders=(order,),
        approvals=(approval,),
    )
    trading_store.commit(change, sends=True)
    (waiting,) = ask("approvals", "list", "--json").document
    assert waiting["order_id"] == order.order_id

    assert ask("approvals", "approve", order.order_id).code == 0
    second = ask("approvals", "reject", order.order_id, "--json")
    assert second.code == 1
    assert second.document["status"] == "approved"
    assert ask("approvals", "list", "--json").document == []
    assert ask("approvals", "approve", "no-such-order").code == 2


def test_orders_are_listed_and_one_is_shown_with_all_that_is_known_of_it(operated, trading_store):
    opened(trading_store)
    assert ask("orders").out == "no orders\n"
    assert ask("positions").out == "no positions\n"
    order = an_order()
    trading_store.commit(
        Change(change_id="one", account="paper", at=order.created_at, orders=(order,)), sends=True
    )
    (listed,) = ask("orders", "--json").document
    assert (listed["order_id"], listed["quantity"]) == (order.order_id, order.quantity)
    assert ask("orders", "--symbol", "ZZZ", "--json").document == []
    whole = ask("orders", order.order_id, "--json").document
    assert whole["checks"] == []
    assert order.order_id in ask("orders", order.order_id).out
    assert ask("orders", "nothing").code == 2
