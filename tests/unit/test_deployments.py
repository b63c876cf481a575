"""When deployments are registered anew."""

import http.server
import json
import threading
from contextlib import contextmanager

import pytest

from alpha_oracle.bootstrap.deployments import CREATED, code_state, register_deployments

IDS = ("0b8a2f0e-6d5c-4f5d-9a55-4f2f3d3f9d11", "a1b2c3d4-0000-4000-8000-000000000000")


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    for name in ("alpha_oracle", "flows", "tasks"):
        (folder / name).mkdir(parents=True)
        (folder / name / "code.py").write_text("one = 1\n")
    (folder / "prefect.yaml").write_text("name: it\n")
    return folder


@contextmanager
def a_server(known):
    """A Prefect server that has some deployments; gives its URL and what was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if self.path.rpartition("/")[2] in known else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("place", ["prefect.yaml", "flows/code.py", "alpha_oracle/code.py"])
def test_changed_code_is_another_state(project, place):
    before = code_state(project)
    assert code_state(project) == before
    (project / place).write_text("changed = 1\n")
    assert code_state(project) != before


def test_the_same_code_in_another_place_is_another_state(project):
    before = code_state(project)
    moved = project.rename(project.with_name("moved"))
    assert code_state(moved) != before


def test_what_the_same_code_registered_is_left_as_it_is(tmp_path):
    record = tmp_path / "registered.json"
    record.write_text(json.dumps({"code": code_state(), "ids": IDS}))
    with a_server(known=IDS) as (url, asked):
        assert not register_deployments(url, record=record)
    assert asked == [f"/api/deployments/{one}" for one in IDS]


@pytest.mark.parametrize(
    ("noted", "known"),
    [
        ({"code": "of yesterday", "ids": IDS}, IDS),
        ({"code": None, "ids": IDS}, IDS[:1]),
        ({"code": None, "ids": []}, IDS),
        ("nonsense", IDS),
    ],
    ids=["other code", "one was removed", "none noted", "unreadable"],
)
def test_anything_else_is_registered(tmp_path, monkeypatch, noted, known):
    # Prefect's own command line stands for itself in the end-to-end tests; here a program says
    # that it was asked.
    program = tmp_path / "prefect.sh"
    program.write_text(f"#!/bin/sh\necho \"created with id '{IDS[0]}'\"\n")
    program.chmod(0o755)
    monkeypatch.setattr("alpha_oracle.bootstrap.deployments.prefect_command", lambda *_: [program])
    record = tmp_path / "registered.json"
    if isinstance(noted, dict):
        noted = {**noted, "code": noted["code"] or code_state()}
    record.write_text(json.dumps(noted))
    with a_server(known=(*known, "alpha-oracle")) as (url, _):
        assert register_deployments(url, record=record)
    assert json.loads(record.read_text()) == {"code": code_state(), "ids": [IDS[0]]}


def test_the_ids_are_found_in_what_prefect_prints():
    told = f"│ Deployment 'rank/rank' successfully created with id '{IDS[0]}'.   │\n"
    assert CREATED.findall(2 * told) == [IDS[0], IDS[0]]
