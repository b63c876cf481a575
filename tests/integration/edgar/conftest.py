import pytest


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Whatever proxy the machine uses, the local peer is asked directly."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
