"""A backup taken while trading goes on, restored after it went on: nothing is traded again."""

import json

import pytest

from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import a_signal, first

pytestmark = pytest.mark.slow

RESUME = ("kill", "resume", "--confirm", "RESUME")
KEPT = ("orders", "order_events", "fills", "lots", "signal_inbox", "signal_outcomes")
BROKERS = (
    *("simulated_accounts", "simulated_positions", "simulated_orders", "simulated_executions"),
    *("simulated_events", "simulated_actions"),
)


@pytest.fixture
def drill(home, database_url, redis_url, nursery):
    drill = Drill(home=home, database_url=database_url, redis_url=redis_url, nursery=nursery)
    yield drill
    drill.close()


def buy(drill, symbol, signal):
    """Send a signal; wait until it is a position, and all of it is announced."""
    drill.announce(signal)
    first(lambda: symbol in [lot.symbol for lot in drill.book().lots if lot.quantity])
    first(lambda: all(order.is_final for order in drill.book().orders))
    first(lambda: not drill.rows("SELECT 1 FROM outbox WHERE relayed_at IS NULL"))


def rows_of(drill, tables):
    """All rows of tables, as JSON."""
    return {
        table: sorted(
            json.dumps(row.row, sort_keys=True)
            for row in drill.rows(f"SELECT to_jsonb(t) AS row FROM {table} AS t")
        )
        for table in tables
    }


def remember(drill, book):
    """Let the broker know what it knew: its book did not go back with ours."""
    for table in reversed(BROKERS):
        drill.rows(f"WITH gone AS (DELETE FROM {table} RETURNING 1) SELECT count(*) FROM gone")
    for table in BROKERS:
        drill.rows(
            f"WITH new AS (INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT t.* FROM"
            f" jsonb_populate_recordset(NULL::{table}, CAST(:book AS jsonb)) AS t RETURNING 1)"
            " SELECT count(*) FROM new",
            book=f"[{', '.join(book[table])}]",
        )


def newest_event(drill):
    return drill.rows("SELECT coalesce(max(event_number), 0) AS number FROM outbox")[0].number


@pytest.fixture
def went_on(drill, tmp_path):
    """A backup, and trading that went on after it until somebody threw the switch.

    Gives the file, the rows it holds, the signals of before and of after, the broker's book at the
    end and the number of the last event.
    """
    closes = drill.store_market()
    before, after = list(closes)[:2]
    signals = [a_signal(symbol, closes[symbol]) for symbol in (before, after)]
    drill.start("feed", "worker")
    buy(drill, before, signals[0])
    rows, backup = rows_of(drill, KEPT), tmp_path / "backup.dump"
    answer = drill.ask_here("db", "backup", backup, "--json")
    assert answer.document["bytes"] == backup.stat().st_size > 0
    buy(drill, after, signals[1])
    assert drill.ask_here("kill", "activate", "--confirm", "KILL").code == 0

    refused = drill.ask_here("db", "restore", backup, "--confirm", "REPLACE")
    assert (refused.code, "still works" in refused.err) == (2, True)
    drill.end("worker", "feed")
    wrong = drill.ask_here("db", "restore", backup, "--confirm", "replace")
    assert (wrong.code, "type REPLACE" in wrong.err) == (2, True)
    assert len(drill.book().lots) == 2
    return backup, rows, signals, rows_of(drill, BROKERS), newest_event(drill)


def restore(drill, backup):
    """Restore the backup, all of Redis being lost as well."""
    drill.redis_cli("FLUSHALL")
    answer = drill.ask_here("db", "restore", backup, "--confirm", "REPLACE", "--json")
    assert answer.document["kill_switch"] == "active"


def test_what_is_restored_halts_and_trades_nothing_again(drill, went_on):
    backup, rows, signals, _, last = went_on
    restore(drill, backup)
    assert rows_of(drill, KEPT) == rows

    status = drill.ask_here("kill", "status", "--json").document
    assert (status["active"], status["database"], status["mirror"]) == (True, True, True)
    assert backup.name in status["reason"]
    with drill.heard("orders") as hear:
        drill.announce(*signals)
        drill.start("feed", "worker")
        outcomes = "SELECT kind, reason FROM signal_outcomes ORDER BY at"
        bought, late = first(lambda: drill.rows(outcomes)[1:] and drill.rows(outcomes))
        assert (bought.kind, late.kind) == ("ordered", "refused")
        assert "kill switch is active" in late.reason
        events = first(hear)
    assert {event["event"] for event in events} == {"order:rejected"}
    # It is heard of before it has its number.
    first(lambda: newest_event(drill) > last)
    assert len(drill.broker().orders) == 1
    first(lambda: drill.ask_here("reconcile", "show").code == 0)

    cooling = drill.ask_here(*RESUME)
    assert (cooling.code, "cooling down" in cooling.err) == (3, True)
    drill.end("worker", "feed")


def test_what_the_broker_did_since_is_taken_over_by_a_person_before_trading_goes_on(drill, went_on):
    backup, _, _, book, _ = went_on
    restore(drill, backup)
    remember(drill, book)
    drill.settings["RISK__KILL_SWITCH__COOLDOWN_MINUTES"] = 0
    drill.start("feed", "worker")
    first(lambda: drill.ask_here("reconcile", "show").code == 1)
    differing = drill.ask_here(*RESUME)
    # What the broker did is nobody's order: that throws the switch once more.
    assert (differing.code, "agree" in differing.err or "differ" in differing.err) == (3, True)

    assert drill.ask_here("reconcile", "accept", "--confirm", "ACCEPT").code == 0
    first(lambda: drill.ask_here("reconcile", "show").code == 0)
    held = {symbol: one.quantity for symbol, one in drill.broker().positions.items()}
    assert len(held) == 2
    booked = {lot.symbol: lot.quantity for lot in drill.book().lots if lot.quantity}
    assert booked == held
    assert drill.ask_here(*RESUME).code == 0
    assert drill.ask_here("kill", "status", "--json").document["active"] is False
    drill.end("worker", "feed")
