"""How a person's files are read. No store is opened: a file nobody can read is told at once."""

from alpha_oracle.adapters.edgar.ownership_files import read_ownership_files
from alpha_oracle.adapters.files.reader import read_bars
from alpha_oracle.adapters.files.reference import read_actions, read_members, read_sectors
from alpha_oracle.adapters.files.statements import read_statements

__all__ = [
    "read_actions",
    "read_bars",
    "read_members",
    "read_ownership_files",
    "read_sectors",
    "read_statements",
]
