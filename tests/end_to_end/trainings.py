"""Trainings on the small market: settings that make them quick, and processes that are killed."""

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from alpha_oracle.bootstrap import pipeline
from flows.train import train_model
from tests.end_to_end.killed import (
    FORKS,
    KilledAfter,
    KilledBefore,
    RunElsewhere,
    elsewhere,
    killed,
)

# Five windows of a year and a half each, and hardly any trees.
QUICK = {
    "STRATEGY__WALK_FORWARD__TRAIN_MONTHS": 12,
    "STRATEGY__WALK_FORWARD__TEST_MONTHS": 6,
    "STRATEGY__WALK_FORWARD__STEP_MONTHS": 6,
    "ML__THREADS": 1,
    "ML__BOOSTER__MAX_ROUNDS": 12,
    "ML__BOOSTER__EARLY_STOPPING_ROUNDS": 4,
    "ML__BOOSTER__LEARNING_RATE": 0.3,
    "ML__BOOSTER__MIN_CHILD_WEIGHT": 5,
    "ML__CONFIDENCE_THRESHOLD": 0.36,
}
WINDOWS = 5

# So low that any model may be the active one: the market has nothing to learn.
NO_GATE = {
    "ML__PROMOTION__MIN_LOG_LOSS_SKILL": -100,
    "ML__PROMOTION__MIN_RANK_CORRELATION": -2,
    "ML__PROMOTION__MAX_CALIBRATION_ERROR": 1,
    "ML__PROMOTION__MUST_BEAT_BASELINE": "false",
    "ML__PROMOTION__MIN_TRADES": 0,
}

# Trained on it, a model is 11 days old on the session; forecasts of the days after it are over.
TRAINED_ON = date(2019, 11, 18)
FIRST_USED = date(2019, 11, 19)


# Where a training is killed, by what the test calls it.
PLACES = {
    "in the middle of its windows": lambda run: replace(
        run, forecaster=_forecaster(run, killed(KilledAfter, run.forecaster.files, "save", nth=3))
    ),
    "between a model's files and its record": lambda run: replace(
        run, registry=_registry(run, killed(KilledBefore, run.registry.store, "register"))
    ),
    "between its record and its promotion": lambda run: replace(
        run, registry=_registry(run, killed(KilledBefore, run.registry.store, "promote"))
    ),
    "right after its promotion": lambda run: replace(
        run, registry=_registry(run, killed(KilledAfter, run.registry.store, "promote"))
    ),
}


# Where a training dies that fits more models than so many.
FITTING_MORE_THAN = {
    f"fitting more than {most}": partial(
        lambda run, nth: replace(
            run,
            forecaster=_forecaster(
                run, killed(KilledBefore, run.forecaster.files, "save", nth=nth)
            ),
        ),
        nth=most + 1,
    )
    for most in (0, 3)
}


def _forecaster(run, files):
    return replace(run.forecaster, files=files)


def _registry(run, store):
    return replace(run.registry, store=store)


def train_in_new_process(environment, api_url, *, place=None):
    """Train in a new process; its exit code and, where it ended well, the model's id."""
    answers, answer = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_train, args=(environment, api_url, place, answer), daemon=True)
    process.start()
    answer.close()
    return RunElsewhere(process, answers).end()


def _train(environment, api_url, place, answer):
    with elsewhere(environment, api_url):
        if place is not None:
            with pipeline.open_runtime() as runtime:
                pipeline._process._runtime = (PLACES | FITTING_MORE_THAN)[place](runtime)
        answer.send(train_model().model.model_id)


def window_models(home):
    """The models of windows that lie under home, by key, with when each was written."""
    return {
        path.name: (path / "model.ubj").stat().st_mtime_ns
        for path in (home / "models" / "windows").glob("[!.]*")
    }


def registered(world):
    """Every model on record: id and stage."""
    return dict(world.rows("SELECT model_id, stage FROM models"))


@dataclass(frozen=True)
class ActingBefore:
    """Passes calls on to an adapter, and does something before each call of a method."""

    adapter: Any
    method: str
    act: Any

    def __getattr__(self, name):
        return self._acting if name == self.method else getattr(self.adapter, name)

    def _acting(self, *args, **kwargs):
        self.act()
        return getattr(self.adapter, self.method)(*args, **kwargs)
