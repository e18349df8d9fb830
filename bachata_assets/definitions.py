"""The code location that `dagster dev` loads."""

from bachata_assets.build import build_defs

defs = build_defs()
