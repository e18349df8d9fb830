"""Make the pictures of docs/couple.md, of drawn clips: `python -m scripts.make_couple_pictures`.

Pictures of people do not belong into a repository.
"""

import argparse
import tempfile
from pathlib import Path

from bachata_assets.pose.drawing.people_picture import people_picture
from bachata_assets.pose.drawing.preview_picture import preview_picture
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets_tests.support.company import companies

SEED = 100
SECONDS = 4.0


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"), help="folder of the pictures")
    out = parser.parse_args().out
    estimate = CouplePoseEstimator(PoseModels.load())
    drawn = dict(companies(SEED))
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        drawn["two couples"].write(clip, SECONDS)
        seen = estimate.people(clip)
        (out / "couple_people.jpg").write_bytes(people_picture(seen, seen.choose()))
        drawn["a passer-by behind"].write(clip, SECONDS)
        couple, pictures = estimate.with_pictures(clip)
        (out / "couple_preview.jpg").write_bytes(preview_picture("a passer-by behind", couple, pictures))


if __name__ == "__main__":
    main()
