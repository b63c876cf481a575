"""Files that another process reads while they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that a reader finds whole or not at all."""
    part = file.with_suffix(".part")
    part.write_bytes(content)
    part.replace(file)
