"""A key changes with what a feature depends on, from where it does, and with nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from alpha_oracle.features import registry
from alpha_oracle.features.context import NO_CONTEXT
from alpha_oracle.features.digests import input_digests
from tests.contexts import panel_of
from tests.unit.features.panels import a_panel_with_gaps

PRICE, PRICE_RANK = "rsi_14", "return_21_rank"
REPORT, REPORT_RANK, VALUE = "roe", "roe_sector_percentile", "pe_ttm"
SHORT, INSIDER, FEAR, BETA = (
    "short_interest_change",
    "insider_purchases_63",
    "vix_level",
    "spy_beta_60",
)
NAMES = (PRICE, PRICE_RANK, REPORT, REPORT_RANK, VALUE, SHORT, INSIDER, FEAR, BETA)
WITHOUT_BAR = 6
UNCHANGED = 420


def digests(panel):
    formulas = {feature.name: feature.formula for feature in registry.named(NAMES)}
    return input_digests(panel, formulas)


def changed_from(changed, panel):
    """The first session whose digest differs, by feature."""
    before, after = digests(panel), digests(changed)
    return {
        name: int(np.argmax(np.append((before[name] != after[name]).any(axis=1), True)))
        for name in NAMES
    }


def assert_changed(changed, panel, **expected):
    assert changed_from(changed, panel) == {name: expected.get(name, UNCHANGED) for name in NAMES}


def knowing(panel, **context):
    return replace(panel, context=replace(panel.context, **context))


def with_entry(known, column, row, *, like=None, **values):
    """The same with one more entry of a symbol; NaN where no value is given."""
    at = known.offsets[column] + int(
        np.searchsorted(
            known.row[known.offsets[column] : known.offsets[column + 1]], row, side="right"
        )
    )
    told = {
        name: values.get(name, np.nan if like is None else known.values[name][like(at)])
        for name in known.values
    }
    offsets = known.offsets.copy()
    offsets[column + 1 :] += 1
    return replace(
        known,
        offsets=offsets,
        row=np.insert(known.row, at, row),
        values={name: np.insert(held, at, told[name]) for name, held in known.values.items()},
    )


def revised(values, *, at):
    out = values.copy()
    out[at] *= 1.5
    return out


def test_a_revised_bar_changes_what_reads_it_and_ranks_of_that():
    panel = a_panel_with_gaps()
    changed = replace(panel, close=revised(panel.close, at=(300, 0)))
    assert_changed(changed, panel, rsi_14=300, return_21_rank=300, spy_beta_60=300)


def test_a_revised_level_of_the_market_changes_what_reads_it():
    panel = a_panel_with_gaps()
    assert_changed(knowing(panel, vix=revised(panel.context.vix, at=200)), panel, vix_level=200)
    assert_changed(knowing(panel, spy=revised(panel.context.spy, at=201)), panel, spy_beta_60=201)


def test_a_new_report_changes_what_reads_reports_from_its_session_on():
    panel = a_panel_with_gaps()
    reports = with_entry(panel.context.reports, 1, 250, net_income_ttm=3.0, equity=9.0, shares=2.0)
    changed = knowing(panel, reports=reports)
    assert_changed(changed, panel, roe=250, roe_sector_percentile=250, pe_ttm=250)


def test_a_report_known_while_there_is_no_bar_counts_from_the_next():
    panel = a_panel_with_gaps()
    next_bar = 230
    assert np.isnan(panel.close[205:next_bar, 4]).all()
    reports = with_entry(panel.context.reports, 4, 205, net_income_ttm=3.0, equity=9.0)
    expected = dict.fromkeys((REPORT, REPORT_RANK, VALUE), next_bar)
    assert_changed(knowing(panel, reports=reports), panel, **expected)


def test_a_report_that_tells_the_same_changes_nothing():
    panel = a_panel_with_gaps()
    again = with_entry(panel.context.reports, 1, 250, like=lambda at: at - 1)
    assert_changed(knowing(panel, reports=again), panel)


def test_a_symbol_without_bars_leaves_no_trace():
    panel = a_panel_with_gaps()
    reports = with_entry(panel.context.reports, WITHOUT_BAR, 100, net_income_ttm=3.0, equity=9.0)
    assert_changed(knowing(panel, reports=reports), panel)
    others = [column for column in range(len(panel.symbols)) if column != WITHOUT_BAR]
    assert_changed(panel_of(panel, others), panel)


def test_the_order_of_symbols_changes_nothing():
    panel = a_panel_with_gaps()
    assert_changed(panel_of(panel, range(len(panel.symbols))[::-1]), panel)


def test_new_short_interest_changes_what_reads_it():
    panel = a_panel_with_gaps()
    known = with_entry(panel.context.short_interest, 1, 251, short_shares=3.0)
    assert_changed(knowing(panel, short_interest=known), panel, short_interest_change=251)


def test_a_trade_told_otherwise_changes_what_reads_trades():
    panel = a_panel_with_gaps()
    trades = panel.context.insiders
    row = int(trades.row[trades.offsets[0]])
    shares = trades.shares.copy()
    shares[trades.offsets[0]] += 1.0
    changed = knowing(panel, insiders=replace(trades, shares=shares))
    assert_changed(changed, panel, insider_purchases_63=row)


def test_the_day_coverage_begins_counts_and_an_owners_number_does_not():
    panel = a_panel_with_gaps()
    trades = panel.context.insiders
    covered = trades.covered_from.copy()
    covered[1] = 150
    changed = knowing(panel, insiders=replace(trades, covered_from=covered))
    assert_changed(changed, panel, insider_purchases_63=150)
    renumbered = replace(trades, owner=100 - trades.owner)
    assert_changed(knowing(panel, insiders=renumbered), panel)


def test_a_member_less_changes_ranks():
    panel = a_panel_with_gaps()
    is_member = panel.is_member.copy()
    is_member[310, 0] = False
    expected = {PRICE_RANK: 310, REPORT_RANK: 310}
    assert_changed(replace(panel, is_member=is_member), panel, **expected)


def test_a_sector_counts_by_its_name():
    panel = a_panel_with_gaps()
    context = panel.context
    moved = context.sector.copy()
    moved[320:, 0] = (moved[320:, 0] + 1) % len(context.sector_names)
    assert_changed(knowing(panel, sector=moved), panel, roe_sector_percentile=320)
    shifted = np.where(context.sector >= 0, context.sector + 1, -1).astype(np.int16)
    names = ("Another", *context.sector_names)
    assert_changed(knowing(panel, sector=shifted, sector_names=names), panel)


@pytest.mark.parametrize("row", [0, 77, 300, 419])
def test_digests_of_a_cut_panel_are_those_of_the_whole(row):
    panel = a_panel_with_gaps()
    whole = digests(panel)
    for name, cut in digests(panel.until(panel.sessions[row].item())).items():
        np.testing.assert_array_equal(cut, whole[name][: row + 1])


def test_what_is_not_there_has_a_digest_of_its_own():
    panel = a_panel_with_gaps()
    changed = changed_from(replace(panel, context=NO_CONTEXT), panel)
    assert changed[PRICE] == UNCHANGED
    assert max(changed[name] for name in (REPORT, SHORT, INSIDER, FEAR, BETA)) < 20
