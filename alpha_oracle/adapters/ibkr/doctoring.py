"""Whether the gateway can be used, for who looks after an installation."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.ibkr.connection import GatewayConnection
from alpha_oracle.adapters.ibkr.dialing import Patience, named_client
from alpha_oracle.errors import LeaseTaken

if TYPE_CHECKING:
    from alpha_oracle.config import IbkrBrokerSettings
    from alpha_oracle.ports.requests import Leases

SHORT: Final = Patience(
    handshake_seconds=5.0, heartbeat_seconds=5.0, lease_seconds=0.0, taken_waits_seconds=(2.0,)
)


def check_gateway(
    broker: IbkrBrokerSettings,
    *,
    client_id: int,
    leases: Leases,
    patience: Patience = SHORT,
) -> str:
    """Connect, ask for the time, hang up; return what was found, in words.

    Raises:
        SourceAway: nothing listens, the client id is taken, or the gateway does not answer.
        ConfigurationError: it does not manage the account of the settings.
        StoreUnavailable: the lease cannot be asked for.
    """
    with closing(
        GatewayConnection(broker, client_id=client_id, leases=leases, patience=patience)
    ) as connection:
        try:
            return connection.run(connection.probe)
        except LeaseTaken:
            client = named_client(broker, client_id)
            return f"{client} at {connection.place} is in use by another run of this installation"
