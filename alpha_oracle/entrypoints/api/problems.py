"""Refusals as RFC 9457 problem documents: what is wrong, and what to do about it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from alpha_oracle.entrypoints.api.headers import GUARDS
from alpha_oracle.errors import (
    AlphaOracleError,
    ContradictsRecord,
    DataError,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5

_STATUS: Final[Mapping[type[AlphaOracleError], HTTPStatus]] = {
    ContradictsRecord: HTTPStatus.CONFLICT,
    DataError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TransientError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Problem(Exception):  # noqa: N818 - it is what RFC 9457 calls the answer.
    """Ends a request with a problem document; `facts` are further members of it."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.facts = facts


def problem_answer(problem: Problem) -> JSONResponse:
    """Return the answer that tells a problem."""
    status = problem.status
    content = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": problem.detail,
    }
    return JSONResponse(
        content | problem.facts,
        status_code=status.value,
        headers=GUARDS | problem.headers,
        media_type=MEDIA_TYPE,
    )


def routing_problem(error: Exception) -> Problem:
    """Return what the framework itself refused as a problem; whoever may GET may HEAD."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if headers.get("Allow") == "GET":
        headers["Allow"] = "GET, HEAD"
    return Problem(HTTPStatus(error.status_code), str(error.detail), headers=headers)


def problems_of(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return these refusals as OpenAPI's `responses`."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status.value: {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


EVERYWHERE: Final = problems_of(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.LENGTH_REQUIRED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""What any request may be refused with."""

_SCHEMA: Final = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "What is wrong with the request, each with its place in it.",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
        "remaining_minutes": {
            "type": "integer",
            "description": "Until when no resume is considered.",
        },
        "approval": {"$ref": "#/components/schemas/Approval"},
    },
}


def described(openapi: dict[str, Any]) -> dict[str, Any]:
    """Return a description of an API with what a problem looks like."""
    components = openapi.get("components", {})
    schemas = components.get("schemas", {}) | {"Problem": _SCHEMA}
    return openapi | {"components": components | {"schemas": schemas}}


def register(app: FastAPI) -> None:
    """Have an application tell every refusal and failure as a problem."""

    @app.exception_handler(Problem)
    def tell(_: Request, problem: Problem) -> JSONResponse:
        return problem_answer(problem)

    @app.exception_handler(HTTPException)
    def tell_routing(_: Request, error: HTTPException) -> JSONResponse:
        return problem_answer(routing_problem(error))

    @app.exception_handler(RequestValidationError)
    def tell_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            {"where": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()
        ]
        told = "; ".join(f"{one['where']}: {one['what']}" for one in problems)
        return problem_answer(
            Problem(HTTPStatus.UNPROCESSABLE_ENTITY, told, headers=None, errors=problems)
        )

    @app.exception_handler(AlphaOracleError)
    def tell_ours(request: Request, error: AlphaOracleError) -> JSONResponse:
        status = _status_of(error)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            return tell_failure(request, error)
        is_passing = status is HTTPStatus.SERVICE_UNAVAILABLE
        headers = {"Retry-After": str(RETRY_SECONDS)} if is_passing else None
        return problem_answer(Problem(status, str(error), headers=headers))

    @app.exception_handler(Exception)
    def tell_failure(request: Request, error: Exception) -> JSONResponse:
        # What went wrong is in the log; an answer might tell a stranger what is none of theirs.
        log.error("request_failed", path=request.url.path, exc_info=error)
        return problem_answer(
            Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the request failed; see the API's log")
        )


def _status_of(error: AlphaOracleError) -> HTTPStatus:
    found = [status for kind, status in _STATUS.items() if isinstance(error, kind)]
    return found[0] if found else HTTPStatus.INTERNAL_SERVER_ERROR
