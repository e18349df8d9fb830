"""A script for an environment of its own: reads a dataset folder with FiftyOne's importer, and says what it holds."""

import json
import sys

from fiftyone.utils.data import importers  # type: ignore[import-not-found]  # not installed beside the platform

importer = importers.FiftyOneVideoLabelsDatasetImporter(dataset_dir=sys.argv[1])
importer.setup()
((path, _, labels, frames),) = importer
sys.stdout.write(
    json.dumps(
        {
            "video": path,
            "move_label": labels["move_label"].label,
            "poses": {
                number: [[pose.label, pose.index, pose.points] for pose in frame["poses"].keypoints]
                for number, frame in frames.items()
            },
            "boxes": {
                number: [[box.label, box.index, box.bounding_box] for box in frame["boxes"].detections]
                for number, frame in frames.items()
            },
        }
    )
)
