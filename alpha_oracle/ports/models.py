"""How models, their files, what they forecast and how they fare are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.models import (
        ModelHealth,
        ModelRecord,
        ModelStage,
        Prediction,
        SignalExplanation,
        StageChange,
    )


class ModelStore(Protocol):
    """The registry's records. Every change of a stage is kept: by whom, why, when."""

    def register(self, record: ModelRecord) -> bool:
        """Keep a candidate; return False where its id is on record.

        That record stands, but for what a candidate was judged by: its figures, refusals and
        window keys are renewed. Those of a model that was ever active are not.
        """
        ...

    def named(self, model_id: str) -> ModelRecord:
        """Return a model.

        Raises:
            ConfigurationError: no model has that id; says which there are.
        """
        ...

    def active(self) -> ModelRecord | None:
        """Return the active model."""
        ...

    def models(
        self,
        *,
        stage: ModelStage | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int | None = None,
    ) -> list[ModelRecord]:
        """Return models, newest first.

        `after` are instant of training and id of the last one of the page before.
        """
        ...

    def promote(
        self, model_id: str, *, expected: str | None, by: str, reason: str, at: datetime
    ) -> ModelRecord:
        """Make a model the active one and retire the one that was, both or neither.

        Raises:
            ConfigurationError: no model has that id, it is the active one, or another than
                `expected` (None: none) is active by now.
        """
        ...

    def roll_back(self, *, expected: str | None, by: str, reason: str, at: datetime) -> ModelRecord:
        """Retire the active model and return to the one before it, both or neither.

        Raises:
            ConfigurationError: none is active, none was active before it, or another than
                `expected` (None: none) is active by now.
        """
        ...

    def changes(self, *, limit: int | None = None) -> list[StageChange]:
        """Return changes of stages, newest first."""
        ...


class ModelFiles(Protocol):
    """Files of models, by key: those of one key whole or not at all."""

    def save(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keep the files of a key in place of those there."""
        ...

    def load(self, key: str) -> dict[str, bytes] | None:
        """Return the files of a key by name; None where there are none."""
        ...


class PredictionStore(Protocol):
    """Forecasts on record."""

    def save(self, predictions: Sequence[Prediction], *, at: datetime) -> None:
        """Keep forecasts in place of all there are of their models and sessions, or none of them.

        Of two alike in one load the last counts.
        """
        ...

    def predictions(self, *, model_id: str, start: Session, end: Session) -> list[Prediction]:
        """Return a model's forecasts of sessions from `start` to `end`, by session, symbol."""
        ...


class ExplanationStore(Protocol):
    """Why signals of a model are what they are."""

    def save(self, explanations: Sequence[SignalExplanation]) -> None:
        """Keep explanations; of a signal that has one, the first stands."""
        ...

    def explanations(self, signal_ids: Sequence[str]) -> dict[str, SignalExplanation]:
        """Return what is on record, by signal id."""
        ...


class HealthStore(Protocol):
    """How models fare."""

    def save(self, health: ModelHealth, *, at: datetime) -> None:
        """Keep a model's health after a session in place of what is on record of it."""
        ...

    def history(
        self,
        *,
        model_id: str | None = None,
        until: Session | None = None,
        limit: int | None = None,
    ) -> list[ModelHealth]:
        """Return what is on record, newest session first, of a session the last watched first.

        None: of every model, up to the newest session.
        """
        ...
