"""Requests that no route takes: only who has a token is told which routes there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi.security.utils import get_authorization_scheme_param

from alpha_oracle.entrypoints.api.access import caller_of
from alpha_oracle.entrypoints.api.docs import DOCS
from alpha_oracle.entrypoints.api.problems import Problem, problem_answer, routing_problem

if TYPE_CHECKING:
    from fastapi import Request
    from fastapi.responses import JSONResponse

HEALTH: Final = "/healthz"


def no_route(request: Request, error: Exception) -> JSONResponse:
    """Answer a request for what there is not: 404 or 405, or 401 without a token."""
    problem = routing_problem(error)
    is_open = request.url.path == HEALTH or request.url.path.startswith(DOCS)
    return problem_answer(problem if is_open else _refusal(request) or problem)


def _refusal(request: Request) -> Problem | None:
    scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
    try:
        caller_of(request, token if scheme.lower() == "bearer" and token else None)
    except Problem as refused:
        return refused
    return None
