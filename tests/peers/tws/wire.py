"""The TWS wire: frames of a 4-byte length and fields that each end in NUL.

What goes out is written as `ib_insync.client.Client._onSocketHasData` splits it; what comes in is
read as `Client.send` writes it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asyncio import StreamReader

SERVER_VERSION: Final = 176
"""The newest version ib_insync 0.9.86 speaks."""

PREAMBLE: Final = b"API\0"
LONGEST: Final = 1 << 24


class BrokenWire(Exception):  # noqa: N818 - It names what happened to the wire.
    """A client sent what no TWS client sends."""


def frame(*values: object) -> bytes:
    """One message: the fields, each ended by NUL, behind their length."""
    body = "".join(f"{text(value)}\0" for value in values).encode()
    return struct.pack(">I", len(body)) + body


def text(value: object) -> str:
    """A field as TWS writes it: flags as 1 and 0, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


async def read_frame(reader: StreamReader) -> Fields:
    """The next message of a client.

    Raises:
        asyncio.IncompleteReadError: the client closed its end.
        BrokenWire: the length is none of a message.
    """
    (length,) = struct.unpack(">I", await reader.readexactly(4))
    if not 0 < length <= LONGEST:
        raise BrokenWire(f"a frame of {length} bytes; expected 1 to {LONGEST}")
    body = (await reader.readexactly(length)).decode(errors="replace")
    fields = Fields(tuple(body.split("\0")[:-1]))
    if not fields.text(0).isdigit():
        raise BrokenWire(f"a message that begins {body[:20]!r}; expected its number")
    return fields


async def read_versions(reader: StreamReader) -> tuple[int, int]:
    """The first and last version a client speaks, from its greeting `API\\0` `v157..176`.

    Raises:
        BrokenWire: the greeting is none of a TWS client.
    """
    greeting = await reader.readexactly(len(PREAMBLE))
    if greeting != PREAMBLE:
        raise BrokenWire(f"greeting {greeting!r}; expected {PREAMBLE!r}")
    (length,) = struct.unpack(">I", await reader.readexactly(4))
    versions = (await reader.readexactly(length)).decode().split(" ")[0]
    first, _, last = versions.removeprefix("v").partition("..")
    if not first.isdigit():
        raise BrokenWire(f"versions {versions!r}; expected v157..176")
    return int(first), int(last or first)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a received message, by position."""

    values: tuple[str, ...]

    @property
    def message_id(self) -> int:
        """What kind of message it is."""
        return int(self.values[0])

    def text(self, position: int) -> str:
        """A field as it came; empty where the message is shorter."""
        return self.values[position] if position < len(self.values) else ""

    def whole(self, position: int) -> int:
        """A whole number; 0 where the field is empty."""
        return int(self.text(position) or 0)

    def flag(self, position: int) -> bool:
        """A flag; False where the field is empty."""
        return self.text(position) in {"1", "True", "true"}

    def contract(self, position: int) -> ContractFields:
        """The twelve fields of a contract, as `Client.send` lines them up."""
        fields = [self.text(at) for at in range(position, position + 12)]
        return ContractFields(
            con_id=int(fields[0] or 0),
            symbol=fields[1],
            sec_type=fields[2],
            exchange=fields[7],
            primary_exchange=fields[8],
            currency=fields[9],
            local_symbol=fields[10],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFields:
    """What a client said of the contract it means."""

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str


def handshake(at: datetime) -> bytes:
    """The server's side of the greeting: its version and its time."""
    return frame(SERVER_VERSION, at.astimezone(UTC).strftime("%Y%m%d %H:%M:%S GMT"))
