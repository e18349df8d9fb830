"""What a clip begins with: its file and its annotation entry. Made outside, so external assets, observed per clip."""

import dagster as dg

from bachata_assets.partitions import clips

clip_file = dg.AssetSpec(
    "clip_file",
    partitions_def=clips,
    group_name="video",
    kinds={"video"},
    description="The clip's video file. Its data version is the hash of its content.",
)

annotation = dg.AssetSpec(
    "annotation",
    partitions_def=clips,
    group_name="video",
    kinds={"json"},
    description="What a person said about the clip: its entry in the annotation file, or the fallbacks.",
)
