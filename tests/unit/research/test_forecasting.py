import ast
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alpha_oracle.errors import ConfigurationError, DataError
from alpha_oracle.ml.forecast import Forecast
from alpha_oracle.research.forecasting import PlannedForecasts
from alpha_oracle.research.model_keys import MAKERS
from alpha_oracle.research.windows import Window
from tests.fakes.models import MemoryModelFiles
from tests.unit.research.forecasts import a_forecaster, a_market, a_plan, with_closes


class Killed(Exception):  # noqa: N818 - what happens to a process.
    """The process died."""


class MortalFiles(MemoryModelFiles):
    """Files of a process that dies before it keeps one more than it may."""

    def __init__(self, kept, *, saves):
        super().__init__(kept=kept)
        self.left = saves

    def save(self, key, files):
        if self.left == 0:
            raise Killed
        self.left -= 1
        super().save(key, files)


@pytest.fixture(scope="module")
def market():
    return a_market(drift=0.008)


@pytest.fixture(scope="module")
def plan(market):
    return a_plan(market)


@pytest.fixture(scope="module")
def trained(market, plan):
    """The files of every window's model."""
    files = MemoryModelFiles()
    a_forecaster(files).over(market, plan).newest()
    return files.kept


def planned(market, plan, files=None, **changes):
    return a_forecaster(files, **changes).over(market, plan)


def otherwise_after(market, row):
    """The market with other prices after a row."""
    close = market.close.copy()
    random = np.random.default_rng(9)
    close[row + 1 :] *= np.exp(np.cumsum(random.normal(0, 0.03, close[row + 1 :].shape), axis=0))
    return with_closes(market, close)


def foresight(make, market, plan):
    """Return the rows at which a forecast of a window changed with prices of later sessions."""
    window = plan.windows[-1]
    whole = make(market).of(window).probabilities
    rows = (window.train_start + 120, window.test_start - 1, window.test_start + 20)
    return [
        row
        for row in rows
        if make(otherwise_after(market, row)).of(window).probabilities[: row + 1].tobytes()
        != whole[: row + 1].tobytes()
    ]


def test_no_forecast_of_a_window_changes_with_what_comes_after_its_session(market, plan):
    assert foresight(lambda one: planned(one, plan), market, plan) == []


def test_a_window_that_asks_its_own_model_about_what_taught_it_is_caught(market, plan):
    class Peeking(PlannedForecasts):
        def of(self, window):
            whole = Forecast.nothing(*self.market.is_member.shape)
            rows = (window.train_start, window.test_stop)
            told = self.forecaster.forecast_rows(self.market, window, rows)
            whole.probabilities[slice(*rows)] = told.probabilities
            return whole

    def peeking(one):
        return Peeking(forecaster=a_forecaster(), market=one, plan=plan)

    window = plan.windows[-1]
    assert foresight(peeking, market, plan) == [window.train_start + 120]


def test_prices_after_the_train_window_leave_its_model_as_it_is_to_the_byte(market, plan):
    first = plan.windows[0]
    before, after = MemoryModelFiles(), MemoryModelFiles()
    a_forecaster(before).model_of(market, first)
    a_forecaster(after).model_of(otherwise_after(market, first.test_start - 1), first)
    assert before.kept == after.kept
    # One session earlier they are the model's business.
    a_forecaster(after).model_of(otherwise_after(market, first.test_start - 2), first)
    assert len(after.kept) == 2


def test_each_session_is_forecast_by_the_newest_model_trained_before_it(market, plan, trained):
    forecasts = planned(market, plan, MemoryModelFiles(kept=trained))
    newest = forecasts.newest().probabilities
    values = forecasts.forecaster.values_of(market)
    starts = [window.test_start for window in plan.windows]
    asked = set()
    for row in range(starts[0], len(market.sessions), 13):
        place = max(number for number, start in enumerate(starts) if start <= row)
        model = forecasts.forecaster.model_of(market, plan.windows[place])
        assert model.train_end < market.sessions[row].item()
        alone = model.forecast(
            {name: matrix[row : row + 1] for name, matrix in values.items()},
            mask=market.is_member[row : row + 1],
        )
        assert alone.probabilities.tobytes() == newest[row : row + 1].tobytes()
        asked.add(place)
    assert asked == set(range(len(plan.windows)))
    assert np.isnan(newest[: starts[0]]).all()
    assert np.isfinite(newest[starts[0] :]).all()


def test_a_window_is_forecast_by_its_own_model_to_its_end(market, plan, trained):
    forecasts = planned(market, plan, MemoryModelFiles(kept=trained))
    window = Window(
        train_start=plan.windows[1].train_start,
        test_start=plan.windows[1].test_start,
        test_stop=plan.windows[2].test_stop,
    )
    overlapping = replace(plan, windows=(plan.windows[0], window, *plan.windows[2:]))
    told = planned(market, overlapping, MemoryModelFiles(kept=trained)).of(window).probabilities
    rows = slice(plan.windows[2].test_start, window.test_stop)
    assert told[rows].tobytes() != forecasts.newest().probabilities[rows].tobytes()
    own = a_forecaster().forecast_rows(market, window, (window.test_start, window.test_stop))
    assert told[window.test_start : window.test_stop].tobytes() == own.probabilities.tobytes()
    assert np.isnan(told[window.test_stop :]).all()


def test_only_members_with_a_bar_are_forecast(market, plan, trained):
    is_member, close = market.is_member.copy(), market.close.copy()
    first = plan.windows[0].test_start
    is_member[first + 3 :, 4] = False
    close[first + 5, 2] = np.nan
    gappy = replace(with_closes(market, close), is_member=is_member)
    told = np.isfinite(planned(gappy, plan).newest().probabilities).all(axis=2)
    expected = is_member & np.isfinite(close)
    expected[:first] = False
    # What a symbol's features need of the gap is theirs to say; the gap itself is not forecast.
    np.testing.assert_array_equal(told[first:, [0, 2, 4]], expected[first:, [0, 2, 4]])


def test_what_models_know_of_classes_alone_is_how_common_each_was(market, plan, trained):
    forecasts = planned(market, plan, MemoryModelFiles(kept=trained))
    told = forecasts.uninformed().probabilities
    second = plan.windows[1]
    shares = forecasts.forecaster.model_of(market, second).class_shares
    np.testing.assert_allclose(told[second.test_start, 0], shares, rtol=1e-6)
    np.testing.assert_array_equal(np.isnan(told), np.isnan(forecasts.newest().probabilities))


def test_a_model_on_file_is_not_trained_again(market, plan, trained):
    files = MortalFiles(dict(trained), saves=0)
    again = planned(market, plan, files).newest()
    fresh = planned(market, plan).newest()
    assert again.probabilities.tobytes() == fresh.probabilities.tobytes()


def test_a_killed_training_goes_on_with_the_next_window(market, plan, trained):
    kept = {}
    with pytest.raises(Killed):
        planned(market, plan, MortalFiles(kept, saves=2)).newest()
    assert len(kept) == 2
    planned(market, plan, MortalFiles(kept, saves=len(plan.windows) - 2)).newest()
    assert kept == trained


def test_damaged_files_are_trained_anew_to_the_same_bytes(market, plan, trained):
    kept = {key: dict(files) for key, files in trained.items()}
    damaged = next(iter(kept.values()))
    name = next(iter(damaged))
    damaged[name] = damaged[name][:-1] + bytes([damaged[name][-1] ^ 1])
    planned(market, plan, MortalFiles(kept, saves=1)).newest()
    assert kept == trained


def test_a_later_model_under_the_name_of_an_earlier_one_is_not_asked(market, plan, trained):
    names = [
        f"windows/{a_forecaster().key_of(market, window)}"
        for window in (plan.windows[0], plan.windows[-1])
    ]
    kept = {**trained, names[0]: trained[names[1]]}
    planned(market, plan, MortalFiles(kept, saves=1)).newest()
    assert kept == trained


def test_threads_that_ask_at_once_train_one_model(market, plan):
    forecaster = a_forecaster(MortalFiles({}, saves=1))
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: forecaster.model_of(market, plan.windows[0]), range(4)))
    assert len({id(model) for model in models}) == 1


@pytest.mark.parametrize(
    "change",
    [{"seed": 8}, {"horizon_sessions": 4}, {"features": ("return_5", "rsi_14")}, {"threads": 2}],
    ids=lambda change: next(iter(change)),
)
def test_a_recipe_is_part_of_the_key(market, plan, change):
    window = plan.windows[0]
    assert a_forecaster(**change).key_of(market, window) != a_forecaster().key_of(market, window)


def test_a_train_window_begins_where_its_key_says(market, plan):
    window = plan.windows[1]
    later = replace(window, train_start=window.train_start + 1)
    assert a_forecaster().key_of(market, window) != a_forecaster().key_of(market, later)


def test_every_module_a_model_comes_from_is_part_of_its_key():
    known = {module.__name__ for module in MAKERS}
    read = set()
    for module in MAKERS:
        tree = ast.parse(Path(module.__file__).read_text())
        read |= {
            node.module
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("alpha_oracle.ml.")
        }
    assert read - known == set()
    assert len(read) > 5


def test_a_train_window_too_short_for_a_model_is_refused_with_what_it_takes(market):
    with pytest.raises(DataError, match="at least 59 are needed"):
        a_forecaster().model_of(market, Window(train_start=0, test_start=50, test_stop=60))


def test_a_feature_nobody_declared_is_refused(market, plan):
    with pytest.raises(ConfigurationError, match="unknown features: nonsense"):
        a_forecaster(features=("nonsense",)).model_of(market, plan.windows[0])


def test_who_trains_by_a_recipe_is_one_and_reads_the_features_once(market):
    forecaster = a_forecaster()
    searched = replace(forecaster.recipe, tuning_trials=2)
    first, again = forecaster.of_recipe(searched), forecaster.of_recipe(searched)
    assert first.recipe == searched
    assert first.files is forecaster.files
    assert again.values_of(market) is first.values_of(market)
    assert forecaster.of_recipe(forecaster.recipe) is forecaster
