"""The API against its own description: schemathesis says all that it allows, and all it forbids."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.api_clients import OPERATOR, VIEWER, api_here, api_process, client
from tests.end_to_end.api_records import (
    put_measurements_on_record,
    put_research_on_record,
    put_trading_on_record,
)

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
PATIENCE_SECONDS = 1200
SECONDS = 60
"""How long the requests of schemathesis's own devising go on."""
OPTIONS = (
    *("--header", f"Authorization: Bearer {OPERATOR}", "--checks", "all", "--mode", "all"),
    *("--max-examples", "5", "--max-time", str(SECONDS), "--request-timeout", "120"),
    *("--generation-database", "none", "--no-color"),
)


@pytest.fixture
def filled(operated, trading_store):
    """An installation with one of everything on record."""
    put_research_on_record(operated.database_url)
    put_trading_on_record(trading_store)
    put_measurements_on_record(operated.redis_url)
    return operated


def test_no_answer_differs_from_the_description(filled, tmp_path):
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(
        # What is streamed has no end: a second of it is enough.
        '[[operations]]\ninclude-path = "/api/events"\nrequest-timeout = 1.0\n'
        # Orders and signals are known by ids that nobody guesses.
        '[parameters]\norder_id = "order-1"\nsignal_id = "signal-1"\n'
    )
    with api_process(filled) as url:
        run = subprocess.run(
            [SCHEMATHESIS, "--config-file", configuration, "run", f"{url}/openapi.json", *OPTIONS],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        with client(url, VIEWER) as viewer:
            described = viewer.get("/openapi.json").json()
    assert run.returncode == 0, run.stdout[-8_000:] + run.stderr[-2_000:]
    operations = sum(len(methods) for methods in described["paths"].values())
    # All but the one that gave the description.
    assert f"Tested: {operations - 1}\n" in run.stdout, run.stdout[-2_000:]


def test_each_reading_route_tells_what_is_on_record_in_its_shape(filled):
    with api_here() as url, client(url, VIEWER) as viewer:
        described = viewer.get("/openapi.json").json()
        for path, methods in described["paths"].items():
            if "get" not in methods or path == "/api/events":
                continue
            content = methods["get"]["responses"]["200"]["content"]
            answer = viewer.get(path.format(order_id="order-1", signal_id="signal-1"))
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].partition(";")[0] in content
            if "next" in answer.text and path != "/openapi.json":
                assert answer.json()["items"], path
