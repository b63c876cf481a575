"""The kill switch by HTTP: the same words, the same rules, the same record."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from alpha_oracle.entrypoints.api.access import Caller, operator
from alpha_oracle.entrypoints.api.answers import answering
from alpha_oracle.entrypoints.api.problems import Problem, problems_of
from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.entrypoints.api.shapes import KillSwitch
from alpha_oracle.entrypoints.trading_documents import switch_document
from alpha_oracle.risk.kill_switch import RefusedChange

router = APIRouter(prefix="/api/risk/kill-switch", tags=["kill switch"])

CONFLICT = problems_of(HTTPStatus.CONFLICT)


class Activation(BaseModel):
    """The word that halts all trading, and why."""

    model_config = ConfigDict(extra="forbid")
    confirmation: Literal["KILL"]
    reason: str = Field(default="by hand", min_length=1, max_length=500)


class Resumption(BaseModel):
    """The word that lets trading go on."""

    model_config = ConfigDict(extra="forbid")
    confirmation: Literal["RESUME"]


@router.get("", responses=answering(KillSwitch))
def show(services: ServicesOf) -> dict[str, Any]:
    """Where the switch stands: in the database, in its mirror, and since when."""
    return switch_document(services.operations.switch_position())


@router.post("/activate", responses=answering(KillSwitch) | CONFLICT)
def activate(
    body: Activation, services: ServicesOf, caller: Annotated[Caller, Depends(operator)]
) -> dict[str, Any]:
    """Halt all trading and cancel every working order; repeating it restarts the cool-down."""
    operations = services.operations_of(caller.name)
    changed = operations.activate(body.confirmation, reason=body.reason)
    if isinstance(changed, RefusedChange):
        raise Problem(HTTPStatus.CONFLICT, changed.reason)
    return switch_document(operations.switch_position())


@router.post("/deactivate", responses=answering(KillSwitch) | CONFLICT)
def deactivate(
    body: Resumption, services: ServicesOf, caller: Annotated[Caller, Depends(operator)]
) -> dict[str, Any]:
    """Let trading go on, once it has cooled down and book and broker agree."""
    operations = services.operations_of(caller.name)
    changed = operations.resume(body.confirmation)
    position = operations.switch_position()
    if isinstance(changed, RefusedChange):
        raise Problem(
            HTTPStatus.CONFLICT, changed.reason, remaining_minutes=position.remaining_minutes
        )
    return switch_document(position)
