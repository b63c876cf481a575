"""The registry of models: what is on record is what lies in the files, or it is refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from alpha_oracle.domain.models import ModelRecord, ModelStage
from alpha_oracle.errors import ConfigurationError, ModelRefused, PromotionRefused
from alpha_oracle.ml.encoding import decode, encode, model_id_of, sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.domain.models import ValidationFigures
    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.ml.model import Model
    from alpha_oracle.ml.promotion import PromotionGate
    from alpha_oracle.ml.recipe import Recipe
    from alpha_oracle.ports.models import ModelFiles, ModelStore


@dataclass(frozen=True, slots=True)
class ModelRegistry:
    """Models on record and their files. A model's files are kept under its id."""

    store: ModelStore
    files: ModelFiles

    def load(self, model: ModelRecord | str) -> Model:
        """Return a model, given its record or its id.

        Raises:
            ConfigurationError: no model has that id; says which there are.
            ModelRefused: its files are gone, or not those on record.
        """
        record = self.store.named(model) if isinstance(model, str) else model
        found = self.files.load(record.model_id)
        if found is None:
            raise ModelRefused(
                f"the files of model {record.model_id} are gone; promote another or train a new one"
            )
        try:
            return decode(found, expected=record.files)
        except ModelRefused as error:
            raise ModelRefused(f"model {record.model_id} is refused: {error}") from error

    def register(
        self,
        model: Model,
        figures: ValidationFigures,
        *,
        gate: PromotionGate,
        window_keys: Sequence[str],
        trained_at: datetime,
        as_of: datetime,
        code_version: str,
        terms_key: str = "",
    ) -> ModelRecord:
        """Keep a model's files, then its record, and return what is on record of it.

        The same bytes have the same id; registered again, their record stands, files that were
        damaged meanwhile are mended, and a candidate is judged anew by its figures of now. A
        process killed in between leaves files without a record, which the next registration finds
        in place.

        Raises:
            ModelRefused: another model has its id.
        """
        files = encode(model)
        record = ModelRecord(
            model_id=model_id_of(files, model.train_end),
            stage=ModelStage.CANDIDATE,
            trained_at=trained_at,
            train_start=model.train_start,
            train_end=model.train_end,
            as_of=as_of,
            code_version=code_version,
            parameters=_parameters(model.recipe),
            features=model.features,
            validation=figures,
            refusals=gate.refusals(figures),
            window_keys=tuple(window_keys),
            files=sha256_of(files),
            terms_key=terms_key,
        )
        self._require_own_id(record)
        self.files.save(record.model_id, files)
        self.store.register(record)
        return self.store.named(record.model_id)

    def promote(
        self,
        model_id: str,
        *,
        gate: PromotionGate,
        by: str,
        reason: str,
        at: datetime,
        override: bool = False,
    ) -> ModelRecord:
        """Make a model the active one, its files proved whole first; an override is on record.

        The gate is asked here, of the figures on record: it may be another than at registration.

        Raises:
            ConfigurationError: no model has that id, it is the active one, or which one is active
                changed meanwhile.
            PromotionRefused: it fell short of the gate, and that is not overridden.
            ModelRefused: its files are gone, or not those on record.
        """
        record, active = self.store.named(model_id), self.store.active()
        shortcomings = "; ".join(gate.refusals(record.validation))
        if shortcomings:
            if not override:
                raise PromotionRefused(
                    f"model {model_id} fell short of the promotion gate: {shortcomings}"
                )
            reason = f"{reason} (overrides the gate: {shortcomings})"
        self.load(record)
        expected = None if active is None else active.model_id
        return self.store.promote(model_id, expected=expected, by=by, reason=reason, at=at)

    def roll_back(self, *, by: str, reason: str, at: datetime) -> ModelRecord:
        """Return to the model that was active before, its files proved whole first.

        Raises:
            ConfigurationError: no model is active, none was before it, or which one is active
                changed meanwhile.
            ModelRefused: the files of the one before are gone, or not those on record.
        """
        active = self.store.active()
        if active is not None and active.predecessor is not None:
            self.load(active.predecessor)
        expected = None if active is None else active.model_id
        return self.store.roll_back(expected=expected, by=by, reason=reason, at=at)

    def _require_own_id(self, record: ModelRecord) -> None:
        try:
            standing = self.store.named(record.model_id)
        except ConfigurationError:
            return
        if standing.files != record.files:
            raise ModelRefused(
                f"another model is on record as {record.model_id}; train on one session more"
            )


def _parameters(recipe: Recipe) -> dict[str, Parameter]:
    # The features stand beside the parameters, each with the hash of its definition.
    told = {name: value for name, value in asdict(recipe).items() if name != "features"}
    booster: dict[str, Parameter] = told.pop("booster")
    return booster | told
