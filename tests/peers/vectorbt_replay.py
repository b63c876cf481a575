"""Lists of orders traded by vectorbt, told as our replays are."""

import numpy as np
import pandas as pd
import vectorbt


def traded_by_vectorbt(market, rows, *, capital, per_share, fraction, slippage_fraction):
    """Fills `(row, symbol, signed quantity, price, commission)`, cash and equity by session.

    Each order stands on the session after its own, at that open; a commission a share is a fixed
    fee of the order. Cash is shared; within a session sales come first, then as listed. It knows
    one order a symbol and session, and nothing of splits and dividends.
    """
    shape = market.traded_open.shape
    size, turns = np.full(shape, np.nan), np.full(shape, np.inf)
    for turn, (row, symbol, quantity) in enumerate(rows):
        if row + 1 < shape[0]:
            place = row + 1, market.symbols.index(symbol)
            size[place] = quantity
            turns[place] = turn + (len(rows) if quantity > 0 else 0)
    index = pd.DatetimeIndex(market.sessions.astype("datetime64[ns]"))
    portfolio = vectorbt.Portfolio.from_orders(
        pd.DataFrame(market.traded_close, index=index, columns=list(market.symbols)),
        size=size,
        size_type="amount",
        direction="longonly",
        price=market.traded_open,
        fees=fraction,
        fixed_fees=np.abs(np.nan_to_num(size)) * per_share,
        slippage=slippage_fraction,
        init_cash=capital,
        cash_sharing=True,
        group_by=True,
        call_seq=np.argsort(turns, axis=1, kind="stable"),
        allow_partial=False,
        fillna_close=True,
        freq="1D",
    )
    fills = [
        (
            int(record["idx"]),
            market.symbols[record["col"]],
            int(record["size"]) * (1 if record["side"] == 0 else -1),
            float(record["price"]),
            float(record["fees"]),
        )
        for record in portfolio.orders.records_arr
    ]
    return fills, portfolio.cash().to_numpy(), portfolio.value().to_numpy()
