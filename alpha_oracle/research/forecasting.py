"""What models expected of each session of a history, every one trained before what it forecasts.

Each walk-forward window has a model of its own, fitted on its train sessions and asked about its
test sessions. What the strategy learns in a train window it learns from forecasts too: each session
there is forecast by the newest model whose test window had begun by then, so that no model is ever
asked about a session that taught it. Before the first test window nothing is forecast.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from alpha_oracle.errors import ModelRefused
from alpha_oracle.ml.encoding import decode, encode
from alpha_oracle.ml.fitting import fit
from alpha_oracle.ml.forecast import Forecast
from alpha_oracle.research.model_keys import ModelKeys
from alpha_oracle.research.window_keys import digest_of, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.features.store import FeatureStore
    from alpha_oracle.ml.model import Model
    from alpha_oracle.ml.recipe import Recipe
    from alpha_oracle.ports.models import ModelFiles
    from alpha_oracle.research.windows import Window, WindowPlan

    Values = Mapping[str, NDArray[np.float32]]
    Rows = tuple[int, int]

FOLDER: Final = "windows"
"""Under it the files of windows' models lie, by key."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WindowForecaster:
    """Trains a model a window, once: its files are kept, so a killed training goes on where it was.

    Safe to share between threads; one of them trains at a time.
    """

    recipe: Recipe
    features: FeatureStore
    files: ModelFiles
    _guard: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)
    _known: WeakKeyDictionary[MarketPanel, _Known] = field(
        default_factory=WeakKeyDictionary, init=False, repr=False
    )
    _others: dict[Recipe, WindowForecaster] = field(default_factory=dict, init=False, repr=False)

    def of_recipe(self, recipe: Recipe) -> WindowForecaster:
        """Return who trains by another recipe into the same files; the same one, asked again."""
        if recipe == self.recipe:
            return self
        with self._guard:
            if recipe not in self._others:
                self._others[recipe] = replace(self, recipe=recipe)
            return self._others[recipe]

    def over(self, market: MarketPanel, plan: WindowPlan) -> PlannedForecasts:
        """Return the forecasts of a plan's windows; models are trained when they are first asked.

        The forecasts of a market are remembered as long as the market is.
        """
        return PlannedForecasts(forecaster=self, market=market, plan=plan)

    def model_of(self, market: MarketPanel, window: Window) -> Model:
        """Return the model of a window's train sessions, from its files or trained now.

        Files that are damaged, or another window's, are of no use: the model is trained anew.

        Raises:
            ConfigurationError: a feature of the recipe is not registered.
            DataError: the train window is too short, or teaches nothing; says what is needed.
        """
        with self._guard:
            known = self._known_of(market)
            if window not in known.models:
                known.models[window] = self._opened(market, window) or self._trained(market, window)
            return known.models[window]

    def key_of(self, market: MarketPanel, window: Window) -> str:
        """Return what stands for a window's model: the name its files are kept by.

        Raises:
            ConfigurationError: as `model_of`.
        """
        with self._guard:
            known = self._known_of(market)
            if known.keys is None:
                known.keys = ModelKeys.over(self.recipe, market)
            return known.keys.of(window)

    def values_of(self, market: MarketPanel) -> Values:
        """Return the features that models read, by name, `sessions x symbols`."""
        with self._guard:
            known = self._known_of(market)
            if known.values is None:
                known.values = self.features.compute(market, self.recipe.features)
            return known.values

    def forecast_rows(
        self, market: MarketPanel, window: Window, rows: Rows, *, is_calibrated: bool = True
    ) -> Forecast:
        """Return what a window's model expects of sessions [start, stop), of members with a bar.

        Raises:
            DataError: as `model_of`.
        """
        with self._guard:
            told = self._known_of(market).told
            key = (window, rows, is_calibrated)
            if key not in told:
                told[key] = self._asked(market, window, slice(*rows), is_calibrated=is_calibrated)
            return told[key]

    def _asked(
        self, market: MarketPanel, window: Window, rows: slice, *, is_calibrated: bool
    ) -> Forecast:
        model = self.model_of(market, window)
        values = {name: matrix[rows] for name, matrix in self.values_of(market).items()}
        mask = market.is_member[rows] & np.isfinite(market.close[rows])
        ask = model.forecast if is_calibrated else model.raw_forecast
        return ask(values, mask=mask)

    def _opened(self, market: MarketPanel, window: Window) -> Model | None:
        with suppress(ModelRefused):
            files = self.files.load(self._folder(market, window))
            model = None if files is None else decode(files, expected=None)
            # Files put under the name of another window's would know what they are asked about.
            if model is not None and _is_of(model, self.recipe, market, window):
                return model
        return None

    def _trained(self, market: MarketPanel, window: Window) -> Model:
        # What comes after the train window is not even shown.
        stop = window.test_start
        shown = market.until(market.sessions[stop - 1].item())
        values = {name: matrix[:stop] for name, matrix in self.values_of(market).items()}
        model = fit(self.recipe, shown, values, start=window.train_start, stop=stop).model
        self.files.save(self._folder(market, window), encode(model))
        return model

    def _folder(self, market: MarketPanel, window: Window) -> str:
        return f"{FOLDER}/{self.key_of(market, window)}"

    def _known_of(self, market: MarketPanel) -> _Known:
        return self._known.setdefault(market, _Known())


@dataclass(slots=True, kw_only=True)
class _Known:
    """What is remembered of a market while it lives."""

    keys: ModelKeys | None = None
    values: Values | None = None
    models: dict[Window, Model] = field(default_factory=dict)
    told: dict[tuple[Window, Rows, bool], Forecast] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class PlannedForecasts:
    """The forecasts of a plan's windows over a market."""

    forecaster: WindowForecaster
    market: MarketPanel
    plan: WindowPlan

    @property
    def features(self) -> tuple[str, ...]:
        """The features that models read."""
        return self.forecaster.recipe.features

    @cached_property
    def keys(self) -> list[str]:
        """What stands for each window's forecasts of its test sessions."""
        rule = source_of(sys.modules[__name__])
        known = (self.forecaster.key_of(self.market, window) for window in self.plan.windows)
        return [digest_of(rule, key) for key in known]

    @property
    def note(self) -> str:
        """What a reader of the plan's figures must know of its forecasts."""
        return (
            "each window is forecast by a model trained before it; the first buys nothing, for no "
            "model had forecast its train months, and is counted only where it is the only one"
        )

    def of(self, window: Window) -> Forecast:
        """Return what a window may know: its train months and its test sessions, of all sessions.

        Raises:
            DataError: a model could not be trained; says what is needed.
        """
        last = self.plan.windows.index(window)
        windows = self.plan.windows[: last + 1]
        return self._stitched(windows, since=window.train_start, stop=window.test_stop)

    def newest(self, *, is_calibrated: bool = True) -> Forecast:
        """Return each session as the newest model trained before it saw it, to the last session.

        Raises:
            DataError: as `of`.
        """
        stop = len(self.market.sessions)
        return self._stitched(self.plan.windows, since=0, stop=stop, is_calibrated=is_calibrated)

    def uninformed(self) -> Forecast:
        """Return what `newest` would say if its models knew nothing but how common each class was.

        Raises:
            DataError: as `of`.
        """
        told = np.array(self.newest().probabilities)
        for window, stop in _reach(self.plan.windows, len(told)):
            rows = told[window.test_start : stop]
            shares = self.forecaster.model_of(self.market, window).class_shares
            rows[np.isfinite(rows).all(axis=2)] = shares
        return Forecast(probabilities=told)

    def _stitched(
        self, windows: Sequence[Window], *, since: int, stop: int, is_calibrated: bool = True
    ) -> Forecast:
        whole = Forecast.nothing(*self.market.is_member.shape)
        for window, end in _reach(windows, stop):
            for first, last in _pieces(window, end) if end > since else ():
                told = self.forecaster.forecast_rows(
                    self.market, window, (first, last), is_calibrated=is_calibrated
                )
                shown = slice(first, min(last, end))
                whole.probabilities[shown] = told.probabilities[: shown.stop - first]
        return whole


def _is_of(model: Model, recipe: Recipe, market: MarketPanel, window: Window) -> bool:
    days = market.sessions[[window.train_start, window.test_start - 1]].tolist()
    return model.recipe == recipe and [model.train_start, model.train_end] == days


def _reach(windows: Sequence[Window], stop: int) -> Iterator[tuple[Window, int]]:
    # A window's model speaks from its test's first session until the next one's begins.
    return zip(windows, [*(window.test_start for window in windows[1:]), stop], strict=False)


def _pieces(window: Window, end: int) -> list[Rows]:
    # Its test sessions whole, for the window itself wants them all; then what lies behind them.
    pieces = [(window.test_start, window.test_stop)]
    return [*pieces, (window.test_stop, end)] if end > window.test_stop else pieces
