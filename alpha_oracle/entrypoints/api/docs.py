"""The API's description as a page: Swagger UI, served from here, with a field for the token.

The page and its files tell nothing of the installation and need no token; the description, and
whatever is tried out, is asked for with the one that is typed in. It stays in the page's memory.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from fastapi import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

DOCS: Final = "/docs"

_ORIGIN: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    # Swagger UI sets styles of single elements.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "; ".join(f"{name} {what}" for name, what in _ORIGIN.items())
}
_OURS: Final = files("alpha_oracle.entrypoints.api") / "page"
_THEIRS: Final = files("fastapi_offline") / "static"
_FILES: Final = {
    "": (_OURS / "docs.html", "text/html"),
    "/docs.js": (_OURS / "docs.js", "text/javascript"),
    "/docs.css": (_OURS / "docs.css", "text/css"),
    "/swagger-ui-bundle.js": (_THEIRS / "swagger-ui-bundle.js", "text/javascript"),
    "/swagger-ui.css": (_THEIRS / "swagger-ui.css", "text/css"),
}


def register(app: FastAPI) -> None:
    """Have an application show its description as a page."""
    for name, (path, media_type) in _FILES.items():
        content = path.read_bytes()

        def page(content: bytes = content, media_type: str = media_type) -> Response:
            return Response(content, media_type=f"{media_type}; charset=utf-8", headers=HEADERS)

        app.add_api_route(f"{DOCS}{name}", page, include_in_schema=False)
