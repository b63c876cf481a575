"""Orders that wait for a human, by HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from alpha_oracle.domain.trading_records import ApprovalStatus
from alpha_oracle.entrypoints.api.access import Caller, operator
from alpha_oracle.entrypoints.api.answers import answering
from alpha_oracle.entrypoints.api.filters import Account
from alpha_oracle.entrypoints.api.paging import After, Limit, page_document, traded_cursor
from alpha_oracle.entrypoints.api.problems import Problem, problems_of
from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.entrypoints.api.shapes import Approval, Page
from alpha_oracle.entrypoints.trading_documents import approval_document
from alpha_oracle.errors import ConfigurationError

router = APIRouter(prefix="/api/approvals", tags=["approvals"])

OrderId = Annotated[str, Path(min_length=1, max_length=64, pattern="^[0-9a-z-]+$")]
Deciding = Annotated[Caller, Depends(operator)]
DECIDED = answering(Approval) | problems_of(HTTPStatus.CONFLICT)


@router.get("", responses=answering(Page[Approval]))
def show(
    services: ServicesOf,
    *,
    status: ApprovalStatus | None = ApprovalStatus.WAITING,
    account: Account = None,
    after: After = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Orders that wait for a human, or did, by when they began to."""
    page = services.operations.records.approvals(
        account=account, status=status, after=traded_cursor(after), limit=limit
    )
    return page_document(page, approval_document)


@router.post("/{order_id}/approve", responses=DECIDED)
def approve(order_id: OrderId, services: ServicesOf, caller: Deciding) -> dict[str, Any]:
    """Let an order be sent: the worker runs every check again on what is known then."""
    return _decided(order_id, services, caller, wanted=ApprovalStatus.APPROVED)


@router.post("/{order_id}/reject", responses=DECIDED)
def reject(order_id: OrderId, services: ServicesOf, caller: Deciding) -> dict[str, Any]:
    """Refuse an order for good."""
    return _decided(order_id, services, caller, wanted=ApprovalStatus.REJECTED)


def _decided(
    order_id: str, services: ServicesOf, caller: Caller, *, wanted: ApprovalStatus
) -> dict[str, Any]:
    try:
        found = services.operations_of(caller.name).decide(
            order_id, approve=wanted is ApprovalStatus.APPROVED
        )
    except ConfigurationError as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error)) from None
    if found.status is not wanted:
        by = f" by {found.decided_by}" if found.decided_by else ""
        detail = f"the order was decided before: it is {found.status.value}{by}"
        raise Problem(HTTPStatus.CONFLICT, detail, approval=approval_document(found))
    return approval_document(found)
