"""What a clip begins with: its file and its annotation entry. Made outside, so external assets, observed per clip."""

import dagster as dg

from bachata_assets.orchestration.partitions import OWNER, clips

clip_file = dg.AssetSpec(
    "clip_file",
    partitions_def=clips,
    group_name="video",
    owners=[OWNER],
    tags={"scope": "clip"},
    kinds={"video"},
    description="The clip's video file. Its data version is the hash of its content.",
)

annotation = dg.AssetSpec(
    "annotation",
    partitions_def=clips,
    group_name="video",
    owners=[OWNER],
    tags={"scope": "clip"},
    kinds={"json"},
    description="What a person said about the clip: its entry in the annotation file, or the fallbacks.",
)
