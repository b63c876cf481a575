"""Rows and sentences, for the page and for artifacts."""

from dataclasses import replace

import numpy as np
import pytest

from alpha_oracle.research.tear_sheet import words
from alpha_oracle.research.tear_sheet.meanings import (
    choice_sentence,
    figure_rows,
    length_sentence,
    luck_sentence,
)
from alpha_oracle.research.tear_sheet.tables import cost_entries, metrics_rows, trade_rows
from tests.unit.research.reports import a_report, a_trade
from tests.unit.research.series import noise


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "\N{EN DASH}"),
        (1234.567, "1,234.57"),
        (-0.5, "-0.50"),
        (-0.001, "0.00"),
        (0.0, "0.00"),
    ],
)
def test_numbers_are_written_one_way(value, written):
    assert plain(words.number(value)) == written


def test_signs_are_shown_where_asked_for():
    assert words.percent(2.04, signed=True) == "+2.0\N{NO-BREAK SPACE}%"
    assert plain(words.percent(-2.06, signed=True)) == "-2.1 %"
    assert plain(words.usd(-1234.4)) == "-1,234 USD"
    assert words.percent(None) == words.usd(None) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("probability", "written"),
    [
        (0.0, "< 0.1 %"),
        (0.00051, "< 0.1 %"),
        (0.0523, "5.2 %"),
        (0.9995, "> 99.9 %"),
        (1.0, "> 99.9 %"),
    ],
)
def test_nothing_is_called_certain(probability, written):
    assert plain(words.chance(probability)) == written


def test_one_is_not_many():
    assert words.count(1, "trade") == "1 trade"
    assert words.count(1204, "trade") == "1,204 trades"


def test_every_figure_is_a_row_of_text_with_a_sentence():
    report = a_report(closes=np.linspace(100, 110, 301))
    rows = metrics_rows(report)

    assert all(set(row) == {"figure", "value", "interval_95_pct", "meaning"} for row in rows)
    assert all(str(row["meaning"]).endswith(".") for row in rows)
    assert len({row["figure"] for row in rows}) == len(rows) == 19
    by_name = {row["figure"]: row for row in rows}
    interval = report.resampled.sharpe
    assert by_name["Sharpe ratio"]["value"] == words.number(report.metrics.sharpe)
    assert plain(by_name["Sharpe ratio"]["interval_95_pct"]) == (
        f"{interval.low:.2f} to {interval.high:.2f}"
    )
    assert by_name["Beta"]["interval_95_pct"] == "\N{EN DASH}"


def test_without_a_benchmark_nothing_is_said_of_one():
    assert not {"Alpha", "Beta", "Correlation"} & {row.name for row in figure_rows(a_report())}


def test_trades_are_rows_of_values_the_best_first():
    rows = trade_rows(a_report(trades=[a_trade(-3.0), a_trade(7.126, commission=None)]), count=5)

    assert [row["pnl_usd"] for row in rows] == [7.13, -3.0]
    assert [row["commission_usd"] for row in rows] == [None, 2.0]
    assert rows[0]["entry"] == "2016-02-01"
    assert rows[1]["return_pct"] == -0.3


def test_luck_is_told_as_how_often_it_shows_as_much():
    report = a_report()
    share = (1 - report.chance.probabilistic_sharpe) * 100
    assert f"this high in {share:.1f} % of histories" in plain(luck_sentence(report))


def test_having_tried_often_is_told_with_what_the_luckiest_shows():
    report = a_report(trials=[1.0, 0.0, -1.0, None])
    said = plain(choice_sentence(report))
    assert said.startswith("4 variants were tried")
    assert f"expected to show {report.chance.luckiest_sharpe:.2f}:" in said
    assert f"above that is {report.chance.deflated_sharpe * 100:.1f} %." in said
    assert choice_sentence(a_report(trials=[1.0])).startswith("One variant was tried")


def test_the_length_needed_is_told_beside_the_length_there_is():
    report = a_report()
    assert f"It takes {report.chance.sessions_needed:,} sessions" in length_sentence(report)
    assert "there are 300" in length_sentence(report)
    assert "No record is long enough" in length_sentence(a_report(returns=noise(300, sharpe=-3.0)))


def test_costs_are_told_against_capital_trades_and_gross_profit():
    trades = [a_trade(5.0), a_trade(5.0)]
    entries = cost_entries(a_report(returns=np.full(100, 0.0001), trades=trades))
    profit = 100_000 * (1.0001**100 - 1)

    assert {name: plain(text) for name, text in entries.items()} == {
        "Paid": "200 USD",
        "Of the capital": "0.2 %",
        "For each trade": "100.00 USD",
        "Turnover": "12.6 times equity a year",
        "Of the gross profit": f"{200 / (profit + 200) * 100:.1f} %",
    }


def test_a_loss_has_no_gross_profit_to_take_costs_from():
    entries = cost_entries(a_report(returns=np.full(100, -0.001)))
    assert "Of the gross profit" not in entries
    assert entries["For each trade"] == "\N{EN DASH}"


def test_a_short_record_has_figures_without_intervals():
    report = a_report(returns=noise(10))
    assert all(not row.interval_text for row in figure_rows(report))
    assert "interval" not in " ".join(row.meaning for row in figure_rows(report))


def test_a_single_session_is_not_sessions():
    report = a_report()
    figures = replace(report.growth, longest_drawdown_sessions=1)
    rows = {row.name: row.value for row in figure_rows(replace(report, growth=figures))}
    assert rows["Longest drawdown"] == "1 session"
