"""The report page and its files: previews, poses and the clips themselves.

A browser does not open files from a page that it got over HTTP, and Dagster's webserver serves no files. Files are
requested by their full paths, so that the page's relative links work.
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
    settings : settings of the collection; its data dir is a folder of this machine
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
        """Tell whether a file belongs to the page: the page, its JSON, a preview, poses, or a clip."""
        folder = self.path.parent
        if path in (self.path, folder / layout.REPORT):
            return True
        if any(path.is_relative_to(folder / name) for name in (layout.PREVIEWS, layout.POSES)):
            return True
        if path not in self._clips:  # clips added since the last look
            videos = folders_of(self._settings, self._dataset).videos
            paths = (on_disk(videos.file(file.path)) for file in known_files(self._dataset).values())
            self._clips = frozenset(Path(os.path.normpath(path.absolute())) for path in paths)
        return path in self._clips


def page_routes(page: Page) -> APIRouter:
    """Return the routes of the page's files; they must come last, since they match every path."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    def first() -> RedirectResponse:
        return RedirectResponse(quote_from_bytes(os.fsencode(page.path)), 302)

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    def file(request: Request) -> FileResponse:
        # The path as bytes: file names need not be UTF-8.
        asked = Path(os.fsdecode(unquote_to_bytes(request.scope["raw_path"])))
        try:
            # Not resolve(): a clip may be a link. A path that leaves its folder by `..` does not belong to the page.
            if ".." not in asked.parts and page.shows(asked) and asked.is_file():
                return FileResponse(asked)
        except (OSError, ValueError):
            pass  # answered like a missing file
        remedy = "the report is not made yet: `bachata-assets report` makes it"
        raise HTTPException(404, remedy if asked == page.path else "no such page or file")

    return router
