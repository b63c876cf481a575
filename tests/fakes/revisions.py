"""Rows with every revision, in memory."""

from dataclasses import replace

from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.errors import DataError


def store(versions, rows, *, key, received_at):
    """Add to `versions`, a list by key, oldest first; return what became of the rows."""
    given = {}
    for row in rows:
        if given.setdefault(key(row), row) != row:
            raise DataError(f"{key(row)} is given twice")
    inserted = corrected = 0
    for name, row in given.items():
        known = versions.setdefault(name, [])
        if not known:
            known.append(row)
            inserted += 1
        elif replace(row, known_at=known[-1].known_at) != known[-1]:
            known.append(replace(row, known_at=max(row.known_at, received_at, known[-1].known_at)))
            corrected += 1
    unchanged = len(given) - inserted - corrected
    return StoreReport(inserted=inserted, unchanged=unchanged, corrected=corrected)
