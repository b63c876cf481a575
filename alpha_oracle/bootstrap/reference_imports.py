"""What a person's files of reference data hold, taken into the stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.adapters.files.levels import read_levels
from alpha_oracle.adapters.files.reader import SOURCE
from alpha_oracle.adapters.finra.files import read_short_interest
from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.domain.levels import VIX
from alpha_oracle.marketdata.reference import imports
from alpha_oracle.marketdata.universe import followed_symbols

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from alpha_oracle.domain.fundamentals import ReceivedFacts
    from alpha_oracle.domain.insiders import ReceivedFilings
    from alpha_oracle.marketdata.reference.imports import ReferenceImport


def take_statements(received: ReceivedFacts) -> ReferenceImport:
    """Store statements."""
    with open_runtime() as runtime:
        families, at = runtime.reference.families, runtime.clock.now()
        return imports.import_statements(received, families, source=SOURCE, at=at)


def take_filings(received: ReceivedFilings, *, covers_from: date | None) -> ReferenceImport:
    """Store ownership filings; `covers_from` as `import_filings` has it."""
    with open_runtime() as runtime:
        families, at = runtime.reference.families, runtime.clock.now()
        return imports.import_filings(
            received, families, source=SOURCE, at=at, covers_from=covers_from
        )


def take_short_interest(path: Path) -> ReferenceImport:
    """Read and store a file of short interest: whose shares they are, the symbols we have tell.

    Raises:
        DataError: the file cannot be read; nothing is stored.
    """
    with open_runtime() as runtime:
        symbols, at = followed_symbols(runtime.market_stores), runtime.clock.now()
        received = read_short_interest(path, symbols=symbols, now=at)
        families = runtime.reference.families
        return imports.import_short_interest(received, families, source=SOURCE, at=at)


def take_levels(path: Path) -> ReferenceImport:
    """Read and store a history of VIX.

    Raises:
        DataError: the file cannot be read; nothing is stored.
    """
    with open_runtime() as runtime:
        families, at = runtime.reference.families, runtime.clock.now()
        received = read_levels(path, VIX, now=at)
        return imports.import_levels(received, families, source=SOURCE, at=at)
