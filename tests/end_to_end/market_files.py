"""The small generated market as a file of bars."""

from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from tests.end_to_end.worlds import MARKET

HEADER = "symbol,date,open,high,low,close,volume"


def write_bars(file, symbols, *, start, end):
    """Write the raw bars of some symbols as CSV, both sessions included."""
    source = SyntheticBarSource(SyntheticSettings(**MARKET))
    bars = source.fetch(symbols, start=start, end=end).bars
    columns = (bars.session, bars.open, bars.high, bars.low, bars.close, bars.volume)
    names = (bars.symbols[code] for code in bars.symbol_index)
    lines = [",".join(map(str, row)) for row in zip(names, *columns, strict=True)]
    file.write_text("\n".join([HEADER, *lines]))
