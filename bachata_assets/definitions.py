"""The code location that `dagster dev` loads."""

from bachata_assets.orchestration.build import build_defs

defs = build_defs()
