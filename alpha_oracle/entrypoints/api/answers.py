"""What a route answers where it refuses nothing, for the description of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


def answering(shape: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's `responses` of a route that answers in this shape."""
    return {200: {"model": shape}}
