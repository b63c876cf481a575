"""Which bar sources there are, and the chain of them that a process asks."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.alpha_vantage.source import AlphaVantageBarSource
from alpha_oracle.adapters.files.source import FilesBarSource
from alpha_oracle.adapters.ibkr.connection import GatewayConnection
from alpha_oracle.adapters.ibkr.doctoring import check_gateway
from alpha_oracle.adapters.ibkr.source import IbkrBarSource
from alpha_oracle.adapters.postgres.answers import PostgresAnswerSpool
from alpha_oracle.adapters.postgres.capabilities import PostgresCapabilities
from alpha_oracle.adapters.postgres.leases import PostgresLeases
from alpha_oracle.adapters.postgres.listings import PostgresListings
from alpha_oracle.adapters.postgres.requests import PostgresRequestLedger
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.bootstrap.stores import clock_of
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self, TypeAlias

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.config import Settings
    from alpha_oracle.ports.bars import BarSource
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.requests import (
        AnswerSpool,
        Capabilities,
        Leases,
        Listings,
        RequestLedger,
    )

    Gateway: TypeAlias = Callable[[], GatewayConnection]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMemory:
    """What sources remember together with every other process, and the time."""

    clock: Clock
    ledger: RequestLedger
    spool: AnswerSpool
    capabilities: Capabilities
    listings: Listings
    leases: Leases

    @classmethod
    def on(cls, database: Database, *, clock: Clock) -> Self:
        """Return the memory kept in Postgres."""
        return cls(
            clock=clock,
            ledger=PostgresRequestLedger(database),
            spool=PostgresAnswerSpool(database),
            capabilities=PostgresCapabilities(database),
            listings=PostgresListings(database),
            leases=PostgresLeases(database),
        )


class BarSources:
    """The bar sources of a process, each opened when first asked for, shared by its threads."""

    def __init__(self, settings: Settings, memory: SourceMemory) -> None:
        self._settings = settings
        self._memory = memory
        self._opened: dict[str, BarSource] = {}
        self._gateway: GatewayConnection | None = None
        self._stack = ExitStack()
        self._guard = RLock()

    def chain(self, name: str | None = None) -> tuple[BarSource, ...]:
        """Return the sources to ask, in order: the named one alone, else those of the settings.

        Raises:
            ConfigurationError: there is no such source.
        """
        return tuple(self._open(one) for one in chain_names(self._settings, name))

    def gateway(self) -> GatewayConnection:
        """Return the process's one connection for data: a client id has room for no second."""
        with self._guard:
            if self._gateway is None:
                self._gateway = open_gateway(self._settings, self._memory)
                self._stack.callback(self._gateway.close)
            return self._gateway

    def close(self) -> None:
        """Close what was opened; a gateway's client id is free again."""
        with self._guard:
            self._opened.clear()
            self._gateway = None
            self._stack.close()

    def _open(self, name: str) -> BarSource:
        with self._guard:
            if name not in self._opened:
                self._opened[name] = SOURCES[name](self._settings, self._memory, self.gateway)
            return self._opened[name]


def chain_names(settings: Settings, name: str | None = None) -> tuple[str, ...]:
    """Return the names of the sources to ask, in order, each once.

    Raises:
        ConfigurationError: there is no such source.
    """
    names = (name,) if name else (settings.data.source, *settings.data.fallback)
    unknown = sorted(set(names) - SOURCES.keys())
    if unknown:
        known = ", ".join(sorted(SOURCES))
        raise ConfigurationError(f"no bar source is called {unknown[0]!r}; known: {known}")
    return tuple(dict.fromkeys(names))


def open_gateway(settings: Settings, memory: SourceMemory) -> GatewayConnection:
    """Return the gateway's connection for data; it connects when first asked."""
    gateway = settings.broker.ibkr
    return GatewayConnection(gateway, client_id=gateway.data_client_id, leases=memory.leases)


def _files(settings: Settings, _memory: SourceMemory, _gateway: Gateway) -> BarSource:
    prices = PriceBasis(settings.data.files.prices)
    return FilesBarSource(path=settings.data.files.path, prices=prices)


def _synthetic(settings: Settings, _memory: SourceMemory, _gateway: Gateway) -> BarSource:
    return SyntheticBarSource(settings.data.synthetic)


def _alpha_vantage(settings: Settings, memory: SourceMemory, _gateway: Gateway) -> BarSource:
    return AlphaVantageBarSource(
        settings.data.alpha_vantage,
        ledger=memory.ledger,
        spool=memory.spool,
        capabilities=memory.capabilities,
        clock=memory.clock,
    )


def _ibkr(settings: Settings, memory: SourceMemory, gateway: Gateway) -> BarSource:
    return IbkrBarSource(
        gateway(), listings=memory.listings, clock=memory.clock, settings=settings.data.ibkr
    )


def checkable_sources(settings: Settings) -> tuple[str, ...]:
    """Return the sources worth a check: those to be asked, and a vendor whose key is set."""
    keyed = ("alpha_vantage",) if settings.data.alpha_vantage.api_key is not None else ()
    return tuple(dict.fromkeys((*chain_names(settings), *keyed)))


def check_source(settings: Settings, name: str, database: Database) -> str:
    """Try a source out and return what was found, for a person. Costs a vendor's request.

    Raises:
        AlphaOracleError: it cannot be used; says how to mend it.
    """
    memory = SourceMemory.on(database, clock=clock_of(settings))
    if name == "ibkr":
        gateway = settings.broker.ibkr
        return check_gateway(gateway, client_id=gateway.data_client_id, leases=memory.leases)
    source = BarSources(settings, memory).chain(name)[0]
    if isinstance(source, AlphaVantageBarSource):
        return source.probe()
    session = calendar.latest_decided_session(memory.clock.now())
    return f"{name} offers {len(source.symbols(session) or ())} symbols for {session}"


SOURCES: Final[Mapping[str, Callable[[Settings, SourceMemory, Gateway], BarSource]]] = {
    "alpha_vantage": _alpha_vantage,
    "files": _files,
    "ibkr": _ibkr,
    "synthetic": _synthetic,
}
