"""`serve`: a web server of this machine's own for the report page, so that Dagster's link to it opens.

A browser opens no file from a page that it got by HTTP, and Dagster's webserver serves no files. This one serves the
page, its JSON, previews, poses and the clips, and nothing else, read-only, to this machine only.
"""

import logging
import mimetypes
import os
import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.folders import folders_of
from bachata_assets.collection.scan import known_files
from bachata_assets.settings import Settings, SettingsError
from bachata_assets.video.files import on_disk

logger = logging.getLogger(__name__)

_OWN_NAMES = ("127.0.0.1", "localhost")
"""Hosts that are this machine, to itself only."""
_PIECE = 1 << 16


class ReportServer(ThreadingHTTPServer):
    """The server. Files are asked for by their whole paths, so that the page's relative links lead to them."""

    daemon_threads = True

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.dataset = Dataset(settings.data_dir)
        if "://" in settings.data_dir:
            raise SettingsError(f"The report in {settings.data_dir} is not of this machine: the store itself serves it")
        address = urlsplit(settings.report_url)
        if address.scheme != "http" or address.hostname not in _OWN_NAMES:
            raise SettingsError(
                f"BACHATA_REPORT_URL = {settings.report_url!r} is another server's: here it can be http://127.0.0.1:PORT/"
            )
        if not self.page.parent.is_dir():
            raise SettingsError(f"{self.page.parent} is not there: give the folder that `generate` wrote into")
        port = address.port if address.port is not None else 80
        try:
            super().__init__(("127.0.0.1", port), _Answers)
        except OSError as error:
            raise SettingsError(f"BACHATA_REPORT_URL = {settings.report_url!r}: {error.strerror}") from None
        self.hosts = {f"{name}:{self.server_port}" for name in _OWN_NAMES} | (set(_OWN_NAMES) if port == 80 else set())
        self._files: frozenset[Path] = frozenset()

    @property
    def page(self) -> Path:
        """The report page."""
        return Path(self.dataset.path(layout.PAGE)).absolute()

    def serves(self, path: Path) -> bool:
        """Tell whether a file is the page's: itself, its JSON, a preview, poses, or a clip."""
        folder = self.page.parent
        if path in (self.page, folder / layout.REPORT):
            return True
        if any(path.is_relative_to(folder / name) for name in (layout.PREVIEWS, layout.POSES)):
            return True
        if path not in self._files:  # clips that came since the last look
            videos = folders_of(self.settings, self.dataset).video_dir
            paths = (on_disk(videos / file.path) for file in known_files(self.dataset).values())
            self._files = frozenset(Path(os.path.normpath(path.absolute())) for path in paths)
        return path in self._files


class _Answers(BaseHTTPRequestHandler):
    """The answers to one browser."""

    server: ReportServer
    protocol_version = "HTTP/1.1"  # a browser asks for parts of a video over one connection

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base class names it
        logger.debug(format, *args)

    def _answer(self) -> None:
        if self.headers.get("Host") not in self.server.hosts:  # a stranger's name that leads here
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        asked = Path(os.fsdecode(unquote_to_bytes(urlsplit(self.path).path)))
        if asked == Path("/"):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", quote_from_bytes(os.fsencode(self.server.page)))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        try:
            # Not resolve(): a clip may be a link. What leads out of its folder by `..` is no file of the page's.
            if ".." in asked.parts or not self.server.serves(asked):
                raise FileNotFoundError
            with asked.open("rb") as file:
                self._send(asked, file)
        except ConnectionError:
            pass  # the browser has seen enough
        except (OSError, ValueError):
            explain = "`bachata-assets report` makes the report" if asked == self.server.page else None
            self.send_error(HTTPStatus.NOT_FOUND, explain=explain)

    def _send(self, path: Path, file: BinaryIO) -> None:
        size = os.fstat(file.fileno()).st_size
        first, last = _part(self.headers.get("Range", ""), size)
        is_part = (first, last) != (0, size - 1)
        self.send_response(HTTPStatus.PARTIAL_CONTENT if is_part else HTTPStatus.OK)
        self.send_header("Content-Type", mimetypes.guess_type(path.name)[0] or "application/octet-stream")
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")  # no other site shows these clips
        self.send_header("X-Content-Type-Options", "nosniff")
        if is_part:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        if self.command == "HEAD":
            return
        file.seek(first)
        left = last - first + 1
        while left and (piece := file.read(min(left, _PIECE))):
            self.wfile.write(piece)
            left -= len(piece)


def _part(asked: str, size: int) -> tuple[int, int]:
    """Return first and last byte of what is asked for; all of a file where nothing or nothing sensible is."""
    named = re.fullmatch(r"bytes=(\d*)-(\d*)", asked)
    if not named or not any(named.groups()):
        return 0, size - 1
    if not named[1]:
        return max(0, size - int(named[2])), size - 1
    first, last = int(named[1]), min(int(named[2] or size), size - 1)
    return (first, last) if first <= last else (0, size - 1)
