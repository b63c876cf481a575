"""The board that a worker writes and people read: each limit with what it measures now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class RiskBoard(Protocol):
    """The newest measurements of each account, as JSON objects; they outlive no lost Redis."""

    def publish(self, account: str, document: Mapping[str, Any]) -> None:
        """Let these be an account's newest measurements.

        Raises:
            StoreUnavailable: the board cannot be reached.
        """
        ...

    def read(self, account: str) -> dict[str, Any] | None:
        """Return an account's newest measurements, however old; None: there are none.

        Raises:
            StoreUnavailable: the board cannot be reached.
        """
        ...
