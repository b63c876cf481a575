"""The application: every route behind a token, every refusal a problem document."""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI

from alpha_oracle.bootstrap.api_metrics import ApiMetrics
from alpha_oracle.bootstrap.installation_metrics import installation_metrics
from alpha_oracle.entrypoints.api import (
    approvals,
    docs,
    events,
    inbox,
    kill_switch,
    metrics,
    presence,
    problems,
    records,
    research,
    risk,
)
from alpha_oracle.entrypoints.api.access import viewer
from alpha_oracle.entrypoints.api.answers import answering
from alpha_oracle.entrypoints.api.doorkeeper import Doorkeeper
from alpha_oracle.entrypoints.api.headers import Guarded
from alpha_oracle.entrypoints.api.paging import unknown_parameters
from alpha_oracle.entrypoints.api.shapes import Health
from alpha_oracle.entrypoints.api.strays import HEALTH, no_route

if TYPE_CHECKING:
    from collections.abc import Collection

    from alpha_oracle.bootstrap.api import Services
    from alpha_oracle.entrypoints.api.access import Access

ROUTERS = (
    kill_switch.router,
    risk.router,
    approvals.router,
    records.router,
    inbox.router,
    research.router,
    presence.router,
    events.router,
    metrics.router,
)


def create_app(services: Services, *, access: Access, allowed_hosts: Collection[str]) -> FastAPI:
    """Return the application over these services, for those who call it by one of these names."""
    # What the framework would serve by itself asks for no token; the pages also load scripts from
    # elsewhere.
    app = FastAPI(
        title="alpha-oracle",
        version=version("alpha-oracle"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=problems.EVERYWHERE,
    )
    app.state.services = services
    app.state.access = access
    app.state.metrics = ApiMetrics(installation_metrics(services))
    problems.register(app)
    app.add_middleware(Doorkeeper, allowed_hosts=allowed_hosts)
    app.add_middleware(metrics.Counted, metrics=app.state.metrics)
    app.add_middleware(Guarded)
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(viewer), Depends(unknown_parameters)])
    docs.register(app)
    _register_own(app)
    for status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        app.add_exception_handler(status, no_route)
    return app


def _register_own(app: FastAPI) -> None:
    @app.get(HEALTH, tags=["health"], responses=answering(Health))
    def health() -> dict[str, str]:
        """Whether this process answers; of the others `GET /api/risk/status` tells."""
        return {"status": "ok"}

    @app.get(
        "/openapi.json",
        dependencies=[Depends(viewer), Depends(unknown_parameters)],
        tags=["health"],
    )
    def description() -> dict[str, Any]:
        """This API, described."""
        return problems.described(app.openapi())
