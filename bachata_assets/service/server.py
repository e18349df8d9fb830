"""`Server`: the service on an address of this machine, until it is told to end."""

import os
import socket
from ipaddress import ip_address

import uvicorn

from bachata_assets.search.index import SearchIndex
from bachata_assets.service.app import build_app
from bachata_assets.service.page import Page
from bachata_assets.settings import Settings, SettingsError

MOST_AT_ONCE = 200
"""Most connections; the next one is refused with 503, so that a crowd cannot take all memory."""
PATIENCE_S = 10
"""Time that questions have to be answered in after the server was told to end, s."""


class Server:
    """The service of a collection on its address. Use as a context, and `serve`.

    Parameters
    ----------
    settings : `serve_host` and `serve_port` say where it listens

    Raises
    ------
    SettingsError
        The data dir is not there, the address is taken, or strangers could ask without a token.
    """

    def __init__(self, settings: Settings) -> None:
        local = ip_address(settings.serve_host).is_loopback
        if not local and not settings.serve_token:
            raise SettingsError(
                f"BACHATA_SERVE_HOST = {settings.serve_host!r} lets other machines ask: set BACHATA_SERVE_TOKEN, too"
            )
        self.page = _page(settings)
        self._index = SearchIndex.from_settings(settings)
        self._socket = _listening(settings)
        self.port: int = self._socket.getsockname()[1]
        shown = f"[{settings.serve_host}]" if ":" in settings.serve_host else settings.serve_host
        self.address = f"http://{shown}:{self.port}/"
        app = build_app(settings, self._index, self.page, _own_names(self.port) if local else None)
        config = uvicorn.Config(
            app,
            log_config=None,  # the command line's own
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_AT_ONCE,
            timeout_graceful_shutdown=PATIENCE_S,
        )
        self._server = uvicorn.Server(config)

    def serve(self) -> None:
        """Answer until a signal asks to end, or `stop` does; questions that are being answered are finished."""
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Ask another thread's `serve` to end."""
        self._server.should_exit = True

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._socket.close()
        self._index.close()


def _page(settings: Settings) -> Page | None:
    """Return the files of the report, None where they are in an object store, which serves them itself."""
    if "://" in settings.data_dir:
        return None
    page = Page(settings)
    if not page.path.parent.is_dir():
        raise SettingsError(f"{page.path.parent} is not there: give the folder that `generate` wrote into")
    return page


def _listening(settings: Settings) -> socket.socket:
    host, port = settings.serve_host, settings.serve_port
    family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError(f"BACHATA_SERVE_HOST = {host!r}, BACHATA_SERVE_PORT = {port}: {said}") from None


def _own_names(port: int) -> frozenset[str]:
    """Return what browsers and callers of this machine send as `Host`."""
    names = ("127.0.0.1", "localhost", "[::1]")
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())
