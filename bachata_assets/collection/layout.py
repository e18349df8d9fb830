"""The name of every file and folder of a data dir.

How they are written and read is in `dataset.py`; what the tables hold, in `schemas.py`.
"""

COLLECTION = "collection.json"
"""Facts of the collection (folders, precision). A folder with this file is a data dir: what it holds are outputs."""
REGISTRY = "clips.parquet"
"""Which id was given to which file."""
EMBEDDINGS = "embeddings.parquet"
"""One row a clip, all families side by side."""
REPORT = "embedding_generation_report.json"
PAGE = "embedding_generation_report.html"
METRICS = "metrics.prom"
"""Figures of the collection for Prometheus, as text."""
TRENDS = "report_trends.json"
"""A few figures of each of the last reports."""
KNOWN_MOMENTS = "report_moments.parquet"
"""The moments of the clips and the nearest of each, as the last report found them."""
LOG = "embedding_generation.log"
PREVIEWS = "previews"
"""Folder of pictures and videos of the clips with their skeletons."""
POSES = "poses"
"""Folder of the clips' poses as the report's page shows them."""
INDEX = "lancedb"
"""Folder of the search index, where there is no server for it."""
ARCHIVES = "archives"
"""Folder of the archives into which the tables of many clips are compacted, a folder an asset."""
DAGSTER = ".dagster"
"""Folder of Dagster's own state."""
LOCK = ".lock"
FILES = (COLLECTION, REGISTRY, EMBEDDINGS, REPORT, PAGE, METRICS, TRENDS, KNOWN_MOMENTS, LOG, LOCK)
"""Files beside the folders of tables."""
TABLE_SUFFIX = ".parquet"
ARCHIVE_SUFFIX = ".zip"
ARCHIVE_INDEX = "index.parquet"
UNFINISHED_SUFFIX = ".tmp"
"""Behind the name of a file that is being written to a disk."""
DAMAGED_SUFFIX = ".damaged"
"""Behind the name of a file that was set aside because it is not what was written."""


def table(asset: str, clip_id: str) -> str:
    """Return the name of the table of an asset and a clip."""
    return f"{asset}/{clip_id}{TABLE_SUFFIX}"


def of_table(name: str) -> tuple[str, str] | None:
    """Return asset and clip id of the name of a clip's table, None for another name."""
    folder, _, file = name.partition("/")
    is_table = file.endswith(TABLE_SUFFIX) and "/" not in file
    return (folder, file.removesuffix(TABLE_SUFFIX)) if is_table else None


def archive(asset: str, digest: str) -> str:
    """Return the name of an archive of an asset's tables, by the hash of its content."""
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
    """Return the name of the file with a clip's poses, as the report's page shows them."""
    return f"{POSES}/{clip_id}.html"


KNOWN_POSES = f"{POSES}/poses.json"
"""What the files of POSES were made of, and the figures of each clip that were read with them."""
