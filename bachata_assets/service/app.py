"""`build_app`: the service of one collection as an ASGI application."""

from collections.abc import Collection

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi_offline import FastAPIOffline

import bachata_assets
from bachata_assets.search.errors import QueryError, SearchError, UnknownClipError
from bachata_assets.search.index import SearchIndex
from bachata_assets.service.access import Access
from bachata_assets.service.answers import FIGURES, HEALTH, Health, described
from bachata_assets.service.changes import change_routes
from bachata_assets.service.measured import Figures, Measured
from bachata_assets.service.page import Page, page_routes
from bachata_assets.service.questions import question_routes
from bachata_assets.service.uploads import upload_routes
from bachata_assets.settings import Settings

ABOUT = """
Clips of bachata couples and similar clips, from the search index of one collection.

Errors are `{"detail": "…"}`: one line that says what is wrong. 404: the clip does not exist; 422: the question cannot
be answered in this form; 503: the index does not answer now.
"""


def build_app(settings: Settings, index: SearchIndex, page: Page | None, hosts: Collection[str] | None) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings : settings of the collection and of the service
    index : index of the collection; several threads query it at once
    page : files of the report; None: they are not on this machine
    hosts : accepted names of the server, see `Access`
    """
    # Swagger UI from the package's own files: FastAPI's pages load it from the internet.
    app = FastAPIOffline(
        redoc_url=None, title="bachata_assets", version=bachata_assets.__version__, description=ABOUT.strip()
    )
    figures = Figures()
    token = settings.serve_token.get_secret_value() if settings.serve_token else None
    app.add_middleware(Access, hosts=hosts, token=token)
    app.add_middleware(Measured, figures=figures)
    app.add_exception_handler(RequestValidationError, _not_a_question)
    for kind in (QueryError, SearchError):
        app.add_exception_handler(kind, _refused)

    @app.get("/healthz", tags=["operating"], response_model=Health, responses=described(HEALTH, 503))
    def healthz() -> dict[str, int]:
        """Return the number of clips in the index; 503 if it does not answer."""
        return {"clips": index.count()}

    @app.get("/metrics", tags=["operating"], response_class=Response, responses=described(FIGURES, form="text/plain"))
    def metrics() -> Response:
        """Return figures of this service in Prometheus' text format."""
        return figures.answer()

    app.include_router(question_routes(index))
    app.include_router(change_routes(settings))
    app.include_router(upload_routes(settings, index))
    if page is not None:
        app.include_router(page_routes(page))
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    status = 404 if isinstance(error, UnknownClipError) else 422 if isinstance(error, QueryError) else 503
    return JSONResponse({"detail": str(error)}, status)


async def _not_a_question(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
    return JSONResponse({"detail": "; ".join(problems)}, 422)
