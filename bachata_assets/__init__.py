"""Dagster assets that turn videos of bachata couples into searchable multimodal embeddings."""

import sys

# OpenVINO reports every import and every export to Google Analytics, with a client id kept in the user's home folder.
# Where this package cannot be imported it uses a stub of its own instead; so this stands before any import of it.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # the documented way to refuse an import
