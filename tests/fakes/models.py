"""The registry of models and what belongs to it, in memory."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from alpha_oracle.domain.models import ModelStage, StageChange
from alpha_oracle.errors import ConfigurationError


@dataclass(slots=True)
class MemoryModels:
    kept: dict = field(default_factory=dict)
    log: list = field(default_factory=list)
    predecessors: dict = field(default_factory=lambda: defaultdict(list))

    def register(self, record):
        if record.model_id in self.kept:
            self._judge_anew(record)
            return False
        candidate = {"stage": ModelStage.CANDIDATE, "activated_at": None, "predecessor": None}
        self.kept[record.model_id] = replace(record, **candidate)
        return True

    def _judge_anew(self, record):
        standing = self.kept[record.model_id]
        if standing.stage is ModelStage.CANDIDATE:
            self.kept[record.model_id] = replace(
                standing,
                validation=record.validation,
                refusals=record.refusals,
                window_keys=record.window_keys,
                terms_key=record.terms_key,
            )

    def named(self, model_id):
        if model_id not in self.kept:
            newest = ", ".join(one.model_id for one in self.models(limit=10))
            there_is = f"the newest are {newest}" if newest else "none is registered yet"
            raise ConfigurationError(f"no model is called {model_id!r}; {there_is}")
        return self.kept[model_id]

    def active(self):
        return next((one for one in self.kept.values() if one.stage is ModelStage.ACTIVE), None)

    def models(self, *, after=None, limit=None):
        newest = sorted(self.kept.values(), key=_place, reverse=True)
        return [one for one in newest if after is None or _place(one) < after][:limit]

    def promote(self, model_id, *, expected, by, reason, at):
        if self.named(model_id).stage is ModelStage.ACTIVE:
            raise ConfigurationError(f"model {model_id} is the active one already")
        before = self.active()
        _require(expected, before)
        if before is not None:
            self._change(before.model_id, ModelStage.RETIRED, at=at, by=by, reason=reason)
        self.predecessors[model_id].append(None if before is None else before.model_id)
        return self._change(model_id, ModelStage.ACTIVE, at=at, by=by, reason=reason)

    def roll_back(self, *, expected, by, reason, at):
        active = self.active()
        _require(expected, active)
        if active is None:
            raise ConfigurationError("no model is active, so there is none to return to")
        if active.predecessor is None:
            raise ConfigurationError(
                f"no model was active before {active.model_id}, so there is none to return to"
            )
        self.predecessors[active.model_id].pop()
        self._change(active.model_id, ModelStage.RETIRED, at=at, by=by, reason=reason)
        return self._change(active.predecessor, ModelStage.ACTIVE, at=at, by=by, reason=reason)

    def changes(self, *, limit=None):
        return self.log[::-1][:limit]

    def _change(self, model_id, stage, *, at, by, reason):
        activated = {"activated_at": at} if stage is ModelStage.ACTIVE else {}
        before = self.predecessors[model_id]
        self.kept[model_id] = replace(
            self.kept[model_id],
            stage=stage,
            predecessor=before[-1] if before else None,
            **activated,
        )
        self.log.append(StageChange(model_id=model_id, stage=stage, at=at, by=by, reason=reason))
        return self.kept[model_id]


def _require(expected, active):
    found = None if active is None else active.model_id
    if found != expected:
        raise ConfigurationError(
            f"the active model is {found or 'none'} by now, no longer {expected or 'none'}: "
            "another changed it meanwhile; look at `models list` and ask again"
        )


@dataclass(slots=True)
class MemoryModelFiles:
    kept: dict = field(default_factory=dict)

    def save(self, key, files):
        self.kept[key] = dict(files)

    def load(self, key):
        found = self.kept.get(key)
        return None if found is None else dict(found)


@dataclass(slots=True)
class MemoryPredictions:
    kept: dict = field(default_factory=dict)

    def save(self, predictions, *, at):
        renewed = {(one.model_id, one.session) for one in predictions}
        stays = {key: one for key, one in self.kept.items() if key[:2] not in renewed}
        new = {(one.model_id, one.session, one.symbol): one for one in predictions}
        self.kept = stays | new

    def predictions(self, *, model_id, start, end):
        return [
            one
            for (of, session, _), one in sorted(self.kept.items())
            if of == model_id and start <= session <= end
        ]


@dataclass(slots=True)
class MemoryExplanations:
    kept: dict = field(default_factory=dict)

    def save(self, explanations):
        for explanation in explanations:
            self.kept.setdefault(explanation.signal_id, explanation)

    def explanations(self, signal_ids):
        return {name: self.kept[name] for name in signal_ids if name in self.kept}


@dataclass(slots=True)
class MemoryModelHealth:
    kept: dict = field(default_factory=dict)

    def save(self, health, *, at):
        self.kept[health.model_id, health.session] = at, health

    def history(self, *, model_id=None, until=None, limit=None):
        by_model = sorted(self.kept.values(), key=lambda one: one[1].model_id)
        newest = sorted(by_model, key=lambda one: (one[1].session, one[0]), reverse=True)
        return [
            health
            for _, health in newest
            if model_id in {None, health.model_id} and (until is None or health.session <= until)
        ][:limit]


def _place(record):
    return record.trained_at, record.model_id
