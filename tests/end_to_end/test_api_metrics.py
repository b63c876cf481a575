"""The metrics of an installation, as Prometheus asks the API for them."""

from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from alpha_oracle.bootstrap.api import opened_services
from alpha_oracle.config import load_settings
from alpha_oracle.domain.trading_records import Change
from alpha_oracle.entrypoints.api.access import Access
from alpha_oracle.entrypoints.api.app import create_app
from tests.contracts import trading_values as values
from tests.end_to_end.api_clients import OPERATOR, TOKENS, VIEWER, client, served
from tests.end_to_end.trading_processes import Stores


@contextmanager
def an_api():
    """The address of the API of the settings, served in this process."""
    settings = load_settings()
    with opened_services(settings) as services:
        app = create_app(services, access=Access(TOKENS), allowed_hosts=settings.api.allowed_hosts)
        with served(app) as address:
            yield address


@pytest.fixture
def url(operated):
    with an_api() as address:
        yield address


@pytest.fixture
def scrape(url):
    """A function that returns the value of a sample, None where there is none."""
    return scraping(url)


def scraping(url):
    def told(name, **labels):
        with client(url, VIEWER) as viewer:
            answer = viewer.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        found = [
            sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
            if (sample.name, sample.labels) == (f"alpha_oracle_{name}", labels)
        ]
        return found[0] if found else None

    return told


def test_metrics_are_told_to_those_with_a_token_alone(url):
    with client(url, None) as stranger:
        assert stranger.get("/metrics").status_code == 401


def test_an_installation_at_rest_is_well(scrape):
    for store in ("postgres", "redis"):
        assert scrape("store_up", store=store) == 1
        assert 0 < scrape("store_answer_seconds", store=store) < 60
    assert scrape("kill_switch_active") == 0
    assert scrape("approvals_waiting") == 0
    assert scrape("outbox_pending") == 0
    for group in ("market", "kill_switch", "record", "ranking", "model", "accounts", "risk"):
        assert scrape("metrics_failed", group=group) == 0, group


def test_what_happened_shows_with_the_next_look(scrape, url, trading_store):
    state = values.a_state(account="paper")
    trading_store.commit(
        Change(change_id="opened", account="paper", at=datetime.now(UTC), state=state), sends=False
    )
    assert scrape("kill_switch_active") == 0
    with client(url, OPERATOR) as operator:
        operator.post("/api/risk/kill-switch/activate", json={"confirmation": "KILL"})
    assert scrape("kill_switch_active") == 1
    assert scrape("kill_switch_store_active", store="mirror") == 1
    # The switch was announced at once, whoever runs; what else is on record waits for a relay.
    assert scrape("outbox_pending") == 0
    trading_store.commit(values.a_change("told", announcements=(values.an_alert(),)), sends=False)
    assert scrape("outbox_pending") == 1
    assert scrape("account_cash_usd", account="paper") == float(state.cash_usd)
    route = "/api/risk/kill-switch/activate"
    assert scrape("api_requests_total", method="POST", route=route, status="200") == 1


def test_a_board_that_holds_what_is_no_measurement_costs_that_group_alone(
    scrape, operated, trading_store
):
    state = values.a_state(account="paper")
    trading_store.commit(
        Change(change_id="opened", account="paper", at=datetime.now(UTC), state=state), sends=False
    )
    with closing(redis.Redis.from_url(operated.redis_url)) as board:
        board.set("risk:status:paper", '{"breakers": 3}')
    assert scrape("metrics_failed", group="risk") == 1
    assert scrape("metrics_failed", group="accounts") == 0
    assert scrape("account_cash_usd", account="paper") == float(state.cash_usd)


@pytest.fixture
def own_stores(tmp_path, operated, monkeypatch):
    """Stores of this test's own, which it may kill."""
    stores = Stores(tmp_path / "stores")
    monkeypatch.setenv("ALPHA_ORACLE_DATABASE__URL", stores.urls["postgres"])
    monkeypatch.setenv("ALPHA_ORACLE_REDIS__URL", stores.urls["redis"])
    yield stores
    stores.close()


@pytest.mark.slow
def test_a_store_that_is_away_costs_what_it_would_have_told_and_is_told_itself(own_stores):
    with an_api() as address, capture_logs() as events:
        scrape = scraping(address)
        assert scrape("kill_switch_active") == 0
        own_stores.kill("postgres", is_awaited=True)
        assert scrape("store_up", store="postgres") == 0
        assert scrape("store_up", store="redis") == 1
        # What cannot be read counts as active.
        assert scrape("kill_switch_active") == 1
        assert scrape("kill_switch_store_active", store="database") is None
        assert scrape("metrics_failed", group="record") == 1
        assert scrape("metrics_failed", group="market") == 0
        assert scrape("outbox_pending") is None
        # Said once, though it was asked again and again.
        assert [one.get("group") for one in events].count("record") == 1
        own_stores.revive("postgres")
        assert scrape("store_up", store="postgres") == 1
        assert scrape("outbox_pending") == 0
