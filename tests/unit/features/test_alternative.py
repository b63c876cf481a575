"""Alternative features: insiders' trades and short interest, by hand and by brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alpha_oracle.features import registry
from alpha_oracle.features.alternative import windows
from alpha_oracle.features.context import InsiderTrades, KnownValues, MarketContext
from alpha_oracle.features.formula import SHORT_FIELDS
from alpha_oracle.features.joining.filings import known_trades
from tests.contexts import a_whole_context
from tests.fakes.insiders import filing_columns
from tests.unit.features.panels import a_whole_panel
from tests.unit.features.reference_rows import a_filing, a_frame, a_trade, an_insider, day
from tests.unit.features.test_filings import many_filings

SESSIONS = 300

READINGS = (
    windows.net_purchase_ratio,
    windows.officers_share,
    windows.net_shares,
    windows.purchases,
    windows.buyers,
    windows.sessions_since_purchase,
)


def a_trades_table(rows, *, sessions=SESSIONS, covered_from=0):
    """One symbol's trades from rows of row, position, sign, owner, purchase, officer, shares and
    price, in order of row.
    """
    columns = (
        [np.array(column) for column in zip(*rows, strict=True)] if rows else [np.empty(0)] * 8
    )
    row, position, sign, owner, is_purchase, is_officer, shares, price = columns
    return InsiderTrades(
        sessions=sessions,
        offsets=np.array([0, len(rows)]),
        row=row.astype(np.int64),
        position=position.astype(np.int64),
        sign=sign.astype(np.int8),
        owner=owner.astype(np.int32),
        is_purchase=is_purchase.astype(np.bool_),
        is_officer=is_officer.astype(np.bool_),
        shares=shares.astype(np.float64),
        notional=shares.astype(np.float64) * price.astype(np.float64),
        covered_from=np.array([covered_from]),
    )


# Rows 100 to 130: an officer buys, a director buys and sells, the officer's first is amended.
BOUGHT = (100, 100, 1, 1, True, True, 10.0, 5.0)
AMENDED = [(130, 100, -1, 1, True, True, 10.0, 5.0), (130, 100, 1, 1, True, True, 4.0, 5.0)]
TRADES = [
    BOUGHT,
    (110, 110, 1, 2, True, False, 20.0, 5.0),
    (112, 112, 1, 1, True, True, 2.0, 5.0),
    (120, 120, 1, 2, False, False, 6.0, 5.0),
    *AMENDED,
]


def value(name, trades, *, at, shares=1000.0):
    panel = a_whole_panel(symbols=1, sessions=trades.sessions)
    reports = replace(
        panel.context.reports,
        values=panel.context.reports.values
        | {"shares": np.full(len(panel.context.reports.row), shares)},
    )
    panel = replace(panel, context=MarketContext(insiders=trades, reports=reports))
    (feature,) = registry.named([name])
    return feature.compute(panel)[at, 0]


WORKED = {
    "nobody traded yet": ("insider_net_purchase_ratio_63", 99, 0.0),
    "one purchase": ("insider_net_purchase_ratio_63", 100, 1.0),
    "160 bought, 30 sold": ("insider_net_purchase_ratio_63", 125, (160 - 30) / (160 + 30)),
    "130 bought after the amendment": ("insider_net_purchase_ratio_63", 130, (130 - 30) / 160),
    "the first has left the window": ("insider_net_purchase_ratio_63", 163, (110 - 30) / 140),
    "the half-year still has it": ("insider_net_purchase_ratio_126", 163, (130 - 30) / 160),
    "all have left": ("insider_net_purchase_ratio_63", 183, 0.0),
    "26 bought net of 1000": ("insider_net_purchase_fraction_126", 125, 0.026),
    "three purchases": ("insider_purchases_63", 125, 3.0),
    "an amendment is no purchase more": ("insider_purchases_63", 130, 3.0),
    "two insiders": ("insider_cluster_buyers_21", 112, 2.0),
    "both still": ("insider_cluster_buyers_21", 130, 2.0),
    "one of them again": ("insider_cluster_buyers_21", 131, 1.0),
    "none": ("insider_cluster_buyers_21", 133, 0.0),
    "officers' 60 of 190": ("insider_officer_share_126", 125, 60 / 190),
    "of nothing": ("insider_officer_share_126", 126, 60 / 190),
    "no part of nothing": ("insider_officer_share_126", 290, np.nan),
    "on the session itself": ("insider_sessions_since_purchase", 262, 150.0),
    "after the amendment": ("insider_sessions_since_purchase", 280, 168.0),
}


@pytest.mark.parametrize(("name", "at", "expected"), WORKED.values(), ids=WORKED)
def test_a_reading_of_insiders_trades_by_hand(name, at, expected):
    np.testing.assert_allclose(value(name, a_trades_table(TRADES), at=at), expected, rtol=1e-12)


def test_a_year_without_a_purchase_is_252_sessions():
    sold = a_trades_table([(10, 10, 1, 1, False, False, 5.0, 5.0)])
    assert value("insider_sessions_since_purchase", sold, at=290) == 252.0
    bought = a_trades_table([(260, 260, 1, 1, True, False, 5.0, 5.0)])
    assert value("insider_sessions_since_purchase", bought, at=260) == 0.0
    assert value("insider_sessions_since_purchase", bought, at=290) == 30.0


def test_a_window_that_begins_before_the_filings_are_complete_is_unknown():
    readings = windows.purchases(windows.standing(a_trades_table(TRADES, covered_from=90)), 63)
    assert np.isnan(readings[: 90 + 62]).all()
    assert np.isfinite(readings[90 + 62 :]).all()


def test_trades_without_a_price_are_left_out_of_values_but_not_of_counts():
    unpriced = (105, 105, 1, 3, False, True, 500.0, np.nan)
    alone = a_trades_table([unpriced])
    beside = a_trades_table([BOUGHT, unpriced])
    assert np.isnan(value("insider_net_purchase_ratio_63", alone, at=110))
    assert value("insider_net_purchase_ratio_63", beside, at=110) == 1.0
    assert value("insider_net_purchase_fraction_126", alone, at=130) == -0.5


def test_an_amendment_changes_nothing_before_it_was_filed():
    before = windows.standing(a_trades_table([row for row in TRADES if row not in AMENDED]))
    after = windows.standing(a_trades_table(TRADES))
    for reading in READINGS:
        np.testing.assert_array_equal(reading(before, 63)[:130], reading(after, 63)[:130])


def by_brute_force(trades, column, *, window, at):
    """Every reading at a session, from the list of trades that stand there."""
    span = range(trades.offsets[column], trades.offsets[column + 1])
    standing = []
    for entry in (entry for entry in span if trades.row[entry] <= at):
        told = (
            trades.position[entry],
            trades.owner[entry],
            trades.is_purchase[entry],
            trades.is_officer[entry],
            trades.shares[entry],
            str(trades.notional[entry]),
        )
        if trades.sign[entry] > 0:
            standing.append(told)
        elif told in standing:
            standing.remove(told)
    inside = [told for told in standing if at - window < told[0] <= at]
    value_of = [0.0 if told[5] == "nan" else float(told[5]) for told in inside]
    bought = sum(value for told, value in zip(inside, value_of, strict=True) if told[2])
    total = sum(value_of)
    officers = sum(value for told, value in zip(inside, value_of, strict=True) if told[3])
    last = max((told[0] for told in inside if told[2]), default=at - window)
    return (
        (2 * bought - total) / total if total else (np.nan if inside else 0.0),
        officers / total if total else np.nan,
        sum(told[4] if told[2] else -told[4] for told in inside),
        sum(1 for told in inside if told[2]),
        len({told[1] for told in inside if told[2]}),
        at - last,
    )


def generated_trades():
    return a_whole_context(symbols=3, sessions=200).insiders


def filed_trades():
    filed = filing_columns(many_filings(3))
    return known_trades(filed, a_frame(end="2015-12-31"), covered={"ACME": day("2014-12-01")})


@pytest.mark.parametrize("window", [1, 21, 63])
@pytest.mark.parametrize("source", [generated_trades, filed_trades], ids=lambda of: of.__name__)
def test_windows_read_what_brute_force_finds(source, window):
    trades = source()
    values = [reading(windows.standing(trades), window) for reading in READINGS]
    for column in range(len(trades.covered_from)):
        for at in range(window - 1, trades.sessions, 3):
            expected = by_brute_force(trades, column, window=window, at=at)
            actual = [of_reading[at, column] for of_reading in values]
            np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("source", [generated_trades, filed_trades], ids=lambda of: of.__name__)
def test_cutting_off_later_filings_changes_no_bit(source):
    trades = source()
    for reading in READINGS:
        whole = reading(windows.standing(trades), 21)
        for stop in range(30, trades.sessions, 17):
            cut = reading(windows.standing(trades.until(stop)), 21)
            np.testing.assert_array_equal(cut, whole[:stop])


def test_an_insider_counts_from_the_filing_not_from_the_trade():
    filed = [a_filing("2015-06-10T23:00", a_trade(on="2015-06-08"), owners=[an_insider("4")])]
    frame = a_frame(end="2015-12-31")
    trades = known_trades(filing_columns(filed), frame, covered={"ACME": day("2014-12-01")})
    values = windows.buyers(windows.standing(trades), 21)[:, 0]
    seen = np.flatnonzero(values == 1.0)
    assert str(frame.days[seen[0]].astype("datetime64[D]")) == "2015-06-11"
    assert len(seen) == 21


REPORT = {
    "short_shares": 60.0,
    "short_shares_before": 50.0,
    "short_shares_mean_24": 52.0,
    "short_shares_deviation_24": 4.0,
    "short_volume": 80.0,
}

OF_SHORTS = {
    "short_interest_ratio": 60 / 1000,
    "short_interest_change": 60 / 50 - 1,
    "short_interest_z_score": (60 - 52) / 4,
    "days_to_cover": 60 / 80,
}


def a_short_panel(**changes):
    panel = a_whole_panel(symbols=1, sessions=5)
    report = {**REPORT, **changes}
    known = {
        fields: KnownValues(
            offsets=np.array([0, 1]),
            row=np.array([row]),
            values={name: np.array([report.get(name, 1000.0)]) for name in fields},
        )
        for fields, row in ((SHORT_FIELDS, 2), (tuple(panel.context.reports.values), 1))
    }
    short, statements = known.values()
    return replace(panel, context=MarketContext(short_interest=short, reports=statements))


@pytest.mark.parametrize(("name", "expected"), OF_SHORTS.items(), ids=OF_SHORTS)
def test_a_reading_of_short_interest_by_hand(name, expected):
    """Days to cover is below 1 where it is: the published figure never is."""
    (feature,) = registry.named([name])
    values = feature.compute(a_short_panel())[:, 0]
    np.testing.assert_allclose(values, [np.nan] * 2 + [expected] * 3, rtol=1e-12)


MEANINGLESS = {
    "short_interest_ratio": {"shares": 0.0},
    "short_interest_change": {"short_shares_before": 0.0},
    "short_interest_z_score": {"short_shares_deviation_24": 0.0},
    "days_to_cover": {"short_volume": 0.0},
}


@pytest.mark.parametrize(("name", "changes"), MEANINGLESS.items(), ids=MEANINGLESS)
def test_a_reading_against_nothing_is_unknown(name, changes):
    (feature,) = registry.named([name])
    assert np.isnan(feature.compute(a_short_panel(**changes))).all()
