"""What the shared mechanism asks of a server it embeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class ServerFailed(Exception):  # noqa: N818 - the log says the error.
    """A server, or a program that prepares it, could not do its work; its log says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A system account a server runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How to start a server: in its data folder, as `account` (None: this process's own)."""

    command: Sequence[str]
    account: Account | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep:
    """A signal that asks a server to end, and how long it may take."""

    signal: signal.Signals
    patience_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """What runs: `users` are the processes attached; `url` is given whether or not it runs."""

    name: str
    running: bool
    pid: int | None
    url: str
    users: tuple[int, ...]


class Server(Protocol):
    """A server with a data folder, a socket and a pid file in it, and a way to say it is ready."""

    @property
    def name(self) -> str:
        """The store's name, and that of its folder under home."""
        ...

    @property
    def program(self) -> str:
        """The name of its processes."""
        ...

    @property
    def socket_name(self) -> str:
        """The socket's name in the data folder."""
        ...

    @property
    def pid_name(self) -> str:
        """The pid file's name in the data folder; its first line is the pid."""
        ...

    @property
    def stop_steps(self) -> tuple[StopStep, ...]:
        """How it is stopped, the cleanest way first."""
        ...

    def url(self, folder: Path) -> str:
        """The URL of the server whose socket is in `folder`."""
        ...

    def prepare(self, data: Path, *, log: int) -> Launch:
        """Make the data folder if it is missing, clear what a dead server left, say how to start.

        Called while no server runs on the folder. Programs it runs write to the descriptor `log`.

        Raises:
            ConfigurationError: saying what to mend.
            ServerFailed: the log says it.
        """
        ...

    def is_ready(self, folder: Path) -> bool:
        """Whether it answers in `folder`; makes what every user expects to be there.

        Raises:
            ServerFailed: it answers, but cannot make that; the log says why.
        """
        ...

    def clean_up(self, data: Path) -> None:
        """Remove what `prepare` made outside the data folder."""
        ...
