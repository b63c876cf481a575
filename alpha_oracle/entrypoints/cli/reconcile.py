"""The book beside the broker's, and what an operator can ask of the worker about the account."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from alpha_oracle.domain.instants import utc_text
from alpha_oracle.domain.trading_records import OperatorRequestKind
from alpha_oracle.entrypoints.cli.kill_switch import ConfirmOption
from alpha_oracle.entrypoints.cli.options import operator_name, typed_word
from alpha_oracle.entrypoints.cli.output import JsonOption, print_facts, print_json, print_rows
from alpha_oracle.entrypoints.trading_documents import number
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from alpha_oracle.domain.trading_records import Reconciliation

ACCEPT_WORD: Final = "ACCEPT"
RESET_WORD: Final = "RESET"
TRANSFER_WORD: Final = "TRANSFER"
NOT_DONE: Final = "not done"
"""How the worker's answer begins to what it could not do."""

WaitOption = Annotated[
    float, typer.Option("--wait", min=0.0, help="Seconds to wait for the worker's answer.")
]
PATIENCE_SECONDS = 10.0


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    reconcile = typer.Typer(help="The book against the broker's: look at it, accept the broker's.")
    reconcile.command("show")(show)
    reconcile.command("accept")(accept)
    app.add_typer(reconcile, name="reconcile")
    risk = typer.Typer(help="What limits of losses count from.")
    risk.command("reset-peak")(reset_peak)
    risk.command("transfer")(transfer)
    app.add_typer(risk, name="risk")


def show(*, as_json: JsonOption = False) -> int:
    """The newest reconciliation, by symbol; 1 where book and broker differ, or nobody knows."""
    from alpha_oracle.bootstrap.operating import opened_operations

    with opened_operations(operator_name()) as operations:
        found = operations.last_reconciliations()
    if as_json:
        print_json([_document(one) for one in found])
    for one in () if as_json else found:
        _print(one)
    if not found and not as_json:
        typer.echo("no reconciliation yet; start `alpha-oracle worker`")
    return 0 if found and all(one.is_green for one in found) else 1


def accept(
    *,
    confirm: ConfirmOption = None,
    wait: WaitOption = PATIENCE_SECONDS,
    as_json: JsonOption = False,
) -> int:
    """Take the broker's shares and cash into the book; type ACCEPT; audited."""
    return _asked(
        OperatorRequestKind.ACCEPT_BROKER,
        word=ACCEPT_WORD,
        confirm=confirm,
        what="takes the broker's truth into the book",
        wait_seconds=wait,
        as_json=as_json,
    )


def reset_peak(
    *,
    confirm: ConfirmOption = None,
    wait: WaitOption = PATIENCE_SECONDS,
    as_json: JsonOption = False,
) -> int:
    """Let the drawdown count from the equity of now; type RESET; audited."""
    return _asked(
        OperatorRequestKind.RESET_PEAK,
        word=RESET_WORD,
        confirm=confirm,
        what="lets the drawdown count from the equity of now",
        wait_seconds=wait,
        as_json=as_json,
    )


def transfer(
    amount: Annotated[
        str, typer.Argument(metavar="USD", help="Deposited; below 0, after `--`: withdrawn.")
    ],
    *,
    confirm: ConfirmOption = None,
    wait: WaitOption = PATIENCE_SECONDS,
    as_json: JsonOption = False,
) -> int:
    """Note a deposit or a withdrawal: no profit and no loss; type TRANSFER; audited."""
    return _asked(
        OperatorRequestKind.TRANSFER,
        word=TRANSFER_WORD,
        confirm=confirm,
        what="moves the cash of the book, its peak and the day's base",
        wait_seconds=wait,
        as_json=as_json,
        amount_usd=_usd(amount),
    )


def _asked(
    kind: OperatorRequestKind,
    *,
    word: str,
    confirm: str | None,
    what: str,
    wait_seconds: float,
    as_json: bool,
    amount_usd: Decimal | None = None,
) -> int:
    if typed_word(confirm, word, what=what) != word:
        raise ConfigurationError(f"type {word} to confirm, exactly")

    from alpha_oracle.bootstrap.operating import opened_operations

    with opened_operations(operator_name()) as operations:
        account = operations.account()
        request = operations.ask(
            kind, account=account, wait_seconds=wait_seconds, amount_usd=amount_usd
        )
    answer = request.answer or "asked; the worker does it as soon as it runs and is reconciled"
    print_facts(
        {"request": request.request_id, "account": account, "answer": answer}, as_json=as_json
    )
    return 1 if answer.startswith(NOT_DONE) else 0


def _usd(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or not amount:
        raise ConfigurationError(f"{text!r} is no amount; give USD, like 2500 or -- -2500")
    return amount


def _print(found: Reconciliation) -> None:
    drift = "unknown" if found.drift_pct is None else f"{found.drift_pct:.4f} %"
    rows = _document(found)["mismatches"]
    agree = "agree in every share" if not rows else "differ"
    typer.echo(
        f"{found.account} at {utc_text(found.at)} ({found.occasion}): book and broker {agree}; "
        f"drift {drift}; the broker has {found.cash_difference_usd:+.2f} USD of cash beside ours"
    )
    if rows:
        print_rows(rows, title=f"Symbols that differ: {len(rows)}", empty="")
    for name in ("strangers", "foreign_orders"):
        orders = getattr(found, name)
        if orders:
            typer.echo(f"{name.replace('_', ' ')}: {', '.join(orders)}")


def _document(found: Reconciliation) -> dict[str, Any]:
    return {
        "account": found.account,
        "at": utc_text(found.at),
        "occasion": found.occasion,
        "green": found.is_green,
        "drift_pct": number(found.drift_pct),
        "cash_difference_usd": number(found.cash_difference_usd),
        "mismatches": [
            {
                "symbol": one.symbol,
                "book": one.book,
                "broker": one.broker,
                "price": number(one.price),
            }
            for one in found.mismatches
        ],
        "foreign_orders": list(found.foreign_orders),
        "strangers": list(found.strangers),
    }
