"""The tables of a tear sheet as rows of text: for the page, and for a run's artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.research.report import best_trades, worst_trades
from alpha_oracle.research.tear_sheet import words
from alpha_oracle.research.tear_sheet.meanings import figure_rows
from alpha_oracle.research.tear_sheet.words import number, percent, usd

if TYPE_CHECKING:
    from alpha_oracle.domain.walk_forward import WindowOutcome
    from alpha_oracle.research.report import BacktestReport, TradeLine

TRADES_SHOWN: Final = 10
WINDOW_COLUMNS: Final = ("Test window", "Parameters", "Trades in training", "Half Kelly", "Return")
TRADE_COLUMNS: Final = (
    "Symbol",
    "Bought",
    "Sold",
    "Shares",
    "Profit, USD",
    "Return",
    "Commission, USD",
    "Sold because",
)


def metrics_rows(report: BacktestReport) -> list[dict[str, object]]:
    """Return every figure as a row: `figure`, `value`, `interval_95_pct`, `meaning`."""
    return [
        {
            "figure": row.name,
            "value": row.value,
            "interval_95_pct": row.interval_text or words.UNKNOWN,
            "meaning": row.meaning,
        }
        for row in figure_rows(report)
    ]


def trade_rows(report: BacktestReport, *, count: int = TRADES_SHOWN) -> list[dict[str, object]]:
    """Return the best trades and then the worst, each as a row of values."""
    return [
        {
            "symbol": trade.symbol,
            "entry": str(trade.entry),
            "exit": str(trade.exit),
            "quantity": trade.quantity,
            "pnl_usd": round(trade.pnl_usd, 2),
            "return_pct": round(trade.return_pct, 2),
            "commission_usd": _cents(trade.commission_usd),
            "reason": trade.reason,
        }
        for trade in [*best_trades(report, count=count), *worst_trades(report, count=count)]
    ]


def window_cells(window: WindowOutcome) -> list[str]:
    """Return a window as cells: its test, what its training taught and chose, and how it went."""
    return [
        f"{window.test_start} to {window.test_end}",
        ", ".join(f"{name} {value:g}" for name, value in window.parameters.items()),
        f"{window.train_trades:,}",
        percent(window.kelly_fraction * 100),
        percent(window.return_pct, signed=True),
    ]


def trade_cells(trade: TradeLine) -> list[str]:
    """Return a trade as cells."""
    return [
        trade.symbol,
        str(trade.entry),
        str(trade.exit),
        f"{trade.quantity:,}",
        number(trade.pnl_usd, signed=True),
        percent(trade.return_pct, signed=True),
        number(trade.commission_usd),
        trade.reason,
    ]


def cost_entries(report: BacktestReport) -> dict[str, str]:
    """Return what trading cost: commissions and slippage. Gross profit is before them."""
    costs = report.metrics.costs_usd
    profit = float(report.equity[-1]) - report.capital_usd if len(report.equity) else 0.0
    entries = {
        "Paid": usd(costs),
        "Of the capital": percent(costs / report.capital_usd * 100),
        "For each trade": value_each(costs, report.metrics.trades),
        "Turnover": f"{number(report.metrics.turnover, digits=1)} times equity a year",
    }
    if profit + costs > 0.0:
        entries["Of the gross profit"] = percent(costs / (profit + costs) * 100)
    return entries


def value_each(total: float, many: int) -> str:
    """Return a total by one of many; a dash where there is none."""
    return words.value_with(number(total / many if many else None), "USD")


def _cents(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 2)
