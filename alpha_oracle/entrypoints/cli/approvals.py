"""Orders that wait for a human: which there are, and what is said to them."""

from __future__ import annotations

from typing import Annotated

import typer

from alpha_oracle.entrypoints.cli.options import LimitOption, operator_name
from alpha_oracle.entrypoints.cli.output import JsonOption, print_facts, print_json, print_rows
from alpha_oracle.entrypoints.trading_documents import approval_document

OrderArgument = Annotated[str, typer.Argument(metavar="ID", help="An id from `approvals list`.")]


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    approvals = typer.Typer(help="Orders waiting for a human: look at them, decide them.")
    approvals.command("list")(list_approvals)
    approvals.command("approve")(approve)
    approvals.command("reject")(reject)
    app.add_typer(approvals, name="approvals")


def list_approvals(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those decided before too.")] = False,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
) -> None:
    """Orders that wait for a human, newest first."""
    from alpha_oracle.bootstrap.operating import opened_operations
    from alpha_oracle.domain.trading_records import ApprovalStatus

    status = None if everything else ApprovalStatus.WAITING
    with opened_operations(operator_name()) as operations:
        found = operations.records.approvals(status=status, limit=limit).rows
    documents = [approval_document(one) for one in found]
    if as_json:
        print_json(documents)
        return
    print_rows(documents, title=f"Approvals: {len(found)}", empty="no order waits for a human")


def approve(order_id: OrderArgument, *, as_json: JsonOption = False) -> int:
    """Let an order be sent, if every check still lets it on what is known now."""
    return _decide(order_id, is_approved=True, as_json=as_json)


def reject(order_id: OrderArgument, *, as_json: JsonOption = False) -> int:
    """Refuse an order for good."""
    return _decide(order_id, is_approved=False, as_json=as_json)


def _decide(order_id: str, *, is_approved: bool, as_json: bool) -> int:
    from alpha_oracle.bootstrap.operating import opened_operations
    from alpha_oracle.domain.trading_records import ApprovalStatus

    wanted = ApprovalStatus.APPROVED if is_approved else ApprovalStatus.REJECTED
    with opened_operations(operator_name()) as operations:
        found = operations.decide(order_id, approve=is_approved)
    print_facts(approval_document(found), as_json=as_json)
    return 0 if found.status is wanted else 1
