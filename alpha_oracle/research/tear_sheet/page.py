"""A backtest on one page: HTML that carries all it needs and asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.market import BENCHMARK
from alpha_oracle.research.markup import as_html, definitions, element
from alpha_oracle.research.report import ROLLING_SESSIONS, best_trades, worst_trades
from alpha_oracle.research.tear_sheet import figures, meanings, tables, words
from alpha_oracle.research.tear_sheet.blocks import absent, captioned, profit_row, section, table
from alpha_oracle.research.tear_sheet.distributions import heat_map, range_bar, trade_histogram
from alpha_oracle.research.tear_sheet.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from alpha_oracle.research.report import BacktestReport, TradeLine

VARIED_COLUMNS: Final = ("Figure", "Value", "95 % interval", "", "What it means")
FIGURE_COLUMNS: Final = ("Figure", "Value", "What it means")


def tear_sheet(report: BacktestReport) -> str:
    """Return the page as one HTML document, without script or anything from outside."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{report.about.strategy}: {report.about.title}"),
        element("style", STYLE),
    )
    body = element("body", element("main", *_parts(report)))
    return "<!DOCTYPE html>\n" + as_html(element("html", head, body, lang="en")) + "\n"


def _parts(report: BacktestReport) -> list[Element]:
    return [
        _header(report),
        *_notes(report),
        _lead(report),
        element("p", _verdict(report), class_="verdict"),
        _growth(report),
        section("Month by month", element("figure", heat_map(report)), said="Returns in percent."),
        element("div", _rolling(report), _spread_of_trades(report), class_="pair"),
        _varied_figures(report),
        _other_figures(report),
        *_windows(report),
        _trades("Trades that won most", best_trades(report, count=tables.TRADES_SHOWN)),
        _trades("Trades that lost most", worst_trades(report, count=tables.TRADES_SHOWN)),
        element("div", *_terms(report), class_="terms"),
        _footer(report),
    ]


def _header(report: BacktestReport) -> Element:
    facts = [words.count(report.metrics.sessions, "session")]
    if len(report.sessions):
        facts.insert(0, f"{report.sessions[0]} to {report.sessions[-1]}")
    facts.append(words.count(report.metrics.trades, "trade"))
    if report.about.coverage_pct is not None:
        facts.append(f"{words.percent(report.about.coverage_pct)} of the index had bars")
    return element(
        "header",
        element("p", report.about.title, class_="kind"),
        element("h1", report.about.strategy),
        element("p", " \N{MIDDLE DOT} ".join(facts)),
    )


def _notes(report: BacktestReport) -> list[Element]:
    if not report.about.notes:
        return []
    return [
        element(
            "ul",
            *(element("li", words.begun(note)) for note in report.about.notes),
            class_="notes",
        )
    ]


def _lead(report: BacktestReport) -> Element:
    metrics, growth, drawn = report.metrics, report.growth, report.resampled
    shown = [
        (
            "Annual growth",
            words.percent(growth.cagr_pct),
            meanings.between(drawn.cagr_pct, words.percent),
        ),
        (
            "Sharpe ratio",
            words.number(metrics.sharpe),
            meanings.between(drawn.sharpe, words.number),
        ),
        (
            "Deepest drawdown",
            words.percent(metrics.max_drawdown_pct),
            meanings.between(drawn.max_drawdown_pct, words.percent),
        ),
        (
            "Profit factor",
            words.number(metrics.profit_factor),
            words.count(metrics.trades, "trade"),
        ),
        (
            "Confidence, deflated",
            words.chance(report.chance.deflated_sharpe),
            f"after {words.count(report.chance.trials, 'trial')}",
        ),
    ]
    return element(
        "div",
        *(
            element("div", element("span", name), element("strong", value), element("span", below))
            for name, value, below in shown
        ),
        class_="lead",
    )


def _verdict(report: BacktestReport) -> str:
    said = (meanings.luck_sentence, meanings.choice_sentence, meanings.length_sentence)
    return " ".join(sentence for say in said if (sentence := say(report)))


def _growth(report: BacktestReport) -> Element:
    beside = "" if report.benchmark is None else f", beside the same in {BENCHMARK}"
    return section(
        "Growth",
        captioned(
            f"Equity in USD from {words.usd(report.capital_usd)}{beside}",
            figures.equity_chart(report),
        ),
        captioned("Below the peak", figures.drawdown_chart(report)),
        captioned("Invested share of equity", figures.invested_chart(report)),
    )


def _rolling(report: BacktestReport) -> Element:
    if len(report.sessions) < ROLLING_SESSIONS:
        return section(
            "Sharpe ratio, rolling",
            absent(f"The record is shorter than {ROLLING_SESSIONS} sessions."),
        )
    return section(
        "Sharpe ratio, rolling",
        element("figure", figures.rolling_chart(report)),
        said=f"Of the last {ROLLING_SESSIONS} sessions; dashed: of them all.",
    )


def _spread_of_trades(report: BacktestReport) -> Element:
    if not report.trades:
        return section("Returns of trades", absent("No trade is listed."))
    return section(
        "Returns of trades",
        element("figure", trade_histogram(report)),
        said="How many trades returned how much, after costs.",
    )


def _varied_figures(report: BacktestReport) -> Element:
    drawn = report.resampled
    if not drawn.resamples:
        return section("How far they may vary", absent("The record is too short to be resampled."))
    rows = [
        element(
            "tr",
            *_named(row),
            element("td", row.interval_text, class_="number"),
            element("td", *_range(row), class_="range"),
            _meaning(row),
        )
        for row in meanings.varied_rows(report)
    ]
    said = (
        f"Intervals hold 95 % of {drawn.resamples:,} histories resampled from these returns, in "
        f"blocks of {words.number(drawn.block_sessions, digits=1)} sessions on average."
    )
    return section("How far they may vary", table(VARIED_COLUMNS, rows), said=said)


def _other_figures(report: BacktestReport) -> Element:
    shown = [
        *([] if report.resampled.resamples else meanings.varied_rows(report)),
        *meanings.other_rows(report),
    ]
    rows = [element("tr", *_named(row), _meaning(row)) for row in shown]
    return section("Figures", table(FIGURE_COLUMNS, rows))


def _named(row: meanings.FigureRow) -> list[Element]:
    return [element("td", row.name, class_="name"), element("td", row.value, class_="number")]


def _meaning(row: meanings.FigureRow) -> Element:
    return element("td", row.meaning, class_="meaning")


def _range(row: meanings.FigureRow) -> list[Element]:
    if row.interval is None or row.raw is None:
        return []
    return [range_bar(row.raw, row.interval)]


def _windows(report: BacktestReport) -> list[Element]:
    if not report.windows:
        return []
    rows = [
        profit_row(tables.WINDOW_COLUMNS, tables.window_cells(window), profit=window.return_pct)
        for window in report.windows
    ]
    lost = sum(window.return_pct < 0 for window in report.windows)
    said = f"{words.count(len(rows), 'test window')}, {lost} of them at a loss."
    return [section("Walk-forward windows", table(tables.WINDOW_COLUMNS, rows), said=said)]


def _trades(title: str, trades: Sequence[TradeLine]) -> Element:
    if not trades:
        return section(title, absent("None."))
    rows = [
        profit_row(tables.TRADE_COLUMNS, tables.trade_cells(trade), profit=trade.pnl_usd)
        for trade in trades
    ]
    return section(title, table(tables.TRADE_COLUMNS, rows))


def _terms(report: BacktestReport) -> list[Element]:
    about = report.about
    listed = {
        "Commissions and slippage": tables.cost_entries(report),
        "Terms": about.terms,
        "Parameters": about.parameters,
    }
    return [section(title, definitions(entries)) for title, entries in listed.items() if entries]


def _footer(report: BacktestReport) -> Element:
    return element(
        "footer",
        "Simulated: no result of it is advice. Ratios are annualised with 252 sessions and a "
        "risk-free rate of 0. Probabilistic and deflated Sharpe ratio after Bailey and Lopez de "
        "Prado (2012, 2014), stationary bootstrap after Politis and Romano (1994), "
        f"seed {report.resampled.seed}.",
    )
