"""Verbs that read what is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.entrypoints.cli.options import DateOption, LimitOption
from alpha_oracle.entrypoints.cli.output import JsonOption, print_json, print_rows
from alpha_oracle.entrypoints.research_documents import rank_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import typer

    from alpha_oracle.domain.ranking import StrategyRank

SIGNAL_COLUMNS = ("session", "strategy", "symbol", "direction", "strength", "reference_price")


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("signals")(show_signals)
    app.command("rankings")(show_rankings)


def show_signals(
    *, date: DateOption = None, limit: LimitOption = 1000, as_json: JsonOption = False
) -> None:
    """Signals on record, newest session first."""
    from alpha_oracle.bootstrap.records import opened_records

    with opened_records() as records:
        documents = records.signals.signals(session=date, limit=limit)
    if as_json:
        print_json([dict(document) for document in documents])
        return
    print_signals(documents, title=f"Signals of {date}" if date else "Signals, newest first")


def show_rankings(
    *, date: DateOption = None, limit: LimitOption = 1000, as_json: JsonOption = False
) -> None:
    """Rankings on record, newest session first, best strategy first."""
    from alpha_oracle.bootstrap.records import opened_records

    with opened_records() as records:
        ranking = records.rankings.rankings(session=date, limit=limit)
    print_ranking(ranking, as_json=as_json)


def print_signals(
    documents: Sequence[Mapping[str, object]], *, title: str, limit: int | None = None
) -> None:
    """Print signal documents as a table, `limit` of them at most."""
    shown = documents[:limit]
    rows = [{column: document[column] for column in SIGNAL_COLUMNS} for document in shown]
    part = f", the first {len(shown)} of them" if len(shown) < len(documents) else ""
    print_rows(rows, title=f"{title}: {len(documents)}{part}", empty="no signals")


def print_ranking(ranking: Sequence[StrategyRank], *, as_json: bool) -> None:
    """Print a ranking, or those of several sessions, in the order given."""
    if as_json:
        print_json([rank_document(rank) for rank in ranking])
        return
    sessions = {rank.session for rank in ranking}
    title = f"Ranking of {ranking[0].session}" if len(sessions) == 1 else "Rankings, newest first"
    rows = [rank_row(rank) for rank in ranking]
    if len(sessions) > 1:
        rows = [{"session": rank.session} | row for rank, row in zip(ranking, rows, strict=True)]
    print_rows(rows, title=title, empty="no session is ranked yet")


def rank_row(rank: StrategyRank) -> dict[str, object]:
    """A rank as a row a person reads."""
    metrics = rank.metrics
    return {
        "rank": rank.rank,
        "strategy": rank.strategy,
        "composite": rank.composite,
        "sharpe": metrics.sharpe,
        "deflated": None if rank.evidence is None else rank.evidence.deflated_sharpe,
        "sortino": metrics.sortino,
        "drawdown_pct": metrics.max_drawdown_pct,
        "profit_factor": metrics.profit_factor,
        "trades": metrics.trades,
        "windows": rank.windows,
        "may_trade": "yes" if rank.is_eligible else "no: " + "; ".join(rank.refusals),
    }
