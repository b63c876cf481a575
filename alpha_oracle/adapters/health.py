"""Whether a server answers at all."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Final

PATIENCE_SECONDS: Final = 5.0


def answers(url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether an HTTP server answers, be it with a refusal.

    No proxy is asked and no certificate checked: nothing is sent that anybody may not read.
    """
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting)
    )
    try:
        with opener.open(url, timeout=patience_seconds):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, HTTPException):
        return False
