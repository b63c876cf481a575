"""How long work tells how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Someone who watches long work."""

    def report(self, stage: str, *, done: int, total: int) -> None:
        """Say that `done` of `total` units of a stage are behind us."""
        ...


class NoProgress:
    """Nobody watches."""

    def report(self, stage: str, *, done: int, total: int) -> None:
        """Ignore the report."""
