"""The name of every file and folder of a data dir.

`dataset.py` writes and reads them; `schemas.py` defines the tables.
"""

COLLECTION = "collection.json"
"""Facts about the collection (folders, precision). A folder with this file is a data dir, so its files are outputs."""
REGISTRY = "clips.parquet"
"""Which file has which id."""
EMBEDDINGS = "embeddings.parquet"
"""One row per clip, all families side by side."""
REPORT = "embedding_generation_report.json"
PAGE = "embedding_generation_report.html"
METRICS = "metrics.prom"
"""Figures of the collection for Prometheus, as text."""
TRENDS = "report_trends.json"
"""A few figures of the last reports."""
KNOWN_MOMENTS = "report_moments.parquet"
"""The moments of the clips and the nearest of each, from the last report."""
LOG = "embedding_generation.log"
PREVIEWS = "previews"
"""Folder of pictures and videos of the clips with their skeletons."""
POSES = "poses"
"""Folder of the clips' poses for the report page."""
INDEX = "lancedb"
"""Folder of the search index, if there is no server for it."""
ARCHIVES = "archives"
"""Folder of the archives with the compacted tables of many clips, one folder per asset."""
DAGSTER = ".dagster"
"""Folder of Dagster's own state."""
LOCK = ".lock"
FILES = (COLLECTION, REGISTRY, EMBEDDINGS, REPORT, PAGE, METRICS, TRENDS, KNOWN_MOMENTS, LOG, LOCK)
"""Files beside the folders of tables."""
TABLE_SUFFIX = ".parquet"
ARCHIVE_SUFFIX = ".zip"
ARCHIVE_INDEX = "index.parquet"
UNFINISHED_SUFFIX = ".tmp"
"""Suffix of a file that is being written to a disk."""
DAMAGED_SUFFIX = ".damaged"
"""Suffix of a file that was set aside because it is damaged."""


def table(asset: str, clip_id: str) -> str:
    """Return the name of the table of an asset and a clip."""
    return f"{asset}/{clip_id}{TABLE_SUFFIX}"


def of_table(name: str) -> tuple[str, str] | None:
    """Return asset and clip id from the name of a clip's table, None for any other name."""
    folder, _, file = name.partition("/")
    is_table = file.endswith(TABLE_SUFFIX) and "/" not in file
    return (folder, file.removesuffix(TABLE_SUFFIX)) if is_table else None


def archive(asset: str, digest: str) -> str:
    """Return the name of an archive of an asset's tables, from the hash of its content."""
    return f"{ARCHIVES}/{asset}/{digest}{ARCHIVE_SUFFIX}"


def archive_index(asset: str) -> str:
    """Return the name of the file that says which clip's table is where in the archives of an asset."""
    return f"{ARCHIVES}/{asset}/{ARCHIVE_INDEX}"


def preview_picture(clip_id: str) -> str:
    """Return the name of a clip's preview picture."""
    return f"{PREVIEWS}/{clip_id}.jpg"


def preview_video(clip_id: str) -> str:
    """Return the name of a clip's preview video."""
    return f"{PREVIEWS}/{clip_id}.mp4"


def people_picture(clip_id: str) -> str:
    """Return the name of the picture of everyone in a clip."""
    return f"{PREVIEWS}/people/{clip_id}.jpg"


def shown_poses(clip_id: str) -> str:
    """Return the name of the file with a clip's poses for the report page."""
    return f"{POSES}/{clip_id}.html"


KNOWN_POSES = f"{POSES}/poses.json"
"""Versions of the files of POSES, and the figures of each clip that were read with them."""
