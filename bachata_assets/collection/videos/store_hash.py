"""The hash that a store itself has of an object: the sha256 that S3 keeps if it was uploaded with one.

Amazon computes it again when an object arrives, and refuses one that differs, so it can be trusted. For an upload in
several parts, S3 keeps a hash of the parts' hashes, which is not the file's. Google keeps no sha256, and two different
files can be made with the same crc32c and md5.
"""

import base64
import binascii
from typing import TYPE_CHECKING, Any

from bachata_assets.collection.videos.place import content_named
from bachata_assets.collection.videos.transfer import seen_of
from bachata_assets.video.files import Seen

if TYPE_CHECKING:
    import fsspec

_SHA256_BYTES = 32


def stated_content(filesystem: "fsspec.AbstractFileSystem", name: str, seen: Seen | None) -> str | None:
    """Return the hash of an object in the form of registry and data versions; None if the store has none of all of it.

    Parameters
    ----------
    name : bucket and key
    seen : look of the object; None is returned if it looks different now

    Raises
    ------
    Exception
        Any error of the store's client.
    """
    if "s3" not in {*filesystem.protocol}:
        return None
    bucket, _, key = name.partition("/")
    said = filesystem.call_s3("head_object", Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    is_another = seen is not None and seen_of({**said, "size": said["ContentLength"]}) != seen
    return None if is_another else _of_the_whole(said)


def _of_the_whole(said: dict[str, Any]) -> str | None:
    """Return the content hash from S3's information about an object.

    `HeadObject` appends the number of parts to a hash of hashes (`…=-3`); stores that omit it still append the number
    to the entity tag.
    """
    if said.get("ChecksumType", "FULL_OBJECT") != "FULL_OBJECT" or "-" in said.get("ETag", ""):
        return None
    try:
        sha256 = base64.b64decode(said.get("ChecksumSHA256", ""), validate=True)
    except binascii.Error:
        return None
    return content_named(sha256) if len(sha256) == _SHA256_BYTES else None
