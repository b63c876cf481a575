"""Walk-forward windows and trials in memory."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class MemoryWindows:
    kept: dict = field(default_factory=dict)

    def load(self, keys):
        return {key: self.kept[key] for key in keys if key in self.kept}

    def save(self, records, *, at):
        for record in records:
            self.kept.setdefault(record.key, record)


@dataclass(slots=True)
class MemoryTrials:
    kept: dict = field(default_factory=dict)

    def record(self, trials, *, at):
        self.kept.update({trial.key: trial for trial in trials})

    def trials(self):
        return [self.kept[key] for key in sorted(self.kept)]
