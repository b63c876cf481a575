"""One bounded HTTP request for a public file: in time, in size, whole, and from nobody else."""

from __future__ import annotations

import re
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit

import requests
from requests import Session as HttpSession
from urllib3.exceptions import HTTPError, ReadTimeoutError

from alpha_oracle.errors import ConfigurationError, DataError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from requests import Response

_PROGRAM: Final = "alpha-oracle"
_CHUNK_BYTES: Final = 64 * 1024
_LONGEST_EXCERPT: Final = 300
_EXCERPT_BYTES: Final = 4096
_LONGEST_CONNECT_SECONDS: Final = 10.0
_WHOLE_ANSWER_TIMEOUTS: Final = 3
_GZIP: Final = 16 + zlib.MAX_WBITS
_GZIP_NAMES: Final = frozenset({"gzip", "x-gzip"})
_NOT_PACKED: Final = frozenset({"", "identity"})
_PIECE_BYTES: Final = 1 << 20

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_FORBIDDEN: Final = 403
_ABSENT: Final = frozenset({404, 410})
_REFUSED: Final = frozenset({401, _FORBIDDEN, 407})
_ASK_LATER: Final = frozenset({408, 425, 429, *range(500, 600)})
# What object stores behind a CDN say of a key that they do not have, or may not list.
_STORE_HAS_NONE: Final = re.compile(r"<Code>\s*(?:AccessDenied|NoSuchKey)\s*</Code>")
_SECONDS: Final = re.compile(r"\d{1,6}")

_FAILURES: Final = (requests.RequestException, HTTPError, OSError)
# The first that fits; a connection that times out is a ConnectionError too.
_WHAT_FAILED: Final[tuple[tuple[tuple[type[Exception], ...], str], ...]] = (
    ((requests.ConnectTimeout,), "did not take a connection in time"),
    ((requests.ReadTimeout, ReadTimeoutError), "did not answer in time"),
    ((requests.exceptions.SSLError,), "showed no certificate that can be trusted"),
    ((requests.ConnectionError,), "cannot be reached, or hung up"),
    ((requests.RequestException,), "cannot be asked"),
    ((HTTPError, OSError), "broke off its answer"),
)


class AskLater(SourceAway):
    """The server says to ask later, with `status`; `after_seconds` where it said when."""

    def __init__(self, text: str, *, status: int, after_seconds: float | None) -> None:
        super().__init__(text)
        self.status = status
        self.after_seconds = after_seconds


class AccessRefused(ConfigurationError):  # noqa: N818 - names the state, its family ends in Error.
    """The server refuses us (401, or a 403 that is not a CDN's for a missing file).

    `excerpt` is the beginning of what it said, on one line.
    """

    def __init__(self, text: str, *, status: int, excerpt: str) -> None:
        super().__init__(text)
        self.status = status
        self.excerpt = excerpt


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What to ask for. `vendor` and `setting` name who is asked, and the setting that says where.

    `timeout_seconds` is for each wait; the whole answer may take three times as long. `max_bytes`
    bounds the body as unpacked.
    """

    url: str
    vendor: str
    setting: str
    timeout_seconds: float
    max_bytes: int
    headers: Mapping[str, str] = field(default_factory=dict)
    method: Literal["GET", "HEAD"] = "GET"

    @property
    def place(self) -> str:
        """Scheme and host, for errors."""
        return urlunsplit(urlsplit(self.url)._replace(path="", query=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """A whole body, unpacked, and the headers it came with (names in lower case)."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The server answered that it has no such file: 404, 410, or a CDN's 403."""

    status: int


def address(base_url: str, path: str, *, setting: str) -> str:
    """Return the address of `path`, which begins with a slash, under a base URL.

    Raises:
        ConfigurationError: the base is no http address, or holds more than one.
    """
    parts = _parts(base_url.strip())
    if parts is None or parts.username is not None or parts.query or parts.fragment:
        # The value stays unsaid: it may hold a password.
        raise ConfigurationError(
            f"{setting} must be an address like https://www.example.com, "
            "without user, query or fragment"
        )
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path))


def download(asked: Download, *, session: HttpSession | None = None) -> Downloaded | Absent:
    """Send one request; a `session` keeps the connection for the next. Redirects are refused.

    Raises:
        SourceAway: no answer came, one that is cut off, or one that says to ask later (AskLater).
        ConfigurationError: we are refused (AccessRefused), or the address is someone else's.
        DataError: the body is larger than `max_bytes`, or packed in a way nobody can unpack.
    """
    try:
        if session is not None:
            return _received(asked, session)
        with HttpSession() as own:
            return _received(asked, own)
    except _FAILURES as error:
        failed = _what_failed(error)
    # Raised out here: an exception keeps what it was raised in the face of, and those hold more
    # of the request than a log should.
    raise SourceAway(
        f"{asked.place} {failed} (timeout {asked.timeout_seconds:g} s); ask again later, and "
        f"check the network and {asked.setting} if it stays away"
    )


def _received(asked: Download, session: HttpSession) -> Downloaded | Absent:
    with session.request(
        asked.method,
        asked.url,
        headers={"User-Agent": _PROGRAM, "Accept-Encoding": "gzip", **asked.headers},
        timeout=(min(asked.timeout_seconds, _LONGEST_CONNECT_SECONDS), asked.timeout_seconds),
        allow_redirects=False,
        stream=True,
    ) as response:
        if response.status_code != _OK:
            return _no_body(asked, response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Downloaded(body=_body(asked, response), headers=headers)


def _no_body(asked: Download, response: Response) -> Absent:
    status = response.status_code
    if status in _ABSENT:
        return Absent(status=status)
    if status in _ASK_LATER:
        raise AskLater(
            f"{asked.place} answered with HTTP {status}; ask again later",
            status=status,
            after_seconds=_seconds(response.headers.get("Retry-After", "")),
        )
    if status in _REFUSED:
        excerpt = _excerpt(asked, response)
        # To a HEAD nobody can say why, and there the file is asked for by itself.
        if status == _FORBIDDEN and (_STORE_HAS_NONE.search(excerpt) or asked.method == "HEAD"):
            return Absent(status=status)
        raise AccessRefused(
            f"{asked.place} refuses us (HTTP {status}); check that {asked.vendor} lets this "
            f"machine in, and {asked.setting}",
            status=status,
            excerpt=excerpt[:_LONGEST_EXCERPT],
        )
    what = "a redirect" if status in _REDIRECTS else "no file"
    raise ConfigurationError(
        f"{asked.place} answered with {what} (HTTP {status}), as {asked.vendor} does not; "
        f"check {asked.setting}"
    )


def _body(asked: Download, response: Response) -> bytes:
    body = bytearray()
    for piece in _pieces(asked, response):
        body += piece
        if len(body) > asked.max_bytes:
            raise DataError(
                f"{asked.place} sent more than {asked.max_bytes:,} bytes where {asked.vendor} "
                f"sends less; check {asked.setting}"
            )
    return bytes(body)


def _excerpt(asked: Download, response: Response) -> str:
    start = bytearray()
    for piece in _pieces(asked, response):
        start += piece
        if len(start) > _EXCERPT_BYTES:
            break
    text = start[:_EXCERPT_BYTES].decode("utf-8", "replace")
    return " ".join(re.sub(r"[^\x20-\x7e]+", " ", text).split())


def _pieces(asked: Download, response: Response) -> Iterator[bytes]:
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing in _GZIP_NAMES:
        return _unpacked(asked, _chunks(asked, response))
    if packing in _NOT_PACKED:
        return _chunks(asked, response)
    raise DataError(f"{asked.place} packed its answer as {packing!r}; check {asked.setting}")


def _chunks(asked: Download, response: Response) -> Iterator[bytes]:
    patience = _WHOLE_ANSWER_TIMEOUTS * asked.timeout_seconds
    deadline = time.monotonic() + patience
    # Read as it came: the library's own unpacking does not notice that the end is missing.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
        yield chunk
        if time.monotonic() > deadline:
            raise SourceAway(
                f"{asked.place} was still answering after {patience:g} s; ask again later"
            )


def _unpacked(asked: Download, chunks: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP)
    for chunk in chunks:
        packed = chunk
        while packed:
            if unpacker.eof:  # Packed in several parts, one behind the other.
                unpacker = zlib.decompressobj(_GZIP)
            try:
                yield unpacker.decompress(packed, _PIECE_BYTES)
            except zlib.error:
                raise SourceAway(
                    f"{asked.place} sent what cannot be unpacked; ask again later"
                ) from None
            packed = unpacker.unconsumed_tail or unpacker.unused_data
    if not unpacker.eof and asked.method == "GET":
        raise SourceAway(f"{asked.place} broke off its answer; ask again later")


def _seconds(text: str) -> float | None:
    return float(text) if _SECONDS.fullmatch(text.strip()) else None


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        is_http = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_http else None


def _what_failed(error: Exception) -> str:
    return next(words for kinds, words in _WHAT_FAILED if isinstance(error, kinds))
