"""The report page and its files: previews, poses and the clips themselves.

A browser opens no file from a page that it got by HTTP, and Dagster's webserver serves no files. Files are asked for by
their whole paths, so that the page's relative links lead to them.
"""

import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.folders import folders_of
from bachata_assets.collection.scan import known_files
from bachata_assets.settings import Settings
from bachata_assets.video.files import on_disk


class Page:
    """The files that the report page of a collection shows.

    Parameters
    ----------
    settings : of the collection; its data dir is a folder of this machine
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._dataset = Dataset(settings.data_dir)
        self._clips: frozenset[Path] = frozenset()

    @property
    def path(self) -> Path:
        """The report page."""
        return Path(self._dataset.path(layout.PAGE)).absolute()

    def shows(self, path: Path) -> bool:
        """Tell whether a file is the page's: itself, its JSON, a preview, poses, or a clip."""
        folder = self.path.parent
        if path in (self.path, folder / layout.REPORT):
            return True
        if any(path.is_relative_to(folder / name) for name in (layout.PREVIEWS, layout.POSES)):
            return True
        if path not in self._clips:  # clips that came since the last look
            videos = folders_of(self._settings, self._dataset).videos
            paths = (on_disk(videos.file(file.path)) for file in known_files(self._dataset).values())
            self._clips = frozenset(Path(os.path.normpath(path.absolute())) for path in paths)
        return path in self._clips


def page_routes(page: Page) -> APIRouter:
    """Return the routes of the page's files, to be the last: they take every path."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    def first() -> RedirectResponse:
        return RedirectResponse(quote_from_bytes(os.fsencode(page.path)), 302)

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    def file(request: Request) -> FileResponse:
        # The path as bytes: names of files need not be UTF-8.
        asked = Path(os.fsdecode(unquote_to_bytes(request.scope["raw_path"])))
        try:
            # Not resolve(): a clip may be a link. What leads out of its folder by `..` is no file of the page's.
            if ".." not in asked.parts and page.shows(asked) and asked.is_file():
                return FileResponse(asked)
        except (OSError, ValueError):
            pass  # answered as a file that is not there
        remedy = "the report is not made yet: `bachata-assets report` makes it"
        raise HTTPException(404, remedy if asked == page.path else "no such page or file")

    return router
