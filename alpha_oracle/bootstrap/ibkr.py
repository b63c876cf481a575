"""Interactive Brokers, wired: whose account it is must be agreed on before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.ibkr.broker import IbkrBroker
from alpha_oracle.bootstrap.presence import SIMULATED, feed_source
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from alpha_oracle.config import IbkrBrokerSettings, Settings
    from alpha_oracle.ports.clock import Clock

LIVE: Final = "live"
LIVE_PORTS: Final = frozenset({4001, 7496})
"""Where IB Gateway and TWS listen when they are logged in to a live account."""

PAPER_PREFIX: Final = "D"
"""What the numbers of paper accounts begin with: DU, or DF for an advisor's."""


def open_ibkr_broker(settings: Settings, *, clock: Clock) -> IbkrBroker:
    """Return the broker of the account that the settings name; it is not connected yet.

    Raises:
        ConfigurationError: mode, port and account do not agree on whether its money is real.
    """
    confirm_account(settings)
    return IbkrBroker(settings.broker.ibkr, clock=clock)


def confirm_account(settings: Settings) -> None:
    """Refuse an account that is live by one sign and not by another.

    The gateway confirms it once more: it must manage the account.

    Raises:
        ConfigurationError: telling what contradicts what.
    """
    ibkr = settings.broker.ibkr
    if not ibkr.account:
        raise ConfigurationError(
            "no account is named to trade at Interactive Brokers; set broker.ibkr.account to the "
            "one the gateway is logged in to"
        )
    signs = _signs(ibkr)
    if len(set(signs.values())) > 1:
        told = ", ".join(
            f"{sign} says {'live' if is_live else 'paper'}" for sign, is_live in signs.items()
        )
        raise ConfigurationError(
            f"whether real money is traded is contradictory: {told}; mend broker.ibkr.mode, .port "
            f"(live: {' or '.join(map(str, sorted(LIVE_PORTS)))}) or .account until they agree"
        )
    if signs["mode"]:
        _refuse_make_believe(settings)


def _refuse_make_believe(settings: Settings) -> None:
    if settings.clock.start_at is not None:
        raise ConfigurationError(
            "clock.start_at rehearses at another time, and the account is live; take one of them "
            "back"
        )
    if feed_source(settings) == SIMULATED:
        raise ConfigurationError(
            "feed.source is simulated, and the account is live: real orders would have invented "
            "prices; take feed.source back"
        )


def _signs(ibkr: IbkrBrokerSettings) -> dict[str, bool]:
    return {
        "mode": ibkr.mode == LIVE,
        f"port {ibkr.port}": ibkr.port in LIVE_PORTS,
        "the account's number": not ibkr.account.upper().startswith(PAPER_PREFIX),
    }
