import re
from datetime import date

import numpy as np
import pytest

from alpha_oracle.research.tear_sheet.page import tear_sheet
from tests.unit.research.reports import a_report, a_trade, a_window
from tests.unit.research.series import noise
from tests.unit.research.tear_sheet.pages import read

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>&amp;"


def a_full_report(**about):
    trades = [a_trade(float(pnl), symbol=f"S{pnl}") for pnl in range(-15, 20)]
    closes = 100.0 * np.concatenate(([1.0], np.cumprod(1.0 + noise(300, seed=8))))
    return a_report(
        trades=trades,
        closes=closes,
        windows=[a_window(4.25), a_window(-1.5, start=date(2016, 7, 4)), a_window(0.0)],
        **about,
    )


def titles(document):
    return [node.text for node in document.all("h2")]


def test_a_page_is_one_document_with_every_part():
    document = read(
        tear_sheet(a_full_report(terms={"Capital": "1"}, parameters={"holdings": "20"}))
    )

    assert titles(document) == [
        "Growth",
        "Month by month",
        "Sharpe ratio, rolling",
        "Returns of trades",
        "How far they may vary",
        "Figures",
        "Walk-forward windows",
        "Trades that won most",
        "Trades that lost most",
        "Commissions and slippage",
        "Terms",
        "Parameters",
    ]
    assert document.all("title")[0].text == "Momentum: Backtest"
    # Equity, drawdown, invested; months; rolling; trades; four ranges.
    assert len(document.all("svg")) == 10


def test_a_page_asks_nobody_for_anything():
    page = tear_sheet(a_full_report())
    document = read(page)

    asking = {"script", "link", "img", "iframe", "base", "object"}
    assert asking.isdisjoint(re.findall(r"<([a-z]+)", page))
    assert not re.search(r"""(src|href|action|data)\s*=|url\(|@import|https?:""", page)
    assert all(not name.startswith("on") for name in attributes(document))


def attributes(node):
    names = set(node.attributes)
    for child in node.children:
        if not isinstance(child, str):
            names |= attributes(child)
    return names


def test_no_text_can_break_out_of_its_place():
    report = a_report(
        title=HOSTILE,
        strategy=HOSTILE,
        notes=(HOSTILE,),
        terms={HOSTILE: HOSTILE},
        parameters={HOSTILE: HOSTILE},
        trades=[a_trade(5.0, symbol=HOSTILE, reason=HOSTILE)],
        windows=[a_window(1.0, parameters={HOSTILE: 1})],
    )
    page = tear_sheet(report)
    document = read(page)

    assert "<script" not in page
    assert "<img" not in page
    assert document.all("h1")[0].text == HOSTILE
    assert document.all("li")[0].text == HOSTILE
    assert document.section("Trades that won most").rows()[0][0] == HOSTILE
    assert document.section("Terms").all("dt")[0].text == HOSTILE
    assert document.all("style")[0].text.count("{") == document.all("style")[0].text.count("}")


def test_the_figures_shown_are_those_computed():
    report = a_full_report(coverage_pct=99.82)
    document = read(tear_sheet(report))

    tiles = {
        tile.all("span")[0].text: tile.all("strong")[0].text
        for tile in document.all("div")
        if tile.all("strong") and not tile.all("div")
    }
    assert tiles == {
        "Annual growth": f"{report.growth.cagr_pct:.1f} %",
        "Sharpe ratio": f"{report.metrics.sharpe:.2f}",
        "Deepest drawdown": f"{report.metrics.max_drawdown_pct:.1f} %",
        "Profit factor": f"{report.metrics.profit_factor:.2f}",
        "Confidence, deflated": f"{report.chance.deflated_sharpe * 100:.1f} %",
    }
    shown = {row[0]: row[1] for row in document.section("Figures").rows()}
    assert shown["Beta"] == f"{report.against_benchmark.beta:.2f}".replace("-", "\N{MINUS SIGN}")
    assert shown["Trades"] == "35"
    # Of the profits from -15 to 19 USD, 19 are above 0.
    assert shown["Won"] == "54.3 %"
    facts = document.all("header")[0].all("p")[1].text
    assert "2016-01-04 to" in facts
    assert "300 sessions" in facts
    assert "99.8 % of the index had bars" in facts


def test_intervals_stand_beside_their_figures():
    report = a_full_report()
    rows = {row[0]: row for row in read(tear_sheet(report)).section("How far they may vary").rows()}

    interval = report.resampled.cagr_pct
    assert rows["Annual growth"][2] == (
        f"{interval.low:.1f} % to {interval.high:.1f} %".replace("-", "\N{MINUS SIGN}")
    )
    assert set(rows) == {"Sharpe ratio", "Sortino ratio", "Annual growth", "Deepest drawdown"}


def test_the_ten_best_and_the_ten_worst_trades_are_listed():
    document = read(tear_sheet(a_full_report()))
    best = document.section("Trades that won most").rows()
    worst = document.section("Trades that lost most").rows()

    assert [row[0] for row in best] == [f"S{pnl}" for pnl in range(19, 9, -1)]
    assert [row[0] for row in worst] == [f"S{pnl}" for pnl in range(-15, -5)]
    assert best[0][1:] == [
        "2016-02-01", "2016-02-09", "10", "+19.00", "+1.9 %", "2.00", "strategy",
    ]  # fmt: skip
    assert worst[0][4] == "\N{MINUS SIGN}15.00"


def test_windows_tell_what_was_chosen_and_how_it_went():
    section = read(tear_sheet(a_full_report())).section("Walk-forward windows")

    assert section.rows()[0] == ["2018-01-03 to 2018-07-02", "holdings 20", "40", "4.0 %", "+4.2 %"]
    assert "3 test windows, 1 of them at a loss" in section.text


def test_one_trade_is_told_as_one():
    document = read(tear_sheet(a_report(trades=[a_trade(5.0)])))
    assert "1 trade" in document.all("header")[0].text
    assert "1 trade" in [node.text for node in document.all("span")]


def test_notes_come_before_the_figures():
    page = tear_sheet(a_report(notes=("Entries halted by drawdown from 2018-10-24.",)))
    assert page.index("Entries halted by drawdown from 2018-10-24.") < page.index("Annual growth")


@pytest.mark.parametrize("sessions", [0, 1, 15, 200])
@pytest.mark.parametrize("moving", [True, False], ids=["without a trade", "without a move"])
def test_a_run_without_a_trade_has_a_page(sessions, moving):
    returns = noise(sessions) if moving else np.zeros(sessions)
    document = read(tear_sheet(a_report(returns=returns, trials=[None])))

    assert document.section("Trades that won most").all("p")[0].text == "None."
    assert "Walk-forward windows" not in titles(document)
    assert "nan" not in document.text.lower()
    shown = {row[0]: row[1] for row in document.section("Figures").rows()}
    assert shown["Profit factor"] == "\N{EN DASH}"


def test_a_run_that_never_moved_is_not_judged():
    page = tear_sheet(a_report(returns=np.zeros(200), trials=[None]))
    assert "There is no Sharpe ratio to judge" in page
    assert "No record is long enough" not in page
