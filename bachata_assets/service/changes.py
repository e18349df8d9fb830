"""Changes of annotations that callers send, applied as by `bachata-assets annotate`."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool

from bachata_assets.collection.patching.patch import LARGEST_FILE, PatchError, read_patch
from bachata_assets.collection.scan import ScanError
from bachata_assets.commands.annotate import annotate
from bachata_assets.service.answers import ANNOTATED, PATCH, Changes, body, described
from bachata_assets.service.bodies import body_of
from bachata_assets.settings import Settings, SettingsError


def change_routes(settings: Settings) -> APIRouter:
    """Return the routes for changes of a collection's annotations, which are accepted only with a token."""
    router = APIRouter(tags=["changing"])

    @router.get("/annotations", include_in_schema=False)
    def takes() -> dict[str, bool]:
        """Tell whether changes are accepted here; the report page then offers to send them."""
        return {"changes": settings.serve_token is not None}

    @router.post(
        "/annotations",
        response_model=Changes,
        responses=described(ANNOTATED, 403, 413, 422),
        openapi_extra=body("application/json", {"type": "object"}, PATCH),
    )
    async def annotations(
        request: Request,
        dry_run: Annotated[bool, Query(description="Only return the difference; write nothing.")] = False,
    ) -> dict[str, Any]:
        """Apply a patch from the report page (`application/json`); afterwards, `generate` makes what is stale."""
        if settings.serve_token is None:
            raise HTTPException(403, "set BACHATA_SERVE_TOKEN to change annotations here")
        # A page of another site can make a browser send its password, but not with this media type.
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise HTTPException(415, "send the patch as application/json")
        content = await body_of(request, LARGEST_FILE)
        try:
            patch = read_patch(content, "the patch")
            done = await run_in_threadpool(annotate, settings, patch, dry_run=dry_run)
        except (PatchError, SettingsError, *ScanError) as error:
            raise HTTPException(422, str(error)) from None
        return done.to_dict(dry_run=dry_run)

    return router
