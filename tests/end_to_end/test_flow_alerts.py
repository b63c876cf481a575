import json
from contextlib import contextmanager
from datetime import date
from time import monotonic
from types import SimpleNamespace

import pytest

from alpha_oracle.adapters.alerts.slack import Patience
from alpha_oracle.errors import ConfigurationError, DataError
from flows.backfill import backfill_bars
from flows.daily_pipeline import daily_pipeline
from flows.rank import rank_stored
from tests.end_to_end.worlds import flow_run_of
from tests.peers import telegram as telegram_peer
from tests.peers.slack import slack, unused_url
from tests.peers.telegram import Fault, telegram

HOOK = "https://hooks.slack.com/services/T000/B000/hooksecret"
TOKEN = "xoxb-1234-very-secret"
AHEAD = date(2019, 12, 2)
OF_ITS_OWN_SECONDS = 120.0
"""What a run may take on a busy machine, whatever becomes of its alerts."""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def by_webhook(base_url):
    return {"ALERTS__SLACK__WEBHOOK_URL": HOOK, "ALERTS__SLACK__BASE_URL": base_url}


def by_bot(base_url):
    return {
        "ALERTS__SLACK__BOT_TOKEN": TOKEN,
        "ALERTS__SLACK__CHANNEL": "#trading",
        "ALERTS__SLACK__BASE_URL": f"{base_url}/api/",
    }


def by_telegram(base_url):
    return {
        "ALERTS__TELEGRAM__BOT_TOKEN": telegram_peer.TOKEN,
        "ALERTS__TELEGRAM__CHAT_ID": str(telegram_peer.CHAT_ID),
        "ALERTS__TELEGRAM__BASE_URL": base_url,
    }


@pytest.mark.parametrize("way", [by_webhook, by_bot], ids=["webhook", "bot"])
def test_a_failed_run_tells_flow_run_error_and_next_step(way, worlds, home, prefect_url):
    with slack(body='{"ok": true}') as server, worlds(home, **way(server.url)):
        state = daily_pipeline(AHEAD, return_state=True)
    [(_, _, body)] = server.received
    title, error, link, following = json.loads(body)["text"].split("\n")
    run = flow_run_of(state)
    assert title == f":rotating_light: daily-pipeline failed: run {run.name}"
    assert "2019-12-02 is not over" in error
    assert link == f"Run: {prefect_url.removesuffix('/api')}/runs/flow-run/{run.id}"
    assert "alpha-oracle pipeline --date 2019-12-02" in following


def test_what_a_channel_does_not_take_waits_for_it_on_record(worlds, home):
    with slack(body="ok") as taking, telegram() as refusing:
        refusing.fail_always("sendMessage", Fault(status=502))
        given = by_webhook(taking.url) | by_telegram(refusing.url)
        with worlds(home, **given) as world:
            assert rank_stored(return_state=True).is_completed()
            world.rows("DELETE FROM bars")
            assert rank_stored(return_state=True).is_failed()
            waiting = world.rows(
                "SELECT channel, delivered_at IS NULL, type, severity, text"
                " FROM alert_deliveries JOIN alerts USING (alert_id) ORDER BY channel"
            )
    [(_, _, body)] = taking.received
    text = json.loads(body)["text"]
    assert waiting == [
        ("slack", False, "flow_failed", "high", text),
        ("telegram", True, "flow_failed", "high", text),
    ]
    assert len(refusing.asked("sendMessage")) == 3


def test_every_flow_tells(worlds, home):
    with slack() as server, worlds(home, **by_webhook(server.url)) as world:
        assert backfill_bars(AHEAD, AHEAD, return_state=True).is_failed()
        world.rows("DELETE FROM bars")
        assert rank_stored(return_state=True).is_failed()
    backfilling, ranking = [json.loads(body)["text"] for _, _, body in server.received]
    assert "backfill failed" in backfilling
    assert "has not closed" in backfilling
    assert "rank failed" in ranking
    assert "no bars are stored" in ranking


def test_a_run_that_ends_well_tells_nobody(worlds, home):
    with slack() as server, worlds(home, **by_webhook(server.url)):
        assert daily_pipeline(date(2019, 11, 28), return_state=True).is_completed()
    assert server.received == []


def test_no_secret_of_an_error_is_told(world, source, monkeypatch):
    source.failures = [DataError("GET https://vendor.test/?apikey=TOPSECRET failed")] * 4
    with slack() as server:
        for name, value in by_webhook(server.url).items():
            monkeypatch.setenv(f"ALPHA_ORACLE_{name}", value)
        assert daily_pipeline(return_state=True).is_failed()
    [(_, _, body)] = server.received
    assert "vendor.test" in body
    assert "TOPSECRET" not in body
    assert "TOPSECRET" not in world.run_record()[1]


def refusing():
    return slack(500)


def hanging():
    return slack(answering=False)


@contextmanager
def absent():
    yield SimpleNamespace(url=unused_url())


@pytest.mark.parametrize("outage", [refusing, hanging, absent], ids=lambda kind: kind.__name__)
def test_an_outage_of_slack_changes_no_run_and_delays_it_within_bounds(outage, worlds, home):
    patience = Patience()
    bound = sum(patience.pauses_seconds) + patience.timeout_seconds
    with outage() as server, worlds(home, **by_webhook(server.url)):
        began = monotonic()
        state = daily_pipeline(AHEAD, return_state=True)
        took = monotonic() - began
    with pytest.raises(ConfigurationError, match="2019-12-02 is not over"):
        state.result()
    assert took < bound + OF_ITS_OWN_SECONDS
