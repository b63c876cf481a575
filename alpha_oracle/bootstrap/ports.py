"""The ports that an installation listens on, each with the setting that chooses it."""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psutil

from alpha_oracle.bootstrap.presence import API, WORKER
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.config import Settings

OWNERS: Final[Mapping[str, str]] = {"execution": WORKER}
"""Whose section it is, where it is not called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A port a process of ours will listen on, and the setting to change where it is taken."""

    process: str
    setting: str
    host: str
    port: int


def wanted_ports(settings: Settings) -> list[Listening]:
    """Return the ports of the settings."""
    api = settings.api
    ports = [Listening(process=API, setting="api.port", host=api.host, port=api.port)]
    for name in type(settings).model_fields:
        port = getattr(getattr(settings, name), "metrics_port", None)
        if port is not None:
            ports.append(
                Listening(
                    process=OWNERS.get(name, name),
                    setting=f"{name}.metrics_port",
                    host=settings.metrics.host,
                    port=port,
                )
            )
    return ports


def refuse_taken(settings: Settings) -> None:
    """Refuse to start where another program listens already, or two of ours would on one port.

    Raises:
        ConfigurationError: naming each port, who has it and the setting to change.
    """
    ports = wanted_ports(settings)
    troubles = [trouble for one in ports if (trouble := trouble_with(one))] + shared(ports)
    if troubles:
        raise ConfigurationError("; ".join(troubles))


def trouble_with(one: Listening) -> str | None:
    """Return why a port cannot be listened on, and what to set; None: it can."""
    family = socket.AF_INET6 if ":" in one.host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        # As servers do: what a connection of before left behind is no listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((one.host, one.port))
        except OSError as error:
            told = f"port {one.port} on {one.host}, where the {one.process} is to answer"
            return f"{told}, cannot be had ({error.strerror}{_holder(one.port)}); set {one.setting}"
    return None


def shared(ports: list[Listening]) -> list[str]:
    """Return which settings name the same port."""
    seen: dict[int, Listening] = {}
    told = []
    for one in ports:
        other = seen.setdefault(one.port, one)
        if other is not one:
            told.append(f"{other.setting} and {one.setting} are both {one.port}; set one of them")
    return told


def _holder(port: int) -> str:
    with suppress(psutil.Error, OSError):
        for link in psutil.net_connections("tcp"):
            is_there = link.status == psutil.CONN_LISTEN and link.laddr[1:2] == (port,)
            if is_there and link.pid:
                return f", pid {link.pid}: {psutil.Process(link.pid).name()}"
    return ""
