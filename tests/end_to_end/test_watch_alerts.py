"""What is announced reaches people: a real watch, a local Slack and Telegram, kills in between."""

import json
import signal
from contextlib import closing, contextmanager

import pytest

from alpha_oracle.adapters.clock import pinned_clock
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.outbox import announce
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import RiskAlert
from tests.end_to_end.trading_processes import Drill, Stores
from tests.end_to_end.trading_world import START, first
from tests.peers import telegram as telegram_peer
from tests.peers.slack import slack
from tests.peers.telegram import Fault, telegram

pytestmark = pytest.mark.slow

HOOK = "https://hooks.slack.com/services/T000/B000/hooksecret"
DOWN = Fault(status=502, description="Bad Gateway")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def servers():
    with slack() as one, telegram() as other:
        yield one, other


@pytest.fixture
def drill(home, tmp_path, servers, nursery):
    one, other = servers
    stores = Stores(tmp_path / "stores")
    drill = Drill(
        home=home,
        database_url=stores.urls["postgres"],
        redis_url=stores.urls["redis"],
        settings={
            "ALERTS__SLACK__WEBHOOK_URL": HOOK,
            "ALERTS__SLACK__BASE_URL": one.url,
            "ALERTS__TELEGRAM__BOT_TOKEN": telegram_peer.TOKEN,
            "ALERTS__TELEGRAM__CHAT_ID": telegram_peer.CHAT_ID,
            "ALERTS__TELEGRAM__BASE_URL": other.url,
        },
        nursery=nursery,
        stores=stores,
    )
    yield drill
    drill.close()
    stores.close()


@contextmanager
def watched(drill):
    """A watch over the drill, running."""
    before = drill.logged("watch").count("watch_started")
    with drill.running("watch") as process:
        first(lambda: drill.logged("watch").count("watch_started") > before)
        yield process


def write_alert(drill, kind, message, *, severity):
    """Put an alert on record as a process of the installation does."""
    now = clock_of(drill).now()
    alert = RiskAlert(
        type=kind,
        severity=Severity(severity),
        value=None,
        threshold=None,
        message=message,
        at=now,
    )
    with closing(open_database(drill.database_url)) as database, database.begin() as connection:
        announce(connection, message, [alert], at=now)


def clock_of(drill):
    return pinned_clock(drill.home, start_at=START)


def kill(drill, reason):
    assert drill.ask_here("kill", "activate", "--confirm", "KILL", "--reason", reason).code == 0


def marked(drill, channel, words):
    """The alerts that a channel is known to have delivered: a crash before that tells once more."""
    return drill.rows(
        "SELECT alert_id FROM alerts JOIN alert_deliveries USING (alert_id)"
        " WHERE channel = :channel AND delivered_at IS NOT NULL AND text LIKE :words",
        channel=channel,
        words=f"%{words}%",
    )


def on_slack(servers, words):
    texts = [json.loads(body)["text"] for _, _, body in servers[0].received]
    return [text for text in texts if words in text]


def on_telegram(servers, words):
    return [text for text in servers[1].texts if words in text]


def test_what_is_announced_reaches_each_channel_once_whatever_dies_in_between(drill, servers):
    _, chat = servers
    kill(drill, "before the watch")
    with watched(drill) as watch:
        first(lambda: on_slack(servers, "before the watch"))
        first(lambda: marked(drill, "telegram", "before the watch"))
        [text] = on_telegram(servers, "before the watch")
        assert text.startswith("HIGH: kill switch\nthe kill switch was activated by cli:")
        assert "Next: find out why; `alpha-oracle kill resume`" in text

        chat.fail_always("sendMessage", DOWN)
        write_alert(drill, "unknown_order", "order x is not ours", severity="critical")
        first(lambda: marked(drill, "slack", "order x is not ours"))
        first(lambda: chat.asked("sendMessage")[1:])
        watch.send_signal(signal.SIGKILL)
        watch.wait()
    write_alert(drill, "cash_difference", "while nobody watched", severity="warning")
    chat.fail_always("sendMessage", None)
    with watched(drill):
        for words in ("order x is not ours", "while nobody watched"):
            first(lambda words=words: on_telegram(servers, words))
            first(lambda words=words: on_slack(servers, words))
    for words in ("before the watch", "order x is not ours", "while nobody watched"):
        told = (len(on_slack(servers, words)), len(on_telegram(servers, words)))
        assert (words, told) == (words, (1, 1))


def test_a_database_that_dies_is_told_of_at_once_and_what_it_keeps_when_it_is_back(drill, servers):
    with watched(drill):
        drill.stores.kill("postgres")
        first(lambda: on_slack(servers, "HIGH: store away"))
        first(lambda: on_telegram(servers, "HIGH: store away"))
        drill.stores.revive("postgres")
        write_alert(drill, "cash_difference", "after the outage", severity="warning")
        first(lambda: on_slack(servers, "after the outage"))
        first(lambda: on_telegram(servers, "after the outage"))
        first(lambda: on_slack(servers, "well again"))


def test_an_acknowledged_alert_is_told_no_more_and_shown_as_such(drill, servers):
    write_alert(drill, "exit_failed", "10 AAA are not sold", severity="high")
    with watched(drill):
        first(lambda: on_slack(servers, "10 AAA are not sold"))
        [row] = [
            one
            for one in drill.ask_here("alerts", "list", "--json").document["open"]
            if one["type"] == "exit_failed"
        ]
        assert (row["severity"], row["acknowledged_by"]) == ("high", None)
        told = drill.ask_here("alerts", "acknowledge", row["key"], "--json")
        assert told.document == {"acknowledged": [row["key"]]}
        assert drill.ask_here("alerts", "acknowledge", row["key"]).code == 1
        # Without a worker it falls silent, too, once that lasts.
        [row] = [
            one
            for one in drill.ask_here("alerts", "list", "--json").document["open"]
            if one["type"] == "exit_failed"
        ]
        assert row["acknowledged_by"].startswith("cli:")
