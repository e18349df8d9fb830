"""Who may use the service: callers on this machine, or callers with the token."""

import base64
import binascii
import secrets
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_PATHS = ("/healthz",)
"""Paths that need no token: monitoring only learns whether the server answers."""
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),  # other sites cannot show these clips
)
"""Headers of every answer."""


class Access:
    """ASGI middleware that refuses strangers before reading their request.

    Parameters
    ----------
    app : the application behind it
    hosts : accepted values of the header `Host`; a page of another site could reach a server on this machine under its
        own name (DNS rebinding). None: any, since a token is required
    token : sent by callers as `Authorization: Bearer TOKEN`, or by browsers as a password; None: none is required
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None, token: str | None) -> None:
        self._app = app
        self._hosts = hosts
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 401 or 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        headers = Headers(scope=scope)
        if self._hosts is not None and headers.get("host") not in self._hosts:
            refusal = JSONResponse({"detail": "this server answers only under this machine's own names"}, 403)
            await refusal(scope, receive, with_headers)
        elif self._token and scope["path"] not in OPEN_PATHS and not self._knows(headers.get("authorization", "")):
            refusal = JSONResponse(
                {"detail": "send the token of BACHATA_SERVE_TOKEN as `Authorization: Bearer …`, or as the password"},
                401,
                {"WWW-Authenticate": 'Basic realm="bachata-assets", charset="UTF-8"'},
            )
            await refusal(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)

    def _knows(self, authorization: str) -> bool:
        """Tell whether a header contains the token, in constant time."""
        kind, _, value = authorization.partition(" ")
        said = value.strip().encode("latin-1")  # the raw bytes
        if kind.lower() == "basic":
            try:
                said = base64.b64decode(said, validate=True).partition(b":")[2]
            except binascii.Error:
                return False
        elif kind.lower() != "bearer":
            return False
        return secrets.compare_digest(said, (self._token or "").encode())
