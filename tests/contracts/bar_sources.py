"""Every bar source, filled with the same half year, for the suite they all must pass.

A maker is a context manager: vendors need a peer to talk to while their source is used.
"""

import hashlib
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from alpha_oracle.adapters.files.source import FilesBarSource
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.market import PriceBasis
from tests.fakes.bar_source import InMemoryBarSource

START = date(2016, 1, 4)
MIDDLE = date(2016, 3, 31)
END = date(2016, 6, 30)
MARKET = SyntheticSettings(seed=3, symbols=8, start=START)
COLUMNS = ("open", "high", "low", "close", "volume")


@contextmanager
def synthetic(folder):
    """The generated market."""
    yield SyntheticBarSource(MARKET)


@contextmanager
def files(folder):
    """The same bars in a CSV file."""
    path = Path(folder) / "bars.csv"
    if not path.exists():
        as_table(half_year().bars).to_csv(path, index=False)
    yield FilesBarSource(path=path, prices=PriceBasis.RAW)


@contextmanager
def in_memory(folder):
    """The fake that other tests use."""
    yield InMemoryBarSource(holds=half_year())


MAKERS = {maker.__name__: maker for maker in (synthetic, files, in_memory)}


def half_year():
    """What the generated market says of its first half year."""
    source = SyntheticBarSource(MARKET)
    return source.fetch(source.symbols(START), start=START, end=END)


def symbols_of(source):
    """The symbols of the market, also where the source cannot say."""
    return source.symbols(START) or SyntheticBarSource(MARKET).symbols(START)


def as_table(bars):
    """Bars as the table a file holds."""
    return pd.DataFrame(
        {
            "symbol": np.array(bars.symbols)[bars.symbol_index],
            "date": bars.session,
            **{name: getattr(bars, name) for name in COLUMNS},
        }
    )


def digest(bars):
    """A digest of all that is in bars."""
    whole = hashlib.sha256(repr(bars.symbols).encode())
    for field in fields(bars)[1:]:
        whole.update(np.ascontiguousarray(getattr(bars, field.name)).tobytes())
    return whole.hexdigest()
