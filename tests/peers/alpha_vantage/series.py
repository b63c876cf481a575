"""Daily series in the shapes of Alpha Vantage, from a table of bars."""

import pandas as pd

from alpha_oracle.domain.market import ActionKind

PRICES = ("open", "high", "low", "close")


def series(rows, *, symbol, adjusted, size):
    """The document of a daily series, its rows newest first."""
    what = (
        "Daily Time Series with Splits and Dividend Events"
        if adjusted
        else "Daily Prices (open, high, low, close) and Volumes"
    )
    days = {
        row["date"].date().isoformat(): day(row, adjusted=adjusted)
        for row in rows.to_dict("records")
    }
    return {
        "Meta Data": {
            "1. Information": what,
            "2. Symbol": symbol,
            "3. Last Refreshed": next(iter(days), ""),
            "4. Output Size": size,
            "5. Time Zone": "US/Eastern",
        },
        "Time Series (Daily)": days,
    }


def day(row, *, adjusted):
    """One day of a series: strings, as the vendor writes them."""
    told = {f"{number}. {name}": price(row[name]) for number, name in enumerate(PRICES, start=1)}
    volume = "None" if pd.isna(row["volume"]) else f"{row['volume']:.0f}"
    if not adjusted:
        return {**told, "5. volume": volume}
    return {
        **told,
        "5. adjusted close": price(row["close"]),
        "6. volume": volume,
        "7. dividend amount": f"{row.get('dividend', 0.0):.4f}",
        "8. split coefficient": f"{row.get('split', 1.0):.4f}",
    }


def price(value):
    """A price with four decimals; `None` where there is none."""
    return "None" if pd.isna(value) else f"{value:.4f}"


def as_table(received):
    """Bars with the actions that came along, as the table a peer serves."""
    bars = received.bars
    table = pd.DataFrame(
        {
            "symbol": [bars.symbols[code] for code in bars.symbol_index.tolist()],
            "date": pd.to_datetime(bars.session),
            **{name: getattr(bars, name) for name in (*PRICES, "volume")},
        }
    )
    told = {(action.symbol, action.ex_date, action.kind): action for action in received.actions}
    for kind, absent in ((ActionKind.SPLIT, 1.0), (ActionKind.DIVIDEND, 0.0)):
        values = (
            told.get((symbol, date.date(), kind))
            for symbol, date in zip(table["symbol"], table["date"], strict=True)
        )
        table[kind.value] = [absent if action is None else float(action.value) for action in values]
    return table


def read_table(path):
    """A table of bars from a CSV or Parquet file."""
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    return table.assign(date=pd.to_datetime(table["date"]))
