"""What the pipeline left on record, by HTTP: signals, rankings and models."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query

from alpha_oracle.domain.signals import SignalPlace
from alpha_oracle.entrypoints.api.paging import After, Limit, decoded, encoded
from alpha_oracle.entrypoints.api.problems import Problem
from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.entrypoints.research_documents import model_document, rank_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

router = APIRouter(prefix="/api", tags=["research"])

OfSession = Annotated[date | None, Query(description="Only of this session.")]


@router.get("/signals")
def signals(
    services: ServicesOf, *, session: OfSession = None, after: After = None, limit: Limit = 100
) -> dict[str, Any]:
    """Signals as they were announced, newest session first."""
    parts = _parts(after, 4)
    place = SignalPlace(_day(parts[0]), *parts[1:]) if parts else None
    found = services.records.signals.signals(session=session, after=place, limit=limit + 1)
    names = ("session", "strategy", "symbol", "direction")
    return _page(
        [dict(one) for one in found], limit, lambda one: [str(one[name]) for name in names]
    )


@router.get("/rankings")
def rankings(
    services: ServicesOf, *, session: OfSession = None, after: After = None, limit: Limit = 100
) -> dict[str, Any]:
    """Rankings, newest session first, best strategy first."""
    parts = _parts(after, 2)
    place = (_day(parts[0]), _whole_number(parts[1])) if parts else None
    found = services.records.rankings.rankings(session=session, after=place, limit=limit + 1)
    return _page(
        [rank_document(one) for one in found],
        limit,
        lambda one: [one["session"], str(one["rank"])],
    )


@router.get("/models")
def models(services: ServicesOf, *, after: After = None, limit: Limit = 100) -> dict[str, Any]:
    """Trained models, newest first, with how each was judged."""
    parts = _parts(after, 2)
    place = (_instant(parts[0]), parts[1]) if parts else None
    found = services.records.models.models(after=place, limit=limit + 1)
    return _page(
        [model_document(one) for one in found],
        limit,
        lambda one: [one["trained_at"], one["model_id"]],
    )


def _page(
    documents: Sequence[dict[str, Any]], limit: int, place: Callable[[dict[str, Any]], list[str]]
) -> dict[str, Any]:
    # One more than was asked for says that there is a page after this one.
    items = documents[:limit]
    return {"items": items, "next": encoded(place(items[-1])) if len(documents) > limit else None}


def _parts(after: str | None, count: int) -> list[str] | None:
    return None if after is None else decoded(after, count=count)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _no_place() from None


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _no_place() from None
    if instant.tzinfo is None:
        raise _no_place()
    return instant


def _whole_number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004 - what an integer column holds.
        raise _no_place()
    return int(text)


def _no_place() -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "query.after: give `next` of the page before")
