"""Requests are counted by a few labels, whatever strangers send."""

import asyncio

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client.registry import Collector

from alpha_oracle.bootstrap.api_metrics import ApiMetrics
from alpha_oracle.bootstrap.metric_families import gauge
from alpha_oracle.entrypoints.api.metrics import Counted

router = APIRouter(prefix="/api")


class Nothing(Collector):
    """An installation of which nothing is known."""

    def collect(self):
        yield gauge("something", "Something.", None)


@router.get("/orders/{order_id}")
def order(order_id: str) -> str:
    return order_id


@router.get("/broken")
def broken() -> None:
    raise RuntimeError("a bug")


@pytest.fixture
def metrics():
    return ApiMetrics(Nothing())


@pytest.fixture
def ask(metrics):
    app = FastAPI()
    app.include_router(router)
    app.add_middleware(Counted, metrics=metrics)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def answer(method, path):
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.request(method, path)

    return lambda method, path: asyncio.run(answer(method, path)).status_code


def counted(metrics):
    """The lines that count requests."""
    start = "alpha_oracle_api_requests_total{"
    lines = [line for line in metrics.text().decode().splitlines() if line.startswith(start)]
    return {line.removeprefix(start) for line in lines}


def test_a_route_is_counted_by_its_path_as_described(ask, metrics):
    for number in range(3):
        assert ask("GET", f"/api/orders/{number}") == 200
    assert counted(metrics) == {'method="GET",route="/api/orders/{order_id}",status="200"} 3.0'}


def test_paths_and_methods_of_a_strangers_making_are_counted_together(ask, metrics):
    for number in range(5):
        assert ask("GET", f"/wp-admin/{number}") == 404
        assert ask(f"METHOD{number}", "/") == 404
    assert counted(metrics) == {
        'method="GET",route="unmatched",status="404"} 5.0',
        'method="OTHER",route="unmatched",status="404"} 5.0',
    }


def test_a_bug_is_counted_as_what_its_caller_is_told(ask, metrics):
    assert ask("GET", "/api/broken") == 500
    assert counted(metrics) == {'method="GET",route="/api/broken",status="500"} 1.0'}


def test_failures_and_refusals_are_counted_from_nought_on(ask, metrics):
    assert "alpha_oracle_api_failures_total 0.0" in metrics.text().decode()
    ask("GET", "/api/broken")
    ask("GET", "/api/orders/1")
    for status in (401, 429, 403):
        metrics.count("GET", "/api/orders", status=status, seconds=0.1)
    told = metrics.text().decode()
    assert "alpha_oracle_api_failures_total 1.0" in told
    assert "alpha_oracle_api_refusals_total 2.0" in told


def test_each_route_has_its_times(ask, metrics):
    ask("GET", "/api/orders/1")
    assert (
        'alpha_oracle_api_request_seconds_count{route="/api/orders/{order_id}"} 1.0'
        in metrics.text().decode()
    )
