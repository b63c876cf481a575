"""Flow runs as a Prefect API has them: which it believes to be running, and their heartbeats.

Prefect's own client is spoken in flows and tasks alone: it takes seconds to import, and whoever
watches over Prefect should not hang on it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import uuid4

import requests

from alpha_oracle.errors import TransientError
from alpha_oracle.ports.watchdogs import RunningFlow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TIMEOUT_SECONDS: Final = 10.0
MOST_RUNS: Final = 50
HEARTBEAT: Final = "prefect.flow-run.heartbeat"
AUTOMATION: Final = "alpha-oracle: flow run without heartbeat"

_AFTER_A_HEARTBEAT: Final = tuple(
    f"prefect.flow-run.{state}"
    for state in (
        "heartbeat",
        "Completed",
        "Failed",
        "Crashed",
        "Cancelling",
        "Cancelled",
        "Paused",
        "Suspended",
        "AwaitingRetry",
    )
)
"""What may follow a heartbeat of a run that is well or over."""

_AUTOMATION: Final[dict[str, Any]] = {
    "name": AUTOMATION,
    "description": (
        "Shows in the event feed that a running flow run gave no heartbeat; `alpha-oracle watch` "
        "tells people. It changes nothing: a run is repeated by hand, or by its schedule."
    ),
    "enabled": True,
    "trigger": {
        "type": "event",
        "match": {"prefect.resource.id": "prefect.flow-run.*"},
        "after": [HEARTBEAT],
        "expect": list(_AFTER_A_HEARTBEAT),
        "for_each": ["prefect.resource.id"],
        "posture": "Proactive",
        "threshold": 1,
        "within": 600,
    },
    "actions": [{"type": "do-nothing"}],
}


class _Answer(NamedTuple):
    document: Any
    at: datetime


class PrefectFlowRuns:
    """`FlowRuns` over the REST API of a Prefect server. For one thread.

    `url` says where that is now: a server that starts anew may take another port. Lengths of time
    are by the server's clock alone. `headers` say who asks, where it must know.
    """

    def __init__(
        self,
        url: Callable[[], str],
        *,
        headers: Mapping[str, str],
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._url_now = url
        self._timeout_seconds = timeout_seconds
        self._session = requests.Session()
        # A proxy of the environment is not asked for what lies on this machine, nor a netrc.
        self._session.trust_env = False
        self._session.headers.update(headers)

    def require_health(self) -> None:
        """Ask whether it answers.

        Raises:
            TransientError: it cannot be reached, or is not well.
        """
        self._asked("GET", "/health")

    def running(self) -> list[RunningFlow]:
        """Return the flow runs it has as running, those begun last first, fifty at most.

        Raises:
            TransientError: it cannot be reached.
        """
        states = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
        wanted = states | {"limit": MOST_RUNS, "sort": "START_TIME_DESC"}
        return [
            self._with_beats(run) for run in self._asked("POST", "/flow_runs/filter", wanted)[0]
        ]

    def workers_online(self, pool: str) -> int | None:
        """Return how many workers of a work pool wait for flow runs; None: there is no such pool.

        Raises:
            TransientError: it cannot be reached.
        """
        wanted = {"work_pools": {"name": {"any_": [pool]}}}
        if not self._asked("POST", "/work_pools/filter", wanted).document:
            return None
        workers = self._asked("POST", f"/work_pools/{pool}/workers/filter", {}).document
        return [worker["status"] for worker in workers].count("ONLINE")

    def ensure_automation(self) -> bool:
        """Let there be an automation that shows runs without heartbeat; return whether it is new.

        Raises:
            TransientError: it cannot be reached.
        """
        wanted = {"automations": {"name": {"any_": [AUTOMATION]}}}
        if self._asked("POST", "/automations/filter", wanted).document:
            return False
        self._asked("POST", "/automations/", _AUTOMATION)
        return True

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _with_beats(self, run: Mapping[str, Any]) -> RunningFlow:
        resource = {"id": [f"prefect.flow-run.{run['id']}"]}
        wanted = {"filter": {"event": {"name": [HEARTBEAT]}, "resource": resource}, "limit": 2}
        answer = self._asked("POST", "/events/filter", wanted)
        beats = [_instant(event["occurred"]) for event in answer.document["events"]]
        return RunningFlow(
            flow_run_id=run["id"],
            name=run["name"],
            flow=self._asked("GET", f"/flows/{run['flow_id']}").document["name"],
            silence=answer.at - max([_instant(run["state"]["timestamp"]), *beats]),
            rhythm=beats[0] - beats[1] if beats[1:] else None,
        )

    def _asked(self, method: str, path: str, body: object = None) -> _Answer:
        try:
            answer = self._sent(method, path, body)
            if answer.status_code == HTTPStatus.FORBIDDEN:
                self._introduce()
                answer = self._sent(method, path, body)
            answer.raise_for_status()
            return _Answer(answer.json(), _date_of(answer))
        except (requests.RequestException, ValueError) as error:
            told = type(error).__name__
            if isinstance(error, requests.HTTPError):
                told = f"HTTP {error.response.status_code}"
            raise TransientError(f"Prefect at {self._url} does not answer ({told})") from None

    @property
    def _url(self) -> str:
        return self._url_now().rstrip("/")

    def _sent(self, method: str, path: str, body: object) -> requests.Response:
        return self._session.request(
            method, f"{self._url}{path}", json=body, timeout=self._timeout_seconds
        )

    def _introduce(self) -> None:
        # The server wants whoever sends something to have asked for a token before, and again
        # after an hour.
        client = str(uuid4())
        answer = self._session.get(
            f"{self._url}/csrf-token", params={"client": client}, timeout=self._timeout_seconds
        )
        answer.raise_for_status()
        told = {"Prefect-Csrf-Token": answer.json()["token"], "Prefect-Csrf-Client": client}
        self._session.headers.update(told)


def _instant(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _date_of(answer: requests.Response) -> datetime:
    return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
