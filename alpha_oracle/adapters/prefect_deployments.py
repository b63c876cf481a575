"""What a Prefect server has registered, asked over its REST API."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import requests

if TYPE_CHECKING:
    from collections.abc import Iterable

TIMEOUT_SECONDS: Final = 5.0


def are_registered(url: str, deployment_ids: Iterable[str]) -> bool:
    """Whether a server has all of these deployments; an empty list is none, and so not."""
    ids = list(deployment_ids)
    with requests.Session() as session:
        # A proxy of the environment is not asked for what lies on this machine.
        session.trust_env = False
        return bool(ids) and all(_is_there(session, f"{url}/deployments/{one}") for one in ids)


def is_answering(url: str) -> bool:
    """Whether a server says that it is well."""
    with requests.Session() as session:
        session.trust_env = False
        return _is_there(session, f"{url}/health")


def pool_is_there(url: str, pool: str) -> bool:
    """Whether there is a work pool."""
    with requests.Session() as session:
        session.trust_env = False
        return _is_there(session, f"{url}/work_pools/{pool}")


def pool_is_ready(url: str, pool: str) -> bool:
    """Whether a worker waits for the flow runs of a work pool."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(f"{url}/work_pools/{pool}", timeout=TIMEOUT_SECONDS)
            return answer.status_code == HTTPStatus.OK and answer.json()["status"] == "READY"
        except (requests.RequestException, ValueError, KeyError):
            return False


def _is_there(session: requests.Session, address: str) -> bool:
    try:
        return session.get(address, timeout=TIMEOUT_SECONDS).status_code == HTTPStatus.OK
    except requests.RequestException:
        return False
