"""Every breaker and limit with its measured value and bound, by HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from alpha_oracle.entrypoints.api.answers import answering
from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.entrypoints.api.shapes import RiskStatus
from alpha_oracle.entrypoints.trading_documents import switch_document

router = APIRouter(prefix="/api/risk", tags=["risk"])


@router.get("/status", responses=answering(RiskStatus))
def status(services: ServicesOf) -> dict[str, Any]:
    """The kill switch, and what the worker measured last of each account.

    `age_seconds` says how long ago that was; an account that no worker ever measured is left out.
    """
    return {
        "kill_switch": switch_document(services.operations.switch_position()),
        "accounts": services.measurements(),
    }
