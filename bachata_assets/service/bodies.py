"""What callers send, read within limits."""

import asyncio
import io
from typing import BinaryIO

from fastapi import HTTPException, Request

LONGEST_WAIT_S = 60.0
"""Longest time that a caller may take to send a document, s."""


async def body_of(request: Request, most: float) -> bytes:
    """Return the body of a request; for limits see `write_body`."""
    content = io.BytesIO()
    await write_body(request, content, most)
    return content.getvalue()


async def write_body(request: Request, file: BinaryIO, most: float) -> None:
    """Write the body of a request into a file.

    Parameters
    ----------
    most : size of the largest one, bytes

    Raises
    ------
    HTTPException
        413 where it is larger, 408 where it takes too long.
    """
    size = 0
    try:
        async with asyncio.timeout(LONGEST_WAIT_S):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise HTTPException(413, f"what was sent is larger than {most / 1e6:g} MB")
                file.write(piece)
    except TimeoutError:
        raise HTTPException(408, f"what was sent took longer than {LONGEST_WAIT_S:g} s") from None
