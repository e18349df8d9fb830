"""Request bodies, read within limits."""

import asyncio
import io
from typing import BinaryIO

from fastapi import HTTPException, Request

LONGEST_WAIT_S = 60.0
"""Time limit for a caller to send a document, s."""


async def body_of(request: Request, most: float) -> bytes:
    """Return the body of a request; limits as in `write_body`."""
    content = io.BytesIO()
    await write_body(request, content, most)
    return content.getvalue()


async def write_body(request: Request, file: BinaryIO, most: float) -> None:
    """Write the body of a request into a file.

    Parameters
    ----------
    most : maximum size, bytes

    Raises
    ------
    HTTPException
        413 if it is larger, 408 if it takes too long.
    """
    size = 0
    try:
        async with asyncio.timeout(LONGEST_WAIT_S):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise HTTPException(413, f"the body is larger than {most / 1e6:g} MB")
                file.write(piece)
    except TimeoutError:
        raise HTTPException(408, f"sending the body took longer than {LONGEST_WAIT_S:g} s") from None
