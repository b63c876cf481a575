"""Real rows: bars, restated annual income, VIX, SPY, sectors and the index's members."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd

from alpha_oracle import calendar
from alpha_oracle.domain.bars import BarColumns
from alpha_oracle.domain.fundamentals import StatementItem
from alpha_oracle.domain.levels import VIX, IndexLevel
from alpha_oracle.domain.market import Membership, SectorAssignment, parse_symbol
from tests.unit.features.histories import History
from tests.unit.features.reference_rows import facts_of_rows

INCOME = {
    StatementItem.REVENUE: ("Revenue", 1),
    StatementItem.COST_OF_REVENUE: ("Cost of Revenue", -1),
    StatementItem.GROSS_PROFIT: ("Gross Profit", 1),
    StatementItem.OPERATING_INCOME: ("Operating Income (Loss)", 1),
    StatementItem.NET_INCOME: ("Net Income", 1),
    StatementItem.INTEREST_EXPENSE: ("Interest Expense, Net", -1),
    StatementItem.SHARES_OUTSTANDING: ("Shares (Basic)", 1),
}


def real_history(shared_data, *, start=date(2013, 7, 1), end=date(2016, 12, 30), every=25):
    """Every 25th symbol of a file of unadjusted prices, with what is known of it beside."""
    frame = pd.read_parquet(
        shared_data / "bars" / "bars_raw_2010_2016.parquet",
        filters=[("date", ">=", start), ("date", "<=", end)],
    )
    chosen = sorted(frame["symbol"].unique())[::every]
    frame = frame[frame["symbol"].isin(chosen)].sort_values(["symbol", "date"])
    codes, names = pd.factorize(frame["symbol"], sort=True)
    symbols = tuple(map(parse_symbol, names))
    bars = BarColumns(
        symbols=symbols,
        symbol_index=codes.astype(np.int32),
        session=frame["date"].to_numpy().astype("datetime64[D]"),
        **{
            name: frame[name].to_numpy().astype(np.float64)
            for name in ("open", "high", "low", "close", "volume")
        },
    )
    return History(
        bars=bars,
        spy=_spy(shared_data, start),
        members=_members(shared_data, symbols),
        sectors=_sectors(shared_data, symbols),
        levels=_levels(shared_data, start, end),
        facts=_facts(shared_data, symbols),
    )


def _spy(shared_data, start):
    frame = pd.read_csv(
        shared_data / "benchmarks" / "spy_daily_2000_2018.csv.gz", parse_dates=["Date"]
    )
    return {
        row["Date"].date(): row["Adj Close"]
        for _, row in frame.iterrows()
        if row["Date"].date() >= start
    }


def _levels(shared_data, start, end):
    path = shared_data / "benchmarks" / "vix_daily_1990_2018.csv.gz"
    frame = pd.read_csv(path, parse_dates=["DATE"])
    days = [day.date() for day in frame["DATE"]]
    prices = frame[["OPEN", "HIGH", "LOW", "CLOSE"]].to_numpy().tolist()
    return tuple(
        IndexLevel(
            series=VIX,
            session=day,
            open=opened,
            high=high,
            low=low,
            close=close,
            known_at=calendar.session_close(day),
        )
        for day, (opened, high, low, close) in zip(days, prices, strict=True)
        if start <= day <= end and calendar.is_session(day)
    )


def _members(shared_data, symbols):
    frame = pd.read_csv(
        shared_data / "reference" / "sp500_ticker_start_end.csv",
        parse_dates=["start_date", "end_date"],
    )
    return tuple(
        Membership(
            symbol=parse_symbol(row["ticker"]),
            start=row["start_date"].date(),
            end=None if pd.isna(row["end_date"]) else row["end_date"].date(),
        )
        for _, row in frame.iterrows()
        if parse_symbol(row["ticker"]) in symbols
    )


def _sectors(shared_data, symbols):
    frame = pd.read_csv(shared_data / "reference" / "securities_gics_2016.csv")
    sectors = zip(frame["Ticker Symbol"], frame["GICS Sector"], strict=True)
    return tuple(
        SectorAssignment(symbol=parse_symbol(ticker), sector=sector)
        for ticker, sector in sectors
        if parse_symbol(ticker) in symbols
    )


def _facts(shared_data, symbols):
    """Annual figures, known when they had been restated last: none earlier than they could be."""
    frame = pd.read_csv(
        shared_data / "fundamentals" / "simfin_us_income_annual_2000_2018.csv.gz",
        sep=";",
        parse_dates=["Report Date", "Publish Date", "Restated Date"],
    )
    frame = frame[frame["Ticker"].isin(symbols)]
    rows = []
    for _, row in frame.iterrows():
        known = max(row["Publish Date"], row["Restated Date"]).date()
        known_at = datetime.combine(known, time(21, 30), UTC).replace(tzinfo=None).isoformat()
        ends = row["Report Date"].date()
        begins = (ends - timedelta(days=364)).isoformat()
        for item, (column, sign) in INCOME.items():
            if pd.notna(row[column]):
                first = None if item is StatementItem.SHARES_OUTSTANDING else begins
                value = sign * row[column]
                rows.append((row["Ticker"], item, first, ends.isoformat(), value, known_at))
    return facts_of_rows(rows)
