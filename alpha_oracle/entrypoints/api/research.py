"""What the pipeline left on record, by HTTP: signals, rankings and models."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from alpha_oracle.domain.models import ModelStage
from alpha_oracle.domain.signals import SignalPlace
from alpha_oracle.entrypoints.api import research_shapes
from alpha_oracle.entrypoints.api.answers import answering
from alpha_oracle.entrypoints.api.filters import OfSession, Strategy, Ticker, symbol_of
from alpha_oracle.entrypoints.api.paging import (
    After,
    AfterDay,
    AfterRank,
    Limit,
    cut_page,
    day_of,
    from_hex,
    instant_cursor,
    instant_place,
    to_hex,
)
from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.entrypoints.api.shapes import Page
from alpha_oracle.entrypoints.research_documents import model_document, rank_document

router = APIRouter(prefix="/api", tags=["research"])

OfStage = Annotated[ModelStage | None, Query(description="Only of this stage.")]


@router.get("/signals", responses=answering(Page[research_shapes.Signal]))
def signals(
    services: ServicesOf,
    *,
    session: OfSession = None,
    symbol: Ticker = None,
    strategy: Strategy = None,
    after: AfterDay = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Signals as they were announced, newest session first."""
    found = services.records.signals.signals(
        session=session,
        symbol=symbol_of(symbol),
        strategy=strategy,
        after=None if after is None else _signal_place(after),
        limit=limit + 1,
    )
    return cut_page([dict(one) for one in found], limit, _signal_cursor)


@router.get("/rankings", responses=answering(Page[research_shapes.Rank]))
def rankings(
    services: ServicesOf,
    *,
    session: OfSession = None,
    strategy: Strategy = None,
    after: AfterRank = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Rankings, newest session first, best strategy first."""
    found = services.records.rankings.rankings(
        session=session,
        strategy=strategy,
        after=None if after is None else _rank_place(after),
        limit=limit + 1,
    )
    return cut_page([rank_document(one) for one in found], limit, _rank_cursor)


@router.get("/models", responses=answering(Page[research_shapes.Model]))
def models(
    services: ServicesOf, *, stage: OfStage = None, after: After = None, limit: Limit = 100
) -> dict[str, Any]:
    """Trained models, newest first, with how each was judged."""
    found = services.records.models.models(
        stage=stage, after=None if after is None else instant_place(after), limit=limit + 1
    )
    return cut_page([model_document(one) for one in found], limit, _model_cursor)


def _signal_cursor(document: dict[str, Any]) -> str:
    names = (to_hex(document[name]) for name in ("strategy", "symbol", "direction"))
    return f"{date.fromisoformat(document['session']).toordinal()}.{'.'.join(names)}"


def _signal_place(cursor: str) -> SignalPlace:
    day, *names = cursor.split(".")
    return SignalPlace(day_of(day), *map(from_hex, names))


def _rank_cursor(document: dict[str, Any]) -> str:
    return f"{date.fromisoformat(document['session']).toordinal()}.{document['rank']}"


def _rank_place(cursor: str) -> tuple[date, int]:
    day, _, rank = cursor.partition(".")
    return day_of(day), int(rank)


def _model_cursor(document: dict[str, Any]) -> str:
    return instant_cursor(datetime.fromisoformat(document["trained_at"]), document["model_id"])
