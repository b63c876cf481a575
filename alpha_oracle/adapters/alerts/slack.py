"""Slack as an alert channel: a webhook or a bot, bounded in time, silent about its secrets."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Final
from urllib.error import URLError
from urllib.parse import urlsplit

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.interval_calculator import RetryIntervalCalculator
from slack_sdk.webhook import WebhookClient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slack_sdk.http_retry.request import HttpRequest
    from slack_sdk.http_retry.response import HttpResponse
    from slack_sdk.http_retry.state import RetryState

    from alpha_oracle.config import SlackSettings

log = structlog.get_logger(__name__)

MAX_TEXT: Final = 4_000
"""Characters of a message that Slack shows well; the rest is cut and said to be."""

_SLACK_API: Final = "https://slack.com/api/"
_TOO_MANY_REQUESTS: Final = 429
_FIRST_SERVER_ERROR: Final = 500
_FIRST_REDIRECT: Final = 300
_SHORTEST_KEY: Final = 10
_FAILURES: Final = (
    SlackClientError,
    OSError,
    HTTPException,
    # The SDK lets these through for an answer that is no JSON object or in no known encoding.
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a message may take: each attempt's timeout, and the pauses between attempts."""

    timeout_seconds: float = 3.0
    pauses_seconds: tuple[float, ...] = (0.5, 2.0)


class SlackAlerts:
    """Posts to one Slack channel. A message is delivered or given up within seconds."""

    def __init__(self, post: Callable[[str], None], *, secrets: Sequence[str]) -> None:
        self._post = post
        self._secrets = tuple(secrets)

    def send(self, text: str) -> bool:
        """Post a message as plain text; return whether Slack took it. Never raises."""
        try:
            self._post(_as_plain_text(text))
        except _FAILURES as error:
            log.warning("alert_not_delivered", channel="slack", reason=self._reason(error))
            return False
        return True

    def _reason(self, error: Exception) -> str:
        reason = f"{type(error).__name__}: {_words_of(error)}"
        for secret in self._secrets:
            reason = reason.replace(secret, "[redacted]")
        return reason[:200]


def open_slack(settings: SlackSettings, *, patience: Patience | None = None) -> SlackAlerts | None:
    """Return the Slack channel of the settings; None where none is set.

    Where both ways are set up, the webhook is used. `base_url` stands in for
    `https://slack.com/api/`, or for scheme and host of the webhook.
    """
    patience = patience or Patience()
    if settings.webhook_url is not None:
        url = settings.webhook_url.get_secret_value()
        post = _webhook_post(_rebased(url, settings.base_url), patience)
        return SlackAlerts(post, secrets=_secrets_of(url))
    if settings.bot_token is not None and settings.channel is not None:
        token = settings.bot_token.get_secret_value()
        post = _bot_post(token, settings.channel, base_url=settings.base_url, patience=patience)
        return SlackAlerts(post, secrets=(token,))
    return None


def _webhook_post(url: str, patience: Patience) -> Callable[[str], None]:
    client = WebhookClient(
        url,
        timeout=patience.timeout_seconds,  # type: ignore[arg-type]  # urllib takes fractions.
        logger=_silent_logger(),
        retry_handlers=[_BoundedRetries(patience)],
    )
    client.proxy = None  # The SDK's own reading of HTTPS_PROXY ignores NO_PROXY; urllib's does not.

    def post(text: str) -> None:
        response = client.send(text=text)
        if response.status_code >= _FIRST_REDIRECT:
            raise SlackClientError(f"status {response.status_code} {response.body}")
        if response.body.lstrip().startswith("<"):
            # Slack says "ok". A page is that of a proxy or a login in between, whatever its status.
            raise SlackClientError("a page in place of Slack's answer")

    return post


def _bot_post(
    token: str, channel: str, *, base_url: str | None, patience: Patience
) -> Callable[[str], None]:
    client = WebClient(
        token=token,
        base_url=base_url or _SLACK_API,
        timeout=patience.timeout_seconds,  # type: ignore[arg-type]  # urllib takes fractions.
        logger=_silent_logger(),
        retry_handlers=[_BoundedRetries(patience)],
    )
    client.proxy = None  # As for the webhook.

    def post(text: str) -> None:
        client.chat_postMessage(channel=channel, text=text)

    return post


class _Pauses(RetryIntervalCalculator):
    def __init__(self, pauses_seconds: Sequence[float]) -> None:
        self._pauses_seconds = tuple(pauses_seconds)

    def calculate_sleep_duration(self, current_attempt: int) -> float:
        return self._pauses_seconds[current_attempt]


class _BoundedRetries(RetryHandler):
    def __init__(self, patience: Patience) -> None:
        super().__init__(len(patience.pauses_seconds), _Pauses(patience.pauses_seconds))

    def _can_retry(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - the SDK's signature.
        request: HttpRequest,  # noqa: ARG002 - the SDK's signature.
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is not None:
            status = response.status_code
            return status == _TOO_MANY_REQUESTS or status >= _FIRST_SERVER_ERROR
        # A message whose answer timed out may have been posted: saying it twice is worse.
        return isinstance(error, URLError) and isinstance(error.reason, ConnectionError)


def _silent_logger() -> logging.Logger:
    # The SDK writes the webhook's URL and every message at debug level. A logger outside the
    # hierarchy reaches no handler, whatever levels are set elsewhere.
    silent = logging.Logger("slack_sdk.silent", level=logging.CRITICAL + 1)  # noqa: LOG001 - as said.
    silent.addHandler(logging.NullHandler())
    return silent


def _as_plain_text(text: str) -> str:
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}\n(cut after {MAX_TEXT} characters)"
    # So that an error's text neither breaks the markup nor calls out a channel.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _words_of(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        answer = error.response.data
        return str(answer.get("error", "refused") if isinstance(answer, dict) else "no JSON object")
    return str(error)


def _rebased(url: str, base_url: str | None) -> str:
    if base_url is None:
        return url
    hook, base = urlsplit(url), urlsplit(base_url)
    path = base.path.rstrip("/") + hook.path
    return hook._replace(scheme=base.scheme, netloc=base.netloc, path=path).geturl()


def _secrets_of(webhook_url: str) -> tuple[str, ...]:
    path = urlsplit(webhook_url).path
    keys = [part for part in path.split("/") if len(part) >= _SHORTEST_KEY]
    return (webhook_url, path, *keys)
