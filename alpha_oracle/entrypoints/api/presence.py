"""An operator's sign of life, by HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from alpha_oracle.domain.instants import utc_text
from alpha_oracle.entrypoints.api.access import Caller, operator
from alpha_oracle.entrypoints.api.answers import answering
from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.entrypoints.api.shapes import Heartbeat

router = APIRouter(tags=["presence"])

HEARTBEAT = "heartbeat"


@router.post("/api/heartbeat", responses=answering(Heartbeat))
def heartbeat(services: ServicesOf, caller: Annotated[Caller, Depends(operator)]) -> dict[str, Any]:
    """Say that an operator is there: the dead man switch counts from now."""
    operations = services.operations_of(caller.name)
    operations.note(HEARTBEAT)
    return {"by": caller.name, "at": utc_text(operations.clock.now())}
