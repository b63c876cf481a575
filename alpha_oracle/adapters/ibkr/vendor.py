"""ib_insync, imported here alone, so that another client can take its place.

Its event library asks for the thread's event loop when it is imported, and fails in a thread that
has none: it is imported in a thread made for that. Its loggers write account numbers at several
levels, so they reach no handler; what is worth knowing is logged by us, from its events.
"""

from __future__ import annotations

import asyncio
import logging
import re
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

_LOGGERS: Final = ("ib_insync", "eventkit")


def _import_with_a_loop() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        import_module("ib_insync")
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _silence(name: str) -> None:
    logger = logging.getLogger(name)
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)


_importer = Thread(target=_import_with_a_loop, name="import-ib-insync")
_importer.start()
_importer.join()
for _name in _LOGGERS:
    _silence(_name)

from ib_insync import (  # noqa: E402 - after its event loop.
    IB,
    Contract,
    ExecutionFilter,
    Order,
    RequestError,
)
from ib_insync.decoder import Decoder  # noqa: E402 - as above.

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EXECUTED_AT: Final = 15
_UTC_TIME: Final = re.compile(r"\d{8}-\d\d:\d\d:\d\d")
BAR_FIELDS: Final = 8
"""Date, open, high, low, close, volume, average price, number of trades."""


class BarDecoder(Decoder):
    """Hands daily bars on as the texts that came.

    The library's own decoder gives up a whole answer, without a word to who asked, for one field
    that is no number.
    """

    def __init__(self, wrapper: Any) -> None:  # noqa: ANN401 - the library has no types.
        super().__init__(wrapper, 0)
        self._asked: dict[int, list[tuple[str, ...]]] = {}

    def expect(self, request_id: int) -> list[tuple[str, ...]]:
        """Return the list that the rows of an answer will be put into."""
        return self._asked.setdefault(request_id, [])

    def forget(self, request_id: int) -> None:
        """Let an answer that still comes be dropped."""
        self._asked.pop(request_id, None)

    def historicalData(self, fields: list[str]) -> None:  # noqa: N802 - the library's name.
        """Take an answer with daily bars."""
        _, request_id, start, end, _count, *values = fields
        rows = self._asked.get(int(request_id))
        if rows is not None:
            rows.extend(
                tuple(values[at : at + BAR_FIELDS]) for at in range(0, len(values), BAR_FIELDS)
            )
        self.wrapper.historicalDataEnd(int(request_id), start, end)


class ListeningDecoder(Decoder):
    """Hands messages to whoever listens, and says which it could not read.

    The library's own decoder drops such a message without a word: an execution less, a position
    that looks flat.
    """

    def __init__(self, listener: Any) -> None:  # noqa: ANN401 - the library has no types.
        super().__init__(listener, 0)
        self._listener = listener

    def interpret(self, fields: list[str]) -> None:
        """Take a message."""
        try:
            self.handlers[int(fields[0])](fields)
        except Exception as error:  # noqa: BLE001 - whatever it is, the listener must know.
            self._listener.unreadable(fields, error)

    def execDetails(self, fields: list[str]) -> None:  # noqa: N802 - the library's name.
        """Take an execution; a time with a dash is UTC, which the library takes for local."""
        at = fields[_EXECUTED_AT]
        if _UTC_TIME.fullmatch(at):
            fields = [*fields]
            fields[_EXECUTED_AT] = f"{at.replace('-', ' ')} UTC"
        super().execDetails(fields)  # type: ignore[no-untyped-call]  # The library has none.

    def wrap(
        self,
        methodName: str,  # noqa: N803 - the library's name.
        types: Sequence[type],
        skip: int = 2,
    ) -> Callable[[list[str]], None]:
        """Return a handler that reads fields by their types, and fails where it cannot."""

        def handler(fields: list[str]) -> None:
            method = getattr(self._listener, methodName, None)
            if method is not None:
                method(*map(_read, types, fields[skip:]))

        return handler


def _read(kind: type, field: str) -> object:
    if kind is str:
        return field
    return bool(int(field or 0)) if kind is bool else kind(field or 0)


def new_client() -> Any:  # noqa: ANN401 - most of the library has no types.
    """Return a client for one connection, to be thrown away after it."""
    return IB()  # type: ignore[no-untyped-call]  # As above.


__all__ = [
    "BAR_FIELDS",
    "BarDecoder",
    "Contract",
    "ExecutionFilter",
    "ListeningDecoder",
    "Order",
    "RequestError",
    "new_client",
]
