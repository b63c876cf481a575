"""The operators' bot on real stores, an update at a time: what it does, and what it refuses."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
import redis

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.operators import PostgresApprovalDesk
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.risk_board import RedisRiskBoard
from alpha_oracle.bootstrap import stores as wiring
from alpha_oracle.bootstrap.stores import clock_of, opened_database, opened_redis
from alpha_oracle.bootstrap.watch import Watch
from alpha_oracle.config import load_settings
from alpha_oracle.domain.orders import OrderEvent, OrderStatus, RefusedBy
from alpha_oracle.domain.trading_records import Change
from alpha_oracle.entrypoints.telegram.duties import Attendance, operator_duties
from alpha_oracle.errors import ConfigurationError, SourceAway, StoreUnavailable
from tests.contracts import trading_values as values
from tests.end_to_end.telegram_desk import (
    SECOND_OPERATOR,
    STRANGER,
    audited,
    served,
    set_up,
    waiting_order,
)
from tests.end_to_end.trading_processes import Stores
from tests.peers.telegram import CHAT_ID, OPERATOR, Fault, telegram

ME, OTHER = f"telegram:{OPERATOR}", f"telegram:{SECOND_OPERATOR}"
LONG_AGO = 3_600


@pytest.fixture
def server(operated, monkeypatch):
    with telegram() as stand_in:
        set_up(stand_in, monkeypatch)
        yield stand_in


@pytest.fixture
def desk(server):
    with served(server) as desk:
        yield desk


def switch(operated):
    ((is_active, by, reason),) = operated.rows(
        "SELECT is_active, changed_by, reason FROM kill_switch"
    )
    return is_active, by, reason


def approvals(operated):
    return [tuple(row) for row in operated.rows("SELECT status, decided_by FROM approvals")]


def activities(operated):
    return [tuple(row) for row in operated.rows("SELECT kind, by FROM operator_activity")]


# Commands.


def test_help_lists_what_can_be_asked(desk, operated):
    assert "/kill KILL reason" in desk.hear("/help")
    assert "no such command" in desk.hear("/sell everything")
    assert activities(operated) == []


def test_status_says_of_each_part_how_it_is(desk, trading_store, operated):
    told = desk.hear("/status")
    assert "Kill switch: off" in told
    assert "Account: none was traded yet" in told
    assert "Last pipeline: none has run yet" in told
    waiting_order(trading_store)
    lots = (values.a_lot(), values.a_lot(symbol="BBB", quantity=7, strategy="BreakoutStrategy"))
    trading_store.commit(
        Change(change_id="lots", account="paper", at=datetime.now(UTC), lots=lots), sends=False
    )
    with closing(open_database(operated.database_url)) as database:
        at = datetime.now(UTC)
        PostgresRuns(database).begin(at.date(), as_of=at, settings={}, at=at)
    breaker = {"name": "vix", "measured": 40.5, "bound": 35.0, "breached": True, "reason": "panic"}
    with closing(RedisConnection(operated.redis_url)) as connection:
        RedisRiskBoard(connection).publish(
            "paper", {"account": "paper", "at": at.isoformat(), "breakers": [breaker], "limits": []}
        )
    told = desk.hear("/status")
    assert "Account paper: equity unknown (no quote of AAA, BBB), cash 100,000.00 USD" in told
    assert "Positions: 2: AAA 4, BBB 7" in told
    assert "TRIPPED vix: 40.5, bound 35. panic" in told
    assert "Waiting for approval: 1: BUY 10 AAA" in told
    assert f"Last pipeline: session {at.date()}, running" in told


def test_status_names_the_part_that_is_away_and_tells_the_others(desk, operated):
    with open_database(operated.database_url).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE runs RENAME TO elsewhere")
    told = desk.hear("/status")
    assert "Kill switch: off" in told
    assert "Last run: unknown; the database lacks our schema" in told


@pytest.mark.parametrize("text", ["/kill KILL the feed lies", "KILL the feed lies"])
def test_the_typed_word_halts_all_trading(desk, operated, text):
    told = desk.hear(text)
    assert "ALL TRADING IS HALTED" in told
    assert f"by {ME}: the feed lies; no resume for another 60 minutes" in told
    assert switch(operated) == (True, ME, "the feed lies")
    with closing(redis.Redis.from_url(operated.redis_url)) as server:
        assert json.loads(server.get("kill_switch:active"))
    assert activities(operated) == [("kill_activate", ME)]
    assert audited(operated, "kill_switch_activated") == [
        (ME, "kill_switch", {"reason": "the feed lies"})
    ]
    ((_, _, detail),) = audited(operated, "telegram_kill")
    assert (detail["outcome"], detail["is_late"]) == ("halted", False)


@pytest.mark.parametrize(
    "text", ["/kill", "/kill kill", "kill", "KILL!", "please KILL", "/kill RESUME"]
)
def test_any_other_word_halts_nothing(desk, operated, text):
    told = desk.hear(text)
    assert "Nothing is done" in told or text == "please KILL"
    assert switch(operated)[0] is False
    assert activities(operated) == []


def test_a_word_that_is_forwarded_counts_for_nothing(desk, operated):
    for text in ("KILL now", "RESUME"):
        told = desk.hear(text, forward_origin={"type": "user", "date": 1})
        assert "what is forwarded does not count" in told
    assert switch(operated)[0] is False


def test_a_resume_waits_for_the_cooldown_and_says_how_long(desk, operated):
    desk.hear("/kill KILL a drill")
    told = desk.hear("/resume RESUME")
    assert "Nothing is done: cooling down: 60 of 60 minutes remain" in told
    assert switch(operated)[0] is True
    assert activities(operated) == [("kill_activate", ME)]
    ((by, _, detail),) = audited(operated, "telegram_resume")
    assert (by, detail["outcome"]) == (ME, "cooling_down")


def test_a_resume_takes_a_green_reconciliation_since_the_halt(
    server, operated, trading_store, monkeypatch
):
    monkeypatch.setenv("ALPHA_ORACLE_RISK__KILL_SWITCH__COOLDOWN_MINUTES", "0")
    with served(server) as desk:
        desk.hear("KILL a drill")
        assert "not known to agree" in desk.hear("/resume RESUME")
        waiting_order(trading_store)
        differing = values.a_reconciliation(at=datetime.now(UTC))
        trading_store.save_reconciliation(differing)
        assert "book and broker differ" in desk.hear("RESUME")
        assert switch(operated)[0] is True
        agreeing = replace(differing, at=datetime.now(UTC), mismatches=(), strangers=())
        trading_store.save_reconciliation(agreeing)
        assert "Nothing is done" in desk.hear("/resume RESUME now")
        assert "Trading may go on.\nKill switch: off" in desk.hear("/resume RESUME")
    assert switch(operated) == (False, ME, "")
    assert ("kill_resume", ME) in activities(operated)


# Approvals.


def test_an_order_that_waits_is_posted_once_with_what_there_is_to_decide(desk, trading_store):
    waiting_order(trading_store)
    message = desk.post()
    desk.post()
    (text,) = desk.server.texts
    assert text.startswith("Approval: BUY 10 AAA\nlimit 100.00 USD; entry of MomentumStrategy")
    assert [label for label, _ in desk.server.buttons(message)] == ["Approve", "Reject"]


def test_many_orders_are_posted_in_the_order_they_began_to_wait(desk, trading_store, monkeypatch):
    monkeypatch.setattr("alpha_oracle.entrypoints.telegram.approvals.PAGE", 2)
    for number in range(5):
        at = datetime.now(UTC) + timedelta(seconds=number)
        waiting_order(trading_store, f"order-{number}", requested_at=at)
    desk.post()
    assert [text.split()[-1] for text in desk.server.texts] == [f"order-{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("label", "answer"),
    [
        ("Approve", "Approved. Every check runs again before it is sent."),
        ("Reject", "Rejected. It is not sent."),
    ],
)
def test_a_press_decides_once_and_the_message_says_who(
    desk, trading_store, operated, label, answer
):
    status = {"Approve": "approved", "Reject": "rejected"}[label]
    waiting_order(trading_store)
    message = desk.post()
    data = dict(desk.server.buttons(message))[label]
    assert desk.press(message, label) == answer
    assert approvals(operated) == [(status, ME)]
    assert desk.server.buttons(message) == []
    assert f"{status.upper()} by {ME}" in desk.text(message)
    assert activities(operated) == [("approve" if label == "Approve" else "reject", ME)]
    # Again, by the same person and by another: the buttons may still stand on a screen.
    before = f"Nothing is done: {status} before, by {ME}."
    assert desk.press_data(message, data) == before
    assert desk.press_data(message, data, by=SECOND_OPERATOR) == before
    assert approvals(operated) == [(status, ME)]
    assert len(audited(operated, f"order_{status}")) == 1
    pressed = audited(operated, "telegram_press")
    assert [(by, subject, one["outcome"]) for by, subject, one in pressed] == [
        (ME, "order:order-1", status),
        (ME, "order:order-1", f"{status} before"),
        (OTHER, "order:order-1", f"{status} before"),
    ]


def test_of_two_at_once_one_decides(desk, trading_store, operated):
    waiting_order(trading_store)
    message = desk.post()
    buttons = dict(desk.server.buttons(message))
    first = desk.server.press(message, buttons["Reject"], by=SECOND_OPERATOR)
    second = desk.server.press(message, buttons["Approve"])
    desk.listen()
    assert desk.server.callbacks[first] == "Rejected. It is not sent."
    assert desk.server.callbacks[second] == f"Nothing is done: rejected before, by {OTHER}."
    assert approvals(operated) == [("rejected", OTHER)]


def test_what_was_decided_elsewhere_loses_its_buttons(desk, trading_store, operated):
    waiting_order(trading_store)
    message = desk.post()
    stale = dict(desk.server.buttons(message))["Approve"]
    with closing(open_database(operated.database_url)) as database:
        PostgresApprovalDesk(database).decide(
            "order-1", approve=False, by="cli:jane", at=datetime.now(UTC)
        )
    desk.post()
    assert desk.server.buttons(message) == []
    assert "REJECTED by cli:jane" in desk.text(message)
    assert desk.press_data(message, stale) == "Nothing is done: rejected before, by cli:jane."


def test_the_outcome_is_told_where_the_question_was(desk, trading_store, operated):
    waiting_order(trading_store)
    message = desk.post()
    desk.press(message, "Approve")
    refused = OrderEvent(
        event_id="rejected",
        status=OrderStatus.REJECTED,
        at=datetime.now(UTC),
        reason="on approval: no cash",
        refused_by=RefusedBy.RISK,
    )
    change = Change(change_id="end", account="paper", at=refused.at, events=(("order-1", refused),))
    trading_store.commit(change, sends=False)
    desk.post()
    assert desk.text(message).endswith("Order REJECTED by risk: on approval: no cash")
    edits = len(desk.server.edits)
    desk.post()
    assert len(desk.server.edits) == edits
    assert operated.rows("SELECT is_open FROM chat_cards") == [(False,)]


def test_an_order_whose_time_is_over_is_not_asked_for_and_not_approved(
    desk, trading_store, operated
):
    waiting_order(trading_store)
    message = desk.post()
    data = dict(desk.server.buttons(message))["Approve"]
    with closing(open_database(operated.database_url)) as database, database.begin() as connection:
        connection.exec_driver_sql("UPDATE approvals SET expires_at = now() - interval '1 minute'")
    waiting_order(trading_store, "order-2", expires_at=datetime.now(UTC) - timedelta(minutes=1))
    desk.post()
    assert len(desk.server.texts) == 1
    assert desk.server.buttons(message) == []
    assert "EXPIRED without a decision" in desk.text(message)
    assert desk.press_data(message, data).startswith("Nothing is done: it expired")
    assert ("approved", ME) not in approvals(operated)
    ((_, _, detail),) = audited(operated, "telegram_press")
    assert detail["outcome"] == "waiting before"


def test_a_message_that_is_not_known_to_be_posted_is_posted_again_and_decides_once(
    desk, trading_store, operated
):
    waiting_order(trading_store)
    desk.server.fail("sendMessage", Fault(is_cut=True, is_done=True))
    with pytest.raises(Exception, match="no answer to sendMessage"):
        desk.attendance.refresh()
    known = desk.post()
    (orphan,) = set(desk.server.messages) - {known}
    assert desk.press(orphan, "Approve").startswith("Approved")
    assert desk.server.buttons(orphan) == []
    desk.post()
    assert desk.server.buttons(known) == []
    assert approvals(operated) == [("approved", ME)]


def test_what_telegram_does_not_hear_is_done_and_told_later(desk, trading_store, operated):
    waiting_order(trading_store)
    message = desk.post()
    for method in ("answerCallbackQuery", "editMessageText"):
        desk.server.fail(method, Fault(status=500))
    assert desk.press(message, "Approve") is None
    assert approvals(operated) == [("approved", ME)]
    assert len(desk.server.buttons(message)) == 2
    desk.post()
    assert desk.server.buttons(message) == []


# Who may not.


def test_a_stranger_is_refused_and_it_is_on_record(desk, trading_store, operated):
    waiting_order(trading_store)
    message = desk.post()
    assert "only listed operators" in desk.hear("/kill KILL", by=STRANGER)
    assert desk.press(message, "Approve", by=STRANGER) is None
    assert switch(operated)[0] is False
    assert approvals(operated) == [("waiting", "")]
    refused = audited(operated, "telegram_refused")
    assert [(by, subject, one["what"]) for by, subject, one in refused] == [
        (f"telegram:{STRANGER}", f"chat:{CHAT_ID}", "kill"),
        (f"telegram:{STRANGER}", f"chat:{CHAT_ID}", "press"),
    ]
    assert activities(operated) == []


def test_a_strangers_press_is_answered_where_it_is_the_first(desk, trading_store):
    waiting_order(trading_store)
    message = desk.post()
    assert "only listed operators" in desk.press(message, "Approve", by=STRANGER)


def test_a_listed_person_is_refused_in_any_other_chat(desk, operated):
    desk.server.chats.add(OPERATOR)
    desk.server.say("/kill KILL", chat_id=OPERATOR)
    desk.server.say("hello?", chat_id=OPERATOR, by=STRANGER)
    desk.listen()
    assert switch(operated)[0] is False
    assert {one["chat"]["id"] for one in desk.server.messages.values()} == {OPERATOR}
    whats = sorted(one["what"] for _, _, one in audited(operated, "telegram_refused"))
    assert whats == ["kill", "message"]


def test_talk_of_strangers_in_the_chat_is_nobodys_business(desk, operated):
    assert desk.hear("nice weather", by=STRANGER) == ""
    assert audited(operated, "telegram_refused") == []


def test_a_made_up_press_decides_nothing(desk, trading_store, operated):
    waiting_order(trading_store)
    waiting_order(trading_store, "order-2")
    message = desk.post()
    data = dict(desk.server.buttons(message))["Reject"]
    for forged in (f"a{data[1:]}", data.replace("order-2", "order-1"), "aorder-1", "", "\u2603"):
        assert "no button of this installation" in desk.press_data(message, forged)
    assert approvals(operated) == [("waiting", ""), ("waiting", "")]
    assert len(audited(operated, "telegram_press")) == 5


def test_where_nobody_is_listed_nobody_is_listened_to(server, operated, monkeypatch):
    monkeypatch.setenv("ALPHA_ORACLE_ALERTS__TELEGRAM__OPERATORS", "[]")
    settings = load_settings()
    with opened_database(settings) as database, opened_redis(settings) as connection:
        watch = Watch(
            settings=settings,
            stores=wiring.Stores(database=database, redis=connection),
            clock=clock_of(settings),
            ending=Event(),
        )
        assert operator_duties(watch) == ()
        monkeypatch.setenv("ALPHA_ORACLE_ALERTS__TELEGRAM__OPERATORS", f"[{OPERATOR}]")
        listed = operator_duties(replace(watch, settings=load_settings()))
    assert [duty.name for duty in listed] == ["chat", "approvals", "chat served"]
    assert server.requests == []


# What comes late, twice, or broken.


def test_a_halt_that_comes_late_is_done_and_a_resume_is_not(server, operated):
    asked_at = server.now() - LONG_AGO
    server.say("RESUME", at=asked_at)
    server.say("/status", at=asked_at)
    server.say("KILL from yesterday", at=asked_at)
    with served(server):
        pass
    halted, late = server.texts
    assert late.startswith("Nothing is done: RESUME was asked")
    assert "while nobody listened" in late
    assert halted.startswith("ALL TRADING IS HALTED. It was asked")
    assert "late, done all the same" in halted
    assert switch(operated) == (True, ME, "from yesterday")
    assert [one["outcome"] for _, _, one in audited(operated, "telegram_resume")] == ["too late"]


def test_a_press_from_before_the_start_is_not_done_and_one_after_is(
    server, operated, trading_store
):
    waiting_order(trading_store)
    with served(server) as desk:
        message = desk.post()
        data = dict(server.buttons(message))["Approve"]
    press = server.press(message, data)
    with served(server) as desk:
        told = server.callbacks[press]
        assert told.startswith("Nothing is done: a press on BUY 10 AAA came while nobody listened")
        assert told in server.texts
        assert approvals(operated) == [("waiting", "")]
        assert desk.press_data(message, data).startswith("Approved")


def test_a_press_after_a_gap_in_listening_is_not_done(desk, trading_store, operated):
    waiting_order(trading_store)
    message = desk.post()
    desk.server.ahead_seconds += 121
    assert "came while nobody listened" in desk.press(message, "Approve")
    assert approvals(operated) == [("waiting", "")]
    assert desk.press(message, "Approve").startswith("Approved")


def test_nothing_is_repeated_after_a_restart_that_confirmed_nothing(
    server, operated, trading_store
):
    waiting_order(trading_store)
    with served(server) as desk:
        message = desk.post()
        server.say("KILL a drill")
        server.say("RESUME")
        server.press(message, dict(server.buttons(message))["Reject"])
        desk.listen()
        said, unconfirmed = server.texts, server.unconfirmed
    assert len(unconfirmed) == 3
    with served(server) as desk:
        desk.post()
    assert server.texts == said
    assert approvals(operated) == [("rejected", ME)]
    assert len(audited(operated, "telegram_press")) == 1
    assert len(audited(operated, "kill_switch_activated")) == 1
    assert len(audited(operated, "telegram_resume")) == 1


def test_a_halt_waits_for_the_record_and_is_done_when_it_is_back(desk, operated):
    with open_database(operated.database_url).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE kill_switch RENAME TO elsewhere")
    for text in ("KILL now", "/help"):
        desk.server.say(text)
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            desk.listen()
    (held,) = desk.server.texts
    assert "NOTHING IS DONE YET" in held
    with open_database(operated.database_url).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO kill_switch")
    desk.listen()
    assert switch(operated) == (True, ME, "now")
    assert "ALL TRADING IS HALTED" in desk.server.texts[1]
    assert "/resume RESUME" in desk.server.texts[2]


def test_a_press_that_waited_for_the_record_too_long_is_not_done(desk, trading_store, operated):
    waiting_order(trading_store)
    press = desk.server.press(desk.post(), dict(desk.server.buttons(desk.post()))["Approve"])
    with open_database(operated.database_url).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE chat_updates RENAME TO elsewhere")
    with pytest.raises(ConfigurationError):
        desk.listen()
    with open_database(operated.database_url).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO chat_updates")
    desk.server.ahead_seconds += 121
    desk.listen()
    assert "came while nobody listened" in desk.server.callbacks[press]
    assert approvals(operated) == [("waiting", "")]


@pytest.mark.slow
def test_a_halt_outlives_a_dead_postgres(server, tmp_path, monkeypatch):
    stores = Stores(tmp_path / "stores")
    monkeypatch.setenv("ALPHA_ORACLE_DATABASE__URL", stores.urls["postgres"])
    monkeypatch.setenv("ALPHA_ORACLE_REDIS__URL", stores.urls["redis"])
    try:
        with served(server) as desk:
            stores.kill("postgres", is_awaited=True)
            server.say("KILL now")
            with pytest.raises(StoreUnavailable):
                desk.listen()
            assert "NOTHING IS DONE YET" in server.texts[0]
            stores.revive("postgres")
            desk.listen()
            assert "ALL TRADING IS HALTED" in server.texts[1]
            assert desk.services.operations.switch.is_active()
    finally:
        stores.close()


def test_a_halt_without_redis_is_on_record_once_and_says_what_lacks(server, operated, monkeypatch):
    monkeypatch.setenv("ALPHA_ORACLE_REDIS__URL", "redis://127.0.0.1:1/0")
    with served(server) as desk:
        told = desk.hear("KILL now")
        assert "ALL TRADING IS HALTED. Redis could not be told yet" in told
    with served(server):
        pass
    assert switch(operated) == (True, ME, "now")
    assert len(audited(operated, "kill_switch_activated")) == 1


def test_a_bug_in_serving_one_update_keeps_no_halt_from_being_done(desk, monkeypatch, operated):
    def fail(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("alpha_oracle.entrypoints.telegram.bot.status_text", fail)
    desk.server.say("/status")
    desk.server.say("KILL now")
    desk.listen()
    assert "That FAILED" in desk.server.texts[1]
    assert switch(operated)[0] is True


def test_a_halt_waits_for_nothing_that_cannot_be_served(desk, trading_store, operated, monkeypatch):
    waiting_order(trading_store)
    message = desk.post()
    desk.server.press(message, dict(desk.server.buttons(message))["Approve"])
    desk.server.say("KILL now")

    def refuse(*_args, **_kwargs):
        raise ConfigurationError("a row that nobody can read")

    monkeypatch.setattr(desk.services.operations.records, "order", refuse, raising=False)
    with pytest.raises(ConfigurationError):
        desk.listen()
    assert switch(operated) == (True, ME, "now")
    assert len(audited(operated, "telegram_kill")) == 1
    with pytest.raises(ConfigurationError):
        desk.listen()
    assert len(audited(operated, "telegram_kill")) == 1


def test_a_halt_waits_for_no_look_at_all_messages(desk, trading_store, operated, monkeypatch):
    monkeypatch.setattr("alpha_oracle.adapters.alerts.telegram_chat._ANSWER_SECONDS", 300.0)
    waiting_order(trading_store)
    message = desk.post()
    waiting_order(trading_store, "order-2")
    desk.server.fail("sendMessage", Fault(is_silent=True))
    with ThreadPoolExecutor(max_workers=1) as pool:
        looking = pool.submit(desk.attendance.refresh)
        desk.server.await_that(lambda server: len(server.asked("sendMessage")) == 2)
        assert desk.press(message, "Reject") == "Rejected. It is not sent."
        assert "ALL TRADING IS HALTED" in desk.hear("KILL now")
        assert not looking.done()
        desk.server.released.set()
        with pytest.raises(SourceAway):
            looking.result(timeout=300)
    assert sorted(approvals(operated)) == [("rejected", ME), ("waiting", "")]


def test_numbers_that_begin_anew_below_the_last_are_heard(desk, operated):
    desk.server.begin_anew(5_000)
    desk.hear("/help")
    desk.listen()
    desk.server.begin_anew(3)
    desk.hear("KILL now")
    assert switch(operated) == (True, ME, "now")


def test_a_message_that_telegram_refuses_holds_up_no_other(desk, trading_store, operated):
    for name in ("order-1", "order-2"):
        waiting_order(trading_store, name)
    desk.post()
    with closing(open_database(operated.database_url)) as database:
        for name in ("order-1", "order-2"):
            PostgresApprovalDesk(database).decide(
                name, approve=False, by="cli:jane", at=datetime.now(UTC)
            )
    _, second = sorted(desk.server.messages)
    refusal = Fault(status=400, description="Bad Request: MESSAGE_ID_INVALID")
    desk.server.fail("editMessageText", refusal)
    with pytest.raises(ConfigurationError, match="MESSAGE_ID_INVALID"):
        desk.attendance.refresh()
    assert desk.server.buttons(second) == []
    edits = len(desk.server.asked("editMessageText"))
    desk.attendance.refresh()
    assert len(desk.server.asked("editMessageText")) == edits


def test_a_chat_that_is_not_served_is_told_of_once(desk, operated):
    def alerts():
        return [
            (one["type"], one["subject"])
            for row in operated.rows("SELECT document FROM outbox ORDER BY outbox_id")
            if (one := json.loads(row.document)).get("event") == "risk:alert"
        ]

    seconds = [0.0]
    attendance = Attendance(desk.services, tick=lambda: seconds[0])
    conflict = Fault(status=409, description="Conflict: terminated by other getUpdates request")
    desk.server.fail_always("getUpdates", conflict)
    for _ in range(5):
        attendance.look()
        assert alerts() == []
        seconds[0] += 29.0
        with pytest.raises(ConfigurationError, match="someone else reads the bot's updates"):
            attendance.listen()
    attendance.look()
    attendance.look()
    assert alerts() == [("chat_unserved", "operators' chat")]


def test_a_group_that_has_another_id_by_now_is_followed_there(desk, trading_store, operated):
    waiting_order(trading_store)
    desk.post()
    desk.server.migrate(CHAT_ID, new := -1009876)
    assert "Kill switch: off" in desk.hear("/status", chat_id=new)
    waiting_order(trading_store, "order-2")
    message = desk.post()
    assert desk.server.messages[message]["chat"]["id"] == new
    assert desk.press(message, "Reject") == "Rejected. It is not sent."
    assert "ALL TRADING IS HALTED" in desk.hear("KILL now", chat_id=new)
    assert switch(operated) == (True, ME, "now")


HOSTILE = [
    {"message": None},
    {"message": {"text": "KILL"}},
    {"message": {"message_id": 1, "chat": {"id": CHAT_ID}, "date": 10**12, "text": "KILL"}},
    {"callback_query": {"id": "1", "from": {"id": OPERATOR}, "data": "a" * 10_000}},
    {"callback_query": {"id": {"$gt": 0}, "from": {"id": "42"}}},
    {"edited_message": {"text": "KILL"}},
    {"message": {"from": {"id": OPERATOR}, "chat": {"id": str(CHAT_ID)}, "text": "KILL"}},
    {"channel_post": {"text": "KILL"}},
]


def test_updates_that_are_none_halt_nothing_and_hold_up_nothing(desk, operated):
    for content in HOSTILE:
        desk.server.update(**content)
    assert switch(operated)[0] is False
    desk.server.say("/kill KILL \x00\ud800 bad letters")
    desk.listen()
    assert switch(operated)[0] is True


def test_claims_are_forgotten_once_nobody_tells_them_again(desk, operated):
    desk.hear("KILL now")
    assert len(operated.rows("SELECT * FROM chat_updates")) == 1
    desk.server.ahead_seconds += 8 * 86_400
    desk.hear("/help")
    assert operated.rows("SELECT * FROM chat_updates") == []
