"""How a person is told."""

from typing import Protocol


class AlertChannel(Protocol):
    """Somewhere a person reads."""

    def send(self, text: str) -> bool:
        """Post a message; return whether it was delivered. Never raises."""
        ...
