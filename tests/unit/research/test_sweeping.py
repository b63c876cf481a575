"""The order of a sweep's variants, and what is said of the first of many."""

import numpy as np

from alpha_oracle.research.chance import chance_figures
from alpha_oracle.research.metrics import performance
from alpha_oracle.research.sweeping import best_first, variant_figures
from tests.unit.research.reports import a_track
from tests.unit.research.series import noise

GOOD, BETTER = noise(300, sharpe=0.5, seed=2), noise(300, sharpe=1.5, seed=3)
FLAT = np.zeros(300)


def figures_of(**returns):
    return [
        variant_figures(a_track(series), parameters={"depth": name}, title="Backtest", notes=())
        for name, series in returns.items()
    ]


def test_the_best_ratio_comes_first_and_what_has_none_last():
    ranked = best_first(figures_of(a=FLAT, b=GOOD, c=BETTER), trial_sharpes=[None, 0.5, 1.5])
    assert [one.parameters["depth"] for one in ranked] == ["c", "b", "a"]
    assert ranked[-1].metrics.sharpe is None
    assert ranked[-1].chance.deflated_sharpe is None


def test_equal_ratios_stay_in_the_order_in_which_they_were_tried():
    ranked = best_first(figures_of(b=GOOD, a=GOOD, c=GOOD), trial_sharpes=[0.5] * 3)
    assert [one.parameters["depth"] for one in ranked] == ["b", "a", "c"]


def test_a_variant_is_judged_as_its_record_alone_would_be_beside_the_same_trials():
    trials = [0.3, 1.1, -0.4, 0.9]
    [judged] = best_first(figures_of(only=BETTER), trial_sharpes=trials)
    assert judged.chance == chance_figures(BETTER, trial_sharpes=trials)
    assert judged.metrics == performance(a_track(BETTER))


def test_more_trials_make_the_first_of_them_less_credible():
    [few] = best_first(figures_of(only=BETTER), trial_sharpes=[1.5, 0.1])
    [many] = best_first(figures_of(only=BETTER), trial_sharpes=[1.5, 0.1] * 50)
    assert many.chance.deflated_sharpe < few.chance.deflated_sharpe


def test_figures_say_which_sessions_were_traded():
    [one] = figures_of(only=GOOD)
    record = a_track(GOOD)
    assert (one.first, one.last) == (record.sessions[0].item(), record.sessions[-1].item())
    [none] = figures_of(only=np.empty(0))
    assert (none.first, none.last, none.estimate) == (None, None, None)
