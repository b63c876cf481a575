"""Lists of orders traded by backtrader, told as our replays are."""

import warnings
from collections import defaultdict

import pandas as pd

with warnings.catch_warnings():
    # Its docstrings hold what Python 3.12 warns of.
    warnings.filterwarnings("ignore", "invalid escape sequence", SyntaxWarning)
    warnings.filterwarnings("ignore", "invalid escape sequence", DeprecationWarning)
    import backtrader


def traded_by_backtrader(market, rows, *, capital, per_share, fraction, slippage_fraction):
    """Fills `(row, symbol, signed quantity, price, commission)`, cash and equity by session.

    Market orders of a session's `next` fill at the next open, beyond the bar's range where slippage
    takes them there; sales are sent first, then as listed. It would sell short, so a sale of more
    than is held is not sent. Cash is checked where an order fills, not where it is sent. Every
    symbol must have a bar on every session; it knows nothing of splits and dividends.
    """
    cerebro = backtrader.Cerebro(stdstats=False)
    broker = cerebro.broker
    broker.setcash(capital)
    broker.set_checksubmit(False)
    broker.set_slippage_perc(slippage_fraction, slip_open=True, slip_match=True, slip_out=True)
    if per_share:
        kind = backtrader.CommInfoBase.COMM_FIXED
        broker.setcommission(commission=per_share, commtype=kind, stocklike=True)
    else:
        broker.setcommission(commission=fraction)
    for column, symbol in enumerate(market.symbols):
        cerebro.adddata(_feed(market, column), name=symbol)
    cerebro.addstrategy(_Listed, rows=rows)
    [run] = cerebro.run()
    return run.fills, run.cash, run.equity


class _Listed(backtrader.Strategy):
    params = (("rows", ()),)

    def __init__(self):
        self.fills, self.cash, self.equity = [], [], []
        self._due = defaultdict(list)
        for row, symbol, quantity in self.p.rows:
            self._due[row].append((symbol, quantity))

    def next(self):
        self.cash.append(self.broker.getcash())
        self.equity.append(self.broker.getvalue())
        due = self._due[len(self) - 1]
        left = {data._name: self.getposition(data).size for data in self.datas}
        for symbol, quantity in due:
            if quantity < 0 and left[symbol] >= -quantity:
                left[symbol] += quantity
                self.sell(data=self.getdatabyname(symbol), size=-quantity)
        for symbol, quantity in due:
            if quantity > 0:
                self.buy(data=self.getdatabyname(symbol), size=quantity)

    def notify_order(self, order):
        if order.status == order.Completed:
            done = order.executed
            fill = (len(self) - 1, order.data._name, int(done.size), done.price, done.comm)
            self.fills.append(fill)


def _feed(market, column):
    opened, closed = market.traded_open[:, column], market.traded_close[:, column]
    frame = pd.DataFrame(
        {
            "open": opened,
            "high": market.high[:, column],
            "low": market.low[:, column],
            "close": closed,
            "volume": market.volume[:, column],
            "openinterest": 0.0,
        },
        index=pd.DatetimeIndex(market.sessions.astype("datetime64[ns]")),
    )
    return backtrader.feeds.PandasData(dataname=frame)
