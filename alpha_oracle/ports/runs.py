"""How daily runs are recorded and kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.runs import RunRecord


class RunStore(Protocol):
    """The record of daily runs, one a session."""

    def only_run(self, session: Session) -> AbstractContextManager[None]:
        """Hold the session's lock; it ends with the block, or with the process.

        Raises:
            TransientError: another process runs this session.
        """
        ...

    def record(self, session: Session) -> RunRecord | None:
        """Return what is on record of a session's run."""
        ...

    def begin(
        self,
        session: Session,
        *,
        as_of: datetime,
        settings: Mapping[str, object],
        symbols: Sequence[Symbol] | None,
        at: datetime,
    ) -> RunRecord:
        """Mark a session as running; the first run's inputs stay on record and are returned."""
        ...

    def finish(self, session: Session, *, summary: Mapping[str, object], at: datetime) -> None:
        """Mark a session as done.

        Raises:
            DataError: no run of the session was begun.
        """
        ...

    def fail(self, session: Session, *, error: str, at: datetime) -> None:
        """Mark a session as failed.

        Raises:
            DataError: no run of the session was begun.
        """
        ...
