"""Feature rows as a Parquet file for others to read."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


def write_features(
    path: Path,
    sessions: NDArray[np.datetime64],
    symbols: Sequence[str],
    *,
    values: Mapping[str, NDArray[np.float32]],
) -> None:
    """Write one row a session and symbol, one column a feature; whole or not at all.

    Raises:
        ConfigurationError: the file cannot be written there.
    """
    columns = {"session": pa.array(sessions), "symbol": pa.array(list(symbols), pa.string())}
    table = pa.table(columns | {name: pa.array(column) for name, column in values.items()})
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".features-") as folder:
            part = Path(folder) / path.name
            pq.write_table(table, part, compression="zstd")
            part.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror or error}") from None
