"""What the doctor says of a broker that orders go to."""

import pytest

from alpha_oracle.bootstrap.doctor import diagnose
from alpha_oracle.bootstrap.presence import WORKER, present
from tests.fakes.broker import SESSION, TEN_O_CLOCK
from tests.fakes.gateway_market import ACCOUNT
from tests.peers.tws.market import market_of_closes
from tests.peers.tws.running import running_gateway


@pytest.fixture
def gateway():
    market = market_of_closes({"AAPL": [100.0]}, [SESSION])
    with running_gateway(market, now=TEN_O_CLOCK) as made:
        yield made


@pytest.fixture
def installed(home, database_url, redis_url, gateway, monkeypatch):
    """Let the settings of this process trade at the gateway."""
    settings = {
        "HOME": home,
        "DATABASE__URL": database_url,
        "REDIS__URL": redis_url,
        "BROKER__PROVIDER": "ibkr",
        "BROKER__IBKR__PORT": gateway.port,
        "BROKER__IBKR__ACCOUNT": ACCOUNT,
        "RISK__AUTONOMY_MODE": "MANUAL_APPROVAL",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"ALPHA_ORACLE_{name}", str(value))
    return home


def found(check):
    return {one.check: one for one in diagnose()}.get(check)


def test_a_gateway_that_answers_is_well(installed, gateway):
    finding = found("broker")
    assert finding.ok
    assert "answers client id 1" in finding.text
    assert gateway.ledger.times_connected(1) == 1


def test_the_workers_connection_is_left_alone(installed, gateway):
    with present(installed, WORKER):
        assert "the worker keeps client id 1" in found("broker").text
    assert gateway.ledger.connections == []


def test_an_account_that_contradicts_its_port_is_told_without_asking(
    installed, gateway, monkeypatch
):
    monkeypatch.setenv("ALPHA_ORACLE_BROKER__IBKR__ACCOUNT", "U1234567")
    finding = found("broker")
    assert not finding.ok
    assert "is contradictory" in finding.text
    assert gateway.ledger.connections == []


def test_without_orders_there_is_no_gateway_to_ask(installed, gateway, monkeypatch):
    monkeypatch.setenv("ALPHA_ORACLE_RISK__AUTONOMY_MODE", "PAPER_ONLY")
    assert found("broker").text == "it is simulated; there is no gateway to reach"
    assert gateway.ledger.connections == []
