"""What a daily run says where a training cannot be started."""

import socket

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks.models import ask_for_training


@pytest.fixture
def nobody():
    """The address of a port where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/api"


def test_a_server_that_does_not_answer_is_told_and_stops_nothing(nobody, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with temporary_settings(updates={PREFECT_API_URL: nobody}):
        told = ask_for_training("retrain m 1")
    assert told.startswith("train-model/train could not be started (")
    assert told.endswith("; `alpha-oracle train`")
