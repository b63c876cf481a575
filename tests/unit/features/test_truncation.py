"""No feature sees the future: cutting it off changes nothing, to the bit.

The future is cut off twice: from the panel, and from the rows that panels are built of. Leaks of
both kinds show that the cut catches them.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

from alpha_oracle.features import engine, ranks, registry
from alpha_oracle.features.declaration import declare
from tests.unit.features.histories import History, a_history
from tests.unit.features.panels import a_panel_with_gaps
from tests.unit.features.real_history import real_history

EVERY_FEATURE = pytest.mark.parametrize("feature", registry.all(), ids=lambda feature: feature.name)


@pytest.fixture(scope="module")
def real(shared_data):
    return real_history(shared_data)


@pytest.fixture(scope="module")
def real_cuts(real):
    return cuts_of_rows(real, features=registry.all(), step=231)


def last_row(panel, values, *, symbols):
    """A feature's last row as bits, by symbol: NaN equals NaN, and nothing else is forgiven."""
    column_of = {symbol: column for column, symbol in enumerate(panel.symbols)}
    row = [values[-1][column_of[name]] if name in column_of else np.nan for name in symbols]
    return np.where(np.isnan(row), np.nan, row).view(np.int64)


def assert_same_row(cut, whole, values, *, of):
    """The last row of what was computed on a cut is that of the whole, whatever followed."""
    at = int(np.searchsorted(whole.sessions, cut.sessions[-1]))
    expected = last_row(whole, of[: at + 1], symbols=whole.symbols)
    actual = last_row(cut, values, symbols=whole.symbols)
    np.testing.assert_array_equal(actual, expected, err_msg=f"{cut.sessions[-1]} differs")


class Cuts:
    """A panel, the same on some of its sessions, and features of each."""

    def __init__(self, whole, cuts, *, features):
        formulas = {feature.name: feature.formula for feature in features}
        self.whole = whole
        self.cuts = cuts
        self.of_whole = engine.compute(formulas, whole, dtype=np.float64)
        self.of_cuts = [engine.compute(formulas, cut, dtype=np.float64) for cut in cuts]

    def check(self, name):
        for cut, values in zip(self.cuts, self.of_cuts, strict=True):
            assert_same_row(cut, self.whole, values[name], of=self.of_whole[name])


def sessions_to_try(panel, *, step):
    return [session.item() for session in panel.sessions[60::step]]


def cuts_of_panel(panel, *, features):
    cuts = [panel.until(day) for day in sessions_to_try(panel, step=20)]
    return Cuts(panel, cuts, features=features)


def cuts_of_rows(history, *, features, step=29, assemble=History.panel):
    whole = assemble(history)
    cuts = [assemble(history.known_on(day)) for day in sessions_to_try(whole, step=step)]
    return Cuts(whole, cuts, features=features)


@cache
def generated_cuts():
    return cuts_of_panel(a_panel_with_gaps(), features=registry.all())


@cache
def generated_rows_cuts():
    return cuts_of_rows(a_history(), features=registry.all())


@EVERY_FEATURE
def test_a_feature_is_the_same_when_the_future_is_cut_off(feature):
    generated_cuts().check(feature.name)


@EVERY_FEATURE
def test_a_feature_is_the_same_of_the_rows_that_were_known(feature):
    generated_rows_cuts().check(feature.name)


@EVERY_FEATURE
def test_a_feature_is_the_same_of_the_real_rows_that_were_known(feature, real_cuts):
    real_cuts.check(feature.name)


def test_what_is_tried_has_values():
    cuts = generated_rows_cuts()
    for feature in registry.all():
        assert np.isfinite(cuts.of_whole[feature.name]).any(), feature.name


def centred_mean(close):
    """Mean of the close before, of the session and after it."""
    out = close.copy()
    out[1:-1] = (close[:-2] + close[1:-1] + close[2:]) / 3.0
    return out


def standing_in_all_of_history(close):
    """Close against the mean of the whole sample."""
    known = np.isfinite(close)
    return close / (np.where(known, close, 0.0).sum(axis=0) / known.sum(axis=0)) - 1.0


def filled_backwards(close):
    """The next known return in place of an unknown one."""
    out = np.full_like(close, np.nan)
    out[:-1] = close[1:] / close[:-1] - 1.0
    return out


def fear_in_all_of_history(vix):
    """VIX against its whole sample."""
    return vix / np.nanmean(vix)


def rank_among_the_last_members(return_21, is_member):
    """Rank among those who are members in the end."""
    return ranks.percentile(return_21, np.repeat(is_member[-1:], len(is_member), axis=0))


def rank_in_the_last_sectors(return_21, sector, is_member):
    """Rank in the sector that a company is in in the end."""
    return ranks.sector_percentile(
        return_21, np.repeat(sector[-1:], len(sector), axis=0), is_member
    )


@pytest.mark.parametrize(
    ("leak", "inputs"),
    [
        (centred_mean, ("close",)),
        (standing_in_all_of_history, ("close",)),
        (filled_backwards, ("close",)),
        (fear_in_all_of_history, ("vix",)),
        (rank_among_the_last_members, ("return_21", "is_member")),
        (rank_in_the_last_sectors, ("return_21", "sector", "is_member")),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_a_formula_that_leaks_is_caught(leak, inputs):
    leaking = declare(leak, group="technical", inputs=inputs, lookback_sessions=1)
    cuts = cuts_of_panel(a_panel_with_gaps(), features=[leaking])
    with pytest.raises(AssertionError, match="differs"):
        cuts.check(leaking.name)


def joined_on_the_periods_end(history):
    facts = replace(history.facts, known_at=history.facts.period_end.astype("datetime64[us]"))
    return replace(history, facts=facts).panel()


def joined_on_the_settlement_date(history):
    def settled(position):
        morning = datetime.combine(position.settlement_date, time(13), UTC) + timedelta(days=1)
        return replace(position, known_at=morning)

    positions = tuple(map(settled, history.positions))
    return replace(history, positions=positions).panel()


def todays_members_always(history):
    members = tuple(replace(stay, start=stay.start.replace(year=2000)) for stay in history.members)
    return replace(history, members=tuple(stay for stay in members if stay.end is None)).panel()


def todays_sectors_always(history):
    sectors = tuple(replace(stay, start=None) for stay in history.sectors if stay.end is None)
    return replace(history, sectors=sectors).panel()


def amended_before_it_was_filed(history):
    known = {
        (filing.symbol, filing.filed_on): filing.known_at
        for filing in history.filings
        if not filing.is_amendment
    }
    filings = tuple(
        replace(filing, known_at=known[filing.symbol, filing.replaces_filed_on])
        if filing.is_amendment
        else filing
        for filing in history.filings
    )
    return replace(history, filings=filings).panel()


def filled_from_the_next_report(history):
    """What a symbol's later report told in place of what was unknown."""
    panel = history.panel()
    reports = panel.context.reports
    symbol = np.repeat(np.arange(len(panel.symbols)), np.diff(reports.offsets))
    values = {
        name: pd.Series(held).groupby(symbol).bfill().to_numpy()
        for name, held in reports.values.items()  # noqa: PD011 - no frame.
    }
    return replace(panel, context=replace(panel.context, reports=replace(reports, values=values)))


LEAKS = [
    (joined_on_the_periods_end, "roe"),
    (joined_on_the_periods_end, "pe_ttm"),
    (joined_on_the_settlement_date, "short_interest_ratio"),
    (todays_members_always, "return_21_rank"),
    (todays_sectors_always, "earnings_yield_sector_percentile"),
    (amended_before_it_was_filed, "insider_net_purchase_ratio_63"),
    (filled_from_the_next_report, "roe"),
]


@pytest.mark.parametrize(
    ("assemble", "name"), LEAKS, ids=lambda case: getattr(case, "__name__", case)
)
def test_a_join_that_leaks_is_caught(assemble, name):
    cuts = cuts_of_rows(a_history(), features=registry.named([name]), assemble=assemble)
    with pytest.raises(AssertionError, match="differs"):
        cuts.check(name)


def test_a_join_that_leaks_is_caught_on_the_real_rows(real):
    margin = registry.named(["net_margin"])
    cuts = cuts_of_rows(real, features=margin, step=31, assemble=joined_on_the_periods_end)
    with pytest.raises(AssertionError, match="differs"):
        cuts.check("net_margin")
