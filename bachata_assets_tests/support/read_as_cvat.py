"""A script for an environment of its own: reads a COCO folder as CVAT does, with Datumaro, and says what it holds."""

import json
import sys

import datumaro  # type: ignore[import-not-found]  # not installed beside the platform

dataset = datumaro.Dataset.import_from(sys.argv[1], "coco_person_keypoints")
categories = dataset.categories()
first = min(dataset, key=lambda item: item.id)
sys.stdout.write(
    json.dumps(
        {
            "pictures": len(dataset),
            "size": first.media.size,
            "labels": [label.name for label in categories[datumaro.AnnotationType.label]],
            "joints": [points.labels for points in categories[datumaro.AnnotationType.points].items.values()],
            "poses": {
                shape.attributes["role"]: [shape.attributes["track_id"], shape.points[:2]]
                for shape in first.annotations
                if shape.type == datumaro.AnnotationType.points
            },
        }
    )
)
