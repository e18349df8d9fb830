"""Turns videos of bachata couples into searchable multimodal embeddings.

The public names are imported at their first use, so `import bachata_assets` costs nothing.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

# OpenVINO reports every import and every export to Google Analytics, with a client id kept in the user's home folder.
# If it cannot import its telemetry package, it uses a stub of its own; this line must run before OpenVINO's import.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # the documented way to refuse an import

if TYPE_CHECKING:
    from bachata_assets.commands.build_collection import build_collection
    from bachata_assets.commands.embed import embed_song, embed_text, embed_video
    from bachata_assets.music.beats import find_beats
    from bachata_assets.pose.estimator import CouplePoseEstimator
    from bachata_assets.search.explanation import explain
    from bachata_assets.search.index import SearchIndex

    __version__: str

__all__ = [
    "CouplePoseEstimator",
    "SearchIndex",
    "__version__",
    "build_collection",
    "embed_song",
    "embed_text",
    "embed_video",
    "explain",
    "find_beats",
]

_PLACES = {
    "CouplePoseEstimator": "bachata_assets.pose.estimator",
    "SearchIndex": "bachata_assets.search.index",
    "build_collection": "bachata_assets.commands.build_collection",
    "embed_song": "bachata_assets.commands.embed",
    "embed_text": "bachata_assets.commands.embed",
    "embed_video": "bachata_assets.commands.embed",
    "explain": "bachata_assets.search.explanation",
    "find_beats": "bachata_assets.music.beats",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("bachata-assets")
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
