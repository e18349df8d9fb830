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
DAGSTER = ".dagster"
"""Folder of Dagster's own state."""
LOCK = ".lock"
FILES = (COLLECTION, REGISTRY, EMBEDDINGS, REPORT, PAGE, METRICS, TRENDS, KNOWN_MOMENTS, LOG, LOCK)
"""Files beside the folders of tables."""
TABLE_SUFFIX = ".parquet"
DAMAGED_SUFFIX = ".damaged"
"""Behind the name of a file that was set aside because it is not what was written."""


def table(asset: str, clip_id: str) -> str:
    """Return the name of the table of an asset and a clip."""
    return f"{asset}/{clip_id}{TABLE_SUFFIX}"


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
