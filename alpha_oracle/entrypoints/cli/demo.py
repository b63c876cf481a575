"""The demo: the whole trading day once, on stores of its own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.entrypoints.cli.options import DateOption
from alpha_oracle.entrypoints.cli.output import JsonOption, print_json, print_rows, progress_shown
from alpha_oracle.entrypoints.cli.research import print_run, report_document, run_flow
from alpha_oracle.entrypoints.trading_documents import (
    fill_document,
    number,
    order_document,
    order_row,
    position_documents,
    position_rows,
)

if TYPE_CHECKING:
    from alpha_oracle.bootstrap.demo import DemoMarket
    from alpha_oracle.bootstrap.demo_trading import TradedDay
    from alpha_oracle.config import Settings
    from alpha_oracle.domain.runs import PipelineReport


SHOWN = 20
"""Orders printed; `--json` has all."""


def register(app: typer.Typer) -> None:
    """Add this verb."""
    app.command("demo")(run_demo)


def run_demo(
    *,
    bars: Annotated[
        Path | None,
        typer.Option("--bars", help="Real bars: a file or folder. Else a generated market."),
    ] = None,
    date: DateOption = None,
    prices: Annotated[
        PriceBasis | None,
        typer.Option("--prices", help="What the file holds; else told from its adj_close."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep the Prefect UI open at the end, until Ctrl-C.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """The whole trading day once, on embedded stores under home/demo."""
    from alpha_oracle.bootstrap.demo import choose_market, prepare_demo
    from alpha_oracle.config import load_settings

    home = load_settings().home
    say = _Narrator(quiet=as_json)
    if bars is not None:
        say.line(f"Reading {bars}")
    market = choose_market(bars, prices=prices, session=date)
    settings = prepare_demo(home, market)
    say.stage("preparation")
    report, traded = _play(settings, market, say=say, watch=watch)
    if as_json:
        print_json({**report_document(report), **_traded_document(traded), "seconds": say.stages})
    else:
        _print_day(report, traded, say=say)
    return 0 if traded.is_whole else 1


def _play(
    settings: Settings, market: DemoMarket, *, say: _Narrator, watch: bool
) -> tuple[PipelineReport, TradedDay]:
    from alpha_oracle.bootstrap.demo import load_history
    from alpha_oracle.bootstrap.orchestration import prefect_api

    what = (
        f"{market.prices.value.replace('_', '-')} bars of {market.path}"
        if market.path
        else "a generated (synthetic) market"
    )
    say.line(f"Playing {market.session} on {what}; all of it is under {settings.home}")
    with prefect_api(settings.home) as api:
        say.stage("stores and Prefect server")
        with progress_shown(quiet=say.quiet):
            from alpha_oracle.bootstrap.pipeline import open_runtime

            with open_runtime() as runtime:
                say.stage("libraries")
                history = load_history(runtime, market)
        say.stage("history")
        say.line(
            f"History: {history.received:,} bars received, {history.stored.inserted:,} stored, "
            f"{history.quarantined + history.unreadable:,} held back"
        )
        report = run_flow(lambda: _pipeline(market), quiet=say.quiet)
        say.stage("daily pipeline")
        from alpha_oracle.bootstrap.demo_trading import trade_session_after

        traded = trade_session_after(market.session)
        say.stage("the session after")
        if watch:
            _wait_for_reader(api)
    return report, traded


def _pipeline(market: DemoMarket) -> PipelineReport:
    from flows.daily_pipeline import daily_pipeline

    return cast("PipelineReport", daily_pipeline(market.session))


def _wait_for_reader(api: str) -> None:
    typer.echo(f"The run is at {api.removesuffix('/api')}/runs ; Ctrl-C ends the demo.", err=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        typer.echo("", err=True)


def _traded_document(traded: TradedDay) -> dict[str, Any]:
    return {
        "traded_session": traded.session.isoformat(),
        "orders": [order_document(order) for order in traded.orders],
        "fills": [fill_document(fill) for fill in traded.fills],
        "positions": position_documents(traded.account.account, traded.positions),
        "cash": number(traded.account.cash_usd),
    }


def _print_day(report: PipelineReport, traded: TradedDay, *, say: _Narrator) -> None:
    from alpha_oracle.bootstrap.demo import told_refusals

    print_run(report)
    _print_trading(traded)
    typer.echo("The demo lowers the thresholds so that signals show. By the real ones:")
    for line in told_refusals(report.rankings):
        typer.echo(f"  {line}")
    typer.echo("Seconds: " + ", ".join(f"{name} {took:.1f}" for name, took in say.stages.items()))


def _print_trading(traded: TradedDay) -> None:
    orders, filled = traded.orders, [one for one in traded.orders if one.filled_quantity]
    print_rows(
        [order_row(order) for order in orders[:SHOWN]],
        title=f"Orders on {traded.session}, in virtual time at the simulated broker: {len(orders)}"
        f", {len(filled)} of them executed",
        empty=f"no orders on {traded.session}",
    )
    print_rows(
        position_rows(traded.positions),
        title=f"Positions at the close: {len(traded.positions)}",
        empty="no positions at the close",
    )
    typer.echo(f"{len(traded.fills)} executions; cash {traded.account.cash_usd:,.2f} USD")


class _Narrator:
    """Tells what happens, and how long each stage took."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.stages: dict[str, float] = {}
        self._since = time.monotonic()

    def line(self, text: str) -> None:
        """Say a line."""
        if not self.quiet:
            typer.echo(text)

    def stage(self, name: str) -> None:
        """End a stage."""
        now = time.monotonic()
        self.stages[name], self._since = now - self._since, now
