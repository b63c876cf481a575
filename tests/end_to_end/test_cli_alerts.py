"""What people were told, at the command line, and the message of a session put on record."""

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from alpha_oracle.adapters.clock import SystemClock
from alpha_oracle.adapters.postgres.alerts import PostgresAlerts
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.kill_switch_mirror import RedisKillSwitchMirror
from alpha_oracle.bootstrap.alerting import channels_of, tell_people
from alpha_oracle.bootstrap.daily_summary import DailySummary
from alpha_oracle.bootstrap.stores import Stores
from alpha_oracle.config import load_settings
from alpha_oracle.domain.alerts import Alert, Episode
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import RiskAlert
from alpha_oracle.risk.kill_switch_stores import KillSwitch
from tests.end_to_end.command_line import ask
from tests.peers.slack import slack, unused_url
from tests.peers.telegram import CHAT_ID, TOKEN, Fault, telegram

NOW = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)
SESSION = date(2016, 6, 1)


@pytest.fixture
def stores(operated):
    with (
        closing(open_database(operated.database_url)) as database,
        closing(RedisConnection(operated.redis_url)) as redis,
    ):
        yield Stores(database=database, redis=redis)


@pytest.fixture
def record(stores):
    return PostgresAlerts(stores.database, channels=["slack"])


def an_episode(key, *, at=NOW):
    return Episode(
        key=key,
        type=key,
        subject="",
        severity=Severity.HIGH,
        text=f"HIGH: {key}",
        began_at=at,
        told_at=at,
    )


def test_what_lasts_and_what_was_told_is_listed_newest_first(record):
    assert "nothing is open" in ask("alerts", "list").out
    told = Alert(cause="1", type="vix", severity=None, text="Info: vix", at=NOW)
    lasting = [an_episode("vix"), an_episode("exit_failed", at=NOW + timedelta(hours=1))]
    record.keep([told], changed=lasting, gone=(), read=(), at=NOW)
    document = ask("alerts", "list", "--json").document
    assert [one["key"] for one in document["open"]] == ["exit_failed", "vix"]
    [recent] = document["recent"]
    assert (recent["text"], recent["severity"]) == ("Info: vix", "info")
    assert (recent["delivered"], recent["waiting"]) == ([], ["slack"])


def test_somebody_knows_of_one_or_of_all(record):
    record.keep((), changed=[an_episode(key) for key in ("a", "b", "c")], gone=(), read=(), at=NOW)
    assert ask("alerts", "acknowledge").code == 2
    assert ask("alerts", "acknowledge", "a", "--all").code == 2
    assert ask("alerts", "acknowledge", "z").code == 1
    assert ask("alerts", "acknowledge", "b", "--json").document == {"acknowledged": ["b"]}
    told = ask("alerts", "acknowledge", "--all", "--json")
    assert (told.code, told.document) == (0, {"acknowledged": ["a", "c"]})
    assert ask("alerts", "acknowledge", "--all").code == 0
    assert all(one.acknowledged_by.startswith("cli:") for one in record.episodes().values())


def a_run(stores, *, is_done):
    runs = PostgresRuns(stores.database)
    runs.begin(SESSION, as_of=NOW, settings={}, at=NOW)
    if is_done:
        summary = {"bars": "20 of 20", "figures": {"signals": 7}}
        runs.finish(SESSION, summary=summary, at=NOW)


def a_summary(stores, record):
    switch = KillSwitch(PostgresKillSwitch(stores.database), RedisKillSwitchMirror(stores.redis))
    return DailySummary(load_settings(), stores, SystemClock(), record=record, switch=switch)


def test_a_session_is_told_of_when_its_run_is_done_and_once(stores, record):
    a_summary(stores, record).tell()
    a_run(stores, is_done=False)
    a_summary(stores, record).tell()
    assert ask("alerts", "list", "--json").document["recent"] == []
    a_run(stores, is_done=True)
    for summary in (a_summary(stores, record), a_summary(stores, record)):
        summary.tell()
        summary.tell()
    [told] = ask("alerts", "list", "--json").document["recent"]
    assert told["text"].splitlines() == [
        "All is well: the pipeline of 2016-06-01 is done",
        "Bars: 20 of 20",
        "Signals: 7",
        "Ranking: none",
        "Equity: unknown",
        "Kill switch: off",
    ]


@pytest.fixture
def channels(operated, monkeypatch):
    """A Slack that takes what it is told, and a Telegram that does not."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with slack() as taking, telegram() as refusing:
        refusing.fail_always("sendMessage", Fault(status=403, description="Forbidden"))
        given = {
            "SLACK__WEBHOOK_URL": f"{taking.url}/hook",
            "TELEGRAM__BOT_TOKEN": TOKEN,
            "TELEGRAM__CHAT_ID": str(CHAT_ID),
            "TELEGRAM__BASE_URL": refusing.url,
        }
        for name, value in given.items():
            monkeypatch.setenv(f"ALPHA_ORACLE_ALERTS__{name}", value)
        yield taking, refusing


def tell():
    tell_people("rank failed", kind="flow_failed", severity=Severity.HIGH, cause="run 7")


def test_what_a_flow_tells_is_on_record_for_the_channel_that_did_not_take_it(channels):
    tell()
    [told] = ask("alerts", "list", "--json").document["recent"]
    assert (told["text"], told["severity"]) == ("rank failed", "high")
    assert (told["delivered"], told["waiting"]) == (["slack"], ["telegram"])


def test_a_database_that_is_away_keeps_nobody_from_being_told(channels, monkeypatch):
    nowhere = f"postgresql://nobody@{unused_url().removeprefix('http://')}/none"
    monkeypatch.setenv("ALPHA_ORACLE_DATABASE__URL", nowhere)
    tell()
    assert len(channels[0].received) == 1


def test_no_store_is_started_to_tell_of_something(channels, operated, monkeypatch):
    monkeypatch.delenv("ALPHA_ORACLE_DATABASE__URL")
    tell()
    assert len(channels[0].received) == 1
    assert not (operated.home / "postgres").exists()


def test_an_alert_that_cannot_be_put_on_record_is_said_to_whoever_listens(channels):
    alert = RiskAlert(
        type="store_away",
        severity=Severity.HIGH,
        value=None,
        threshold=None,
        message="Postgres does not answer",
        at=NOW,
    )
    told = channels_of(load_settings().alerts)
    assert told.say(alert)
    assert "Postgres does not answer" in json.loads(channels[0].received[0][2])["text"]
    channels[0].statuses[:] = [403]
    assert not told.say(alert)
