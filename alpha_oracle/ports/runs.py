"""How daily runs are recorded and kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.runs import RunRecord


class RunStore(Protocol):
    """The record of daily runs: one a session for the universe, others for some symbols.

    `symbols` names which, ascending; None is the universe.
    """

    def only_run(self, session: Session) -> AbstractContextManager[None]:
        """Hold the session's lock; it ends with the block, or with the process.

        Raises:
            TransientError: another process runs this session.
        """
        ...

    def record(
        self, session: Session, symbols: tuple[Symbol, ...] | None = None
    ) -> RunRecord | None:
        """Return what is on record of a session's run."""
        ...

    def latest(self) -> RunRecord | None:
        """Return what is on record of the universe's latest session; None: none was run."""
        ...

    def begin(
        self,
        session: Session,
        symbols: tuple[Symbol, ...] | None = None,
        *,
        as_of: datetime,
        settings: Mapping[str, object],
        at: datetime,
        model_id: str | None = None,
    ) -> RunRecord:
        """Mark a run as running; the first run's inputs stay on record and are returned.

        `model_id` is the active model; None: none is.
        """
        ...

    def finish(
        self,
        session: Session,
        symbols: tuple[Symbol, ...] | None = None,
        *,
        summary: Mapping[str, object],
        at: datetime,
    ) -> None:
        """Mark a run as done.

        Raises:
            DataError: no such run was begun.
        """
        ...

    def fail(
        self,
        session: Session,
        symbols: tuple[Symbol, ...] | None = None,
        *,
        error: str,
        at: datetime,
    ) -> None:
        """Mark a run as failed.

        Raises:
            DataError: no such run was begun.
        """
        ...
