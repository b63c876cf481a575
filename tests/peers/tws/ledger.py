"""What really happened, for a test to compare with what the client believes."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.logs import whole_lines
from tests.peers.tws.faults import Point

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.tws.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A message of a client; `at` in epoch seconds, `symbol` as the server spells it."""

    at: float
    client_id: int
    point: Point
    request_id: int
    symbol: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error sent, to a request or (-1) to the client."""

    at: float
    client_id: int
    request_id: int
    code: int
    text: str


LINK_CODES = (1100, 1101, 1102)


class ConnectionEvent(StrEnum):
    """What became of a socket."""

    ACCEPTED = "accepted"
    NAMED = "named"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A socket accepted (id -1), given its client id, or closed."""

    at: float
    client_id: int
    event: ConnectionEvent


@dataclass(slots=True)
class Ledger:
    """Everything received and refused, in order; also a line of JSON each in `file`."""

    file: Path | None = None
    requests: list[Request] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    in_flight: Counter[str] = field(default_factory=Counter)
    most_in_flight: Counter[str] = field(default_factory=Counter)

    def note(self, entry: Request | Refusal | Connection) -> None:
        """Keep an entry."""
        lists = {Request: self.requests, Refusal: self.refusals, Connection: self.connections}
        lists[type(entry)].append(entry)
        if self.file is not None:
            line = json.dumps({"kind": type(entry).__name__, **asdict(entry)})
            with self.file.open("a") as lines:
                lines.write(line + "\n")

    def began(self, point: Point) -> None:
        """A request is in flight."""
        self.in_flight[point] += 1
        self.most_in_flight[point] = max(self.most_in_flight[point], self.in_flight[point])

    def ended(self, point: Point) -> None:
        """A request is in flight no longer."""
        self.in_flight[point] -= 1

    def asked(self, point: Point) -> list[Request]:
        """The requests of one kind, in order of arrival."""
        return [request for request in self.requests if request.point is point]

    def times_connected(self, client_id: int) -> int:
        """How often a client was given its id."""
        events = [(one.client_id, one.event) for one in self.connections]
        return events.count((client_id, ConnectionEvent.NAMED))

    def codes(self) -> list[int]:
        """The codes of all refusals, in order."""
        return [refusal.code for refusal in self.refusals]


def is_refusal(notice: Notice) -> bool:
    """Whether a notice denies something; word of the link and the farms does not."""
    return notice.code not in LINK_CODES and not 2100 <= notice.code < 2200


def read_log(file: Path) -> Ledger:
    """The ledger a server wrote, also one that was killed."""
    ledger = Ledger()
    kinds = {kind.__name__: kind for kind in (Request, Refusal, Connection)}
    for line in whole_lines(file):
        entry = json.loads(line)
        kind = kinds[entry.pop("kind")]
        if kind is Request:
            entry |= {"fields": tuple(entry["fields"]), "point": Point(entry["point"])}
        if kind is Connection:
            entry["event"] = ConnectionEvent(entry["event"])
        ledger.note(kind(**entry))
    return ledger
