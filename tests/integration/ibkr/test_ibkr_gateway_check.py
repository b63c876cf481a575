"""What is wrong with a gateway, as a person is told."""

from dataclasses import replace

import pytest

from alpha_oracle.adapters.ibkr.doctoring import check_gateway
from alpha_oracle.errors import ConfigurationError, SourceAway
from tests.fakes.requests import InMemoryLeases
from tests.integration.ibkr.sources import (
    EVENING,
    PATIENCE,
    a_market,
    broker_of,
    connected,
    eventually,
    fetch_last,
    source_of,
)
from tests.peers.tws import notices
from tests.peers.tws.faults import Close, Hang, Point, Refuse
from tests.peers.tws.running import running_gateway
from tests.ports import a_free_port

HASTY = replace(PATIENCE, handshake_seconds=0.5)
HUNG_UP = "hung up during the handshake"


@pytest.fixture
def gateway():
    with running_gateway(a_market(), now=EVENING) as gateway:
        yield gateway


def test_a_gateway_in_order_is_reported(gateway):
    found = check_gateway(broker_of(gateway), client_id=2, leases=InMemoryLeases())
    assert found == (
        f"the gateway at 127.0.0.1:{gateway.port} answers client id 2 (broker.ibkr.client_id + 1)"
    )
    assert eventually(lambda: gateway.connected_ids == ())


def test_a_closed_gateway_is_named_with_its_settings(gateway):
    broker = broker_of(gateway).model_copy(update={"port": a_free_port()})
    with pytest.raises(SourceAway) as away:
        check_gateway(broker, client_id=2, leases=InMemoryLeases(), patience=PATIENCE)
    assert str(away.value).startswith(f"nothing listens on 127.0.0.1:{broker.port} (")
    assert "broker.ibkr.host and broker.ibkr.port" in str(away.value)


def test_an_id_taken_is_named_with_its_setting(gateway):
    with connected(gateway) as other:
        fetch_last(source_of(other), "S00")
        with pytest.raises(SourceAway, match=r"client id 2 \(broker.ibkr.client_id \+ 1\) is in u"):
            check_gateway(
                broker_of(gateway), client_id=2, leases=InMemoryLeases(), patience=PATIENCE
            )


def test_an_id_used_by_a_run_of_ours_is_no_trouble(gateway):
    leases = InMemoryLeases()
    with connected(gateway, leases=leases) as other:
        fetch_last(source_of(other), "S00")
        found = check_gateway(broker_of(gateway), client_id=2, leases=leases)
    assert "is in use by another run of this installation" in found


def test_an_account_that_is_not_managed_is_named_by_its_setting_alone(gateway):
    broker = broker_of(gateway, account="DU7654321")
    with pytest.raises(
        ConfigurationError, match=r"manages 1 account\(s\).*broker.ibkr.account"
    ) as e:
        check_gateway(broker, client_id=2, leases=InMemoryLeases(), patience=PATIENCE)
    assert "DU" not in str(e.value)


def test_an_account_that_is_managed_is_let_in(gateway):
    broker = broker_of(gateway, account="DU1234567")
    assert "answers" in check_gateway(broker, client_id=2, leases=InMemoryLeases())


@pytest.mark.parametrize(
    ("point", "effect", "patience", "told"),
    [
        pytest.param(Point.ACCEPT, Hang(), HASTY, "does not answer", id="deaf from the start"),
        pytest.param(Point.HANDSHAKE, Hang(), HASTY, "does not answer", id="deaf in the handshake"),
        pytest.param(Point.START_API, Hang(), HASTY, "does not answer", id="no account ever told"),
        pytest.param(
            Point.CURRENT_TIME,
            Hang(),
            replace(PATIENCE, heartbeat_seconds=0.3),
            "answers no request",
            id="deaf afterwards",
        ),
        pytest.param(Point.HANDSHAKE, Close(), PATIENCE, HUNG_UP, id="hung up"),
        pytest.param(Point.START_API, Close(), PATIENCE, HUNG_UP, id="hung up late"),
        pytest.param(
            Point.START_API,
            Refuse(notices.ID_IN_USE, then_close=True),
            PATIENCE,
            "is in use",
            id="326",
        ),
    ],
)
def test_a_gateway_in_trouble_is_told_apart(gateway, point, effect, patience, told):
    gateway.fault(point, effect, times=None)
    with pytest.raises(SourceAway, match=told):
        check_gateway(broker_of(gateway), client_id=2, leases=InMemoryLeases(), patience=patience)
