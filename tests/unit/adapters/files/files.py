"""Bar files for tests, written as the exports in circulation write them."""

from textwrap import dedent

from alpha_oracle.adapters.files.reader import read_bars
from alpha_oracle.domain.market import PriceBasis

LONG = """
symbol,date,open,high,low,close,volume
AAPL,2016-01-04,102.61,105.37,102.0,105.35,67649400
MSFT,2016-01-04,54.32,54.8,53.39,54.8,53778000
AAPL,2016-01-05,105.75,105.85,102.41,102.71,55791000
"""
AAPL_ONLY = """
Date,Open,High,Low,Close,Adj Close,Volume
2016-01-04,102.61,105.37,102.0,105.35,99.5,67649400
2016-01-05,105.75,105.85,102.41,102.71,97.0,55791000
"""


def write(path, text):
    """Write a file of dedented text; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def read(path, prices=PriceBasis.SPLIT_ADJUSTED):
    """Read a file as bars of split-adjusted prices, unless told otherwise."""
    return read_bars(path, prices=prices)


def rows(bars):
    """Bars as tuples of symbol, session, close and volume."""
    return [
        (bars.symbols[code], str(session), close, volume)
        for code, session, close, volume in zip(
            bars.symbol_index.tolist(),
            bars.session,
            bars.close.tolist(),
            bars.volume.tolist(),
            strict=True,
        )
    ]
