"""Instants as every document tells them."""

from datetime import UTC, datetime


def utc_text(instant: datetime) -> str:
    """Return an aware instant in ISO 8601, UTC, with a Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
