from xml.etree import ElementTree as ET

import numpy as np
import pytest

from alpha_oracle.domain.backtests import Interval
from alpha_oracle.research.tear_sheet.distributions import (
    heat_map,
    heat_map_svg,
    range_bar,
    trade_histogram,
)
from alpha_oracle.research.tear_sheet.figures import (
    drawdown_chart,
    equity_chart,
    equity_svg,
    invested_chart,
    rolling_chart,
)
from tests.unit.research.reports import a_report, a_trade
from tests.unit.research.series import noise

SVG = "{http://www.w3.org/2000/svg}"


def texts(figure):
    return [node.text.replace("\N{NO-BREAK SPACE}", " ") for node in figure.iter("text")]


def places(node):
    return [tuple(map(float, point.split(","))) for point in node.get("points").split()]


def lines(figure, look):
    return [node for node in figure.iter("polyline") if node.get("class") == look]


def test_equity_ends_at_its_last_value_beside_the_benchmark():
    report = a_report(closes=np.linspace(100.0, 130.0, 301))
    chart = equity_chart(report)

    (ours,), (theirs,) = lines(chart, "ours"), lines(chart, "theirs")
    assert len(places(ours)) == len(places(theirs)) == 300
    assert places(theirs)[-1][1] < places(theirs)[0][1]
    assert {"Momentum", f"{report.equity[-1]:,.0f} USD", "SPY", "130,000 USD"} <= set(texts(chart))


def test_an_unknown_stretch_of_the_benchmark_is_a_gap():
    closes = np.linspace(100.0, 130.0, 301)
    closes[100:120] = np.nan
    assert len(lines(equity_chart(a_report(closes=closes)), "theirs")) == 2


def test_without_a_benchmark_equity_stands_alone():
    chart = equity_chart(a_report())
    assert lines(chart, "theirs") == []
    assert "SPY" not in texts(chart)


def test_years_are_marked_where_they_begin():
    chart = equity_chart(a_report(returns=noise(600)))
    assert {"2016", "2017", "2018"} <= set(texts(chart))


def test_the_drawdown_hangs_from_zero_to_its_deepest():
    chart = drawdown_chart(a_report(returns=np.array([0.1, -0.2, 0.0, 0.25])))
    (area,) = chart.iter("polygon")
    zero, *_, last = (y for _, y in places(area))
    assert zero == last
    # Twice at the deepest, and nothing above zero.
    depths = [y for _, y in places(area)]
    assert depths.count(max(depths)) == 2
    assert min(depths) == zero


def test_what_is_invested_is_drawn_as_a_share():
    (area,) = invested_chart(a_report()).iter("polygon")
    heights = {y for _, y in places(area)}
    # Half of equity, and the base.
    assert len(heights) == 2


def test_the_rolling_ratio_begins_when_its_window_is_full():
    chart = rolling_chart(a_report())
    (line,) = lines(chart, "ours")
    assert len(places(line)) == 300 - 125
    dashed = [node for node in chart.iter("line") if "dashed" in node.get("class")]
    assert len(dashed) == 1


def test_the_heat_map_has_a_cell_for_each_month_and_year_there_is():
    report = a_report(returns=noise(300))
    cells = list(heat_map(report).iter("rect"))
    months = np.isfinite(report.calendar.months_pct).sum()
    assert len(cells) == months + len(report.calendar.years)
    written = set(texts(heat_map(report)))
    for value in report.calendar.years_pct:
        assert f"{value:.1f}".replace("-", "\N{MINUS SIGN}") in written


def test_a_month_that_lost_looks_otherwise_than_one_that_won_and_deeper_if_it_lost_more():
    # 19 sessions of January, 20 of February, 22 of March.
    returns = np.concatenate([np.full(19, 0.001), np.full(20, -0.001), np.full(22, -0.01)])
    january, february, march, _ = heat_map(a_report(returns=returns)).iter("rect")
    assert [cell.get("class") for cell in (january, february, march)] == ["gain", "loss", "loss"]
    assert float(march.get("fill-opacity")) > float(february.get("fill-opacity"))


def test_every_trade_is_counted_once_and_none_beside_zero():
    pnls = [-300.0, -20.0, -0.01, 0.0, 0.01, 15.0, 15.0, 900.0]
    histogram = trade_histogram(a_report(trades=[a_trade(pnl) for pnl in pnls]))
    counted = {"gain": 0, "loss": 0}
    for bar in histogram.iter("rect"):
        counted[bar.get("class")] += int(bar.find("title").text.split(": ")[1].split()[0])
    assert counted == {"gain": 5, "loss": 3}


@pytest.mark.parametrize("trades", [1, 2, 3, 7, 23])
def test_bars_stay_within_the_picture_and_whole_trades_are_marked(trades):
    histogram = trade_histogram(a_report(trades=[a_trade(5.0)] * trades))
    (bar,) = histogram.iter("rect")
    assert float(bar.get("y")) >= 10.0
    assert not any("." in words for words in texts(histogram) if "%" not in words)


@pytest.mark.parametrize("pnl", [5.0, -5.0, 0.0])
def test_a_single_trade_is_one_bar(pnl):
    (bar,) = trade_histogram(a_report(trades=[a_trade(pnl)])).iter("rect")
    assert bar.get("class") == ("gain" if pnl >= 0 else "loss")


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [(1.0, 0.5, 1.5), (-1.0, -2.0, 0.5), (5.0, -1.0, 2.0), (0.0, 0.0, 0.0)],
)
def test_a_range_holds_its_figure_and_zero(value, low, high):
    bar = range_bar(value, Interval(low=low, high=high))
    rect, zero, dot = bar.find("rect"), bar.find("line"), bar.find("circle")
    start, width = float(rect.get("x")), float(rect.get("width"))
    assert start >= 4
    assert start + width <= 136.1
    assert 4 <= float(zero.get("x1")) <= 136
    assert (float(dot.get("cx")) >= start - 0.1) == (value >= low)
    assert (float(dot.get("cx")) <= start + width + 0.1) == (value <= high)


def test_an_interval_runs_upwards():
    with pytest.raises(ValueError, match="an interval from 2 to 1"):
        Interval(low=2.0, high=1.0)


@pytest.mark.parametrize("picture", [equity_svg, heat_map_svg])
def test_pictures_for_artifacts_are_documents(picture):
    document = ET.fromstring(picture(a_report()))
    assert document.tag == f"{SVG}svg"
    assert document.find(f"{SVG}style") is not None
    assert len(list(document.iter(f"{SVG}text"))) > 5
