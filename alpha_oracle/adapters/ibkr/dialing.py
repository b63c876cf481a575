"""How a connection comes about: the same id again and again, and in words why it did not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.ibkr.link import Address, Link
from alpha_oracle.adapters.ibkr.trouble import Hindrance, LinkRefusedError
from alpha_oracle.errors import ConfigurationError, SourceAway

if TYPE_CHECKING:
    from alpha_oracle.config import IbkrBrokerSettings

log = structlog.get_logger(__name__)

# A gateway that hangs up without a word has the id in use, as old ones do, or is starting.
_PASSING: Final = frozenset({Hindrance.ID_TAKEN, Hindrance.HUNG_UP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a connection waits for what.

    `taken_waits_seconds` are the pauses before a client id in use is tried again, and
    `restart_waits_seconds` those before a gateway that went away is. `lease_seconds` is how long
    another run of ours may keep the id; we look in slices of that. A connection that could not be
    had is not tried again for `rest_seconds`. One request is sent `sendings` times at most.
    """

    handshake_seconds: float = 15.0
    heartbeat_seconds: float = 5.0
    lease_seconds: float = 600.0
    lease_slice_seconds: float = 2.0
    taken_waits_seconds: tuple[float, ...] = (5.0, 10.0, 20.0, 40.0, 60.0)
    restart_waits_seconds: tuple[float, ...] = (5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0, 60.0)
    outage_seconds: float = 300.0
    idle_seconds: float = 30.0
    rest_seconds: float = 5.0
    sendings: int = 4


async def dial(
    broker: IbkrBrokerSettings, client_id: int, *, patience: Patience, is_redial: bool
) -> Link:
    """Return an open connection.

    A gateway that was there before (`is_redial`) is waited for, whatever stands in the way.

    Raises:
        SourceAway: the gateway, or its client id, cannot be had.
        ConfigurationError: the gateway does not manage the account of the settings.
    """
    address = Address(host=broker.host, port=broker.port, client_id=client_id)
    waits = iter(patience.restart_waits_seconds if is_redial else patience.taken_waits_seconds)
    while True:
        try:
            return await _opened(broker, address, patience=patience)
        except LinkRefusedError as refusal:
            why = hindered(refusal, broker, address)
            is_passing = is_redial or refusal.hindrance in _PASSING
        wait_seconds = next(waits, None) if is_passing else None
        if wait_seconds is None:
            raise SourceAway(why)
        log.warning("gateway_not_connected", reason=why, tried_again_in_seconds=wait_seconds)
        await asyncio.sleep(wait_seconds)


def hindered(refusal: LinkRefusedError, broker: IbkrBrokerSettings, address: Address) -> str:
    """Return what keeps us from a gateway, and what to do."""
    place, client = address.place, named_client(broker, address.client_id)
    match refusal.hindrance:
        case Hindrance.NOTHING_LISTENS:
            return (
                f"nothing listens on {place} ({refusal}); start TWS or IB Gateway and enable its "
                "API socket there, or mend broker.ibkr.host and broker.ibkr.port"
            )
        case Hindrance.ID_TAKEN:
            return (
                f"{client} is in use at {place} by another program; end that one, or give this "
                "installation ids of its own with broker.ibkr.client_id"
            )
        case Hindrance.HUNG_UP:
            return (
                f"the gateway at {place} hung up during the handshake: {client} is in use there, "
                "or this machine is none of the trusted addresses of its API settings"
            )
        case Hindrance.SILENT:
            return (
                f"{place} takes connections and does not answer: the gateway hangs, waits for "
                "its login or a dialog, or broker.ibkr.port belongs to another program; look at "
                "its window, restart it"
            )


def named_client(broker: IbkrBrokerSettings, client_id: int) -> str:
    """Return a client id with the setting it comes from."""
    above = client_id - broker.client_id
    return f"client id {client_id} (broker.ibkr.client_id{f' + {above}' if above else ''})"


async def _opened(broker: IbkrBrokerSettings, address: Address, *, patience: Patience) -> Link:
    link = Link(address, outage_seconds=patience.outage_seconds)
    await shake_hands(link, broker, handshake_seconds=patience.handshake_seconds)
    return link


async def shake_hands(link: Link, broker: IbkrBrokerSettings, *, handshake_seconds: float) -> None:
    """Open a link, or close it for good.

    Raises:
        LinkRefusedError: telling what stands in the way.
        ConfigurationError: the gateway does not manage the account of the settings.
    """
    try:
        await link.open(timeout_seconds=handshake_seconds)
        _check_account(broker, link, place=f"{broker.host}:{broker.port}")
    except ConnectionError:
        # Gone again before it was asked whom it is for.
        await link.close()
        raise LinkRefusedError(Hindrance.HUNG_UP) from None
    except BaseException:
        await link.close()
        raise


def _check_account(broker: IbkrBrokerSettings, link: Link, *, place: str) -> None:
    if broker.account and broker.account not in link.accounts:
        raise ConfigurationError(
            f"the gateway at {place} manages {len(link.accounts)} account(s), and none is the one "
            "of broker.ibkr.account; log the gateway in for that account, or mend the setting"
        )
