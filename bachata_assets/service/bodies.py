"""What callers send, read within limits."""

import asyncio

from fastapi import HTTPException, Request

LONGEST_WAIT_S = 60.0
"""Longest time that a caller may take to send a document, s."""


async def body_of(request: Request, most: int) -> bytes:
    """Return the body of a request.

    Parameters
    ----------
    most : size of the largest one, bytes

    Raises
    ------
    HTTPException
        413 where it is larger, 408 where it takes too long.
    """
    content = bytearray()
    try:
        async with asyncio.timeout(LONGEST_WAIT_S):
            async for piece in request.stream():
                content += piece
                if len(content) > most:
                    raise HTTPException(413, f"what was sent is larger than {most / 1e6:g} MB")
    except TimeoutError:
        raise HTTPException(408, f"what was sent took longer than {LONGEST_WAIT_S:g} s") from None
    return bytes(content)
